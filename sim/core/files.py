"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

#: How the names of unfinished files begin; readers pass over them.
UNFINISHED = ".unfinished-"


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file ``target`` when the block ends without an error.

    Whoever reads meanwhile, or after a kill or on a full disk, finds the old file or the new one.
    Missing folders are made. Raises :class:`OSError`; nothing is left behind then.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    handle, temporary = tempfile.mkstemp(prefix=UNFINISHED, dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)  # mkstemp makes files that only their owner can read
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
