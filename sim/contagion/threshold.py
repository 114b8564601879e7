"""The herd-immunity threshold: the coverage at which a reproduction number falls to one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression

from sim.core.columns import F64
from sim.core.errors import SpecError


class Threshold(NamedTuple):
    """Coverage at which R crosses one, with its interval.

    ``value``, ``low`` and ``high`` are coverages; None where there is none. ``reason`` says in plain
    words why something is None; None when there is nothing to say.
    """

    value: float | None
    low: float | None
    high: float | None
    reason: str | None


def herd_immunity_threshold(
    coverage: ArrayLike, draws: ArrayLike, *, curve: ArrayLike | None = None, interval: float = 0.95
) -> Threshold:
    """Where a falling curve of R over coverage crosses one.

    A curve is made falling by isotonic regression (Barlow, Bartholomew, Bremner and Brunk, Statistical
    Inference under Order Restrictions, Wiley, 1972), which takes out noise, and is straight between
    coverages. With R(c) = R_0 (1 - c e), protection of effect e at random, it gives (1 - 1 / R_0) / e.

    Parameters
    ----------
    coverage:
        Shape (k,), rising, from 0 to 1; two or more.
    draws:
        Shape (b, k): bootstrap draws of R at each coverage.
    curve:
        Shape (k,): estimates of R; default the mean of the draws.
    interval:
        Coverage probability of the interval, whose ends are percentiles of the draws' own crossings.

    Returns
    -------
    Threshold
        No value where R stays above one at all coverages, or is below one already at the lowest. A draw
        that never crosses counts as a threshold beyond that end; an end that falls on such draws is
        None. Where the estimate never falls to one, ``low`` may still come from draws that do.

    Raises
    ------
    SpecError
        If a shape, a coverage or an R is out of bounds.
    """
    grid, found, mean = _checked(coverage, draws, curve, interval)
    crossings = np.array([_crossing(grid, row) for row in found])
    tail = (1.0 - interval) / 2
    # An end between a crossing and none is none: the outer of the two draws is taken.
    low = float(np.quantile(crossings, tail, method="lower"))
    high = float(np.quantile(crossings, 1.0 - tail, method="higher"))
    value = _crossing(grid, mean)
    reasons = [_why_none(grid, mean, value)] if np.isinf(value) else []
    if np.isneginf(value):  # what draws say about coverages that were not tried means nothing
        low = high = value
    never, before = float(np.isposinf(crossings).mean()), float(np.isneginf(crossings).mean())
    if np.isposinf(high) and never < 1:
        reasons.append(f"no upper end: R stays above one in {never:.0%} of draws")
    if np.isneginf(low) and np.isfinite(value):
        reasons.append(f"no lower end: R is below one {_start(grid)} in {before:.0%} of draws")
    ends = [float(end) if np.isfinite(end) else None for end in (value, low, high)]
    return Threshold(ends[0], ends[1], ends[2], "; ".join(reasons) or None)


def _checked(
    coverage: ArrayLike, draws: ArrayLike, curve: ArrayLike | None, interval: float
) -> tuple[F64, F64, F64]:
    source = "herd_immunity_threshold"
    grid, found = np.asarray(coverage, dtype=np.float64), np.asarray(draws, dtype=np.float64)
    rising = grid.ndim == 1 and len(grid) > 1 and bool((np.diff(grid) > 0).all())
    if not (rising and grid[0] >= 0 and grid[-1] <= 1):
        raise SpecError(source, "coverage", f"is {grid.tolist()}", "two or more rising shares from 0 to 1")
    if found.ndim != 2 or found.shape[1] != len(grid) or not len(found):
        raise SpecError(source, "draws", f"has shape {found.shape}", f"one or more rows of {len(grid)}")
    mean = found.mean(axis=0) if curve is None else np.asarray(curve, dtype=np.float64)
    if mean.shape != grid.shape:
        raise SpecError(source, "curve", f"has shape {mean.shape}", f"({len(grid)},)")
    for name, values in (("draws", found), ("curve", mean)):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise SpecError(source, name, "holds a value that is no R", "finite numbers of 0 or more")
    if not 0 < interval < 1:
        raise SpecError(source, "interval", f"is {interval}", "a number between 0 and 1")
    return grid, found, mean


def _crossing(grid: F64, reproduction: F64) -> float:
    """Lowest coverage at which the falling fit is at most one; -inf before the grid, inf beyond it."""
    if reproduction[0] < 1:
        return -np.inf
    fit = isotonic_regression(reproduction, increasing=False).x
    if fit[-1] > 1:
        return np.inf
    after = int(np.argmax(fit <= 1))
    if after == 0:
        return float(grid[0])
    over, under = fit[after - 1], fit[after]
    return float(grid[after - 1] + (over - 1) / (over - under) * (grid[after] - grid[after - 1]))


def _start(grid: F64) -> str:
    return "already without coverage" if grid[0] == 0 else f"already at a coverage of {grid[0]:.0%}"


def _why_none(grid: F64, mean: F64, value: float) -> str:
    if np.isposinf(value):
        lower = np.flatnonzero(mean <= 1)
        again = f" on average, though not at {grid[lower[0]]:.0%} alone" if len(lower) else ""
        return f"R stays above one at all coverages up to {grid[-1]:.0%}{again}"
    higher = np.flatnonzero(mean >= 1)
    rise = f", and not below one at {grid[higher[0]]:.0%}" if len(higher) else ""
    return f"R is below one {_start(grid)}{rise}"
