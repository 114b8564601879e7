"""Settlement: wages and fixed costs first, then trade debts in rounds of whole fen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.tables import OUTSIDE
from sim.core.columns import I64, total
from sim.core.kernel import kernel, kernel_step
from sim.core.ledger import Instrument, Sector
from sim.phases.channels import LATE_RECEIPTS
from sim.phases.levers import falls_on, levers_in_force, pay_net, set_off_overdue
from sim.phases.losses import dividends_week, losses_week, make_good_own
from sim.phases.payment_terms import advance_receivables

if TYPE_CHECKING:
    from sim.phases.state import State


class HardCostSums(NamedTuple):
    """What firms paid to whom, and the wages that borrowers earn outside of them, fen."""

    borrowers: int
    taxes: int
    imports: int
    others: int
    outside: int


class TradeSums(NamedTuple):
    """Trade payments of a week, fen."""

    to_firms: int
    to_public: int
    collected: int


@kernel
def payroll_week(b, f, payroll):  # type: ignore[no-untyped-def]
    """Wages that each firm owes the borrowers it employs, into ``payroll`` (fen by firm)."""
    payroll[:] = 0
    for i in range(b.cash.shape[0]):
        if b.employer[i] >= 0:
            payroll[b.employer[i]] += b.wage[i]


@kernel
def hard_costs_week(f, p, shares, payroll, interest):  # type: ignore[no-untyped-def]
    """Hard costs fall due and are paid first, from cash and credit line.

    ``shares[sector]`` = (taxes, imports) over hard costs. A firm may overdraw its line until the
    week's receipts are in; what it may owe its bank after that goes to ``most_drawn``. Interest on
    the line goes to ``interest[bank]``. Returns :class:`HardCostSums` without ``outside``.
    """
    wages = 0
    taxes = 0
    imports = 0
    others = 0
    for i in range(f.cash.shape[0]):
        f.paid_hard_costs[i] = False
        if not f.alive[i]:
            continue
        base = f.hard_cost_share[i] * (
            p.sticky_costs * f.average_sales[i] + (1.0 - p.sticky_costs) * f.sales[i]
        )
        regular = max(np.int64(base), payroll[i])
        f.hard_costs[i] += regular
        due = np.int64((f.drawn[i] * p.firm_rate + f.line[i] * p.line_fee) / 52.0)
        f.most_drawn[i] = max(f.line[i], f.drawn[i])
        f.paid_hard_costs[i] = True
        f.cash[i] -= f.hard_costs[i] + due
        interest[f.bank[i]] += due
        rest = regular - payroll[i]
        tax = min(rest, np.int64(regular * shares[f.sector[i], 0]))
        abroad = min(rest - tax, np.int64(regular * shares[f.sector[i], 1]))
        wages += payroll[i]
        taxes += tax
        imports += abroad
        others += f.hard_costs[i] - payroll[i] - tax - abroad
    return wages, taxes, imports, others


@kernel
def wages_week(b, f):  # type: ignore[no-untyped-def]
    """Borrowers at work receive their wage. Returns what those outside the modelled firms earn, fen."""
    outside = 0
    for i in range(b.cash.shape[0]):
        b.income[i] = 0
        if b.employer[i] >= 0 and f.paid_hard_costs[b.employer[i]]:
            b.income[i] = b.wage[i]
            b.cash[i] += b.wage[i]
        elif b.employer[i] == OUTSIDE:
            b.income[i] = b.wage[i]
            b.cash[i] += b.wage[i]
            outside += b.wage[i]
    return outside


@kernel_step
def discipline(i, e, f, k, p, large_from, gap):  # type: ignore[no-untyped-def]
    """Share of what is due on a link that its buyer offers; collection closes part of the gap.

    Returns (offer without collection, offer with it).
    """
    phi = np.float64(f.discipline[i])
    if f.size_rank[i] >= large_from:
        phi *= p.large_buyer_discipline
    if k.under_collection[e]:
        return phi, phi + gap * (1.0 - phi)
    return phi, phi


@kernel
def offers_week(f, k, start, p, large_from, gap, compulsory, offers):  # type: ignore[no-untyped-def]
    """What each buyer offers on each link this week; everything due when payment is compulsory."""
    for i in range(f.cash.shape[0]):
        offered = np.int64(0)
        usual = np.int64(0)
        for e in range(start[i], start[i + 1]):
            offers[e] = 0
            k.payment[e] = 0
            k.collected[e] = 0
            if k.overdue[e] > 0 and f.paid_hard_costs[i]:
                _, raised = discipline(i, e, f, k, p, large_from, gap)
                usual += np.int64(raised * k.overdue[e])
                offers[e] = k.overdue[e] if compulsory else np.int64(raised * k.overdue[e])
                offered += offers[e]
        f.offered[i] = usual
        f.paid[i] = 0


@kernel
def circulate(f, k, start, p, rounds, offers, budget, receipts):  # type: ignore[no-untyped-def]
    """Buyers pay what they offer from cash at hand, in rounds; receipts can be spent in the next.

    A payer short of money divides what it has in proportion to its offers, each rounded down, so
    the sum never exceeds it. Returns :class:`TradeSums` without ``collected``.
    """
    firms = f.cash.shape[0]
    to_firms = 0
    to_public = 0
    for i in range(firms):
        free = f.cash[i] + max(np.int64(0), f.line[i] - f.drawn[i])
        budget[i] = free - np.int64(p.payroll_reserve_weeks * f.hard_costs[i])
        receipts[i] = 0
    for _ in range(rounds):
        for i in range(firms):
            offered = 0
            for e in range(start[i], start[i + 1]):
                offered += offers[e]
            if offered == 0 or budget[i] <= 0:
                continue
            ratio = 1.0 if budget[i] >= offered else budget[i] / offered * (1.0 - 2.0**-50)
            for e in range(start[i], start[i + 1]):
                q = offers[e] if ratio == 1.0 else np.int64(offers[e] * ratio)
                if q == 0:
                    continue
                offers[e] -= q
                k.overdue[e] -= q
                k.payment[e] += q
                public = min(q, k.advanced[e])
                k.advanced[e] -= public
                to_public += public
                to_firms += q - public
                receipts[k.supplier[e]] += q - public
                f.cash[i] -= q
                f.paid[i] += q
                budget[i] -= q
        for j in range(firms):
            f.cash[j] += receipts[j]
            budget[j] += receipts[j]
            receipts[j] = 0
    return to_firms, to_public


@kernel
def backstop_week(f, k, start):  # type: ignore[no-untyped-def]
    """The government pays what failed buyers owe on kept debts and orders, and advances to shielded
    suppliers what is due to them.

    Returns (debts paid, advances on them that are lost, advanced), fen.
    """
    paid, lost, advanced = 0, 0, 0
    for i in range(f.cash.shape[0]):
        for e in range(start[i], start[i + 1]):
            owed = k.overdue[e] - k.advanced[e]
            if not f.alive[i]:
                lost += k.advanced[e]
                paid += owed
                f.cash[k.supplier[e]] += owed
                k.advanced[e] = 0
                k.overdue[e] = 0
            elif owed > 0 and f.shield[k.supplier[e]] & LATE_RECEIPTS:
                k.advanced[e] += owed
                f.cash[k.supplier[e]] += owed
                advanced += owed
    return paid, lost, advanced


@kernel
def books_week(f, k, start, p, large_from):  # type: ignore[no-untyped-def]
    """Ages of debts, what each firm is owed and owes, and weeks of short payment.

    Returns what was paid beyond the usual offer because of collection, fen.
    """
    collected = 0
    f.receivables[:] = 0
    f.overdue_receivables[:] = 0
    f.payables[:] = 0
    f.overdue_payables[:] = 0
    for i in range(f.cash.shape[0]):
        for e in range(start[i], start[i + 1]):
            j = k.supplier[e]
            if k.under_collection[e]:
                before = k.overdue[e] + k.payment[e]
                phi, _ = discipline(i, e, f, k, p, large_from, 0.0)
                k.collected[e] = max(np.int64(0), k.payment[e] - np.int64(phi * before))
                collected += k.collected[e]
            k.weeks_overdue[e] = min(k.overdue[e] // k.weekly_amount[e], 520)  # oldest debts are paid first
            owed = k.not_due[e] + k.overdue[e] + k.disputed[e]
            f.payables[i] += owed
            f.overdue_payables[i] += k.overdue[e]
            f.receivables[j] += owed - k.advanced[e]
            f.overdue_receivables[j] += k.overdue[e] - k.advanced[e]
        if 2 * f.paid[i] < f.offered[i]:
            f.short_weeks[i] += 1
        elif f.short_weeks[i] > 0:
            f.short_weeks[i] -= 1
    return collected


@kernel
def sweep_lines(f, drawn, repaid):  # type: ignore[no-untyped-def]
    """Negative cash is drawn from the bank line, positive cash repays it (fen by bank).

    A firm beyond its line now has not met its hard costs: it fails later in the week.
    """
    for i in range(f.cash.shape[0]):
        net = f.cash[i] - f.drawn[i]
        new_drawn = max(np.int64(0), -net)
        change = new_drawn - f.drawn[i]
        if change > 0:
            drawn[f.bank[i]] += change
        else:
            repaid[f.bank[i]] -= change
        f.drawn[i] = new_drawn
        f.cash[i] = max(np.int64(0), net)
        f.paid_hard_costs[i] = new_drawn <= f.most_drawn[i]


@kernel
def pay_hard_costs(b, f, p, shares, payroll, interest):  # type: ignore[no-untyped-def]
    """Payrolls, hard costs and wages in turn; returns :class:`HardCostSums`. ``payroll``: scratch by firm."""
    payroll_week(b, f, payroll)
    borrowers, taxes, imports, others = hard_costs_week(f, p, shares, payroll, interest)
    return borrowers, taxes, imports, others, wages_week(b, f)


@kernel
def pay_in_rounds(f, k, start, p, large_from, gap, compulsory, rounds, offers, budget, receipts):  # type: ignore[no-untyped-def]
    """Offers, payments in rounds and the books after them; returns :class:`TradeSums`."""
    offers_week(f, k, start, p, large_from, gap, compulsory, offers)
    to_firms, to_public = circulate(f, k, start, p, rounds, offers, budget, receipts)
    return to_firms, to_public, books_week(f, k, start, p, large_from)


@kernel
def close_week(clock, f, losses, p, terms, ring, standard, normal, factor, lost, drawn, repaid):  # type: ignore[no-untyped-def]
    """Losses, dividends, what is made good, and the bank lines; returns (dividends, made good), fen."""
    losses_week(clock, f, losses, p, terms, ring)
    dividends = dividends_week(f, losses, p)
    given = make_good_own(f, losses, p, standard, normal, factor, lost)
    sweep_lines(f, drawn, repaid)
    return dividends, given


def _pay_hard_costs(state: State) -> None:
    f, b, ledger = state.firms, state.borrowers, state.ledger
    payroll = np.empty(len(f.cash), np.int64)
    interest: I64 = np.zeros(len(state.lenders.money), np.int64)
    sums = HardCostSums(*pay_hard_costs(b, f, state.firm_numbers, state.macro.cost_shares, payroll, interest))
    ledger.pay("wages", Sector.FIRMS, Sector.BORROWERS, sums.borrowers)
    ledger.pay("taxes", Sector.FIRMS, Sector.GOVERNMENT, sums.taxes)
    ledger.pay("imports", Sector.FIRMS, Sector.WORLD, sums.imports)
    ledger.pay("other_costs", Sector.FIRMS, Sector.OTHERS, sums.others)
    ledger.pay("firm_interest", Sector.FIRMS, Sector.LENDERS, total(interest))
    state.macro.government += sums.taxes
    state.macro.world += sums.imports
    ledger.pay("outside_wages", Sector.OTHERS, Sector.BORROWERS, sums.outside)
    state.macro.others += sums.others - sums.outside
    state.lenders.money[:] += interest


def _pay_trade_debts(state: State) -> None:
    f, k, p, ledger = state.firms, state.links, state.firm_numbers, state.ledger
    levers = levers_in_force(state)
    netting_day = falls_on(state, levers.netting_every)
    compulsory = falls_on(state, levers.compulsory_payment_every)
    compulsory |= netting_day and levers.netting_over == "overdue"
    if falls_on(state, levers.set_off_every):
        set_off_overdue(state)
    large_from = 1.0 - state.spec.receivables.large_share
    start, offers = state.buyer_start, np.zeros(len(k.buyer), np.int64)
    if netting_day:
        offers_week(f, k, start, p, large_from, state.receivable_gap, compulsory, offers)
        to_firms, to_public = pay_net(state, offers)
        sums = TradeSums(to_firms, to_public, books_week(f, k, start, p, large_from))
    else:
        rounds, scratch = levers.circulation_rounds, np.zeros((2, len(f.cash)), np.int64)
        sums = TradeSums(
            *pay_in_rounds(
                f, k, start, p, large_from, state.receivable_gap, compulsory, rounds, offers, *scratch
            )
        )
    trade = Instrument.TRADE_CREDIT
    ledger.repay("trade_payments", Sector.FIRMS, Sector.FIRMS, sums.to_firms, trade)
    ledger.repay("advances_repaid", Sector.FIRMS, Sector.GOVERNMENT, sums.to_public, trade)
    state.macro.government += sums.to_public
    state.week_sums["trade_collected"] = sums.collected


def _backstop(state: State) -> None:
    paid, lost, advanced = (int(x) for x in backstop_week(state.firms, state.links, state.buyer_start))
    ledger, trade, public = state.ledger, Instrument.TRADE_CREDIT, Sector.GOVERNMENT
    ledger.pay("backstop_debts", public, Sector.FIRMS, paid)
    ledger.write_off("backstop_debts", Sector.FIRMS, Sector.FIRMS, paid, trade)
    ledger.write_off("trade_write_offs", public, Sector.FIRMS, lost, trade)
    ledger.assign("backstop_advances", Sector.FIRMS, public, advanced, trade)
    state.macro.government -= paid + advanced


def settlement(state: State) -> None:
    """Hard costs, trade debts, dividends and bank lines of one week."""
    _pay_hard_costs(state)
    _backstop(state)
    advance_receivables(state)
    _pay_trade_debts(state)
    _close(state)


def _close(state: State) -> None:
    """Post what firms pay to owners, are given, draw from and repay to their banks."""
    lenders, ledger = state.lenders, state.ledger
    drawn: I64 = np.zeros(len(lenders.money), np.int64)
    repaid: I64 = np.zeros(len(lenders.money), np.int64)
    dividends, given = close_week(
        state.clock, state.firms, state.losses, state.firm_numbers,
        max(1.0, state.world.firms.terms_weeks.value), state.missing, lenders.standard,
        lenders.normal_standard, state.credit_factor(), np.zeros(6), drawn, repaid,
    )  # fmt: skip
    ledger.pay("dividends", Sector.FIRMS, Sector.OTHERS, dividends)
    ledger.pay("backstop_own_losses", Sector.GOVERNMENT, Sector.FIRMS, given)
    state.macro.others += dividends
    state.macro.government -= given
    lenders.money[:] += repaid - drawn
    lenders.firm_loans[:] += drawn - repaid
    ledger.lend("lines_drawn", Sector.LENDERS, Sector.FIRMS, total(drawn), Instrument.FIRM_LOANS)
    ledger.repay("lines_repaid", Sector.FIRMS, Sector.LENDERS, total(repaid), Instrument.FIRM_LOANS)
