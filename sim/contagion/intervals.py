"""Intervals of reproduction numbers.

Estimates over runs or seeds use the Bayesian bootstrap (Rubin, "The Bayesian bootstrap", Annals of
Statistics 9, 1981): each run gets an exponential weight, so that no type of seed is ever absent from a draw.
Ends are bias-corrected percentiles (Efron, "Better bootstrap confidence intervals", Journal of the American
Statistical Association 82, 1987). Cohorts of single events use a gamma interval.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv, ndtr, ndtri

from sim.core.columns import F64
from sim.core.errors import SpecError
from sim.core.rng import uniform_rows


def offspring_interval(
    offspring: ArrayLike, squared_shares: float | None = None, interval: float = 0.95
) -> tuple[float, float]:
    """Interval of the mean offspring of a cohort.

    The gamma interval of Fay and Feuer ("Confidence intervals for directly standardized rates: a method
    based on the gamma distribution", Statistics in Medicine 16, 1997) for a weighted sum of counts, which
    offspring is: never below zero and skewed, where a bootstrap of a cohort without children would claim
    [0, 0]. Its variance is the larger of theirs (independent children) and of that between events, since
    the children of one super-spreader come together. A further child weighs one at most. A common shock
    that hits a whole cohort is not covered.

    Parameters
    ----------
    offspring:
        Shape (n,), expected direct offspring of each event.
    squared_shares:
        Sum of the squares of the shares in all children; default: as if each share were one.
    interval:
        Coverage, between 0 and 1.

    Returns
    -------
    tuple
        Low and high; NaN without events.
    """
    counts = np.asarray(offspring, dtype=np.float64)
    n = len(counts)
    if n == 0:
        return np.nan, np.nan
    total = float(counts.sum())
    variance = total if squared_shares is None else squared_shares
    if n > 1:
        variance = max(variance, n * float(counts.var(ddof=1)))
    tail = (1.0 - interval) / 2
    low = 0.0
    if total > 0:
        low = float(variance / total * gammaincinv(total**2 / variance, tail))
    scale = (variance + 1.0) / (total + 1.0)
    high = float(scale * gammaincinv((total + 1.0) ** 2 / (variance + 1.0), 1.0 - tail))
    return low / n, high / n


def bootstrap_weights(seed: int, draws: int, clusters: int, interval: float) -> Iterator[F64]:
    """Bootstrap weights (clusters,) of each draw: standard exponential, keyed by seed and draw.

    Raises :class:`SpecError` for fewer than 100 draws, or an ``interval`` that is not between 0 and 1.
    """
    if draws < 100 or not 0 < interval < 1:
        problem = f"are {draws} and {interval}"
        raise SpecError("bootstrap", "draws, interval", problem, "100 or more draws, between 0 and 1")
    for draw in range(draws):
        uniforms = uniform_rows(seed, "contagion.bootstrap", -(-clusters // 4), draw)
        yield -np.log(uniforms.reshape(-1)[:clusters])


def percentile_ends(draws: F64, value: float, interval: float) -> tuple[float, float]:
    """Low and high: percentiles of draws (b,), shifted by how far the estimate is from their median."""
    same = np.isclose(draws, value, rtol=1e-12, atol=0.0)
    below = ((draws < value) & ~same).mean() + 0.5 * same.mean()
    shift = 2.0 * ndtri(np.clip(below, 0.5 / len(draws), 1.0 - 0.5 / len(draws)))
    tail = ndtri((1.0 - interval) / 2)
    low, high = np.quantile(draws, ndtr([shift + tail, shift - tail]))
    return float(low), float(high)
