"""Means and paired differences over runs, with intervals.

Runs are independent given their seeds, so the interval of a mean, or of the mean difference of
paired runs, is Student's (Student, "The probable error of a mean", Biometrika 6, 1908). It covers
the randomness of the seeds and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from scipy.special import stdtrit

#: Nominal coverage of all intervals.
CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A mean over runs with its interval.

    ``mean``, ``low`` and ``high`` are in the unit of the measure; None where undefined. ``n`` counts
    the runs (or pairs of runs) in which the measure is defined. ``reason`` says why something is
    None, or that the measure is undefined in some of the runs; None when there is nothing to say.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int
    reason: str | None


def mean_interval(
    values: Sequence[float | None], reasons: Sequence[str | None] = (), what: str = "run"
) -> Estimate:
    """Mean of the defined values with its t interval.

    Parameters
    ----------
    values:
        One number a run; None where the measure is undefined in that run.
    reasons:
        Why the values are undefined, in the same order; may be left out.
    what:
        What one value stands for, in the reason text.

    Returns
    -------
    Estimate
        Nothing defined: no mean. One value: no interval. Equal values: an interval of no width.
    """
    known = [value for value in values if value is not None]
    missing = len(values) - len(known)
    why = next((text for value, text in zip(values, reasons, strict=False) if value is None and text), None)
    if not known:
        return Estimate(None, None, None, 0, why or f"undefined in every {what}")
    note = None
    if missing:
        note = f"undefined in {missing} of {len(values)} {what}s" + (f" ({why})" if why else "")
    if len(known) == 1:
        single = f"one {what} gives no interval"
        return Estimate(known[0], None, None, 1, f"{single}; {note}" if note else single)
    mean, half = _mean_and_half_width(known)
    return Estimate(mean, mean - half, mean + half, len(known), note)


def paired_difference(
    changed: Sequence[float | None],
    base: Sequence[float | None],
    changed_reasons: Sequence[str | None] = (),
    base_reasons: Sequence[str | None] = (),
    base_name: str = "the other arm",
) -> Estimate:
    """Mean of ``changed - base`` over pairs of runs with the same seed, with its t interval.

    A pair counts where the measure is defined in both runs. Equal runs give exactly 0 with [0, 0].
    Raises :class:`ValueError` when the two sequences differ in length.
    """
    differences: list[float | None] = []
    reasons: list[str | None] = []
    for row, (new, old) in enumerate(zip(changed, base, strict=True)):
        differences.append(None if new is None or old is None else new - old)
        own = changed_reasons[row] if new is None and row < len(changed_reasons) else None
        other = base_reasons[row] if old is None and row < len(base_reasons) else None
        reasons.append(own or (f"in {base_name}: {other}" if other else None))
    return mean_interval(differences, reasons, "pair")


def ratio_interval(parts: Sequence[float], wholes: Sequence[float]) -> Estimate:
    """Sum of ``parts`` over sum of ``wholes``, one of each a run, with its interval.

    The ratio estimator and its linearised variance (Cochran, *Sampling Techniques*, 3rd edition, 1977,
    chapter 6) with Student's quantile, not below zero, since both are sums of masses. No interval where
    fewer than two runs have a whole; undefined where none has.
    """
    n, whole = len(parts), math.fsum(wholes)
    if whole <= 0:
        return Estimate(None, None, None, n, "nothing to divide by")
    value = math.fsum(parts) / whole
    if sum(one > 0 for one in wholes) < 2:
        return Estimate(value, None, None, n, "one run gives no interval")
    spread = math.fsum((p - value * w) ** 2 for p, w in zip(parts, wholes, strict=True)) / (n - 1)
    half = t_quantile(n - 1) * math.sqrt(spread * n) / whole
    return Estimate(value, max(0.0, value - half), value + half, n, None)


def student_half_width(values: Sequence[float]) -> float:
    """Half of the t interval of the mean of two values or more."""
    return _mean_and_half_width(values)[1]


def _mean_and_half_width(values: Sequence[float]) -> tuple[float, float]:
    n = len(values)
    if all(value == values[0] for value in values):
        return values[0], 0.0  # rounding of the mean would give equal values a width
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return mean, t_quantile(n - 1) * math.sqrt(variance / n)


@lru_cache(maxsize=1024)
def t_quantile(freedom: int) -> float:
    """Upper quantile of Student's t that leaves half of the remaining probability above it."""
    return float(stdtrit(freedom, 0.5 + CONFIDENCE / 2))
