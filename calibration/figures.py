"""Figures of claims from finished runs: levels, differences and relative changes, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from calibration.claims import Figure, Window
from sim.core.errors import SpecError, unknown_name
from sim.experiments.statistics import Estimate, mean_interval, paired_difference, student_half_width
from sim.experiments.tasks import Columns, RunRow

#: A figure of one run, or why it has none.
Value = tuple[float | None, str | None]
_HALF = 0.5


class HasFigure(Protocol):
    """A claim or a target."""

    @property
    def figure(self) -> Figure:
        """Which figure of the runs it is."""


def estimate(claim: HasFigure, rows: Sequence[RunRow]) -> Estimate:
    """The figure of a claim or a target over the runs of one world, paired by seed.

    Raises :class:`SpecError` where the claim names a figure that runs do not have.
    """
    figure = claim.figure
    by_arm = {arm: [row for row in rows if row["arm"] == arm] for arm in figure.arms}
    mine = by_arm[figure.arm]
    other = mine if figure.against is None else by_arm[figure.against]
    values = [_value(figure, row, base, figure.weeks) for row, base in zip(mine, other, strict=True)]
    if figure.change == "level":
        return _scaled(mean_interval([v for v, _ in values], [r or "" for _, r in values]), figure.scale)
    weeks = figure.weeks if figure.against_weeks is None else figure.against_weeks
    bases = [_value(figure, row, row, weeks) for row in other]
    changed, base = [v for v, _ in values], [v for v, _ in bases]
    reasons = [r or "" for _, r in values], [r or "" for _, r in bases]
    if figure.change == "relative":
        found = relative_change(changed, base)
    else:
        found = paired_difference(changed, base, *reasons)
    if found.mean is None and found.reason is None:
        found = found._replace(reason=next((r for r in (*reasons[0], *reasons[1]) if r), None))
    if figure.against_sectors:
        found = _less_the_rest(figure, mine, other, found)
    return _scaled(found, figure.scale)


def relative_change(changed: Sequence[float | None], base: Sequence[float | None]) -> Estimate:
    """Ratio of the means of paired runs less one, with a t interval by linearisation.

    The residuals ``(x - R b) / mean(b)`` stand for the values (Cochran, Sampling Techniques, 1977,
    section 6.4). Undefined where the base is zero on average.
    """
    pairs = [(x, b) for x, b in zip(changed, base, strict=True) if x is not None and b is not None]
    n = len(pairs)
    if n == 0:
        return Estimate(None, None, None, 0, None)
    centre = math.fsum(b for _, b in pairs) / n
    if centre == 0:
        return Estimate(None, None, None, n, "what it is compared with is zero")
    ratio = math.fsum(x for x, _ in pairs) / n / centre
    if n == 1:
        return Estimate(ratio - 1, None, None, 1, "one pair gives no interval")
    half = student_half_width([(x - ratio * b) / centre for x, b in pairs])
    return Estimate(ratio - 1, ratio - 1 - half, ratio - 1 + half, n, None)


def _value(figure: Figure, row: RunRow, base: RunRow, weeks: Window | None) -> Value:
    if figure.measure is not None:
        if figure.measure not in row["measures"]:
            raise SpecError("claims", "figure", *unknown_name(figure.measure, row["measures"], "measure"))
        return row["measures"][figure.measure], row["reasons"].get(figure.measure)
    if figure.series is not None:
        return _series(figure, row["series"], weeks)
    if figure.recovery_time is not None:
        return _recovery_time(figure.recovery_time, row["cures"], base["cures"])
    return _sectors(figure, row["sectors"])


def _series(figure: Figure, series: Columns, weeks: Window | None) -> Value:
    for name in (figure.series, figure.per):
        if name is not None and name not in series:
            raise SpecError("claims", "figure", *unknown_name(name, series, "weekly figure"))
    first, last = weeks or (0, len(series["week"]) - 1)
    if last >= len(series["week"]):
        return None, f"the run has {len(series['week'])} weeks"
    window = slice(first, last + 1)
    values = [float(x) for x in series[str(figure.series)][window] if x is not None]
    if not values:
        return None, "no week has this figure"
    total = math.fsum(values)
    if figure.per is not None:
        whole = math.fsum(float(x) for x in series[figure.per][window] if x is not None)
        return (total / whole, None) if whole else (None, f"{figure.per} is zero")
    return (total, None) if figure.how == "sum" else (total / len(values), None)


def _recovery_time(stage: str, cures: Columns, base: Columns) -> Value:
    """First week by which the arm has half of the success that the base has in its last week."""
    mine, theirs = _cured(stage, cures), _cured(stage, base)
    target = _HALF * theirs[-1] if theirs else 0.0
    if target == 0:
        return None, "nobody was cured in the arm that it is compared with"
    reached = [week for week, share in enumerate(mine) if share >= target]
    if not reached:
        return None, "half of the other arm's success is not reached"
    week = reached[0]
    before = mine[week - 1] if week else 0.0
    return week - 1 + (target - before) / (mine[week] - before) if week else 0.0, None


def _cured(stage: str, cures: Columns) -> list[float]:
    rows = [i for i, name in enumerate(cures["stage"]) if name == stage]
    return [cures["cured"][i] / max(1, cures["placed"][i]) for i in rows]


def _sectors(figure: Figure, table: Columns, rest: bool = False) -> Value:
    for name in figure.sectors:
        if name not in table["sector"]:
            raise SpecError("claims", "figure", *unknown_name(name, table["sector"], "sector"))
    chosen = [i for i, name in enumerate(table["sector"]) if (name in figure.sectors) != rest]
    part, whole = ("failures", "firms") if figure.failures else (str(figure.debt), str(figure.debt))
    over = chosen if figure.failures else range(len(table["sector"]))
    total = sum(table[whole][i] for i in over)
    return (sum(table[part][i] for i in chosen) / total, None) if total else (None, f"no {whole}")


def _less_the_rest(figure: Figure, mine: list[RunRow], other: list[RunRow], own: Estimate) -> Estimate:
    """The change of the named sectors less that of all others, each as the figure has it."""
    if not figure.failures:
        raise SpecError("claims", "against_sectors", "is there for failures only", "failures: true")
    named = [[_sectors(figure, row["sectors"])[0] for row in rows] for rows in (mine, other)]
    rest = [[_sectors(figure, row["sectors"], rest=True)[0] for row in rows] for rows in (mine, other)]
    if figure.change == "difference":
        return paired_difference(
            [_minus(a, b) for a, b in zip(named[0], named[1], strict=True)],
            [_minus(a, b) for a, b in zip(rest[0], rest[1], strict=True)],
        )
    other_change = relative_change(rest[0], rest[1])
    if own.mean is None or other_change.mean is None:
        return Estimate(None, None, None, own.n, own.reason or other_change.reason)
    wide = math.hypot(_half(own), _half(other_change))
    mean = own.mean - other_change.mean
    return Estimate(mean, mean - wide, mean + wide, own.n, own.reason)


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _half(found: Estimate) -> float:
    return 0.0 if found.high is None or found.mean is None else found.high - found.mean


def _scaled(found: Estimate, scale: float) -> Estimate:
    if found.mean is None or scale == 1.0:
        return found
    ends = [None if x is None else scale * x for x in (found.low, found.high)]
    if scale < 0:
        ends.reverse()
    return found._replace(mean=scale * found.mean, low=ends[0], high=ends[1])
