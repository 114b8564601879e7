"""Writing of results so that an interruption leaves the old file or the new one, never half of one."""

from __future__ import annotations

from pathlib import Path

from sim.core.errors import SpecError
from sim.core.files import replacing


def write_text(path: str | Path, text: str) -> Path:
    """Write a text file in one step: to a temporary file beside it, then renamed over it.

    Missing folders are made. Returns the path.

    Raises
    ------
    SpecError
        If the place cannot be written to; what stood there is untouched.
    """
    target = Path(path)
    try:
        with replacing(target) as stream:
            stream.write(text.encode())
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise SpecError(str(target), "", problem, "a place with room and the right to write") from error
    return target
