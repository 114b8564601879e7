"""Replay: run the same economy again and write down one life."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sim.core.errors import SpecError, unknown_name
from sim.phases.branching import branch_state
from sim.phases.settle_in import begin_measurement
from sim.phases.start import start
from sim.phases.state import State
from sim.phases.week import step

#: What is told of each kind; amounts in fen.
TOLD = {
    "account": (
        "borrower", "lender", "balance", "arrears", "days_past_due", "stage", "paid_this_week",
        "promise_week", "plan_left", "dispute_open", "charged_off", "attempts", "collector", "hold_out",
    ),
    "borrower": (
        "employer", "income", "cash", "balance", "days_past_due", "stress", "phone_reach", "hiding",
        "essentials_missed",
    ),
    "firm": (
        "alive", "shrinking", "sales", "cash", "drawn", "line", "hard_costs", "receivables",
        "overdue_receivables", "payables", "overdue_payables", "short_weeks", "employees",
    ),
}  # fmt: skip

#: Columns of these that are amounts of money.
MONEY = frozenset(
    [
        "balance",
        "arrears",
        "paid_this_week",
        "income",
        "cash",
        "sales",
        "drawn",
        "line",
        "hard_costs",
        "receivables",
        "overdue_receivables",
        "payables",
        "overdue_payables",
    ]
)


def replay(state: State, kind: str, number: int) -> pd.DataFrame:
    """Weekly rows of one account, borrower or firm, from a second run of the same economy.

    Raises
    ------
    SpecError
        The kind or the number does not exist.
    """
    if kind not in TOLD:
        problem, allowed = unknown_name(kind, TOLD, "kind of agent")
        raise SpecError("explain", "kind", problem, allowed)
    table = getattr(state, kind + "s")
    rows = len(getattr(table, TOLD[kind][0]))
    if not 0 <= number < rows:
        raise SpecError("explain", kind, f"{number} does not exist", f"0 to {rows - 1}")
    again = _start_again(state)
    life: list[dict[str, Any]] = []
    pending = list(state.branches)
    while again.clock < state.clock:
        while pending and pending[0][0] == again.clock:
            again = branch_state(again, pending.pop(0)[1])
        week = again.week
        step(again)
        row = getattr(again, kind + "s")
        life.append({"week": week} | {name: getattr(row, name)[number].item() for name in TOLD[kind]})
    return pd.DataFrame(life, columns=["week", *TOLD[kind]])


def _start_again(state: State) -> State:
    first = state.first
    if first is None:
        raise SpecError("explain", "", "the start of this run is not known", "a run made by Ecosystem")
    spec, world, rules, own = first
    again = start(spec, world, rules, state.seed, own)
    for _ in range(spec.burn_in):
        step(again)
    begin_measurement(again, own)
    return again
