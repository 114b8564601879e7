"""Figures of lessons: what one recorded run of a network tells in one number each."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from sim.experiments.outbreak_curves import FOLLOW_UP_WEEKS, seeds_of
from sim.experiments.recording import FAILED, STRAINED, Recording


def network_figures(recording: Recording, felled: Collection[int]) -> dict[str, float | None]:
    """The figures of :data:`sim.spec.lesson.NETWORK_FIGURES` of one run.

    ``felled``: firms that the lesson makes to fail. ``failed``: firms that fail at some time; ``further``:
    those of them that were not felled; ``strained``: firms that are short of cash at some time;
    ``late_payers`` and ``waiting``: firms that owe, and that are owed, more than a week's usual trade late
    on one of their links at the end of some week; ``arrears_peak``: most trade debt overdue, fen;
    ``R``: mean failures that one of the felled firms causes directly within
    :data:`sim.experiments.outbreak_curves.FOLLOW_UP_WEEKS`, None where none is felled.
    """
    failed = (recording.states == FAILED).any(axis=0)
    others = failed.copy()
    others[list(felled)] = False
    strained = (recording.states == STRAINED).any(axis=0)
    late = (recording.overdue > recording.weekly_amount).any(axis=0)
    tree = recording.firm_tree.tree
    seeds = seeds_of(tree, sorted(felled), 0)
    return {
        "failed": float(failed.sum()),
        "further": float(others.sum()),
        "strained": float(strained.sum()),
        "late_payers": float(len(np.unique(recording.buyer[late]))),
        "waiting": float(len(np.unique(recording.supplier[late]))),
        "arrears_peak": float(recording.overdue.sum(axis=1).max()),
        "R": float(tree.offspring_within(FOLLOW_UP_WEEKS)[seeds].mean()) if len(seeds) else None,
    }


#: Weekly curves of a recording by the figure that they lead to.
CURVES: dict[str, Callable[[Recording], list[float]]] = {
    "failed": lambda run: np.maximum.accumulate(run.states == FAILED, axis=0).sum(axis=1).tolist(),
    "strained": lambda run: run.count(STRAINED).tolist(),
    "arrears_peak": lambda run: run.overdue.sum(axis=1).tolist(),
    "late_payers": lambda run: [_ends(run.buyer, line) for line in run.overdue > run.weekly_amount],
    "waiting": lambda run: [_ends(run.supplier, line) for line in run.overdue > run.weekly_amount],
}


def _ends(ends: np.ndarray, late: np.ndarray) -> float:
    return float(len(np.unique(ends[late])))
