"""One borrower's week: work, needs, shocks, dues, payments, savings, new loans."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.agents.tables import NO_JOB, OUTSIDE
from sim.core.calendar import month_of, month_start, weeks_since_oldest_unpaid
from sim.core.columns import I64
from sim.core.kernel import kernel, kernel_step
from sim.core.rng import uniforms
from sim.phases.funnel_steps import KEPT
from sim.phases.household_dues import accrue, collected_elsewhere, wanted_now

#: Decisions of a borrower (slot: borrower row) and of an account (slot: account row); each its own draw.
JOB, SHOCK, HIDE = 0, 1, 2
DUE, PAY, RENEW, PART = 0, 1, 2, 3
#: What a borrower means to pay on an account.
NOTHING, ALL, NEW_DUE = 0, 1, 2
#: Weeks after which the family can lend again (assumption).
FAMILY_PAUSE = 26
#: Weekly fading of the memory that a collector obtained money (assumption: about a month).
COLLECTED_FADE = 0.75
#: Weekly fading of the income that a lay-off cost, once at work again (assumption: half a year), and
#: the weeks of wage below which it counts as made up (assumption).
LOST_FADE, MADE_UP = 1.0 - 1.0 / 26.0, 0.5
#: Weeks for which an agreed settlement can be paid, once due (assumption).
SETTLEMENT_WEEKS = 4
#: In place of the chance, once a borrower has decided to keep a settlement.
KEEPS = 2.0
#: Lateness after which a loan is charged off, days.
CHARGE_OFF_DAYS = 180


class JobMarket(NamedTuple):
    """Where seekers find work: cumulated open positions by firm and, last, outside the modelled firms
    (thousandths), and tightness."""

    open_positions: I64
    tightness: float


class HouseholdFlows(NamedTuple):
    """Sums of a week. Arrays by lender in fen (``to_owner``: by collector); ``totals`` by ``T_`` indices."""

    repaid: I64
    recovered: I64
    interest: I64
    lent: I64
    charged_off: I64
    late_repaid: I64  # part of repaid and recovered that came from accounts in arrears
    forgiven: I64  # balances on the books that settlements gave up
    to_owner: I64  # paid on debts that a collector bought
    totals: I64


T_BENEFITS, T_CONSUMPTION, T_FAMILY, T_BACKSTOP_WAGES, T_DISPLACED = 0, 1, 2, 3, 4
T_ESSENTIALS_MISSED, T_LOANS, T_HIRED, T_LOST_JOB, T_DUE = 5, 6, 7, 8, 9
T_PROMISES_DUE, T_PROMISES_KEPT, T_MOVED = 10, 11, 12
T_SETTLEMENTS_DUE, T_SETTLEMENTS_KEPT, T_SETTLED, T_FORGIVEN = 13, 14, 15, 16
TOTALS = 17


def household_flows(lenders: int, collectors: int = 1) -> HouseholdFlows:
    """Zeroed sums."""
    sizes = {"totals": TOTALS, "to_owner": collectors}
    return HouseholdFlows(**{n: np.zeros(sizes.get(n, lenders), np.int64) for n in HouseholdFlows._fields})


@kernel_step
def find_firm(market, u):  # type: ignore[no-untyped-def]
    """Row of the firm whose open position a seeker gets (inverse of the cumulated positions)."""
    target = np.int64(u * market.open_positions[-1])
    return np.searchsorted(market.open_positions, target, side="right")


@kernel_step
def work(i, clock, b, p, market, key, flows, keep_jobs):  # type: ignore[no-untyped-def]
    """Income without work, job loss, job finding. Wages were paid with the firms' hard costs.

    Returns a uniform number that is left for the expense shock.
    """
    u, v, w, spare = uniforms(key, clock, i, JOB)
    if b.employer[i] != NO_JOB:
        if b.laid_off_by[i] >= 0:
            b.income_lost[i] = np.int64(b.income_lost[i] * LOST_FADE)
            if b.income_lost[i] < b.wage[i] * MADE_UP:
                b.laid_off_by[i] = -1
        if b.income[i] == 0 and keep_jobs:  # the firm failed and the lay-off channel is closed
            b.income[i] = b.wage[i]
            b.cash[i] += b.wage[i]
            flows.totals[T_BACKSTOP_WAGES] += b.wage[i]
        if u < p.job_loss:
            b.employer[i] = NO_JOB
            flows.totals[T_LOST_JOB] += 1
        return spare
    b.income[i] = np.int64(p.benefit_share * b.wage[i])
    b.cash[i] += b.income[i]
    flows.totals[T_BENEFITS] += b.income[i]
    if b.laid_off_by[i] >= 0:
        b.income_lost[i] += b.wage[i] - b.income[i]
    finding = p.job_finding * market.tightness * (1.0 - p.stress_job_penalty * b.stress[i])
    if b.wage[i] > 0 and v < finding:
        found = find_firm(market, w)
        b.employer[i] = found if found < market.open_positions.shape[0] - 1 else OUTSIDE
        flows.totals[T_HIRED] += 1
    return spare


@kernel_step
def needs(i, clock, b, p, u, key, flows):  # type: ignore[no-untyped-def]
    """Essential spending and expense shocks; a week without enough for essentials is counted."""
    spent = min(b.cash[i], b.essentials[i])
    if spent < b.essentials[i]:
        b.essentials_missed[i] += 1
        flows.totals[T_ESSENTIALS_MISSED] += 1
    if u < p.expense_shock:
        v, _, _, _ = uniforms(key, clock, i, SHOCK)
        shock = np.int64(-np.log(v) * p.expense_shock_size * b.wage[i])
        spent += min(b.cash[i] - spent, shock)
    b.cash[i] -= spent
    flows.totals[T_CONSUMPTION] += spent


@kernel_step
def draw_card(k, a, p, standard, flows):  # type: ignore[no-untyped-def]
    """A revolving account in order is used up to its usual balance; sets the minimum payment.

    What is bought on the card is spent at once. Returns the purchases, fen.
    """
    bought = 0
    if a.arrears[k] == 0:
        room = np.int64(a.principal[k] * standard[a.lender[k]]) - a.balance[k]
        if a.refused[k]:
            room = np.int64(0)
        bought = max(np.int64(0), min(room, a.limit[k] - a.balance[k]))
        a.balance[k] += bought
        flows.lent[a.lender[k]] += bought
        a.instalment[k] = max(np.int64(1), np.int64(p.minimum_payment * a.balance[k]))
    return bought


@kernel_step
def fall_due(i, k, clock, b, a, p, standard, key, flows):  # type: ignore[no-untyped-def]
    """The monthly due date of one account. Returns what the borrower means to pay now: ``NOTHING``,
    ``ALL`` or, already late, only the ``NEW_DUE``."""
    warned = a.warned[k]
    a.warned[k] = False
    if a.charged_off[k]:
        return ALL if a.plan_left[k] > 0 else NOTHING
    accrue(i, k, clock, b, a, p, flows)
    if a.product[k] == 1:
        flows.totals[T_CONSUMPTION] += draw_card(k, a, p, standard, flows)
    due = min(a.instalment[k], a.balance[k] - a.arrears[k])
    already_late = a.arrears[k] > 0
    a.arrears[k] += max(np.int64(0), due)
    flows.totals[T_DUE] += 1
    if a.plan_left[k] > 0:
        return ALL
    u, v, w, _ = uniforms(key, clock, k, DUE)
    if already_late:
        return NEW_DUE if w < p.pays_current_due else NOTHING
    if b.reluctant[i] and u < p.reluctant_refusal:
        a.refuses[k] = True
        return NOTHING
    if v < p.forgets * b.forgetfulness[i] and not warned:
        a.forgot[k] = True
        return NOTHING
    return ALL


@kernel_step
def means_to_pay(i, k, clock, b, a, p, key, flows):  # type: ignore[no-untyped-def]
    """Whether a late borrower pays something on one account this week: asked or unasked."""
    if a.dispute_open[k]:
        return False
    u, v, _, _ = uniforms(key, clock, k, PAY)
    if a.promise_week[k] >= 0 and clock >= a.promise_week[k]:
        a.promise_week[k] = -1
        flows.totals[T_PROMISES_DUE] += 1
        if u < a.promise_kept[k]:
            a.asked[k] = True
            a.steps[k] |= KEPT
            flows.totals[T_PROMISES_KEPT] += 1
            return True
        a.broken_promises[k] = min(a.broken_promises[k] + 1, 250)
    if a.reminded[k]:
        a.reminded[k] = False
        a.asked[k] = True
        return True
    if a.forgot[k]:
        if v < p.remembers:
            a.forgot[k] = False
            return True
        return False
    base = p.own_payment_reluctant if b.reluctant[i] else p.own_payment_willing
    months = a.days_past_due[k] / 30.0
    hazard = base * np.exp(-p.avoidance * months) * a.momentum[k]
    hazard *= np.exp(p.trust_payment * (b.trust[i] - p.trust_start))
    if b.reported[i]:
        hazard *= p.reporting_pressure
    return v < hazard


@kernel_step
def pay(i, k, clock, b, a, p, key, flows, meant):  # type: ignore[no-untyped-def]
    """Pay an account, oldest debt first: all that is ``meant``, or nothing unless somebody asked.

    Who was asked, promised or agreed on a plan pays in whole instalments as far as money reaches,
    unasked only with chance ``own_part_payment``. Family may lend once in half a year. Who has caught
    up may watch the next due date. Returns the shortfall against what was meant, fen.
    """
    want = wanted_now(k, a)
    if meant == NEW_DUE:
        want = min(want, a.instalment[k])
    elif leaves_newest(k, clock, a, p, key):
        want -= min(want, a.instalment[k])
    comfort = np.int64(p.comfort_weeks * b.wage[i]) if a.days_past_due[k] > 0 else 0
    free = max(np.int64(0), b.cash[i] - comfort)
    family = np.int64(0)
    if free < want and b.family_week[i] <= clock:
        family = min(want - free, np.int64(p.family_support_weeks * b.wage[i]))
    amount = want
    if free + family < want:
        unit = max(np.int64(1), a.instalment[k])
        partly = a.asked[k] or offers_part(k, clock, p, key)
        amount = (free + family) // unit * unit if partly else np.int64(0)
    if amount > free:
        b.cash[i] += family
        b.family_week[i] = clock + FAMILY_PAUSE
        flows.totals[T_FAMILY] += family
    if amount > 0:
        settle(i, k, clock, amount, b, a, p, flows)
        if a.days_past_due[k] > 0 and a.arrears[k] == 0 and p.watches_after_cure > 0.0:
            _, _, u, _ = uniforms(key, clock, k, PART)
            a.warned[k] |= u < p.watches_after_cure
    if amount < want:
        a.plan_left[k] = 0
    return want - amount


@kernel_step
def offers_part(k, clock, p, key):  # type: ignore[no-untyped-def]
    """Whether a borrower who cannot pay all that is owed pays a part unasked."""
    if p.own_part_payment == 0.0:
        return False
    u, _, _, _ = uniforms(key, clock, k, PART)
    return u < p.own_part_payment


@kernel_step
def leaves_newest(k, clock, a, p, key):  # type: ignore[no-untyped-def]
    """Whether a late borrower who pays unasked leaves the newest due open, and so stays one behind."""
    if p.leaves_newest_due == 0.0 or a.asked[k] or a.charged_off[k] or a.days_past_due[k] == 0:
        return False
    _, u, _, _ = uniforms(key, clock, k, PART)
    return u < p.leaves_newest_due


@kernel_step
def settle(i, k, clock, amount, b, a, p, flows):  # type: ignore[no-untyped-def]
    """Book a payment of ``amount`` fen on account ``k``."""
    b.cash[i] -= amount
    a.balance[k] -= amount
    a.arrears[k] -= min(amount, a.arrears[k])
    a.cumulative_paid[k] += amount
    a.paid_this_week[k] += amount
    bought = a.charged_off[k] and a.owner[k] >= 0
    if a.days_past_due[k] > 0 and not bought:
        flows.late_repaid[a.lender[k]] += amount
        b.paid_late[i] += amount
    a.last_payment_week[k] = clock
    a.momentum[k] = p.momentum
    a.refuses[k] = False
    if bought:
        flows.to_owner[a.owner[k]] += amount
    elif a.charged_off[k]:
        flows.recovered[a.lender[k]] += amount
    else:
        flows.repaid[a.lender[k]] += amount
    if a.charged_off[k]:
        a.arrears[k] = a.balance[k]
    if a.asked[k]:
        a.collected_recent[k] += amount
        a.asked[k] = False
    if a.balance[k] == 0:
        a.arrears[k] = 0
        a.plan_left[k] = 0


@kernel_step
def settle_for_less(i, k, clock, b, a, p, key, flows):  # type: ignore[no-untyped-def]
    """A settlement that is due is paid in one sum, and the rest of the balance is given up; or it lapses.

    Whether the borrower means to keep it is decided once; who does and lacks the money has some weeks.
    The family may lend for it as for arrears.
    """
    if a.settlement_kept[k] <= 1.0:
        _, _, _, u = uniforms(key, clock, k, PAY)
        flows.totals[T_SETTLEMENTS_DUE] += 1
        if u >= a.settlement_kept[k]:
            a.settlement_amount[k] = 0
            a.broken_promises[k] = min(a.broken_promises[k] + 1, 250)
            return
        a.settlement_kept[k] = KEEPS
    amount = min(a.settlement_amount[k], a.balance[k])
    free = max(np.int64(0), b.cash[i] - np.int64(p.comfort_weeks * b.wage[i]))
    family = np.int64(0)
    if free < amount and b.family_week[i] <= clock:
        family = min(amount - free, np.int64(p.family_support_weeks * b.wage[i]))
    if free + family < amount:
        if clock - a.settlement_week[k] >= SETTLEMENT_WEEKS:
            a.settlement_amount[k] = 0
            a.broken_promises[k] = min(a.broken_promises[k] + 1, 250)
        return
    if family > 0:
        b.cash[i] += family
        b.family_week[i] = clock + FAMILY_PAUSE
        flows.totals[T_FAMILY] += family
    a.asked[k] = True
    a.steps[k] |= KEPT
    settle(i, k, clock, amount, b, a, p, flows)
    flows.totals[T_SETTLEMENTS_KEPT] += 1
    flows.totals[T_SETTLED] += amount
    flows.totals[T_FORGIVEN] += a.balance[k]
    if not a.charged_off[k]:
        flows.forgiven[a.lender[k]] += a.balance[k]
    a.balance[k] = 0
    a.arrears[k] = 0
    a.plan_left[k] = 0
    a.settlement_amount[k] = 0
    a.settlement_week[k] = clock
    a.settled[k] = True


@kernel_step
def follow_plan(k, clock, a, p, key):  # type: ignore[no-untyped-def]
    """Whether a borrower on a plan keeps this month's instalment; a broken plan ends."""
    _, _, u, _ = uniforms(key, clock, k, PAY)
    kept = p.plan_kept * p.progress_kept if a.plan_by_app[k] else p.plan_kept
    if u < kept:
        a.plan_left[k] -= 1
        a.asked[k] = True
        a.steps[k] |= KEPT
        return True
    a.plan_left[k] = 0
    return False


@kernel_step
def pay_accounts(i, clock, due_offset, b, a, p, standard, key, flows):  # type: ignore[no-untyped-def]
    """Dues and payments on all accounts of a borrower, promises first, then the newest debts.

    What a collector obtained lately for another lender and is missing now counts as displaced.
    """
    first, last = b.first_account[i], b.first_account[i] + b.accounts[i]
    for k in range(first, last):
        a.means[k] = NOTHING
        a.paid_this_week[k] = 0
        if a.balance[k] == 0:
            continue
        if a.settlement_amount[k] > 0 and clock >= a.settlement_week[k]:
            settle_for_less(i, k, clock, b, a, p, key, flows)
            if a.balance[k] == 0:
                continue
        meant = NOTHING
        late_before = a.arrears[k] > 0
        if a.due_offset[k] == due_offset:
            meant = fall_due(i, k, clock, b, a, p, standard, key, flows)
            if meant != NOTHING and a.plan_left[k] > 0:
                meant = ALL if follow_plan(k, clock, a, p, key) else NOTHING
        free_to_pay = late_before and a.plan_left[k] == 0 and a.settlement_amount[k] == 0
        if meant != ALL and free_to_pay and means_to_pay(i, k, clock, b, a, p, key, flows):
            meant = ALL
        a.means[k] = meant
    for asked_first in (True, False):
        for k in range(first, last):
            if a.means[k] == NOTHING or a.asked[k] != asked_first:
                continue
            meant = a.means[k]
            a.means[k] = NOTHING
            missing = pay(i, k, clock, b, a, p, key, flows, meant)
            if missing > 0:
                displaced = min(missing, collected_elsewhere(i, k, b, a))
                b.displaced[i] += displaced
                flows.totals[T_DISPLACED] += displaced
            a.asked[k] = False
    for k in range(first, last):
        a.collected_recent[k] = np.int64(a.collected_recent[k] * COLLECTED_FADE)


@kernel_step
def age_account(i, k, clock, b, a, p, flows):  # type: ignore[no-untyped-def]
    """Days past due of the oldest unpaid instalment; charge-off after 180 days.

    Mid-week counting: a due missed this week is 3 days late. A plan stops the clock, and so does a
    breathing space, whose weeks are not counted afterwards either.
    """
    a.momentum[k] = 1.0 + (a.momentum[k] - 1.0) * p.momentum_decay
    if a.arrears[k] == 0:
        a.days_past_due[k] = 0
        a.forgot[k] = False
        a.reminded[k] = False
        a.promise_week[k] = -1
        a.plan_offered[k] = False
        a.clock_stopped[k] = 0
        return
    if a.charged_off[k]:
        a.days_past_due[k] = min(a.days_past_due[k] + 7, 30000)
        return
    if a.plan_left[k] > 0:
        return
    if a.days_past_due[k] == 0:
        a.late_spells[k] = min(a.late_spells[k] + 1, 250)
    if clock < b.breathing_until[i]:
        a.clock_stopped[k] += 1
        return
    unpaid = (a.arrears[k] + a.instalment[k] - 1) // max(np.int64(1), a.instalment[k])
    weeks = weeks_since_oldest_unpaid(clock, a.due_offset[k], unpaid) - a.clock_stopped[k]
    a.days_past_due[k] = 7 * max(0, weeks) + 3
    if a.days_past_due[k] > CHARGE_OFF_DAYS:
        a.charged_off[k] = True
        a.charged_off_week[k] = clock
        flows.charged_off[a.lender[k]] += a.balance[k]
        a.arrears[k] = a.balance[k]


@kernel_step
def renew(i, k, clock, b, a, p, standard, key, flows):  # type: ignore[no-untyped-def]
    """A repaid borrower may borrow again; long after a charge-off a new lender may start afresh.

    The loan is spent at once on what it was taken for.
    """
    u, v, w, x = uniforms(key, clock, k, RENEW)
    chance = p.return_after_charge_off if a.charged_off[k] or a.settled[k] else p.renewal
    approval = standard[a.lender[k]]
    if b.reported[i]:
        approval *= p.reported_approval
    if a.principal[k] == 0 or u >= chance or v >= approval or a.refused[k]:
        return
    loan = a.principal[k]
    a.balance[k] = loan
    a.arrears[k] = 0
    a.days_past_due[k] = 0
    a.charged_off[k] = False
    a.forgot[k] = False
    a.refuses[k] = False
    a.promise_week[k] = -1
    a.plan_left[k] = 0
    a.dispute_open[k] = False
    a.dispute_ground[k] = w < p.dispute_ground
    a.dispute_factual[k] = x < p.dispute_factual
    a.settlement_amount[k] = 0
    a.settled[k] = False
    a.owner[k] = -1
    a.broken_promises[k] = 0
    a.plan_offered[k] = False
    a.clock_stopped[k] = 0
    a.generation[k] += 1
    rate = p.annual_rate / 12.0
    if a.product[k] == 1:
        a.instalment[k] = max(np.int64(1), np.int64(p.minimum_payment * loan))
    else:
        factor = rate / (1.0 - (1.0 + rate) ** -p.term_months) if rate > 0.0 else 1.0 / p.term_months
        a.instalment[k] = max(np.int64(1), np.int64(loan * factor))
    flows.lent[a.lender[k]] += loan
    flows.totals[T_LOANS] += 1
    flows.totals[T_CONSUMPTION] += loan


@kernel_step
def summarise(i, clock, b, a, p, key, flows):  # type: ignore[no-untyped-def]
    """The borrower's totals, hiding, reach, stress and trust after the payments."""
    worst = 0
    total = 0
    for k in range(b.first_account[i], b.first_account[i] + b.accounts[i]):
        worst = max(worst, a.days_past_due[k])
        total += a.balance[k]
    b.balance[i] = total
    b.days_past_due[i] = worst
    b.stress[i] *= 1.0 - p.stress_decay
    b.trust[i] += p.trust_fading * (p.trust_start - b.trust[i])
    if worst > 0:
        b.stress[i] += p.stress_from_arrears * (1.0 - b.stress[i])
        u, v, _, _ = uniforms(key, clock, i, HIDE)
        if u < p.hiding and not b.hiding[i]:
            b.hiding[i] = True
            b.moved[i] = min(b.moved[i] + 1, 250)
            flows.totals[T_MOVED] += 1
        if v < p.reach_halving:
            b.phone_reach[i] *= 0.5
    elif b.hiding[i]:
        b.hiding[i] = False


@kernel
def report_week(b, a, reports, days):  # type: ignore[no-untyped-def]
    """Who is with the credit bureau: owes something more than ``days`` late to a lender that reports.

    A debt that is paid, settled or back in order is taken off the record (assumption).
    """
    for i in range(b.cash.shape[0]):
        b.reported[i] = False
        for k in range(b.first_account[i], b.first_account[i] + b.accounts[i]):
            if reports[a.lender[k]] and a.balance[k] > 0 and a.days_past_due[k] > days:
                b.reported[i] = True


@kernel
def household_week(clock, b, a, p, market, standard, people, debts, flows, keep_jobs, accounts_active):  # type: ignore[no-untyped-def]
    """The week of every borrower; ``people`` and ``debts`` are the stream keys of both kinds of slot."""
    due_offset = clock - month_start(month_of(clock))
    for i in range(b.cash.shape[0]):
        spare = work(i, clock, b, p, market, people, flows, keep_jobs)
        needs(i, clock, b, p, spare, people, flows)
        if accounts_active:
            pay_accounts(i, clock, due_offset, b, a, p, standard, debts, flows)
            for k in range(b.first_account[i], b.first_account[i] + b.accounts[i]):
                age_account(i, k, clock, b, a, p, flows)
                if a.settled[k] and a.settlement_week[k] == clock:
                    continue  # a loan made in the same week would hide how the account was closed
                if a.balance[k] == 0 or (a.charged_off[k] and a.charged_off_week[k] < clock):
                    renew(i, k, clock, b, a, p, standard, debts, flows)
            summarise(i, clock, b, a, p, people, flows)
        surplus = b.cash[i] - b.buffer_cap[i]
        if surplus > 0:
            b.cash[i] -= surplus
            flows.totals[T_CONSUMPTION] += surplus
