"""Long runs in the background: one at a time, with progress, stoppable; finished starts are kept."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import streamlit as st

from sim.core.errors import SpecError, StoppedError
from sim.experiments.running import Progress

#: Seconds after which a job is given up whose page nobody keeps open, in public mode. Browsers renew pages
#: in the background once a minute at least.
ABANDONED = 150.0


class Job:
    """One call in the background; ``work`` is given a function that notes progress.

    ``abandons``: whether it stops once its page has not been :meth:`seen` for :data:`ABANDONED` seconds, so
    that a closed page does not keep others waiting.
    """

    def __init__(self, key: str, work: Callable[[Progress], Any], *, abandons: bool = False) -> None:
        self.key = key
        self.done, self.total = 0, 0
        self._started: float | None = None
        self._cancelled = threading.Event()
        self._abandons, self._seen = abandons, time.monotonic()
        line = _line()
        with line.lock:
            line.jobs = [job for job in line.jobs if not job.finished]
            self._future: Future[Any] = line.pool.submit(self._run, work)
            line.jobs.append(self)

    def _run(self, work: Callable[[Progress], Any]) -> Any:
        self._started = time.monotonic()
        self._note(0, 0)
        return work(self._note)

    def _note(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self._abandons and time.monotonic() - self._seen > ABANDONED:
            self._cancelled.set()
        if self._cancelled.is_set():
            raise StoppedError("stopped")

    def seen(self) -> None:
        """Its page is still open."""
        self._seen = time.monotonic()

    @property
    def ahead(self) -> int:
        """How many jobs are to finish before this one begins."""
        line = _line()
        with line.lock:
            jobs = [job for job in line.jobs if not job.finished]
        return jobs.index(self) if self in jobs else 0

    def cancel(self) -> None:
        """Stop at the next finished start, or before the first."""
        self._cancelled.set()
        self._future.cancel()

    @property
    def finished(self) -> bool:
        """Whether nothing runs any more."""
        return self._future.done()

    @property
    def waiting(self) -> bool:
        """Whether another job runs first."""
        return self._started is None and not self._future.done()

    @property
    def seconds_left(self) -> float | None:
        """Time left at the pace so far; None before the first start is finished."""
        if self._started is None or not self.done:
            return None
        return (time.monotonic() - self._started) * (self.total - self.done) / self.done

    def result(self) -> tuple[Any, str | None]:
        """What came out, or None and why: ``stopped``, or a sentence about the input."""
        if self._cancelled.is_set() or self._future.cancelled():
            return None, "stopped"
        try:
            return self._future.result(), None
        except StoppedError:
            return None, "stopped"
        except SpecError as error:
            return None, str(error)


def store() -> Path:
    """Folder of the run table of this server: ``ARREARS_STORE``, or ``out/dashboard``."""
    return Path(os.environ.get("ARREARS_STORE", "out/dashboard"))


class _Line:
    """The one worker of the server and who waits for it, in order."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1, "dashboard")
        self.lock = threading.Lock()
        self.jobs: list[Job] = []


@st.cache_resource
def _line() -> _Line:
    return _Line()
