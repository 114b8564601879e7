"""Choices that several strategies share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.collection.cases import Cases
from sim.collection.names import CHARGED_OFF, STAGES
from sim.core.columns import I64, Bool


def open_cases(cases: Cases) -> Bool:
    """Cases to be asked for money: no promise running, no plan, no open dispute."""
    return np.asarray(~(cases.promise_open | cases.on_plan | cases.dispute_open), np.bool_)


def dials_by_age(cases: Cases, dials: int) -> I64:
    """Dials a week for each case: ``dials``, and one after a charge-off, when little is left to win
    (assumption: late-stage agencies recover under 1 % of balances a month, C46)."""
    return np.where(cases.stage == CHARGED_OFF, 1, dials)


def upper_share_by_stage(
    score: NDArray[np.floating], among: Bool, stage: NDArray[np.uint8], share: float
) -> Bool:
    """Cases of ``among`` whose score is in the upper ``share`` (0..1) of their own stage.

    Each stage has its own cut-off: one cut-off for all would give the staff to one stage and starve
    the others.
    """
    chosen = np.zeros(among.shape, np.bool_)
    if share <= 0:
        return chosen
    for number in range(len(STAGES)):
        here = np.flatnonzero(among & (stage == number))
        if here.size:
            keep = max(1, round(share * here.size))
            cut = np.partition(score[here], here.size - keep)[here.size - keep]
            chosen[here[score[here] >= cut]] = True
    return chosen
