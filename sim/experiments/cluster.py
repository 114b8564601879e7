"""A Dask cluster as an executor: workers on other machines, or beside this process."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from typing import Any

from sim.core.errors import ArrearsError, SpecError

#: Seconds to wait for a scheduler, and for its first worker.
PATIENCE = 10.0
#: How often a task is given to another worker when the one that ran it ends.
RETRIES = 3
_ALLOWED = "the address of a running Dask scheduler with workers, such as tcp://host:8786"


@contextmanager
def cluster_executor(address: str) -> Iterator[tuple[Executor, int]]:
    """An executor on a Dask cluster, and the number of threads of its workers.

    Workers need the same version of this program, and scenario files under the same paths. A task whose
    worker ends is given to another one, at most :data:`RETRIES` times.

    Raises
    ------
    SpecError
        When the package ``distributed`` is missing, nobody answers at the address within
        :data:`PATIENCE` seconds, or it has no worker.
    """
    try:
        import distributed
    except ImportError:
        raise SpecError(
            "cluster", "", "needs the package 'distributed'", "arrears[cluster] installed"
        ) from None
    if not re.fullmatch(
        r"((tcp|tls|ws|wss)://)?[^/\s:]+(:\d{1,5})?|((tcp|tls)://)\[[0-9a-f:]+\]:\d{1,5}", address
    ):
        raise SpecError("cluster", "", f"{address!r} is no address of a scheduler", _ALLOWED)
    _quiet()
    try:
        client = _library(distributed).Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        reason = f"{address!r} does not answer ({type(error).__name__})"
        raise SpecError("cluster", "", reason, _ALLOWED) from None
    try:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise SpecError("cluster", "", f"{address!r} has no worker", _ALLOWED) from None
        threads = sum(client.nthreads().values())
        yield client.get_executor(retries=RETRIES, pure=False), min(max(1, threads), 1024)
    finally:
        client.close(timeout=2)


def on_worker(work: Callable[..., Any], task: Any, stop: None = None) -> Any:
    """In a worker: what ``work`` gives. Errors come back as ones that can travel, with their text.

    One that cannot would be lost, and its task waited for for ever.
    """
    try:
        return work(task, stop)
    except ArrearsError:
        raise
    except Exception as error:
        lines = traceback.format_exception_only(error) + traceback.format_tb(error.__traceback__)[-3:]
        raise RuntimeError("in a worker: " + "".join(lines).strip()) from None


def explained(error: BaseException) -> str | None:
    """Why a task of a cluster gave no result, where that was not the task's own fault."""
    if isinstance(error, CancelledError):
        return "stopped: the scheduler ended or was restarted"
    if type(error).__name__ == "KilledWorker":
        return f"stopped: workers ended again and again ({' '.join(str(error).split())[:200]})"
    return None


def _library(module: Any) -> Any:
    """The library without its types, which say of none of its functions what it gives."""
    return module


def _quiet() -> None:
    """What the library says of lost connections, this program says in its own words."""
    for name in (
        "distributed",
        "distributed.client",
        "distributed.core",
        "distributed.comm",
        "distributed.utils_comm",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL)
