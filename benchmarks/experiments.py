"""What experiments cost beside the runs themselves, and what pairing saves.

Run ``python benchmarks/experiments.py [memory|overhead|query|threads|pairing]...``; all by default. Prints a
line each: the most memory that eight runs one after the other took; the share of time that the run table and
the executor add to runs of about 0.3 s; seconds of a question to 100,000 runs; how much faster two threads
are than one; how many times smaller the variance of the effect of a rule is with paired seeds than with
independent ones.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sim.core.program import versions
from sim.experiments import compare
from sim.experiments.paired import runs_saved
from sim.experiments.parts import pack, to_bytes
from sim.experiments.run_table import RunTable
from sim.experiments.run_views import query
from sim.experiments.upkeep import compact

#: One run takes about 0.3 s (one arm and its start).
SIZE: dict[str, object] = {"population.borrowers": 9500, "population.firms": 950, "burn_in": 8}
WEEKS = 40
#: Times that each pair of measurements of threads is repeated.
ROUNDS = 2
#: A rule change of law for law: the present rules of the scenario against Regulation F.
RULE: dict[str, dict[str, object]] = {"now": {}, "law": {"rules": "us-regulation-f"}}


ONE: dict[str, dict[str, object]] = {"now": {}}
FOUR: dict[str, dict[str, object]] = {
    **ONE,
    **{f"calls_{most}": {"rules.attempts_per_week": most} for most in (1, 3, 7)},
}


def seconds(work: Callable[[], Any]) -> float:
    """Wall seconds of some work."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def runs(number: int, arms: Any = None, **more: Any) -> Any:
    """So many starts of one arm (or the arms given), on one thread unless told otherwise."""
    call = {"runs": number, "weeks": WEEKS, "changes": SIZE, "workers": 1, **more}
    return compare("baseline", arms or ONE, **call)


def memory() -> str:
    """Eight runs of 100,000 borrowers and half a year, one after the other. It tells the most that this
    process took so far, so it is the first part, or runs alone."""
    size = {"population.borrowers": 100_000, "population.firms": 10_000, "burn_in": 8}
    runs(8, changes=size, weeks=26)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"most memory of eight runs of 100,000 borrowers, one after the other: {most:.0f} MiB"


def overhead() -> str:
    """The same runs bare, and kept in a table, in turns: one run a start, and four (as three strategies
    against leaving everybody alone are)."""
    said = []
    for arms in (ONE, FOUR):
        bare, kept = [], []
        for _ in range(12 // len(arms) + 3):
            bare.append(seconds(lambda arms=arms: runs(10, arms)))
            with tempfile.TemporaryDirectory() as folder:
                kept.append(seconds(lambda arms=arms, folder=folder: runs(10, arms, store=folder)))
        share, each = np.median(kept) / np.median(bare) - 1, np.median(bare) / 10 / len(arms)
        said.append(f"{share:.1%} of runs of {each:.2f} s, {len(arms)} a start")
    return f"overhead of the table: {'; '.join(said)}"


def ask() -> str:
    """100,000 runs that differ in index and seed, written as parts and merged."""
    first = runs(1, weeks=4).results[0]
    stamp = {"kind": "compare", "experiment": "0" * 64, "scenario": "baseline", **versions()}
    stamp |= {"scenario_hashes": {"now": "0" * 64}}
    with tempfile.TemporaryDirectory() as folder:
        table = RunTable(folder, create=True)
        for number in range(50):
            rows = [
                {
                    **first,
                    "index": 2000 * number + row,
                    "measures": {**first["measures"], "fines": float(row)},
                }
                for row in range(2000)
            ]
            part = to_bytes(pack(rows, {}, stamp, datetime.now(UTC)))  # type: ignore[arg-type]
            table.add(f"{number:016d}", ("evidence", 0, 0), part)
        compact(table)
        text = "SELECT arm, count(*), avg(fines), quantile_cont(output_index, 0.9) FROM runs GROUP BY arm"
        query(table, text)
        took = min(seconds(lambda: query(table, text)) for _ in range(3))
        rows = query(table, "SELECT count(*) AS n FROM runs")["n"][0]
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet")) / 2**20
    return f"a question to {rows:,} runs ({size:.0f} MiB): {took:.2f} s"


def threads() -> str:
    """The same starts on one thread and on two, in turns (one, two, two, one), at three sizes. The best time
    of each counts: on a shared machine the others measure other work too. The least size also in two
    processes, which is what small runs use by default."""
    said = []
    for people, number in ((6000, 32), (100_000, 12), (300_000, 4)):
        size = {"population.borrowers": people, "population.firms": people // 10, "burn_in": 8}
        one = partial(runs, number, changes=size)
        others = {"threads": partial(one, workers=2)}
        if people == 6000:
            others["processes"] = partial(one, workers=2, executor="processes")
        took: dict[Any, list[float]] = {work: [] for work in (one, *others.values())}
        for work in (one, *others.values(), *reversed(others.values()), one) * ROUNDS:
            took[work].append(seconds(work))
        gains = (f"{name} {min(took[one]) / min(took[work]):.2f}" for name, work in others.items())
        said.append(f"{people:,} borrowers: {', '.join(gains)}")
        print(said[-1], flush=True)
    return "times as fast as one thread, on two, " + "; ".join(said)


def pairing() -> str:
    """Variance of the difference with independent and with common seeds, for what the law moves."""
    size = {"population.borrowers": 20_000, "population.firms": 1000}
    found = runs(24, RULE, weeks=52, changes=size, workers=2, executor="processes")

    def values(arm: str, measure: str) -> Any:
        return [row["measures"][measure] for row in found.results if row["arm"] == arm]

    ratios = {measure: runs_saved(values("law", measure), values("now", measure)) for measure in MOVED}
    parts = [f"{name} {'-' if ratio is None else format(ratio, ',.0f')}" for name, ratio in ratios.items()]
    return "variance with independent over variance with paired seeds: " + ", ".join(parts)


MOVED = (
    "cure_rate_90d", "recovery_rate_180d", "cost_per_100", "complaints_per_1000", "stress_mean", "npl_ratio",
    "consumer_overdue_30_rate", "charge_off_rate", "net_present_recovery", "firm_failures", "output_index",
)  # fmt: skip
PARTS = {"memory": memory, "overhead": overhead, "query": ask, "threads": threads, "pairing": pairing}


def main() -> None:
    """Print a line for each part."""
    runs(1, weeks=2)  # loads the kernels
    for name in sys.argv[1:] or PARTS:
        print(PARTS[name](), flush=True)


if __name__ == "__main__":
    main()
