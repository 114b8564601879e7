"""Loss cascades and threshold cascades: who falls when some firms fail.

A creditor falls when its losses on failed debtors exceed what it can bear. Sources: Gai and Kapadia,
*Proceedings of the Royal Society A* 466, 2401-2423 (2010) for losses on claims; Watts, *PNAS* 99,
5766-5771 (2002) for thresholds. The same code serves both, and epidemics that pass along given links.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.contagion.cascade_kernels import spread
from sim.contagion.graphs import chosen_firms, claims_csr, firm_column, share_column
from sim.core.columns import I32, I64, Bool

#: Loss and equity that differ by less than this part of equity count as equal (2**-30, about 9e-10).
TOLERANCE = 2.0**-30

#: Equity in the whole units in which losses of fractional amounts are summed (so exactly, in any order).
_UNITS = 2**52


class Cascade(NamedTuple):
    """Outcome of one cascade.

    Attributes
    ----------
    failed:
        Who has failed, seeds included, shape (n,).
    round:
        Round of failure: 0 for seeds, r for firms broken by failures up to round r - 1, -1 for
        firms that stand.
    """

    failed: Bool
    round: I32


class LossBook(NamedTuple):
    """Claims in cascade form: for each debtor its creditors, in units in which sums are exact.

    Attributes
    ----------
    start:
        Where each debtor's claims begin, shape (n + 1,).
    creditor:
        Who holds each claim; unsigned, so that compiled loops need not test for negative places.
    loss:
        What the creditor loses when the debtor fails, in whole units of that creditor.
    limit:
        The largest loss that each firm survives, in its own units, shape (n,).
    """

    start: I64
    creditor: NDArray[np.uint32]
    loss: I64
    limit: I64


def _whole_book(claims: Any, equity: I64, strict: bool) -> tuple[I64, I64]:
    limit = np.maximum(equity if strict else equity - 1, 0)
    return claims.data, limit


def _fractional_book(
    claims: Any, equity: NDArray[Any], lgd: NDArray[np.float64], debtor: I64, strict: bool
) -> tuple[I64, I64]:
    margin = round(TOLERANCE * _UNITS)
    able = equity > 0
    limit = np.where(able, _UNITS + margin if strict else _UNITS - margin - 1, 0).astype(np.int64)
    own = equity.astype(np.float64)[claims.indices]
    amount = claims.data.astype(np.float64) * lgd[debtor]
    with np.errstate(divide="ignore", over="ignore"):
        ratio = np.minimum(amount / np.where(own > 0, own, 1.0), 4.0)
    loss = np.where(own > 0, np.rint(ratio * _UNITS), amount > 0).astype(np.int64)
    return loss, limit


def loss_book(claims: Any, equity: NDArray[Any], lgd: NDArray[np.float64], strict: bool) -> LossBook:
    """Claims (checked csr, row = creditor) by debtor, in units in which sums of losses are exact.

    Whole amounts with full losses keep their unit. Otherwise a creditor's unit is 2**-52 of its
    equity, and ``TOLERANCE`` decides ties; a firm without equity is broken by any loss.
    """
    by_debtor = claims.tocsc()
    start = by_debtor.indptr.astype(np.int64)
    debtor = np.repeat(np.arange(start.size - 1), np.diff(start))
    if claims.dtype.kind == "i" and equity.dtype.kind == "i" and bool((lgd == 1.0).all()):
        loss, limit = _whole_book(by_debtor, equity, strict)
    else:
        loss, limit = _fractional_book(by_debtor, equity, lgd, debtor, strict)
    return LossBook(start, by_debtor.indices.astype(np.uint32), loss, limit)


def cascade(
    exposures: Any, equity: ArrayLike, seeds: ArrayLike, *, lgd: ArrayLike = 1.0, strict: bool = True
) -> Cascade:
    """Failures that follow from the failure of ``seeds``, to the end.

    Firm i falls when ``sum_j lgd[j] exposures[i, j]`` over failed debtors j exceeds ``equity[i]``, or
    reaches it where ``strict`` is false. Without any loss nobody falls, whatever its equity.

    Parameters
    ----------
    exposures:
        ``exposures[i, j]`` is firm i's claim on firm j; dense or scipy.sparse. A claim on itself has
        no effect. For a threshold cascade (Watts 2002): one over the degree of i.
    equity:
        Loss each firm can bear, same unit; below zero counts as zero. For Watts: the threshold, with
        ``strict=False``.
    seeds:
        Firms that fail first: row numbers, or a mask (n,) of booleans.
    lgd:
        Loss given default, in [0, 1]: one number, or one for each debtor.
    strict:
        Whether a loss equal to equity is survived. Decided exactly where ``exposures`` and ``equity``
        are integers and ``lgd`` is 1; otherwise amounts within ``TOLERANCE`` count as equal, so that
        rounding does not decide (capital 4 against a fifth of 20).

    Raises
    ------
    SpecError
        For input of the wrong shape or range.
    """
    claims = claims_csr("cascade", "exposures", exposures)
    firms = claims.shape[0]
    own = firm_column("cascade", "equity", equity, firms)
    book = loss_book(claims, own, share_column("cascade", "lgd", lgd, firms), strict)
    first = chosen_firms("cascade", "seeds", seeds, firms)
    failed, rounds = np.zeros(firms, np.bool_), np.full(firms, -1, np.int32)
    failed[first], rounds[first] = True, 0
    queue = np.empty(firms, np.int32)
    queue[: first.size] = first
    spread(book.start, book.creditor, book.loss, book.limit.copy(), failed, rounds, queue, first.size)
    return Cascade(failed, rounds)
