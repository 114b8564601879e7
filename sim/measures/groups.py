"""Placements of a run in groups: cohorts, steps of the funnel, age and size of the debt."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from sim.core.columns import I64, Bool
from sim.measures.record import RunRecord
from sim.measures.recovery import HORIZONS, LOW_VALUE, STAGES

#: Weeks of entry that make one cohort.
COHORT_WEEKS: Final = 13
#: The cohort of the common list: accounts already in arrears when measurement starts.
LISTED: Final = -1
#: Steps of the funnel with their bit (:mod:`sim.phases.funnel_steps`).
STEPS: Final = {"tried": 1, "reached": 2, "talked": 4, "promised": 8, "kept": 16}
#: Upper ends of the sizes of debt, fen (assumption): up to 4,000 yuan, to 20,000 yuan, above.
SIZES: Final = {"small": LOW_VALUE, "medium": 5 * LOW_VALUE, "large": 2**62}


def cohorts(record: RunRecord) -> pd.DataFrame:
    """Liquidation by cohort of placement: money received 30, 90, 180 and 360 days after it.

    Columns ``cohort`` (first week of its quarter; -1: the common list), ``stage``, ``weeks`` since
    placement, ``accounts``, ``placed`` and ``recovered`` (fen, at most what was placed). Hold-out excluded.
    A cohort has a line only for horizons over which the whole of it was followed.
    """
    q, used = record.placements, record.placements_used
    last = record.weeks - 1
    week = q.week[:used] - (_last_clock(record) - last)
    cohort = np.where(q.frozen[:used], LISTED, week // COHORT_WEEKS * COHORT_WEEKS)
    rows = []
    for number in np.unique(cohort):
        newest = LISTED if number == LISTED else int(number) + COHORT_WEEKS - 1
        for name, weeks in HORIZONS.items():
            if newest + weeks > last:
                continue
            observed = getattr(q, f"paid_{name}")[:used]
            # a row closed before the horizon keeps what it had received by then
            paid = np.minimum(np.where(observed >= 0, observed, q.paid[:used]), q.amount[:used])
            for stage, code in STAGES.items():
                mine = (cohort == number) & ~q.hold_out[:used] & (q.stage[:used] == code)
                if mine.any():
                    rows.append(
                        (int(number), stage, weeks, int(mine.sum()), int(q.amount[:used][mine].sum()),
                         int(paid[mine].sum()))
                    )  # fmt: skip
    return pd.DataFrame(rows, columns=["cohort", "stage", "weeks", "accounts", "placed", "recovered"])


def _last_clock(record: RunRecord) -> int:
    """Week to which placements were followed, by the clock that they count in; 0 where none is open."""
    q, used = record.placements, record.placements_used
    now = q.open[:used]
    return int((q.week[:used] + q.followed[:used])[now].max()) if now.any() else 0


def _listed(record: RunRecord) -> Bool:
    q, used = record.placements, record.placements_used
    return np.asarray(q.frozen[:used] & ~q.hold_out[:used], np.bool_)


def funnel_steps(record: RunRecord) -> pd.DataFrame:
    """How far the accounts of the common list came, by stage.

    Columns ``stage``, ``step`` and ``accounts``. Steps: ``placed``; ``tried``, ``reached``, ``talked``
    (in a conversation), ``promised`` (or agreed on a plan or settlement; a text may be enough for it),
    ``kept`` (at least one of them), each at least once within a year; ``cured``: the arrears at placement
    came in; ``cured_kept``: of these, those who kept a promise; ``cured_unreached``: those never reached.
    """
    q, used = record.placements, record.placements_used
    steps, cured = q.steps[:used], q.cured_after[:used] > 0
    masks = {"placed": np.ones(used, np.bool_)}
    masks |= {name: (steps & bit) > 0 for name, bit in STEPS.items()}
    masks["kept"] &= masks["promised"]  # not one from before measurement
    masks["cured"] = cured
    masks["cured_kept"] = cured & masks["kept"]
    masks["cured_unreached"] = cured & ~masks["reached"]
    rows = [
        (stage, step, int(np.count_nonzero(mask & _listed(record) & (q.stage[:used] == code))))
        for stage, code in STAGES.items()
        for step, mask in masks.items()
    ]
    return pd.DataFrame(rows, columns=["stage", "step", "accounts"])


def segments(record: RunRecord) -> pd.DataFrame:
    """What work on the accounts of the common list brought and cost, by age and size of the debt.

    Columns ``stage``, ``size`` (:data:`SIZES`, by balance at placement), ``accounts``, and in fen
    ``amount`` placed, ``paid`` within a year (at most the amount) and ``cost`` of the work.
    """
    q, used = record.placements, record.placements_used
    size = np.searchsorted(list(SIZES.values()), q.balance[:used])
    paid: I64 = np.minimum(q.paid[:used], q.amount[:used])
    rows = []
    for stage, code in STAGES.items():
        for number, name in enumerate(SIZES):
            mine = _listed(record) & (q.stage[:used] == code) & (size == number)
            sums = (int(column[mine].sum()) for column in (q.amount[:used], paid, q.cost[:used]))
            rows.append((stage, name, int(mine.sum()), *sums))
    return pd.DataFrame(rows, columns=["stage", "size", "accounts", "amount", "paid", "cost"])
