"""Seconds of the systemic impact of every firm, beside fixed reference loops, and growth with size.

Run ``python benchmarks/impact.py [firms]... [--all-settings] [--tol 0.1]``; default 1,000 to 30,000 firms.
Two networks of 6 links a firm: ``generate``'s own with its final sales, and a random one with Pareto sizes,
22 sectors and final sales of half of what each firm sells to others. Sparse rounds are always linear with
replaceability by sector. ``--all-settings`` adds the slow settings (no replaceability, essential inputs),
whose cascades run through the whole network; ``--tol 0.1`` leaves out those with another tolerance. The
growth of processor time and of links visited is printed too: it depends less, or not, on what else the
machine does.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from scipy import sparse

from sim.contagion.impact import Impact, Production, Replaceability, systemic_impact
from sim.contagion.impact_links import Network, read_flows
from sim.network.generate import generate
from sim.network.sector_table import load_sector_table

DEGREE = 6
USUAL: list[tuple[Production, Replaceability, float]] = [
    ("linear", "sector", 1e-2),
    ("linear", "sector", 1e-1),
]
SLOW: list[tuple[Production, Replaceability, float]] = [
    ("linear", "none", 1e-2),
    ("mixed", "sector", 1e-2),
    ("leontief", "sector", 1e-2),
    ("leontief", "none", 1e-2),
]


def reference_loop() -> float:
    """Seconds of ten million additions in plain Python: a yardstick for the machine."""
    start = time.perf_counter()
    total = 0
    for value in range(10_000_000):
        total += value
    return time.perf_counter() - start


def heavy_tailed(firms: int, seed: int) -> Network:
    """Random suppliers drawn by Pareto size (exponent 1.5), amounts by Pareto too; W and sectors."""
    rng = np.random.default_rng(seed)
    size = rng.pareto(1.5, firms) + 0.1
    supplier = rng.choice(firms, firms * DEGREE, p=size / size.sum())
    buyer = rng.integers(0, firms, firms * DEGREE)
    amount = rng.pareto(1.5, firms * DEGREE) + 0.1
    other = supplier != buyer
    places = (supplier[other], buyer[other])
    return sparse.coo_array((amount[other], places), shape=(firms, firms)), rng.integers(0, 22, firms)


def seconds_of_rounds(network: Network, tol: float) -> float:
    """Seconds a firm of synchronous rounds with sparse matrices, linear with replaceability by sector.

    The usual way to compute the index, on 20 firms. A half ends when a round adds less than half of ``tol``
    to its loss: about the accuracy that is asked of the package, though without its proof.
    """
    flows = read_flows(network, 0.5 if isinstance(network, tuple) else None)
    weight, sold, sector = flows.total / flows.total.sum(), flows.to_firms, flows.sector
    bought = np.maximum(flows.sales.sum(axis=0), 1e-300)
    inputs = (sparse.diags_array(1.0 / bought) @ flows.sales.T).tocsr()
    orders = (sparse.diags_array(1.0 / np.maximum(flows.total, 1e-300)) @ flows.sales).tocsr()
    seeds = np.random.default_rng(0).integers(0, len(sold), 20)
    start = time.perf_counter()
    for seed in seeds:
        for share, replace in ((inputs, True), (orders, False)):
            loss = np.zeros(len(sold))
            loss[seed] = 1.0
            while True:
                felt = loss
                if replace:
                    living = np.bincount(sector, weights=sold * (1.0 - loss))[sector]
                    felt = loss * np.minimum(1.0, sold / np.maximum(living, 1e-300))
                after = share @ felt
                after[seed] = 1.0
                added = weight @ (after - loss)
                loss = after
                if added <= 0.5 * tol * (weight @ loss):
                    break
    return (time.perf_counter() - start) / len(seeds)


def timed(
    network: Network, setting: tuple[Production, Replaceability, float], threads: int
) -> tuple[float, float, Impact]:
    """Seconds, seconds of processors and result of all firms."""
    production, replaceability, tol = setting
    final = 0.5 if isinstance(network, tuple) else None
    start, used = time.perf_counter(), time.process_time()
    found = systemic_impact(
        network,
        production=production,
        replaceability=replaceability,
        final_demand=final,
        tol=tol,
        threads=threads,
    )
    return time.perf_counter() - start, time.process_time() - used, found


def main(arguments: list[str]) -> None:
    """Time all sizes and settings; the exponent is the slope of log seconds on log firms (2 threads)."""
    every = "--all-settings" in arguments
    asked = float(arguments[arguments.index("--tol") + 1]) if "--tol" in arguments else None
    settings = [setting for setting in USUAL + (SLOW if every else []) if asked in (None, setting[2])]
    sizes = [int(size) for size in arguments if size.isdigit()] or [1_000, 3_000, 10_000, 30_000]
    table = load_sector_table()
    timed(heavy_tailed(100, 0), ("linear", "sector", 1e-2), 1)
    for name in ("generated", "heavy-tailed"):
        for setting in settings:
            print(f"{name}, {setting[0]}, replaceability {setting[1]}, tol {setting[2]:g}")
            taken = []
            for firms in sizes:
                network = heavy_tailed(firms, 1) if name != "generated" else generate(firms, DEGREE, 1, table)
                loop = reference_loop()
                one, used, first = timed(network, setting, 1)
                two, _, second = timed(network, setting, 2)
                if not np.array_equal(first.esri, second.esri):
                    raise AssertionError("results depend on the number of threads")
                rounds = seconds_of_rounds(network, setting[2]) * firms
                taken.append((two, used, first.visits.sum()))
                nanoseconds = one / first.visits.sum() * 1e9
                print(
                    f"  {firms:>7,} firms: 1 thread {one:8.2f} s, 2 threads {two:8.2f} s"
                    f" = {two / loop:6.2f} reference loops, sparse rounds / 1 thread {rounds / one:4.1f}\n"
                    f"    {first.visits.mean():9,.0f} links a firm at {nanoseconds:4.1f} ns,"
                    f" converged {first.converged.mean():.3f}, mean index {first.esri.mean():.6f}"
                )
            if len(sizes) > 1:
                slope, processor, visits = np.polyfit(np.log(sizes), np.log(taken), 1)[0]
                print(
                    f"  seconds (2 threads) grow as firms to the power {slope:.2f},"
                    f" processor seconds (1 thread) {processor:.2f}, links visited {visits:.2f}"
                )


if __name__ == "__main__":
    main(sys.argv[1:])
