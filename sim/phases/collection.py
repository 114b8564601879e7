"""Collection: strategies decide, rules permit, the funnel answers, collectors are paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.collection import (
    Capacity,
    Cases,
    Latent,
    Outcome,
    Strategy,
    count_violations,
    decide,
    funnel,
    permit,
    ration,
    with_effort,
)
from sim.core.calendar import SPRING_FESTIVAL_WEEK, WEEKS_PER_YEAR
from sim.core.columns import F32, I32, I64, Bool
from sim.core.kernel import kernel
from sim.core.ledger import Sector
from sim.core.rng import uniform_rows
from sim.phases.choice import strategy_of
from sim.phases.placements import place
from sim.phases.receivables import collect_receivables, place_receivables
from sim.spec.scenario import RolloutEvent

if TYPE_CHECKING:
    from sim.phases.state import State

#: Weeks after which a household dispute is settled in the ordinary way (assumption).
DISPUTE_WEEKS = 8
#: Weeks before an account is offered another plan (assumption; plans are no free cure: B06).
PLAN_PAUSE = 52
#: Most weeks since contact that a collector remembers.
NEVER = 999


def risk_score(state: State, k: I32) -> F32:
    """Observable chance of not paying: lateness, broken promises, silence, utilisation (assumption)."""
    a = state.accounts
    silent = np.minimum(state.clock - a.last_payment_week[k], 26) / 26
    used = a.balance[k] / np.maximum(1, np.maximum(a.limit[k], a.principal[k]))
    score = (
        0.10
        + 0.35 * np.minimum(a.days_past_due[k], 180) / 180
        + 0.10 * np.minimum(a.broken_promises[k], 3)
        + 0.20 * silent
        + 0.05 * np.minimum(used, 1)
    )
    return np.clip(score, 0.0, 1.0).astype(np.float32)


def observe(state: State, k: I32) -> Cases:
    """What a collector sees of the accounts in rows ``k``."""
    a, b, clock = state.accounts, state.borrowers, state.clock
    i = a.borrower[k]
    return Cases(
        account=k,
        balance=a.balance[k],
        arrears=a.arrears[k],
        days_past_due=a.days_past_due[k],
        stage=a.stage[k],
        product=a.product[k],
        lender=a.lender[k],
        age_group=b.age_group[i],
        has_app=b.digital_reach[i] > 0,
        weeks_since_contact=np.minimum(clock - a.last_contact_week[k], NEVER).astype(np.int16),
        attempts_made=a.attempts[k],
        broken_promises=a.broken_promises[k],
        promise_open=a.promise_week[k] >= 0,
        on_plan=a.plan_left[k] > 0,
        dispute_open=a.dispute_open[k],
        risk=risk_score(state, k),
        weeks_since_payment=np.minimum(clock - a.last_payment_week[k], NEVER).astype(np.int16),
    )


def latent(state: State, k: I32) -> Latent:
    """What the model alone knows of the same accounts."""
    a, b = state.accounts, state.borrowers
    i = a.borrower[k]
    comfort = (state.household_numbers.comfort_weeks * b.wage[i]).astype(np.int64)
    meant = np.where(a.charged_off[k], np.minimum(a.instalment[k], a.balance[k]), a.arrears[k])
    able = b.cash[i] - comfort >= meant
    return Latent(
        phone_reach=b.phone_reach[i],
        digital_reach=b.digital_reach[i],
        hiding=b.hiding[i],
        reluctant=b.reluctant[i],
        forgot=a.forgot[k],
        able=able,
        short=~able,
        dispute_ground=a.dispute_ground[k],
        stress=b.stress[i],
    )


def capacity_of(state: State, number: int) -> Capacity:
    """Dials and visits that a collector's staff can make this week."""
    spec, numbers = state.spec.collectors[number], state.world.collection
    thousands = np.count_nonzero(state.borrowers.wage) / 1000 * spec.capacity * spec.effort
    return Capacity(int(numbers.human_dials.value * thousands), int(numbers.field_visits.value * thousands))


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
    cases = observe(state, k)
    wanted = with_effort(
        decide(chosen, cases, capacity), cases, state.spec.collectors[number].effort,
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
    violations = count_violations(made, cases, state.rules)
    outcome = funnel(made, cases, latent(state, k), state.funnel_numbers, seed=state.seed, week=state.clock)
    if checked:
        price = round(100 * state.world.collection.contact_check_cost.value)
        outcome.cost[outcome.attempts > 0] += price
    _apply(state, k, outcome)
    _count(state, number, k, outcome, int(violations.sum()))


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
        ("disputes", np.count_nonzero(outcome.dispute_raised)),
        ("complaints", np.count_nonzero(outcome.complaint)),
        ("digital", np.count_nonzero((outcome.channel >= 2) & (outcome.channel <= 5))),
        ("violations", violations),
        ("collection_cost", outcome.cost.sum()),
        ("labour_cost", outcome.labour_cost.sum()),
    ):
        sums[name] = sums.get(name, 0) + int(amount)


@kernel
def receipts_by_collector(a, paid, placed):  # type: ignore[no-untyped-def]
    """This week's payments (fen) and number of placed accounts into ``[collector, lender]``."""
    for k in range(a.collector.shape[0]):
        if a.collector[k] >= 0:
            paid[a.collector[k], a.lender[k]] += a.paid_this_week[k]
            placed[a.collector[k], a.lender[k]] += 1


def _pay_collectors(state: State) -> None:
    """Lenders pay collectors by contract; collectors pay staff and suppliers; owners take the rest."""
    c, ledger, macro = state.collectors, state.ledger, state.macro
    shape = (len(state.spec.collectors), len(state.lenders.money))
    paid: I64 = np.zeros(shape, np.int64)
    placed: I64 = np.zeros(shape, np.int64)
    receipts_by_collector(state.accounts, paid, placed)
    for number, spec in enumerate(state.spec.collectors):
        by_lender = paid[number]
        recovered, cost = int(by_lender.sum()), int(state.week_costs[number])
        rate = spec.contract.rate
        if spec.contract.kind == "commission":
            share = state.world.collection.agency_commission.value if rate is None else rate
            fees = (by_lender * share).astype(np.int64)
        else:
            served = placed[number]
            owed = int(cost * (1.0 + (rate or 0.0)))
            fees = np.zeros(len(by_lender), np.int64)
            if served.sum() > 0:
                fees = owed * served // served.sum()
                fees[int(np.argmax(served))] += owed - int(fees.sum())
        state.lenders.money[:] -= fees
        c.recovered[number] += recovered
        c.commission[number] += int(fees.sum())
        c.accounts[number] = int(placed[number].sum())
        c.money[number] += int(fees.sum()) - cost
        ledger.pay("collection_fees", Sector.LENDERS, Sector.COLLECTORS, int(fees.sum()))
        ledger.pay("collection_costs", Sector.COLLECTORS, Sector.OTHERS, cost)
        macro.others += cost
        _settle_with_owners(state, number)


def _settle_with_owners(state: State, number: int) -> None:
    """Each quarter owners take a collector's profit or make good its loss."""
    if state.clock % 13 != 12:
        return
    money = int(state.collectors.money[number])
    if money >= 0:
        state.ledger.pay("collector_profits", Sector.COLLECTORS, Sector.OTHERS, money)
    else:
        state.ledger.pay("collector_losses", Sector.OTHERS, Sector.COLLECTORS, -money)
    state.macro.others += money
    state.collectors.money[number] = 0


def _work_accounts(state: State, number: int) -> None:
    k = np.flatnonzero(state.accounts.collector == number).astype(np.int32)
    if len(k) == 0:
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


def collection(state: State) -> None:
    """Placement, a week of work on accounts and receivables, and the collectors' accounts.

    Nobody works in the week of the Spring Festival.
    """
    if not state.accounts_active:
        return
    a = state.accounts
    place(state)
    ended = a.dispute_open & (state.clock - a.dispute_week >= DISPUTE_WEEKS)
    a.dispute_open[ended] = False
    a.dispute_ground[ended] = False
    state.week_complaints[:] = 0
    state.week_violations[:] = 0
    state.week_costs[:] = 0
    if state.clock % WEEKS_PER_YEAR != SPRING_FESTIVAL_WEEK:
        for number in range(len(state.spec.collectors)):
            _work_accounts(state, number)
    _pay_collectors(state)
    collect_receivables(state)
    place_receivables(state)
