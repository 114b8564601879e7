"""What each contagion channel has cost each firm in liquidity, kept from week to week."""

from __future__ import annotations

import numpy as np

from sim.core.kernel import kernel, kernel_step
from sim.phases.channels import LENDER_TO_CREDIT, OWN


@kernel_step
def answered(hard_share, purchase_share, p, lost, then, average, activity):  # type: ignore[no-untyped-def]
    """One week of the linear response of cash to missing sales: ``lost`` fen now, ``then`` one length
    of the terms ago.

    The firm would have received the cash part now and the credit part after the terms; hard costs
    would have been higher, in part after a while; so would purchases, which are paid after the terms.
    Returns (cash lost, and the two memories).
    """
    average += (lost - average) / p.cost_average_weeks
    activity += p.order_smoothing * (then - activity)
    saved = hard_share * (p.sticky_costs * average + (1.0 - p.sticky_costs) * lost)
    cash = (1.0 - p.credit_share) * lost + p.credit_share * then - saved - purchase_share * activity
    return cash, average, activity


@kernel
def losses_week(clock, f, losses, p, terms, ring):  # type: ignore[no-untyped-def]
    """Add the week's losses of liquidity by channel; ``terms`` is the usual length of trade credit.

    ``ring[missed or unmade, week, firm]`` keeps the missing sales of ``terms`` weeks, fen. A firm may
    gain at first: costs fall at once, receipts after the terms.
    """
    x = losses
    weeks = ring.shape[1]
    now, before = clock % weeks, (clock + 1) % weeks
    for i in range(f.cash.shape[0]):
        due = x.pending[i] / terms
        x.pending[i] -= due
        x.write_off[i] += due
        hard, bought = f.hard_cost_share[i], x.purchase_share[i]
        ring[0, now, i] = x.missed[i]
        ring[1, now, i] = x.unmade[i]
        cash, x.missed_average[i], x.missed_activity[i] = answered(
            hard, bought, p, x.missed[i], ring[0, before, i], x.missed_average[i], x.missed_activity[i]
        )
        x.orders[i] += cash
        cash, x.unmade_average[i], x.unmade_activity[i] = answered(
            hard, bought, p, x.unmade[i], ring[1, before, i], x.unmade_average[i], x.unmade_activity[i]
        )
        x.undelivered_payments[i] += (x.undelivered[i] - x.undelivered_payments[i]) / terms
        cash += x.bought_outside[i] - x.undelivered_payments[i]
        x.inputs[i] += cash


@kernel_step
def payout(i, f, p, more_cash):  # type: ignore[no-untyped-def]
    """What owners take this week if the firm had ``more_cash`` fen, at least zero.

    They take what exceeds the equity target: buffer plus normal receivables minus payables. The
    target is equity, not cash: faster payment must not leave as dividend.
    """
    scale = f.average_sales[i] / f.normal_sales[i]
    buffer = f.buffer_weeks[i] * f.hard_cost_share[i] * f.average_sales[i]
    target = buffer + scale * (f.normal_receivables[i] - f.normal_payables[i])
    equity = f.cash[i] - f.drawn[i] + f.receivables[i] - f.payables[i] + more_cash
    free = f.cash[i] - f.drawn[i] + more_cash - np.int64(p.payroll_reserve_weeks * f.hard_costs[i])
    return max(0.0, min(equity - target, free))


@kernel
def dividends_week(f, losses, p):  # type: ignore[no-untyped-def]
    """Owners take what exceeds the equity target; returns fen paid.

    Without its losses the firm would have paid out more: that part is no loss of liquidity any more.
    """
    total = np.int64(0)
    for i in range(f.cash.shape[0]):
        if not f.alive[i] or f.normal_sales[i] == 0:
            continue
        taken = np.int64(payout(i, f, p, np.int64(0)))
        lost = losses.write_off[i] + losses.orders[i] + losses.inputs[i]
        if lost > 0.0:
            gone = payout(i, f, p, np.int64(lost)) - np.float64(taken)
            left = min(1.0, max(0.0, 1.0 - gone / lost))
            losses.write_off[i] *= left
            losses.orders[i] *= left
            losses.inputs[i] *= left
        f.cash[i] -= taken
        total += taken
    return total


@kernel_step
def lost_by_channel(i, f, losses, p, standard, normal, factor, lost):  # type: ignore[no-untyped-def]
    """Liquidity that each cause has taken from firm ``i``, fen, into ``lost`` (6,): own, late receipts,
    write-offs, cancelled orders, lost inputs, lender to credit.

    Late receipts are what customers owe beyond the due date; credit is the part of the line by which
    its bank's standard fell below its ``normal`` level; own is what else is missing against the
    firm's usual cash and line.
    """
    hard = f.hard_cost_share[i] * f.average_sales[i]
    bank = f.bank[i]
    usual = hard * (f.buffer_weeks[i] + p.credit_line_weeks * normal[bank])
    lost[1] = np.float64(f.overdue_receivables[i])
    lost[2] = losses.write_off[i]
    lost[3] = max(0.0, losses.orders[i])
    lost[4] = max(0.0, losses.inputs[i])
    lost[5] = 0.0
    if not f.shield[i] & LENDER_TO_CREDIT:
        lost[5] = max(0.0, p.credit_line_weeks * hard * factor * (normal[bank] - standard[bank]))
    others = lost[1] + lost[2] + lost[3] + lost[4] + lost[5]
    lost[0] = max(0.0, usual - liquid(i, f) - others)


@kernel_step
def liquid(i, f):  # type: ignore[no-untyped-def]
    """Cash and open line, less the part of this week's usual offers that could not be paid, fen."""
    return np.float64(f.cash[i] - f.drawn[i] + f.line[i] - max(np.int64(0), f.offered[i] - f.paid[i]))


@kernel
def losses_of(i, f, losses, p, standard, normal, factor, lost):  # type: ignore[no-untyped-def]
    """:func:`lost_by_channel` of one firm, and its liquidity, fen."""
    lost_by_channel(i, f, losses, p, standard, normal, factor, lost)
    return liquid(i, f)


@kernel
def make_good_own(f, losses, p, standard, normal, factor, lost):  # type: ignore[no-untyped-def]
    """Give firms that are shielded from their own losses what these took; returns fen given."""
    given = np.int64(0)
    for i in range(f.cash.shape[0]):
        if f.alive[i] and f.shield[i] & OWN:
            lost_by_channel(i, f, losses, p, standard, normal, factor, lost)
            f.cash[i] += np.int64(lost[0])
            given += np.int64(lost[0])
    return given


@kernel_step
def forget_losses(i, losses):  # type: ignore[no-untyped-def]
    """An entrant has lost nothing yet."""
    x = losses
    x.write_off[i], x.orders[i], x.inputs[i], x.pending[i] = 0.0, 0.0, 0.0, 0.0
    x.missed[i], x.missed_average[i], x.missed_activity[i] = 0.0, 0.0, 0.0
    x.unmade[i], x.unmade_average[i], x.unmade_activity[i] = 0.0, 0.0, 0.0
    x.bought_outside[i], x.undelivered[i], x.undelivered_payments[i] = 0.0, 0.0, 0.0
