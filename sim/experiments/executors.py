"""Handing tasks to threads, processes, a cluster or the caller's own executor, a few at a time."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType
from typing import Any, Literal, TypeVar

from sim.core.errors import SpecError, StoppedError
from sim.experiments.processes import WorkerProcesses, received

Given = Executor | Literal["threads", "processes"] | None
Item = TypeVar("Item")

#: Seconds after which a wait looks whether Ctrl-C was pressed.
_LOOK_EVERY = 0.2
#: How often a process pool is made anew after a worker was killed before anything else was finished.
_NEW_POOLS = 3


class InlineExecutor(Executor):
    """Runs each task at once in the calling thread; for debugging and for one worker."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``fn`` now. An interruption is raised here; other exceptions are kept in the future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def run_all(
    items: Iterable[Item],
    work: Callable[..., Any],
    take: Callable[[Item, Any], None],
    workers: int | None = None,
    executor: Given = None,
    made: Callable[[Item], Any] | None = None,
) -> None:
    """Run ``work(item, stop)`` for all items and pass each result to ``take(item, result)``.

    ``take`` is called in this thread, as items finish. Only about twice as many items as there are
    workers are handed over at a time. Results do not depend on the executor. A pool of own processes
    that loses a worker is made anew and the lost items are run again.

    Parameters
    ----------
    items:
        What to run.
    work:
        A function that other processes can import; ``stop`` says that work should end, None where
        the worker cannot be told.
    take:
        Called with an item and its result.
    workers:
        Threads or processes; none: one for each core.
    executor:
        ``"threads"`` (the default), ``"processes"``, or any executor, which is not shut down.
    made:
        What ``work`` is given is ``made(item)``, made when its turn comes; none: the item itself.

    Raises
    ------
    StoppedError
        On an interruption (Ctrl-C), after all finished results were taken; or when workers keep ending.
    SpecError
        When a model refuses its scenario, or for an impossible ``workers`` or ``executor``.
    """
    count = worker_count(workers)
    waiting = dict(enumerate(items))
    failures, first = 0, len(waiting)
    set_apart: Callable[[], None]

    def done(number: int, result: Any) -> None:
        """Hand one result over; it waits no longer, and failures before it count no more."""
        nonlocal failures
        take(waiting[number], result)
        if len(waiting) == first:
            set_apart()
        del waiting[number]
        failures = 0

    while True:
        try:
            with searched_less() as set_apart, pool_of(executor, count) as (pool, stop):
                _feed(pool, work, dict(waiting), made, done, 2 * count, stop)
            return
        except BrokenExecutor as error:
            failures += 1
            if executor != "processes" or failures > _NEW_POOLS:
                raise StoppedError(
                    f"stopped: a worker process ended ({error or type(error).__name__}); "
                    "perhaps memory ran out, then fewer workers help"
                ) from error


def worker_count(workers: int | None) -> int:
    """Threads or processes to use: those asked for, else one for each core that this process may use.

    Raises :class:`SpecError` for anything but 1 to 1024.
    """
    if workers is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= 1024:
        raise SpecError("workers", "", f"{workers!r} is not a number of workers", "1 to 1024")
    return workers


@contextmanager
def pool_of(given: object, workers: int) -> Iterator[tuple[Executor, threading.Event | None]]:
    """An executor and, where its workers share this process, a signal that stops them.

    Results are read with :func:`sim.experiments.processes.received`.
    """
    if given is None or given == "threads":
        stop = threading.Event()
        own: Executor = ThreadPoolExecutor(workers, "arrears") if workers > 1 else InlineExecutor()
    elif given == "processes":
        stop = None
        own = WorkerProcesses(workers)
    elif isinstance(given, Executor):
        yield given, threading.Event() if isinstance(given, ThreadPoolExecutor | InlineExecutor) else None
        return
    else:
        allowed = "'threads', 'processes' or a concurrent.futures.Executor"
        raise SpecError("executor", "", f"{given!r} is not an executor", allowed)
    try:
        yield own, stop
    except BaseException:
        if isinstance(own, WorkerProcesses):
            own.end()
        else:
            own.shutdown(cancel_futures=True)
        raise
    own.shutdown()


def _feed(
    pool: Executor,
    work: Callable[..., Any],
    items: dict[int, Any],
    made: Callable[[Any], Any] | None,
    take: Callable[[int, Any], None],
    ahead: int,
    stop: threading.Event | None,
) -> None:
    """Keep the pool supplied and take what finishes; on an interruption take what has finished."""
    untaken: dict[Future[Any], int] = {}
    queue = iter(items.items())
    inline = isinstance(pool, InlineExecutor)
    try:
        with _noted_interrupt(not inline) as interrupted:
            while not interrupted.is_set():
                while len(untaken) < ahead and (entry := next(queue, None)) is not None:
                    item = entry[1] if made is None else made(entry[1])
                    with _uninterruptible_children(pool):
                        untaken[pool.submit(work, item, stop)] = entry[0]
                    if inline:
                        break  # it is finished already, and can be taken before the next begins
                if not untaken:
                    return
                for future in wait(untaken, _LOOK_EVERY, FIRST_COMPLETED).done:
                    number = untaken.pop(future)  # before, so that an interruption cannot take it twice
                    take(number, received(future))
            raise KeyboardInterrupt
    except BaseException as error:
        if stop is not None:
            stop.set()
        if not isinstance(pool, WorkerProcesses):  # it cancels them itself, and would choke on cancelled ones
            for future in untaken:
                future.cancel()
        if isinstance(error, KeyboardInterrupt):
            for future, number in untaken.items():
                if future.done() and not future.cancelled() and future.exception() is None:
                    take(number, received(future))
            raise StoppedError("stopped") from error
        raise


@contextmanager
def searched_less() -> Iterator[Callable[[], None]]:
    """Leave what there is out of the search for garbage meanwhile, unless somebody did so already.

    Libraries, texts and compiled kernels are a quarter of a million objects that stay; to search them took a
    twentieth of small runs. What is given takes what was loaded since: call it after the first run.
    """
    if gc.get_freeze_count():
        yield lambda: None
        return
    gc.freeze()
    try:
        yield gc.freeze
    finally:
        gc.unfreeze()


@contextmanager
def _noted_interrupt(wanted: bool) -> Iterator[threading.Event]:
    """Note a first Ctrl-C instead of raising it; a second one is raised.

    Raised in the middle of a wait, it would leave locks of futures held that a pool's own threads
    need to end. Handlers of the caller and other threads than the main one are left alone.
    """
    noted = threading.Event()
    usual = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and usual is signal.default_int_handler
    if not (wanted and ours):
        yield noted
        return

    def note(number: int, frame: FrameType | None) -> None:
        if noted.is_set():
            signal.default_int_handler(number, frame)
        noted.set()

    signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, usual)


@contextmanager
def _uninterruptible_children(pool: Executor) -> Iterator[None]:
    """Worker processes that start meanwhile begin with Ctrl-C blocked, before they can ignore it."""
    if not isinstance(pool, ProcessPoolExecutor) or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its start would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
