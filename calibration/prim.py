"""The patient rule induction method: a box of inputs in which cases of interest are dense.

Friedman and Fisher, Statistics and Computing 9, 1999, as used to find scenarios by Bryant and Lempert
(Technological Forecasting and Social Change 77, 2010).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from sim.core.columns import F64, I64, Bool

#: Share of the cases in the box that a peel takes off, and that a paste puts back.
PEEL = 0.05
#: Least share of all cases in a box.
LEAST_MASS = 0.05


@dataclass(frozen=True)
class Box:
    """Limits by input, shape (inputs, 2), and what is inside.

    ``coverage``: share of all cases of interest that are inside; ``density``: share of the cases inside that
    are of interest; ``mass``: share of all cases inside; ``restricted``: which inputs are bounded;
    ``chance``: for those, the probability that a density as high comes about without the bound
    (one-sided binomial test; NaN for the others).
    """

    limits: F64
    coverage: float
    density: float
    mass: float
    restricted: Bool
    chance: F64

    @property
    def balance(self) -> float:
        """Harmonic mean of coverage and density."""
        total = self.coverage + self.density
        return 2 * self.coverage * self.density / total if total else 0.0


def prim(x: F64, interesting: Bool, peel: float = PEEL, least_mass: float = LEAST_MASS) -> list[Box]:
    """Boxes from the one around all cases to the smallest, each a peel inside the one before.

    After the last peel, pastes that raise the density are tried and give one more box. A peel takes about
    ``peel`` of the cases off one side of one input: the side with the highest gain in density for each case
    lost, and among equal ones that of an input that is bounded already, else the first.

    Parameters
    ----------
    x:
        Inputs, shape (cases, inputs), finite.
    interesting:
        Which cases are of interest, shape (cases,).

    Raises
    ------
    ValueError
        Where all cases are of interest, or none is.
    """
    if interesting.all() or not interesting.any():
        raise ValueError("all cases are of interest" if interesting.all() else "no case is of interest")
    limits = np.column_stack([x.min(axis=0), x.max(axis=0)])
    whole, rows = limits.copy(), np.arange(len(x))
    found = [_box(x, interesting, limits, whole)]
    while True:
        best = _best_peel(x, interesting, limits, whole, rows, peel)
        if best is None or len(best[1]) < least_mass * len(x):
            break
        limits, rows = best
        found.append(_box(x, interesting, limits, whole))
    pasted = _pasted(x, interesting, limits, whole, peel)
    if (pasted != limits).any():
        found.append(_box(x, interesting, pasted, whole))
    return found


def balanced(boxes: list[Box]) -> Box:
    """The box with the best balance of coverage and density."""
    return max(boxes, key=lambda box: (box.balance, box.mass))


def inside(x: F64, limits: F64) -> Bool:
    """Which cases a box holds."""
    return np.asarray(((x >= limits[:, 0]) & (x <= limits[:, 1])).all(axis=1))


def _best_peel(
    x: F64, interesting: Bool, limits: F64, whole: F64, rows: I64, peel: float
) -> tuple[F64, I64] | None:
    density = interesting[rows].mean()
    best, score = None, (0.0, 0)
    for column, side, bound in _peels(x[rows], peel):
        values = x[rows, column]
        kept = rows[values >= bound] if side == 0 else rows[values <= bound]
        lost = len(rows) - len(kept)
        if lost == 0 or len(kept) == 0:
            continue
        gain = float(interesting[kept].mean() - density) / lost
        bounded = int((limits[column] != whole[column]).any())
        if gain > 0 and (best is None or (round(gain, 15), bounded) > score):
            moved = limits.copy()
            moved[column, side] = bound
            best, score = (moved, kept), (round(gain, 15), bounded)
    return best


def _peels(x: F64, share: float) -> Iterator[tuple[int, int, float]]:
    """Input, side and new bound of each peel: between the cases kept and lost, ties lost together."""
    for column in range(x.shape[1]):
        values = np.unique(x[:, column])
        if len(values) < 2:
            continue
        for side, at in ((0, share), (1, 1 - share)):
            bound = float(np.quantile(x[:, column], at))
            below, above = values[values < bound], values[values > bound]
            if side == 0 and len(below) == 0:
                bound = float(values[:2].mean())
            elif side == 1 and len(above) == 0:
                bound = float(values[-2:].mean())
            yield column, side, bound


def _pasted(x: F64, interesting: Bool, limits: F64, whole: F64, share: float) -> F64:
    """Bounds moved outwards by about ``share`` of the cases inside, as long as the density rises."""
    while True:
        held = inside(x, limits)
        density, count = interesting[held].mean(), max(1, round(share * int(held.sum())))
        best: tuple[float, F64] | None = None
        for column in np.flatnonzero((limits != whole).any(axis=1)):
            others = limits.copy()
            others[column] = whole[column]
            values = x[inside(x, others), column]
            for side in (0, 1):
                beyond = (
                    values[values < limits[column, 0]] if side == 0 else values[values > limits[column, 1]]
                )
                if len(beyond) == 0:
                    continue
                ordered = np.sort(beyond)[::-1] if side == 0 else np.sort(beyond)
                moved = limits.copy()
                moved[column, side] = ordered[min(count, len(ordered)) - 1]
                raised = float(interesting[inside(x, moved)].mean())
                if raised > density and (best is None or raised > best[0]):
                    best = raised, moved
        if best is None:
            return limits
        limits = best[1]


def _box(x: F64, interesting: Bool, limits: F64, whole: F64) -> Box:
    held = inside(x, limits)
    hits, size = int(interesting[held].sum()), int(held.sum())
    restricted = (limits != whole).any(axis=1)
    chance = np.full(len(limits), np.nan)
    for column in np.flatnonzero(restricted):
        others = limits.copy()
        others[column] = whole[column]
        rate = float(interesting[inside(x, others)].mean())
        chance[column] = binomtest(hits, size, rate, alternative="greater").pvalue
    return Box(limits, hits / int(interesting.sum()), hits / size, size / len(x), restricted, chance)
