"""Running the starts of an experiment: skip what is kept, run the rest, keep it, read it back."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from sim.core.errors import SpecError, StoppedError
from sim.experiments.cluster import cluster_executor, explained
from sim.experiments.executors import Given, run_all
from sim.experiments.parts import Stamp, pack, to_bytes
from sim.experiments.program import program_digest, scenario_digest, versions
from sim.experiments.run_table import RunTable
from sim.experiments.tasks import Key, RunRow, StopSignal, Task, run_task
from sim.experiments.upkeep import compact_if_many

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


def run_starts(declared: Declared, tasks: Sequence[Task], means: Means) -> tuple[list[RunRow], int]:
    """Rows of all tasks, ordered by task and arm, and how many starts were found finished.

    With a store, finished starts are kept in its run table and skipped by the same call later.

    Raises
    ------
    StoppedError
        When the work was interrupted; the message says how far it was and what is kept.
    SpecError
        When a model refuses its scenario, the store cannot be used, or the cluster cannot be reached.
    """
    if means.cluster is not None:
        if means.executor is not None or means.workers is not None:
            raise SpecError("cluster", "", "is given together with workers", "one of the two")
        with cluster_executor(means.cluster) as (executor, workers):
            return _run(declared, tasks, means, executor, workers)
    return _run(declared, tasks, means, means.executor, means.workers)


def run_packed(stamp: Stamp, task: Task, stop: StopSignal | None = None) -> bytes:
    """Run a task and give its runs as the bytes of a file of the run table.

    Raises :class:`SpecError` when the program that made the task is not the one that runs it.
    """
    if task.program and task.program != program_digest():
        raise SpecError(
            "worker", "", "runs another version of the program", "the same version for all workers"
        )
    events: dict[str, pd.DataFrame] = {}
    rows = run_task(task, stop, keep_events=events.__setitem__)
    hashes = {arm.name: scenario_digest(arm.scenario) for arm in task.arms}
    own = {**stamp, **versions(), "scenario_hashes": hashes, "scenario": task.scenario.id}
    return to_bytes(pack(rows, events, own, datetime.now(UTC)))


def _run(
    declared: Declared, tasks: Sequence[Task], means: Means, executor: Given, workers: int | None
) -> tuple[list[RunRow], int]:
    if means.store is not None:
        return _run_kept(declared, tasks, means, RunTable(means.store, create=True), executor, workers)
    if executor is None or executor == "threads" or (isinstance(executor, Executor) and not means.cluster):
        return _run_here(tasks, means, executor, workers), 0
    with TemporaryDirectory(prefix="arrears-") as folder:  # large results go through files
        return _run_kept(declared, tasks, means, RunTable(folder, create=True), executor, workers)


def _run_here(tasks: Sequence[Task], means: Means, executor: Given, workers: int | None) -> list[RunRow]:
    """Rows kept in memory only."""
    done: dict[Key, list[RunRow]] = {}

    def take(task: Task, rows: list[RunRow]) -> None:
        done[task.key] = rows
        _report(means, len(done), len(tasks))

    _report(means, 0, len(tasks))
    with _stopped_at(done, len(tasks), None):
        run_all(tasks, run_task, take, workers, executor)
    return [row for task in tasks for row in done[task.key]]


def _run_kept(
    declared: Declared,
    tasks: Sequence[Task],
    means: Means,
    table: RunTable,
    executor: Given,
    workers: int | None,
) -> tuple[list[RunRow], int]:
    """Rows that go through the run table."""
    table.declare(declared.hash, declared.content)
    wanted = {task.key for task in tasks}
    done = table.finished(declared.hash) & wanted
    found = len(done)

    def take(task: Task, part: bytes) -> None:
        table.add(declared.hash, task.key, part)
        done.add(task.key)
        _report(means, len(done), len(tasks))

    _report(means, found, len(tasks))
    missing = [task for task in tasks if task.key not in done]
    stamp = {"kind": declared.kind, "experiment": declared.hash}
    with _stopped_at(done, len(tasks), None if means.store is None else table):
        run_all(missing, functools.partial(run_packed, stamp), take, workers, executor)
    if means.store is not None:
        compact_if_many(table, declared.hash)
    order = {arm.name: place for place, arm in enumerate(tasks[0].arms)}
    by_key: dict[Key, list[RunRow]] = {}
    for row in table.read(declared.hash, order, wanted):
        by_key.setdefault((row["world"], row["point"], row["index"]), []).append(row)
    if len(by_key) < len(wanted):  # a file was damaged: it is set aside now
        return _run_kept(declared, tasks, means, table, executor, workers)
    return [row for task in tasks for row in by_key[task.key]], found


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
