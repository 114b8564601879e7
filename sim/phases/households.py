"""Households: the week of every borrower, and the money it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.agents.tables import NO_JOB, OUTSIDE
from sim.core.ledger import Instrument, Sector
from sim.phases.breathing import lateness, register
from sim.phases.causes import record_lender_loss
from sim.phases.household_kernel import (
    T_BACKSTOP_WAGES,
    T_BENEFITS,
    T_CONSUMPTION,
    T_DISPLACED,
    T_ESSENTIALS_MISSED,
    T_FAMILY,
    T_HIRED,
    T_LOANS,
    T_LOST_JOB,
    T_MOVED,
    T_PROMISES_DUE,
    T_PROMISES_KEPT,
    HouseholdFlows,
    JobMarket,
    household_flows,
    household_week,
)

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
    modelled = b.employer >= 0
    filled = np.bincount(b.employer[modelled], minlength=len(f.cash)).astype(np.int64)
    wanted = (POSITION_PARTS * f.positions * np.maximum(f.staff, 0.0)).astype(np.int64)
    offering = f.alive | (not state.spec.channels.layoffs)
    open_parts = np.maximum(0, np.where(offering, wanted, 0) - POSITION_PARTS * filled)
    outside = max(0, state.outside_positions - int(np.count_nonzero(b.employer == OUTSIDE)))
    open_parts = np.append(open_parts, POSITION_PARTS * outside)
    seekers = int(np.count_nonzero((b.employer == NO_JOB) & (b.wage > 0)))
    expected = state.household_numbers.job_finding * max(1, seekers)
    tightness = min(1.0, float(open_parts.sum()) / POSITION_PARTS / expected) if expected > 0 else 0.0
    return JobMarket(np.cumsum(open_parts), tightness if open_parts.sum() > 0 else 0.0)


def _post(state: State, flows: HouseholdFlows) -> None:
    ledger, macro, lenders, t = state.ledger, state.macro, state.lenders, flows.totals
    people, others, banks = Sector.BORROWERS, Sector.OTHERS, Sector.LENDERS
    loans = Instrument.HOUSEHOLD_LOANS
    ledger.pay("benefits", Sector.GOVERNMENT, people, int(t[T_BENEFITS]))
    ledger.pay("backstop_wages", Sector.GOVERNMENT, people, int(t[T_BACKSTOP_WAGES]))
    ledger.pay("family_support", others, people, int(t[T_FAMILY]))
    ledger.accrue("household_interest", people, banks, int(flows.interest.sum()), loans)
    ledger.lend("household_loans_made", banks, people, int(flows.lent.sum()), loans)
    ledger.repay("household_loans_repaid", people, banks, int(flows.repaid.sum()), loans)
    ledger.pay("recoveries_after_charge_off", people, banks, int(flows.recovered.sum()))
    ledger.write_off("household_charge_offs", banks, people, int(flows.charged_off.sum()), loans)
    ledger.pay("consumption", people, others, int(t[T_CONSUMPTION]))
    macro.government -= int(t[T_BENEFITS] + t[T_BACKSTOP_WAGES])
    macro.others += int(t[T_CONSUMPTION] - t[T_FAMILY])
    lenders.money[:] += flows.repaid + flows.recovered - flows.lent
    lenders.household_loans[:] += flows.lent + flows.interest - flows.repaid - flows.charged_off
    lenders.lost[:] += flows.charged_off
    lenders.recovered[:] += flows.recovered
    if not state.spec.channels.household_to_lender:
        ledger.pay("backstop_loans", Sector.GOVERNMENT, banks, int(flows.charged_off.sum()))
        lenders.money[:] += flows.charged_off
        macro.government -= int(flows.charged_off.sum())


def _record_charge_offs(state: State) -> None:
    a = state.accounts
    for k in np.flatnonzero(a.charged_off & (a.charged_off_week == state.clock)):
        record_lender_loss(state, int(a.lender[k]), "borrower", int(a.borrower[k]), int(a.balance[k]))


def households(state: State) -> None:
    """One week of all borrowers: work, needs, dues, payments, new loans, charge-offs."""
    flows = household_flows(len(state.lenders.money))
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
    state.late_repaid = flows.late_repaid
    sums, t = state.week_sums, flows.totals
    sums["displaced_payments"] = int(t[T_DISPLACED])
    sums["essentials_missed"] = int(t[T_ESSENTIALS_MISSED])
    sums["loans"] = int(t[T_LOANS])
    sums["new_credit"] = int(flows.lent.sum())
    sums["charge_offs"] = int(flows.charged_off.sum())
    sums["recovered_late"] = int(flows.late_repaid.sum())
    sums["promises_due"] = int(t[T_PROMISES_DUE])
    sums["promises_kept"] = int(t[T_PROMISES_KEPT])
    sums["moved"] = int(t[T_MOVED])
    sums["hired"] = int(t[T_HIRED])
    sums["lost_job"] = int(t[T_LOST_JOB])
