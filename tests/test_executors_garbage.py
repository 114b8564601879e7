"""Runs leave the interpreter's search for garbage as they found it."""

from __future__ import annotations

import gc

import pytest

from sim.core.errors import SpecError
from sim.experiments.executors import run_all


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
