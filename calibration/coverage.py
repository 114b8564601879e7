"""Whether intervals hold what they say, on made-up truths: points of the table taken as if observed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from calibration.posterior import infer
from calibration.simulated import Simulated
from sim.core.columns import F64
from sim.core.rng import stream

#: What 90 % intervals over made-up truths may hold.
PASSES = (0.86, 0.94)


@dataclass(frozen=True)
class Coverage:
    """Share of made-up truths inside their 90 % intervals: of each parameter, and over all.

    ``width``: mean width of the intervals as a share of the prior range; ``truths``: how many.
    """

    parameters: tuple[str, ...]
    share: F64
    width: F64
    truths: int

    @property
    def all(self) -> float:
        """Over all parameters."""
        return float(self.share.mean())

    @property
    def passed(self) -> bool:
        """Whether that is between 86 and 94 %."""
        return PASSES[0] <= self.all <= PASSES[1]


def coverage(points: Simulated, errors: F64, seed: int, truths: int = 200) -> Coverage:
    """Take points in turn as the truth, their figures with errors as targets, and infer from the others.

    Truths are drawn from all points given, so that coverage is over the region that is looked at (Prangle and
    others, Australian and New Zealand Journal of Statistics 56, 2014). Raises as
    :func:`calibration.posterior.infer`.
    """
    n = len(points.shares)
    generator = np.random.default_rng(int(stream(seed, "calibration/truths")) % 2**63)
    chosen = generator.permutation(n)[:truths]
    inside = np.zeros((len(chosen), len(points.parameters)))
    width = np.zeros_like(inside)
    for row, truth in enumerate(chosen):
        others = np.arange(n) != truth
        rest = replace(points, shares=points.shares[others], figures=points.figures[others])
        observed = points.figures[truth] + errors * generator.standard_normal(len(errors))
        ends = infer(rest, observed, errors, seed + 1 + row).quantiles((0.05, 0.95))
        inside[row] = (points.shares[truth] >= ends[:, 0]) & (points.shares[truth] <= ends[:, 1])
        width[row] = ends[:, 1] - ends[:, 0]
    return Coverage(points.parameters, inside.mean(axis=0), width.mean(axis=0), len(chosen))
