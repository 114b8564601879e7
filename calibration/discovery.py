"""Where a strategy stops winning, or a rule backfires: boxes of what is uncertain, found in a sweep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from calibration.prim import Box, balanced, prim
from sim.core.columns import F64, Bool
from sim.core.errors import SpecError, unknown_name
from sim.experiments.sweeps import Sweep
from sim.measures import MEASURES

#: Points that a box needs to mean something.
LEAST_POINTS = 40


@dataclass(frozen=True)
class Discovery:
    """Boxes in which an outcome is as asked.

    ``fields``: the numbers that were varied; ``points``: how many the sweep has, ``interesting`` how many of
    them are as asked; ``trail``: boxes from all points to the smallest; ``box``: of these, the best balance
    of coverage and density; None with an empty trail where all points are as asked, or none; ``ranges``:
    lowest and highest value of each number.
    """

    world: str
    outcome: str
    arm: str
    against: str | None
    asked: str
    fields: tuple[str, ...]
    points: int
    interesting: int
    trail: tuple[Box, ...]
    box: Box | None
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """The bounds of the box: a row for each bounded field, the least likely by chance first.

        Columns ``field``, ``low``, ``high``, ``chance`` (probability of a density as high without this
        bound).
        """
        rows = [] if self.box is None else [
            {"field": name, "low": low, "high": high, "chance": chance}
            for name, (low, high), bounded, chance in zip(
                self.fields, self.box.limits, self.box.restricted, self.box.chance, strict=True)
            if bounded
        ]  # fmt: skip
        frame = pd.DataFrame(rows, columns=["field", "low", "high", "chance"])
        return frame.sort_values("chance", ignore_index=True)

    def document(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "schema": 1, "world": self.world, "outcome": self.outcome, "arm": self.arm,
            "against": self.against, "asked": self.asked, "points": self.points,
            "interesting": self.interesting,
            "ranges": {name: list(ends) for name, ends in self.ranges.items()},
            "box": None if self.box is None else _shares(self.box) | {
                "bounds": self.table().to_dict("records")},
            "trail": [_shares(box) for box in self.trail],
        }  # fmt: skip


def discover(
    sweep: Sweep,
    outcome: str,
    *,
    arm: str | None = None,
    against: str | None = None,
    above: float | None = None,
    below: float | None = None,
) -> list[Discovery]:
    """Find where in what is uncertain an outcome is as asked, by PRIM; one answer for each world.

    Parameters
    ----------
    sweep:
        Finished; its numeric uncertainties are the inputs.
    outcome, arm:
        One of its outcomes, in one of its arms (by default the last).
    against:
        Another arm: the outcome is the difference to it at the same points. By default the first arm, where
        there are several and neither ``above`` nor ``below`` is given.
    above, below:
        What is asked. By default: where the arm does worse than ``against``, by the direction that is
        better for the outcome.

    Raises
    ------
    SpecError
        For an unknown outcome or arm, an outcome without a better direction, too few points, or a sweep
        without numeric uncertainties.
    """
    if outcome not in sweep.spec.outcomes:
        raise SpecError("discover", "--outcome", *unknown_name(outcome, sweep.spec.outcomes, "outcome"))
    arms = list(sweep.plan.arms)
    arm = arms[-1] if arm is None else arm
    if against is None and above is None and below is None:
        against = arms[0]
    for name in (arm, against):
        if name is not None and name not in arms:
            raise SpecError("discover", "--arm", *unknown_name(name, arms, "arm"))
    if arm == against:
        raise SpecError("discover", "--arm", f"{arm!r} against itself", "two arms, or --above or --below")
    above, below, asked = _asked(outcome, above, below)
    fields = _fields(sweep)
    return [
        _found(sweep, world, outcome, (arm, against), (above, below), asked, fields)
        for world in sweep.plan.plan.worlds
    ]


def _asked(outcome: str, above: float | None, below: float | None) -> tuple[float | None, float | None, str]:
    if above is not None and below is not None:
        raise SpecError("discover", "--above", "is given together with --below", "one of the two")
    if above is None and below is None:
        better = MEASURES[outcome].better
        if better is None:
            problem = f"{outcome} has no better direction"
            raise SpecError("discover", "--outcome", problem, "--above or --below, with a number")
        above, below = (None, 0.0) if better == "higher" else (0.0, None)
    return above, below, f"> {above:g}" if above is not None else f"< {below:g}"


def _fields(sweep: Sweep) -> tuple[str, ...]:
    names = sweep.plan.settings[0] if sweep.plan.settings else {}
    fields = tuple(
        name for name in names
        if pd.api.types.is_numeric_dtype(sweep.points[name]) and sweep.points[name].nunique() > 1
    )  # fmt: skip
    if not fields:
        raise SpecError("discover", "uncertainties", "hold no numbers that vary", "a range of numbers")
    return fields


def _found(
    sweep: Sweep, world: str, outcome: str, arms: tuple[str, str | None],
    ends: tuple[float | None, float | None], asked: str, fields: tuple[str, ...],
) -> Discovery:  # fmt: skip
    here = sweep.points[sweep.points["world"] == world]
    wide = here.pivot(index="point", columns="arm", values=outcome)
    values = wide[arms[0]] - (wide[arms[1]] if arms[1] is not None else 0.0)
    known = values.notna().to_numpy()
    inputs = here[here["arm"] == arms[0]].set_index("point").loc[values.index, list(fields)]
    x: F64 = inputs.to_numpy(float)[known]
    y = values.to_numpy(float)[known]
    if len(y) < LEAST_POINTS:
        raise SpecError("discover", "points", f"{len(y)} points are too few", f"at least {LEAST_POINTS}")
    chosen: Bool = y > ends[0] if ends[0] is not None else y < (ends[1] or 0.0)
    trail = () if chosen.all() or not chosen.any() else tuple(prim(x, np.asarray(chosen)))
    box = balanced(list(trail)) if trail else None
    ranges = {
        name: (float(low), float(high)) for name, low, high in zip(fields, x.min(0), x.max(0), strict=True)
    }
    return Discovery(
        world, outcome, arms[0], arms[1], asked, fields, len(y), int(chosen.sum()), trail, box, ranges
    )  # fmt: skip


def _shares(box: Box) -> dict[str, float]:
    return {"coverage": box.coverage, "density": box.density, "mass": box.mass}
