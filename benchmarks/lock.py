"""How much of a week holds the interpreter's lock: what two threads cannot share.

Run ``python benchmarks/lock.py [BORROWERS:STRATEGY]...``; by default three sizes with each collector's own
strategy, and two strategies. Prints a line each: CPU milliseconds of a week, how many of them are spent
in compiled kernels (which run without the lock), the share of the rest, and the calls that Python made.
With a share g two threads are at best about 2 / (1 + g²) times as fast as one (a queue of two at one
counter), so 1.8 needs a share of a third.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import time
from typing import Any

from numba.core.registry import CPUDispatcher

import sim

WEEKS = 30
DEFAULT = ("6000:own", "20000:own", "100000:own", "6000:ai_tiered", "6000:app_based")


def kernels() -> set[tuple[str, int, str]]:
    """File, line and name of every compiled kernel that is loaded."""
    found = set()
    for name, module in list(sys.modules.items()):
        if name.startswith("sim."):
            for value in vars(module).values():
                if isinstance(value, CPUDispatcher):
                    code = value.py_func.__code__
                    found.add((code.co_filename, code.co_firstlineno, code.co_name))
    return found


def cpu_ms(model: Any) -> float:
    """CPU milliseconds of a week of this thread, unprofiled."""
    begin = time.thread_time()
    model.run(WEEKS)
    return (time.thread_time() - begin) / WEEKS * 1e3


def measure(borrowers: int, strategy: str | None) -> str:
    """One line of figures."""
    size = {"population.borrowers": borrowers, "population.firms": borrowers // 10, "burn_in": 8}
    start = sim.Ecosystem("baseline", strategy=strategy, rng=1, changes=size)
    start.copy().run(WEEKS)  # loads all kernels
    week = min(cpu_ms(start.copy()) for _ in range(2))
    profiled, profile = start.copy(), cProfile.Profile(time.thread_time)
    profile.enable()
    profiled.run(WEEKS)
    profile.disable()
    stats: Any = pstats.Stats(profile)
    compiled = kernels()
    inside = sum(own for place, (_, _, own, _, _) in stats.stats.items() if place in compiled)
    calls = sum(number for _, number, _, _, _ in stats.stats.values())
    inside *= 1e3 / WEEKS
    return (
        f"{borrowers:,} borrowers, {strategy or 'own strategies'}: {week:.1f} ms a week, {inside:.1f} in "
        "kernels, "
        f"{1 - inside / week:.0%} with the lock, {calls / WEEKS:,.0f} calls"
    )


def main() -> None:
    """Print a line for each case."""
    for case in sys.argv[1:] or DEFAULT:
        borrowers, _, strategy = case.partition(":")
        print(measure(int(borrowers), None if strategy in ("", "own") else strategy), flush=True)


if __name__ == "__main__":
    main()
