"""Compiled parts of the clearing vector: sums, spread of defaults, order of components.

Each firm in default pays the network ``max(0, fixed + rate x receipts)``; every other firm pays all
it owes. Payments among firms in default are one linear system; it is solved by strongly connected
components in the order in which money flows, so that everything outside a component is known when
the component's turn comes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.core.columns import F64, I32, I64, Bool
from sim.core.kernel import kernel, kernel_step


class System(NamedTuple):
    """Debts by debtor, and what each firm can and must pay; n firms, m links, any unit of money."""

    start: I64  # (n + 1,) links of debtor i are start[i] .. start[i + 1] - 1
    creditor: I32  # (m,)
    amount: F64  # (m,) nominal debt of the link
    nominal: F64  # (n,) all a firm owes to the network
    incoming: F64  # (n,) all the network owes to a firm
    claims: F64  # (n,) what must be covered to escape default
    assets: F64  # (n,) what covers it besides receipts
    fixed: F64  # (n,) in default: payment to the network at no receipts
    rate: F64  # (n,) in default: payment to the network per unit of receipts, in [0, 1]
    loss_rate: F64  # (n,) 1 - rate, given apart so that it is exact where it is tiny


class Progress(NamedTuple):
    """The payments found so far and the order in which components are solved."""

    defaulted: Bool  # (n,)
    payments: F64  # (n,) to the network; never below the greatest clearing vector
    receipts: F64  # (n,) from the network
    order: I32  # (n,) firms in default, components contiguous, payers before payees
    size: I32  # (n,) size of the component that begins at this place of ``order``
    component: I32  # (n,) place in ``order`` where the firm's component begins; -1 outside
    local: I32  # (n,) number of a firm inside its component
    number: I32  # (n,) scratch: order of discovery, 0 before it
    lowest: I32  # (n,) scratch: lowest number that can be reached
    stack: I32  # (n,) scratch
    path: I32  # (n,) scratch
    cursor: I64  # (n,) scratch


@kernel
def sum_links(start, creditor, amount, owed, receivable):  # type: ignore[no-untyped-def]
    """Sums by debtor and by creditor; returns (smallest amount, a link to oneself or -1, all finite)."""
    smallest = 0.0
    own = -1
    finite = True
    receivable[:] = 0.0
    for i in range(owed.shape[0]):
        total = 0.0
        for e in range(start[i], start[i + 1]):
            value = amount[e]
            smallest = min(smallest, value)
            total += value
            receivable[creditor[e]] += value
            if creditor[e] == i and value != 0.0:
                own = i
        owed[i] = total
        finite = finite and np.isfinite(total)
    return smallest, own, finite


@kernel_step
def _surely_short(s, v, i, margin):  # type: ignore[no-untyped-def]
    """Whether firm ``i`` falls short by more than rounding of its running sums can explain."""
    scale = s.claims[i] + s.incoming[i] + abs(s.assets[i])
    return s.assets[i] + v.receipts[i] < s.claims[i] - margin * scale


@kernel_step
def _fall(s, v, i):  # type: ignore[no-untyped-def]
    """By how much firm ``i`` pays less, in default, than is noted; fen or the unit of the debts."""
    return v.payments[i] - max(0.0, s.fixed[i] + s.rate[i] * v.receipts[i])


@kernel
def spread(s, v, queued, step, tie, margin):  # type: ignore[no-untyped-def]
    """Let defaults spread from exact receipts, first in first out; returns how many are new.

    A firm defaults if it is short of its claims by more than the share ``tie`` of them (by
    ``margin`` of its sums more once these are running sums). A new default is passed on at once,
    later falls of the payment once they reach the share ``step`` of the firm's debts. Payments
    stay above the greatest vector, so every default found is one; what is missed is found after the
    next exact solution.
    """
    n = s.nominal.shape[0]
    queue = v.stack
    head = 0
    waiting = 0
    added = 0
    for i in range(n):
        fresh = not v.defaulted[i] and s.assets[i] + v.receipts[i] < s.claims[i] * (1.0 - tie)
        if fresh or (v.defaulted[i] and _fall(s, v, i) > step * s.nominal[i]):
            added += fresh
            v.defaulted[i] = True
            queue[waiting] = i
            queued[i] = True
            waiting += 1
    while waiting > 0:
        i = queue[head]
        head = head + 1 if head + 1 < n else 0
        waiting -= 1
        queued[i] = False
        fall = _fall(s, v, i)
        if fall <= 0.0 or s.nominal[i] <= 0.0:
            continue
        v.payments[i] -= fall
        share = fall / s.nominal[i]
        for e in range(s.start[i], s.start[i + 1]):
            j = s.creditor[e]
            v.receipts[j] -= s.amount[e] * share
            if queued[j]:
                continue
            fresh = not v.defaulted[j] and _surely_short(s, v, j, margin)
            if fresh or (v.defaulted[j] and _fall(s, v, j) > step * s.nominal[j]):
                added += fresh
                v.defaulted[j] = True
                tail = head + waiting
                queue[tail if tail < n else tail - n] = j
                queued[j] = True
                waiting += 1
    return added


@kernel_step
def _close_component(v, root, top, place):  # type: ignore[no-untyped-def]
    """Take the component of ``root`` off the stack, to the front of what is ordered so far."""
    last = place
    closed = np.int32(v.number.shape[0] + 1)
    while True:
        top -= 1
        place -= 1
        w = v.stack[top]
        v.order[place] = w
        v.number[w] = closed
        if w == root:
            break
    v.size[place] = last - place
    for position in range(place, last):
        w = v.order[position]
        v.component[w] = place
        v.local[w] = position - place
    return top, place


@kernel
def order_components(s, v):  # type: ignore[no-untyped-def]
    """Strongly connected components of the firms in default (Tarjan 1972); returns their number.

    Tarjan's algorithm finishes payees before payers, so ``order`` is filled from its end.
    """
    n = s.nominal.shape[0]
    total = 0
    for i in range(n):
        v.number[i] = 0
        v.component[i] = -1
        total += v.defaulted[i]
    place = total
    counter = np.int32(0)
    top = 0
    for root in range(n):
        if not v.defaulted[root] or v.number[root] != 0:
            continue
        depth = 0
        fresh = root
        while depth >= 0:
            if fresh >= 0:
                counter += np.int32(1)
                v.number[fresh] = counter
                v.lowest[fresh] = counter
                v.cursor[fresh] = s.start[fresh]
                v.stack[top] = fresh
                top += 1
                v.path[depth] = fresh
                fresh = -1
            u = v.path[depth]
            end = s.start[u + 1]
            e = v.cursor[u]
            lowest = v.lowest[u]
            while e < end:
                w = s.creditor[e]
                e += 1
                if v.defaulted[w]:
                    if v.number[w] == 0:
                        fresh = int(w)
                        break
                    lowest = min(lowest, v.number[w])
            v.cursor[u] = e
            v.lowest[u] = lowest
            if fresh >= 0:
                depth += 1
                continue
            if lowest == v.number[u]:
                top, place = _close_component(v, u, top, place)
            depth -= 1
            if depth >= 0:
                v.lowest[v.path[depth]] = min(v.lowest[v.path[depth]], lowest)
    return total


@kernel_step
def pay(s, v, i):  # type: ignore[no-untyped-def]
    """Credit the payees of firm ``i``, pro rata."""
    if s.nominal[i] > 0.0 and v.payments[i] > 0.0:
        share = v.payments[i] / s.nominal[i]
        for e in range(s.start[i], s.start[i + 1]):
            v.receipts[s.creditor[e]] += s.amount[e] * share


@kernel
def pay_in_full(s, v):  # type: ignore[no-untyped-def]
    """Receipts from all firms that are not in default."""
    v.receipts[:] = 0.0
    for i in range(s.nominal.shape[0]):
        if not v.defaulted[i]:
            for e in range(s.start[i], s.start[i + 1]):
                v.receipts[s.creditor[e]] += s.amount[e]
