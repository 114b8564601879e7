"""Points of a calibration, run and read back: settings and figures as two arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.audit import arms_of, grouped
from calibration.claims import Figure
from calibration.figures import estimate
from calibration.targets import CalibrationSpec, Measured
from sim.core.columns import F64
from sim.core.errors import SpecError
from sim.experiments.plan import base_scenario
from sim.experiments.run_table import RunTable
from sim.experiments.running import Declared, Means, Progress, Starts, run_into, run_table
from sim.experiments.sweep_plan import SweepPlan, plan_sweep
from sim.experiments.tasks import RunRow
from sim.spec.sweep import Design, Range, SweepSpec

_WORLD = "world."
#: Lowest and highest share of each prior range: shape (parameters, 2).
Box = F64


@dataclass(frozen=True)
class Simulated:
    """What was run.

    ``shares``: each parameter of each point as its place in the prior range, 0 to 1, shape (points,
    parameters); ``figures``: each target's figure, NaN where it is undefined, shape (points, targets).
    """

    parameters: tuple[str, ...]
    targets: tuple[str, ...]
    shares: F64
    figures: F64

    def within(self, box: Box) -> Simulated:
        """The points inside a box."""
        inside = ((self.shares >= box[:, 0]) & (self.shares <= box[:, 1])).all(axis=1)
        return replace(self, shares=self.shares[inside], figures=self.figures[inside])

    @property
    def defined(self) -> Simulated:
        """The points at which every figure is defined."""
        known = np.isfinite(self.figures).all(axis=1)
        return replace(self, shares=self.shares[known], figures=self.figures[known])


def joined(parts: Sequence[Simulated]) -> Simulated:
    """Points of several waves together."""
    first = parts[0]
    shares = np.concatenate([part.shares for part in parts])
    return replace(first, shares=shares, figures=np.concatenate([part.figures for part in parts]))


def whole_box(parameters: int) -> Box:
    """All of every prior range."""
    return np.tile([0.0, 1.0], (parameters, 1))


def run_box(spec: CalibrationSpec, box: Box, points: int, means: Means, turn: int = 0) -> Simulated:
    """Run a Sobol sample of a box and measure every target at each point.

    ``turn``: which sample it is; each has a scramble and a run seed of its own, so that samples of boxes
    that hardly differ are not the same points again.

    Raises
    ------
    SpecError
        For anything impossible, before the first run where it can be known then.
    StoppedError
        When the work was interrupted; with a store the same call goes on from there.
    """
    ranges = {name: narrowed(one, box[row]) for row, (name, one) in enumerate(spec.parameters.items())}
    return _run(spec, ranges, Design(kind="sobol", points=points), spec.seed + turn, means, 1)


def run_points(spec: CalibrationSpec, shares: F64, seed: int, means: Means, runs: int = 1) -> Simulated:
    """Run given points, places in the prior ranges of shape (points, parameters), with ``runs`` seeds each.

    All points have the same seeds. The result has a row for each point and seed, seeds of a point
    together. Raises as :func:`run_box`.
    """
    values = {name: Range(values=[one.at(float(x)) for x in shares[:, row]], of=one.of)
              for row, (name, one) in enumerate(spec.parameters.items())}  # fmt: skip
    return _run(spec, values, Design(kind="listed"), seed, means, runs)


def narrowed(one: Range, ends: F64) -> Range:
    """A part of a range, given by shares of it."""
    low, high = (_number(one.at(float(end))) for end in ends)
    return one.model_copy(update={"low": low, "high": high})


def share_of(one: Range, value: float) -> float:
    """The place of a value in a range, 0 at its low end."""
    assert one.low is not None and one.high is not None
    if one.scale == "log":
        return float(np.log(value / one.low) / np.log(one.high / one.low))
    return (value - one.low) / (one.high - one.low)


def values_at(spec: CalibrationSpec, shares: F64) -> F64:
    """Values of all parameters at places in their ranges, both of shape (points, parameters)."""
    shares = np.atleast_2d(shares)
    ranges = list(spec.parameters.values())
    found = np.array(
        [[_number(one.at(float(x))) for one, x in zip(ranges, row, strict=True)] for row in shares]
    )
    names = list(spec.parameters)
    for column, one in enumerate(ranges):
        if one.of is not None:
            found[:, column] *= found[:, names.index(one.of)]
    return found


def shares_of(spec: CalibrationSpec, point: Mapping[str, object]) -> list[float]:
    """The places of a point's values in their ranges."""
    return [
        share_of(one, _number(point[name]) / (1.0 if one.of is None else _number(point[one.of])))
        for name, one in spec.parameters.items()
    ]


def _run(
    spec: CalibrationSpec, ranges: Mapping[str, Range], design: Design, seed: int, means: Means, runs: int
) -> Simulated:
    groups = grouped(spec.measured)
    plans = {
        name: plan_sweep(_sweep(spec, name, members, ranges, design, seed, runs))
        for name, members in groups.items()
    }
    total, done = sum(len(plan.keys) for plan in plans.values()), 0
    with run_table(means) as table:
        found = {name: len(table.finished(plan.hash).intersection(plan.keys)) for name, plan in plans.items()}
        later = sum(found.values())
        if means.progress is not None:
            means.progress(later, total)
        for name, plan in plans.items():
            starts = Starts(plan.keys, plan.task, list(plan.arms))
            later -= found[name]
            own = replace(means, progress=_part(means.progress, done + later, total))
            run_into(table, Declared("sweep", plan.hash, plan.describe()), starts, own)
            done += len(plan.keys)
        return _read(spec, groups, plans, table)


def _sweep(
    spec: CalibrationSpec, name: str, members: Sequence[Measured], ranges: Mapping[str, Range],
    design: Design, seed: int, runs: int,
) -> SweepSpec:  # fmt: skip
    first = members[0]
    varied: dict[str, Range | None] = {**ranges, **own_values(spec, first, ranges)}
    return SweepSpec(
        id=f"{spec.id}-{name}"[:40], scenario=first.scenario, worlds=[spec.world],
        changes={**first.changes, **spec.changes}, weeks=first.weeks, seed=seed, runs=runs, design=design,
        arms=arms_of(members), uncertainties=varied, outcomes=["recovery_rate"],
    )  # fmt: skip


def own_values(spec: CalibrationSpec, target: Measured, ranges: Mapping[str, Range]) -> dict[str, Range]:
    """Ranges of the parameters that a scenario sets itself, over any world: what it says, at every point.

    Raises :class:`SpecError` for changes that are impossible.
    """
    scenario, _ = base_scenario(target.scenario, changes={**target.changes, **spec.changes})
    found = {}
    for name in ranges:
        field = name.removeprefix(_WORLD)
        if name.startswith(_WORLD) and field in scenario.world_changes:
            given = ranges[name].values
            found[name] = Range(values=[scenario.world_changes[field]] * (len(given) if given else 1))
    return found


def _read(
    spec: CalibrationSpec, groups: Mapping[str, list[Measured]], plans: Mapping[str, SweepPlan],
    table: RunTable,
) -> Simulated:  # fmt: skip
    names = [target.id for target in spec.measured]
    plan = next(iter(plans.values()))
    runs = plan.spec.runs
    settings = _settings(spec, groups, plans)
    figures = np.full((len(plan.settings) * runs, len(names)), np.nan)
    for group, members in groups.items():
        plan = plans[group]
        order = {arm: place for place, arm in enumerate(plan.arms)}
        rows = table.read(plan.hash, order, set(plan.keys), tables_of(one.figure for one in members))
        starts: dict[int, list[RunRow]] = defaultdict(list)
        for row in rows:
            starts[row["point"] * runs + row["index"]].append(row)
        for target in members:
            column = names.index(target.id)
            for start, found in starts.items():
                mean = estimate(target, found).mean
                figures[start, column] = np.nan if mean is None else mean
    shares = [shares_of(spec, point) for point in settings for _ in range(runs)]
    return Simulated(tuple(spec.parameters), tuple(names), np.array(shares), figures)


def _settings(
    spec: CalibrationSpec, groups: Mapping[str, list[Measured]], plans: Mapping[str, SweepPlan]
) -> list[dict[str, object]]:
    """The values of all parameters at each point, from a scenario that does not set the field itself.

    Raises :class:`SpecError` for a field that all scenarios set.
    """
    found: list[dict[str, object]] = [{} for _ in next(iter(plans.values())).settings]
    for name in spec.parameters:
        free = [key for key, plan in plans.items()
                if not own_values(spec, groups[key][0], {name: spec.parameters[name]})]  # fmt: skip
        if not free:
            raise SpecError(
                "parameters",
                name,
                "is set by every scenario of the targets",
                "a field that the world decides",
            )
        for point, settings in zip(found, plans[free[0]].settings, strict=True):
            point[name] = settings[name]
    return found


def tables_of(figures: Iterable[Figure]) -> set[str]:
    """Columns of the run table that figures read besides measures."""
    needed: set[str] = set()
    for figure in figures:
        if figure.series is not None:
            needed |= {"series.week", f"series.{figure.series}"}
            needed |= set() if figure.per is None else {f"series.{figure.per}"}
        if figure.recovery_time is not None:
            needed.add("cures")
        if figure.debt is not None or figure.failures:
            needed.add("sectors")
    return needed


def _part(progress: Progress | None, done: int, total: int) -> Progress | None:
    if progress is None:
        return None
    shown = progress
    return lambda finished, _: shown(done + finished, total)


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)
