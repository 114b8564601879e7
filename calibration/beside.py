"""What a claimed rate is shown beside: stages and horizons, the base rate, chance instead of choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from calibration.claims import Claim
from calibration.judgements import shipped_judgements
from sim.experiments.plan import WorldLike
from sim.experiments.selection import selection_effect
from sim.experiments.statistics import Estimate, mean_interval
from sim.experiments.tasks import RunRow
from sim.measures.recovery import HEADLINE, HORIZONS, STAGES

#: Success claims are read from measures that begin so.
_SUCCESS = "cure_rate_180d_on_entry"
#: The claim that is taken apart into choice and effect, the strategy, and how long accounts are followed.
CHOSEN, STRATEGY, HORIZON = "S04", "app_based", "180d"


class StageRow(NamedTuple):
    """Success of a claim's system at one stage and horizon, accounts of the common list."""

    claim: str
    world: str
    stage: str
    horizon: str
    figure: Estimate


class AccuracyRow(NamedTuple):
    """A claimed accuracy beside what always saying the same achieves, and beside the area under the curve."""

    claim: str
    world: str
    accuracy: Estimate
    no_skill: Estimate
    auc: Estimate


class SelectionRow(NamedTuple):
    """One quantity of :func:`sim.experiments.selection.selection_effect` in one world."""

    claim: str
    world: str
    quantity: str
    figure: Estimate


def stage_rows(claim: Claim, world: str, rows: Sequence[RunRow]) -> list[StageRow]:
    """Success by stage and horizon; none for a claim that is no rate of success."""
    if not (claim.figure.measure or "").startswith(_SUCCESS):
        return []
    mine = [row for row in rows if row["arm"] == claim.figure.arm]
    found = []
    for stage in STAGES:
        for horizon in HORIZONS:
            name = f"cure_rate_{horizon}" + ("" if stage == HEADLINE else f"_{stage}")
            found.append(StageRow(claim.id, world, stage, horizon, _mean(mine, name)))
    return found


def accuracy_rows(claim: Claim, world: str, rows: Sequence[RunRow]) -> list[AccuracyRow]:
    """Accuracy, that of always the same answer, and area under the curve; none for other claims."""
    judgement = shipped_judgements().get(claim.id)
    if judgement is None or judgement.accuracy is None:
        return []
    mine = [row for row in rows if row["arm"] == claim.figure.arm]
    measures = (str(claim.figure.measure), judgement.accuracy.base, judgement.accuracy.auc)
    return [AccuracyRow(claim.id, world, *(_mean(mine, name) for name in measures))]


def selection_rows(
    worlds: Iterable[WorldLike],
    *,
    runs: int,
    seed: int | None = None,
    changes: Mapping[str, object] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[SelectionRow]:
    """Who chose the app, who got it by chance, and others like those who chose, in each world."""
    given = list(worlds)
    found = []
    for done, world in enumerate(given):
        if progress is not None:
            progress(done, len(given))
        result = selection_effect(
            "baseline", STRATEGY, horizon=HORIZON, runs=runs, seed=seed, world=str(world), changes=changes
        )
        for row in result.table.to_dict("records"):
            low, high = (None if pd.isna(row[end]) else float(row[end]) for end in ("low", "high"))
            mean = None if pd.isna(row["mean"]) else float(row["mean"])
            figure = Estimate(mean, low, high, int(row["n"]), row["reason"])
            found.append(SelectionRow(CHOSEN, str(world), str(row["quantity"]), figure))
    return found


def _mean(rows: Sequence[RunRow], measure: str) -> Estimate:
    values = [row["measures"].get(measure) for row in rows]
    return mean_interval(values, [row["reasons"].get(measure, "") for row in rows])
