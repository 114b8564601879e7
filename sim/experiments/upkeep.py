"""Keeping a run table small and tidy: merging its files, removing runs that nobody needs."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from sim.core.errors import SpecError, StoppedError
from sim.core.files import replacing
from sim.core.program import program_digest
from sim.experiments.run_table import EXPERIMENTS, LOCK_FILE, MERGED, SHORT, RunTable, unfinished

#: Runs of a merged file; one that holds half as many is left alone.
MERGE_TO = 4096
#: Files of an experiment from which a finished call merges them.
MANY = 64
#: Seconds after which an unfinished file belongs to nobody any more.
ABANDONED = 3600.0


class Compacted(NamedTuple):
    """What a merge did: files before and after it, and abandoned files that were removed."""

    before: int
    after: int
    removed: int


def compact(table: RunTable, experiment: str | None = None) -> Compacted:
    """Merge small files into large ones, which are read much faster.

    A merged file is written whole before those it replaces are removed, so that a kill leaves at
    worst a run twice, which every reader shows once. Readers and writers may go on meanwhile.

    Raises
    ------
    StoppedError
        When the disk refuses.
    SpecError
        When another process is merging the same table.
    """
    with _alone(table) as alone:
        if not alone:
            raise SpecError(str(table.path), "", "is being merged by another process", "one at a time")
        before = len(list(table.parts.glob("*.parquet")))
        for short in sorted({path.name.split(".")[0] for path in table.parts.glob("*.parquet")}):
            if experiment is None or short == experiment[:SHORT]:
                _merge(table, short)
        removed = _remove_abandoned(table)
        return Compacted(before, len(list(table.parts.glob("*.parquet"))), removed)


def compact_if_many(table: RunTable, experiment: str) -> None:
    """Merge the files of an experiment where there are many, unless somebody else does."""
    files = list(table.parts.glob(f"{experiment[:SHORT]}.*.parquet"))
    if len(files) < MANY:
        return
    with _alone(table) as alone:
        if alone:
            _merge(table, experiment[:SHORT])


def prunable(
    table: RunTable,
    experiments: list[str] | None = None,
    other_programs: bool = False,
    older_than_days: float | None = None,
) -> list[str]:
    """Hashes of the experiments to which at least one of the conditions applies.

    ``experiments``: beginnings of hashes; ``other_programs``: made by another version of the program, whose
    runs no call will use again; ``older_than_days``: no run finished since. Raises :class:`SpecError`
    for a beginning that fits none or several.
    """
    known = table.experiments()
    chosen = {find_experiment(table, start) for start in experiments or []}
    for name, content in known.items():
        if other_programs and content.get("versions", {}).get("program") != program_digest():
            chosen.add(name)
        if older_than_days is not None and _newest(table, name) < datetime.now(UTC) - timedelta(
            days=older_than_days
        ):
            chosen.add(name)
    return sorted(chosen)


def prune(table: RunTable, experiments: list[str]) -> int:
    """Remove experiments with all their runs; returns how many files went. Raises :class:`StoppedError`."""
    files = [path for name in experiments for path in table.parts.glob(f"{name[:SHORT]}.*.parquet")]
    try:
        for path in files:
            path.unlink(missing_ok=True)
        for name in experiments:  # last, so that what is left of a stopped removal still has its name
            (table.path / EXPERIMENTS / f"{name[:SHORT]}.json").unlink(missing_ok=True)
    except OSError as error:
        raise StoppedError(f"stopped: {error.filename} cannot be removed ({error.strerror})") from error
    return len(files)


def find_experiment(table: RunTable, start: str | None) -> str:
    """The hash that begins so; none given: the only one there is. Raises :class:`SpecError`."""
    known = sorted(table.experiments())
    found = [name for name in known if name.startswith(start or "")]
    if len(found) == 1:
        return found[0]
    allowed = ", ".join(name[:8] for name in known) or "an experiment; there is none"
    what = f"{start!r} is the beginning of {len(found) or 'none'} of its experiments"
    raise SpecError(
        str(table.path), "experiment", what if start else f"holds {len(known)} experiments", allowed
    )


def _newest(table: RunTable, experiment: str) -> datetime:
    times = [path.stat().st_mtime for path in table.parts.glob(f"{experiment[:SHORT]}.*.parquet")]
    return datetime.fromtimestamp(max(times, default=0.0), UTC)


def _merge(table: RunTable, short: str) -> None:
    group: list[Path] = []
    rows = 0
    for path in sorted(table.parts.glob(f"{short}.*.parquet")):
        try:
            count = pq.read_metadata(path).num_rows
        except (pa.ArrowInvalid, OSError):
            table.set_aside(path)
            continue
        if count >= MERGE_TO // 2:
            continue
        group.append(path)
        rows += count
        if rows >= MERGE_TO:
            _merge_files(table, short, group)
            group, rows = [], 0
    if len(group) > 1:
        _merge_files(table, short, group)


def _merge_files(table: RunTable, short: str, files: list[Path]) -> None:
    tables = []
    for path in files:
        with path.open("rb") as file:
            tables.append(pq.ParquetFile(file).read())
    whole = pa.concat_tables(tables, promote_options="permissive")
    whole = whole.sort_by([("world", "ascending"), ("point", "ascending"), ("run", "ascending")])
    target = table.parts / f"{short}.{MERGED}.{uuid.uuid4().hex}.parquet"
    try:
        with replacing(target) as stream:
            pq.write_table(whole, stream, compression="zstd", row_group_size=MERGE_TO)
        for path in files:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoppedError(f"stopped: {target} cannot be written ({error.strerror or error})") from error


def _remove_abandoned(table: RunTable) -> int:
    old = [path for path in unfinished(table.path) if path.stat().st_mtime < time.time() - ABANDONED]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


@contextmanager
def _alone(table: RunTable) -> Iterator[bool]:
    """Whether this process may merge; the right ends with the process, however it ends."""
    try:
        import fcntl
    except ImportError:  # a system without such locks: merging is safe, only possibly done twice
        yield True
        return
    with (table.path / LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
