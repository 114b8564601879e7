"""What paired runs say of a difference: bootstrap, share of runs won, many comparisons, runs saved."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import stdtr

from sim.core.columns import F64
from sim.experiments.statistics import CONFIDENCE

#: Resamples of a bootstrap interval.
RESAMPLES = 4999
#: Fewer pairs give no bootstrap interval.
LEAST_PAIRS = 5


class Interval(NamedTuple):
    """The ends of an interval; None where it is undefined."""

    low: float | None
    high: float | None


def bootstrap_interval(values: Sequence[float]) -> Interval:
    """The bootstrap interval of a mean: bias-corrected and accelerated.

    Efron, "Better bootstrap confidence intervals", Journal of the American Statistical Association 82,
    1987, by :func:`scipy.stats.bootstrap` with :data:`RESAMPLES` resamples drawn from a seed that is a
    digest of the values: the same values give the same interval. Unlike Student's, it follows skewed
    values and stays inside the range of the values. Where the correction is undefined the plain
    percentiles are taken. Equal values: no width. Fewer than :data:`LEAST_PAIRS` values: undefined.
    """
    given = np.asarray(values, np.float64)
    if len(given) < LEAST_PAIRS:
        return Interval(None, None)
    if np.ptp(given) == 0:
        return Interval(float(given[0]), float(given[0]))
    seed = int.from_bytes(hashlib.sha256(given.tobytes()).digest()[:8], "little")
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings():  # of a correction that is undefined
            warnings.simplefilter("ignore", RuntimeWarning)
            found = stats.bootstrap(
                (given,), np.mean, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method=method,
                rng=np.random.default_rng(seed), batch=1000,
            ).confidence_interval  # fmt: skip
        if math.isfinite(found.low) and math.isfinite(found.high):
            # the mean of equal values may be rounded beyond them
            low, high = np.clip((found.low, found.high), given.min(), given.max())
            return Interval(float(low), float(high))
    return Interval(None, None)


class Won(NamedTuple):
    """Share of pairs that an arm won, ties counted half, with its interval; None without a direction."""

    share: float | None
    low: float | None
    high: float | None


def share_won(differences: Sequence[float], better: str | None) -> Won:
    """Share of pairs in which the difference has the better sign, a tie as half a win.

    The interval is Wilson's (Journal of the American Statistical Association 22, 1927) by
    :func:`scipy.stats.binomtest`, taken at the wins rounded down for its lower end and up for its upper
    end where ties leave half a win. ``better``: ``"higher"``, ``"lower"``, or None: nobody wins.
    """
    given = np.asarray(differences, np.float64)
    if better is None or len(given) == 0:
        return Won(None, None, None)
    signs = np.sign(given) * (1 if better == "higher" else -1)
    wins = float(np.count_nonzero(signs > 0)) + 0.5 * float(np.count_nonzero(signs == 0))
    low = stats.binomtest(math.floor(wins), len(given)).proportion_ci(CONFIDENCE, "wilson").low
    high = stats.binomtest(math.ceil(wins), len(given)).proportion_ci(CONFIDENCE, "wilson").high
    return Won(wins / len(given), float(low), float(high))


def p_value(differences: Sequence[float]) -> float | None:
    """Two-sided p-value of no mean difference, Student's t for pairs.

    Equal differences: 1 where they are zero, else 0. Fewer than two: None.
    """
    given = np.asarray(differences, np.float64)
    if len(given) < 2:
        return None
    mean, spread = float(given.mean()), float(given.std(ddof=1))
    if np.ptp(given) == 0 or spread == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stdtr(len(given) - 1, -abs(mean) * math.sqrt(len(given)) / spread))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """p-values adjusted for their number, so that any false one has at most the nominal chance.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics
    6, 1979. Undefined ones stay undefined and do not count.
    """
    order = sorted((value, place) for place, value in enumerate(p_values) if value is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (value, place) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * value))
        adjusted[place] = highest
    return adjusted


def runs_saved(changed: Sequence[float], base: Sequence[float]) -> float | None:
    """How many runs without common seeds one paired run is worth.

    The variance of a difference of independent runs over that of paired ones: (var a + var b) /
    var(a - b). Infinite where pairs always differ by the same; None with fewer than two pairs, or where
    neither arm varies.
    """
    a, b = np.asarray(changed, np.float64), np.asarray(base, np.float64)
    if len(a) < 2:
        return None
    apart = float(a.var(ddof=1) + b.var(ddof=1))
    if apart == 0:
        return None
    together = float((a - b).var(ddof=1)) if np.ptp(a - b) > 0 else 0.0
    return math.inf if together == 0 else apart / together


def quantiles(values: Sequence[float], shares: Sequence[float]) -> list[float | None]:
    """Quantiles of runs; None where there are too few runs for one beyond the ends.

    A share q needs at least 1/q and 1/(1-q) values, so that one lies beyond it on average.
    """
    given: F64 = np.asarray(values, np.float64)
    return [
        float(np.quantile(given, share)) if len(given) >= 1 / min(share, 1 - share) - 1e-9 else None
        for share in shares
    ]
