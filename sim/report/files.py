"""Writing of results so that an interruption leaves the old file or the new one, never half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sim.core.errors import SpecError


def write_text(path: str | Path, text: str) -> Path:
    """Write a text file in one step: to a temporary file beside it, then renamed over it.

    Missing folders are made. Returns the path.

    Raises
    ------
    SpecError
        If the place cannot be written to; what stood there is untouched.
    """
    target = Path(path)
    temporary = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)  # mkstemp makes files that only their owner can read
        Path(temporary).replace(target)
    except BaseException as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            problem = f"cannot be written ({error.strerror or error})"
            raise SpecError(str(target), "", problem, "a place with room and the right to write") from error
        raise
    return target
