"""Worker processes that may be killed at any moment without anybody waiting for them for ever."""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import pickle
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from sim.core.errors import StoppedError

#: How long an ended pool's own thread may take to notice that its workers are gone.
_MANAGER_SECONDS = 2.0


class Spooled(NamedTuple):
    """A result that waits in a file."""

    path: str


class WorkerProcesses(ProcessPoolExecutor):
    """A process pool of the standard library whose results come through files.

    A result larger than a pipe's buffer is handed over in pieces, and a worker that is killed between
    two of them leaves the pool's reader waiting for ever, and the program at its exit with it. What
    travels here is the name of a file, which a pipe takes whole. Workers leave Ctrl-C to their parent
    and end when it ends, however that happens. :func:`received` opens what a future holds.
    """

    def __init__(self, workers: int) -> None:
        self.spool = tempfile.mkdtemp(prefix="arrears-")
        super().__init__(workers, multiprocessing.get_context("spawn"), _begin, (self.spool,))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``fn`` in a worker; the future holds a :class:`Spooled` result."""
        return super().submit(_to_file, self.spool, fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As in the standard library; results that nobody has received are gone."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        shutil.rmtree(self.spool, ignore_errors=True)

    def end(self) -> None:
        """Stop at once: workers are ended in the middle of their work."""
        # the pool forgets both when it is shut down
        processes = list((self._processes or {}).values())
        manager = cast(threading.Thread | None, self._executor_manager_thread)
        self.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        if manager is not None:
            # It closes the pipe through which Python's exit wakes it: an exit meanwhile would write to a
            # closed file. Locks that an interruption left held may keep it for ever, hence the limit.
            manager.join(_MANAGER_SECONDS)


def received(future: Future[Any]) -> Any:
    """The result of a future, out of its file where it waits in one."""
    result = future.result()
    if not isinstance(result, Spooled):
        return result
    path = Path(result.path)
    content = pickle.loads(path.read_bytes())  # our own worker wrote it, where nobody else can write
    path.unlink()
    return content


@cache
def _loaded() -> None:
    """Once in a worker, after its first task: leave what is loaded out of the search for garbage."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else DuckDB tells of leaks at the end


def _to_file(spool: str, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Spooled:
    content = pickle.dumps(fn(*args, **kwargs), protocol=pickle.HIGHEST_PROTOCOL)
    try:
        handle, path = tempfile.mkstemp(dir=spool)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
    except OSError as error:
        raise StoppedError(f"stopped: {spool} cannot be written ({error.strerror or error})") from None
    _loaded()
    return Spooled(path)


def _begin(spool: str) -> None:
    """In a worker: Ctrl-C is the parent's, which ends its workers; without a parent there is no work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(spool,), daemon=True).start()


def _end_with_parent(spool: str) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(spool, ignore_errors=True)
        os._exit(1)
