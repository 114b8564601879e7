"""Exact payments of firms in default, component by component; small components densely."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.contagion.clearing_kernels import pay
from sim.core.columns import F64, Bool
from sim.core.kernel import kernel, kernel_step

SMALL = 48  # largest component that is eliminated densely; larger ones are relaxed sparsely
_TINY = 1e-300


class Dense(NamedTuple):
    """Room for one small system x = max(0, constant + weight x)."""

    weight: F64  # (SMALL, SMALL) what row receives per unit that column pays, times the row's rate
    work: F64  # (SMALL, SMALL)
    leak: F64  # (SMALL,) 1 - column sum of weight, never computed as a difference
    constant: F64  # (SMALL,)
    x: F64  # (SMALL,)
    work_leak: F64  # (SMALL,)
    work_constant: F64  # (SMALL,)
    paying: Bool  # (SMALL,) firms whose payment is above zero


def dense_room() -> Dense:
    """Scratch for :func:`settle`."""
    weight, work = np.zeros((2, SMALL, SMALL))
    leak, constant, x, work_leak, work_constant = np.zeros((5, SMALL))
    paying = np.zeros(SMALL, dtype=np.bool_)
    return Dense(weight, work, leak, constant, x, work_leak, work_constant, paying)


@kernel_step
def _load(s, v, d, first, size):  # type: ignore[no-untyped-def]
    """Write the component at ``first`` into ``d``; returns whether no constant is negative."""
    positive = True
    for b in range(size):
        for a in range(size):
            d.weight[a, b] = 0.0
    for b in range(size):
        i = v.order[first + b]
        d.constant[b] = s.fixed[i] + s.rate[i] * v.receipts[i]
        positive = positive and d.constant[b] >= 0.0
        leak = 0.0
        for e in range(s.start[i], s.start[i + 1]):
            j = s.creditor[e]
            share = s.amount[e] / s.nominal[i]
            if v.component[j] == first:
                d.weight[v.local[j], b] += share * s.rate[j]
                leak += share * s.loss_rate[j]
            else:
                leak += share
        d.leak[b] = leak
    return positive


@kernel_step
def _reduce(d, size):  # type: ignore[no-untyped-def]
    """Copy the system with firms that pay nothing taken out: their rows and columns vanish."""
    for b in range(size):
        d.work_leak[b] = d.leak[b]
        d.work_constant[b] = d.constant[b] if d.paying[b] else 0.0
        for a in range(size):
            inside = d.paying[a] and d.paying[b]
            d.work[a, b] = d.weight[a, b] if inside else 0.0
            if not d.paying[a]:
                d.work_leak[b] += d.weight[a, b]
        if not d.paying[b]:
            d.work_leak[b] = 1.0


@kernel_step
def _eliminate(s, v, d, first, size):  # type: ignore[no-untyped-def]
    """Solve x = work_constant + work x by elimination without subtraction.

    The diagonal is rebuilt from what leaves each column (Grassmann, Taksar and Heyman 1985; Alfa,
    Xue and Ye 2002), so that nearly closed loops lose no digits.
    """
    for k in range(size - 1, 0, -1):
        pivot = d.work_leak[k]
        for a in range(k):
            pivot += d.work[a, k]
        pivot = max(pivot, _TINY)
        d.work_constant[k] /= pivot
        for b in range(k):
            ratio = d.work[k, b] / pivot
            d.work[k, b] = ratio
            if ratio > 0.0:
                d.work_leak[b] += d.work_leak[k] * ratio
                for a in range(k):
                    if a != b:
                        d.work[a, b] += d.work[a, k] * ratio
        for a in range(k):
            d.work_constant[a] += d.work[a, k] * d.work_constant[k]
    if d.work_leak[0] > 0.0:
        d.x[0] = d.work_constant[0] / d.work_leak[0]
    else:  # nothing leaves and nothing enters: any level is a solution, the known bound is the greatest
        d.x[0] = v.payments[v.order[first]]
    for k in range(1, size):
        d.x[k] = d.work_constant[k]
        for b in range(k):
            d.x[k] += d.work[k, b] * d.x[b]


@kernel_step
def _solve_small(s, v, d, first, size):  # type: ignore[no-untyped-def]
    """Payments of a small component.

    With senior claims some firms may pay the network nothing. Starting from the firms that can pay
    without receipts, those that can pay out of what they now receive are added (policy iteration,
    Howard 1960): payments only rise, so at most ``size`` solutions are needed.
    """
    positive = _load(s, v, d, first, size)
    for a in range(size):
        d.paying[a] = positive or d.constant[a] > 0.0
        d.x[a] = 0.0
    for _ in range(size + 1):
        _reduce(d, size)
        _eliminate(s, v, d, first, size)
        added = 0
        for a in range(size):
            if not d.paying[a]:
                d.x[a] = 0.0
        for a in range(size):
            if not d.paying[a]:
                value = d.constant[a]
                for b in range(size):
                    value += d.weight[a, b] * d.x[b]
                if value > 0.0:
                    d.paying[a] = True
                    added += 1
        if added == 0:
            break
    for a in range(size):
        i = v.order[first + a]
        v.payments[i] = min(s.nominal[i], max(0.0, d.x[a]))


@kernel
def settle(s, v, d, first, total):  # type: ignore[no-untyped-def]
    """Settle components from place ``first`` on; stops at a large one and returns its place."""
    while first < total:
        size = v.size[first]
        if size > SMALL:
            return first
        if size == 1:
            i = v.order[first]
            v.payments[i] = min(s.nominal[i], max(0.0, s.fixed[i] + s.rate[i] * v.receipts[i]))
        else:
            _solve_small(s, v, d, first, size)
        for place in range(first, first + size):
            pay(s, v, v.order[place])
        first += size
    return total


@kernel
def pay_component(s, v, first):  # type: ignore[no-untyped-def]
    """Credit the payees of all firms of the component at ``first``; returns the place after it."""
    for place in range(first, first + v.size[first]):
        pay(s, v, v.order[place])
    return first + v.size[first]
