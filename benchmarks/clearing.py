"""Seconds of clearing, set-off and netting on heavy-tailed debts, beside plain iteration in the same run.

Run ``python benchmarks/clearing.py [firms]...``; default 1,000, 10,000 and 100,000 firms with about
ten links each. One thread; times are the best of three after compilation and include reading the
sparse matrix. The reference is vectorised iteration of the definition (numpy and scipy.sparse) from
full payment down to a change of 1e-14 of a firm's debts, or as far as 2,000 rounds go. It is quick
where a large part of each payment leaves the network of firms in default and useless where little
does; the last line shows such a case, a nearly closed ring. "Apart" is the largest gap between the
two, relative to the payment (or to one fen where that is more).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from sim.contagion.clearing import clear
from sim.contagion.debt_cycles import set_off
from sim.contagion.net_payments import netting
from sim.core.columns import F64

STRESS = (2.5, 1.0, 0.5, 0.2, 0.02)  # median cash as a share of debts


def heavy_tailed(firms: int, seed: int) -> tuple[sparse.csr_array, F64]:
    """Debts of ten links a firm, Pareto in-degrees, lognormal sizes; and the debts' noise of cash."""
    generator = np.random.default_rng(seed)
    size = generator.lognormal(0.0, 1.5, firms)
    debtor = np.repeat(np.arange(firms), generator.poisson(10.0 * size**0.5 / np.mean(size**0.5)))
    pull = np.cumsum(np.minimum(generator.pareto(1.2, firms) + 0.1, firms / 100))
    creditor = np.searchsorted(pull, generator.random(len(debtor)) * pull[-1])
    other = debtor != creditor
    amount = np.floor(generator.lognormal(0.0, 1.5, len(debtor)) * size[debtor] * 1e6)
    debts = sparse.csr_array((amount[other], (debtor[other], creditor[other])), shape=(firms, firms))
    return debts, generator.lognormal(0.0, 0.6, firms)


def best(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """Least seconds of some calls, and the last result."""
    least = np.inf
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        least = min(least, time.perf_counter() - start)
    return least, result


def iterate(debts: sparse.csr_array, assets: F64, rounds: int = 2000) -> tuple[F64, int]:
    """Reference: payments and rounds of plain iteration from full payment down."""
    owed = np.asarray(debts.sum(axis=1))
    inverse = np.divide(1.0, owed, out=np.zeros_like(owed), where=owed > 0.0)
    incoming = debts.T.tocsr()
    payments = owed.copy()
    done = 0
    while done < rounds:
        done += 1
        after = np.minimum(owed, assets + incoming @ (payments * inverse))
        change = np.abs(after - payments) * inverse
        payments = after
        if change.max() <= 1e-14:
            break
    return np.asarray(payments, dtype=np.float64), done


def residual(debts: sparse.csr_array, assets: F64, payments: F64) -> float:
    """Largest gap between payments and the definition, relative to the firm's debts."""
    owed = np.asarray(debts.sum(axis=1))
    inverse = np.divide(1.0, owed, out=np.zeros_like(owed), where=owed > 0.0)
    due = np.minimum(owed, assets + debts.T @ (payments * inverse))
    return float((np.abs(due - payments) * inverse).max())


def closed_ring(firms: int) -> tuple[sparse.csr_array, F64]:
    """A ring of equal debts from which a millionth leaves; four fifths of that enter."""
    ring = np.arange(firms)
    debtor, creditor = np.append(ring, 0), np.append((ring + 1) % firms, firms)
    amount = np.append(np.ones(firms), 1e-6)
    cash = np.zeros(firms + 1)
    cash[0] = 8e-7
    return sparse.csr_array((amount, (debtor, creditor)), shape=(firms + 1, firms + 1)), cash


def measure_ring(firms: int) -> None:
    """Print the distance from the true share, .8, of a nearly closed ring."""
    debts, cash = closed_ring(firms)
    seconds, found = best(lambda: clear(debts, cash))
    slow, (plain, rounds) = best(lambda: iterate(debts, cash), 1)
    print(
        f"ring of {firms:,}: clear {seconds:.4f} s, off by {np.abs(found.payments[1:-1] - 0.8).max():.0e}; "
        f"iteration {slow:.3f} s, {rounds} rounds, off by {np.abs(plain[1:-1] - 0.8).max():.0e}"
    )


def measure(firms: int) -> None:
    """Print one line a stress level for clearing and netting, and one for set-off."""
    debts, noise = heavy_tailed(firms, 1)
    owed = np.asarray(debts.sum(axis=1))
    links = debts.indptr.astype(np.int64), debts.indices.astype(np.int32), debts.data.astype(np.int64)
    print(f"{firms:,} firms, {debts.nnz:,} links")
    for cash in STRESS:
        assets = np.floor(owed * noise * cash)
        seconds, found = best(lambda: clear(debts, assets))  # noqa: B023
        slow, (plain, rounds) = best(lambda: iterate(debts, assets), 1)  # noqa: B023
        apart = float((np.abs(plain - found.payments) / np.maximum(found.payments, 1.0)).max())
        net, payment = best(lambda: netting(*links, assets.astype(np.int64)))  # noqa: B023
        lost = (found.payments.sum() - payment.sum()) / max(int(found.defaulted.sum()), 1)
        print(
            f"  {found.defaulted.mean():6.1%} in default: clear {seconds:.4f} s, {found.rounds} systems, "
            f"residual {residual(debts, assets, found.payments):.0e}; iteration {slow:.3f} s "
            f"({slow / seconds:.1f} x), {rounds} rounds, apart {apart:.0e}; "
            f"netting {net:.4f} s, {lost:.1f} fen lost a firm in default"
        )
    seconds, cancelled = best(lambda: set_off(*links))
    print(f"  set-off {seconds:.4f} s, {cancelled.sum() / debts.data.sum():.2%} of debts cancelled")


def main(arguments: list[str]) -> None:
    """Measure each number of firms."""
    debts, noise = heavy_tailed(200, 0)
    clear(debts, noise)
    links = debts.indptr.astype(np.int64), debts.indices.astype(np.int32), debts.data.astype(np.int64)
    netting(*links, noise.astype(np.int64))
    set_off(*links)
    for firms in arguments or ["1000", "10000", "100000"]:
        measure(int(firms))
    measure_ring(1000)


if __name__ == "__main__":
    main(sys.argv[1:])
