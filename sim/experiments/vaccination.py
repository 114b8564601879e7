"""Vaccination: R_0 against the share of trade debt under digital collection, and the threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Unpack

import numpy as np
import pandas as pd

from sim.contagion.reproduction import ReproductionEstimate
from sim.contagion.threshold import Threshold, herd_immunity_threshold
from sim.core.columns import F64
from sim.core.errors import SpecError, unknown_name
from sim.experiments.outbreak_curves import FOLLOW_UP_WEEKS
from sim.experiments.outbreak_market import place_of
from sim.experiments.outbreak_runs import Branch, Call, StartResult, jobs_of, plan_starts, run_starts
from sim.experiments.outbreak_shocks import RandomFirms
from sim.experiments.plan import ScenarioLike
from sim.experiments.reproduction import (
    RUNS,
    check_weeks,
    ensemble,
    offspring_of,
    seed_count,
    spectral_estimate,
)
from sim.experiments.statistics import Estimate, paired_difference

#: Ways to choose whose debts are covered first, as ``receivables.targeting`` names them.
TARGETING = ("random", "hub", "sector", "super_spreader")
#: Shares of trade debt under digital collection that are tried where a call names none.
COVERAGE = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, eq=False)
class Vaccination:
    """R_0 by coverage and targeting.

    ``table``: columns ``targeting, coverage, R, low, high``, ``failures`` (firms a run, all causes),
    ``effect`` (failures less those without coverage, paired) with ``effect_low``, ``effect_high``;
    ``thresholds``: by targeting, the coverage at which R_0 falls to one, or None with the reason;
    ``draws``: bootstrap draws (b, k) of R_0 by targeting.
    """

    table: pd.DataFrame
    thresholds: dict[str, Threshold]
    draws: Mapping[str, F64] = field(repr=False)

    def statement(self, targeting: str) -> str:
        """In words: the threshold with its interval, or that none exists in this world."""
        found = self.thresholds[targeting]
        if found.value is None:
            return f"no herd-immunity threshold exists in this world: {found.reason}"
        ends = ", ".join("none" if end is None else f"{end:.0%}" for end in (found.low, found.high))
        more = f"; {found.reason}" if found.reason else ""
        return f"herd-immunity threshold at a coverage of {found.value:.0%} [{ends}]{more}"


def vaccination(
    scenario: ScenarioLike = "baseline",
    *,
    coverage: Sequence[float] = COVERAGE,
    targeting: Sequence[str] = TARGETING,
    seeds: int | None = None,
    follow_up_weeks: int = FOLLOW_UP_WEEKS,
    draws: int = 1000,
    **call: Unpack[Call],
) -> Vaccination:
    """R_0 with growing shares of trade debt under digital collection, from the same starts and seeds.

    Trade debt is covered by ``receivables.scope: covered``: nobody else's receivables are collected, and
    households' debts are treated as the scenario says.

    Parameters
    ----------
    scenario, seeds, follow_up_weeks, draws, call:
        As in :func:`sim.experiments.reproduction.basic_reproduction`.
    coverage:
        Rising shares from 0 to 1, two or more.
    targeting:
        Whose debts are covered first: ``random``, ``hub``, ``sector``, ``super_spreader``.

    Raises
    ------
    SpecError
        For anything impossible.
    StoppedError
        When the work was interrupted.
    """
    grid = _checked(coverage, targeting)
    branches = _branches(grid, targeting)
    plan = plan_starts(scenario, branches, {"runs": RUNS, **call})
    check_weeks(plan.scenario.weeks, follow_up_weeks)
    firms = place_of(plan.scenario)
    shock = RandomFirms(seed_count(firms, seeds))
    shock.check(firms, "seeds")
    results = run_starts(jobs_of(plan, branches, shock), call)
    numbers = {
        name: _reproduction(results, name, plan.scenario.weeks, follow_up_weeks, draws, plan.scenario.seed)
        for name in branches
    }
    thresholds, found = {}, {}
    for way in targeting:
        mine = [numbers[_name(way, place, grid)] for place in range(len(grid))]
        found[way] = np.column_stack([one.draws for one in mine])
        curve = [one.value or 0.0 for one in mine]
        if len(found[way]):
            thresholds[way] = herd_immunity_threshold(grid, found[way], curve=curve)
        else:
            found_once = herd_immunity_threshold(grid, [curve])
            reason = "; ".join(filter(None, (found_once.reason, "one run gives no interval")))
            thresholds[way] = found_once._replace(low=None, high=None, reason=reason)
    lines = [_line(results, numbers, way, place, grid) for way in targeting for place in range(len(grid))]
    return Vaccination(pd.DataFrame(lines), thresholds, found)


def _checked(coverage: Sequence[float], targeting: Sequence[str]) -> tuple[float, ...]:
    grid = tuple(float(share) for share in coverage)
    rising = all(low < high for low, high in pairwise(grid))
    if len(grid) < 2 or not rising or not grid[0] >= 0.0 or not grid[-1] <= 1.0:
        raise SpecError("coverage", "", f"{list(grid)} is no grid", "two or more rising shares from 0 to 1")
    for name in targeting:
        if name not in TARGETING:
            raise SpecError("targeting", "", *unknown_name(str(name), TARGETING, "way of targeting"))
    if not targeting or len(set(targeting)) < len(targeting):
        raise SpecError("targeting", "", f"{list(targeting)} is empty or names one twice", "each way once")
    return grid


def _name(way: str, place: int, grid: Sequence[float]) -> str:
    """Name of a branch; nobody is covered whatever the targeting where the coverage is 0."""
    return "covered_0" if grid[place] == 0.0 else f"{way}_{place}"


def _branches(grid: Sequence[float], targeting: Sequence[str]) -> dict[str, Branch]:
    made: dict[str, Branch] = {}
    for way in targeting:
        for place, share in enumerate(grid):
            changes: dict[str, object] = {
                "receivables.scope": "covered",
                "receivables.coverage": share,
                "receivables.targeting": way,
            }
            made.setdefault(_name(way, place, grid), Branch(changes, shocked=True, tables=True))
    return made


def _reproduction(
    results: Sequence[StartResult], branch: str, weeks: int, follow_up_weeks: int, draws: int, seed: int
) -> ReproductionEstimate:
    number = spectral_estimate(offspring_of(ensemble(results, branch, weeks), follow_up_weeks), draws, seed)
    if number.value == 0.0 and len(results) > 1:
        return number._replace(draws=np.zeros(draws))
    return number


def _line(
    results: Sequence[StartResult],
    numbers: Mapping[str, ReproductionEstimate],
    way: str,
    place: int,
    grid: Sequence[float],
) -> dict[str, object]:
    name, first = _name(way, place, grid), _name(way, 0, grid)
    mine = [float(sum(result.row(name)["failures"].values())) for result in results]
    least = [float(sum(result.row(first)["failures"].values())) for result in results]
    effect: Estimate = paired_difference(mine, least)
    number = numbers[name]
    return {
        "targeting": way,
        "coverage": grid[place],
        "R": number.value,
        "low": number.low,
        "high": number.high,
        "failures": float(np.mean(mine)),
        "effect": effect.mean,
        "effect_low": effect.low,
        "effect_high": effect.high,
    }
