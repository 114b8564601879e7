"""Cash-free set-off: debts that form a cycle cancel one another, to the fen.

Direction: a link runs from debtor to creditor. Multilateral set-off of trade debts as in Fleischman,
Dini and Littera (2020, Journal of Risk and Financial Management 13:295).
"""

from __future__ import annotations

import numpy as np

from sim.core.columns import I32, I64, Bool
from sim.core.errors import SpecError
from sim.core.kernel import kernel, kernel_step


@kernel_step
def _cancel(rest, path_link, bottom, top):  # type: ignore[no-untyped-def]
    """Cancel the cycle of path links ``bottom .. top - 1``; returns the lowest that is used up."""
    least = rest[path_link[bottom]]
    for k in range(bottom + 1, top):
        least = min(least, rest[path_link[k]])
    lowest = top
    for k in range(top - 1, bottom - 1, -1):
        e = path_link[k]
        rest[e] -= least
        if rest[e] == 0:
            lowest = k
    return lowest


@kernel
def cancel_cycles(start, creditor, rest, cursor, place, path, path_link):  # type: ignore[no-untyped-def]
    """Cancel cycles in ``rest`` until none is left, depth first from firm 0 on.

    ``rest`` (m,) open amounts, sorted by debtor, changed in place. ``cursor`` (n,) int64 is the
    first link of each firm that may still be part of a cycle, ``place`` (n,) int32 the firm's place
    on the path plus one, 0 off it, -1 once no cycle leads through it. ``path`` and ``path_link``
    (n,) are scratch. Each cycle uses up a link and each link is passed by at most once after that.
    """
    n = start.shape[0] - 1
    for i in range(n):
        cursor[i] = start[i]
        place[i] = 0
    for root in range(n):
        if place[root] != 0:
            continue
        top = 0
        path[0] = root
        place[root] = 1
        while top >= 0:
            u = path[top]
            e = cursor[u]
            end = start[u + 1]
            while e < end and (rest[e] == 0 or place[creditor[e]] < 0):
                e += 1
            cursor[u] = e
            if e == end:
                place[u] = -1
                top -= 1
                continue
            path_link[top] = e
            v = creditor[e]
            if place[v] == 0:
                top += 1
                path[top] = v
                place[v] = top + 1
                continue
            keep = _cancel(rest, path_link, place[v] - 1, top + 1)
            for k in range(keep + 1, top + 1):
                place[path[k]] = 0
            top = keep


@kernel
def _group_by_debtor(start, debtor, by_amount, cursor, order):  # type: ignore[no-untyped-def]
    """Links by debtor, in the order of ``by_amount`` within each."""
    for i in range(cursor.shape[0]):
        cursor[i] = start[i]
    for k in range(by_amount.shape[0]):
        e = by_amount[k]
        order[cursor[debtor[e]]] = e
        cursor[debtor[e]] += 1


def set_off(start: I64, creditor: I32, amount: I64) -> I64:
    """Amounts that cancel on each link, whole fen, (m,).

    Parameters
    ----------
    start, creditor:
        Links of debtor i are ``start[i] .. start[i + 1] - 1``; shapes (n + 1,) and (m,).
    amount:
        (m,) open debts in fen.

    Every firm's cancelled debts equal its cancelled claims, no link cancels more than its amount, and
    no cycle of open debts remains. Greedy and deterministic, each firm's largest debts first; the most
    that could be cancelled is the solution of a linear programme.
    Raises :class:`SpecError` for arrays that do not fit each other and negative amounts.
    """
    start, creditor, amount = check_links(start, creditor, amount, "set_off")
    firms = len(start) - 1
    debtor = np.repeat(np.arange(firms, dtype=np.int64), np.diff(start))
    order, cursor = np.empty_like(debtor), np.empty(firms, dtype=np.int64)
    _group_by_debtor(start, debtor, np.argsort(-amount, kind="stable"), cursor, order)
    rest = amount[order]
    place, path = np.empty(firms, dtype=np.int32), np.empty(firms, dtype=np.int32)
    cancel_cycles(start, creditor[order], rest, cursor, place, path, np.empty(firms, dtype=np.int64))
    cancelled = np.empty_like(amount)
    cancelled[order] = amount[order] - rest
    return cancelled


def check_links(start: I64, creditor: I32, amount: I64, source: str) -> tuple[I64, I32, I64]:
    """The three arrays as contiguous int64, int32 and int64; :class:`SpecError` if they do not fit."""
    start = np.ascontiguousarray(start)
    creditor, amount = np.ascontiguousarray(creditor), np.ascontiguousarray(amount)
    for name, array in (("start", start), ("creditor", creditor), ("amount", amount)):
        if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
            problem = f"has {array.ndim} dimensions and type {array.dtype}"
            raise SpecError(source, name, problem, "a vector of whole numbers")
    links = len(creditor)
    fits: Bool = np.diff(start) >= 0
    if len(start) == 0 or start[0] != 0 or start[-1] != links or not fits.all():
        raise SpecError(source, "start", "does not rise from 0 to the number of links", "0 .. links")
    if len(amount) != links:
        raise SpecError(source, "amount", f"has {len(amount)} entries for {links} links", "one a link")
    if links and (creditor.min() < 0 or creditor.max() >= len(start) - 1):
        raise SpecError(source, "creditor", "names a firm that does not exist", f"0 to {len(start) - 2}")
    if links and amount.min() < 0:
        raise SpecError(source, "amount", f"holds {amount.min()} fen", "amounts of at least 0")
    return start.astype(np.int64), creditor.astype(np.int32), amount.astype(np.int64)
