"""What a sweep will run, settled and checked before the first week."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

from sim.core.errors import SpecError, unknown_name
from sim.experiments.arms import ONE_FOR_ALL, Arm, check_scenario
from sim.experiments.design import Settings, points_of
from sim.experiments.plan import Plan, base_scenario, describe, make_plan, read_worlds, run_seed
from sim.experiments.tasks import Key, Task
from sim.spec.changes import apply_changes
from sim.spec.declared import ID_PATTERN
from sim.spec.sweep import Range, SweepSpec
from sim.spec.world import World

_WORLD = "world."


@dataclass(frozen=True)
class SweepPlan:
    """A checked sweep: the arms that the levers make, the points, and the comparison that they vary.

    ``settings``: by point; ``arms``: settings of the levers by arm; ``hash``: of all that decides a run,
    the number of runs (and of points of a Sobol sequence) left out, so that more extend the sweep.
    """

    spec: SweepSpec
    plan: Plan
    settings: tuple[Settings, ...]
    arms: Mapping[str, Settings]
    hash: str

    @cached_property
    def _first(self) -> Task:
        return replace(self.plan, runs=1).tasks()[0]

    @property
    def keys(self) -> list[Key]:
        """All starts, run by run, so that what is finished early covers the whole design."""
        return [
            (world, point, index)
            for index in range(self.spec.runs)
            for point in range(len(self.settings))
            for world in self.plan.worlds
        ]

    def task(self, key: Key) -> Task:
        """The task of a start: the arms at one point, with the seed of the run index."""
        world, point, index = key
        settings = self.settings[point]
        scenario = apply_changes(self.plan.scenario, settings, f"point {point}")
        return replace(
            self._first,
            scenario=scenario,
            world=self.plan.worlds[world],
            world_id=world,
            seed=run_seed(self.plan.scenario.seed, index),
            point=point,
            index=index,
            settings=settings,
            arms=tuple(_arm_at(arm, settings, self.plan) for arm in self.plan.arms.all),
        )

    def describe(self) -> dict[str, Any]:
        """The sweep as plain data for the run table."""
        return {
            **describe(self.plan),
            "kind": "sweep",
            "hash": self.hash,
            "sweep": self.spec.model_dump(mode="json"),
        }


def plan_sweep(spec: SweepSpec) -> SweepPlan:
    """Check everything that can be checked before a run: fields, values, worlds, outcomes.

    Raises :class:`SpecError`.
    """
    from sim.measures import MEASURES

    for outcome in spec.outcomes:
        if outcome not in MEASURES:
            raise SpecError("outcomes", "", *unknown_name(outcome, MEASURES, "measure"))
    base, _ = base_scenario(spec.scenario, weeks=spec.weeks, seed=spec.seed, changes=spec.changes)
    worlds = read_worlds(spec.worlds)
    ranges = _ranges(spec, [world for world, _ in worlds.values()])
    arms = _arms(spec)
    plan = replace(make_plan(base, None, worlds, arms, None, 1), runs=spec.runs)
    if plan.arms.reference not in arms:  # a sweep compares its arms with each other
        shown = tuple(arm for arm in plan.arms.all if arm.name in arms)
        plan = replace(plan, arms=replace(plan.arms, all=shown, reference=shown[0].name))
    settings = tuple(points_of(spec.design, ranges, base.seed))
    _check_points(settings, plan, [world for world, _ in worlds.values()])
    return SweepPlan(spec, plan, settings, arms, _hash(spec, plan, ranges))


def _ranges(spec: SweepSpec, worlds: list[World]) -> dict[str, Range]:
    """What is sampled or crossed point by point: uncertainties, and levers that are no lists."""
    for name in (*spec.levers, *spec.uncertainties):
        if name in ONE_FOR_ALL:
            raise SpecError(
                "levers", name, "is the same for all points and arms", f"{name}: in the sweep itself"
            )
    found = {name: lever for name, lever in spec.levers.items() if lever.values is None}
    for name, given in spec.uncertainties.items():
        found[name] = _own_interval(name, worlds) if given is None else given
    return found


def _own_interval(name: str, worlds: list[World]) -> Range:
    """The interval that the worlds give for a number: from the lowest to the highest."""
    known = [dict(world.numbers()).get(name.removeprefix(_WORLD)) for world in worlds]
    ends = [
        (number.low, number.high)
        for number in known
        if number is not None and number.low is not None and number.high is not None
    ]
    if not name.startswith(_WORLD) or len(ends) < len(worlds):
        raise SpecError(
            "uncertainties", name, "has no interval of its own", "low and high, or values, for this field"
        )
    return Range(low=min(low for low, _ in ends), high=max(high for _, high in ends))


def _arms(spec: SweepSpec) -> dict[str, Settings]:
    """The arms named; or all combinations of the levers that are lists; ``now`` where there are none."""
    if spec.arms:
        return {name: dict(changes) for name, changes in spec.arms.items()}
    lists = {name: lever.values for name, lever in spec.levers.items() if lever.values is not None}
    if not lists:
        return {"now": {}}
    combined = [dict(zip(lists, values, strict=True)) for values in product(*lists.values())]
    names = ["-".join(_word(value) for value in settings.values()) for settings in combined]
    if len(set(names)) < len(names) or not all(re.fullmatch(ID_PATTERN, name) for name in names):
        names = [f"arm-{number + 1}" for number in range(len(combined))]
    return dict(zip(names, combined, strict=True))


def _word(value: object) -> str:
    return re.sub(r"[^a-z0-9_]+", "-", str(value).lower()).strip("-")


def _arm_at(arm: Arm, settings: Settings, plan: Plan) -> Arm:
    """An arm at a point: its own settings over those of the point."""
    source = f"arm {arm.name!r}"
    scenario = apply_changes(apply_changes(plan.scenario, settings, source), arm.changes, source)
    return replace(arm, scenario=scenario)


def _check_points(settings: tuple[Settings, ...], plan: Plan, worlds: list[World]) -> None:
    """Every point must be possible; the first also with all arms."""
    for number, point in enumerate(settings):
        changed = apply_changes(plan.scenario, point, f"point {number}")
        if number == 0:
            for arm in plan.arms.all:
                check_scenario(_arm_at(arm, point, plan).scenario, worlds, None, f"arm {arm.name!r}")
        elif changed.world_changes != plan.scenario.world_changes or changed.rules != plan.scenario.rules:
            check_scenario(changed, worlds, None, f"point {number}")


def _hash(spec: SweepSpec, plan: Plan, ranges: Mapping[str, Range]) -> str:
    design = spec.design
    content = {
        "plan": plan.hash,
        "design": [design.kind, design.points if design.kind == "latin_hypercube" else design.levels],
        "ranges": {name: one.model_dump(mode="json") for name, one in ranges.items()},
    }
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
