"""DebtRank: how far a first loss of equity is passed on to creditors before anybody defaults.

Sources: Battiston, Puliga, Kaushik, Tasca and Caldarelli, *Scientific Reports* 2, 541 (2012) for the
original rule, by which a firm passes on distress once; Bardoscia, Battiston, Caccioli and Caldarelli,
*PLOS ONE* 10, e0130406 (2015) for the differential rule, by which every further loss is passed on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from sim.contagion.graphs import claims_csr, firm_column, share_column
from sim.core.columns import I32
from sim.core.errors import ArrearsError, SpecError
from sim.core.kernel import kernel

#: A further relative loss of equity below this part of the largest first loss is not passed on.
NEGLIGIBLE = 1e-18

#: Losses are passed on in stages, each with losses of a hundredth: so a loop that leaks slowly goes
#: round by itself, and its many creditors hear the sum.
STAGE = 0.01

#: Leverage towards one debtor is cut here, so that a firm without equity loses all by any loss.
LARGEST_LEVERAGE = 1e300

#: After this many rounds loops leak so slowly that solving the linear system is tried instead.
PATIENCE = 500

#: Largest linear system that is factorised, firms; beyond it the rounds go on (assumption).
LARGEST_SYSTEM = 2_000

#: Rounds times links after which a system without leakage is given up (assumption).
LARGEST_WORK = 2e9


@kernel
def pass_on(start, creditor, leverage, least, rounds, once, h, gain, inflow, heard, frontier, reached, count):  # type: ignore[no-untyped-def]
    """At most ``rounds`` rounds of losses; returns how many firms still have one to pass on.

    ``gain`` is the relative loss that a firm has not passed on yet, and ``frontier[:count]`` the firms
    where it exceeds ``least``. ``once``: firms already ``heard`` pass nothing on again. ``inflow`` is
    zero before and after; ``reached`` is scratch.
    """
    for _ in range(rounds):
        hit = 0
        for x in range(count):
            j = frontier[x]
            passed = gain[j]
            gain[j] = 0.0
            for e in range(start[j], start[j + 1]):
                i = creditor[e]
                if h[i] < 1.0:
                    if inflow[i] == 0.0:
                        reached[hit] = i
                        hit += 1
                    # never zero, or the firm would be listed twice
                    inflow[i] += max(leverage[e] * passed, 1e-300)
        count = 0
        for x in range(hit):
            i = reached[x]
            gain[i] += min(inflow[i], 1.0 - h[i])
            h[i] = 1.0 if inflow[i] >= 1.0 - h[i] else h[i] + inflow[i]
            inflow[i] = 0.0
            if gain[i] > least and not (once and heard[i]):
                heard[i] = True
                frontier[count] = i
                count += 1
        if count == 0:
            break
    return count


def _leverage(exposures: Any, equity: NDArray[Any], differential: bool) -> Any:
    """Claim on each debtor over own equity, by debtor (csc)."""
    claims = exposures.astype(np.float64).tocsc()
    own = equity.astype(np.float64)[claims.indices]
    with np.errstate(divide="ignore", over="ignore"):
        ratio = np.where(own > 0, claims.data / np.where(own > 0, own, 1.0), np.inf)
    claims.data = np.minimum(ratio, LARGEST_LEVERAGE if differential else 1.0)
    return claims


def _solved(leverage: Any, first: NDArray[np.float64], h: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The end of the differential rule, if no firm below the cap reaches it any more; else None.

    ``h`` is a lower bound, so firms at 1 stay there; the others, if uncapped, solve a linear system,
    and a solution between ``h`` and 1 is the least fixed point.
    """
    rows = np.flatnonzero((h > 0) & (h < 1))
    if rows.size == 0 or rows.size > LARGEST_SYSTEM:
        return None
    own = leverage.tocsr()[rows]
    given = first[rows] + own @ (h >= 1).astype(np.float64)
    system = sparse.csc_array(sparse.identity(rows.size, format="csc") - own[:, rows])
    try:
        part = splu(system).solve(given)
    except RuntimeError:  # exactly singular: a loop without leakage
        return None
    if not np.isfinite(part).all() or (part < h[rows] - 1e-9).any() or (part > 1 + 1e-12).any():
        return None
    whole = h.copy()
    whole[rows] = np.clip(part, 0.0, 1.0)
    again = np.minimum(1.0, first + leverage @ whole)
    settled = not again[whole == 0].any() and np.allclose(again, whole, rtol=1e-9, atol=0)
    return whole if settled else None  # unsettled: some firm was not reached yet


def _waiting(gain: NDArray[np.float64], least: float, frontier: I32) -> int:
    """Put the firms with a loss to pass on into ``frontier``; returns how many."""
    rows = np.flatnonzero(gain > least)
    frontier[: rows.size] = rows
    return rows.size


def _spread(leverage: Any, first: NDArray[np.float64], differential: bool) -> NDArray[np.float64]:
    firms = first.size
    start, creditor = leverage.indptr.astype(np.int64), leverage.indices.astype(np.int32)
    h, gain, inflow, heard = first.copy(), first.copy(), np.zeros(firms), first > 0
    frontier, reached = np.zeros(firms, np.int32), np.empty(firms, np.int32)
    last = NEGLIGIBLE * float(first.max(initial=0.0))
    least, rounds, work = last / NEGLIGIBLE * STAGE if differential else last, PATIENCE, 0.0
    count = _waiting(gain, least, frontier)
    while True:
        count = pass_on(
            start, creditor, leverage.data, least, rounds, not differential, h, gain, inflow, heard,
            frontier, reached, count,
        )  # fmt: skip
        if count == 0:
            if least <= last:
                return h
            least = max(least * STAGE, last)
            count = _waiting(gain, least, frontier)
            continue
        solved = _solved(leverage, first, h) if differential else None
        if solved is not None:
            return solved
        busy = frontier[:count]
        work += rounds * float((start[busy + 1] - start[busy]).sum())
        if work > LARGEST_WORK:
            raise ArrearsError("debtrank: losses circle in loops that leak too little to end; raise equity")
        rounds *= 2


def _value_shares(source: str, weights: ArrayLike, firms: int) -> NDArray[np.float64]:
    column = firm_column(source, "weights", weights, firms).astype(np.float64)
    if (column < 0).any() or column.sum() == 0:
        raise SpecError(source, "weights", "are negative or all zero", "0 or more, not all 0")
    return np.asarray(column / column.sum(), dtype=np.float64)


def debtrank(
    exposures: Any,
    equity: ArrayLike,
    shock: ArrayLike,
    *,
    differential: bool = True,
    weights: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Relative equity loss of every firm after a first loss has spread to creditors.

    Parameters
    ----------
    exposures:
        ``exposures[i, j]`` is firm i's claim on firm j; dense or scipy.sparse, any unit of money.
    equity:
        Equity of each firm, the same unit. Zero or negative equity is taken as the limit of small
        equity: the firm loses nothing before a loss reaches it, then all (differential rule) or as
        large a share as its debtor lost (original rule).
    shock:
        First relative loss of equity, in [0, 1].
    differential:
        True: Bardoscia et al. (2015), ``h(t+1) = min(1, h(t) + Lambda (h(t) - h(t-1)))`` with
        ``Lambda[i, j] = exposures[i, j] / equity[i]``. Where no cap binds the result is
        ``(I - Lambda)^-1 shock``. False: Battiston et al. (2012), where each firm passes its loss on
        once, in the round after it was first hit, and ``Lambda`` is cut at 1.
    weights:
        Economic value of each firm, any scale. If given, the result is not ``h`` but each firm's term
        of the DebtRank index, ``(h - shock)`` times its share of all value; their sum is
        :func:`debtrank_index`.

    Returns
    -------
    numpy.ndarray
        ``h``, shape (n,), in [0, 1]. Losses below ``NEGLIGIBLE`` (1e-18) of the largest shock are not
        passed on; what is left out is of that order over the leakage of the slowest loop.

    Raises
    ------
    SpecError
        For input of the wrong shape or range.
    ArrearsError
        When losses circle in a loop that neither leaks nor, after very many rounds, reaches a cap.
    """
    claims = claims_csr("debtrank", "exposures", exposures)
    firms = claims.shape[0]
    own = firm_column("debtrank", "equity", equity, firms)
    first = share_column("debtrank", "shock", shock, firms)
    h = _spread(_leverage(claims, own, differential), first, differential)
    if weights is None:
        return h
    return np.asarray(_value_shares("debtrank", weights, firms) * (h - first), dtype=np.float64)


def debtrank_index(h: ArrayLike, shock: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Share of all economic value lost beyond the shock: ``sum_i v_i (h_i - shock_i)``.

    Battiston et al. (2012), ``R``; ``v`` are the ``weights`` divided by their sum, equal by default.
    """
    end = np.asarray(h, dtype=np.float64)
    firms = end.size
    end = share_column("debtrank_index", "h", end, firms)
    first = share_column("debtrank_index", "shock", shock, firms)
    shares = _value_shares("debtrank_index", np.ones(firms) if weights is None else weights, firms)
    return float(shares @ (end - first))
