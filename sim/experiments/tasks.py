"""One start and its arms, run to the end: the unit of work that executors are given."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypedDict, cast

import pandas as pd

from sim.core.errors import ArrearsError, StartChangeError
from sim.experiments.arms import Arm
from sim.spec.changes import apply_rule_changes
from sim.spec.portfolio import Portfolio, read_portfolio
from sim.spec.rules import RuleSet
from sim.spec.scenario import Scenario
from sim.spec.world import World

#: Weeks between two looks at the stop signal.
_STRIDE = 4
#: Digits kept of weekly and liquidation figures: enough for any chart, and short to write.
_DIGITS = 7

Columns = dict[str, list[Any]]
#: World, point of the design and index of a start.
Key = tuple[str, int, int]
#: Is given the name and the events of an arm.
KeepEvents = Callable[[str, pd.DataFrame], None]


class RunRow(TypedDict):
    """The result of one run, plain enough for JSON.

    ``world``, ``point``, ``index``, ``arm``, ``strategy``: which run (``strategy`` None: collectors
    differ); ``point``, ``settings``: of a sweep's design, and what it sets (0 and {} elsewhere);
    ``seed``: of its random streams; ``weeks``: after the start; ``own_start``: burnt in by itself instead
    of branched from the shared start; ``digest``: of the final state; ``seconds``: wall time without the
    shared start, which took ``start_seconds``; ``measures``: value by measure id, None where undefined;
    ``reasons``: why, for those; ``series``, ``curves``: columns of the weekly figures and of the
    liquidation curves (fen, share), rounded to seven digits; ``failures``: firms that failed, by sector;
    ``cures``: cumulated cures of the common list by stage and week (accounts); ``roll_rates``: moves of
    accounts between buckets; ``reproduction``: failed firms and the failures they caused, by quarter;
    ``sectors``: firms, failures and trade debt by sector at the end (fen); ``hardship``: transfers, costs
    and hardship of borrowers by group (fen, counts); ``groups``: accounts by cohort, step of the funnel and
    segment, and month by month between buckets (``cohorts``, ``funnel``, ``segments``, ``roll_history``);
    ``matrices``: ``balance_sheet`` and ``flows`` by
    sector at the end, exact fen.
    """

    world: str
    point: int
    index: int
    arm: str
    strategy: str | None
    seed: int
    weeks: int
    own_start: bool
    settings: dict[str, Any]
    digest: str
    seconds: float
    start_seconds: float
    measures: dict[str, float | None]
    reasons: dict[str, str]
    series: Columns
    curves: Columns
    cures: Columns
    roll_rates: Columns
    reproduction: Columns
    sectors: Columns
    hardship: Columns
    groups: dict[str, Columns]
    matrices: dict[str, Columns]
    failures: dict[str, int]


@dataclass(frozen=True)
class Task:
    """One start (world, point, index) and the arms that leave it. Picklable.

    ``world`` is what the model is given (a name, path or object), ``world_id`` its id in the rows;
    ``rules`` a rule set given as an object, None for the scenario's; ``strategies`` are classes that
    another process must import before it can use them by name. ``point``, ``settings``: the point of a
    sweep's design and what it sets; ``program``: digest of the program that made the task.
    """

    scenario: Scenario
    world: str | World
    world_id: str
    rules: RuleSet | None
    seed: int
    index: int
    arms: tuple[Arm, ...]
    strategies: tuple[type, ...] = field(default=())
    point: int = 0
    settings: Mapping[str, object] = field(default_factory=dict)
    program: str = ""

    @property
    def key(self) -> Key:
        """World, point of the design and run index."""
        return self.world_id, self.point, self.index


class Model(Protocol):
    """What this package asks of a model."""

    def run(self, weeks: int) -> object:
        """Live through some weeks."""

    def branch(self, changes: Mapping[str, object]) -> Model:
        """An independent copy with changes. Raises :class:`SpecError`."""

    def release(self) -> None:
        """Let go of everything; the model is used no more."""

    def measures(self) -> Mapping[str, Any]:
        """Measures by id, each a value (or None) with the reason why not."""

    def series(self) -> pd.DataFrame:
        """Weekly figures, a row a week."""

    def curves(self) -> pd.DataFrame:
        """Liquidation curves."""

    def cures(self) -> pd.DataFrame:
        """Cumulated cures by stage and week, accounts."""

    def sector_table(self) -> pd.DataFrame:
        """Firms, failures and trade debt by sector, fen."""

    def roll_rates(self) -> pd.DataFrame:
        """Moves of accounts between buckets."""

    def reproduction(self) -> pd.DataFrame:
        """Failed firms and the failures they caused, by quarter."""

    def hardship(self) -> pd.DataFrame:
        """Transfers, costs and hardship of borrowers by group, fen and counts."""

    def groups(self) -> dict[str, pd.DataFrame]:
        """Accounts by cohort, step of the funnel and segment."""

    def matrices(self) -> dict[str, pd.DataFrame]:
        """Balance sheet and flows by sector, fen."""

    def events(self) -> pd.DataFrame:
        """Defaults of firms and borrowers with the shares of their causes."""

    def digest(self) -> str:
        """Digest of the whole state."""


class StopSignal(Protocol):
    """Says that work in progress should end; a :class:`threading.Event` does."""

    def is_set(self) -> bool:
        """Whether it should end."""


class TaskStoppedError(ArrearsError):
    """A task saw the stop signal and gave up."""


def run_task(
    task: Task,
    stop: StopSignal | None = None,
    weekly: Callable[[int], None] | None = None,
    keep_events: KeepEvents | None = None,
) -> list[RunRow]:
    """Burn in one start, branch every arm from it, run each to the end.

    Parameters
    ----------
    task:
        What to run.
    stop:
        Looked at every few weeks.
    weekly:
        Called with the number of weeks just done.
    keep_events:
        Called with the name and the events of each arm.

    Raises
    ------
    TaskStoppedError
        When the stop signal is set.
    SpecError
        When the model refuses the scenario or an arm.
    """
    rows: list[RunRow] = []
    began = time.perf_counter()
    start = None if all(arm.own_start for arm in task.arms) else start_of(task)
    start_seconds = round(time.perf_counter() - began, 4)
    for arm in task.arms:
        _look(stop)
        began = time.perf_counter()
        model, own = _arm_start(task, arm, start)
        _run_weeks(model, arm.scenario.weeks, stop, weekly)
        row = row_of(task, arm, model, keep_events)
        row["own_start"] = own
        row["seconds"] = round(time.perf_counter() - began, 4)
        row["start_seconds"] = start_seconds
        rows.append(row)
        if model is not start:
            model.release()
    if start is not None:
        start.release()
    return rows


def start_of(task: Task, arm: Arm | None = None) -> Model:
    """A burnt-in model of the task's scenario, or of an arm that needs a start of its own."""
    from sim.model import Ecosystem

    scenario = task.scenario if arm is None else arm.scenario
    rules = None if arm is not None and "rules" in arm.changes else task.rules
    if rules is not None:
        rules = apply_rule_changes(rules, scenario.rules_changes)
    return cast(
        Model,
        Ecosystem(scenario, world=task.world, rules=rules, rng=task.seed, portfolio=portfolio_of(scenario)),
    )


def portfolio_of(scenario: Scenario) -> Portfolio | None:
    """The scenario's portfolio, read once for all runs of a comparison. Raises :class:`SpecError`."""
    file, mapping = scenario.portfolio.file, scenario.portfolio.mapping
    return None if file is None else _portfolio(file, mapping, _stamp(file), _stamp(mapping))


@lru_cache(maxsize=1)
def _portfolio(file: str, mapping: str | None, *stamps: tuple[int, int] | None) -> Portfolio:
    return read_portfolio(file, mapping)


def _stamp(name: str | None) -> tuple[int, int] | None:
    """Time of change and size of a file, so that a changed one is read again."""
    if name is None or not Path(name).is_file():
        return None
    status = Path(name).stat()
    return status.st_mtime_ns, status.st_size


def _arm_start(task: Task, arm: Arm, start: Model | None) -> tuple[Model, bool]:
    """The model of an arm at week 0, and whether it was burnt in by itself."""
    if start is not None and not arm.changes and len(task.arms) == 1:
        return start, False  # nobody else needs it: no copy
    if start is not None and not arm.own_start:
        try:
            return start.branch(arm.changes), False
        except StartChangeError:
            pass  # possible, but settled before week 0: it needs a start of its own
    return start_of(task, arm), True


def _look(stop: StopSignal | None) -> None:
    if stop is not None and stop.is_set():
        raise TaskStoppedError("stopped")


def _run_weeks(
    model: Model, weeks: int, stop: StopSignal | None, weekly: Callable[[int], None] | None
) -> None:
    left = weeks
    while left > 0:
        _look(stop)
        stride = min(_STRIDE, left)
        model.run(stride)
        left -= stride
        if weekly is not None:
            weekly(stride)


def row_of(task: Task, arm: Arm, model: Model, keep_events: KeepEvents | None = None) -> RunRow:
    """The result of a model at the end of its run; its times are for the caller to fill in."""
    events = model.events()
    if keep_events is not None:
        keep_events(arm.name, events)
    measures: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for name, (value, reason) in model.measures().items():
        number = None if value is None else float(value)
        if number is not None and not math.isfinite(number):
            number, reason = None, f"the model gave {number}"
        measures[name] = number
        if number is None:
            reasons[name] = reason or "undefined"
    return RunRow(
        world=task.world_id,
        point=task.point,
        index=task.index,
        arm=arm.name,
        strategy=arm.strategy,
        seed=task.seed,
        weeks=arm.scenario.weeks,
        own_start=False,
        settings=dict(task.settings),
        digest=model.digest(),
        seconds=0.0,
        start_seconds=0.0,
        measures=measures,
        reasons=reasons,
        series=plain_columns(model.series()),
        curves=plain_columns(model.curves()),
        cures=plain_columns(model.cures()),
        roll_rates=plain_columns(model.roll_rates()),
        reproduction=plain_columns(model.reproduction()),
        sectors=plain_columns(model.sector_table()),
        hardship=plain_columns(model.hardship()),
        groups={name: plain_columns(frame) for name, frame in model.groups().items()},
        matrices={name: plain_columns(frame) for name, frame in model.matrices().items()},
        failures=_failures(events),
    )


def plain_columns(frame: pd.DataFrame) -> Columns:
    """Columns of a frame as lists of plain values; numbers that are not finite become None."""
    return {str(name): [_plain(value) for value in frame[name].tolist()] for name in frame.columns}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _failures(events: pd.DataFrame) -> dict[str, int]:
    if not {"kind", "sector"} <= set(events.columns):
        return {}
    counts = events.loc[events["kind"] == "firm", "sector"].value_counts()
    return {
        str(sector): int(count) for sector, count in sorted(counts.items(), key=lambda item: str(item[0]))
    }
