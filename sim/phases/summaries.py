"""Summaries of a run as tables: liquidation and cure curves, firms by sector."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sim.phases.state import State

#: Stages by number.
STAGES = ("none", "early", "middle", "late", "charged_off")
_YEAR = 52


def curves(state: State) -> pd.DataFrame:
    """Liquidation of the common list: columns stage, weeks, placed, recovered (fen), share."""
    q, used = state.placements, state.placements_used
    mine = q.frozen[:used] & ~q.hold_out[:used]
    rows = []
    for stage in range(1, len(STAGES)):
        placed = int(q.amount[:used][mine & (q.stage[:used] == stage)].sum())
        for weeks in range(min(state.week, 52) + 1):
            recovered = int(state.recovered_by_age[stage, weeks])
            share = recovered / placed if placed else None
            rows.append(
                {
                    "stage": STAGES[stage],
                    "weeks": weeks,
                    "placed": placed,
                    "recovered": recovered,
                    "share": share,
                }
            )
    return pd.DataFrame(rows, columns=["stage", "weeks", "placed", "recovered", "share"])


def cures(state: State) -> pd.DataFrame:
    """Cures of the common list without its hold-out, cumulated.

    Columns ``stage``, ``weeks`` since placement, ``placed`` and ``cured`` (accounts).
    """
    q, used = state.placements, state.placements_used
    mine = q.frozen[:used] & ~q.hold_out[:used]
    frames = []
    for stage in range(1, len(STAGES)):
        chosen = mine & (q.stage[:used] == stage)
        after = q.cured_after[:used][chosen]
        weeks = np.arange(min(state.week, _YEAR) + 1)
        by_week = np.bincount(after[(after > 0) & (after <= weeks[-1])], minlength=len(weeks))
        frames.append(
            pd.DataFrame(
                {
                    "stage": STAGES[stage],
                    "weeks": weeks,
                    "placed": int(np.count_nonzero(chosen)),
                    "cured": np.cumsum(by_week),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def sector_table(state: State) -> pd.DataFrame:
    """Firms by sector at the end of the run, failures since measurement began.

    Columns ``sector``, ``firms``, ``failures``, and in fen ``payables``, ``overdue_payables`` (owed by the
    sector's firms), ``receivables``, ``overdue_receivables`` (owed to them).
    """
    f, count = state.firms, len(state.sectors)
    table: dict[str, object] = {
        "sector": list(state.sectors),
        "firms": np.bincount(f.sector, minlength=count),
    }
    failed = Counter(event["sector"] for event in state.events)
    table["failures"] = [failed[sector] for sector in state.sectors]
    for name in ("payables", "overdue_payables", "receivables", "overdue_receivables"):
        sums = np.zeros(count, np.int64)
        np.add.at(sums, f.sector, getattr(f, name))
        table[name] = sums
    return pd.DataFrame(table)
