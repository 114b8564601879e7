"""What a week of collection leaves with accounts, borrowers and the collector's counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.collection import Outcome, Treatment
from sim.collection.names import APP, FIELD, HUMAN, TEXT
from sim.core.calendar import WEEKS_PER_MONTH
from sim.core.columns import F32, I32, I64, U8, Bool
from sim.core.kernel import kernel, kernel_step
from sim.phases.funnel_steps import steps_of
from sim.phases.harm import PHONE

if TYPE_CHECKING:
    from sim.phases.state import State

#: Part of what essentials leave of the wage that a borrower offers (assumption).
AFFORDABLE = 0.5
_FREE = AFFORDABLE * WEEKS_PER_MONTH


class Made(NamedTuple):
    """What of a treatment leaves traces with accounts and borrowers."""

    attempts: U8
    negotiate: Bool
    settlement: F32
    skip_trace: Bool


class Counts(NamedTuple):
    """What a week of work came to; money in fen, chances of complaints in whole billionths, which add up to
    the same in any order."""

    attempts: int
    contacts: int
    contacted: int
    worked: int
    promises: int
    plans: int
    settlements: int
    found: int
    disputes: int
    complaints: int
    complaint_billionths: int
    digital: int
    cost: int
    labour_cost: int
    traces: int
    dialled: int


(
    _ATTEMPTS, _CONTACTS, _CONTACTED, _WORKED, _PROMISES, _PLANS, _SETTLEMENTS, _FOUND, _DISPUTES,
    _COMPLAINTS, _CHANCES, _DIGITAL, _COST, _LABOUR_COST, _TRACES, _DIALLED,
) = range(len(Counts._fields))  # fmt: skip


@kernel_step
def _agree_plan(x, clock, a, b, months, most, negotiated, in_app):  # type: ignore[no-untyped-def]
    """A plan spreads the arrears, after a charge-off the balance over twice the time.

    Who negotiates proposes as many months as half of what essentials leave of the wage needs, up to
    the world's most (assumption: half).
    """
    length = 2 * months if a.charged_off[x] else months
    amount = a.balance[x] if a.charged_off[x] else a.arrears[x]
    if negotiated:
        i = a.borrower[x]
        free = max(np.int64(1), np.int64(_FREE * (b.wage[i] - b.essentials[i])))
        length = min(max(-(-amount // free), length), max(length, most))
    a.plan_by_app[x] = in_app
    a.plan_week[x] = clock
    a.plan_left[x] = length
    a.plan_amount[x] = -(-amount // length)


@kernel_step
def _agree_settlement(x, clock, a, offered, kept):  # type: ignore[no-untyped-def]
    """The agreed amount, due from next week on: the balance less the discount, in whole fen."""
    forgiven = np.int64(np.floor(a.balance[x] * np.float64(offered)))
    a.settlement_amount[x] = max(np.int64(1), a.balance[x] - forgiven)
    a.settlement_week[x] = clock + 1
    a.settlement_kept[x] = kept


@kernel_step
def _count(case, made, outcome, counts):  # type: ignore[no-untyped-def]
    """Add a case to the sums."""
    counts[_ATTEMPTS] += outcome.attempts[case]
    counts[_CONTACTS] += outcome.contacts[case]
    counts[_CONTACTED] += outcome.contacts[case] > 0
    counts[_WORKED] += outcome.attempts[case] > 0
    counts[_PROMISES] += outcome.promise[case]
    counts[_PLANS] += outcome.plan[case]
    counts[_SETTLEMENTS] += outcome.settlement[case]
    counts[_FOUND] += outcome.found[case]
    counts[_DISPUTES] += outcome.dispute_raised[case]
    counts[_COMPLAINTS] += outcome.complaint[case]
    counts[_CHANCES] += np.int64(np.floor(1e9 * np.float64(outcome.complaint_chance[case]) + 0.5))
    counts[_DIGITAL] += TEXT <= outcome.channel[case] <= APP
    counts[_COST] += outcome.cost[case]
    counts[_LABOUR_COST] += outcome.labour_cost[case]
    counts[_TRACES] += made.skip_trace[case]


@kernel
def _leave(clock, a, b, k, made, outcome, months, most, counts):  # type: ignore[no-untyped-def]
    """What the week did to each account in rows ``k`` and its borrower, and the sums of all."""
    for case in range(k.shape[0]):
        x = k[case]
        i = a.borrower[x]
        _count(case, made, outcome, counts)
        a.steps[x] |= steps_of(case, outcome)
        a.work_cost[x] += outcome.cost[case]
        for part in range(made.attempts.shape[2]):
            counts[_DIALLED] += made.attempts[case, HUMAN, part]
            a.person_attempts[x] += np.int32(made.attempts[case, HUMAN, part])
            a.person_attempts[x] += np.int32(made.attempts[case, FIELD, part])
        if made.skip_trace[case]:
            a.traced_week[x] = clock
        if outcome.settlement[case]:
            _agree_settlement(x, clock, a, made.settlement[case], outcome.settlement_kept_chance[case])
        if outcome.contacts[case] > 0:
            a.last_contact_week[x] = clock
        a.attempts[x] += outcome.attempts[case]
        if outcome.promise[case]:
            a.promise_week[x] = clock + 1
            a.promise_kept[x] = outcome.promise_kept_chance[case]
        if outcome.reminded[case] and a.forgot[x]:
            a.reminded[x] = True
            a.forgot[x] = False
        if outcome.plan[case]:
            in_app = outcome.channel[case] == APP
            _agree_plan(x, clock, a, b, months, most, in_app and made.negotiate[case], in_app)
        if outcome.dispute_raised[case]:
            a.dispute_open[x] = True
            a.dispute_week[x] = clock
        if outcome.dispute_settled[case]:
            a.dispute_open[x] = False
            a.dispute_ground[x] = False
        b.phone_reach[i] = min(b.phone_reach[i], outcome.phone_reach[case])
        b.digital_reach[i] = min(b.digital_reach[i], outcome.digital_reach[case])
        b.stress[i] += outcome.stress_added[case]
    # a borrower who was found is so whatever happened on further accounts
    for case in range(k.shape[0]):
        if outcome.found[case]:
            i = a.borrower[k[case]]
            b.phone_reach[i] = 1.0
            b.hiding[i] = False
            b.blocked[i] &= 0xFF ^ PHONE
    for i in range(b.stress.shape[0]):
        b.stress[i] = min(b.stress[i], np.float32(1.0))


def leave_traces(state: State, k: I32, made: Treatment, outcome: Outcome) -> Counts:
    """Write what a week of collection did to accounts and borrowers, and sum it up."""
    counts: I64 = np.zeros(len(Counts._fields), np.int64)
    traces = Made(*(np.ascontiguousarray(getattr(made, name)) for name in Made._fields))
    months, most = (
        int(state.household_numbers.plan_months),
        int(state.world.collection.app_plan_months_most.value),
    )
    _leave(state.clock, state.accounts, state.borrowers, k, traces, outcome, months, most, counts)
    return Counts(*counts.tolist())


def count_outcome(state: State, number: int, done: Counts, violations: int) -> None:
    """Add the week to the collector's sums and to those of the economy."""
    c, sums = state.collectors, state.week_sums
    c.attempts[number] += done.attempts
    c.contacts[number] += done.contacts
    c.contacted_accounts[number] += done.contacted
    c.promises[number] += done.promises
    c.complaints[number] += done.complaints
    c.violations[number] += violations
    c.cost[number] += done.cost
    c.labour_cost[number] += done.labour_cost
    state.week_complaints[number] += done.complaints
    state.week_violations[number] += violations
    state.week_contacted[number] += done.contacted
    state.week_costs[number] += done.cost
    for name, amount in (
        ("attempts", done.attempts),
        ("worked", done.worked),
        ("contacted", done.contacted),
        ("promises", done.promises),
        ("plans", done.plans),
        ("settlements_agreed", done.settlements),
        ("found", done.found),
        ("disputes", done.disputes),
        ("complaints", done.complaints),
        ("complaint_billionths", done.complaint_billionths),
        ("digital", done.digital),
        ("violations", violations),
        ("collection_cost", done.cost),
        ("labour_cost", done.labour_cost),
        ("traces", done.traces),
    ):
        sums[name] = sums.get(name, 0) + amount
