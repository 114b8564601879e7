"""Defaults as tables: who, when, through which channels, because of whom."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.contagion.shapley import shapley_shares
from sim.core.columns import I64
from sim.phases.placements import LATE
from sim.phases.state import State

COLUMNS = (
    "week", "kind", "agent", "sector", "cause_own", "cause_late_receipts", "cause_writeoff", "cause_orders",
    "cause_inputs", "cause_job", "cause_credit", "main_cause_agent",
)  # fmt: skip
CAUSE_COLUMNS = ("event", "channel", "kind", "agent", "parent", "share")
LOSS_COLUMNS = ("week", "lender", "event", "loss")


def event_table(state: State) -> pd.DataFrame:
    """Failures of firms, and borrowers who went beyond 90 days late, with causes that sum to one.

    Rows are in the order in which things happened. Firms' shares: :mod:`sim.phases.causes`. A
    borrower's arrears are shared between the income that a firm's failure or cuts cost, and the rest,
    which is its own, by the same rule; the reserve is the borrower's usual savings.
    """
    return _defaults(state)[0].drop(columns="event")


def cause_table(state: State) -> pd.DataFrame:
    """The agents behind every default.

    Columns: ``event`` (row of :func:`event_table`), ``channel``, ``kind`` ("firm", "lender", or
    "none" for what no agent stands behind), ``agent`` (row, -1 none), ``parent`` (row of the default
    through which the agent acted, -1: it acted alive, or defaulted before week 0), ``share``. The
    shares of an event sum to one.
    """
    events, rows = _defaults(state)
    firms = pd.DataFrame(state.causes, columns=list(CAUSE_COLUMNS))
    firms["event"] = rows[firms["event"].to_numpy(np.int64)]
    parents = firms["parent"].to_numpy(np.int64)
    firms["parent"] = np.where(parents >= 0, rows[parents], -1) if len(rows) else parents
    people = events[events["kind"] == "borrower"]
    own = pd.DataFrame(
        {"event": people.index, "channel": "own", "kind": "none", "agent": -1, "parent": -1,
         "share": people["cause_own"]}
    )  # fmt: skip
    jobs = people[people["cause_job"] > 0]
    job = pd.DataFrame(
        {"event": jobs.index, "channel": "layoffs", "kind": "firm", "agent": jobs["main_cause_agent"],
         "parent": _failures_before(events, jobs), "share": jobs["cause_job"]}
    )  # fmt: skip
    parts = [part for part in (firms, own[own["share"] > 0], job) if len(part)]
    if not parts:
        return firms
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("event", kind="stable", ignore_index=True)


def lender_loss_table(state: State) -> pd.DataFrame:
    """What each default cost its lender: columns week, lender, event (-1 not on record), loss (fen)."""
    table = pd.DataFrame(state.lender_losses, columns=["week", "lender", "kind", "agent", "loss"])
    events, _ = _defaults(state)
    table["event"] = -1
    for kind in ("firm", "borrower"):
        mine = table["kind"] == kind
        if mine.any():
            table.loc[mine, "event"] = _newest(events[events["kind"] == kind], table[mine])
    return table[list(LOSS_COLUMNS)]


def _defaults(state: State) -> tuple[pd.DataFrame, I64]:
    """All defaults in order, and the row of each firm event (column ``event`` numbers those)."""
    firms = pd.DataFrame(state.events, columns=list(COLUMNS))
    firms["event"] = np.arange(len(firms))
    people = _people(state)
    parts = [part for part in (firms, people) if len(part)]
    if not parts:
        return firms, np.zeros(0, np.int64)
    table = pd.concat(parts, ignore_index=True)
    table["first"] = table["kind"] != "firm"
    # firms fail before households pay; failures of a week stay in the order in which they followed
    table = table.sort_values(["week", "first"], kind="stable", ignore_index=True).drop(columns="first")
    numbers = table["event"].to_numpy(np.int64)
    rows = np.zeros(len(firms), np.int64)
    mine = np.flatnonzero(numbers >= 0)
    rows[numbers[mine]] = mine
    return table, rows


def _people(state: State) -> pd.DataFrame:
    q, used = state.placements, state.placements_used
    rows = np.flatnonzero((q.stage[:used] == LATE) & ~q.frozen[:used])
    by = q.laid_off_by[rows]
    job = np.where(by >= 0, q.income_lost[rows], 0).astype(np.float64)
    arrears = np.maximum(1, q.arrears[rows]).astype(np.float64)
    own = np.maximum(0.0, arrears + q.buffer_cap[rows] - job)
    shares = shapley_shares(np.column_stack([own, job]), arrears) if len(rows) else np.zeros((0, 2))
    by = np.where(shares[:, 1] > 0, by, -1)
    return pd.DataFrame(
        {
            "week": q.week[rows] - state.spec.burn_in,
            "kind": "borrower",
            "agent": q.borrower[rows],
            "sector": [state.sectors[state.firms.sector[j]] if j >= 0 else None for j in by],
            "cause_own": shares[:, 0],
            "cause_late_receipts": 0.0,
            "cause_writeoff": 0.0,
            "cause_orders": 0.0,
            "cause_inputs": 0.0,
            "cause_job": shares[:, 1],
            "cause_credit": 0.0,
            "main_cause_agent": by,
            "event": -1,
        }
    )


def _failures_before(events: pd.DataFrame, jobs: pd.DataFrame) -> I64:
    """The newest failure, at or before each default, of the firm that cost the job; -1 where it lives."""
    wanted = pd.DataFrame({"week": jobs["week"], "agent": jobs["main_cause_agent"]})
    return _newest(events[events["kind"] == "firm"], wanted)


def _newest(events: pd.DataFrame, wanted: pd.DataFrame) -> I64:
    """Row of the newest event of the same agent, not later than each wanted week; -1 none."""
    left = wanted[["week", "agent"]].astype(np.int64).reset_index(drop=True)
    left["place"] = np.arange(len(left))
    right = events[["week", "agent"]].astype(np.int64)
    right["row"] = events.index
    if len(right) == 0 or len(left) == 0:
        return np.full(len(left), -1, np.int64)
    joined = pd.merge_asof(left.sort_values("week", kind="stable"), right, on="week", by="agent")
    found = np.full(len(left), -1, np.int64)
    found[joined["place"].to_numpy()] = joined["row"].fillna(-1).to_numpy(np.int64)
    return found
