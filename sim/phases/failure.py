"""Strain and failure: firms short of money shrink, some fail, owners and workers are hit, others enter."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.tables import NO_JOB
from sim.core.columns import I32, I64, some_of, total
from sim.core.kernel import kernel, kernel_step
from sim.core.ledger import Instrument, Sector
from sim.core.rng import uniforms
from sim.phases.causes import record_failure, record_lender_loss
from sim.phases.channels import WRITE_OFF
from sim.phases.losses import forget_losses

if TYPE_CHECKING:
    from sim.phases.state import State

#: Months over which a called guarantee is paid back (assumption).
GUARANTEE_MONTHS = 24


class Workers(NamedTuple):
    """The columns of borrowers that a lay-off writes."""

    employer: I32
    laid_off_by: I32
    income_lost: I64


class FailureSums(NamedTuple):
    """What one failure moved, fen."""

    estate_sale: int
    to_firms: int
    to_public: int
    lost_by_firms: int
    lost_by_public: int
    to_backstop: int
    line_lost: int


@kernel
def strain_week(f, p, laid_off, keep_jobs):  # type: ignore[no-untyped-def]
    """Firms below some weeks of liquidity cut orders and staff; staff follows average sales.

    ``laid_off`` receives the share of each firm's staff that is laid off. With ``keep_jobs`` neither
    strain nor failure takes jobs away.
    """
    for i in range(f.cash.shape[0]):
        laid_off[i] = 0.0
        if not (f.alive[i] or keep_jobs) or f.normal_sales[i] == 0:
            continue
        if f.alive[i]:
            hard = f.hard_cost_share[i] * f.average_sales[i]
            liquid = f.cash[i] + max(np.int64(0), f.line[i] - f.drawn[i])
            f.shrinking[i] = liquid < p.strain_weeks * hard
        target = f.average_sales[i] / f.normal_sales[i]
        if f.shrinking[i] and not keep_jobs:
            target *= 1.0 - p.strain_cut
        before = f.staff[i]
        f.staff[i] += p.staff_adjustment * (target - before)
        if f.staff[i] < before and f.staff[i] < 1.0 - p.labour_hoarding:
            laid_off[i] = 1.0 - f.staff[i] / before
        f.employees[i] = np.int32(round(f.normal_employees[i] * f.staff[i]))


@kernel
def failing_week(clock, f, p, key, failing):  # type: ignore[no-untyped-def]
    """Firms that could not pay hard costs, or whose creditors petition, into ``failing``."""
    for i in range(f.cash.shape[0]):
        failing[i] = False
        if not f.alive[i] or f.rescued[i]:
            continue
        failing[i] = not f.paid_hard_costs[i]
        if f.short_weeks[i] >= p.petition_weeks:
            u, _, _, _ = uniforms(key, clock, i, 0)
            if u < p.petition_rate:
                failing[i] = True


@kernel
def fail_firm(i, clock, f, k, start, losses, p, keep_jobs):  # type: ignore[no-untyped-def]
    """One firm fails: creditors get their share of the estate and lose the rest, orders end.

    Its plant and stocks are sold to outside investors for what the recovery needs beyond its
    cash. Debts to a shielded supplier stay: the government pays them as they fall due and takes
    the supplier's part of the estate. Returns :class:`FailureSums`.
    """
    keep = 1.0 - p.loss_given_failure
    payout = np.int64(0)
    for e in range(start[i], start[i + 1]):
        payout += np.int64((k.not_due[e] + k.overdue[e] + k.disputed[e]) * keep)
    sale = max(np.int64(0), payout - f.cash[i])
    f.cash[i] += sale - payout
    to_firms, to_public, lost_firms, lost_public = 0, 0, 0, 0
    backstop = np.int64(0)
    for e in range(start[i], start[i + 1]):
        j = k.supplier[e]
        owed = k.not_due[e] + k.overdue[e] + k.disputed[e]
        q = np.int64(owed * keep)
        if f.shield[j] & WRITE_OFF:
            backstop += q
            continue
        public = min(q, k.advanced[e])
        lost = owed - q - (k.advanced[e] - public)
        to_public += public
        to_firms += q - public
        lost_public += k.advanced[e] - public
        lost_firms += lost
        f.cash[j] += q - public
        later = lost * (k.not_due[e] / owed) if owed > 0 else 0.0
        losses.pending[j] += later
        losses.write_off[j] += lost - later
        k.lost_weight[e] += lost
        clear_link(e, k, clock)
    line = f.drawn[i]
    f.unpaid_loan[i] = line
    f.drawn[i] = 0
    f.line[i] = 0
    f.alive[i] = False
    f.shrinking[i] = False
    f.failed_week[i] = clock
    if not keep_jobs:
        f.staff[i] = 0.0
    f.employees[i] = 0
    f.short_weeks[i] = 0
    return sale, to_firms, to_public, lost_firms, lost_public, backstop, line


@kernel_step
def clear_link(e, k, clock):  # type: ignore[no-untyped-def]
    """Forget what is owed on a link; orders placed so far no longer count."""
    k.not_due[e] = 0
    k.overdue[e] = 0
    k.disputed[e] = 0
    k.advanced[e] = 0
    k.weeks_overdue[e] = 0
    k.under_collection[e] = False
    k.since[e] = clock + 1


@kernel
def estates_week(clock, f, k, links_of_supplier, supplier_start, p, to_banks, keep_supply):  # type: ignore[no-untyped-def]
    """Failed firms' estates pay out what they collect: banks first (``to_banks``, fen), then owners.

    After ``entrant_weeks`` the estate closes: what customers still owe it is written off (unless
    others went on delivering in its name, ``keep_supply``), and the row is ready for an entrant.
    Returns (paid to owners, claims written off, of these advanced).
    """
    owners = 0
    written_off = 0
    public = 0
    for i in range(f.cash.shape[0]):
        if f.alive[i]:
            continue
        bank = min(f.cash[i], f.unpaid_loan[i])
        to_banks[f.bank[i]] += bank
        f.unpaid_loan[i] -= bank
        owners += f.cash[i] - bank
        f.cash[i] = 0
        if clock - f.failed_week[i] >= p.entrant_weeks and not keep_supply:
            for x in range(supplier_start[i], supplier_start[i + 1]):
                e = links_of_supplier[x]
                owed = k.not_due[e] + k.overdue[e] + k.disputed[e]
                written_off += owed - k.advanced[e]
                public += k.advanced[e]
                clear_link(e, k, clock)
    return owners, written_off, public


@kernel
def entrants_week(clock, f, k, start, losses, p, terms, keep_supply, keep_jobs):  # type: ignore[no-untyped-def]
    """New firms take over closed rows, with equity for their buffer and their first receivables.

    What went on in the failed firm's name (``keep_supply``, ``keep_jobs``) goes on; for debts that the
    government ran up in its name it hands over the money. Returns (equity paid in, handed over), fen.
    """
    equity = 0
    handed = 0
    for i in range(f.cash.shape[0]):
        if f.alive[i] or clock - f.failed_week[i] < p.entrant_weeks:
            continue
        hard = f.hard_cost_share[i] * f.normal_sales[i]
        credit = 1.0 - f.normal_final_sales[i] / max(np.int64(1), f.normal_sales[i])
        f.cash[i] = np.int64(hard * (f.buffer_weeks[i] + credit * terms))
        equity += f.cash[i]
        for e in range(start[i], start[i + 1]):
            owed = k.not_due[e] + k.overdue[e] + k.disputed[e]
            f.cash[i] += owed
            handed += owed
        f.alive[i] = True
        f.failed_week[i] = -1
        f.unpaid_loan[i] = 0
        if not keep_supply:
            f.activity[i] = 1.0
            f.average_sales[i] = np.float64(f.normal_sales[i])
        f.input_limit[i] = 1.0
        if not keep_jobs:
            f.staff[i] = 1.0
        f.line[i] = np.int64(p.credit_line_weeks * hard)
        f.employees[i] = f.normal_employees[i]
        forget_losses(i, losses)
    return equity, handed


@kernel
def lay_off(clock, b, alive, laid_off, key):  # type: ignore[no-untyped-def]
    """Borrowers lose their job with their firm, or with the staff it lays off. Returns how many."""
    count = 0
    for i in range(b.employer.shape[0]):
        j = b.employer[i]
        if j < 0:
            continue
        gone = not alive[j]
        if not gone and laid_off[j] > 0.0:
            u, _, _, _ = uniforms(key, clock, i, 0)
            gone = u < laid_off[j]
        if gone:
            b.employer[i] = NO_JOB
            b.laid_off_by[i] = j
            b.income_lost[i] = 0
            count += 1
    return count


@kernel
def weak_firms(clock, f, p, key, keep_jobs, laid_off, failing):  # type: ignore[no-untyped-def]
    """Strain, and who fails of it."""
    strain_week(f, p, laid_off, keep_jobs)
    failing_week(clock, f, p, key, failing)


@kernel
def rows_change_hands(clock, f, k, start, sellers, losses, p, terms, to_banks, keep_supply, keep_jobs):  # type: ignore[no-untyped-def]
    """Estates pay out and close, entrants take over; returns what both did, fen.

    ``sellers``: links by supplier, and where each supplier's begin.
    """
    by_supplier, supplier_start = sellers
    owners, lost, public = estates_week(clock, f, k, by_supplier, supplier_start, p, to_banks, keep_supply)
    equity, handed = entrants_week(clock, f, k, start, losses, p, terms, keep_supply, keep_jobs)
    return owners, lost, public, equity, handed


def _call_guarantee(state: State, firm: int, line: int) -> None:
    """The owner of a failed firm owes its bank part of the lost line, in instalments."""
    owner = int(state.firms.owner[firm])
    called = int(line * state.world.firms.owner_guarantee.value)
    if owner < 0 or called == 0 or not state.accounts_active:
        return
    a, account = state.accounts, int(state.borrowers.first_account[owner])
    if a.charged_off[account] or a.balance[account] == 0:
        return
    b = state.borrowers
    if b.laid_off_by[owner] != firm:
        b.laid_off_by[owner], b.income_lost[owner] = firm, 0
    b.income_lost[owner] += called
    a.balance[account] += called
    a.instalment[account] += -(-called // GUARANTEE_MONTHS)
    state.lenders.household_loans[a.lender[account]] += called
    state.ledger.accrue(
        "guarantees_called", Sector.BORROWERS, Sector.LENDERS, called, Instrument.HOUSEHOLD_LOANS
    )


def _fail(state: State, firm: int, forced: bool) -> None:
    f, ledger = state.firms, state.ledger
    keep_jobs = not state.spec.channels.layoffs
    record_failure(state, firm, forced)
    s = FailureSums(
        *fail_firm(
            firm, state.clock, f, state.links, state.buyer_start, state.losses, state.firm_numbers, keep_jobs
        )
    )
    ledger.pay("estate_sales", Sector.OTHERS, Sector.FIRMS, s.estate_sale)
    trade = Instrument.TRADE_CREDIT
    ledger.repay("estate_payments", Sector.FIRMS, Sector.FIRMS, s.to_firms, trade)
    ledger.repay("estate_payments", Sector.FIRMS, Sector.GOVERNMENT, s.to_public, trade)
    ledger.write_off("trade_write_offs", Sector.FIRMS, Sector.FIRMS, s.lost_by_firms, trade)
    ledger.write_off("trade_write_offs", Sector.GOVERNMENT, Sector.FIRMS, s.lost_by_public, trade)
    ledger.pay("estate_to_backstop", Sector.FIRMS, Sector.GOVERNMENT, s.to_backstop)
    state.macro.others -= s.estate_sale
    state.macro.government += s.to_public + s.to_backstop
    bank = int(f.bank[firm])
    lenders = state.lenders
    lenders.firm_loans[bank] -= s.line_lost
    lenders.lost[bank] += s.line_lost
    record_lender_loss(state, bank, "firm", firm, s.line_lost)
    ledger.write_off("lines_written_off", Sector.LENDERS, Sector.FIRMS, s.line_lost, Instrument.FIRM_LOANS)
    if not state.spec.channels.firm_to_lender:
        ledger.pay("backstop_lines", Sector.GOVERNMENT, Sector.LENDERS, s.line_lost)
        lenders.money[bank] += s.line_lost
        state.macro.government -= s.line_lost
    if not keep_jobs:
        _call_guarantee(state, firm, s.line_lost)
    state.week_sums["failures"] = state.week_sums.get("failures", 0) + 1
    state.week_sums["trade_written_off"] = state.week_sums.get("trade_written_off", 0) + s.lost_by_firms


def _close_estates(state: State) -> None:
    ledger, macro, channels = state.ledger, state.macro, state.spec.channels
    to_banks: I64 = np.zeros(len(state.lenders.money), np.int64)
    owners, lost, public, equity, handed = rows_change_hands(
        state.clock, state.firms, state.links, state.buyer_start,
        (state.links_of_supplier, state.supplier_start), state.losses, state.firm_numbers,
        state.world.firms.terms_weeks.value, to_banks, not channels.lost_inputs, not channels.layoffs,
    )  # fmt: skip
    ledger.pay("estate_to_banks", Sector.FIRMS, Sector.LENDERS, total(to_banks))
    ledger.pay("estate_to_owners", Sector.FIRMS, Sector.OTHERS, owners)
    trade = Instrument.TRADE_CREDIT
    ledger.write_off("estates_closed", Sector.FIRMS, Sector.FIRMS, lost, trade)
    ledger.write_off("estates_closed", Sector.GOVERNMENT, Sector.FIRMS, public, trade)
    state.lenders.money[:] += to_banks
    ledger.pay("backstop_debts", Sector.GOVERNMENT, Sector.FIRMS, handed)
    macro.government -= handed
    ledger.pay("new_equity", Sector.OTHERS, Sector.FIRMS, equity)
    macro.others += owners - equity


def failure(state: State) -> None:
    """Strain, failures until nobody else fails, estates, entrants and lay-offs of one week."""
    f, p = state.firms, state.firm_numbers
    laid_off = np.empty(len(f.cash))
    failing = np.empty(len(f.cash), np.bool_)
    keep_jobs = not state.spec.channels.layoffs
    weak_firms(state.clock, f, p, state.key("failure.petition"), keep_jobs, laid_off, failing)
    forced = state.forced_failures()
    failing |= forced
    while failing.any():
        for firm in np.flatnonzero(failing):
            _fail(state, int(firm), bool(forced[firm]))
        failing = f.alive & ~f.rescued & (f.cash - f.drawn < -f.most_drawn)
    _close_estates(state)
    if not keep_jobs:
        workers = some_of(state.borrowers, Workers)
        gone = lay_off(state.clock, workers, f.alive, laid_off, state.key("failure.layoffs"))
        state.week_sums["laid_off"] = int(gone)
