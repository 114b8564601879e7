"""Defaults as a table: who, when, and through which channels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.phases.placements import LATE
from sim.phases.state import State

COLUMNS = (
    "week", "kind", "agent", "sector", "cause_own", "cause_late_receipts", "cause_writeoff", "cause_orders",
    "cause_inputs", "cause_job", "cause_credit", "main_cause_agent",
)  # fmt: skip


def event_table(state: State) -> pd.DataFrame:
    """Failures of firms, and borrowers who went beyond 90 days late, with causes that sum to one.

    A borrower whom a firm laid off has the job as cause and that firm as main cause; otherwise the
    cause is the borrower's own. Firms' shares are pro rata to liquidity lost by channel.
    """
    firms = pd.DataFrame(state.events, columns=list(COLUMNS))
    q, used = state.placements, state.placements_used
    rows = np.flatnonzero((q.stage[:used] == LATE) & ~q.frozen[:used])
    by = q.laid_off_by[rows]
    jobs = (by >= 0).astype(np.float64)
    people = pd.DataFrame(
        {
            "week": q.week[rows] - state.spec.burn_in,
            "kind": "borrower",
            "agent": q.borrower[rows],
            "sector": [state.sectors[state.firms.sector[j]] if j >= 0 else None for j in by],
            "cause_own": 1.0 - jobs,
            "cause_late_receipts": 0.0,
            "cause_writeoff": 0.0,
            "cause_orders": 0.0,
            "cause_inputs": 0.0,
            "cause_job": jobs,
            "cause_credit": 0.0,
            "main_cause_agent": by,
        }
    )
    parts = [part for part in (firms, people) if len(part)]
    if not parts:
        return firms
    return pd.concat(parts, ignore_index=True).sort_values(["week", "kind"], kind="stable", ignore_index=True)
