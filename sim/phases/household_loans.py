"""How an account grows older, is charged off, and how a new loan begins on it."""

from __future__ import annotations

import numpy as np

from sim.core.calendar import weeks_since_oldest_unpaid
from sim.core.kernel import kernel_step
from sim.core.rng import uniforms
from sim.phases.household_dues import RENEW
from sim.phases.household_flows import T_CONSUMPTION, T_LOANS

#: Lateness after which a loan is charged off, days.
CHARGE_OFF_DAYS = 180


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
