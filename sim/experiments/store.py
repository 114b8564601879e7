"""Finished runs on disk: one JSON line for each start, so that stopped work goes on later."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

from sim.core.errors import SpecError, StoppedError
from sim.experiments.tasks import RunRow

FILE_NAME = "runs.jsonl"
Finished = dict[tuple[str, int], list[RunRow]]


class RunFile:
    """The runs of one comparison in ``runs.jsonl`` of a folder.

    A line holds all arms of one start and is appended in one write, after a newline where an earlier
    write was torn. Lines of other comparisons (another hash) may be in the same file and are left alone.

    Parameters
    ----------
    folder:
        Made where it does not exist.
    comparison:
        Its hash, see :func:`sim.experiments.plan.comparison_hash`.

    Raises
    ------
    SpecError
        When the folder cannot be made or its file cannot be read or written.
    """

    def __init__(self, folder: str | Path, comparison: str) -> None:
        self.path = Path(folder) / FILE_NAME
        self.hash = comparison
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()
        except OSError as error:
            raise SpecError("out", "", f"{folder} cannot be written ({error.strerror})", "a folder") from None

    def read(self) -> Finished:
        """Finished rows of this comparison by (world, index); torn lines are passed over."""
        found: Finished = {}
        try:
            with self.path.open("rb") as file:
                for line in file:
                    entry = _entry(line)
                    if entry is not None and entry["hash"] == self.hash:
                        found.setdefault((entry["world"], entry["index"]), cast(list[RunRow], entry["rows"]))
        except OSError as error:
            problem = f"{self.path} cannot be read ({error.strerror})"
            raise SpecError("out", "", problem, "a readable file") from None
        return found

    def append(self, rows: list[RunRow]) -> None:
        """Add the arms of one start. Raises :class:`StoppedError` when the disk refuses."""
        entry = {"hash": self.hash, "world": rows[0]["world"], "index": rows[0]["index"], "rows": rows}
        line = json.dumps(entry, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                _write_all(handle, (b"" if _ends_with_newline(handle) else b"\n") + line)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise StoppedError(f"stopped: {self.path} cannot be written ({error.strerror})") from error


def _write_all(handle: int, data: bytes) -> None:
    """Write in one call where the system takes it whole, as it does for local files."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _ends_with_newline(handle: int) -> bool:
    size = os.fstat(handle).st_size
    return size == 0 or os.pread(handle, 1, size - 1) == b"\n"


def _entry(line: bytes) -> dict[str, Any] | None:
    """A line's content; None for a torn line or one that is no entry."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(entry, dict) and {"hash", "world", "index", "rows"} <= entry.keys()
    return entry if whole and isinstance(entry["rows"], list) and entry["rows"] else None
