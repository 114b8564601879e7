"""The loss cascade of every firm's failure: a ranking of super-spreaders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.contagion.cascade_kernels import sweep
from sim.contagion.cascades import LossBook, loss_book
from sim.contagion.closures import ClosureForest, no_closures, plan_closures
from sim.contagion.graphs import chosen_firms, claims_csr, firm_column, share_column
from sim.contagion.large_cascades import finish_large, scratch
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


def _pieces(steps: int, threads: int) -> list[tuple[int, int]]:
    count = min(steps, 1 if threads == 1 else _PIECES * threads)
    cuts = [steps * x // count for x in range(count + 1)] if count else []
    return list(pairwise(cuts))


def all_cascades(
    book: LossBook, weight: NDArray[Any], seeds: I64, threads: int, share_closures: bool
) -> tuple[CascadeRanking, int]:
    """Cascades of all ``seeds``, and how many claims were visited on the way."""
    firms = book.limit.size
    found = CascadeRanking(np.ones(firms, np.int32), weight.copy())  # whoever fells nobody
    wanted, postponed = np.zeros(firms, np.bool_), np.zeros(firms, np.bool_)
    wanted[seeds] = True
    forest = plan_closures(book, wanted) if share_closures else no_closures(firms, seeds)
    most = max(book.loss.size // _LARGE, _LEAST) if share_closures else firms + book.loss.size
    visited = _swept(forest, book, weight, found, threads, most, postponed)
    if postponed.any():
        visited += finish_large(book, weight, forest, postponed, *found)
    found.failed[~wanted], found.loss[~wanted] = 0, 0
    return found, visited


def _swept(
    forest: ClosureForest,
    book: LossBook,
    weight: NDArray[Any],
    found: CascadeRanking,
    threads: int,
    most: int,
    postponed: Bool,
) -> int:
    """Walk through the forest and note what is ``found``; cascades beyond ``most`` claims are ``postponed``.

    Returns claims visited.
    """
    levels = int(forest.depth.max(initial=0)) + 1

    def run(piece: tuple[int, int]) -> int:
        """Sweep one piece of the order (first, last) with scratch of its own; claims visited."""
        own = scratch(book, weight, levels)
        return int(
            sweep(
                forest.order, forest.depth, *piece, forest.parent, *book[:3], weight, own.room,
                own.queue, 0, weight.dtype.type(0), own.hit, own.before, 0, own.kept_count, own.kept_hits,
                own.kept_lost, own.path, own.nobody, most, postponed, *found,
            )
        )  # fmt: skip

    pieces = _pieces(forest.order.size, threads)
    if threads == 1:
        return sum(map(run, pieces))
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(run, pieces))


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
