"""The result of a comparison: rows with intervals and effects, tables, one JSON document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from sim.core.errors import SpecError, unknown_name
from sim.experiments import account_groups, differences, inference
from sim.experiments import winners as winning
from sim.experiments.arms import Arms
from sim.experiments.statistics import Estimate, mean_interval, paired_difference
from sim.experiments.tables import mean_failures, mean_series, pooled_curves
from sim.experiments.tasks import RunRow
from sim.spec.rules import RuleSet
from sim.spec.scenario import Scenario

if TYPE_CHECKING:
    from sim.experiments.adaptive import Precision

SCHEMA = 1
_NOT_IN_JSON = {"pairs"}


class MeasureRow(NamedTuple):
    """One measure of one arm in one world.

    ``mean``, ``low``, ``high`` over ``n`` runs and ``effect``, ``effect_low``, ``effect_high`` over
    ``pairs`` pairs of runs, all in ``unit``; None where undefined, with the ``reason``.
    """

    world: str
    arm: str
    strategy: str | None
    measure: str
    unit: str
    mean: float | None
    low: float | None
    high: float | None
    effect: float | None
    effect_low: float | None
    effect_high: float | None
    n: int
    reason: str | None
    pairs: int


@dataclass(frozen=True)
class Comparison:
    """Runs of several arms, paired by seed.

    ``scenario``: as run, before the arms' changes; ``rules``: a rule set that was given as an object,
    else None; ``worlds``: their ids; ``arms``: what each changes, and the reference of the effects;
    ``runs``: paired runs in each world; ``hash``: of all that decides the results; ``results``: every
    run, hidden arms included, ordered by world, run and arm; ``resumed``: runs (all arms of one start)
    that were found finished; ``interval``: what intervals cover; ``precision``: how narrow intervals
    were asked to be and are (:mod:`sim.experiments.adaptive`), empty where nobody asked.
    """

    scenario: Scenario
    rules: RuleSet | None
    worlds: tuple[str, ...]
    arms: Arms
    runs: int
    hash: str
    results: list[RunRow]
    resumed: int = 0
    interval: str = "seed"
    precision: tuple[Precision, ...] = ()

    @property
    def seed(self) -> int:
        """The root seed, from which the seed of each run is made."""
        return self.scenario.seed

    @property
    def weeks(self) -> int:
        """Weeks of each run after its start."""
        return self.scenario.weeks

    @property
    def reference(self) -> str | None:
        """The arm that effects are measured against."""
        return self.arms.reference

    @cached_property
    def rows(self) -> list[MeasureRow]:
        """A row for each world, measure and arm, in the order of the table of measures."""
        return [
            self._row(world, arm.name, arm.strategy, measure)
            for world in self.worlds
            for measure in self.measures
            for arm in self.arms.all
            if not arm.hidden
        ]

    @property
    def measures(self) -> tuple[str, ...]:
        """Ids of the measures."""
        return tuple(self.results[0]["measures"]) if self.results else ()

    @cached_property
    def series(self) -> pd.DataFrame:
        """Weekly figures by world and arm, mean over runs; see :func:`mean_series`."""
        return mean_series(self.results)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Liquidation curves by world, arm and stage, pooled over runs; see :func:`pooled_curves`."""
        return pooled_curves(self.results)

    @cached_property
    def failures(self) -> pd.DataFrame:
        """Failed firms a run by world, arm and sector; see :func:`mean_failures`."""
        return mean_failures(self.results)

    @cached_property
    def sureness(self) -> pd.DataFrame:
        """How sure every effect is: bootstrap, runs won, many comparisons, runs saved by pairing; see
        :func:`sim.experiments.inference.sureness`."""
        return inference.sureness(self)

    @cached_property
    def quantiles(self) -> pd.DataFrame:
        """Quantiles of every measure over runs; see :func:`sim.experiments.inference.run_quantiles`."""
        return inference.run_quantiles(self)

    @cached_property
    def survival(self) -> pd.DataFrame:
        """Share of accounts not cured yet; see :func:`sim.experiments.inference.survival`."""
        return inference.survival(self.results)

    @cached_property
    def roll_rates(self) -> pd.DataFrame:
        """Moves between buckets of lateness; see :func:`sim.experiments.inference.pooled_roll_rates`."""
        return inference.pooled_roll_rates(self.results)

    @cached_property
    def reproduction(self) -> pd.DataFrame:
        """Reproduction number by quarter; see :func:`sim.experiments.inference.reproduction_over_time`."""
        return inference.reproduction_over_time(self.results)

    @cached_property
    def cohorts(self) -> pd.DataFrame:
        """Liquidation by cohort; see :func:`sim.experiments.account_groups.pooled_cohorts`."""
        return account_groups.pooled_cohorts(self.results)

    @cached_property
    def funnel(self) -> pd.DataFrame:
        """Steps of the funnel; see :func:`sim.experiments.account_groups.pooled_funnel`."""
        return account_groups.pooled_funnel(self.results)

    @cached_property
    def roll_history(self) -> pd.DataFrame:
        """Roll rates by month; see :func:`sim.experiments.account_groups.roll_history`."""
        return account_groups.roll_history(self.results)

    @cached_property
    def spared(self) -> pd.DataFrame:
        """Net gain of work by segment; see :func:`sim.experiments.account_groups.spared`."""
        return account_groups.spared(self)

    @cached_property
    def weekly_differences(self) -> pd.DataFrame:
        """Paired differences by week; see :func:`sim.experiments.differences.weekly_differences`."""
        return differences.weekly_differences(self)

    @cached_property
    def gains(self) -> pd.DataFrame:
        """Who gains and loses; see :func:`sim.experiments.differences.gains`."""
        return differences.gains(self)

    @cached_property
    def balance_sheets(self) -> pd.DataFrame:
        """Balance sheets by arm; see :func:`sim.experiments.differences.balance_sheets`."""
        return differences.balance_sheets(self)

    @cached_property
    def winners(self) -> pd.DataFrame:
        """Best arm of each world on each judged measure; see :func:`sim.experiments.winners.winners`."""
        return winning.winners(self)

    def values(self, world: str, arm: str, measure: str) -> list[float | None]:
        """Values of a measure over runs, ordered by run; None where it is undefined."""
        return self._values(world, arm, measure)[0]

    def table(self, world: str | None = None) -> pd.DataFrame:
        """A row for each measure: mean of each arm, effect of each arm with its interval.

        Columns ``world``, ``measure``, ``unit``; for each arm NAME ``NAME`` (mean), ``NAME low`` and
        ``NAME high``; for each arm but the reference ``NAME effect``, ``NAME effect low``, ``NAME
        effect high``. One world, or all. Raises :class:`SpecError` for an unknown world.
        """
        self._known(world, self.worlds, "world")
        lines: dict[tuple[str, str], dict[str, object]] = {}
        for row in self.rows:
            if world is not None and row.world != world:
                continue
            start: dict[str, object] = {"world": row.world, "measure": row.measure, "unit": row.unit}
            line = lines.setdefault((row.world, row.measure), start)
            line |= {row.arm: row.mean, f"{row.arm} low": row.low, f"{row.arm} high": row.high}
            if row.arm != self.reference:
                line[f"{row.arm} effect"] = row.effect
                line[f"{row.arm} effect low"] = row.effect_low
                line[f"{row.arm} effect high"] = row.effect_high
        frame = pd.DataFrame(list(lines.values()))
        texts = ["world", "measure", "unit"]
        return frame.astype(dict.fromkeys(frame.columns.difference(texts), float))

    def paired(self, changed: str, base: str) -> pd.DataFrame:
        """Difference ``changed - base`` of every measure over paired runs.

        Columns ``world``, ``measure``, ``unit``, the two arms (means), ``difference``, ``low``,
        ``high``, ``n`` (pairs in which both are defined), ``reason``. Hidden arms may be named.
        Raises :class:`SpecError` for an unknown arm.
        """
        names = tuple(arm.name for arm in self.arms.all)
        self._known(changed, names, "arm")
        self._known(base, names, "arm")
        lines = []
        for world in self.worlds:
            for measure in self.measures:
                found = self._difference(world, changed, base, measure)
                lines.append(
                    {
                        "world": world,
                        "measure": measure,
                        "unit": unit_of(measure),
                        changed: self._mean(world, changed, measure).mean,
                        base: self._mean(world, base, measure).mean,
                        "difference": found.mean,
                        "low": found.low,
                        "high": found.high,
                        "n": found.n,
                        "reason": found.reason,
                    }
                )
        numbers = [changed, base, "difference", "low", "high"]
        return pd.DataFrame(lines).astype(dict.fromkeys(numbers, float))

    def document(self) -> dict[str, object]:
        """The comparison as plain data: finite numbers, None with a reason, texts."""
        return {
            "schema": SCHEMA,
            "scenario": self.scenario.id,
            "seed": self.seed,
            "weeks": self.weeks,
            "runs": self.runs,
            "hash": self.hash,
            "interval": self.interval,
            "rows": [
                {name: value for name, value in row._asdict().items() if name not in _NOT_IN_JSON}
                for row in self.rows
            ],
        }

    def to_json(self) -> str:
        """:meth:`document` as one JSON text."""
        return json.dumps(self.document(), allow_nan=False, ensure_ascii=False)

    def report(self, path: str | Path) -> None:
        """Write the one-file HTML report."""
        from sim.report.html import write_report

        write_report(self, path)

    @cached_property
    def _runs(self) -> dict[tuple[str, str], list[RunRow]]:
        found: dict[tuple[str, str], list[RunRow]] = {}
        for row in sorted(self.results, key=lambda row: row["index"]):
            found.setdefault((row["world"], row["arm"]), []).append(row)
        return found

    def _values(self, world: str, arm: str, measure: str) -> tuple[list[float | None], list[str | None]]:
        """Values of a measure over runs, ordered by run, and reasons where it is undefined."""
        rows = self._runs.get((world, arm), [])
        return [row["measures"].get(measure) for row in rows], [row["reasons"].get(measure) for row in rows]

    def _mean(self, world: str, arm: str, measure: str) -> Estimate:
        return mean_interval(*self._values(world, arm, measure))

    def _difference(self, world: str, changed: str, base: str, measure: str) -> Estimate:
        new, new_reasons = self._values(world, changed, measure)
        old, old_reasons = self._values(world, base, measure)
        return paired_difference(new, old, new_reasons, old_reasons, base)

    def _row(self, world: str, arm: str, strategy: str | None, measure: str) -> MeasureRow:
        mean = self._mean(world, arm, measure)
        if self.reference is None or len(self.arms.all) == 1:
            effect = Estimate(None, None, None, 0, "effect: there is no other arm to compare with")
        elif arm == self.reference:
            effect = Estimate(None, None, None, 0, "effect: effects are measured against this arm")
        else:
            effect = self._difference(world, arm, self.reference, measure)
        return MeasureRow(
            world=world,
            arm=arm,
            strategy=strategy,
            measure=measure,
            unit=unit_of(measure),
            mean=mean.mean,
            low=mean.low,
            high=mean.high,
            effect=effect.mean,
            effect_low=effect.low,
            effect_high=effect.high,
            n=mean.n,
            reason=_joined(mean, effect),
            pairs=effect.n,
        )

    def _known(self, name: str | None, known: tuple[str, ...], what: str) -> None:
        if name is not None and name not in known:
            raise SpecError("comparison", "", *unknown_name(name, known, f"compared {what}"))


def unit_of(measure: str) -> str:
    """The unit of a measure, by its id; empty for one that the table of measures does not have."""
    from sim.measures import MEASURES

    found = MEASURES.get(measure)
    return "" if found is None else found.unit


def _joined(mean: Estimate, effect: Estimate) -> str | None:
    """One text for a row: about its mean, then about its effect where that says more."""
    same = effect.n == mean.n and effect.reason is not None and mean.reason is not None
    if effect.reason is None or same:
        return mean.reason
    about = effect.reason if effect.reason.startswith("effect: ") else f"effect: {effect.reason}"
    return f"{mean.reason}; {about}" if mean.reason else about
