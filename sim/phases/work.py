"""A collector's week on its accounts: a strategy decides, rules permit, staff limit, borrowers answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sim.collection import (
    Capacity,
    Cases,
    Outcome,
    Strategy,
    Treatment,
    count_violations,
    decide,
    digital_cost,
    funnel,
    permit,
    with_effort,
)
from sim.collection.names import APP, FIELD, HUMAN, TEXT
from sim.core.calendar import WEEKS_PER_MONTH, WEEKS_PER_YEAR
from sim.core.columns import I32, Bool
from sim.core.rng import uniform_rows
from sim.phases.analysts import mastery, read_scores, time_calls
from sim.phases.breathing import reachable
from sim.phases.choice import strategy_of
from sim.phases.harm import bad_turns, feel, good_turns, reach_of
from sim.phases.learning import CURE_WEEKS, estimated_effect, learned_risk, sources_held
from sim.phases.observe import latent, observe, risk_score
from sim.phases.regions import ration_here
from sim.phases.sanctions import may_work, staff_present
from sim.phases.social_pressure import restrained
from sim.spec.rules import rules_for
from sim.spec.scenario import RolloutEvent

if TYPE_CHECKING:
    from sim.phases.state import State

#: Part of what essentials leave of the wage that a borrower offers (assumption).
AFFORDABLE = 0.5
#: Channels on which a person works.
BY_PERSON = (HUMAN, FIELD)
#: Weeks before an account is offered another plan (assumption; plans are no free cure: B06).
PLAN_PAUSE = 52


def capacity_of(state: State, number: int) -> Capacity:
    """Dials and visits that a collector's staff can make this week; analysts do not dial."""
    spec, numbers = state.spec.collectors[number], state.world.collection
    thousands = np.count_nonzero(state.borrowers.wage) / 1000 * spec.capacity * spec.effort
    thousands *= staff_present(state, number)
    trained = state.collectors.analysts[number] * numbers.dials_per_caller.value
    dials = max(0.0, numbers.human_dials.value * thousands - trained)
    return Capacity(int(dials), int(numbers.field_visits.value * thousands))


def staff_collectors(state: State) -> None:
    """Heads: callers that the dials take, less those who became analysts."""
    c, numbers = state.collectors, state.world.collection
    people = np.count_nonzero(state.borrowers.wage) / 1000
    for number, spec in enumerate(state.spec.collectors):
        dials = numbers.human_dials.value * people * spec.capacity * spec.effort
        heads = dials / numbers.dials_per_caller.value * staff_present(state, number)
        c.callers[number] = max(0.0, heads - c.analysts[number])


def rolled_out(state: State, event: RolloutEvent, k: I32) -> Bool:
    """Accounts on which a strategy that is being introduced is used this week."""
    reached = event.share * min(1.0, (state.week - event.week + 1) / event.ramp)
    if state.week < event.week:
        return np.zeros(len(k), np.bool_)
    if event.assignment == "self_selected":
        willing = state.borrowers.digital_reach[state.accounts.borrower[k]] > 0
    elif event.assignment == "tiered":
        willing = risk_score(state, k) <= 0.5
    else:
        willing = np.ones(len(k), np.bool_)
    chance = uniform_rows(state.seed, "collection.rollout", len(state.accounts.balance))[k, 0]
    return np.asarray(willing & (chance < reached), np.bool_)


def _work(state: State, number: int, chosen: Strategy, k: I32, capacity: Capacity) -> None:
    """One strategy works the accounts in rows ``k`` of one collector for a week."""
    mastered = mastery(state, number)
    cases = observe(state, k)
    risk = learned_risk(state, number, chosen, k)
    if risk is not None:
        cases = cases._replace(risk=risk)
    cases = read_scores(state, cases, mastered)
    wanted = with_effort(
        decide(chosen, cases, capacity), cases, state.spec.collectors[number].effort,
        seed=state.seed, week=state.clock,
    )  # fmt: skip
    if getattr(chosen, "spares", False):
        wanted = _spared(state, wanted, cases)
    checked = getattr(chosen, "checks_contacts", False)
    rules = rules_for(state.rules, state.spec.collectors[number].kind)
    offered = state.accounts.plan_offered[k]
    permission = permit(
        wanted, cases, rules, plan_offered=offered,
        over_cap_rate=0.0 if checked else state.world.collection.over_cap_rate.value,
        seed=state.seed, week=state.clock,
    )  # fmt: skip
    pooled = getattr(chosen, "pooled_capacity", False)
    made = ration_here(state, number, permission.treatment, cases, capacity, pooled)
    made = restrained(state, number, made, cases)
    state.accounts.plan_offered[k] = offered | (made.offer_plan & made.attempts.any(axis=(1, 2)))
    made.offer_plan &= state.clock - state.accounts.plan_week[k] >= PLAN_PAUSE
    by_case = count_violations(made, cases, rules, plan_offered=offered)
    violations = by_case.sum(axis=0)
    numbers = time_calls(state.funnel_numbers, mastered)
    outcome = funnel(made, cases, latent(state, k), numbers, seed=state.seed, week=state.clock)
    if getattr(chosen, "remote_staff", False):
        _pay_remotely(outcome, 1.0 - state.world.collection.remote_labour.value)
    digital = digital_cost(made, outcome, numbers)
    state.collectors.digital_cost[number] += digital
    state.week_digital_costs[number] += digital
    if checked:
        price = round(100 * state.world.collection.contact_check_cost.value)
        outcome.cost[outcome.attempts > 0] += price
    state.accounts.person_attempts[k] += made.attempts[:, list(BY_PERSON)].sum(axis=(1, 2), dtype=np.int32)
    before = reach_of(state, k)
    _apply(state, k, outcome, made.negotiate)
    bad = bad_turns(made, by_case, outcome, BY_PERSON)
    blocked, moved = feel(state, number, k, before, good_turns(made, outcome), bad, outcome)
    state.week_violations_by_kind[number] += violations
    _count(state, number, k, outcome, int(violations.sum()))
    for name, amount in (("numbers_blocked", blocked), ("moved", moved)):
        state.week_sums[name] = state.week_sums.get(name, 0) + amount
    _buy_data(state, number, len(k) * len(sources_held(state, [chosen])))
    if getattr(chosen, "shared_record", False):
        _keep_record(state, number, len(k))


def _spared(state: State, wanted: Treatment, cases: Cases) -> Treatment:
    """Only the text is left to cases from which the estimated effect brings in less than the plan costs."""
    effect = estimated_effect(state, cases.account)
    if effect is None:
        return wanted
    planned = (wanted.attempts.sum(axis=2, dtype=np.int64) * state.funnel_numbers.cost_attempt).sum(axis=1)
    spared = effect * cases.arrears <= CURE_WEEKS * planned
    attempts = wanted.attempts.copy()
    others = np.arange(attempts.shape[1]) != TEXT
    attempts[np.ix_(spared, others)] = 0
    state.week_sums["spared"] = state.week_sums.get("spared", 0) + int(spared.sum())
    return replace(wanted, attempts=attempts)


def _buy_data(state: State, number: int, signals: int) -> None:
    """A collector pays for the data that it holds, by account and source."""
    _pay(state, number, round(signals * 100 * state.world.collection.data_source_cost.value / WEEKS_PER_YEAR))


def _keep_record(state: State, number: int, records: int) -> None:
    """A collector that keeps the shared ledger pays for each record."""
    price = 100 * state.world.collection.ledger_record_cost.value / WEEKS_PER_YEAR
    _pay(state, number, round(records * price))


def _pay(state: State, number: int, paid: int) -> None:
    state.collectors.cost[number] += paid
    state.week_costs[number] += paid
    state.week_sums["collection_cost"] = state.week_sums.get("collection_cost", 0) + paid


def _pay_remotely(outcome: Outcome, less: float) -> None:
    """Remote staff costs a part less, in whole fen."""
    saved = np.floor(outcome.labour_cost * less + 0.5).astype(np.int64)
    outcome.labour_cost[:] -= saved
    outcome.cost[:] -= saved


def _apply(state: State, k: I32, outcome: Outcome, negotiate: Bool) -> None:
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
    state.week_contacted[number] += int(np.count_nonzero(outcome.contacts))
    state.week_costs[number] += int(outcome.cost.sum())
    for name, amount in (
        ("attempts", outcome.attempts.sum()),
        ("worked", np.count_nonzero(outcome.attempts)),
        ("contacted", np.count_nonzero(outcome.contacts)),
        ("promises", np.count_nonzero(outcome.promise)),
        ("plans", np.count_nonzero(outcome.plan)),
        ("disputes", np.count_nonzero(outcome.dispute_raised)),
        ("complaints", np.count_nonzero(outcome.complaint)),
        ("digital", np.count_nonzero((outcome.channel >= 2) & (outcome.channel <= 5))),
        ("violations", violations),
        ("collection_cost", outcome.cost.sum()),
        ("labour_cost", outcome.labour_cost.sum()),
    ):
        sums[name] = sums.get(name, 0) + int(amount)


def work_accounts(state: State, number: int) -> None:
    """The week of one collector: its own strategy, and those being introduced on a share of accounts."""
    k = reachable(state, np.flatnonzero(state.accounts.collector == number).astype(np.int32))
    if len(k) == 0 or not may_work(state, number):
        return
    capacity = capacity_of(state, number)
    for event in state.spec.events:
        if isinstance(event, RolloutEvent) and state.week >= event.week:
            chosen = rolled_out(state, event, k)
            part = float(np.count_nonzero(chosen)) / len(k)
            some = Capacity(int(capacity.dials * part), int(capacity.visits * part))
            if chosen.any():
                _work(state, number, strategy_of(state, number, event.strategy), k[chosen], some)
            k = k[~chosen]
            capacity = Capacity(capacity.dials - some.dials, capacity.visits - some.visits)
    if len(k):
        _work(state, number, strategy_of(state, number), k, capacity)
