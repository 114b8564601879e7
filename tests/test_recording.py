"""Recordings: every week kept, and nothing but the intervention moves."""

from __future__ import annotations

import numpy as np
import pytest

from sim.core.errors import SpecError
from sim.experiments.recording import FAILED, PROTECTED, Intervention, record
from sim.model import Ecosystem

WEEKS = 30


@pytest.fixture(scope="module")
def start() -> Ecosystem:
    changes = {"population.firms": 100, "population.borrowers": 300, "burn_in": 20}
    return Ecosystem("chain-reaction", rng=3, changes=changes)


def test_a_recording_is_the_run_and_leaves_its_start_alone(start: Ecosystem) -> None:
    before = start.digest()
    kept = record(start, WEEKS)
    assert start.digest() == before
    model = start.branch({"weeks": WEEKS}).run(WEEKS)
    assert np.array_equal(kept.states[-1] == FAILED, ~model.state.firms.alive)
    owed = model.state.links.overdue + model.state.links.disputed
    assert np.array_equal(kept.overdue[-1], owed)
    counts = kept.curve()[["healthy", "strained", "failed", "protected"]].sum(axis=1)
    assert (counts == 100).all()


def test_a_failure_moves_nothing_before_its_week(start: Ecosystem) -> None:
    calm, changed = record(start, WEEKS), record(start, WEEKS, [Intervention("fail", 9, 4)])
    assert np.array_equal(calm.states[:10], changed.states[:10])
    assert changed.states[10, 4] == FAILED
    assert not np.array_equal(calm.overdue[10:], changed.overdue[10:])


def test_a_rescued_firm_lives_and_is_shown_as_protected(start: Ecosystem) -> None:
    kept = record(start, WEEKS, [Intervention("rescue", 0, 4), Intervention("protect", 3, 5)])
    assert (kept.states[1:, 4] == PROTECTED).all()
    assert kept.states[3, 5] != PROTECTED and kept.states[4, 5] in (PROTECTED, FAILED)


@pytest.mark.parametrize("wrong", [Intervention("fail", WEEKS, 0), Intervention("fail", 0, 100)])
def test_what_is_not_in_the_run_is_refused(start: Ecosystem, wrong: Intervention) -> None:
    with pytest.raises(SpecError, match="is not in the run"):
        record(start, WEEKS, [wrong])


def test_the_rounds_start_with_the_firms_that_were_felled(start: Ecosystem) -> None:
    kept = record(start, WEEKS, [Intervention("fail", 0, 4), Intervention("fail", 2, 7)])
    seeds, generation, table = kept.rounds([4, 7])
    assert sorted(kept.firm_tree.tree.events["agent"].to_numpy()[seeds]) == [4, 7]
    assert (generation[seeds] == 0).all()
    assert table["firms"].iloc[0] == 2 and (table["firms"] > 0).all()
    later = generation > 0
    assert (kept.firm_tree.tree.week[later] >= 0).all()
