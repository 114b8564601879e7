"""Twins: the same run with one thing changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sim.experiments.comparing import one_arm_plan
from sim.experiments.comparison import unit_of
from sim.experiments.plan import RulesLike, ScenarioLike, WorldLike
from sim.experiments.tasks import RunRow, run_task

BASE, CHANGED = "base", "changed"


@dataclass(frozen=True)
class TwinResult:
    """Two runs with the same random numbers that differ in one change."""

    base: RunRow
    changed: RunRow

    @property
    def difference(self) -> pd.DataFrame:
        """``changed - base`` by measure: columns measure, unit, base, changed, difference, reason.

        Undefined values are NaN, and ``reason`` says why.
        """
        lines = []
        for measure, old in self.base["measures"].items():
            new = self.changed["measures"].get(measure)
            reason = self.changed["reasons"].get(measure) or self.base["reasons"].get(measure)
            gap = None if old is None or new is None else new - old
            lines.append((measure, unit_of(measure), old, new, gap, reason))
        frame = pd.DataFrame(lines, columns=["measure", "unit", BASE, CHANGED, "difference", "reason"])
        return frame.astype({BASE: float, CHANGED: float, "difference": float})

    @property
    def series(self) -> pd.DataFrame:
        """``changed - base`` of every weekly figure, indexed by week (seven digits of each are kept)."""
        old, new = (pd.DataFrame(row["series"]).set_index("week") for row in (self.base, self.changed))
        numbers = old.select_dtypes("number").columns
        return new[numbers] - old[numbers]


def twin(
    scenario: ScenarioLike,
    change: Mapping[str, object],
    *,
    world: WorldLike | None = None,
    strategy: str | None = None,
    portfolio: str | Path | None = None,
    mapping: str | Path | None = None,
    network: str | Path | None = None,
    rules: RulesLike | None = None,
    weeks: int | None = None,
    seed: int | None = None,
    changes: Mapping[str, object] | None = None,
) -> TwinResult:
    """Run a scenario and its twin that has ``change`` from week 0 on.

    Both leave the same burnt-in start; a change of what is settled before week 0 (population,
    network, portfolio, burn-in) gives the twin a start of its own with the same seed. The seed is the
    scenario's own, or the one given; other parameters as in :func:`sim.experiments.compare`. Raises
    :class:`sim.core.errors.SpecError`.
    """
    plan = one_arm_plan(
        scenario,
        world=world,
        strategy=strategy,
        portfolio=portfolio,
        mapping=mapping,
        network=network,
        rules=rules,
        weeks=weeks,
        seed=seed,
        changes=changes,
        arms={BASE: {}, CHANGED: change},
    )
    base, changed = run_task(replace(plan.tasks()[0], seed=plan.scenario.seed))
    return TwinResult(base, changed)
