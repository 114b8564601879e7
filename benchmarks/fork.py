"""Forking many policies from mid-run beside running each of them from week 0.

Run ``python benchmarks/fork.py [policies fork_week weeks]``; default 20 52 104. The same policies (limits on
attempts a week) leave one state at the fork week, in memory and out of a snapshot, and are run from a
start of their own, in one thread; both times are CPU seconds taken inside one run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sim.experiments.forks import fork
from sim.model import Ecosystem

SIZE = {"population.borrowers": 5000, "population.firms": 500}


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of some work."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def through(file: Path, arms: Mapping[str, Mapping[str, object]], week: int, weeks: int) -> None:
    """Run to the fork week, save, and let all policies leave the file."""
    Ecosystem("baseline", rng=1, changes=SIZE).run(week).snapshot(file)
    fork(file, arms, weeks=weeks)


def main() -> None:
    """Print one line of figures."""
    policies, week, weeks = (int(word) for word in (sys.argv[1:] or ("20", "52", "104")))
    arms = {f"limit{number}": {"rules.attempts_per_week": number} for number in range(1, policies + 1)}
    Ecosystem("baseline", rng=1, borrowers=500, firms=100, burn_in=4).run(4)  # loads the kernels

    def from_the_start() -> None:
        for changes in arms.values():
            Ecosystem("baseline", rng=1, changes={**SIZE, **changes}).run(weeks).measures()

    def forked() -> None:
        fork(Ecosystem("baseline", rng=1, changes=SIZE).run(week), arms, weeks=weeks)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.snapshot"
        whole, branches = timed(from_the_start), timed(forked)
        saved = timed(lambda: through(file, arms, week, weeks))
        size = file.stat().st_size / 1e6
    print(
        f"{policies} policies forked at week {week} of {weeks}: {branches:.1f} CPU s in memory "
        f"({branches / whole:.0%} of {whole:.1f} s from week 0), {saved:.1f} s through a snapshot of "
        f"{size:.1f} MB ({saved / whole:.0%})"
    )


if __name__ == "__main__":
    main()
