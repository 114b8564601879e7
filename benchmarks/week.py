"""Speed and memory of the weekly step: 100,000 borrowers, 10,000 firms, about 100,000 supply links.

Prints CPU seconds of stepping 104 weeks on one thread beside a fixed reference loop timed in the
same run, and the peak memory of the process.
"""

from __future__ import annotations

import resource
import time

import sim


def reference() -> float:
    """CPU seconds of twenty million additions in plain Python."""
    begin = time.process_time()
    total = 0
    for number in range(20_000_000):
        total += number
    return time.process_time() - begin


def main() -> None:
    """Print one line of figures."""
    sim.Ecosystem(rng=1, borrowers=500, firms=100, burn_in=4).run(4)  # loads or compiles the kernels
    model = sim.Ecosystem(rng=1, borrowers=100_000, firms=10_000, burn_in=26)
    begin = time.process_time()
    model.run(104)
    stepping = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{len(model.borrowers):,} borrowers, {len(model.firms):,} firms, {len(model.links['buyer']):,} "
        f"links: {stepping:.2f} CPU s of stepping 104 weeks (reference loop {reference():.2f} s), "
        f"peak {peak:.2f} GiB"
    )


if __name__ == "__main__":
    main()
