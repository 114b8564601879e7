"""A collector's week on its accounts: a strategy decides, rules permit, staff limit, borrowers answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.collection import (
    Capacity,
    Outcome,
    Strategy,
    count_violations,
    decide,
    funnel,
    permit,
    ration,
    with_effort,
    within_allowance,
)
from sim.collection.names import HUMAN
from sim.core.columns import F32, I32
from sim.phases.assignment import parts
from sim.phases.choice import strategy_of
from sim.phases.observe import latent, observe

if TYPE_CHECKING:
    from sim.phases.state import State

#: Weeks before an account is offered another plan (assumption; plans are no free cure: B06).
PLAN_PAUSE = 52
#: Weeks before a borrower is searched for again (assumption: half a year).
TRACE_PAUSE = 26


def capacity_of(state: State, number: int) -> Capacity:
    """Dials and visits that a collector's staff can make this week; analysts do not dial."""
    spec, numbers = state.spec.collectors[number], state.world.collection
    thousands = np.count_nonzero(state.borrowers.wage) / 1000 * spec.capacity * spec.effort
    trained = state.collectors.analysts[number] * numbers.dials_per_caller.value
    dials = max(0.0, numbers.human_dials.value * thousands - trained)
    return Capacity(int(dials), int(numbers.field_visits.value * thousands))


def _work(state: State, number: int, chosen: Strategy, k: I32, capacity: Capacity) -> int:
    """One strategy works the accounts in rows ``k`` of one collector for a week; returns calls dialled."""
    cases, spec = observe(state, k), state.spec.collectors[number]
    wanted = with_effort(
        decide(chosen, cases, capacity), cases, spec.effort,
        seed=state.seed, week=state.clock,
    )  # fmt: skip
    checked = getattr(chosen, "checks_contacts", False)
    permission = permit(
        wanted, cases, state.rules,
        over_cap_rate=0.0 if checked else state.world.collection.over_cap_rate.value,
        seed=state.seed, week=state.clock,
    )  # fmt: skip
    made = ration(permission.treatment, cases, capacity)
    made.offer_plan &= state.clock - state.accounts.plan_week[k] >= PLAN_PAUSE
    made.skip_trace &= state.clock - state.accounts.traced_week[k] >= TRACE_PAUSE
    made = within_allowance(made, cases, spec.settlement_most, spec.settlement_most_late)
    violations = count_violations(made, cases, state.rules)
    outcome = funnel(made, cases, latent(state, k), state.funnel_numbers, seed=state.seed, week=state.clock)
    if checked:
        price = round(100 * state.world.collection.contact_check_cost.value)
        outcome.cost[outcome.attempts > 0] += price
    state.accounts.traced_week[k[made.skip_trace]] = state.clock
    state.week_sums["traces"] = state.week_sums.get("traces", 0) + int(made.skip_trace.sum())
    _agree_settlements(state, k, outcome, made.settlement)
    _apply(state, k, outcome)
    _count(state, number, k, outcome, int(violations.sum()))
    return int(made.attempts[:, HUMAN].sum(dtype=np.int64))


def _apply(state: State, k: I32, outcome: Outcome) -> None:
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
    _agree_plans(state, k[outcome.plan])
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
    np.add.at(b.stress, i, outcome.stress_added)
    np.minimum(b.stress, 1.0, out=b.stress)


def _agree_plans(state: State, k: I32) -> None:
    """A plan spreads the arrears, after a charge-off the balance over twice the time."""
    a, months = state.accounts, int(state.household_numbers.plan_months)
    length = np.where(a.charged_off[k], 2 * months, months)
    amount = np.where(a.charged_off[k], a.balance[k], a.arrears[k])
    a.plan_week[k] = state.clock
    a.plan_left[k] = length
    a.plan_amount[k] = -(-amount // length)


def _agree_settlements(state: State, k: I32, outcome: Outcome, offered: F32) -> None:
    """Agreed amounts, due from next week on: the balance less the discount, in whole fen."""
    agreed = outcome.settlement
    a, rows = state.accounts, k[agreed]
    forgiven = np.floor(a.balance[rows] * offered[agreed].astype(np.float64)).astype(np.int64)
    a.settlement_amount[rows] = np.maximum(1, a.balance[rows] - forgiven)
    a.settlement_week[rows] = state.clock + 1
    a.settlement_kept[rows] = outcome.settlement_kept_chance[agreed]


def _count(state: State, number: int, k: I32, outcome: Outcome, violations: int) -> None:
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


def work_accounts(state: State, number: int) -> None:
    """The week of one collector: its own strategy, and those on trial or being introduced on a share.

    Each strategy has the staff in proportion to its accounts; the collector's own has what is left.
    """
    k = np.flatnonzero(state.accounts.collector == number).astype(np.int32)
    capacity = capacity_of(state, number)
    dialled, left = 0, len(k)
    for part in parts(state, number, k) if len(k) else ():
        some = capacity
        if len(part.accounts) < left:
            share = len(part.accounts) / left
            some = Capacity(int(capacity.dials * share), int(capacity.visits * share))
        if len(part.accounts):
            chosen = strategy_of(state, number, part.strategy)
            dialled += _work(state, number, chosen, part.accounts, some)
        left -= len(part.accounts)
        capacity = Capacity(capacity.dials - some.dials, capacity.visits - some.visits)
    if state.spec.collectors[number].staffing == "fixed":
        _pay_idle_callers(state, number, capacity_of(state, number).dials - dialled)


def rest(state: State, number: int) -> None:
    """A week in which nobody works: callers on fixed pay are paid all the same."""
    if state.spec.collectors[number].staffing == "fixed":
        _pay_idle_callers(state, number, capacity_of(state, number).dials)


def _pay_idle_callers(state: State, number: int, dials: int) -> None:
    """Wages for calls that were not dialled: the labour part of what dialling them would have cost."""
    human = state.world.collection.channels["human"]
    wages = round(100 * max(0, dials) * human.cost_attempt.value * human.labour.value)
    c, sums = state.collectors, state.week_sums
    c.cost[number] += wages
    c.labour_cost[number] += wages
    state.week_costs[number] += wages
    for name in ("collection_cost", "labour_cost", "idle_wages"):
        sums[name] = sums.get(name, 0) + wages


def staff_collectors(state: State) -> None:
    """Heads: callers that the dials take, less those who became analysts."""
    c, numbers = state.collectors, state.world.collection
    people = np.count_nonzero(state.borrowers.wage) / 1000
    for number, spec in enumerate(state.spec.collectors):
        dials = numbers.human_dials.value * people * spec.capacity * spec.effort
        heads = dials / numbers.dials_per_caller.value
        c.callers[number] = max(0.0, heads - c.analysts[number])
