"""How much output a unit of lost output can cost others: Leontief multipliers as certified bounds.

Losses that are not sent on yet can cause at most (unsent loss) x (multiplier), which tells when a
cascade may be cut. The multiplier is the row vector of Leontief's inverse weighted by output shares,

    v = w + diag(r) T v,   onward = T v

with T[j, i] the share of firm j in firm i's inputs (or orders), w the output weights and r the share of
j's loss that is felt. A vector v >= w + diag(r) T v is an upper bound of the solution (T >= 0), so an iterate
that is nearly still becomes a certificate after scaling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.columns import F64, Bool

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: An iterate counts as still when no firm's bound grows by more than this part of its weight.
STILL = 0.05
MOST_STEPS = 3_000
#: Steps after which growth that has not fallen by a thousandth shows that nothing leaks out.
PATIENCE = 50
#: Steps that rank firms for which there is no bound (assumption).
RANKING_STEPS = 8


def onward_bound(links: csr_array, weight: F64, felt: F64 | None = None) -> tuple[F64, Bool]:
    """Bound on the weighted loss in others per unit of loss sent by each firm.

    Parameters
    ----------
    links:
        T, rows are senders; entries from 0, shape (n, n).
    weight:
        Output weights w, from 0, shape (n,).
    felt:
        Upper bound r of the share of each firm's loss that is felt; None for 1, shape (n,).

    Returns
    -------
    tuple[F64, Bool]
        ``onward`` and whether it is a bound, shapes (n,). It is none where losses can enter a circle of
        firms from which nothing leaks (or leaks so slowly that 3,000 steps do not show it); there
        ``onward`` is the sum of the first eight steps, at most 1, good for ranking only.
    """
    present = weight > 0.0
    scale = np.where(present, weight, 1.0)
    value = weight.astype(np.float64)
    first_steps = value
    growth = value
    worst = np.inf
    for step in range(1, MOST_STEPS + 1):
        growth = links @ growth
        if felt is not None:
            growth = felt * growth
        value = value + growth
        if step <= RANKING_STEPS:
            first_steps = value
        if step % PATIENCE and step > PATIENCE:
            continue
        largest = float((growth[present] / scale[present]).max(initial=0.0))
        if largest <= STILL:
            break
        if step % PATIENCE == 0:
            if largest > 0.999 * worst:
                break
            worst = largest
    bounded = _leaking(links, (growth <= STILL * scale) | ~present)
    part = (growth / scale)[present & bounded]
    certified = (value - growth) / (1.0 - float(part.max(initial=0.0)))
    ranked = np.minimum(first_steps, 1.0)
    onward = np.where(bounded, links @ np.where(bounded, certified, 0.0), links @ ranked)
    return onward, bounded


def _leaking(links: csr_array, still: Bool) -> Bool:
    """Firms that reach only firms where ``still`` holds."""
    bounded = still.copy()
    while True:
        tainted = (links @ (~bounded).astype(np.float64)) > 0.0
        shrunk = bounded & ~tainted
        if shrunk.sum() == bounded.sum():
            return bounded
        bounded = shrunk
