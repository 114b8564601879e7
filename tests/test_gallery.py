"""The gallery: shipped results are those that would come out now, and lead to pages that ask the same."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard import gallery
from dashboard.gallery import Entry, entries, inputs, results
from dashboard.links import read_link
from dashboard.views import outbreak, policy, strategies

built = pytest.mark.skipif(
    not results(), reason="SKIPPED: scenarios/gallery/results.json is not there: arrears gallery build"
)
FIELDS = {"outbreak": outbreak.FIELDS, "strategies": strategies.fields(), "policy": policy.fields()}


@built
def test_no_shipped_result_is_stale() -> None:
    assert gallery.stale() == [], "run: arrears gallery build"


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.id)
def test_an_entry_opens_its_page_with_its_own_controls(entry: Entry) -> None:
    values, dropped = read_link({"v": "1", **entry.link}, FIELDS[entry.page])
    assert dropped == []
    fields = {field.name: field for field in FIELDS[entry.page]}
    assert {name: fields[name].write(values[name]) for name in entry.link} == entry.link


def test_there_is_one_door_for_each_role() -> None:
    doors = [entry.door for entry in entries() if entry.door]
    assert sorted(doors) == ["educator", "executive", "researcher"]


@built
def test_a_finding_has_an_interval_around_it() -> None:
    for entry in entries():
        kept = results()[entry.id]
        if isinstance(entry.finding, str):
            line = kept["headline"][entry.finding]
            assert line["low"] <= line["mean"] <= line["high"]
        else:
            rows = {(row.arm, row.measure): row for row in gallery.rows_of(kept)}
            row = rows[entry.finding.arm, entry.finding.measure]
            assert row.effect_low <= row.effect <= row.effect_high  # type: ignore[operator]


def _with(monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]) -> str:
    """The inputs of an entry in a world where one number, or its words, are different."""
    entry = next(one for one in entries() if one.compare is not None)
    real = gallery.load_world

    def other(name: str) -> Any:
        world = real(name)
        households = world.households
        number = households.forgets
        found = number.model_copy(update=change)
        return world.model_copy(update={"households": households.model_copy(update={"forgets": found})})

    monkeypatch.setattr(gallery, "load_world", other)
    return inputs(entry)


def test_a_number_of_a_world_makes_results_stale_and_its_note_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = next(one for one in entries() if one.compare is not None)
    before = inputs(entry)
    assert _with(monkeypatch, {"note": "another word"}) == before
    monkeypatch.undo()
    assert _with(monkeypatch, {"value": 0.123456}) != before
