"""Payments inside one large component of firms in default: x = max(0, constant + weight x).

Gauss-Seidel sweeps along the order in which money first reaches the firms, each followed by one
exact rescaling: what enters the component must leave it. The rescaling removes the slow mode of a
nearly closed loop. Where sweeps would still take too long, a sparse factorisation or GMRES solves
the system, refined in extended precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.linalg import gmres, splu

from sim.contagion.clearing_kernels import Progress, System
from sim.core.columns import F64, I32, I64, Bool
from sim.core.kernel import kernel, kernel_step

ACCURACY = 1e-14  # estimated relative distance to the solution at which sweeps stop
_ROUNDING = 1e-13  # relative changes below this no longer tell the rate of convergence
_SWEEPS = 400  # sweeps that cost about as much as the next best method
_FACTORED = 6_000  # components up to this size are factorised: their fill-in stays below 300 MB


class Component(NamedTuple):
    """One component by receiver: firm a receives weight x payment of source, for its links."""

    pointer: I64  # (k + 1,)
    source: I32  # (links,)
    weight: F64  # (links,)
    constant: F64  # (k,)
    leak: F64  # (k,) 1 - column sum of weight, never computed as a difference
    x: F64  # (k,) payments


@kernel
def _count_incoming(s, v, first, pointer):  # type: ignore[no-untyped-def]
    pointer[:] = 0
    for place in range(first, first + v.size[first]):
        i = v.order[place]
        for e in range(s.start[i], s.start[i + 1]):
            j = s.creditor[e]
            if v.component[j] == first:
                pointer[v.local[j] + 1] += 1
    for a in range(v.size[first]):
        pointer[a + 1] += pointer[a]


@kernel
def _fill_incoming(s, v, first, c, cursor):  # type: ignore[no-untyped-def]
    for b in range(v.size[first]):
        cursor[b] = c.pointer[b]
    for b in range(v.size[first]):
        i = v.order[first + b]
        c.constant[b] = s.fixed[i] + s.rate[i] * v.receipts[i]
        c.x[b] = v.payments[i]
        leak = 0.0
        for e in range(s.start[i], s.start[i + 1]):
            j = s.creditor[e]
            share = s.amount[e] / s.nominal[i]
            if v.component[j] == first:
                at = cursor[v.local[j]]
                cursor[v.local[j]] = at + 1
                c.source[at] = b
                c.weight[at] = share * s.rate[j]
                leak += share * s.loss_rate[j]
            else:
                leak += share
        c.leak[b] = leak


@kernel_step
def _sweep(c):  # type: ignore[no-untyped-def]
    """One Gauss-Seidel sweep; returns (largest relative change, whether every firm pays)."""
    change = 0.0
    all_pay = True
    for a in range(c.x.shape[0]):
        value = c.constant[a]
        for e in range(c.pointer[a], c.pointer[a + 1]):
            value += c.weight[e] * c.x[c.source[e]]
        if value <= 0.0:
            value = 0.0
            all_pay = False
        largest = max(value, c.x[a])
        if largest > 0.0:
            change = max(change, abs(value - c.x[a]) / largest)
        c.x[a] = value
    return change, all_pay


@kernel
def relax(c, sweeps, accuracy):  # type: ignore[no-untyped-def]
    """Sweep until the estimated distance to the solution is below ``accuracy``.

    With changes shrinking by a factor r a sweep, the distance is r / (1 - r) of the last change.
    Returns the number of sweeps, or -1 where the number left is forecast to exceed ``sweeps``.
    """
    entering = 0.0
    for a in range(c.x.shape[0]):
        entering += c.constant[a]
    before = np.inf
    shrink = 1.0
    for done in range(1, sweeps + 1):
        change, all_pay = _sweep(c)
        if all_pay and entering > 0.0:
            leaving = 0.0
            for a in range(c.x.shape[0]):
                leaving += c.leak[a] * c.x[a]
            if leaving > 0.0 and abs(entering - leaving) > 4e-16 * leaving:
                for a in range(c.x.shape[0]):
                    c.x[a] *= entering / leaving
        if change <= _ROUNDING and (change == 0.0 or change >= before):
            return done
        if change > _ROUNDING:  # the slower of the last factors, so that one lucky sweep ends nothing
            shrink = max(change / before, 0.5 * shrink)
        before = change
        if shrink < 1.0 and change * shrink <= accuracy * (1.0 - shrink):
            return done
        if done >= 20 and (shrink >= 1.0 or done + np.log(accuracy / change) / np.log(shrink) > sweeps):
            return -1
    return -1


def extract(s: System, v: Progress, first: int) -> Component:
    """The component that begins at place ``first`` of ``v.order``."""
    size = int(v.size[first])
    pointer = np.empty(size + 1, dtype=np.int64)
    _count_incoming(s, v, first, pointer)
    links = int(pointer[-1])
    columns = [np.empty(size) for _ in range(3)]
    found = Component(pointer, np.empty(links, dtype=np.int32), np.empty(links), *columns)
    _fill_incoming(s, v, first, found, np.empty(size, dtype=np.int64))
    return found


def _refined(weight: csr_array, leak: F64, constant: F64, inverse: Callable[[F64], F64]) -> F64 | None:
    """Solve x = constant + weight x with an approximate inverse of 1 - weight; None if that fails.

    Residuals are taken in extended precision with the diagonal rebuilt from leak and weights, so that
    refinement keeps the digits that a nearly closed loop loses in 1 - weight (Higham 2002, ch. 12).
    """
    long = weight.astype(np.longdouble)
    diagonal = leak + long.sum(axis=0)
    x = np.zeros(len(constant), dtype=np.longdouble)
    scale = max(float(np.abs(constant).max(initial=0.0)), 1e-300)
    before = np.inf
    for _ in range(12):
        residual = (constant + long @ x - diagonal * x) / scale
        step = inverse(residual.astype(np.float64)) * scale
        if not np.isfinite(step).all():
            return None
        x += step
        change = float(np.max(np.abs(step) / np.maximum(np.abs(x), 1e-300), initial=0.0))
        if change <= 1e-15 or change > 0.5 * before:  # exact, or at the limit of extended precision
            break
        before = change
    return np.asarray(x, dtype=np.float64) if change <= 1e-9 else None


def _linear(c: Component, paying: Bool) -> F64:
    """Payments if exactly the firms ``paying`` pay: GMRES (Saad and Schultz 1986) or factors."""
    size = len(c.x)
    at = np.flatnonzero(paying)
    whole = csr_array((c.weight, c.source, c.pointer), shape=(size, size))
    weight = whole[at][:, at]
    leak = c.leak[at] + whole[np.flatnonzero(~paying)][:, at].sum(axis=0)
    matrix = (eye_array(len(at)) - weight).tocsc()
    found = None
    if len(at) > _FACTORED:
        found = _refined(weight, leak, c.constant[at], lambda right: _krylov(matrix, right))
    if found is None:
        factors = splu(matrix)
        found = _refined(weight, leak, c.constant[at], factors.solve)
    if found is None:
        found = np.asarray(factors.solve(c.constant[at]))
    solution: F64 = np.zeros(size)
    solution[at] = found
    return solution


def _krylov(matrix: csc_array, right: F64) -> F64:
    """Solution of ``matrix`` x = ``right`` to a relative residual of 1e-6; not a number if that fails."""
    solution, failed = gmres(matrix, right, rtol=1e-6, restart=50, maxiter=4)
    return np.full(len(right), np.nan) if failed else np.asarray(solution)


def _by_factors(c: Component) -> F64:
    """Solution by sparse algebra, with policy iteration over the firms that pay at all."""
    size = len(c.x)
    weight = csr_array((c.weight, c.source, c.pointer), shape=(size, size))
    paying: Bool = np.full(size, True) if c.constant.min() >= 0.0 else c.constant > 0.0
    while True:
        x = np.maximum(_linear(c, paying), 0.0)
        able = c.constant + weight @ x > 0.0
        if not (able & ~paying).any():
            return x
        paying = paying | able


def solve_large(s: System, v: Progress, first: int) -> None:
    """Write the payments of the large component at place ``first`` into ``v.payments``."""
    c = extract(s, v, first)
    members = v.order[first : first + len(c.x)]
    if c.constant.max() <= 0.0:
        if c.leak.any() or c.constant.any():
            c.x[:] = 0.0  # no money enters
    elif relax(c, _SWEEPS, ACCURACY) < 0:
        c.x[:] = _by_factors(c)
    v.payments[members] = np.minimum(c.x, s.nominal[members])
