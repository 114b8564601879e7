"""The result of an outbreak: curves, infection trees, reproduction numbers, twins, losses by channel."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sim.contagion.tree import InfectionTree
from sim.core.columns import I64
from sim.experiments import outbreak_curves as curves
from sim.experiments.comparison import Comparison
from sim.experiments.firm_tree import FirmTree, firm_tree
from sim.experiments.outbreak_curves import Defaults
from sim.experiments.outbreak_losses import CLOSED, OPEN, Values, collect, decomposition
from sim.experiments.outbreak_market import Place
from sim.experiments.outbreak_runs import StartResult, comparison_of
from sim.experiments.plan import Plan
from sim.experiments.statistics import Estimate, ratio_interval
from sim.experiments.twins import TwinResult

if TYPE_CHECKING:
    from sim.spec.scenario import Scenario

#: Branches of every outbreak; ``rescued`` only where firms are rescued from a shock.
BASE, SHOCKED, RESCUED = "base", "shocked", "rescued"


class Reproduction(NamedTuple):
    """Reproduction numbers of firms in the shocked runs; see :mod:`sim.experiments.firm_tree`.

    ``seeds``: mean direct offspring of the shocked firms within the follow-up of
    :data:`sim.experiments.outbreak_curves.FOLLOW_UP_WEEKS`; ``cohorts``: of failing firms by week of
    failure, see ``cohort_table`` there; ``generations``: size and growth of each generation after the
    shock, see ``generation_table``; ``complete``: whether the follow-up of the shocked firms lies inside
    the run, so that ``seeds`` is not too low.
    """

    seeds: Estimate
    cohorts: pd.DataFrame
    generations: pd.DataFrame
    complete: bool


@dataclass(frozen=True, eq=False)
class Outbreak:
    """Paired runs with and without a shock; results are means over runs unless said otherwise.

    ``shock``: its text, None where the loss of a default is told by rescuing the firm; ``shock_week``:
    when the firms fail; ``rescue``: rows of the rescued firms; ``channels``: those open in all
    branches; ``place``: names of firms; ``results``: every run with its tables.
    """

    plan: Plan
    place: Place
    shock: str | None
    shock_week: int
    rescue: tuple[int, ...]
    channels: tuple[str, ...]
    results: list[StartResult] = field(repr=False)

    @property
    def scenario(self) -> Scenario:
        """The scenario that all branches share."""
        return self.plan.scenario

    @property
    def hash(self) -> str:
        """SHA-256 over all that decides the result, without the number of runs."""
        parts = (self.plan.hash, self.shock, self.shock_week, self.rescue)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def world(self) -> str:
        """Id of the world."""
        return next(iter(self.plan.worlds))

    @property
    def runs(self) -> int:
        """Paired runs."""
        return len(self.results)

    def names(self, firms: Iterable[int]) -> list[str]:
        """Names of firms by row: their own ids in a user's network."""
        return [self.place.name(int(firm)) for firm in firms]

    @cached_property
    def comparison(self) -> Comparison:
        """The branches ``base``, ``shocked`` and, where there is one, ``rescued``; effects against base."""
        return comparison_of(self.plan, self.results, (BASE, SHOCKED, RESCUED))

    @property
    def twin(self) -> TwinResult:
        """The first run: with the shock minus without it."""
        return self.twins[0]

    @cached_property
    def twins(self) -> list[TwinResult]:
        """Every run: with the shock minus without it."""
        return [TwinResult(result.row(BASE), result.row(SHOCKED)) for result in self.results]

    @property
    def tree(self) -> InfectionTree:
        """The infection tree of the first run with the shock."""
        return self.trees[0]

    @cached_property
    def trees(self) -> list[InfectionTree]:
        """The infection tree of every run with the shock."""
        weeks = self.scenario.weeks
        return [curves.tree_of(result.tables[SHOCKED], weeks) for result in self.results]

    @cached_property
    def firm_trees(self) -> list[FirmTree]:
        """The tree of firms of every run with the shock, households as carriers."""
        return [firm_tree(tree) for tree in self.trees]

    @cached_property
    def seeds(self) -> list[I64]:
        """Rows, in each tree of firms, of the shocked firms or of those whose rescue is the other branch."""
        found = []
        for result, tree in zip(self.results, self.firm_trees, strict=True):
            events = tree.tree.events
            if self.shock is None:
                hit = events["agent"].isin(self.rescue) & (events["week"] >= 0)
            else:
                hit = events["agent"].isin(result.shocked) & (events["week"] == self.shock_week)
            found.append(events[hit].drop_duplicates("agent").index.to_numpy(np.int64))
        return found

    @property
    def felled(self) -> list[I64]:
        """Firms that fail by the shock (or whose default the other branch prevents), by run."""
        return [
            tree.tree.events["agent"].to_numpy(np.int64)[seeds]
            for tree, seeds in zip(self.firm_trees, self.seeds, strict=True)
        ]

    @cached_property
    def generations(self) -> list[tuple[pd.DataFrame, I64]]:
        """By run: firms of each generation, and the generation of each failed firm; see
        :func:`sim.experiments.outbreak_curves.generation_masses`."""
        pairs = zip(self.firm_trees, self.seeds, strict=True)
        return [curves.generation_masses(tree, seeds) for tree, seeds in pairs]

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Weekly figures with and without the shock; see :func:`sim.experiments.outbreak_curves.curve`."""
        return curves.curve(self.results, BASE, SHOCKED)

    @cached_property
    def defaults(self) -> list[Defaults]:
        """Who defaults in one of the two branches only, by run; causal, where the tree is accounting."""
        return [
            curves.compare_defaults(
                result.tables[BASE].events,
                result.tables[SHOCKED].events,
                self.rescue if self.shock is None else result.shocked,
            )
            for result in self.results
        ]

    @cached_property
    def reproduction(self) -> Reproduction:
        """R of the shocked firms, by cohort and by generation, with intervals over runs."""
        weeks = curves.FOLLOW_UP_WEEKS
        children = [
            float(tree.tree.offspring_within(weeks)[seeds].sum())
            for tree, seeds in zip(self.firm_trees, self.seeds, strict=True)
        ]
        number = ratio_interval(children, [float(len(seeds)) for seeds in self.seeds])
        places = [Counter(frame["generation"]) for _, frame in self.infected.groupby("run")]
        return Reproduction(
            seeds=number,
            cohorts=curves.cohort_table(self.firm_trees),
            generations=curves.generation_table([firms for firms, _ in self.generations], places),
            complete=self.shock_week + weeks < self.scenario.weeks,
        )

    @cached_property
    def infected(self) -> pd.DataFrame:
        """Further firms that fail with the shock only, those that owe it most first.

        Columns ``run, firm`` (its name), ``row, sector, week, generation`` (-1: not traced to the
        shock), ``traced`` (share of the failure that the shock answers for), ``channel`` (the largest
        of its causes), ``employees``, ``weekly_sales`` (fen, in normal times).
        """
        frames = [self._infected(run) for run in range(self.runs)]
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def sectors(self) -> pd.DataFrame:
        """Failures by sector; see :func:`sim.experiments.outbreak_curves.sector_table`."""
        return curves.sector_table(self.results, self.felled, BASE, SHOCKED)

    @cached_property
    def by_channel(self) -> pd.DataFrame | None:
        """What the shock costs, and how much less with each channel closed in both branches.

        See :func:`sim.experiments.outbreak_losses.decomposition`; ``closed`` is the direct loss. None
        where no channel is open or the branches were not run.
        """
        found: dict[str, Values] = {OPEN: self._losses("")}
        for setting in (CLOSED, *(f"without_{name}" for name in self.channels)):
            if f"{BASE}_{setting}" in self.plan.arms.names:
                found[setting] = self._losses(f"_{setting}")
        if CLOSED not in found:
            return None
        if len(self.channels) == 1:
            found[f"without_{self.channels[0]}"] = found[CLOSED]
        return decomposition(found)

    @property
    def effect(self) -> pd.DataFrame:
        """With the shock minus without it, by measure; see :meth:`Comparison.paired`."""
        return self.comparison.paired(SHOCKED, BASE)

    @property
    def rescue_effect(self) -> pd.DataFrame | None:
        """With the shock and the rescue minus with the shock alone; None where nobody is rescued."""
        return self.comparison.paired(RESCUED, SHOCKED) if RESCUED in self.comparison.arms.names else None

    def document(self) -> dict[str, object]:
        """The outbreak as plain data: finite numbers, None with a reason, texts."""
        from sim.experiments.outbreak_document import document

        return document(self)

    def to_json(self) -> str:
        """:meth:`document` as one JSON text."""
        return json.dumps(self.document(), allow_nan=False, ensure_ascii=False)

    def report(self, path: str | Path) -> None:
        """Write the one-file HTML report. Raises :class:`SpecError` where it cannot be written."""
        from sim.report.outbreak import write_outbreak_report

        write_outbreak_report(self, path)

    def _losses(self, suffix: str) -> dict[str, list[float]]:
        with_shock = [result.row(SHOCKED + suffix) for result in self.results]
        return collect(with_shock, [result.row(BASE + suffix) for result in self.results])

    def _infected(self, run: int) -> pd.DataFrame:
        result, (tree, _, _) = self.results[run], self.firm_trees[run]
        extra = self.defaults[run].extra
        rows = extra.loc[extra["kind"] == "firm", "agent"].to_numpy(np.int64)
        known = tree.events[tree.events["week"] >= 0].drop_duplicates("agent")
        event = pd.Series(known.index, known["agent"]).reindex(rows).to_numpy(np.int64)
        main = tree.shares.sort_values("share", kind="stable").drop_duplicates("child", keep="last")
        frame = pd.DataFrame(
            {
                "run": run,
                "firm": self.names(rows),
                "row": rows,
                "sector": [result.market.sectors[result.market.sector[row]] for row in rows],
                "week": tree.week[event],
                "generation": self.generations[run][1][event],
                "traced": tree.generations(self.seeds[run]).mass[event],
                "channel": main.set_index("child")["channel"].reindex(event).to_numpy(),
                "employees": result.market.employees[rows],
                "weekly_sales": result.market.weekly_sales[rows],
            }
        )
        return frame.sort_values(["traced", "weekly_sales"], ascending=False, kind="stable")
