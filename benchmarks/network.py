"""Seconds and peak memory of generating supply networks, beside a fixed reference loop.

Run ``python benchmarks/network.py [firms mean_degree]...``; default 10,000 x 5, 100,000 x 10.
"""

from __future__ import annotations

import resource
import sys
import time

from sim.network.generate import generate
from sim.network.sector_table import load_sector_table


def reference_loop() -> float:
    """Seconds of ten million additions in plain Python: a yardstick for the machine."""
    start = time.perf_counter()
    total = 0
    for value in range(10_000_000):
        total += value
    return time.perf_counter() - start


def main(arguments: list[str]) -> None:
    """Time each (firms, mean degree); peak memory is that of the process so far."""
    numbers = arguments or ["10000", "5", "100000", "10"]
    table = load_sector_table()
    start = time.perf_counter()
    generate(1_000, 5.0, 0, table)
    print(f"compile or load kernels {time.perf_counter() - start:.2f} s")
    print(f"reference loop {reference_loop():.2f} s")
    for firms, degree in zip(numbers[::2], numbers[1::2], strict=True):
        start = time.perf_counter()
        network = generate(int(firms), float(degree), 1, table)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{network.firms:,} firms {network.links:,} links {seconds:.2f} s, peak {peak:.2f} GiB")


if __name__ == "__main__":
    main(sys.argv[1:])
