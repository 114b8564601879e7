"""Approximate Bayesian computation with regression adjustment, on points that were run before.

A target is taken as the figure of one simulated population with an error of its own, so simulated figures
get the same error before they are compared (Wilkinson, Statistical Applications in Genetics and Molecular
Biology 12, 2013). The nearest points are accepted with Epanechnikov weights, and moved to where a local
regression of the parameters on the figures puts them (Beaumont, Zhang and Balding, Genetics 162, 2002),
residuals scaled by how they spread (Blum and François, Statistics and Computing 20, 2010). Parameters are
regressed as logits of their place in the prior range, so that none leaves it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.simulated import Simulated
from sim.core.columns import F64, I64
from sim.core.rng import stream

#: Points that are accepted for each coefficient of the regression, at least in all, and at most as a share:
#: as few as the regression allows, since it is a line only nearby.
PER_COEFFICIENT, LEAST, MOST = 20, 200, 0.7
#: Copies of each point, with target errors of their own.
COPIES = 4
#: Weight of the ridge on standardised figures, per accepted point (assumption: keeps ties harmless).
_RIDGE = 1e-3
_EDGE = 1e-4
#: Figures further than so many standard deviations from the middle count as so far (ratios of small numbers).
_FAR = 5.0
#: A target beyond nearly all that was simulated counts as the figure at this quantile: regressions are not
#: stretched to where nothing was run.
_OUTER = 0.01
#: Standard deviation of a parameter spread evenly over its range, as a share of the range.
PRIOR_SD = 12**-0.5


@dataclass(frozen=True)
class Posterior:
    """A weighted sample of the parameters that targets leave possible.

    ``shares``: places in the prior ranges, shape (sample, parameters); ``weights``: sum to one;
    ``tolerance``: largest distance accepted, in standard deviations of the figures.
    """

    parameters: tuple[str, ...]
    shares: F64
    weights: F64
    tolerance: float

    def quantiles(self, at: tuple[float, ...]) -> F64:
        """Weighted quantiles by parameter, shape (parameters, quantiles)."""
        return np.array([weighted_quantiles(column, self.weights, at) for column in self.shares.T])

    @property
    def mean(self) -> F64:
        """Mean by parameter."""
        return np.asarray(self.weights @ self.shares)

    @property
    def sd(self) -> F64:
        """Standard deviation by parameter."""
        return np.asarray(np.sqrt(self.weights @ (self.shares - self.mean) ** 2))

    @property
    def correlation(self) -> F64:
        """Correlations of the parameters, shape (parameters, parameters)."""
        centred = (self.shares - self.mean) / np.where(self.sd > 0, self.sd, 1.0)
        return np.asarray(centred.T @ (self.weights[:, None] * centred))

    def draw(self, count: int, seed: int) -> F64:
        """Draws of all parameters together, shape (count, parameters)."""
        chosen = np.random.default_rng(int(stream(seed, "calibration/draw")) % 2**63).choice(
            len(self.weights), size=count, p=self.weights
        )
        return np.asarray(self.shares[chosen])


def infer(points: Simulated, targets: F64, errors: F64, seed: int) -> Posterior:
    """What targets leave possible of the parameters.

    Parameters
    ----------
    points:
        Points spread evenly over the part of the prior ranges that is looked at, all figures defined.
    targets, errors:
        Value of each target and the standard deviation of its error.
    seed:
        Of the errors given to simulated figures.

    Raises
    ------
    ValueError
        With fewer points than twice the parameters and targets, from which nothing can be regressed.
    """
    n, k = points.figures.shape
    if n < 2 * (k + 1):
        raise ValueError(f"{n} points are too few for {k} targets, at least {2 * (k + 1)} are needed")
    generator = np.random.default_rng(int(stream(seed, "calibration/errors")) % 2**63)
    noisy = np.tile(points.figures, (COPIES, 1)) + errors * generator.standard_normal((COPIES * n, k))
    scale = _spread(noisy)
    targets = np.clip(targets, *np.quantile(noisy, (_OUTER, 1 - _OUTER), axis=0))
    z = np.clip((noisy - np.median(noisy, axis=0)) / scale, -_FAR, _FAR)
    z -= np.clip((targets - np.median(noisy, axis=0)) / scale, -_FAR, _FAR)
    distance = np.sqrt((z**2).mean(axis=1))
    count = COPIES * int(min(MOST * n, max(LEAST, PER_COEFFICIENT * (k + 1))))
    near = np.argsort(distance, kind="stable")[:count]
    reach = float(distance[near[-1]]) or 1.0
    weights = np.maximum(1 - (distance[near] / reach) ** 2, 1e-6)
    weights /= weights.sum()
    x, y = z[near], _logit(np.tile(points.shares, (COPIES, 1))[near])
    moved = _adjusted(x, y, weights, near % n)
    return Posterior(points.parameters, 1 / (1 + np.exp(-moved)), weights, reach)


def weighted_quantiles(values: F64, weights: F64, at: tuple[float, ...]) -> F64:
    """Quantiles of a weighted sample, linear between the middles of the weights."""
    order = np.argsort(values, kind="stable")
    steps = np.cumsum(weights[order]) - 0.5 * weights[order]
    return np.asarray(np.interp(at, steps / weights.sum(), values[order]))


def _adjusted(x: F64, y: F64, weights: F64, point: I64) -> F64:
    """Parameters moved to where the figures would be the targets (x = 0).

    Residuals are those that a regression without the own point leaves, and grow by the error of the
    regression at the target: with few points for many figures, plain residuals are too small.
    """
    design = np.column_stack([np.ones(len(x)), x])
    ridge = np.diag(np.r_[0.0, np.full(x.shape[1], _RIDGE)])
    inverse = np.linalg.inv(design.T @ (design * weights[:, None]) + ridge)
    found = inverse @ (design.T @ (weights[:, None] * y))
    own = np.bincount(point, np.einsum("ij,jk,ik->i", design, inverse, design) * weights)[point]
    left = (y - design @ found) / np.maximum(1 - own, 0.2)[:, None]
    sizes = np.bincount(point, weights)
    at_target = inverse[0, 0] * float((sizes**2).sum())
    tilt = inverse @ (design.T @ (weights[:, None] * np.log(left**2 + 1e-8)))
    factor = np.exp(np.clip(-0.5 * (x @ tilt[1:]), -1.0, 1.0)) * np.sqrt(1 + at_target)
    return np.asarray(found[0] + left * factor)


def _spread(figures: F64) -> F64:
    """A robust standard deviation of each figure over the points."""
    middle = np.median(figures, axis=0)
    spread = 1.4826 * np.median(np.abs(figures - middle), axis=0)
    return np.where(spread > 0, spread, np.maximum(figures.std(axis=0), 1e-12))


def _logit(shares: F64) -> F64:
    inner = np.clip(shares, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inner / (1 - inner)))
