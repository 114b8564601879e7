"""A cheap stand-in for the model: each target's mean figure as a smooth function of the parameters.

Used to choose the one set of parameters that a world ships, and to say where targets pull apart; never to
judge a claim, which only runs of the model do. Gaussian processes (Rasmussen and Williams, Gaussian Processes
for Machine Learning, 2006) with a linear trend and a length scale of its own for each parameter: a figure
depends on a few of them, and a process finds which.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, minimize
from scipy.spatial.distance import cdist
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel
from threadpoolctl import threadpool_limits

from calibration.simulated import Box, Simulated
from sim.core.columns import F64, I64
from sim.core.rng import stream

#: Points from which length scales are learnt, at most; all points then fix the function.
_LEARN, _ITERATIONS = 160, 40
#: Figures further than so many robust standard deviations from the middle count as so far.
_FAR = 6.0
#: A figure, or a change plus one, whose outer quantiles lie this many times apart is fitted by its logarithm,
#: after adding this share of the upper one.
_SKEWED, _FLOOR = 4.0, 0.1
_STARTS, _STEPS = 8, 200
#: Width of the loss in standard deviations of a target, and what one more costs far beyond it.
_WIDTH, _FAR_COST = 3.0, 0.2
#: What a place at the very edge of its range costs, in squared misses: half a standard deviation of a target.
_EDGE_COST, _EDGE_POWER = 0.25, 8
#: Points closer than this, root mean square in widths of the box, are one candidate.
_APART = 0.12


@dataclass(frozen=True)
class _Process:
    """One figure: a plane and bumps around the points, of its scaled and perhaps logarithmic values."""

    level: float
    plane: F64
    scales: F64
    shares: F64
    bumps: F64
    centre: float
    spread: float
    shift: float | None

    def __call__(self, shares: F64) -> F64:
        """Values at points of shape (points, parameters)."""
        near = np.exp(-0.5 * cdist(shares / self.scales, self.shares / self.scales, "sqeuclidean"))
        return self._plain(self.level + shares @ self.plane + near @ self.bumps)

    def with_slope(self, share: F64) -> tuple[float, F64]:
        """Value and slopes at one point."""
        away = (self.shares - share) / self.scales
        bumps = self.bumps * np.exp(-0.5 * (away**2).sum(axis=1))
        value = self._plain(self.level + float(share @ self.plane) + float(bumps.sum()))
        slope = self.spread * (self.plane + (bumps @ away) / self.scales)
        return float(value), slope if self.shift is None else slope * float(value + self.shift)

    def _plain(self, scaled: F64 | float) -> F64:
        values = np.asarray(self.centre + self.spread * scaled)
        return values if self.shift is None else np.asarray(np.exp(np.minimum(values, 50.0)) - self.shift)


@dataclass(frozen=True)
class Emulator:
    """Fitted functions by target. ``skill``: share of a figure's variance over points explained in
    leave-one-out prediction; what is left is chance of single runs, and form."""

    processes: tuple[_Process, ...]
    skill: F64

    def figures(self, shares: F64) -> F64:
        """Mean figures at points, shape (points, targets)."""
        return np.column_stack([process(np.atleast_2d(shares)) for process in self.processes])


def emulate(points: Simulated, around: F64 | None = None, seed: int = 1) -> Emulator:
    """Fit to points with all figures defined.

    Length scales and noise maximise the marginal likelihood of at most 160 points: those nearest to
    ``around`` where it is given, else drawn by ``seed``.
    """
    n = len(points.shares)
    if around is None:
        order = np.random.default_rng(int(stream(seed, "calibration/emulator")) % 2**63).permutation(n)
    else:
        order = np.argsort(((points.shares - around) ** 2).sum(axis=1), kind="stable")
    learn = order[:_LEARN]
    with threadpool_limits(1):  # small matrices: threads that wait for each other take far longer
        fitted = [_process(points.shares, column, learn) for column in points.figures.T]
    return Emulator(tuple(one for one, _ in fitted), np.array([skill for _, skill in fitted]))


def _process(shares: F64, column: F64, learn: I64) -> tuple[_Process, float]:
    shift = _shift(column)
    values = column if shift is None else np.log(column + shift)
    centre = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - centre))) or max(float(values.std()), 1e-12)
    scaled = np.clip((values - centre) / spread, -_FAR, _FAR)
    parameters = shares.shape[1]
    start = (
        ConstantKernel(0.5, (1e-3, 1e2)) * DotProduct(1.0, (1e-2, 1e2))
        + ConstantKernel(0.5, (1e-3, 1e2)) * RBF(np.full(parameters, 1.5), (0.15, 20.0))
        + WhiteKernel(0.1, (1e-6, 2.0))
    )
    learner = GaussianProcessRegressor(start, optimizer=_climb)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        learner.fit(shares[learn], scaled[learn])
    found = learner.kernel_
    inverse = np.linalg.inv(found(shares) + 1e-9 * np.eye(len(shares)))
    weights = inverse @ scaled
    left = weights / np.diag(inverse)
    skill = 1.0 - float((left**2).mean() / max(float(scaled.var()), 1e-12))
    line, bump = found.k1.k1, found.k1.k2
    weighted = line.k1.constant_value * weights
    process = _Process(
        float(line.k2.sigma_0**2 * weighted.sum()), weighted @ shares, np.asarray(bump.k2.length_scale),
        shares, bump.k1.constant_value * weights, centre, spread, shift,
    )  # fmt: skip
    return process, skill


def _climb(height: Callable[[F64], tuple[float, F64]], start: F64, bounds: F64) -> tuple[F64, float]:
    """Scikit-learn's own search, ended after some steps: the last digits of a length scale change nothing."""
    ends = Bounds(bounds[:, 0], bounds[:, 1])
    found = minimize(
        height, start, jac=True, method="L-BFGS-B", bounds=ends, options={"maxiter": _ITERATIONS}
    )
    return np.asarray(found.x), float(found.fun)


def _shift(column: F64) -> float | None:
    """What is added before a logarithm (figures near zero must not become far ones); None: no logarithm."""
    for base in (0.0, 1.0):
        low, high = np.quantile(column + base, (0.05, 0.95))
        if (column + base > 0).all() and high > _SKEWED * low:
            return base + _FLOOR * float(high)
    return None


def best_points(
    emulator: Emulator, targets: F64, errors: F64, box: Box, starts: F64, count: int = 1
) -> list[F64]:
    """The points of a box whose emulated figures miss the targets least, best first, none near another.

    Misses count in standard deviations of the target, squared near it and ever less beyond (Welsch's loss of
    width three, and a small part of a linear one), so that as many targets as possible are met and one that
    cannot be met does not spoil the others. Places within a tenth of an edge of a prior range cost a little:
    a number that targets do not press against its bound stays off it. Searched from the best of ``starts``,
    shape (points, parameters).
    """

    def losses(shares: F64) -> F64:
        """What places miss, all at once; shape (places,)."""
        off = _EDGE_COST * (np.abs(2 * shares - 1) ** _EDGE_POWER).sum(axis=1)
        return np.asarray(loss_of((emulator.figures(shares) - targets) / errors)[0].sum(axis=1) + off)

    def both(share: F64) -> tuple[float, F64]:
        """What one place misses, and the slope of that."""
        found = [process.with_slope(share) for process in emulator.processes]
        loss, steep = loss_of((np.array([value for value, _ in found]) - targets) / errors)
        place = 2 * share - 1
        off = _EDGE_COST * np.abs(place) ** _EDGE_POWER
        slope = (steep / errors) @ np.array([one for _, one in found])
        edge = 2 * _EDGE_POWER * _EDGE_COST * np.sign(place) * np.abs(place) ** (_EDGE_POWER - 1)
        return float(loss.sum() + off.sum()), slope + edge

    inside = np.clip(starts, box[:, 0], box[:, 1])
    apart = _APART * float((box[:, 1] - box[:, 0]).mean())
    ranked = _far_apart(inside[np.argsort(losses(inside), kind="stable")], apart)[:_STARTS]
    bounds = [(float(low), float(high)) for low, high in box]
    with threadpool_limits(1):
        found = [
            minimize(both, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _STEPS})
            for start in ranked
        ]
    ends = np.array([one.x for one in sorted(found, key=lambda one: float(one.fun))])
    return _far_apart(ends, apart)[:count]


def _far_apart(points: F64, apart: float) -> list[F64]:
    """Points in their order, without those that are near an earlier one."""
    chosen: list[F64] = []
    for point in points:
        if all(float(np.sqrt(((point - other) ** 2).mean())) > apart for other in chosen):
            chosen.append(point)
    return chosen


def loss_of(miss: F64) -> tuple[F64, F64]:
    """Losses of misses in standard deviations, and their slopes."""
    inner, root = np.exp(-((miss / _WIDTH) ** 2)), np.sqrt(1.0 + miss**2)
    loss = _WIDTH**2 * (1.0 - inner) + _FAR_COST * (root - 1.0)
    return np.asarray(loss), np.asarray(2.0 * miss * inner + _FAR_COST * miss / root)
