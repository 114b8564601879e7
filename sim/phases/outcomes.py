"""What a week of collection leaves with accounts, borrowers and the collector's counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.collection import Outcome
from sim.collection.names import APP
from sim.core.calendar import WEEKS_PER_MONTH
from sim.core.columns import F32, I32, Bool
from sim.phases.harm import PHONE

if TYPE_CHECKING:
    from sim.phases.state import State

#: Part of what essentials leave of the wage that a borrower offers (assumption).
AFFORDABLE = 0.5


def apply_outcome(state: State, k: I32, outcome: Outcome, negotiate: Bool) -> None:
    """Write what a week of collection did to accounts and borrowers."""
    a, b, clock = state.accounts, state.borrowers, state.clock
    i = a.borrower[k]
    reached = outcome.contacts > 0
    a.last_contact_week[k[reached]] = clock
    a.attempts[k] += outcome.attempts
    a.promise_week[k[outcome.promise]] = clock + 1
    a.promise_kept[k] = np.where(outcome.promise, outcome.promise_kept_chance, a.promise_kept[k])
    reminded = outcome.reminded & a.forgot[k]
    a.reminded[k[reminded]] = True
    a.forgot[k[reminded]] = False
    in_app = outcome.channel == APP
    _agree_plans(state, k[outcome.plan], (in_app & negotiate)[outcome.plan], in_app[outcome.plan])
    raised = k[outcome.dispute_raised]
    a.dispute_open[raised] = True
    a.dispute_week[raised] = clock
    settled = k[outcome.dispute_settled]
    a.dispute_open[settled] = False
    a.dispute_ground[settled] = False
    np.minimum.at(b.phone_reach, i, outcome.phone_reach)
    np.minimum.at(b.digital_reach, i, outcome.digital_reach)
    b.phone_reach[i[outcome.found]] = 1.0
    b.hiding[i[outcome.found]] = False
    b.blocked[i[outcome.found]] &= np.uint8(0xFF ^ PHONE)
    np.add.at(b.stress, i, outcome.stress_added)
    np.minimum(b.stress, 1.0, out=b.stress)


def _agree_plans(state: State, k: I32, negotiated: Bool, in_app: Bool) -> None:
    """A plan spreads the arrears, after a charge-off the balance over twice the time.

    Who negotiates proposes as many months as half of what essentials leave of the wage needs, up to
    the world's most (assumption: half).
    """
    a, b, months = state.accounts, state.borrowers, int(state.household_numbers.plan_months)
    length = np.where(a.charged_off[k], 2 * months, months)
    amount = np.where(a.charged_off[k], a.balance[k], a.arrears[k])
    i = a.borrower[k]
    free = np.maximum(1, (AFFORDABLE * WEEKS_PER_MONTH * (b.wage[i] - b.essentials[i])).astype(np.int64))
    most = np.maximum(length, int(state.world.collection.app_plan_months_most.value))
    length = np.where(negotiated, np.clip(-(-amount // free), length, most), length)
    a.plan_by_app[k] = in_app
    a.plan_week[k] = state.clock
    a.plan_left[k] = length
    a.plan_amount[k] = -(-amount // length)


def agree_settlements(state: State, k: I32, outcome: Outcome, offered: F32) -> None:
    """Agreed amounts, due from next week on: the balance less the discount, in whole fen."""
    agreed = outcome.settlement
    a, rows = state.accounts, k[agreed]
    forgiven = np.floor(a.balance[rows] * offered[agreed].astype(np.float64)).astype(np.int64)
    a.settlement_amount[rows] = np.maximum(1, a.balance[rows] - forgiven)
    a.settlement_week[rows] = state.clock + 1
    a.settlement_kept[rows] = outcome.settlement_kept_chance[agreed]


def count_outcome(state: State, number: int, k: I32, outcome: Outcome, violations: int) -> None:
    """Add the week to the collector's sums and to those of the economy."""
    c, sums = state.collectors, state.week_sums
    c.attempts[number] += int(outcome.attempts.sum())
    c.contacts[number] += int(outcome.contacts.sum())
    c.contacted_accounts[number] += int(np.count_nonzero(outcome.contacts))
    c.promises[number] += int(np.count_nonzero(outcome.promise))
    c.complaints[number] += int(np.count_nonzero(outcome.complaint))
    c.violations[number] += violations
    c.cost[number] += int(outcome.cost.sum())
    c.labour_cost[number] += int(outcome.labour_cost.sum())
    state.week_complaints[number] += int(np.count_nonzero(outcome.complaint))
    state.week_violations[number] += violations
    state.week_contacted[number] += int(np.count_nonzero(outcome.contacts))
    state.week_costs[number] += int(outcome.cost.sum())
    for name, amount in (
        ("attempts", outcome.attempts.sum()),
        ("worked", np.count_nonzero(outcome.attempts)),
        ("contacted", np.count_nonzero(outcome.contacts)),
        ("promises", np.count_nonzero(outcome.promise)),
        ("plans", np.count_nonzero(outcome.plan)),
        ("settlements_agreed", np.count_nonzero(outcome.settlement)),
        ("found", np.count_nonzero(outcome.found)),
        ("disputes", np.count_nonzero(outcome.dispute_raised)),
        ("complaints", np.count_nonzero(outcome.complaint)),
        ("digital", np.count_nonzero((outcome.channel >= 2) & (outcome.channel <= 5))),
        ("violations", violations),
        ("collection_cost", outcome.cost.sum()),
        ("labour_cost", outcome.labour_cost.sum()),
    ):
        sums[name] = sums.get(name, 0) + int(amount)
