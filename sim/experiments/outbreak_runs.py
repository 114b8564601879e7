"""Branches of one start with and without a shock, and the tables that they leave."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict, cast

import numpy as np
import pandas as pd

from sim.core.columns import I64
from sim.core.errors import StoppedError
from sim.experiments.arms import Arms
from sim.experiments.comparison import Comparison
from sim.experiments.executors import Given, run_all
from sim.experiments.outbreak_market import Market, market_of
from sim.experiments.outbreak_shocks import Shock
from sim.experiments.plan import (
    Plan,
    RulesLike,
    ScenarioLike,
    WorldLike,
    base_scenario,
    make_plan,
    read_worlds,
)
from sim.experiments.tasks import RunRow, StopSignal, Task, TaskStoppedError, row_of, start_of

if TYPE_CHECKING:
    from sim.model import Ecosystem

Progress = Callable[[int, int], None]

#: Weekly counts of firms and money that the model's own weekly figures do not hold.
COUNTS = ("healthy", "strained", "failed", "trade_overdue", "jobs")


@dataclass(frozen=True)
class Branch:
    """One branch of a start.

    ``changes``: of the scenario, from week 0 on; ``shocked``: the shock's firms fail; ``rescued``: the
    rescued firms are kept alive; ``tables``: events and causes are kept.
    """

    changes: Mapping[str, object] = field(default_factory=dict)
    shocked: bool = False
    rescued: bool = False
    tables: bool = False


class Tables(NamedTuple):
    """What a run leaves for the infection tree; see :meth:`sim.model.Ecosystem.causes`."""

    events: pd.DataFrame
    causes: pd.DataFrame
    lender_losses: pd.DataFrame


@dataclass(frozen=True, eq=False)
class StartResult:
    """One start with all its branches.

    ``shocked``: rows of the firms that the shock fells; ``rows``: a :class:`RunRow` a branch, in
    order; ``tables``: of the branches that keep them; ``counts``: weekly :data:`COUNTS` by branch.
    """

    index: int
    seed: int
    shocked: I64
    market: Market
    rows: list[RunRow] = field(default_factory=list)
    tables: dict[str, Tables] = field(default_factory=dict)
    counts: dict[str, pd.DataFrame] = field(default_factory=dict)

    def row(self, branch: str) -> RunRow:
        """The row of a branch."""
        return next(row for row in self.rows if row["arm"] == branch)


@dataclass(frozen=True)
class OutbreakTask:
    """One start and the branches that leave it. Picklable."""

    task: Task
    branches: Mapping[str, Branch]
    shock: Shock | None = None
    shock_week: int = 0
    rescue: tuple[int, ...] = ()


def run_start(job: OutbreakTask, stop: StopSignal | None = None) -> StartResult:
    """Burn in one start and run every branch of it to the end.

    A rescued firm is not made to fail. Raises :class:`SpecError` where the model refuses a branch,
    :class:`sim.experiments.tasks.TaskStoppedError` when the stop signal is set.
    """
    start = cast("Ecosystem", start_of(job.task))
    market = market_of(start)
    none: I64 = np.zeros(0, np.int64)
    shocked = none if job.shock is None else job.shock.choose(market, job.task.seed)
    result = StartResult(job.task.index, job.task.seed, shocked, market)
    for arm in job.task.arms:
        if arm.name not in job.branches:
            continue
        branch = job.branches[arm.name]
        changes = {**arm.changes, **dated_events(job, branch, shocked)}
        model = start.branch(changes) if changes else start.copy()
        result.counts[arm.name] = _weeks(model, arm.scenario.weeks, stop)
        result.rows.append(row_of(job.task, arm, model))
        if branch.tables:
            result.tables[arm.name] = Tables(model.events(), model.causes(), model.lender_losses())
        model.release()
    start.release()
    return result


def dated_events(job: OutbreakTask, branch: Branch, shocked: I64) -> dict[str, object]:
    """The change that adds a branch's failures and rescues to the scenario's events; {} for none."""
    saved = set(job.rescue) if branch.rescued else set()
    felled = [int(firm) for firm in shocked if branch.shocked and int(firm) not in saved]
    more: list[dict[str, object]] = [{"kind": "rescue", "week": 0, "firm": firm} for firm in sorted(saved)]
    more += [{"kind": "fail", "week": job.shock_week, "firm": firm} for firm in felled]
    own = branch.changes.get("events", job.task.scenario.events)
    return {"events": [*cast("Iterable[object]", own), *more]} if more else {}


def run_starts(jobs: Iterable[OutbreakTask], call: Call) -> list[StartResult]:
    """Run starts on threads (default), processes or any executor; results by index.

    Of ``call`` only ``workers``, ``executor`` and ``progress`` are read, as in
    :func:`sim.experiments.compare`. Results do not depend on them. ``progress`` is called in this
    thread with (starts done, starts in all).

    Raises
    ------
    StoppedError
        When interrupted; nothing of it is kept.
    SpecError
        When the model refuses a scenario.
    """
    queue = list(jobs)
    progress = call.get("progress")
    done: list[StartResult] = []

    def take(job: OutbreakTask, result: StartResult) -> None:
        done.append(result)
        if progress is not None:
            progress(len(done), len(queue))

    if progress is not None:
        progress(0, len(queue))
    try:
        run_all(queue, run_start, take, call.get("workers"), call.get("executor"))
    except (StoppedError, KeyboardInterrupt, TaskStoppedError) as error:
        what = str(error) if isinstance(error, StoppedError) else "stopped"
        raise StoppedError(f"{what} after {len(done)} of {len(queue)} starts; nothing is kept") from error
    return sorted(done, key=lambda result: result.index)


def comparison_of(plan: Plan, results: Iterable[StartResult], shown: Collection[str]) -> Comparison:
    """The rows of some branches as a comparison, with its intervals and paired differences."""
    rows = [row for result in results for row in result.rows if row["arm"] in shown]
    arms = Arms(tuple(arm for arm in plan.arms.all if arm.name in shown), plan.arms.reference)
    return Comparison(plan.scenario, plan.rules, tuple(plan.worlds), arms, plan.runs, plan.hash, rows)


class Call(TypedDict, total=False):
    """What all experiments on outbreaks take, as :func:`sim.experiments.compare` takes it.

    ``world``, ``strategy``, ``portfolio``, ``mapping``, ``network``, ``rules``, ``weeks``, ``seed`` and
    ``changes`` replace what the scenario says; ``runs``: paired runs (default 1). The first run has the
    scenario's own seed, as a single run has. ``workers``, ``executor``, ``progress``: see
    :func:`run_starts`.
    """

    world: WorldLike | None
    strategy: str | None
    portfolio: str | Path | None
    mapping: str | Path | None
    network: str | Path | None
    rules: RulesLike | None
    weeks: int | None
    seed: int | None
    changes: Mapping[str, object] | None
    runs: int
    workers: int | None
    executor: Given
    progress: Progress | None


def plan_starts(scenario: ScenarioLike, branches: Mapping[str, Branch], call: Call) -> Plan:
    """A checked plan whose arms are the branches, the first of them the reference.

    Raises :class:`SpecError`.
    """
    strategy = call.get("strategy")
    base, rules = base_scenario(
        scenario,
        rules=call.get("rules"),
        portfolio=call.get("portfolio"),
        mapping=call.get("mapping"),
        network=call.get("network"),
        weeks=call.get("weeks"),
        seed=call.get("seed"),
        changes={**(call.get("changes") or {}), **({} if strategy is None else {"strategy": strategy})},
    )
    world = call.get("world")
    worlds = read_worlds(base.world if world is None else world)
    arms = {name: branch.changes for name, branch in branches.items()}
    return make_plan(base, rules, worlds, arms, None, call.get("runs", 1))


def jobs_of(
    plan: Plan,
    branches: Mapping[str, Branch],
    shock: Shock | None = None,
    shock_week: int = 0,
    rescue: tuple[int, ...] = (),
) -> list[OutbreakTask]:
    """A job for each run of a plan."""
    return [
        OutbreakTask(
            replace(task, seed=plan.scenario.seed) if task.index == 0 else task,
            dict(branches),
            shock,
            shock_week,
            rescue,
        )
        for task in plan.tasks()
    ]


def _weeks(model: Ecosystem, weeks: int, stop: StopSignal | None) -> pd.DataFrame:
    """Run to the end, counting firms and money each week; columns ``week`` and :data:`COUNTS`."""
    lines = []
    for _ in range(weeks - model.week):
        if stop is not None and stop.is_set():
            raise TaskStoppedError("stopped")
        model.run(1)
        f, k = model.state.firms, model.state.links
        alive, strained = int(f.alive.sum()), int((f.alive & f.shrinking).sum())
        owed = int(k.overdue.sum() + k.disputed.sum())
        counts = (alive - strained, strained, len(f.alive) - alive, owed, int(f.employees.sum()))
        lines.append((model.week - 1, *counts))
    return pd.DataFrame(lines, columns=["week", *COUNTS])
