"""Households: the week of every borrower, and the money it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.tables import OUTSIDE
from sim.core.columns import I64, total
from sim.core.kernel import kernel
from sim.core.ledger import Instrument, Sector
from sim.phases.breathing import lateness, register
from sim.phases.causes import record_lender_loss
from sim.phases.household_flows import (
    T_BACKSTOP_WAGES,
    T_BENEFITS,
    T_CONSUMPTION,
    T_DISPLACED,
    T_ESSENTIALS_MISSED,
    T_FAMILY,
    T_FORGIVEN,
    T_HIRED,
    T_LOANS,
    T_LOST_JOB,
    T_MOVED,
    T_PROMISES_DUE,
    T_PROMISES_KEPT,
    T_SETTLED,
    T_SETTLEMENTS_DUE,
    T_SETTLEMENTS_KEPT,
    HouseholdFlows,
    household_flows,
)
from sim.phases.household_kernel import JobMarket, household_week, report_week

if TYPE_CHECKING:
    from sim.phases.state import State

#: Open positions are counted in parts of one, so that a small firm can be a little short of staff.
POSITION_PARTS = 1000


def job_market(state: State) -> JobMarket:
    """Open positions by firm and how many seekers there are for them.

    A firm wants its normal positions times its staff level; the last entry stands for jobs outside
    the modelled firms. The tightness is open positions over
    those that seekers would take this week, at most one.
    """
    b, f = state.borrowers, state.firms
    positions: I64 = np.zeros(len(f.cash) + 1, np.int64)
    seekers = _open_positions(
        b.employer, b.wage, f.positions, f.staff, f.alive, not state.spec.channels.layoffs,
        state.outside_positions, positions,
    )  # fmt: skip
    expected = state.household_numbers.job_finding * max(1, seekers)
    tightness = min(1.0, float(positions[-1]) / POSITION_PARTS / expected) if expected > 0 else 0.0
    return JobMarket(positions, tightness if positions[-1] > 0 else 0.0)


@kernel
def _open_positions(employer, wage, positions, staff, alive, keep_jobs, outside, cumulated):  # type: ignore[no-untyped-def]
    """Open positions, cumulated over firms and, last, the jobs outside of them; returns the seekers."""
    seekers = 0
    for i in range(employer.shape[0]):
        if employer[i] >= 0:
            cumulated[employer[i]] += 1
        elif employer[i] == OUTSIDE:
            outside -= 1
        elif wage[i] > 0:
            seekers += 1
    opened = np.int64(0)
    for j in range(positions.shape[0]):
        wanted = np.int64(0)
        if alive[j] or keep_jobs:
            wanted = np.int64(POSITION_PARTS * positions[j] * max(staff[j], 0.0))
        opened += max(np.int64(0), wanted - POSITION_PARTS * cumulated[j])
        cumulated[j] = opened
    cumulated[-1] = opened + POSITION_PARTS * max(0, outside)
    return seekers


def _post(state: State, flows: HouseholdFlows) -> None:
    ledger, macro, lenders, t = state.ledger, state.macro, state.lenders, flows.totals.tolist()
    people, others, banks = Sector.BORROWERS, Sector.OTHERS, Sector.LENDERS
    loans = Instrument.HOUSEHOLD_LOANS
    ledger.pay("benefits", Sector.GOVERNMENT, people, t[T_BENEFITS])
    ledger.pay("backstop_wages", Sector.GOVERNMENT, people, t[T_BACKSTOP_WAGES])
    ledger.pay("family_support", others, people, t[T_FAMILY])
    ledger.accrue("household_interest", people, banks, total(flows.interest), loans)
    ledger.lend("household_loans_made", banks, people, total(flows.lent), loans)
    ledger.repay("household_loans_repaid", people, banks, total(flows.repaid), loans)
    ledger.pay("recoveries_after_charge_off", people, banks, total(flows.recovered))
    ledger.write_off("household_charge_offs", banks, people, total(flows.charged_off), loans)
    ledger.write_off("settlements_forgiven", banks, people, total(flows.forgiven), loans)
    ledger.pay("payments_to_debt_buyers", people, Sector.COLLECTORS, total(flows.to_owner))
    ledger.pay("consumption", people, others, t[T_CONSUMPTION])
    macro.government -= t[T_BENEFITS] + t[T_BACKSTOP_WAGES]
    macro.others += t[T_CONSUMPTION] - t[T_FAMILY]
    lenders.money[:] += flows.repaid + flows.recovered - flows.lent
    given_up = flows.charged_off + flows.forgiven
    lenders.household_loans[:] += flows.lent + flows.interest - flows.repaid - given_up
    lenders.lost[:] += given_up
    lenders.recovered[:] += flows.recovered
    if not state.spec.channels.household_to_lender:
        ledger.pay("backstop_loans", Sector.GOVERNMENT, banks, total(given_up))
        lenders.money[:] += given_up
        macro.government -= total(given_up)
    _pay_debt_buyers(state, flows)


def _pay_debt_buyers(state: State, flows: HouseholdFlows) -> None:
    """What was paid on debts that collectors bought is theirs."""
    state.collectors.money[:] += flows.to_owner
    state.collectors.receipts[:] += flows.to_owner


def _record_charge_offs(state: State) -> None:
    a = state.accounts
    for k in np.flatnonzero(a.charged_off & (a.charged_off_week == state.clock)):
        record_lender_loss(state, int(a.lender[k]), "borrower", int(a.borrower[k]), int(a.balance[k]))


def _report(state: State) -> None:
    """Lenders that report tell the credit bureau who is long overdue."""
    lending, count = state.spec.lending, len(state.lenders.money)
    if not lending.bureau_reporting:
        state.borrowers.reported[:] = False
        return
    reports = np.zeros(count, np.bool_)
    reports[list(range(count) if lending.lenders is None else lending.lenders)] = True
    days = state.world.lenders.report_after_days.value
    report_week(state.borrowers, state.accounts, reports, days)


def households(state: State) -> None:
    """One week of all borrowers: work, needs, dues, payments, new loans, charge-offs."""
    flows = household_flows(len(state.lenders.money), len(state.spec.collectors))
    numbers = state.household_numbers
    freeze = state.rules.interest_freeze_days
    if freeze is not None:
        numbers = numbers._replace(interest_freeze_days=float(freeze.value))
    late_before = lateness(state)
    numbers = numbers._replace(job_loss=min(1.0, numbers.job_loss * state.job_loss_factor()))
    household_week(
        state.clock, state.borrowers, state.accounts, numbers, job_market(state), state.lenders.standard,
        state.key("households.people"), state.key("households.accounts"), flows,
        not state.spec.channels.layoffs, state.accounts_active,
    )  # fmt: skip
    _post(state, flows)
    register(state, late_before)
    if flows.charged_off.any():
        _record_charge_offs(state)
    _report(state)
    state.late_repaid = flows.late_repaid + state.sale_receipts
    state.sale_receipts = np.zeros_like(state.sale_receipts)
    sums, t = state.week_sums, flows.totals.tolist()
    sums["displaced_payments"] = t[T_DISPLACED]
    sums["essentials_missed"] = t[T_ESSENTIALS_MISSED]
    sums["loans"] = t[T_LOANS]
    sums["new_credit"] = total(flows.lent)
    sums["charge_offs"] = total(flows.charged_off)
    sums["recovered_late"] = total(flows.late_repaid) + total(flows.to_owner)
    sums["recovered_by_buyers"] = total(flows.to_owner)
    sums["promises_due"] = t[T_PROMISES_DUE]
    sums["promises_kept"] = t[T_PROMISES_KEPT]
    sums["moved"] = t[T_MOVED]
    sums["settlements_due"] = t[T_SETTLEMENTS_DUE]
    sums["settlements_kept"] = t[T_SETTLEMENTS_KEPT]
    sums["settlement_paid"] = t[T_SETTLED]
    sums["settlement_forgiven"] = t[T_FORGIVEN]
    sums["hired"] = t[T_HIRED]
    sums["lost_job"] = t[T_LOST_JOB]
