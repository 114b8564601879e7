"""Closed forms against which cascades are checked, on Poisson (Erdos-Renyi) random graphs.

``z`` is the mean degree throughout (claims held a firm on a directed graph).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaln
from scipy.stats import poisson

from sim.contagion.cascades import TOLERANCE
from sim.core.errors import SpecError

_PRECISION = 4 * np.finfo(np.float64).eps


def vulnerable_degree(capital: float, exposure: float, *, strict: bool = True) -> int:
    """Most debtors among which ``exposure`` can be split evenly so that one failure breaks the firm.

    Gai and Kapadia (2010): broken when ``exposure / degree > capital`` (``>=`` unless ``strict``),
    equality within :data:`sim.contagion.cascades.TOLERANCE`. Watts (2002): ``exposure=1``, ``capital``
    is the threshold, ``strict=False``.
    """
    if not (capital > 0 and exposure > 0):
        raise SpecError("vulnerable_degree", "", f"capital {capital} and exposure {exposure}", "above 0")
    limit = capital * (1 + TOLERANCE) if strict else capital * (1 - TOLERANCE)
    degree = math.floor(exposure / limit) + 1
    while degree > 0 and not (exposure / degree > limit):
        degree -= 1
    return degree


def offspring(z: float, degree: int, *, directed: bool = True) -> float:
    """Mean number of firms that a failed vulnerable firm breaks on its own, in a large Poisson graph.

    Directed (Gai and Kapadia 2010): ``z P(Poisson(z) <= degree - 1)``. Undirected (Watts 2002), where
    the link of arrival is spent: ``z P(Poisson(z) <= degree - 2)``.
    """
    return float(z * poisson.cdf(degree - (1 if directed else 2), z))


def cascade_window(degree: int, *, directed: bool = True) -> tuple[float, float] | None:
    """Mean degrees between which a single failure can bring down a finite share of a large graph.

    The two roots of ``offspring(z, degree) = 1``; None where there is no such z.
    """
    top = minimize_scalar(lambda z: -offspring(z, degree, directed=directed), bounds=(0.0, degree + 1.0))
    peak = float(top.x)
    if degree < 1 or offspring(peak, degree, directed=directed) <= 1:
        return None

    def excess(z: float) -> float:
        return offspring(z, degree, directed=directed) - 1

    high = peak
    while excess(high) > 0:
        high *= 2
    return (
        float(brentq(excess, 0.0, peak, xtol=1e-13, rtol=_PRECISION)),
        float(brentq(excess, peak, high, xtol=1e-13, rtol=_PRECISION)),
    )


def cascade_probability(z: float, degree: int, *, directed: bool = True) -> float:
    """Probability that one random failure sets off a system-wide cascade, in a large Poisson graph.

    The seed breaks the giant cluster of vulnerable firms, or nobody much. Directed: the largest root
    of ``S = 1 - exp(-z v S)``, ``v = P(Poisson(z) <= degree - 1)`` (Gai and Kapadia 2010).
    Undirected: ``S = 1 - exp(-z u)`` with ``u = sum_{m <= degree - 1} p_m (1 - (1 - u)^m)``, ``p`` the
    Poisson law (Watts 2002, extended vulnerable cluster).
    """
    if offspring(z, degree, directed=directed) <= 1:
        return 0.0
    if directed:
        return final_size(offspring(z, degree))
    spread = np.arange(degree)
    chance = poisson.pmf(spread, z)

    def gap(u: float) -> float:
        return float((chance * -np.expm1(spread * np.log1p(-u))).sum()) - u

    low = 1e-12
    if gap(low) <= 0:  # barely above the critical point
        return 0.0
    return float(-math.expm1(-z * brentq(gap, low, 1 - 1e-15, xtol=1e-15, rtol=_PRECISION)))


def final_size(r0: float) -> float:
    """Share infected in a large epidemic: the largest root of ``x = 1 - exp(-r0 x)``.

    Kermack and McKendrick, *Proceedings of the Royal Society A* 115, 700-721 (1927); also the giant
    out-component of a directed Poisson graph and the size of Reed-Frost outbreaks (Newman, *Physical
    Review E* 66, 016128, 2002). 0 up to ``r0 = 1``.
    """
    if not (math.isfinite(r0) and r0 >= 0):
        raise SpecError("final_size", "r0", f"is {r0}", "a number of 0 or more")
    if r0 <= 1:
        return 0.0
    below = 2 * (r0 - 1) / r0**2 * (1 - 1e-9)  # from exp(-x) <= 1 - x + x**2 / 2
    return float(brentq(lambda x: -math.expm1(-r0 * x) - x, below, 1.0, xtol=1e-15, rtol=_PRECISION))


def borel_pmf(sizes: ArrayLike, mu: float) -> NDArray[np.float64]:
    """Probability that one failure ends as a cascade of ``sizes`` firms, each breaking Poisson(mu).

    ``exp(-mu n) (mu n)^(n-1) / n!``, n = 1, 2, ... (Borel, *Comptes rendus* 214, 452-456, 1942;
    Otter, *Annals of Mathematical Statistics* 20, 206-224, 1949). Mean ``1 / (1 - mu)``, variance
    ``mu / (1 - mu)^3``.
    """
    if not 0 < mu <= 1:
        raise SpecError("borel_pmf", "mu", f"is {mu}", "above 0, at most 1")
    n = np.asarray(sizes, dtype=np.float64)
    if ((n < 1) | (n != np.floor(n))).any():
        raise SpecError("borel_pmf", "sizes", "are not all whole numbers from 1", "1, 2, ...")
    return np.asarray(np.exp(-mu * n + (n - 1) * np.log(mu * n) - gammaln(n + 1)), dtype=np.float64)
