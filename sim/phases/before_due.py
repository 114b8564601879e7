"""Reminders before the due date: a text, and a notice in the app, to accounts that are in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.collection.names import APP, TEXT
from sim.core.columns import F64, I32, Bool
from sim.core.rng import uniforms_at
from sim.phases.breathing import reachable
from sim.phases.choice import strategy_of
from sim.phases.learning import due_next_week
from sim.phases.placements import EARLY, responsible
from sim.phases.sanctions import may_work

if TYPE_CHECKING:
    from sim.phases.state import State


def remind_before_due(state: State) -> None:
    """The collector of early arrears reminds whom it warns, or all where its strategy starts early.

    A borrower who was reached and reminded does not forget the due date (``accounts.warned``). The
    hold-out is left alone.
    """
    a, table = state.accounts, responsible(state)
    for number in range(len(state.spec.collectors)):
        served = table[EARLY] == number
        if not served.any() or not may_work(state, number):
            continue
        everybody = getattr(strategy_of(state, number), "before_due", False)
        flagged = not everybody or _warns(state, number)
        if flagged and not a.flagged.any():
            continue
        wanted = a.flagged if flagged else due_next_week(state)
        rows = np.flatnonzero(wanted & served[a.lender] & ~a.hold_out).astype(np.int32)
        rows = reachable(state, rows)
        if len(rows):
            _remind(state, number, rows)


def _warns(state: State, number: int) -> bool:
    return bool(getattr(strategy_of(state, number), "warns", False))


def _remind(state: State, number: int, k: I32) -> None:
    p, a, b = state.funnel_numbers, state.accounts, state.borrowers
    i = a.borrower[k]
    key = state.key("collection.before_due")
    cost: F64 = np.zeros(len(k))
    labour: F64 = np.zeros(len(k))
    reminded: Bool = np.zeros(len(k), np.bool_)
    for channel in (TEXT, APP):
        u = uniforms_at(key, state.clock, k, draw=channel)
        reach = np.where(b.hiding[i], 0.0, b.phone_reach[i]) if channel == TEXT else b.digital_reach[i]
        tried = np.ones(len(k), np.bool_) if channel == TEXT else b.digital_reach[i] > 0
        reached = tried & (u[:, 0] < p.contact[channel] * reach * p.age_response[channel, b.age_group[i]])
        reminded |= reached & (u[:, 1] < p.reminds[channel])
        spent = tried * p.cost_attempt[channel] + reached * p.cost_conversation[channel]
        cost += spent
        labour += spent * p.labour[channel]
    a.warned[k[reminded]] = True
    spent_fen, labour_fen = round(float(cost.sum())), round(float(labour.sum()))
    state.collectors.cost[number] += spent_fen
    state.collectors.labour_cost[number] += labour_fen
    state.week_costs[number] += spent_fen
    for name, amount in (
        ("collection_cost", spent_fen),
        ("labour_cost", labour_fen),
        ("reminded_before_due", int(reminded.sum())),
    ):
        state.week_sums[name] = state.week_sums.get(name, 0) + amount
