"""The run table: finished runs in a folder of Parquet files, which grows and is never rewritten.

Layout below the folder of results::

    runs/table.json            version of the layout
    runs/views.sql             the views below, for a DuckDB shell that is started in this folder
    runs/parts/*.parquet       runs; a file holds all arms of one start, or many starts after a merge
    runs/experiments/*.json    what each experiment was: scenario, worlds, rules, arms, program

A file appears whole or not at all, and its name says which start it holds, so that any number of
processes may write at once and the same start twice is the same file. What a row holds:
:mod:`sim.experiments.parts`; how to ask: :mod:`sim.experiments.run_views`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from sim.core.errors import SpecError, StoppedError
from sim.core.files import UNFINISHED, replacing
from sim.experiments.parts import SCHEMA, unpack
from sim.experiments.tasks import Key, RunRow

FOLDER, PARTS, EXPERIMENTS, DAMAGED = "runs", "parts", "experiments", "damaged"
TABLE_FILE, VIEWS_FILE, LOCK_FILE = "table.json", "views.sql", ".lock"
#: Second part of the names of files that hold many starts.
MERGED = "merged"
#: Characters of an experiment's hash in names.
SHORT = 16
_TRIES = 5
_VIEWS_HEAD = "-- Views over the runs in this folder; start DuckDB here and read this file."
T = TypeVar("T")


class RunTable:
    """The run table of a folder of results.

    Parameters
    ----------
    folder:
        The folder of results (such as ``out``), or the table's own folder ``runs`` inside it.
    create:
        Make it where it does not exist.

    Raises
    ------
    SpecError
        When there is none, it cannot be made, or it has another version of the layout.
    """

    def __init__(self, folder: str | Path, create: bool = False) -> None:
        given = Path(folder)
        self.path = given if (given / TABLE_FILE).is_file() else given / FOLDER
        if not (self.path / TABLE_FILE).is_file():
            if not create:
                raise SpecError(str(folder), "", "holds no run table", "a folder that --out has filled")
            self._make(folder)
        self._check_version()

    @property
    def parts(self) -> Path:
        """The folder of the Parquet files."""
        return self.path / PARTS

    def add(self, experiment: str, key: Key, part: bytes) -> None:
        """Keep a finished start, given as the bytes of its file.

        Raises :class:`StoppedError` when the disk refuses; nothing that stood there is touched.
        """
        world, point, index = key
        target = self.parts / f"{experiment[:SHORT]}.{world}.{point}.{index}.parquet"
        try:
            with replacing(target) as stream:
                stream.write(part)
        except OSError as error:
            raise StoppedError(f"stopped: {target} cannot be written ({_reason(error)})") from error

    def declare(self, experiment: str, content: Mapping[str, Any]) -> None:
        """Keep what an experiment is, once. Raises :class:`SpecError` when the disk refuses."""
        target = self.path / EXPERIMENTS / f"{experiment[:SHORT]}.json"
        if not target.exists():
            _write_json(target, content)

    def experiments(self) -> dict[str, dict[str, Any]]:
        """What was kept of each experiment, by its hash; files that are no JSON are passed over."""
        found = {}
        for path in sorted((self.path / EXPERIMENTS).glob("*.json")):
            try:
                content = json.loads(path.read_text("utf-8"))
                found[str(content["hash"])] = content
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found

    def finished(self, experiment: str) -> set[Key]:
        """Starts of an experiment that are kept. Damaged files are set aside and count as missing."""
        return retried(lambda: self._finished(experiment))

    def _finished(self, experiment: str) -> set[Key]:
        found: set[Key] = set()
        for path in self._files(experiment):
            single = self._key(path)
            if single is not None:
                found.add(single)
                continue
            keys = self._read(path, {"world", "point", "run"}.__contains__)
            if keys is not None:
                found.update((row["world"], row["point"], row["run"]) for row in keys.to_pylist())
        return found

    def read(
        self,
        experiment: str,
        arms: Mapping[str, int],
        wanted: set[Key] | None = None,
        tables: Collection[str] | None = None,
    ) -> list[RunRow]:
        """Runs of an experiment, sorted by world, point and run.

        ``arms``: their names with their places in the order; ``wanted``: starts, all by default;
        ``tables``: columns of the weekly and small tables to read, such as ``series.attempts`` or
        ``sectors`` (all of it), everything by default. A start that is kept twice counts once. Damaged
        files are set aside.
        """

        def chosen(name: str) -> bool:
            return tables is None or "." not in name or name in tables or name.split(".")[0] in tables

        def rows() -> list[RunRow]:
            found: dict[tuple[Key, str], RunRow] = {}
            for path in self._files(experiment):
                single = self._key(path)
                if single is not None and wanted is not None and single not in wanted:
                    continue
                table = self._read(path, chosen)
                for row in [] if table is None else unpack(table, arms):
                    key = row["world"], row["point"], row["index"]
                    if wanted is None or key in wanted:
                        found[key, row["arm"]] = row
            return sorted(
                found.values(), key=lambda row: (row["world"], row["point"], row["index"], arms[row["arm"]])
            )

        return retried(rows)

    def _files(self, experiment: str) -> list[Path]:
        return sorted(self.parts.glob(f"{experiment[:SHORT]}.*.parquet"))

    @staticmethod
    def _key(path: Path) -> Key | None:
        """The start that a file's name says it holds; None for a merged file."""
        words = path.name.split(".")
        return None if words[1] == MERGED else (words[1], int(words[2]), int(words[3]))

    def _read(self, path: Path, chosen: Callable[[str], bool]) -> pa.Table | None:
        try:
            with path.open("rb") as file:
                found = pq.ParquetFile(file)
                return found.read([name for name in found.schema_arrow.names if chosen(name)])
        except (pa.ArrowInvalid, pa.ArrowTypeError, OSError) as error:
            if isinstance(error, FileNotFoundError):
                raise
            self.set_aside(path)
            return None

    def set_aside(self, path: Path) -> None:
        """Move a damaged file where nobody reads it; the same call runs its starts again."""
        (self.path / DAMAGED).mkdir(exist_ok=True)
        path.replace(self.path / DAMAGED / path.name)

    def _make(self, folder: str | Path) -> None:
        from sim.experiments.run_views import view_texts

        try:
            for name in (PARTS, EXPERIMENTS):
                (self.path / name).mkdir(parents=True, exist_ok=True)
            with replacing(self.path / VIEWS_FILE) as stream:
                stream.write("\n".join((_VIEWS_HEAD, *view_texts().values(), "")).encode())
        except OSError as error:
            problem = f"{folder} cannot be written ({_reason(error)})"
            raise SpecError("out", "", problem, "a folder") from None
        _write_json(self.path / TABLE_FILE, {"schema": SCHEMA, "what": "runs of arrears, see docs/runs.md"})

    def _check_version(self) -> None:
        path = self.path / TABLE_FILE
        try:
            version = json.loads(path.read_text("utf-8"))["schema"]
        except (OSError, ValueError, KeyError, TypeError):
            raise SpecError(str(path), "schema", "cannot be read", f'{{"schema": {SCHEMA}}}') from None
        if version != SCHEMA:
            problem = f"{version!r} is a version of the layout that this program does not know"
            raise SpecError(str(path), "schema", problem, f"{SCHEMA}, or another folder")


def retried(read: Callable[[], T]) -> T:
    """Read again when a file vanished meanwhile, as it does when another process merges files."""
    for _ in range(_TRIES - 1):
        try:
            return read()
        except FileNotFoundError:
            continue
    return read()


def unfinished(folder: Path) -> list[Path]:
    """Files that writers left behind when they were killed, or are writing just now."""
    return sorted(folder.rglob(f"{UNFINISHED}*"))


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    try:
        with replacing(path) as stream:
            stream.write(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n")
    except OSError as error:
        problem = f"{path} cannot be written ({_reason(error)})"
        raise SpecError("out", "", problem, "a place with room and the right to write") from error


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
