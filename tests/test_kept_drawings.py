"""Drawings are shared by sessions and go with their recording."""

from __future__ import annotations

import gc
import weakref

from dashboard.kept_drawings import drawn
from dashboard.spread import Of, Spread, population, recorded, start
from sim.experiments.recording import Recording, record

VALUES = {
    "firms": "75", "links": 3, "shock": "hub", "hit": 2, "coverage": "0", "targeting": "hub",
    "world": "evidence", "seed": 5,
}  # fmt: skip


def small_recording() -> Recording:
    of = Of("evidence", population(VALUES), 5, None)
    return record(start(of), 2)


def test_a_drawing_is_made_once_for_what_it_shows() -> None:
    one, other = small_recording(), small_recording()
    made: list[str] = []

    def make() -> list[str]:
        made.append("drawn")
        return made

    assert drawn(one, other, ("curve", "en"), make) is drawn(one, other, ("curve", "en"), make)
    assert len(made) == 1
    drawn(one, other, ("curve", "zh"), make)
    drawn(one, one, ("curve", "en"), make)
    drawn(other, one, ("curve", "en"), make)
    assert len(made) == 4


def test_drawings_of_two_recordings_beside_each_other_do_not_keep_them() -> None:
    one, other = small_recording(), small_recording()
    drawn(one, other, "curve", lambda: "curve")
    drawn(other, one, "curve", lambda: "curve")
    drawn(one, one, "curve", lambda: "curve")
    gone = [weakref.ref(one), weakref.ref(other)]
    del one, other
    gc.collect()
    assert [found() for found in gone] == [None, None]


def test_sessions_that_ask_the_same_share_one_recording() -> None:
    assert Spread(VALUES, (), None).played is Spread(dict(VALUES), (), None).played
    assert Spread(VALUES, (), None).played is not Spread({**VALUES, "hit": 3}, (), None).played
    assert recorded(Of("evidence", population(VALUES), 5, None), {}, ()) is Spread(VALUES, (), None).calm
