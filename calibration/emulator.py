"""A cheap stand-in for the model: each target's mean figure as a quadratic function of the parameters.

Used to choose the one set of parameters that a world ships, and to say where targets pull apart; never to
judge a claim, which only runs of the model do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from calibration.simulated import Box, Simulated
from sim.core.columns import F64

_ALPHAS = tuple(10.0**power for power in range(-2, 5))
_STARTS = 6
#: Distance at which a point weighs 60 % in a fit around another, in widths of the box; least weight.
_NEAR, _FLOOR = 0.1, 1e-4


@dataclass(frozen=True)
class Emulator:
    """Fitted functions by target. ``skill``: share of a figure's variance over points explained in
    leave-one-out prediction; what is left is chance of single runs, and form."""

    models: tuple[Pipeline, ...]
    centre: F64
    spread: F64
    skill: F64

    def figures(self, shares: F64) -> F64:
        """Mean figures at points, shape (points, targets)."""
        scaled = np.column_stack([model.predict(np.atleast_2d(shares)) for model in self.models])
        return np.asarray(self.centre + self.spread * scaled)


def emulate(points: Simulated, around: F64 | None = None, box: Box | None = None) -> Emulator:
    """Fit by ridge regression to points with all figures defined; the ridge by leave-one-out error.

    ``around``: a point near which the fit should be good; others weigh less by their distance from it, in
    widths of ``box`` (by default, of the prior ranges).
    """
    weights = np.ones(len(points.shares))
    if around is not None:
        width = 1.0 if box is None else box[:, 1] - box[:, 0]
        distance = np.sqrt((((points.shares - around) / width) ** 2).mean(axis=1))
        weights = np.exp(-0.5 * (distance / _NEAR) ** 2) + _FLOOR
    centre = points.figures.mean(axis=0)
    spread = np.maximum(points.figures.std(axis=0), 1e-12)
    models, skill = [], []
    for column in ((points.figures - centre) / spread).T:
        regression = RidgeCV(_ALPHAS, scoring="neg_mean_squared_error")
        model = make_pipeline(PolynomialFeatures(2, include_bias=False), StandardScaler(), regression)
        model.fit(points.shares, column, ridgecv__sample_weight=weights)
        skill.append(1.0 + float(regression.best_score_))
        models.append(model)
    return Emulator(tuple(models), centre, spread, np.array(skill))


def best_point(emulator: Emulator, targets: F64, errors: F64, box: Box, starts: F64) -> F64:
    """The point of a box whose emulated figures miss the targets least.

    Minimises a robust sum of misses in standard deviations of the targets (pseudo-Huber, so that a target
    that cannot be met does not spoil the others), from the best of ``starts``, shape (points, parameters).
    """

    def loss(shares: F64) -> float:
        miss = (emulator.figures(shares[None, :])[0] - targets) / errors
        return float(np.sum(2 * (np.sqrt(1 + miss**2 / 2) - 1) * 2))

    ranked = sorted(np.clip(starts, box[:, 0], box[:, 1]), key=loss)[:_STARTS]
    bounds = [(float(low), float(high)) for low, high in box]
    found = [minimize(loss, start, method="L-BFGS-B", bounds=bounds) for start in ranked]
    return np.asarray(min(found, key=lambda one: float(one.fun)).x)
