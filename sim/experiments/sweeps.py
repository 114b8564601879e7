"""Sweeps: the same arms at many points of what is uncertain, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from sim.core.errors import SpecError
from sim.experiments.executors import Given
from sim.experiments.run_table import RunTable
from sim.experiments.run_views import query
from sim.experiments.running import Declared, Means, Progress, Starts, run_into, run_table
from sim.experiments.sweep_plan import SweepPlan, plan_sweep
from sim.experiments.upkeep import find_experiment
from sim.measures import MEASURES
from sim.spec.loader import load_sweep
from sim.spec.sweep import SweepSpec

#: Quantiles over points that summaries show.
QUANTILES = (0.05, 0.5, 0.95)
_SCHEMA = 1


@dataclass(frozen=True)
class Sweep:
    """Runs of a sweep.

    ``plan``: what was run; ``runs``: a row for each run with columns ``world``, ``point``, ``run``,
    ``arm``, the settings of levers and uncertainties, and the outcomes in their own units; ``resumed``:
    starts that were found finished.
    """

    plan: SweepPlan
    runs: pd.DataFrame
    resumed: int = 0

    @property
    def spec(self) -> SweepSpec:
        """The sweep as its file says it."""
        return self.plan.spec

    @cached_property
    def points(self) -> pd.DataFrame:
        """Means over the runs of each world, point and arm, with the settings."""
        settings = [name for name in self.runs if name not in (*_KEYS, "run", *self.spec.outcomes)]
        means = self.runs.groupby(_KEYS, sort=False)[list(self.spec.outcomes)].mean()
        first = self.runs.groupby(_KEYS, sort=False)[settings].first() if settings else means[[]]
        return first.join(means).reset_index()

    def summary(self) -> pd.DataFrame:
        """How each arm does over all points.

        Columns ``world``, ``arm``, ``outcome``, ``unit``, ``mean`` and the quantiles ``q05``, ``q50``,
        ``q95`` of the means at the points; ``difference`` (mean over points against the first arm, with
        quantiles ``difference_q05`` and so on); ``best``: share of the points at which no arm does better,
        by the direction that is better, None where there is none or one arm; ``points``: at which it is
        defined.
        """
        lines = []
        for world in self.plan.plan.worlds:
            for outcome in self.spec.outcomes:
                here = self.points[self.points["world"] == world]
                wide = here.pivot(index="point", columns="arm", values=outcome)[list(self.plan.arms)]
                best = _best_share(wide, MEASURES[outcome].better)
                base = wide.iloc[:, 0]
                for arm in self.plan.arms:
                    lines.append(
                        {"world": world, "arm": arm, "outcome": outcome, "unit": MEASURES[outcome].unit}
                        | _spread(wide[arm], "")
                        | (_spread(wide[arm] - base, "difference") if arm != wide.columns[0] else {})
                        | {"best": best.get(arm), "points": int(wide[arm].notna().sum())}
                    )
        return pd.DataFrame(lines)

    def drivers(self) -> pd.DataFrame:
        """What outcomes move with: Spearman's rank correlation over points of each sampled number.

        Columns ``world``, ``arm``, ``outcome``, ``field``, ``rank_correlation`` (-1 to 1, None where the
        outcome does not vary), ``p_value`` (of no relation; two-sided), strongest first within an outcome.
        Settings that are no numbers are left out. No rows with fewer than four points.
        """
        names = [name for name in self.plan.settings[0] if pd.api.types.is_numeric_dtype(self.points[name])]
        lines: list[dict[str, Any]] = []
        for (world, arm), here in self.points.groupby(["world", "arm"], sort=False):
            for outcome in self.spec.outcomes:
                found = [
                    {"world": world, "arm": arm, "outcome": outcome, "field": name}
                    | _correlation(here[name].to_numpy(float), here[outcome].to_numpy(float))
                    for name in names
                    if len(here) >= 4
                ]
                lines += sorted(found, key=lambda line: -abs(line["rank_correlation"] or 0.0))
        return pd.DataFrame(
            lines, columns=["world", "arm", "outcome", "field", "rank_correlation", "p_value"]
        )

    def document(self) -> dict[str, object]:
        """The sweep as plain data: finite numbers, None where undefined, texts."""
        return {
            "schema": _SCHEMA,
            "sweep": self.spec.model_dump(mode="json"),
            "hash": self.plan.hash,
            "arms": dict(self.plan.arms),
            "summary": _records(self.summary()),
            "drivers": _records(self.drivers()),
            "points": _records(self.points),
        }

    def to_json(self) -> str:
        """:meth:`document` as one JSON text."""
        return json.dumps(self.document(), allow_nan=False, ensure_ascii=False)


def sweep(
    spec: str | Path | SweepSpec,
    *,
    runs: int | None = None,
    points: int | None = None,
    workers: int | None = None,
    executor: Given = None,
    cluster: str | None = None,
    progress: Progress | None = None,
    store: str | Path | None = None,
) -> Sweep:
    """Run a sweep: every arm at every point, all with the same random numbers.

    Parameters
    ----------
    spec:
        A shipped name, a YAML file or an object.
    runs, points:
        Replace what the sweep says.
    workers, executor, cluster, progress, store:
        As in :func:`sim.experiments.compare`.

    Raises
    ------
    SpecError
        For anything impossible, before the first run where it can be known then.
    StoppedError
        When the work was interrupted.
    """
    found = spec if isinstance(spec, SweepSpec) else load_sweep(spec)
    plan = plan_sweep(_changed(found, runs, points))
    starts = Starts(plan.keys, plan.task, list(plan.arms))
    means = Means(workers, executor, cluster, progress, store)
    with run_table(means) as table:
        resumed = run_into(table, Declared("sweep", plan.hash, plan.describe()), starts, means)
        frame = _read(table, plan)
    return Sweep(plan, _with_settings(plan, frame), resumed)


def stored_sweep(table: RunTable, experiment: str | None = None) -> Sweep:
    """A sweep as far as a run table holds it, without running anything.

    ``experiment``: beginning of its hash; none: the only one there is. Raises :class:`SpecError` for an
    unknown one, one of another kind, or one without a finished run.
    """
    from sim.spec.faults import validate

    name = find_experiment(table, experiment)
    content, source = table.experiments()[name], f"{table.path}, experiment {name[:8]}"
    if content.get("kind") != "sweep":
        raise SpecError(source, "kind", f"{content.get('kind')!r} has no design", "sweep")
    keys = table.finished(name)
    if not keys:
        raise SpecError(source, "", "has no finished run", "an experiment with at least one")
    data = dict(content["sweep"])
    data["runs"] = 1 + max(index for _, _, index in keys)
    if data["design"]["kind"] == "sobol":  # the first points stay when there are more of them
        data["design"] = {**data["design"], "points": 2 ** (max(point for _, point, _ in keys)).bit_length()}
    plan = replace(plan_sweep(validate(SweepSpec, data, source)), hash=name)
    return Sweep(plan, _with_settings(plan, _read(table, plan)), len(keys))


_KEYS = ["world", "point", "arm"]


def _read(table: RunTable, plan: SweepPlan) -> pd.DataFrame:
    """Runs of a sweep with their outcomes."""
    outcomes = ", ".join(f'"{name}"' for name in dict.fromkeys(plan.spec.outcomes))
    return query(
        table,
        f"SELECT world, point, run, arm, {outcomes} FROM runs "
        "WHERE experiment = $1 AND run < $2 AND point < $3 ORDER BY world, point, run",
        [plan.hash, plan.spec.runs, len(plan.settings)],
    )


def _changed(spec: SweepSpec, runs: int | None, points: int | None) -> SweepSpec:
    from sim.spec.faults import validate

    if runs is None and points is None:
        return spec
    data = spec.model_dump(mode="json")
    data["runs"] = spec.runs if runs is None else runs
    data["design"]["points"] = spec.design.points if points is None else points
    return validate(SweepSpec, data, "call")


def _with_settings(plan: SweepPlan, frame: pd.DataFrame) -> pd.DataFrame:
    """Runs with the settings of their point and arm, arms in their order, asked worlds only."""
    frame = frame[frame["world"].isin(list(plan.plan.worlds))]
    place = {arm: number for number, arm in enumerate(plan.arms)}
    order = np.lexsort((frame["arm"].map(place), frame["run"], frame["point"]))
    frame = frame.iloc[order].reset_index(drop=True)
    rows = [plan.settings[point] for point in frame["point"]]
    sampled = {name: [row[name] for row in rows] for name in plan.settings[0]}
    # all at once: a hundred columns one by one are slow, and pandas warns of it each time
    frame = pd.concat([frame.iloc[:, :4], pd.DataFrame(sampled), frame.iloc[:, 4:]], axis=1)
    for name in dict.fromkeys(name for settings in plan.arms.values() for name in settings):
        if name not in frame:  # else an arm replaces what is sampled
            frame[name] = [plan.arms[arm].get(name) for arm in frame["arm"]]
    return frame


def _spread(values: pd.Series[Any], prefix: str) -> dict[str, float | None]:
    known = values.dropna()
    start = f"{prefix}_" if prefix else ""
    mean = {prefix or "mean": float(known.mean()) if len(known) else None}
    return mean | {
        f"{start}q{100 * share:02.0f}": float(known.quantile(share)) if len(known) else None
        for share in QUANTILES
    }


def _best_share(wide: pd.DataFrame, better: str | None) -> dict[str, float]:
    whole = wide.dropna()
    if better is None or wide.shape[1] < 2 or whole.empty:
        return {}
    top = whole.max(axis=1) if better == "higher" else whole.min(axis=1)
    return {str(arm): float((whole[arm] == top).mean()) for arm in whole}


def _correlation(given: np.ndarray[Any, Any], found: np.ndarray[Any, Any]) -> dict[str, float | None]:
    known = np.isfinite(found)
    x, y = given[known], found[known]
    if len(x) < 4 or (x == x[0]).all() or (y == y[0]).all():
        return {"rank_correlation": None, "p_value": None}
    result = stats.spearmanr(x, y)
    return {"rank_correlation": float(result.statistic), "p_value": float(result.pvalue)}


def _records(frame: pd.DataFrame) -> Sequence[dict[str, Any]]:
    return [
        {
            str(name): None if isinstance(value, float) and not np.isfinite(value) else value
            for name, value in row.items()
        }
        for row in frame.to_dict("records")
    ]
