"""Assumptions ranked by what they do to outcomes: screening of all, then indices of the strongest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from calibration.evidence import declared_ranges, parameter_rows
from calibration.sensitivity import Sensitivity, sensitivity
from sim.core.errors import SpecError
from sim.experiments.executors import Given
from sim.experiments.running import Progress
from sim.spec.loader import load_sweep
from sim.spec.sweep import Range, SweepSpec

#: The shipped sweep that says scenario, size, weeks and outcomes.
SWEEP = "assumptions"
#: Names of the groups beside the assumptions that stand alone.
OTHERS, MEASURED = "all other assumptions", "fitted and measured numbers"


@dataclass(frozen=True)
class Ranking:
    """What the numbers of a world do to the main outcomes.

    ``screening``: Morris effects of every number; ``indices``: Sobol indices of the strongest assumptions,
    each alone, of all other assumptions as one, and of the numbers that are fitted or from sources as one,
    or None where none was asked for.
    """

    world: str
    trajectories: int
    points: int
    screening: Sensitivity
    indices: Sensitivity | None

    def strongest(self, count: int) -> list[str]:
        """Assumptions with the largest effects, see :func:`strongest`."""
        return strongest(self.screening.table, _assumptions(self.world), count)


def rank_assumptions(
    world: str = "evidence",
    *,
    trajectories: int = 4,
    top: int = 8,
    points: int = 16,
    spec: str | Path | SweepSpec = SWEEP,
    changes: Mapping[str, object] | None = None,
    workers: int | None = None,
    executor: Given = None,
    progress: Progress | None = None,
    store: str | Path | None = None,
) -> Ranking:
    """Screen every number of a world, then say what share of each outcome's variance the strongest carry.

    Parameters
    ----------
    world:
        Its numbers are varied within the intervals of :func:`calibration.evidence.interval_of`.
    trajectories:
        Of the screening; each costs a point for every number, and one.
    top, points:
        Assumptions that stand alone in the second step, and its base points (a power of 2), each of which
        costs ``top`` + 4 points; 0 points: no second step.
    spec, changes:
        A sweep without uncertainties: scenario, arms, weeks, outcomes; changes replace its own.
    workers, executor, progress, store:
        As in :func:`sim.experiments.sweeps.sweep`.

    Raises
    ------
    SpecError
        For an unknown world, or a design that is impossible.
    StoppedError
        When the work was interrupted; with a store the same call goes on from there.
    """
    sweep = varied(world, spec, changes)
    means: dict[str, Any] = {
        "workers": workers, "executor": executor, "progress": progress, "store": store
    }  # fmt: skip
    screening = sensitivity(sweep, method="morris", points=trajectories, **means)
    if points == 0:
        return Ranking(world, trajectories, 0, screening, None)
    if top < 1:
        raise SpecError("--top", "", f"{top} is too few", "1 or more")
    groups = groups_of(world, strongest(screening.table, _assumptions(world), top), sweep)
    indices = sensitivity(sweep, method="sobol", points=points, groups=groups, **means)
    return Ranking(world, trajectories, points, screening, indices)


def varied(world: str, spec: str | Path | SweepSpec, changes: Mapping[str, object] | None) -> SweepSpec:
    """The sweep with the interval of every number of the world that has one."""
    found = spec if isinstance(spec, SweepSpec) else load_sweep(spec)
    whole = {name for name, one in declared_ranges().ranges.items() if one.whole}
    ranges = {
        f"world.{row.id}": Range(low=row.low, high=row.high, whole=row.id in whole)
        for row in parameter_rows(world) if row.low is not None and row.high is not None
    }  # fmt: skip
    return found.model_copy(
        update={"worlds": [world], "uncertainties": ranges, "changes": {**found.changes, **(changes or {})}}
    )


def strongest(screening: pd.DataFrame, assumptions: Sequence[str], count: int) -> list[str]:
    """Assumptions by their largest effect over the outcomes, each outcome's effects as shares of its sum.

    So no outcome counts more than another because of its unit.
    """
    table = screening.assign(effect=screening["effect"].astype(float).fillna(0.0))
    sums = table.groupby("outcome")["effect"].transform("sum")
    table = table.assign(share=(table["effect"] / sums.where(sums > 0)).fillna(0.0))
    best = table[table["field"].isin(set(assumptions))].groupby("field")["share"].max()
    return [str(name) for name in best.sort_values(ascending=False, kind="stable").index[:count]]


def groups_of(world: str, alone: Sequence[str], sweep: SweepSpec) -> dict[str, list[str]]:
    """The strongest assumptions one by one, the other assumptions, and everything else that is varied."""
    assumed = set(_assumptions(world))
    groups = {name: [name] for name in alone}
    groups[OTHERS] = [name for name in sweep.uncertainties if name in assumed and name not in groups]
    groups[MEASURED] = [name for name in sweep.uncertainties if name not in assumed]
    return {name: fields for name, fields in groups.items() if fields}


def _assumptions(world: str) -> list[str]:
    return [f"world.{row.id}" for row in parameter_rows(world) if row.design == "assumption"]
