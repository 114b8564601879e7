"""Runs leave the interpreter's search for garbage as they found it."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from sim.core.errors import SpecError
from sim.experiments import compare
from sim.experiments.executors import run_all
from sim.phases.state import State


def _double(item: int, stop: object) -> int:
    return 2 * item


@pytest.mark.parametrize("frozen", [False, True])
def test_the_search_for_garbage_is_afterwards_as_it_was(frozen: bool) -> None:
    gc.unfreeze()  # pages of other tests set things apart
    try:
        if frozen:
            gc.freeze()
        before = gc.get_freeze_count()
        found: list[int] = []
        run_all(range(3), _double, lambda item, result: found.append(result), workers=1)
        assert found == [0, 2, 4]
        with pytest.raises(SpecError):
            run_all(range(3), _double, print, workers=0)
        assert (gc.get_freeze_count() > 0) is frozen and gc.get_freeze_count() <= before
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("arms", [{"alone": {}}, {"now": {}, "cap": {"rules.attempts_per_week": 1}}])
def test_memory_of_finished_runs_is_free_before_any_search(arms: dict[str, dict[str, Any]]) -> None:
    def states() -> int:
        return sum(isinstance(entry, State) for entry in gc.get_objects())

    gc.collect()
    before = states()
    gc.disable()
    try:
        compare("baseline", arms, runs=2, weeks=2, workers=1, changes={"borrowers": 500, "firms": 50})
        assert states() == before
    finally:
        gc.enable()
