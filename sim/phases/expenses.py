"""What collectors pay besides attempts: data, records, idle callers; what remote staff saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.collection import Outcome
from sim.core.calendar import WEEKS_PER_YEAR

if TYPE_CHECKING:
    from sim.phases.state import State


def buy_data(state: State, number: int, signals: int) -> None:
    """A collector pays for the data that it holds, by account and source."""
    pay_cost(
        state, number, round(signals * 100 * state.world.collection.data_source_cost.value / WEEKS_PER_YEAR)
    )


def keep_record(state: State, number: int, records: int) -> None:
    """A collector that keeps the shared ledger pays for each record."""
    price = 100 * state.world.collection.ledger_record_cost.value / WEEKS_PER_YEAR
    pay_cost(state, number, round(records * price))


def pay_cost(state: State, number: int, paid: int) -> None:
    """Add a cost of the week to a collector's books, fen."""
    state.collectors.cost[number] += paid
    state.week_costs[number] += paid
    state.week_sums["collection_cost"] = state.week_sums.get("collection_cost", 0) + paid


def pay_remotely(outcome: Outcome, less: float) -> None:
    """Remote staff costs a part less, in whole fen."""
    saved = np.floor(outcome.labour_cost * less + 0.5).astype(np.int64)
    outcome.labour_cost[:] -= saved
    outcome.cost[:] -= saved


def pay_idle_callers(state: State, number: int, dials: int) -> None:
    """Wages for calls that were not dialled: the labour part of what dialling them would have cost."""
    human = state.world.collection.channels["human"]
    wages = round(100 * max(0, dials) * human.cost_attempt.value * human.labour.value)
    c, sums = state.collectors, state.week_sums
    c.cost[number] += wages
    c.labour_cost[number] += wages
    state.week_costs[number] += wages
    for name in ("collection_cost", "labour_cost", "idle_wages"):
        sums[name] = sums.get(name, 0) + wages
