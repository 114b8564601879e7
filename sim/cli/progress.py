"""Progress of long work on standard error: a bar on a terminal, a plain line every so often elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds between two plain lines.
PERIOD = 10.0


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A callable ``(done, total)`` that shows how far the work is and how long it will take.

    ``what`` names what is counted, such as ``starts`` or ``weeks``.
    """
    if sys.stderr.isatty():
        with _bar(what) as show:
            yield show
    else:
        yield plain_lines(what)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    left = TimeRemainingColumn(compact=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), left, TextColumn("{task.fields[speed]}"))
    began: tuple[float, int] | None = None
    counted = 0

    def show(done: int, total: int) -> None:
        """Move the bar, with the speed since the first call."""
        nonlocal began, counted
        if began is None or total != counted:  # new work has a speed of its own
            began, counted = (time.monotonic(), done), total
        bar.update(task, completed=done, total=total, speed=_speed(began, time.monotonic(), done))

    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, speed="")
        yield show


def plain_lines(
    what: str, clock: Callable[[], float] = time.monotonic, period: float = PERIOD
) -> Callable[[int, int], None]:
    """A callable ``(done, total)`` that prints a line when ``period`` seconds have passed since the last."""
    first: tuple[float, int] | None = None
    last, counted = clock(), 0

    def show(done: int, total: int) -> None:
        """Print a line if it is time for one."""
        nonlocal first, last, counted
        now = clock()
        if first is None or total != counted:  # new work has a speed of its own
            first, counted = (now, done), total  # what was found finished says nothing about the speed
        if now - last < period or done >= total:
            return
        last = now
        began, before = first
        left = ""
        if done > before:
            left = f", about {_duration((now - began) / (done - before) * (total - done))} left, "
            left += _speed(first, now, done)
        print(f"{done} of {total} {what}{left}", file=sys.stderr, flush=True)

    return show


def _speed(first: tuple[float, int], now: float, done: int) -> str:
    """How many are done in a second, since the first look."""
    began, before = first
    return f"{(done - before) / (now - began):.2g} a second" if now > began and done > before else ""


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
