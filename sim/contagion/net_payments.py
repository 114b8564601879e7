"""Greatest clearing of offers from cash at hand, in whole fen.

Direction: a link runs from buyer to supplier. The real-valued vector (Eisenberg and Noe 2001) is
solved first; iterating whole fen down from full payment instead would leak a fen at each rounding
until a closed loop of debts pays nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.contagion.clearing import solve, start_progress
from sim.contagion.clearing_kernels import System
from sim.contagion.debt_cycles import check_links
from sim.core.columns import F64, I32, I64, Bool
from sim.core.errors import SpecError
from sim.core.kernel import kernel, kernel_step

_EXACT = 2**53  # fen: sums below this are exact in float64
_SOLUTIONS = 6  # solutions with more and more firms that keep fen back
_VISITS = 50  # visits a firm on the way up; what is left then stays unspent


class Payer(NamedTuple):
    """Whole fen by firm while payments are fitted to cash, (n,)."""

    available: I64
    offered: I64
    budget: I64  # what the firm may pay, at most ``offered``
    received: I64
    spent: I64
    queue: I32
    queued: Bool


@kernel_step
def _part(offer, budget, offered):  # type: ignore[no-untyped-def]
    """offer x budget / offered rounded down, monotone in ``budget``; sums never exceed the budget."""
    if budget >= offered:
        return offer
    if offer < 2**31 and offered < 2**32:  # by link, not by budget: else a larger budget could pay less
        return offer * budget // offered
    return np.int64(np.float64(offer) * (np.float64(budget) / np.float64(offered)) * (1.0 - 2.0**-50))


@kernel_step
def _repay(i, start, supplier, offers, payment, f):  # type: ignore[no-untyped-def]
    """Set the payments of firm ``i`` to its budget, and the books of both sides with them."""
    for e in range(start[i], start[i + 1]):
        q = _part(offers[e], f.budget[i], f.offered[i])
        f.spent[i] += q - payment[e]
        f.received[supplier[e]] += q - payment[e]
        payment[e] = q


@kernel_step
def _push(f, i, head, waiting):  # type: ignore[no-untyped-def]
    if f.queued[i]:
        return waiting
    n = f.queue.shape[0]
    tail = head + waiting
    f.queue[tail if tail < n else tail - n] = i
    f.queued[i] = True
    return waiting + 1


@kernel
def pay_budgets(start, supplier, offers, payment, f):  # type: ignore[no-untyped-def]
    """Pay every link out of ``budget``; returns how many firms then lack fen."""
    payment[:] = 0
    f.received[:] = 0
    f.spent[:] = 0
    for i in range(f.budget.shape[0]):
        _repay(i, start, supplier, offers, payment, f)
    short = 0
    for i in range(f.budget.shape[0]):
        short += f.budget[i] > max(0, f.available[i] + f.received[i])
    return short


@kernel
def keep_back(start, supplier, defaulted, everyone, f, kept):  # type: ignore[no-untyped-def]
    """Firms that lacked fen (or all, if ``everyone``) keep one for each link that is rounded, and one.

    ``kept`` (n,) fen by firm; who keeps fen already and still lacks some keeps that as well.
    """
    n = f.budget.shape[0]
    for i in range(n):
        lacks = f.budget[i] - max(0, f.available[i] + f.received[i])
        f.queued[i] = everyone or lacks > 0 or kept[i] > 0.0
        more = np.float64(max(lacks, 0)) if kept[i] > 0.0 else 0.0
        kept[i] = 1.0 + more if f.queued[i] else 0.0
    for i in range(n):
        if defaulted[i]:
            for e in range(start[i], start[i + 1]):
                if f.queued[supplier[e]]:
                    kept[supplier[e]] += 1.0
    for i in range(n):
        f.queued[i] = False


@kernel
def lower_to_cash(start, supplier, offers, payment, f):  # type: ignore[no-untyped-def]
    """Cut budgets until none exceeds what its firm has and receives."""
    n = f.budget.shape[0]
    head = 0
    waiting = 0
    for i in range(n):
        waiting = _push(f, i, head, waiting)
    while waiting > 0:
        i = f.queue[head]
        head = head + 1 if head + 1 < n else 0
        waiting -= 1
        f.queued[i] = False
        means = max(0, f.available[i] + f.received[i])
        if f.budget[i] <= means:
            continue
        f.budget[i] = means
        _repay(i, start, supplier, offers, payment, f)
        for e in range(start[i], start[i + 1]):
            waiting = _push(f, supplier[e], head, waiting)


@kernel
def raise_to_cash(start, supplier, offers, payment, f, visits):  # type: ignore[no-untyped-def]
    """Raise budgets to what firms have and receive, first in first out.

    A raise never takes from anyone, so stopping after ``visits`` visits a firm leaves a sound state.
    """
    n = f.budget.shape[0]
    head = 0
    waiting = 0
    for i in range(n):
        waiting = _push(f, i, head, waiting)
    for _ in range(visits * n):
        if waiting == 0:
            break
        i = f.queue[head]
        head = head + 1 if head + 1 < n else 0
        waiting -= 1
        f.queued[i] = False
        means = min(f.offered[i], f.available[i] + f.received[i])
        if means <= f.budget[i]:
            continue
        f.budget[i] = means
        before = f.spent[i]
        _repay(i, start, supplier, offers, payment, f)
        if f.spent[i] > before:
            for e in range(start[i], start[i + 1]):
                waiting = _push(f, supplier[e], head, waiting)
    return waiting


def _system(start: I64, supplier: I32, offers: I64, available: I64, sums: tuple[I64, I64]) -> System:
    """Offers as debts; cash that is missing is a claim that goes before them."""
    firms = len(available)
    owed, incoming = sums[0].astype(np.float64), sums[1].astype(np.float64)
    assets: F64 = available.astype(np.float64)
    ones, zeros = np.ones(firms), np.zeros(firms)
    amount = offers.astype(np.float64)
    return System(start, supplier, amount, owed, incoming, owed.copy(), assets, assets, ones, zeros)


def netting(start: I64, supplier: I32, offers: I64, available: I64) -> I64:
    """Payment of each link, whole fen, (m,): all firms pay at once what they offer, as far as they can.

    Parameters
    ----------
    start, supplier:
        Links of buyer i are ``start[i] .. start[i + 1] - 1``; shapes (n + 1,) and (m,).
    offers:
        (m,) what the buyer would pay on the link, fen.
    available:
        (n,) cash each firm may spend, fen; a firm with negative cash first fills it from receipts.

    No firm pays more than its cash and receipts together, and no link more than its offer. Who can
    pay in full does; others pay pro rata, each link rounded down, out of all they have (all but some
    fen where loops of debt would go on raising payments fen by fen). Against the real-valued vector a
    firm in default loses at most a fen for each link it pays and each it receives on from such firms,
    times the passes that money makes through a loop before it leaves.
    Raises :class:`SpecError` for arrays that do not fit each other and negative offers.
    """
    start, supplier, offers = check_links(start, supplier, offers, "netting")
    firms = len(start) - 1
    available = np.ascontiguousarray(available)
    if available.shape != (firms,) or (firms and available.dtype.kind not in "iu"):
        problem = f"has shape {available.shape} and type {available.dtype}"
        raise SpecError("netting", "available", problem, f"{firms} whole numbers of fen")
    available = available.astype(np.int64)
    if float(offers.sum(dtype=np.float64)) + float(np.abs(available).sum(dtype=np.float64)) >= _EXACT:
        raise SpecError("netting", "offers", "with cash add up to 2**53 fen or more", "less money")
    buyer = np.repeat(np.arange(firms, dtype=np.int64), np.diff(start))
    owed, incoming = np.zeros(firms, dtype=np.int64), np.zeros(firms, dtype=np.int64)
    np.add.at(owed, buyer, offers)
    np.add.at(incoming, supplier, offers)
    budget, received, spent = np.zeros((3, firms), dtype=np.int64)
    queue, queued = np.empty(firms, dtype=np.int32), np.zeros(firms, dtype=np.bool_)
    payer = Payer(available, owed, budget, received, spent, queue, queued)
    payment: I64 = np.zeros(len(offers), dtype=np.int64)
    system = _system(start, supplier, offers, available, (owed, incoming))
    _fit(system, offers, payment, payer)
    lower_to_cash(start, supplier, offers, payment, payer)
    raise_to_cash(start, supplier, offers, payment, payer, _VISITS)
    return payment


def _fit(system: System, offers: I64, payment: I64, payer: Payer) -> None:
    """Whole-fen budgets from the real-valued vector, with fen kept back where rounding needs them."""
    kept: F64 = np.zeros(len(payer.budget))
    defaulted: Bool = np.zeros(len(kept), dtype=np.bool_)
    for attempt in range(_SOLUTIONS):
        means = system.assets - kept
        progress = start_progress(system, defaulted)
        solve(system._replace(assets=means, fixed=means), progress, tie=0.0)
        defaulted = progress.defaulted
        # a whole number that missed itself by rounding is still that number
        payer.budget[:] = np.where(defaulted, np.floor(progress.payments + 2.0**-10), payer.offered)
        if pay_budgets(system.start, system.creditor, offers, payment, payer) == 0:
            return
        keep_back(system.start, system.creditor, defaulted, attempt >= 2, payer, kept)
