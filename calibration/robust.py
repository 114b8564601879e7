"""Robust choice over worlds and what is uncertain in each: regret, satisficing and Pareto front.

Regret of an arm at a point: by how much the best arm there does better (Savage, Journal of the American
Statistical Association 46, 1951). Satisficing: the share of points at which an arm meets every condition
(Starr, Management Science 9, 1963). Both compare arms at the same point with the same seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from calibration.discovery import LEAST_POINTS, Discovery, discover
from calibration.evidence import parameter_rows
from sim.core.columns import F64, Bool
from sim.core.errors import SpecError, unknown_name
from sim.experiments.executors import Given
from sim.experiments.running import Progress
from sim.experiments.sweeps import Sweep
from sim.experiments.sweeps import sweep as run_sweep
from sim.measures import MEASURES
from sim.measures.by_strategy import wilson
from sim.spec.loader import load_sweep
from sim.spec.sweep import Range, SweepSpec

#: The shipped sweep that names the arms, and the outcomes: recovery, cost, harm.
SWEEP = "robust"
#: Points that an arm may be worse than the first by and still count as no worse.
_EQUAL = 1e-12
_RESAMPLES = 1000
#: Points at which an arm must do worse before a box of them is looked for (assumption).
LEAST_INSIDE = 10


@dataclass(frozen=True)
class Robust:
    """Arms at all points.

    ``points``: columns ``world``, ``point``, ``arm`` and the outcomes; ``outcomes``: in the order of the
    sweep; ``arms``: the first is what others must not be worse than; ``varied``: numbers by world;
    ``boxes``: where each arm does worse than the first, for every outcome, with enough points to tell.
    """

    points: pd.DataFrame
    outcomes: tuple[str, ...]
    arms: tuple[str, ...]
    varied: Mapping[str, tuple[str, ...]]
    boxes: tuple[Discovery, ...] = ()

    @property
    def worlds(self) -> tuple[str, ...]:
        """Worlds in the order of the runs."""
        return tuple(dict.fromkeys(self.points["world"]))


def robust(
    spec: str | Path | SweepSpec = SWEEP,
    *,
    worlds: Sequence[str] = ("evidence", "report"),
    points: int = 32,
    changes: Mapping[str, object] | None = None,
    workers: int | None = None,
    executor: Given = None,
    progress: Progress | None = None,
    store: str | Path | None = None,
) -> Robust:
    """Run the arms of a sweep at points of the uncertainty of every world.

    Parameters
    ----------
    spec:
        A sweep with arms; where it names no uncertainties, the fitted numbers of each world are varied
        within their intervals (see :func:`posterior_ranges`) by a Sobol sequence.
    worlds, points:
        Worlds, and points in each, a power of 2.
    changes, workers, executor, progress, store:
        As in :func:`sim.experiments.sweeps.sweep`.

    Raises
    ------
    SpecError
        For a sweep with fewer than two arms, or a world without fitted intervals.
    StoppedError
        When the work was interrupted; with a store the same call goes on from there.
    """
    found = spec if isinstance(spec, SweepSpec) else load_sweep(spec)
    parts, varied, boxes = [], {}, list[Discovery]()
    for world in worlds:
        ranges = dict(found.uncertainties) or posterior_ranges(world)
        design = found.design.model_copy(update={"points": points})
        one = found.model_copy(
            update={
                "worlds": [world], "uncertainties": ranges, "design": design,
                "changes": {**found.changes, **(changes or {})},
            }
        )  # fmt: skip
        one = SweepSpec.model_validate(one.model_dump())
        done = run_sweep(one, workers=workers, executor=executor, progress=progress, store=store)
        if len(done.plan.arms) < 2:
            raise SpecError("robust", "arms", "there is nothing to choose from", "two arms or more")
        parts.append(done.points)
        varied[world] = tuple(ranges)
        if points >= LEAST_POINTS:
            boxes += _boxes(done)
    table = pd.concat(parts, ignore_index=True)[["world", "point", "arm", *found.outcomes]]
    return Robust(table, tuple(found.outcomes), tuple(dict.fromkeys(table["arm"])), varied, tuple(boxes))


def _boxes(done: Sweep) -> list[Discovery]:
    """Where each arm does worse than the first, for every outcome; boxes where that happens often enough."""
    asked = [(outcome, arm) for outcome in done.spec.outcomes for arm in list(done.plan.arms)[1:]]
    found = [box for outcome, arm in asked for box in discover(done, outcome, arm=arm)]
    return [one if one.interesting >= LEAST_INSIDE else replace(one, box=None, trail=()) for one in found]


def posterior_ranges(world: str) -> dict[str, Range | None]:
    """The intervals of the fitted numbers of a world: of the posterior, or of the prior before it is fitted.

    Raises :class:`SpecError` where it has none.
    """
    found: dict[str, Range | None] = {
        f"world.{row.id}": Range(low=row.low, high=row.high)
        for row in parameter_rows(world)
        if row.design == "fitted" and row.interval in ("own", "prior") and row.low != row.high
    }
    if not found:
        raise SpecError("robust", world, "has no fitted number with an interval", "a calibrated world")
    return found


def wide(points: pd.DataFrame, outcome: str, arms: Sequence[str]) -> pd.DataFrame:
    """An outcome by (world, point) and arm; points at which it is undefined for an arm are left out."""
    table = points.pivot(index=["world", "point"], columns="arm", values=outcome)
    return table[list(arms)].dropna()


def regret(found: Robust, outcome: str) -> pd.DataFrame:
    """Regret of each arm in the outcome's unit.

    Columns ``arm``, ``mean`` with a 95 % bootstrap interval over points ``low``, ``high``, ``q95`` (95 % of
    the points are better), ``worst``, ``best_share`` (share of points at which no arm does better),
    ``points``; the smallest worst regret first. Raises :class:`SpecError` for an outcome that has no better
    direction.
    """
    sign = _sign(outcome)
    table = wide(found.points, outcome, found.arms)
    values: F64 = sign * table.to_numpy(float)
    regrets = values.max(axis=1, keepdims=True) - values
    generator = np.random.default_rng(0)
    drawn = generator.integers(len(regrets), size=(_RESAMPLES, len(regrets)))
    rows = []
    for column, arm in enumerate(found.arms):
        own = regrets[:, column]
        low, high = np.quantile(own[drawn].mean(axis=1), (0.025, 0.975))
        rows.append(
            {"arm": arm, "mean": own.mean(), "low": low, "high": high, "q95": np.quantile(own, 0.95),
             "worst": own.max(), "best_share": float((own <= _EQUAL).mean()), "points": len(own)}
        )  # fmt: skip
    return pd.DataFrame(rows).sort_values(["worst", "mean"], ignore_index=True, kind="stable")


def satisficing(found: Robust, outcomes: Sequence[str] | None = None) -> pd.DataFrame:
    """Share of points at which an arm is no worse than the first in every outcome.

    Columns ``arm``, ``share``, ``low``, ``high`` (Wilson, 95 %), ``points``, and a share for each world.
    """
    asked = found.outcomes if outcomes is None else tuple(outcomes)
    met: dict[str, pd.Series] = {}
    for arm in found.arms[1:]:
        kept: pd.Series | None = None
        for outcome in asked:
            table = wide(found.points, outcome, found.arms)
            good = _sign(outcome) * (table[arm] - table[found.arms[0]]) >= -_EQUAL
            kept = good if kept is None else (kept & good.reindex(kept.index, fill_value=False))
        assert kept is not None
        met[arm] = kept
    rows = []
    for arm, kept in met.items():
        low, high = wilson(int(kept.sum()), len(kept))
        by_world = {str(world): float(part.mean()) for world, part in kept.groupby(level="world")}
        rows.append(
            {
                "arm": arm,
                "share": float(kept.mean()),
                "low": low,
                "high": high,
                "points": len(kept),
                **by_world,
            }
        )
    return pd.DataFrame(rows).sort_values("share", ascending=False, ignore_index=True, kind="stable")


def pareto(found: Robust, outcomes: Sequence[str]) -> pd.DataFrame:
    """Arms by their means, and whether another arm is at least as good in all outcomes and better in one.

    Columns ``world`` (each, and ``all`` for means over both), ``arm``, the outcomes, ``front``, and
    ``front_share``: share of the points at which the arm is on the front.
    """
    signs = np.array([_sign(outcome) for outcome in outcomes])
    complete = found.points.dropna(subset=list(outcomes))
    rows: list[dict[str, Any]] = []
    for world in (*found.worlds, "all"):
        here = complete if world == "all" else complete[complete["world"] == world]
        means = here.groupby("arm")[list(outcomes)].mean().reindex(list(found.arms)).dropna()
        front = undominated(signs * means.to_numpy(float))
        shares = _front_shares(here, outcomes, signs)
        rows += [
            {"world": world, "arm": arm, **means.loc[arm].to_dict(), "front": bool(on),
             "front_share": shares.get(str(arm), 0.0)}
            for arm, on in zip(means.index, front, strict=True)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def undominated(values: F64) -> Bool:
    """Which rows no other row beats, shape (rows,): more is better in every column of ``values``."""
    at_least: Bool = np.all(values[None, :, :] >= values[:, None, :], axis=2)
    better: Bool = np.any(values[None, :, :] > values[:, None, :], axis=2)
    return np.asarray(~np.any(at_least & better, axis=1), np.bool_)


def _front_shares(points: pd.DataFrame, outcomes: Sequence[str], signs: F64) -> dict[str, float]:
    counts: dict[str, list[bool]] = {}
    for _, here in points.groupby(["world", "point"]):
        on = undominated(signs * here[list(outcomes)].to_numpy(float))
        for arm, front in zip(here["arm"], on, strict=True):
            counts.setdefault(str(arm), []).append(bool(front))
    return {arm: float(np.mean(found)) for arm, found in counts.items()}


def _sign(outcome: str) -> float:
    if outcome not in MEASURES:
        raise SpecError("robust", "outcomes", *unknown_name(outcome, MEASURES, "measure"))
    better = MEASURES[outcome].better
    if better is None:
        raise SpecError("robust", "outcomes", f"{outcome} has no better direction", "a measure that has one")
    return 1.0 if better == "higher" else -1.0


def robust_document(found: Robust) -> dict[str, Any]:
    """All three as plain data."""
    return {
        "schema": 1, "arms": list(found.arms), "outcomes": list(found.outcomes),
        "points": len(found.points) // len(found.arms),
        "varied": {world: list(names) for world, names in found.varied.items()},
        "regret": {outcome: _records(regret(found, outcome)) for outcome in found.outcomes},
        "satisficing": _records(satisficing(found)),
        "pareto": _records(pareto(found, found.outcomes)),
        "boxes": [box.document() for box in found.boxes],
    }  # fmt: skip


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            str(key): float(f"{value:.5g}") if isinstance(value, float) else
            value.item() if hasattr(value, "item") else value
            for key, value in row.items()
        }
        for row in table.to_dict("records")
    ]  # fmt: skip
