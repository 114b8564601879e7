"""Kept rankings, boxes and robust choice as the calibration page shows them."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from calibration.evidence_commands import ASSUMPTIONS, ROBUST
from calibration.kept import changed_worlds, read_kept
from calibration.robust import LEAST_INSIDE
from calibration.robust_table import outcome_name
from sim.spec.labels import name_of


def _page() -> None:
    from dashboard.views import calibration

    calibration.show()


def opened(lang: str = "en", **values: str) -> AppTest:
    """The page as a link opens it."""
    page = AppTest.from_function(_page, default_timeout=120)
    page.query_params.update({"v": "1", **values})
    page.session_state["lang"] = lang
    page.run()
    assert not page.exception
    return page


def kept(name: str) -> dict[str, Any]:
    document = read_kept(name)
    assert document is not None, f"{name} is not kept: the page has nothing to show"
    return document


@pytest.mark.parametrize("name", [ASSUMPTIONS, ROBUST])
def test_what_is_kept_is_of_the_worlds_as_they_are(name: str) -> None:
    assert changed_worlds(kept(name)) == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_numbers_are_ranked_for_the_chosen_outcome_alone(lang: str) -> None:
    document = kept(ASSUMPTIONS)
    page = opened(lang, part="assumptions")
    for outcome in list(document["units"])[:2]:
        choice = next(box for box in page.selectbox if outcome_name(outcome, lang) in box.options)
        choice.set_value(outcome).run()
        shown = page.dataframe[0].value
        rows = [row for row in document["shares"] if row["outcome"] == outcome]
        assert len(shown) == len(rows) and shown.iloc[0, 2] == pytest.approx(100 * rows[0]["total"], rel=1e-2)
        assert shown.iloc[:, 2].is_monotonic_decreasing
    assert not [box for box in page.selectbox if name_of("world", "report", lang) in box.options]


@pytest.mark.parametrize("world", ["evidence", "report"])
def test_how_often_each_strategy_loses_is_told_for_every_outcome(world: str) -> None:
    document = kept(ROBUST)
    page = opened(part="boxes", world=world)
    shown = page.dataframe[0].value
    assert shown.shape == (len(document["arms"]) - 1, 1 + len(document["outcomes"]))
    for one in document["boxes"]:
        if one["world"] == world:
            row = shown[shown.iloc[:, 0] == name_of("strategy", one["arm"], "en")]
            share = row[outcome_name(one["outcome"], "en")].item()
            assert share == f"{100 * one['interesting'] / one['points']:.0f} %"
            assert (one["box"] is not None) <= (LEAST_INSIDE <= one["interesting"] < one["points"])


def test_the_robust_choice_names_every_strategy_and_world() -> None:
    document = kept(ROBUST)
    shown = opened("zh", part="robust").dataframe[0].value
    assert {name_of("strategy", arm, "zh") for arm in document["arms"]} <= set(shown.iloc[:, 1])
    assert {name_of("world", world, "zh") for world in document["varied"]} <= set(shown.iloc[:, 0])
