"""Measures of placements: cure, recovery, time and the direct effect of collection."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.core.columns import I64, Bool
from sim.measures.record import MeasureValue, RunRecord, ratio

#: Horizons in weeks.
HORIZONS = {"30d": 4, "90d": 13, "180d": 26, "360d": 52}
STAGES = {"early": 1, "middle": 2, "late": 3, "charged_off": 4}
HEADLINE = "middle"


class Followed(NamedTuple):
    """Placements that count at a horizon: which rows, and which of them are cured by then."""

    rows: I64
    cured: Bool


def followed(record: RunRecord, chosen: Bool, weeks: int) -> Followed:
    """Chosen placements followed for ``weeks``, or cured before their follow-up ended."""
    q, used = record.placements, record.placements_used
    cured_after = q.cured_after[:used]
    cured = (cured_after > 0) & (cured_after <= weeks)
    rows = np.flatnonzero(chosen & ((q.followed[:used] >= weeks) | cured))
    return Followed(rows, cured[rows])


def _listed(record: RunRecord, stage: str | None) -> Bool:
    """The common list without its hold-out, one stage or all."""
    q, used = record.placements, record.placements_used
    chosen: Bool = q.frozen[:used] & ~q.hold_out[:used]
    if stage is not None:
        chosen &= q.stage[:used] == STAGES[stage]
    return chosen


#: Balances of at most so much are low-value debts (assumption), fen.
LOW_VALUE = 400_000


def _low_value(record: RunRecord) -> Bool:
    q, used = record.placements, record.placements_used
    return np.asarray(_listed(record, HEADLINE) & (q.balance[:used] <= LOW_VALUE), np.bool_)


def _too_short(record: RunRecord, weeks: int) -> MeasureValue | None:
    if record.weeks <= weeks:
        return MeasureValue(None, f"the run has {record.weeks} weeks, the horizon needs more than {weeks}")
    return None


def cure_rate(
    record: RunRecord, horizon: str, stage: str = HEADLINE, by_balance: bool = False
) -> MeasureValue:
    """Share of placements whose arrears at placement came in within the horizon."""
    return _cured_share(record, _listed(record, stage), horizon, by_balance, f"at stage {stage}")


def cure_rate_with_app(record: RunRecord, horizon: str = "180d") -> MeasureValue:
    """The headline cure rate among those who had the app when they were placed."""
    q, used = record.placements, record.placements_used
    chosen = _listed(record, HEADLINE) & q.has_app[:used]
    return _cured_share(record, chosen, horizon, False, "with the app")


def cure_rate_low_value(record: RunRecord, horizon: str = "180d") -> MeasureValue:
    """The headline cure rate among low-value debts."""
    return _cured_share(record, _low_value(record), horizon, False, "with a low balance")


def low_value_by_machine(record: RunRecord) -> MeasureValue:
    """Share of low-value debts of the common list at which no person tried within a year."""
    short = _too_short(record, 52)
    if short is not None:
        return short
    rows = np.flatnonzero(_low_value(record))
    machine = ~record.placements.by_person[rows]
    return ratio(float(np.count_nonzero(machine)), len(rows), "no account with a low balance was placed")


def recovery_rate_180d(record: RunRecord) -> MeasureValue:
    """Money received within 180 days over money placed, common list, all stages."""
    short = _too_short(record, HORIZONS["180d"])
    if short is not None:
        return short
    q, used = record.placements, record.placements_used
    chosen = _listed(record, None)
    # a row that was closed before the horizon keeps what it had received by then
    paid = np.where(q.paid_180d[:used] >= 0, q.paid_180d[:used], q.paid[:used])
    paid = np.minimum(paid, q.amount[:used])[chosen]
    return ratio(float(paid.sum()), float(q.amount[:used][chosen].sum()), "no account was placed")


def bad_debt_rate(record: RunRecord) -> MeasureValue:
    """What is left after 180 days of the debt over 30 days late in the first week, over all debt."""
    recovered = recovery_rate_180d(record)
    start = record.series[0]["consumer_overdue_30_rate"] if record.series else None
    if recovered.value is None or start is None:
        return MeasureValue(None, recovered.reason or "there is no debt")
    return MeasureValue(float(start) * (1 - recovered.value))


def _cured_share(record: RunRecord, chosen: Bool, horizon: str, by_balance: bool, which: str) -> MeasureValue:
    weeks = HORIZONS[horizon]
    short = _too_short(record, weeks)
    if short is not None:
        return short
    found = followed(record, chosen, weeks)
    weight = record.placements.amount[found.rows] if by_balance else np.ones(len(found.rows))
    return ratio(float(weight[found.cured].sum()), float(weight.sum()), f"no account was placed {which}")


def direct_effect(record: RunRecord, horizon: str = "90d", stage: str = HEADLINE) -> MeasureValue:
    """Cure rate of treated accounts minus that of those held out at random in the same run.

    Later placements would not do: who reaches a stage depends on the treatment before it.
    """
    q, used = record.placements, record.placements_used
    if not any(row["attempts"] for row in record.series):
        return MeasureValue(None, "nobody was treated")
    short = _too_short(record, HORIZONS[horizon])
    if short is not None:
        return short
    chosen = q.frozen[:used] & (q.stage[:used] == STAGES[stage])
    rates = []
    for held in (False, True):
        found = followed(record, chosen & (q.hold_out[:used] == held), HORIZONS[horizon])
        if len(found.rows) == 0:
            which = "held out" if held else "treated"
            return MeasureValue(None, f"no {which} account was followed for the horizon")
        rates.append(float(found.cured.mean()))
    return MeasureValue(rates[0] - rates[1])


def recovery_rate(record: RunRecord) -> MeasureValue:
    """Money received within a year over money placed, common list, all stages."""
    short = _too_short(record, 52)
    if short is not None:
        return short
    q, used = record.placements, record.placements_used
    chosen = _listed(record, None)
    paid = np.minimum(q.paid[:used], q.amount[:used])[chosen]
    return ratio(float(paid.sum()), float(q.amount[:used][chosen].sum()), "no account was placed")


def settled_rate(record: RunRecord, stage: str = "charged_off") -> MeasureValue:
    """Share of placements closed within a year by a settlement, which is no cure; common list."""
    short = _too_short(record, 52)
    if short is not None:
        return short
    q, used = record.placements, record.placements_used
    chosen = _listed(record, stage)
    after = q.settled_after[:used][chosen]
    settled = np.count_nonzero((after >= 0) & (after <= 52))
    return ratio(float(settled), float(chosen.sum()), f"no account was placed at stage {stage}")


def _times(record: RunRecord) -> I64:
    """Weeks to cure of the common list at the headline stage, 53 where not cured within 52."""
    found = followed(record, _listed(record, HEADLINE), 52)
    after = record.placements.cured_after[found.rows].astype(np.int64)
    return np.where(found.cured, after, 53)


def restricted_mean_weeks(record: RunRecord) -> MeasureValue:
    """Mean weeks to cure, counting 52 for those not cured by then."""
    short = _too_short(record, 52)
    if short is not None:
        return short
    times = np.minimum(_times(record), 52)
    return ratio(float(times.sum()), len(times), f"no account was placed at stage {HEADLINE}")


def median_weeks(record: RunRecord) -> MeasureValue:
    """Week by which half of all placements are cured; undefined when fewer are within a year."""
    short = _too_short(record, 52)
    if short is not None:
        return short
    times = np.sort(_times(record))
    if len(times) == 0:
        return MeasureValue(None, f"no account was placed at stage {HEADLINE}")
    middle = int(times[(len(times) - 1) // 2])
    if middle > 52:
        return MeasureValue(None, "fewer than half of the placements were cured within a year")
    return MeasureValue(float(middle))
