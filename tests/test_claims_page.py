"""Claims check and calibration in a real browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from support_dashboard import seen

from calibration.audit_document import KEPT
from calibration.claims import shipped_claims
from calibration.kept import read_kept
from calibration.verdicts import rulings
from dashboard.links import read_link, write_link
from dashboard.views import calibration, claims
from sim.spec.labels import text


@pytest.mark.parametrize("page", [claims, calibration])
def test_a_link_brings_its_settings_back(page: Any) -> None:
    fields = page.fields()
    values = {field.name: field.allowed[-1] for field in fields}
    link = write_link(fields, values, "zh")
    assert read_link(dict(parse_qsl(link[1:])), fields) == (values, [])


def test_the_kept_audit_has_every_claim_in_both_worlds() -> None:
    document = read_kept(KEPT)
    assert document is not None
    found = {(row["claim"], row["world"]) for row in document["rows"]}
    assert found == {(claim, world) for claim in shipped_claims() for world in ("evidence", "report")}
    for row in document["rows"]:
        assert (row["mean"] is None) == (row["verdict"] == "undefined"), row
    kept = {one["claim"]: one["verdict"] for one in document["verdicts"]}
    assert kept.keys() == shipped_claims().keys()
    quantities = {row["quantity"] for row in document["selection"]}
    assert {"apparent effect", "matched effect", "effect by chance"} <= quantities
    assert len(document["accuracy"]) == 2 and len(document["stages"]) == 4 * 2 * 16


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_claim_is_checked_in_both_worlds(tab: Any, server: str, lang: str) -> None:
    document = read_kept(KEPT)
    assert document is not None
    verdict = text(f"verdict.{rulings(document['rows'])['S04'].verdict}", lang)
    tab.goto(f"{server}/claims?v=1&lang={lang}&claim=S04&world=both&assignment=chosen")
    assert seen(tab.get_by_text(verdict).first)
    assert seen(tab.get_by_text(text("audit.needs", lang)).first)
    for world in ("evidence", "report"):
        assert seen(tab.get_by_text(text(f"world.{world}", lang)).first)
    assert seen(tab.locator("[class*='st-key-chart-claim-S04'], [class*='st-key-chart.claim-S04']").first)
    tab.get_by_role("tab", name=text("dash.beside_tab", lang)).click()
    assert seen(tab.get_by_text(text("selection.apparent_effect", lang)).locator("visible=true").first)
    tab.get_by_role("radio", name=text("dash.assignment_chance", lang)).or_(
        tab.get_by_role("button", name=text("dash.assignment_chance", lang))
    ).first.click()
    tab.get_by_role("tab", name=text("dash.beside_tab", lang)).click()
    assert seen(tab.get_by_text(text("selection.effect_by_chance", lang)).locator("visible=true").first)


def test_accuracy_stands_beside_its_base_rate(tab: Any, server: str) -> None:
    tab.goto(f"{server}/claims?v=1&lang=en&claim=S17&world=both&assignment=chosen")
    assert seen(tab.get_by_text("not a well-posed figure").first)
    tab.get_by_role("tab", name="Beside the rate").click()
    assert seen(tab.get_by_text("always the same answer").locator("visible=true").first)


def test_calibration_shows_what_is_there_and_says_what_is_not(tab: Any, server: str) -> None:
    tab.goto(f"{server}/calibration?v=1&lang=en&world=evidence&part=fit")
    assert seen(tab.get_by_text("Targets met at once"))
    tab.goto(f"{server}/calibration?v=1&lang=en&world=evidence&part=posterior")
    assert seen(tab.get_by_text("Coverage: 90 % intervals held").first)
    tab.goto(f"{server}/calibration?v=1&lang=zh&world=evidence&part=evidence")
    assert seen(tab.get_by_text("研究设计").first)
