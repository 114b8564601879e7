"""Measures of all placements that entered a stage during the run, whoever is on the common list.

A claim such as "65 % of cases succeed" is about the cases that a system was given, each from the day on
which it was given. The common list of a comparison is another sample: accounts found in a stage in the
first week, of which those that stay long are met more often. Entries depend on the treatment of earlier
stages, so they say what a system achieved, and not what it changed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from sim.core.columns import I64, Bool
from sim.measures.record import MeasureValue, RunRecord, ratio
from sim.measures.recovery import HEADLINE, HORIZONS, LOW_VALUE, STAGES

Compute = Callable[[RunRecord], MeasureValue]


def entered(record: RunRecord, stage: str, weeks: int) -> I64:
    """Placements of the run that entered a stage at least ``weeks`` before its end, hold-out excluded."""
    q, used = record.placements, record.placements_used
    now = q.open[:used]
    if not now.any():
        return np.zeros(0, np.int64)
    last = int((q.week[:used] + q.followed[:used])[now].max())
    chosen: Bool = ~q.frozen[:used] & ~q.hold_out[:used] & (q.stage[:used] == STAGES[stage])
    return np.flatnonzero(chosen & (q.week[:used] + weeks <= last))


def entry_cure_rate(
    record: RunRecord, horizon: str, stage: str = HEADLINE, only: str | None = None
) -> MeasureValue:
    """Share of entries whose arrears at placement came in within the horizon.

    ``only``: "with_app" or "low_value".
    """
    q, weeks = record.placements, HORIZONS[horizon]
    rows = entered(record, stage, weeks)
    if only == "with_app":
        rows = rows[q.has_app[rows]]
    elif only == "low_value":
        rows = rows[q.balance[rows] <= LOW_VALUE]
    after = q.cured_after[rows]
    cured = np.count_nonzero((after > 0) & (after <= weeks))
    return ratio(
        float(cured), len(rows), f"no account was placed at stage {stage} and followed for {weeks} weeks"
    )


def entry_recovery_rate(record: RunRecord, stage: str) -> MeasureValue:
    """Money received within 360 days over the balance of entries, at most the balance of each."""
    q = record.placements
    rows = entered(record, stage, HORIZONS["360d"])
    paid = np.minimum(q.paid[rows], q.amount[rows])
    return ratio(
        float(paid.sum()),
        float(q.amount[rows].sum()),
        f"no account was placed at stage {stage} and followed for a year",
    )


#: How each measure of entries is computed.
COMPUTE: dict[str, Compute] = {
    "cure_rate_30d_on_entry_early": partial(entry_cure_rate, horizon="30d", stage="early"),
    "cure_rate_30d_on_entry": partial(entry_cure_rate, horizon="30d"),
    "cure_rate_180d_on_entry": partial(entry_cure_rate, horizon="180d"),
    "cure_rate_180d_on_entry_with_app": partial(entry_cure_rate, horizon="180d", only="with_app"),
    "cure_rate_180d_on_entry_low_value": partial(entry_cure_rate, horizon="180d", only="low_value"),
    "cure_rate_360d_on_entry": partial(entry_cure_rate, horizon="360d"),
    "recovery_rate_360d_on_entry_late": partial(entry_recovery_rate, stage="late"),
    "recovery_rate_360d_on_entry_charged_off": partial(entry_recovery_rate, stage="charged_off"),
}
