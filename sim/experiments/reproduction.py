"""R_0 of a scenario: the next-generation matrix of types of firms, and growth over generations.

Both come from ensembles of small seeds. The matrix holds the mean offspring, by type, of the firms that
the seeds infect and whose follow-up is complete, each counted by the share of its failure that leads back
to the seeds. The seeds themselves are left out: a shocked firm is healthy when it fails, which those it
infects are not; so are failures that have nothing to do with the seeds, and generations after the third,
which meet firms that have failed already. R_0 is the spectral radius
(Diekmann, Heesterbeek and Metz, Journal of Mathematical Biology 28, 1990). The check is the growth from
generation 2 to 4 of the same seeds, and of seeds drawn from the leading eigenvector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd

from sim.contagion.reproduction import (
    ReproductionEstimate,
    generation_growth,
    leading_eigenvector,
    next_generation_matrix,
    reproduction_interval,
)
from sim.contagion.tree import InfectionTree
from sim.core.columns import F64, I64
from sim.core.errors import SpecError
from sim.experiments.firm_tree import FirmTree, firm_tree
from sim.experiments.firm_types import LEAST_FAILURES, TYPES, TypedFirms, merge_types, types_of
from sim.experiments.outbreak_curves import (
    FOLLOW_UP_WEEKS,
    generation_masses,
    tree_of,
)
from sim.experiments.outbreak_market import Place, place_of
from sim.experiments.outbreak_runs import Branch, Call, StartResult, jobs_of, plan_starts, run_starts
from sim.experiments.outbreak_shocks import RandomFirms
from sim.experiments.plan import ScenarioLike
from sim.experiments.statistics import Estimate, ratio_interval

#: Paired runs where a call names none.
RUNS = 20
#: Last generation whose offspring count: later ones meet firms that have already failed (the growth of
#: generations 2 to 4 ends with the offspring of generation 3).
LAST_PARENTS = 3
#: Share of firms that are seeds (assumption: few enough not to meet each other's effects).
SEED_SHARE = 0.01
#: A firm whose failure leads back to the seeds in full counts so many times, others in proportion.
FULL_WEIGHT = 200


class Ensemble(NamedTuple):
    """Shocked runs of one setting: trees of firms, seeds (rows of the trees), type of each firm by row."""

    trees: list[FirmTree]
    seeds: list[I64]
    types: list[I64]

    def masses(self) -> list[F64]:
        """Firms of each generation, by run."""
        pairs = zip(self.trees, self.seeds, strict=True)
        return [generation_masses(tree, seeds)[0]["firms"].to_numpy(np.float64) for tree, seeds in pairs]


class Offspring(NamedTuple):
    """Infected firms followed to the end, each repeated by its weight (:data:`FULL_WEIGHT`).

    Offspring by type (s, T), type (s,) and run (s,); names of the types, and the type that each of
    :data:`TYPES` became.
    """

    counts: F64
    types: I64
    runs: I64
    names: tuple[str, ...]
    merged: I64


@dataclass(frozen=True, eq=False)
class BasicReproduction:
    """R_0 of a scenario.

    ``types``: names; ``matrix``: ``[a, b]`` mean offspring of type a of one of type b;
    ``infected``: how many were followed, by type; ``leading``: the mix of types that reproduces itself;
    ``number``: the spectral radius; ``growth``: from generation 2 to 4 of random seeds;
    ``growth_leading``: the same of seeds drawn from the leading eigenvector; ``seed_offspring``: mean
    direct offspring of random seeds, which is not R_0 where types differ; ``masses``: firms of each
    generation, mean over runs, columns ``generation, random, leading``.
    """

    types: tuple[str, ...]
    matrix: F64
    infected: tuple[float, ...]
    leading: F64
    number: ReproductionEstimate
    growth: ReproductionEstimate
    growth_leading: ReproductionEstimate
    seed_offspring: Estimate
    masses: pd.DataFrame = field(repr=False)

    @property
    def agree(self) -> bool | None:
        """Whether the interval of the matrix meets those of both growths; None where one is missing."""
        pairs = [(self.number, self.growth), (self.number, self.growth_leading)]
        found = [_meet(one, other) for one, other in pairs]
        return None if None in found else all(found)

    def table(self) -> pd.DataFrame:
        """Columns ``estimate, R, low, high, reason``."""
        named = {
            "spectral radius of the next-generation matrix": self.number,
            "growth of random seeds, generations 2 to 4": self.growth,
            "growth of seeds from the leading eigenvector, generations 2 to 4": self.growth_leading,
        }
        rows = [(name, r.value, r.low, r.high, r.reason) for name, r in named.items()]
        seeds = self.seed_offspring
        rows.append(("mean offspring of a random seed", seeds.mean, seeds.low, seeds.high, seeds.reason))
        return pd.DataFrame(rows, columns=["estimate", "R", "low", "high", "reason"])


def basic_reproduction(
    scenario: ScenarioLike = "baseline",
    *,
    seeds: int | None = None,
    follow_up_weeks: int = FOLLOW_UP_WEEKS,
    draws: int = 1000,
    **call: Unpack[Call],
) -> BasicReproduction:
    """R_0 from the next-generation matrix and from growth over generations, two ways.

    Parameters
    ----------
    scenario, call:
        As in :func:`sim.experiments.outbreak`; 20 runs unless ``runs`` says otherwise. ``weeks``
        should be several follow-ups long, or late generations are cut short.
    seeds:
        Firms shocked at week 0 of each run; none: one in a hundred.
    follow_up_weeks:
        How long the children of a failure count.
    draws:
        Bootstrap draws of the intervals, runs drawn as a whole.

    Raises
    ------
    SpecError
        For anything impossible, and where the runs are too short for a follow-up.
    StoppedError
        When the work was interrupted.
    """
    branches = {"shocked": Branch(shocked=True, tables=True)}
    plan = plan_starts(scenario, branches, {"runs": RUNS, **call})
    weeks = plan.scenario.weeks
    check_weeks(weeks, follow_up_weeks)
    place = place_of(plan.scenario)
    first = RandomFirms(seed_count(place, seeds))
    first.check(place, "seeds")
    random = ensemble(run_starts(jobs_of(plan, branches, first), call), "shocked", weeks)
    offspring = offspring_of(random, follow_up_weeks)
    count = len(offspring.names)
    matrix, leading = np.zeros((count, count)), np.full(count, 1.0 / count)
    if len(offspring.types):
        matrix = next_generation_matrix(offspring.counts, offspring.types, count)
        leading = leading_eigenvector(matrix)
    typed = TypedFirms(first.count, _spread(leading, offspring.merged, random))
    drawn = ensemble(run_starts(jobs_of(plan, branches, typed), call), "shocked", weeks)
    key = plan.scenario.seed
    number = spectral_estimate(offspring, draws, key)
    masses = random.masses(), drawn.masses()
    return BasicReproduction(
        types=offspring.names,
        matrix=matrix,
        infected=tuple((np.bincount(offspring.types, minlength=count) / FULL_WEIGHT).tolist()),
        leading=leading,
        number=number,
        growth=generation_growth(masses[0], draws=draws, seed=key),
        growth_leading=generation_growth(masses[1], draws=draws, seed=key),
        seed_offspring=_seed_offspring(random, follow_up_weeks),
        masses=_mass_table(*masses),
    )


def ensemble(results: Sequence[StartResult], branch: str, weeks: int) -> Ensemble:
    """The runs of a branch whose firms were shocked at week 0."""
    trees, seeds = [], []
    for result in results:
        tree = firm_tree(tree_of(result.tables[branch], weeks))
        hit = tree.tree.events["agent"].isin(result.shocked) & (tree.tree.events["week"] == 0)
        trees.append(tree)
        seeds.append(tree.tree.events[hit].drop_duplicates("agent").index.to_numpy(np.int64))
    return Ensemble(trees, seeds, [types_of(result.market) for result in results])


def offspring_of(runs: Ensemble, follow_up_weeks: int) -> Offspring:
    """Offspring of the firms that the seeds infect, with complete follow-up; rare types are merged."""
    kinds = [
        types[tree.tree.events["agent"].to_numpy(np.int64)]
        for tree, types in zip(runs.trees, runs.types, strict=True)
    ]
    weights = [
        _weights(tree.tree, seeds, follow_up_weeks)
        for tree, seeds in zip(runs.trees, runs.seeds, strict=True)
    ]
    everything = np.bincount(np.concatenate(kinds), np.concatenate(weights), len(TYPES))
    merged, names = merge_types(everything / FULL_WEIGHT)
    found = [
        np.repeat(tree.tree.offspring_by_type(merged[kind], len(names), follow_up_weeks), weight, axis=0)
        for tree, kind, weight in zip(runs.trees, kinds, weights, strict=True)
    ]
    return Offspring(
        np.concatenate(found),
        np.concatenate([np.repeat(merged[kind], w) for kind, w in zip(kinds, weights, strict=True)]),
        np.repeat(np.arange(len(weights)), [int(weight.sum()) for weight in weights]),
        names,
        merged,
    )


def spectral_estimate(offspring: Offspring, draws: int, seed: int) -> ReproductionEstimate:
    """R_0 of the next-generation matrix, runs drawn as a whole; 0 where the seeds infect no firm.

    No interval where fewer than :data:`LEAST_FAILURES` infected firms were followed up.
    """
    if not len(offspring.types):
        reason = "no firm whose failure leads back to the seeds could be followed up"
        return ReproductionEstimate(0.0, None, None, np.empty(0), reason)
    found = reproduction_interval(
        offspring.counts,
        offspring.types,
        len(offspring.names),
        runs=offspring.runs,
        draws=draws,
        seed=seed,
    )
    infected = len(offspring.types) / FULL_WEIGHT
    if infected >= LEAST_FAILURES:
        return found
    reason = f"only {infected:.1f} infected firms could be followed up: more seeds or runs give an interval"
    return found._replace(low=None, high=None, reason=reason)


def _weights(tree: InfectionTree, seeds: I64, follow_up_weeks: int) -> I64:
    mass = tree.generations(seeds, LAST_PARENTS).mass
    mass[seeds] = 0.0
    mass[~tree.complete(follow_up_weeks)] = 0.0
    return np.round(FULL_WEIGHT * mass).astype(np.int64)


def check_weeks(weeks: int, follow_up_weeks: int) -> None:
    """Raise :class:`SpecError` unless some failures can be followed up inside the run."""
    if follow_up_weeks < 1 or weeks <= follow_up_weeks:
        problem = f"{weeks} weeks leave none to follow failures for {follow_up_weeks}"
        raise SpecError("weeks", "", problem, f"more than {max(1, follow_up_weeks)}")


def seed_count(place: Place, seeds: int | None) -> int:
    """Firms to shock: those asked for, or :data:`SEED_SHARE` of all."""
    return max(1, round(SEED_SHARE * place.firms)) if seeds is None else seeds


def _spread(leading: F64, merged: I64, runs: Ensemble) -> tuple[float, ...]:
    """The leading eigenvector over :data:`TYPES`; merged types by the number of their firms."""
    sizes = np.bincount(np.concatenate(runs.types), minlength=len(TYPES)).astype(np.float64)
    whole = np.bincount(merged, sizes)
    share = np.divide(sizes, whole[merged], out=np.zeros(len(TYPES)), where=whole[merged] > 0)
    return tuple(float(x) for x in leading[merged] * share)


def _seed_offspring(runs: Ensemble, follow_up_weeks: int) -> Estimate:
    pairs = list(zip(runs.trees, runs.seeds, strict=True))
    children = [float(tree.tree.offspring_within(follow_up_weeks)[seeds].sum()) for tree, seeds in pairs]
    return ratio_interval(children, [float(len(seeds)) for _, seeds in pairs])


def _mass_table(random: Sequence[F64], leading: Sequence[F64]) -> pd.DataFrame:
    deepest = max(len(mass) for mass in (*random, *leading))
    means = [
        np.mean([np.pad(mass, (0, deepest - len(mass))) for mass in masses], axis=0)
        for masses in (random, leading)
    ]
    return pd.DataFrame({"generation": np.arange(deepest), "random": means[0], "leading": means[1]})


def _meet(one: ReproductionEstimate, other: ReproductionEstimate) -> bool | None:
    """Whether two intervals have a point in common; None where one has no ends."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    return one.low <= other.high and other.low <= one.high
