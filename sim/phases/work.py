"""A collector's week on its accounts: a strategy decides, rules permit, staff limit, borrowers answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sim.collection import (
    Capacity,
    Cases,
    Strategy,
    Treatment,
    count_violations,
    decide,
    digital_cost,
    funnel,
    restrict,
    with_effort,
    within_allowance,
)
from sim.collection.names import FIELD, TEXT
from sim.core.columns import I32
from sim.core.kernel import kernel
from sim.phases.analysts import mastery, read_scores, time_calls
from sim.phases.assignment import parts
from sim.phases.breathing import reachable_of
from sim.phases.choice import strategy_of
from sim.phases.expenses import buy_data, keep_record, pay_idle_callers, pay_remotely
from sim.phases.harm import feel
from sim.phases.learning import CURE_WEEKS, estimated_effect, learned_risk, sources_held
from sim.phases.observe import latent, observe
from sim.phases.outcomes import count_outcome, leave_traces
from sim.phases.regions import ration_here
from sim.phases.sanctions import may_work, staff_present
from sim.phases.social_pressure import restrained
from sim.phases.staff import capacity_of, visits_a_week, whole
from sim.spec.rules import rules_for

if TYPE_CHECKING:
    from sim.phases.state import State

#: Weeks before an account is offered another plan (assumption; plans are no free cure: B06).
PLAN_PAUSE = 52
#: Weeks before a borrower is searched for again (assumption: half a year).
TRACE_PAUSE = 26


def _work(state: State, number: int, chosen: Strategy, k: I32, capacity: Capacity, visits: float) -> int:
    """One strategy works the accounts in rows ``k`` of one collector for a week; returns calls dialled.

    ``visits``: those that its part of the staff can make a week, fractions included.
    """
    cases, spec = observe(state, k), state.spec.collectors[number]
    mastered = mastery(state, number)
    risk = learned_risk(state, number, chosen, k)
    if risk is not None:
        cases = cases._replace(risk=risk)
    cases = read_scores(state, cases, mastered)
    wanted = with_effort(
        decide(chosen, cases, capacity), cases, spec.effort,
        seed=state.seed, week=state.clock,
    )  # fmt: skip
    if getattr(chosen, "spares", False):
        wanted = _spared(state, wanted, cases, capacity)
    checked = getattr(chosen, "checks_contacts", False)
    rules = rules_for(state.rules, spec.kind)
    a = state.accounts
    offered = a.plan_offered[k]
    left, _ = restrict(
        wanted, cases, rules, plan_offered=offered,
        over_cap_rate=0.0 if checked else state.world.collection.over_cap_rate.value,
        seed=state.seed, week=state.clock,
    )  # fmt: skip
    pooled = getattr(chosen, "pooled_capacity", False)
    made = ration_here(state, number, left, cases, capacity, pooled, visits=visits)
    made = restrained(state, number, made, cases)
    made = within_allowance(made, cases, spec.settlement_most, spec.settlement_most_late)
    made = replace(made, offer_plan=made.offer_plan.copy(), skip_trace=made.skip_trace.copy())
    _offers(
        state.clock, a.plan_offered, a.plan_week, a.traced_week, k, np.ascontiguousarray(made.attempts),
        made.offer_plan, made.skip_trace,
    )  # fmt: skip
    by_case = count_violations(made, cases, rules, plan_offered=offered)
    violations = by_case.sum(axis=0)
    numbers = time_calls(state.funnel_numbers, mastered)
    hidden = latent(state, k)
    outcome = funnel(made, cases, hidden, numbers, seed=state.seed, week=state.clock)
    if getattr(chosen, "remote_staff", False):
        pay_remotely(outcome, 1.0 - state.world.collection.remote_labour.value)
    digital = digital_cost(made, outcome, numbers)
    state.collectors.digital_cost[number] += digital
    state.week_digital_costs[number] += digital
    if checked:
        price = round(100 * state.world.collection.contact_check_cost.value)
        outcome.cost[outcome.attempts > 0] += price
    done = leave_traces(state, k, made, outcome)
    blocked, moved = feel(state, number, k, hidden, made, by_case, outcome)
    state.week_violations_by_kind[number] += violations
    count_outcome(state, number, done, int(violations.sum()))
    for name, amount in (("numbers_blocked", blocked), ("moved", moved)):
        state.week_sums[name] = state.week_sums.get(name, 0) + amount
    buy_data(state, number, len(k) * len(sources_held(state, [chosen])))
    if getattr(chosen, "shared_record", False):
        keep_record(state, number, len(k))
    return done.dialled


@kernel
def _offers(clock, plan_offered, plan_week, traced_week, k, attempts, offer_plan, skip_trace):  # type: ignore[no-untyped-def]
    """Note to whom a plan is offered; leave out plans and searches that come too soon after the last."""
    for case in range(k.shape[0]):
        x = k[case]
        if offer_plan[case]:
            for channel in range(attempts.shape[1]):
                for part in range(attempts.shape[2]):
                    plan_offered[x] |= attempts[case, channel, part] > 0
        offer_plan[case] &= clock - plan_week[x] >= PLAN_PAUSE
        skip_trace[case] &= clock - traced_week[x] >= TRACE_PAUSE


def _spared(state: State, wanted: Treatment, cases: Cases, capacity: Capacity) -> Treatment:
    """Only the text is left to cases from which the estimated effect brings in less than the plan costs.

    Of the visits wanted, the part that the staff can make is counted.
    """
    effect = estimated_effect(state, cases.account)
    if effect is None:
        return wanted
    attempts = wanted.attempts.sum(axis=2, dtype=np.float64)
    attempts[:, FIELD] *= min(1.0, capacity.visits / max(1.0, attempts[:, FIELD].sum()))
    planned = (attempts * state.funnel_numbers.cost_attempt).sum(axis=1)
    spared = effect * cases.arrears <= CURE_WEEKS * planned
    left = wanted.attempts.copy()
    others = np.arange(left.shape[1]) != TEXT
    left[np.ix_(spared, others)] = 0
    state.week_sums["spared"] = state.week_sums.get("spared", 0) + int(spared.sum())
    return replace(wanted, attempts=left)


def work_accounts(state: State, number: int) -> None:
    """The week of one collector: its own strategy, and those on trial or being introduced on a share.

    Each strategy has the staff in proportion to its accounts; the collector's own has what is left.
    """
    if not may_work(state, number):
        return
    k = reachable_of(state, number)
    capacity, visits = capacity_of(state, number), visits_a_week(state, number)
    dials, dialled, left = capacity.dials, 0, len(k)
    for part in parts(state, number, k) if len(k) else ():
        some, its_visits = dials, visits * len(part.accounts) / len(k)
        if len(part.accounts) < left:
            some = int(dials * len(part.accounts) / left)
        if len(part.accounts):
            chosen = strategy_of(state, number, part.strategy)
            its_staff = Capacity(some, whole(its_visits, state.clock))
            dialled += _work(state, number, chosen, part.accounts, its_staff, its_visits)
        left -= len(part.accounts)
        dials -= some
    if state.spec.collectors[number].staffing == "fixed":
        pay_idle_callers(state, number, capacity_of(state, number).dials - dialled)


def rest(state: State, number: int) -> None:
    """A week in which nobody works: callers on fixed pay are paid all the same."""
    if state.spec.collectors[number].staffing == "fixed":
        pay_idle_callers(state, number, capacity_of(state, number).dials)


def staff_collectors(state: State) -> None:
    """Heads: callers that the dials take, less those who became analysts."""
    c, numbers = state.collectors, state.world.collection
    people = np.count_nonzero(state.borrowers.wage) / 1000
    for number, spec in enumerate(state.spec.collectors):
        dials = numbers.human_dials.value * people * spec.capacity * spec.effort
        heads = dials / numbers.dials_per_caller.value * staff_present(state, number)
        c.callers[number] = max(0.0, heads - c.analysts[number])
