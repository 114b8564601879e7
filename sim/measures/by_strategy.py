"""Results by strategy within one run: champion and challenger, users and others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sim.core.columns import I64, Bool
from sim.measures.record import MeasureValue, RunRecord
from sim.measures.recovery import HORIZONS, STAGES, followed

#: Two-sided 95 % quantile of the standard normal.
_Z = 1.959964
COLUMNS = (
    "collector", "strategy", "stage", "horizon", "placed", "cured", "cure_rate", "settled", "paid", "amount",
    "against", "difference", "low", "high",
)  # fmt: skip


def wilson(cured: int, placed: int) -> tuple[float, float]:
    """95 % interval of a share by Wilson's score method (Journal of the American Statistical
    Association 22, 1927)."""
    share, z = cured / placed, _Z
    middle = share + z * z / (2 * placed)
    half = z * float(np.sqrt(share * (1 - share) / placed + z * z / (4 * placed * placed)))
    scale = 1 + z * z / placed
    return (middle - half) / scale, (middle + half) / scale


def difference_interval(cured: tuple[int, int], placed: tuple[int, int]) -> tuple[float, float]:
    """95 % interval of the first share less the second: method 10 of Newcombe (Statistics in Medicine 17,
    1998). Accounts of one borrower count as independent (assumption)."""
    shares = [c / n for c, n in zip(cured, placed, strict=True)]
    (low0, high0), (low1, high1) = (wilson(c, n) for c, n in zip(cured, placed, strict=True))
    gap = shares[0] - shares[1]
    down = float(np.hypot(shares[0] - low0, high1 - shares[1]))
    up = float(np.hypot(high0 - shares[0], shares[1] - low1))
    return gap - down, gap + up


def worked_by(record: RunRecord, strategies: Sequence[str], strategy: str) -> Bool:
    """Placements of the common list, hold-out excluded, that a strategy had first."""
    q, used = record.placements, record.placements_used
    listed: Bool = q.frozen[:used] & ~q.hold_out[:used]
    number = list(strategies).index(strategy) if strategy in strategies else -2
    return np.asarray(listed & (q.strategy[:used] == number), np.bool_)


def cured_by(
    record: RunRecord, strategies: Sequence[str], strategy: str, *, others: bool, horizon: str, stage: str
) -> MeasureValue:
    """Cure rate of the accounts on the common list that a strategy worked, or that others worked."""
    q, used = record.placements, record.placements_used
    if record.weeks <= HORIZONS[horizon]:
        return MeasureValue(None, f"the run has {record.weeks} weeks, the horizon needs more")
    chosen = worked_by(record, strategies, strategy)
    if others:
        chosen = q.frozen[:used] & ~q.hold_out[:used] & ~chosen & (q.strategy[:used] >= 0)
    found = followed(record, chosen & (q.stage[:used] == STAGES[stage]), HORIZONS[horizon])
    if len(found.rows) == 0:
        return MeasureValue(None, f"no account at stage {stage} was worked by {strategy} alone")
    return MeasureValue(float(found.cured.mean()))


def matched_difference(
    record: RunRecord, strategies: Sequence[str], strategy: str, *, horizon: str, stage: str
) -> MeasureValue:
    """Cure rate of the accounts that a strategy worked less that of others like them.

    Like them: of the same third by balance, the same third by arrears over balance, and the same half by
    what was paid over the balance before. Differences within these cells are weighed by the strategy's
    accounts in them; cells without both kinds are left out.
    """
    q, used = record.placements, record.placements_used
    if record.weeks <= HORIZONS[horizon]:
        return MeasureValue(None, f"the run has {record.weeks} weeks, the horizon needs more")
    mine = worked_by(record, strategies, strategy)
    listed = q.frozen[:used] & ~q.hold_out[:used] & (q.stage[:used] == STAGES[stage])
    found = followed(record, listed & (mine | (q.strategy[:used] >= 0)), HORIZONS[horizon])
    user, cell = mine[found.rows], _cells(record, found.rows)
    gaps, weights = [], []
    for one in np.unique(cell[user]):
        here = cell == one
        if (here & ~user).any():
            gaps.append(found.cured[here & user].mean() - found.cured[here & ~user].mean())
            weights.append(np.count_nonzero(here & user))
    if not gaps:
        return MeasureValue(None, f"no account at stage {stage} has one like it on the other side")
    return MeasureValue(float(np.average(gaps, weights=weights)))


def _cells(record: RunRecord, rows: I64) -> I64:
    """Which observable kind each placement is of."""
    q = record.placements
    balance = q.balance[rows].astype(np.float64)
    late = q.arrears[rows] / np.maximum(balance, 1.0)
    paid = q.paid_before[rows] / np.maximum(balance, 1.0)
    if len(rows) == 0:
        return np.zeros(0, np.int64)
    thirds = [np.searchsorted(np.quantile(x, (1 / 3, 2 / 3)), x) for x in (balance, late)]
    return np.asarray(thirds[0] * 6 + thirds[1] * 2 + (paid > np.median(paid)), np.int64)


def strategy_table(
    record: RunRecord,
    strategies: Sequence[str],
    collectors: Sequence[tuple[str, str]],
    horizon: str = "90d",
) -> pd.DataFrame:
    """Outcomes on the common list by collector, stage and the strategy that had each account first.

    ``collectors`` has the name of each and of its own strategy (the champion). ``difference`` is the cure
    rate less that of the strategy in ``against``, the champion or, where it has no account, the one with
    most, with its 95 % interval (``low``, ``high``). Money in fen; ``paid`` is at
    most ``amount``, within a year. Settlements are counted beside cures, never among them.
    """
    rows: list[dict[str, Any]] = []
    if record.weeks > HORIZONS[horizon]:
        for number, name in enumerate(collectors):
            for stage in STAGES:
                rows += _compared(record, strategies, number, name, stage, horizon)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _compared(
    record: RunRecord,
    strategies: Sequence[str],
    number: int,
    names: tuple[str, str],
    stage: str,
    horizon: str,
) -> list[dict[str, Any]]:
    """Rows of one collector and stage, its own strategy first."""
    q, used, weeks = record.placements, record.placements_used, HORIZONS[horizon]
    mine = (q.collector[:used] == number) & (q.stage[:used] == STAGES[stage])
    rows: list[dict[str, Any]] = []
    for strategy in strategies:
        found = followed(record, mine & worked_by(record, strategies, strategy), weeks)
        placed, cured, after = len(found.rows), int(found.cured.sum()), q.settled_after[found.rows]
        if placed == 0:
            continue
        row: dict[str, Any] = {
            "collector": names[0], "strategy": strategy, "stage": stage, "horizon": horizon,
            "placed": placed, "cured": cured, "cure_rate": cured / placed,
            "settled": int(np.count_nonzero((after >= 0) & (after <= weeks))),
            "paid": int(np.minimum(q.paid[found.rows], q.amount[found.rows]).sum()),
            "amount": int(q.amount[found.rows].sum()),
        }  # fmt: skip
        rows.append(row)
    rows.sort(key=lambda row: (row["strategy"] != names[1], -row["placed"]))
    for row in rows[1:]:
        first = rows[0]
        low, high = difference_interval((row["cured"], first["cured"]), (row["placed"], first["placed"]))
        gap = row["cure_rate"] - first["cure_rate"]
        row.update(against=first["strategy"], difference=gap, low=low, high=high)
    return rows
