"""Claims check and calibration in a real browser, and what the kept audit holds."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from support_dashboard import seen

from calibration.audit_document import KEPT
from calibration.claims import shipped_claims
from calibration.kept import read_kept
from calibration.verdicts import EVIDENCE, REPORT, rulings
from dashboard.links import read_link, write_link
from dashboard.views import calibration, claims
from sim.spec.labels import text


@pytest.mark.parametrize("page", [claims, calibration])
def test_a_link_brings_its_settings_back(page: Any) -> None:
    fields = page.fields()
    values = {field.name: field.allowed[-1] for field in fields}
    link = write_link(fields, values, "zh")
    assert read_link(dict(parse_qsl(link[1:])), fields) == (values, [])


def test_the_kept_audit_follows_from_its_figures() -> None:
    document = read_kept(KEPT)
    assert document is not None
    found = {(row["claim"], row["world"]) for row in document["rows"]}
    assert {world for _, world in found} == {EVIDENCE, REPORT} and len(found) == len(document["rows"])
    assert {claim for claim, _ in found} <= shipped_claims().keys() and len(found) > 50
    for row in document["rows"]:
        assert (row["mean"] is None) == (row["verdict"] == "undefined"), row
    kept = {one["claim"]: one["verdict"] for one in document["verdicts"]}
    assert kept == {name: one.verdict for name, one in rulings(document["rows"]).items()}
    for one in document["accuracy"]:
        assert one["no_skill"]["mean"] >= 0.5


def test_a_claim_is_open_until_both_worlds_are_measured() -> None:
    both = [{"claim": "S02", "world": world, "verdict": "holds"} for world in (EVIDENCE, REPORT)]
    assert rulings(both)["S02"].verdict == "emerges"
    assert rulings(both[:1])["S02"].verdict == "open"
    tuned = [{**both[0], "verdict": "fails"}, both[1]]
    assert rulings(tuned)["S02"].verdict == "tuned"
    assert rulings([{**row, "verdict": "unclear"} for row in both])["S02"].verdict == "open"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_claim_is_checked_in_both_worlds(tab: Any, server: str, lang: str) -> None:
    document = read_kept(KEPT)
    assert document is not None
    verdict = text(f"verdict.{rulings(document['rows'])['S01'].verdict}", lang)
    tab.goto(f"{server}/claims?v=1&lang={lang}&claim=S01&world=both&assignment=chosen")
    assert seen(tab.get_by_text(verdict).first)
    assert seen(tab.get_by_text(text("audit.needs", lang)).first)
    for world in (EVIDENCE, REPORT):
        assert seen(tab.get_by_text(text(f"world.{world}", lang)).first)
    assert seen(tab.locator("[class*='claim-S01']").first)
    tab.get_by_role("tab", name=text("dash.beside_tab", lang)).click()
    assert seen(tab.locator(f"[class*='stages-S01-{REPORT}']").locator("visible=true").first)


def test_accuracy_stands_beside_its_base_rate(tab: Any, server: str) -> None:
    tab.goto(f"{server}/claims?v=1&lang=en&claim=S17&world=both&assignment=chosen")
    assert seen(tab.get_by_text("not a well-posed figure").first)
    tab.get_by_role("tab", name="Beside the rate").click()
    assert seen(tab.locator("[class*='accuracy']").locator("visible=true").first)


def test_calibration_shows_its_parts(tab: Any, server: str) -> None:
    tab.goto(f"{server}/calibration?v=1&lang=en&part=fit&world=evidence")
    assert seen(tab.get_by_text("Targets met at once"))
    tab.goto(f"{server}/calibration?v=1&lang=zh&part=evidence&world=evidence")
    assert seen(tab.get_by_text("研究设计").first)
