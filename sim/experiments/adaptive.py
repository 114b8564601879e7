"""Adaptive stopping: run until intervals are as narrow as asked, or say that they cannot be.

After every batch the widths of the intervals are compared with those asked for, and the number of
runs that would do is estimated from the spread seen so far. Stopping at the first narrow interval is
the fixed-width rule of Chow and Robbins ("On the asymptotic theory of fixed-width sequential
confidence intervals for the mean", Annals of Mathematical Statistics 36, 1965): its coverage tends
to the nominal one as intervals get narrow, and is a little below it when few runs are enough; so
nobody stops before :data:`PILOT` runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sim.core.errors import SpecError, unknown_name
from sim.experiments.comparison import Comparison
from sim.experiments.statistics import t_quantile

#: Runs before anybody looks.
PILOT = 10
#: Runs at most when a call does not say.
MOST = 400
#: The estimate must exceed the runs allowed by this factor before the work is given up early.
_HOPELESS = 2.0
_LIMIT = 10_000_000


class Precision(NamedTuple):
    """How narrow one interval was asked to be, and is.

    ``measure`` of ``arm`` in ``world``; ``wanted`` and ``width``: from the lower to the upper end, in the
    unit of the measure, of the effect (or of the mean, where there is one arm), None where undefined;
    ``needed``: runs that would do by the spread seen, None where that is unknown.
    """

    world: str
    arm: str
    measure: str
    wanted: float
    width: float | None
    needed: int | None

    @property
    def reached(self) -> bool:
        """Whether the interval is as narrow as asked."""
        return self.width is not None and self.width <= self.wanted


def check_wanted(wanted: Mapping[str, float], runs: int, most: int | None) -> int:
    """The number of runs at most. Raises :class:`SpecError` for an unknown measure or impossible number."""
    from sim.measures import MEASURES

    for measure, width in wanted.items():
        if measure not in MEASURES:
            raise SpecError("until", "", *unknown_name(measure, MEASURES, "measure"))
        number = isinstance(width, int | float) and not isinstance(width, bool)
        if not number or not math.isfinite(width) or width <= 0:
            raise SpecError(
                "until", measure, f"{width!r} is not the width of an interval", "a number above 0"
            )
    limit = max(MOST, runs) if most is None else most
    if isinstance(limit, bool) or not isinstance(limit, int) or not runs <= limit <= 100_000:
        raise SpecError("max_runs", "", f"{limit!r} is not a number of runs", f"{runs} (the runs) to 100000")
    return limit


def precision(comparison: Comparison, wanted: Mapping[str, float]) -> tuple[Precision, ...]:
    """The widths of the intervals that were asked for, in each world and arm."""
    found = []
    for row in comparison.rows:
        if row.measure not in wanted:
            continue
        several = len(comparison.arms.all) > 1
        if several and row.arm == comparison.reference:
            continue
        ends = (row.effect_low, row.effect_high, row.pairs) if several else (row.low, row.high, row.n)
        low, high, n = ends
        width = None if low is None or high is None else high - low
        asked = wanted[row.measure]
        needed = None if width is None else runs_needed(width, n, asked, comparison.runs)
        found.append(Precision(row.world, row.arm, row.measure, asked, width, needed))
    return tuple(found)


def runs_needed(width: float, n: int, wanted: float, runs: int | None = None) -> int:
    """Runs after which a t interval that is ``width`` wide after ``n`` values would be as narrow as wanted.

    ``runs``: runs made, where the measure is defined in ``n`` of them only.
    """
    spread = width * math.sqrt(n) / (2 * t_quantile(n - 1))
    low, high = 1, _LIMIT
    while high - low > 1:
        middle = (low + high) // 2
        if 2 * t_quantile(middle - 1) * spread / math.sqrt(middle) <= wanted:
            high = middle
        else:
            low = middle
    return math.ceil(high * (n if runs is None else runs) / n)


def next_runs(found: Sequence[Precision], runs: int, most: int) -> int | None:
    """How many runs there should be before the next look; None: enough, or it cannot be reached.

    At most twice as many as there are, since the estimate of few runs is a rough one.
    """
    if runs < PILOT:
        return min(PILOT, most) if most > runs else None
    needed = [one.needed for one in found if not one.reached and one.needed is not None]
    if not needed or runs >= most or max(needed) > _HOPELESS * most:
        return None
    return min(most, 2 * runs, max(*needed, runs + max(1, runs // 10)))
