"""The loss cascade of every firm's failure: a ranking of super-spreaders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.contagion.cascade_kernels import closure_forest, felled_alone, spread, sweep, walk_order
from sim.contagion.cascades import LossBook, loss_book
from sim.contagion.graphs import chosen_firms, claims_csr, firm_column, share_column
from sim.core.columns import I32, I64, Bool
from sim.core.errors import SpecError

#: Pieces of work a thread: cascades are uneven (assumption).
_PIECES = 4
#: A cascade is large, and worth a search for others in it, beyond this part of all claims (1 / n) or
#: this many (assumptions: trying a few costs little beside one that runs through the network).
_LARGE, _LEAST = 64, 250


class CascadeRanking(NamedTuple):
    """What each firm's failure brings down. Firms that were not asked for hold 0.

    Attributes
    ----------
    failed:
        Failures in the cascade of each firm, itself included, shape (n,).
    loss:
        Their total weight: by default all losses on claims in the cascade, unit of the claims. int64
        where the weights are whole numbers, else float64.
    """

    failed: I32
    loss: NDArray[Any]


class ClosureForest(NamedTuple):
    """An order in which each cascade grows out of a smaller one.

    Attributes
    ----------
    order, depth:
        The walk through the forest, parents first, and how deep each step is.
    parent:
        For each firm another whose cascade its own contains, or -1.
    alone:
        Firms whose failure breaks nobody by itself; their cascade is the firm.
    """

    order: I32
    depth: I32
    parent: I32
    alone: Bool


def plan_closures(book: LossBook, wanted: Bool) -> ClosureForest:
    """The forest that covers the ``wanted`` firms and those on which their cascades are built.

    A debtor whose claim alone exceeds a creditor's limit starts a cascade that contains the
    creditor's own, since losses only add up. Every cascade beyond its seed begins so.
    """
    firms = book.limit.size
    start, target = np.empty(firms + 1, np.int64), np.empty(book.loss.size + 1, np.int32)
    felled_alone(book.start, book.creditor, book.loss, book.limit, start, target)
    parent, low, clock, stack, path = (np.empty(firms, np.int32) for _ in range(5))
    clock[:] = 0
    reach, edge = np.zeros(firms, np.int64), np.empty(firms, np.int64)
    closure_forest(start, target, parent, reach, low, clock, edge, stack, path)
    return _walk(parent, np.diff(start) == 0, wanted)


def _walk(parent: I32, alone: Bool, wanted: Bool, roots: I64 | None = None) -> ClosureForest:
    """The walk through all ``wanted`` firms and those above them, trees in the order of ``roots``."""
    firms = parent.size
    order, depth = np.empty(firms, np.int32), np.empty(firms, np.int32)
    first_child, sibling = np.full(firms, -1, np.int32), np.full(firms, -1, np.int32)
    trees = np.arange(firms) if roots is None else roots
    count = walk_order(parent, trees, wanted.copy(), first_child, sibling, order, depth)
    return ClosureForest(order[:count], depth[:count], parent, alone)


def _large_ones(book: LossBook, forest: ClosureForest, large: Bool) -> ClosureForest:
    """Large cascades by themselves, those first that one of them contains: they may be in others as well."""
    above = forest.parent
    heads = np.flatnonzero(large & ~((above >= 0) & large[above]))
    fallen, queue = np.zeros(large.size, np.bool_), np.empty(large.size, np.int32)
    fallen[heads[0]], queue[0] = True, heads[0]
    spread(book.start, book.creditor, book.loss, book.limit.copy(), fallen, np.zeros_like(queue), queue, 1)
    parent = above.copy()
    parent[heads] = -1
    fallen[heads[0]] = False
    return _walk(parent, forest.alone, large, heads[np.argsort(~fallen[heads], kind="stable")])


def _pieces(steps: int, threads: int) -> list[tuple[int, int]]:
    count = min(steps, 1 if threads == 1 else _PIECES * threads)
    cuts = [steps * x // count for x in range(count + 1)] if count else []
    return list(pairwise(cuts))


def _unshared(firms: int, seeds: I64) -> ClosureForest:
    """No cascade grows out of another."""
    nobody = np.full(firms, -1, np.int32)
    return ClosureForest(
        seeds.astype(np.int32), np.zeros(seeds.size, np.int32), nobody, np.zeros(firms, np.bool_)
    )


def all_cascades(
    book: LossBook, weight: NDArray[Any], seeds: I64, threads: int, share_closures: bool
) -> tuple[CascadeRanking, int]:
    """Cascades of all ``seeds``, and how many claims were visited on the way."""
    firms = book.limit.size
    found = CascadeRanking(np.zeros(firms, np.int32), np.zeros(firms, weight.dtype))
    wanted = np.zeros(firms, np.bool_)
    wanted[seeds] = True
    if not share_closures:
        return found, _swept(_unshared(firms, seeds), book, weight, found, threads).visited
    most = max(book.loss.size // _LARGE, _LEAST)
    forest = plan_closures(book, wanted)
    swept = _swept(forest, book, weight, found, threads, most)
    visited = swept.visited
    if swept.postponed.any():  # which of the large ones contain another, in one thread: their order matters
        large = _large_ones(book, forest, swept.postponed)
        swept = _swept(large, book, weight, found, 1, most, search=True)
        parent = np.where(swept.built_on >= 0, swept.built_on, forest.parent)
        rest = _swept(_walk(parent, forest.alone, swept.postponed), book, weight, found, threads)
        visited += swept.visited + rest.visited
    found.failed[~wanted], found.loss[~wanted] = 0, 0
    return found, visited


class _Swept(NamedTuple):
    """Claims visited, who is left for later, and on whose cascade theirs can be built (or -1).

    Whom a firm is built on came before it in the walk, so there is no circle.
    """

    visited: int
    postponed: Bool
    built_on: I32


def _swept(
    forest: ClosureForest,
    book: LossBook,
    weight: NDArray[Any],
    found: CascadeRanking,
    threads: int,
    most: int | None = None,
    search: bool = False,
) -> _Swept:
    """Walk through the forest and note what is ``found``; leave cascades beyond ``most`` claims."""
    firms, levels = book.limit.size, int(forest.depth.max(initial=0)) + 1
    notes = firms + book.loss.size
    postponed, built_on = np.zeros(firms, np.bool_), np.full(firms, -1, np.int32)

    def run(piece: tuple[int, int]) -> int:
        """Sweep one piece of the order (first, last) with scratch of its own; claims visited."""
        kept_count, kept_hits, path = (np.empty(levels, kind) for kind in (np.int32, np.int64, np.int32))
        return int(
            sweep(
                forest.order, forest.depth, *piece, forest.parent, forest.alone, book.start, book.creditor,
                book.loss, weight, book.limit.copy(), np.empty(firms, np.int32), np.empty(notes, np.int32),
                np.empty(notes, np.int64), kept_count, kept_hits, np.empty(levels, weight.dtype), path,
                np.zeros(firms, np.bool_), notes if most is None else most, search, postponed,
                built_on, found.failed, found.loss,
            )
        )  # fmt: skip

    pieces = _pieces(forest.order.size, threads)
    if threads == 1:
        return _Swept(sum(map(run, pieces)), postponed, built_on)
    with ThreadPoolExecutor(threads) as pool:
        return _Swept(sum(pool.map(run, pieces)), postponed, built_on)


def _own_debts(claims: Any, lgd: NDArray[np.float64]) -> NDArray[Any]:
    """What creditors lose on each firm, should it fail; in whole units where nothing is recovered."""
    total = np.asarray(claims.sum(axis=0), dtype=claims.dtype).ravel()
    return total if claims.dtype.kind == "i" and bool((lgd == 1.0).all()) else total * lgd


def loss_cascades(
    exposures: Any,
    equity: ArrayLike,
    *,
    lgd: ArrayLike = 1.0,
    strict: bool = True,
    seeds: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    threads: int = 1,
    share_closures: bool = True,
) -> CascadeRanking:
    """Size of the cascade that each single failure sets off; rules as in :func:`cascade`.

    Parameters
    ----------
    exposures, equity, lgd, strict:
        As in :func:`sim.contagion.cascades.cascade`.
    seeds:
        Firms to try, one at a time: row numbers or a mask (n,); all by default.
    weights:
        What is lost with each failed firm, such as jobs; by default ``lgd`` times all claims on it,
        so that ``loss`` is what creditors write off in the cascade.
    threads:
        Worker threads; the result does not depend on it.
    share_closures:
        Build each cascade on that of a firm it is known to contain, instead of from scratch. The
        result is the same (fractional weights are then summed in another order); system-wide cascades
        no longer cost the square of the number of firms.

    Raises
    ------
    SpecError
        For input of the wrong shape or range.
    """
    claims = claims_csr("loss_cascades", "exposures", exposures)
    firms = claims.shape[0]
    own = firm_column("loss_cascades", "equity", equity, firms)
    share = share_column("loss_cascades", "lgd", lgd, firms)
    if threads < 1:
        raise SpecError("loss_cascades", "threads", f"is {threads}", "1 or more")
    chosen = chosen_firms("loss_cascades", "seeds", np.ones(firms, bool) if seeds is None else seeds, firms)
    if weights is None:
        weight = _own_debts(claims, share)
    else:
        weight = firm_column("loss_cascades", "weights", weights, firms)
    ranking, _ = all_cascades(loss_book(claims, own, share, strict), weight, chosen, threads, share_closures)
    return ranking
