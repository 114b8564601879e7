"""What a borrower pays on each account: promises, plans, settlements, money asked for and paid unasked."""

from __future__ import annotations

import numpy as np

from sim.core.kernel import kernel_step
from sim.core.rng import uniforms
from sim.phases.funnel_steps import KEPT
from sim.phases.household_dues import (
    ALL,
    NEW_DUE,
    NOTHING,
    PART,
    PAY,
    collected_elsewhere,
    fall_due,
    wanted_now,
)
from sim.phases.household_flows import (
    T_DISPLACED,
    T_FAMILY,
    T_FORGIVEN,
    T_PROMISES_DUE,
    T_PROMISES_KEPT,
    T_SETTLED,
    T_SETTLEMENTS_DUE,
    T_SETTLEMENTS_KEPT,
)

#: Weeks after which the family can lend again (assumption).
FAMILY_PAUSE = 26
#: Weekly fading of the memory that a collector obtained money (assumption: about a month).
COLLECTED_FADE = 0.75
#: Weeks for which an agreed settlement can be paid, once due (assumption).
SETTLEMENT_WEEKS = 4
#: In place of the chance, once a borrower has decided to keep a settlement.
KEEPS = 2.0


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
