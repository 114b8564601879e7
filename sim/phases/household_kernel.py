"""One borrower's week: work, needs, shocks, dues, payments, savings, new loans."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.agents.tables import NO_JOB, OUTSIDE
from sim.core.calendar import month_of, month_start
from sim.core.columns import I64
from sim.core.kernel import kernel, kernel_step
from sim.core.rng import uniforms
from sim.phases.household_flows import (
    T_BACKSTOP_WAGES,
    T_BENEFITS,
    T_CONSUMPTION,
    T_ESSENTIALS_MISSED,
    T_HIRED,
    T_LOST_JOB,
    T_MOVED,
)
from sim.phases.household_loans import age_account, renew
from sim.phases.household_payments import pay_accounts

#: Decisions of a borrower (slot: borrower row), each its own draw.
JOB, SHOCK, HIDE = 0, 1, 2
#: Weekly fading of the income that a lay-off cost, once at work again (assumption: half a year), and
#: the weeks of wage below which it counts as made up (assumption).
LOST_FADE, MADE_UP = 1.0 - 1.0 / 26.0, 0.5


class JobMarket(NamedTuple):
    """Where seekers find work: cumulated open positions by firm and, last, outside the modelled firms
    (thousandths), and tightness."""

    open_positions: I64
    tightness: float


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
