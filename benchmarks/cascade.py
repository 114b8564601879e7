"""Loss cascades of all firms: time by claim visited, with and without shared closures, beside numpy.

Run ``python benchmarks/cascade.py [firms mean_degree]``; default 100,000 x 10. Claims are ten weeks of
purchases on a generated supply network; what firms can bear is lognormal around a share of their
claims, from large (cascades stay local) to small (they are system-wide). All ratios are taken inside
one run: numpy frontiers, prepared the same way, work on samples of the firms, and results are compared.
Times of one thread are processor time, and medians of rounds that time one way after the other, so that
other work on the machine decides less. How long the machine waits for its memory is printed as well: the
claims on a firm are read at a random place, and so is what their holders can bear.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

from sim.contagion.cascades import LossBook, loss_book
from sim.contagion.debt_rank import debtrank
from sim.contagion.graphs import claims_csr
from sim.contagion.loss_ranking import all_cascades, loss_cascades
from sim.network.generate import generate
from sim.network.sector_table import load_sector_table

WEEKS_OWED = 10  # purchases that are owed at a time (assumption)
ROUNDS = 7  # in each of which all ways are timed one after the other; medians are printed
BEARABLE = {"local": 1.0, "mixed": 0.3, "system-wide": 0.1, "system-wide, fragile": 0.03}


def reference_loop() -> float:
    """Seconds of ten million additions in plain Python: a yardstick for the machine."""
    start = time.perf_counter()
    total = 0
    for value in range(10_000_000):
        total += value
    return time.perf_counter() - start


@njit  # type: ignore[untyped-decorator]
def follow(following: NDArray[np.int64], steps: int) -> int:
    """Read one number after the other, each at the place that the last one named."""
    place = 0
    for _ in range(steps):
        place = following[place]
    return place


def nanoseconds_of_a_read(megabytes: float) -> float:
    """Nanoseconds of a read at a random place of an array of that size, each waiting for the last."""
    size = int(megabytes * 1e6 / 8)
    order = np.random.default_rng(0).permutation(size)
    following = np.empty(size, np.int64)
    following[order] = np.roll(order, 1)
    return seconds(lambda: follow(following, 1_000_000))[0] * 1e3


def seconds(
    work: Callable[[], Any], repeats: int = 5, clock: Callable[[], float] = time.thread_time
) -> tuple[float, Any]:
    """Shortest time of some calls, of this thread's processor unless on another clock, and the result."""
    best = float("inf")
    for _ in range(repeats):
        start = clock()
        result = work()
        best = min(best, clock() - start)
    return best, result


def numpy_frontier(book: LossBook, seed: int, loss: NDArray[np.int64], fallen: NDArray[np.bool_]) -> int:
    """Failures in one cascade, round by round on whole frontiers; arrays must come in clean."""
    frontier = np.array([seed])
    fallen[seed] = True
    count = 1
    while frontier.size:
        sizes = book.start[frontier + 1] - book.start[frontier]
        ends = np.cumsum(sizes)
        claims = np.arange(ends[-1]) + np.repeat(book.start[frontier] - ends + sizes, sizes)
        hit = book.creditor[claims]
        np.add.at(loss, hit, book.loss[claims])
        frontier = np.unique(hit[(loss[hit] > book.limit[hit]) & ~fallen[hit]])
        fallen[frontier] = True
        count += frontier.size
    return count


def numpy_fresh(book: LossBook, seeds: NDArray[np.int64]) -> list[int]:
    """A numpy frontier with new arrays for each cascade."""
    firms = book.limit.size
    return [numpy_frontier(book, s, np.zeros(firms, np.int64), np.zeros(firms, bool)) for s in seeds]


def claims_and_equity(firms: int, degree: float, bearable: float) -> tuple[Any, NDArray[np.int64]]:
    """Claims (row = creditor) of a generated network, and the loss that each firm can bear, in fen."""
    network = generate(firms, degree, 1, load_sector_table())
    buyer = np.repeat(np.arange(firms), np.diff(network.buyer_start))
    claims = sparse.csr_array(
        (network.weekly_amount * WEEKS_OWED, (network.supplier, buyer)), shape=(firms, firms)
    )
    noise = np.random.default_rng(0).lognormal(0.0, 1.0, firms)
    return claims, (bearable * noise * np.asarray(claims.sum(axis=1)).ravel()).astype(np.int64)


def whole_time(
    failed: NDArray[np.int32], work: Callable[[NDArray[np.int64]], Any], small: int, draw: int
) -> float:
    """Seconds that ``work`` would take for all seeds, from samples.

    Large cascades are few and costly, so up to 8 of those that fell a tenth of all firms, and 8 of those that
    fell a hundredth, are sampled apart from ``small`` others.
    """
    rng, total = np.random.default_rng(draw), 0.0
    layer = np.digitize(failed, [failed.size // 100, failed.size // 10])
    for number, most in enumerate((small, 8, 8)):
        rows = np.flatnonzero(layer == number)
        if rows.size:
            part = rng.choice(rows, min(rows.size, most), replace=False)
            total += seconds(lambda part=part: work(part), 1)[0] / part.size * rows.size
    return total


def report(name: str, claims: Any, equity: NDArray[np.int64]) -> None:
    """Print one block: all firms' cascades, shared and from scratch, and numpy on samples, in rounds."""
    firms = equity.size
    whole, ranking = seconds(lambda: loss_cascades(claims, equity), clock=time.perf_counter)
    two, same = seconds(lambda: loss_cascades(claims, equity, threads=2), clock=time.perf_counter)
    assert np.array_equal(ranking.failed, same.failed) and np.array_equal(ranking.loss, same.loss)
    book = loss_book(claims_csr("benchmark", "claims", claims), equity, np.ones(firms), True)
    weight, failed = np.ones(firms, np.int64), ranking.failed
    visited, single = 0, np.empty((0, 2))

    def shared() -> None:
        nonlocal visited
        found, visited = all_cascades(book, weight, np.arange(firms), 1, True)
        assert np.array_equal(found.failed, failed)

    def from_scratch(part: NDArray[np.int64]) -> None:
        nonlocal single
        took, (plain, steps) = seconds(lambda: all_cascades(book, weight, part, 1, False), 1)
        single = np.vstack((single, (took * 1e9, steps)))
        assert np.array_equal(plain.failed[part], failed[part])

    def in_numpy(part: NDArray[np.int64]) -> None:
        assert np.array_equal(numpy_fresh(book, part), failed[part])

    rounds = np.array(
        [
            (
                seconds(shared, 3)[0],
                whole_time(failed, from_scratch, firms, draw),
                whole_time(failed, in_numpy, 1_000, draw),
            )
            for draw in range(ROUNDS)
        ]
    )
    ours, alone, numpys = np.median(rounds, axis=0)
    each = single[:, 0] / single[:, 1]
    times, scratch_times = np.sort(rounds[:, 2] / rounds[:, 0]), np.median(rounds[:, 2] / rounds[:, 1])
    print(
        f"{name}: cascades of {failed.mean():,.1f} firms on average, {failed.max():,} at most\n"
        f"  all firms, from the matrix {whole:.3f} s, two threads {two:.3f} s by the clock\n"
        f"  shared closures {ours:.3f} s, {visited:,} claims, {ours / visited * 1e9:.1f} ns a claim\n"
        f"  from scratch {alone:.3f} s, {single[:, 0].sum() / single[:, 1].sum():.1f} ns a claim visited "
        f"(samples {each.min():.1f} to {each.max():.1f}, median {np.median(each):.1f})\n"
        f"  numpy frontier {numpys:,.1f} s: {scratch_times:,.0f} times from scratch, "
        f"{np.median(times):,.0f} times shared ({times[0]:,.0f} to {times[-1]:,.0f})"
    )


def main(arguments: list[str]) -> None:
    """Compile, then one block a level of what firms can bear, and one DebtRank."""
    firms, degree = int(arguments[0]), float(arguments[1])
    claims, equity = claims_and_equity(1_000, degree, 0.1)
    loss_cascades(claims, equity)
    loss_cascades(claims, equity, share_closures=False)
    debtrank(claims, equity, np.full(1_000, 0.01))
    follow(np.zeros(1, np.int64), 1)
    reads = ", ".join(f"{size:g} MB {nanoseconds_of_a_read(size):.0f} ns" for size in (0.03, 0.8, 12))
    print(f"reference loop {reference_loop():.2f} s; a read that waits for the last one: {reads}")
    for name, bearable in BEARABLE.items():
        claims, equity = claims_and_equity(firms, degree, bearable)
        if name == "local":
            print(f"{firms:,} firms, {claims.nnz:,} claims")
        report(name, claims, equity)
    shock = np.zeros(firms)
    shock[: firms // 100] = 0.1
    claims, equity = claims_and_equity(firms, degree, 3.0)
    took, h = seconds(lambda: debtrank(claims, equity, shock))
    print(f"debtrank {took:.2f} s, {np.count_nonzero(h > shock):,} firms reached, {(h >= 1).sum():,} at 1")


if __name__ == "__main__":
    main(sys.argv[1:] or ["100000", "10"])
