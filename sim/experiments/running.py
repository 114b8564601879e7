"""Running the starts of an experiment: skip what is kept, run the rest, keep it, read it back."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pandas as pd

from sim.core.errors import SpecError, StoppedError
from sim.core.program import program_digest, versions
from sim.core.remember import remembered
from sim.experiments.cluster import cluster_executor, explained, on_worker
from sim.experiments.executors import Given, run_all
from sim.experiments.parts import Stamp, pack, to_bytes
from sim.experiments.run_table import RunTable
from sim.experiments.tasks import Key, RunRow, StopSignal, Task, run_task
from sim.experiments.upkeep import compact_if_many
from sim.spec.content import scenario_digest

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Means:
    """How an experiment is run: workers, executor or cluster, progress, folder of the run table."""

    workers: int | None = None
    executor: Given = None
    cluster: str | None = None
    progress: Progress | None = None
    store: str | Path | None = None


@dataclass(frozen=True)
class Declared:
    """What an experiment is: its kind and hash, and its content for the run table."""

    kind: str
    hash: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Starts:
    """The starts of an experiment: which, what is run for each (made when its turn comes), and the arms."""

    keys: Sequence[Key]
    task: Callable[[Key], Task]
    arms: Sequence[str]

    @classmethod
    def of(cls, tasks: Sequence[Task]) -> Starts:
        """Starts whose tasks are made already."""
        by_key = {task.key: task for task in tasks}
        return cls(list(by_key), by_key.__getitem__, [arm.name for arm in tasks[0].arms] if tasks else [])


def run_starts(declared: Declared, starts: Starts, means: Means) -> tuple[list[RunRow], int]:
    """Rows of all starts, in their order, and how many starts were found finished.

    With a store, finished starts are kept in its run table and skipped by the same call later.

    Raises
    ------
    StoppedError
        When the work was interrupted; the message says how far it was and what is kept.
    SpecError
        When a model refuses its scenario, the store cannot be used, or the cluster cannot be reached.
    """
    through_files = means.store is not None or means.cluster is not None or means.executor == "processes"
    if not through_files:
        return _in_memory(starts, means), 0
    fresh: dict[Key, list[RunRow]] = {}
    with run_table(means) as table:
        found = run_into(table, declared, starts, means, fresh)
        while True:
            rows = _read(table, declared, starts, fresh)
            if rows is not None:
                return rows, found
            run_into(table, declared, starts, means, fresh)  # a damaged file is set aside by now


@contextmanager
def run_table(means: Means) -> Iterator[RunTable]:
    """The run table of the store; without a store, one that is gone afterwards."""
    if means.store is not None:
        yield RunTable(means.store, create=True)
        return
    with TemporaryDirectory(prefix="arrears-") as folder:
        yield RunTable(folder, create=True)


def run_into(
    table: RunTable,
    declared: Declared,
    starts: Starts,
    means: Means,
    fresh: dict[Key, list[RunRow]] | None = None,
) -> int:
    """Run what the table does not hold yet and keep it there; how many starts were found finished.

    ``fresh`` takes the rows of what was run in this process, which need not be read again then. Raises as
    :func:`run_starts` does.
    """
    table.declare(declared.hash, declared.content)
    wanted = set(starts.keys)
    done = table.finished(declared.hash) & wanted
    found = len(done)

    def take(key: Key, ended: Ended) -> None:
        table.add(declared.hash, key, ended.part)
        if fresh is not None and ended.rows is not None:
            fresh[key] = ended.rows
        done.add(key)
        _report(means, len(done), len(wanted))

    _report(means, found, len(wanted))
    missing = [key for key in starts.keys if key not in done]
    if missing:
        here = fresh is not None and means.cluster is None and means.executor in (None, "threads")
        stamp = {"kind": declared.kind, "experiment": declared.hash}
        work: Callable[..., Any] = functools.partial(run_packed, stamp, here)
        if means.cluster is not None:
            work = functools.partial(on_worker, work)
        with (
            _stopped_at(done, len(wanted), None if means.store is None else table),
            _hands(means) as (executor, workers),
        ):
            run_all(missing, work, take, workers, executor, made=starts.task)
    if means.store is not None:
        compact_if_many(table, declared.hash)
    return found


#: The starts of an experiment share their scenarios, which are made anew for each call.
_digest = remembered(scenario_digest)


class Ended(NamedTuple):
    """What came of one start: the bytes of a file of the run table, and its rows where they are wanted."""

    part: bytes
    rows: list[RunRow] | None


def run_packed(stamp: Stamp, wanted: bool, task: Task, stop: StopSignal | None = None) -> Ended:
    """Run a task and pack its runs for the run table; ``wanted``: give its rows as well.

    Raises :class:`SpecError` when the program that made the task is not the one that runs it.
    """
    if task.program and task.program != program_digest():
        raise SpecError(
            "worker", "", "runs another version of the program", "the same version for all workers"
        )
    events: dict[str, pd.DataFrame] = {}
    rows = run_task(task, stop, keep_events=events.__setitem__)
    hashes = {arm.name: _digest(arm.scenario) for arm in task.arms}
    own = {**stamp, **versions(), "scenario_hashes": hashes, "scenario": task.scenario.id}
    return Ended(to_bytes(pack(rows, events, own, datetime.now(UTC))), rows if wanted else None)


def _in_memory(starts: Starts, means: Means) -> list[RunRow]:
    """Rows of runs that leave no file."""
    done: dict[Key, list[RunRow]] = {}

    def take(key: Key, rows: list[RunRow]) -> None:
        done[key] = rows
        _report(means, len(done), len(starts.keys))

    _report(means, 0, len(starts.keys))
    with _stopped_at(done, len(starts.keys), None):
        run_all(starts.keys, run_task, take, means.workers, means.executor, made=starts.task)
    return [row for key in starts.keys for row in done[key]]


def _read(
    table: RunTable, declared: Declared, starts: Starts, fresh: Mapping[Key, list[RunRow]]
) -> list[RunRow] | None:
    """Rows of all starts in their order, the fresh ones from memory; None where one is missing."""
    order = {name: place for place, name in enumerate(starts.arms)}
    by_key = dict(fresh)
    other = set(starts.keys) - fresh.keys()
    for row in table.read(declared.hash, order, other) if other else ():
        by_key.setdefault((row["world"], row["point"], row["index"]), []).append(row)
    if len(by_key) < len(starts.keys):
        return None
    return [row for key in starts.keys for row in by_key[key]]


@contextmanager
def _hands(means: Means) -> Iterator[tuple[Given, int | None]]:
    """The executor and the number of its workers."""
    if means.cluster is None:
        yield means.executor, means.workers
        return
    if means.executor is not None or means.workers is not None:
        raise SpecError("cluster", "", "is given together with workers", "one of the two")
    with cluster_executor(means.cluster) as hands:
        yield hands


@contextmanager
def _stopped_at(done: Sized, total: int, table: RunTable | None) -> Iterator[None]:
    """Say in a message about stopped work how far it was and what is kept."""
    try:
        yield
    except Exception as error:
        what = str(error) if isinstance(error, StoppedError) else explained(error)
        if what is None:
            raise
        kept = (
            "nothing was kept, since no folder was given by store="
            if table is None
            else f"what is finished is kept in {table.path}, and the same call goes on from there"
        )
        raise StoppedError(f"{what} after {len(done)} of {total} starts; {kept}") from error


def _report(means: Means, done: int, total: int) -> None:
    if means.progress is not None:
        means.progress(done, total)
