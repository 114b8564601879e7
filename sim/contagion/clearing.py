"""Greatest clearing vector of a network of debts, by fictitious default.

Eisenberg and Noe (2001, Management Science 47:236); with bankruptcy costs Rogers and Veraart (2013,
Management Science 59:882). Direction: ``liabilities[i, j]`` is what i owes to j.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from sim.contagion.clearing_components import dense_room, pay_component, settle
from sim.contagion.clearing_kernels import (
    Progress,
    System,
    order_components,
    pay_in_full,
    spread,
    sum_links,
)
from sim.contagion.clearing_large import solve_large
from sim.core.columns import F64, I32, I64, Bool
from sim.core.errors import SpecError

TIE = 1e-12  # a firm defaults when it is short by more than this share of its claims
_STEP = 0.005  # a fall of the share paid that is passed on at once, before the exact solution
_MARGIN = 1e-11  # shortfall, relative to a firm's sums, that rounding of running sums cannot explain


class Clearing(NamedTuple):
    """Who pays what when all debts fall due at once; n firms, money in the unit of the input."""

    payments: F64
    """(n,) paid to the network, pro rata over a firm's creditors in it"""
    equity: F64
    """(n,) without ``outside_liabilities`` what owners keep, never negative (Eisenberg and Noe); with
    them assets plus receipts less nominal debts, negative in default (Barucca et al. 2020)"""
    defaulted: Bool
    """(n,) assets plus receipts fall short of nominal debts by more than 1e-12 of these"""
    rounds: int
    """linear systems solved until no further firm defaulted"""
    outside_payments: F64
    """(n,) paid to creditors outside the network"""


def _vector(value: ArrayLike, name: str, firms: int) -> F64:
    """A finite, non-negative float64 vector of length ``firms``."""
    allowed = f"{firms} finite numbers of at least 0, one a firm"
    try:
        vector = np.ascontiguousarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise SpecError("clear", name, "is not a list of numbers", allowed) from None
    if vector.shape != (firms,):
        raise SpecError("clear", name, f"has shape {vector.shape}", allowed)
    wrong = np.flatnonzero(~(np.isfinite(vector) & (vector >= 0.0)))
    if len(wrong):
        raise SpecError("clear", f"{name}[{wrong[0]}]", f"is {vector[wrong[0]]:g}", allowed)
    return vector


def _dense(liabilities: Any, allowed: str) -> Any:
    try:
        given = np.asarray(liabilities)
        return given if np.iscomplexobj(given) else given.astype(np.float64)
    except (TypeError, ValueError):
        raise SpecError("clear", "liabilities", "is not a matrix of numbers", allowed) from None


def _links(liabilities: Any) -> tuple[I64, I32, F64]:
    """Debts sorted by debtor: start (n + 1,), creditor (m,), amount (m,)."""
    allowed = "a square matrix of finite amounts of at least 0, liabilities[i, j] = i owes j"
    given: Any = liabilities if sparse.issparse(liabilities) else _dense(liabilities, allowed)
    if given.ndim != 2 or given.shape[0] != given.shape[1]:
        raise SpecError("clear", "liabilities", f"has shape {given.shape}", allowed)
    if np.iscomplexobj(given):
        raise SpecError("clear", "liabilities", "holds complex numbers", allowed)
    rows = sparse.csr_array(given)
    if not rows.data.all():  # stored zeros are no links
        rows = rows.copy()
        rows.eliminate_zeros()
    start = np.ascontiguousarray(rows.indptr, dtype=np.int64)
    creditor = np.ascontiguousarray(rows.indices, dtype=np.int32)
    return start, creditor, np.ascontiguousarray(rows.data, dtype=np.float64)


def _sums(start: I64, creditor: I32, amount: F64) -> tuple[F64, F64]:
    """What each firm owes to and is owed by the network; refuses impossible amounts."""
    owed, incoming = np.empty(len(start) - 1), np.empty(len(start) - 1)
    smallest, own, finite = sum_links(start, creditor, amount, owed, incoming)
    if not finite:
        wrong = int(np.flatnonzero(~np.isfinite(owed))[0])
        problem = "holds an amount, or a sum, that is not finite"
        raise SpecError("clear", f"liabilities[{wrong}]", problem, "finite amounts of at least 0")
    if smallest < 0.0:
        link = int(np.argmin(amount))
        debtor = int(np.searchsorted(start, link, side="right")) - 1
        where = f"liabilities[{debtor}, {creditor[link]}]"
        raise SpecError("clear", where, f"is {amount[link]:g}", "finite amounts of at least 0")
    if own >= 0:
        raise SpecError("clear", f"liabilities[{own}, {own}]", "is a debt to oneself", "0 on the diagonal")
    return owed, incoming


def _recovery(recovery: tuple[float, float]) -> tuple[float, float]:
    allowed = "two shares from 0 to 1: of outside assets, of receipts"
    try:
        alpha, beta = (float(share) for share in recovery)
    except (TypeError, ValueError):
        raise SpecError("clear", "recovery", f"is {recovery!r}", allowed) from None
    if not (0.0 <= alpha <= 1.0 and 0.0 <= beta <= 1.0):
        raise SpecError("clear", "recovery", f"is ({alpha:g}, {beta:g})", allowed)
    return alpha, beta


def start_progress(system: System, defaulted: Bool) -> Progress:
    """Full payment by everybody: the upper bound from which the greatest vector is approached."""
    firms = len(system.nominal)
    order, size, component, local, number, lowest, stack, path = np.empty((8, firms), dtype=np.int32)
    return Progress(
        defaulted,
        payments=system.nominal.copy(),
        receipts=system.incoming.copy(),
        order=order,
        size=size,
        component=component,
        local=local,
        number=number,
        lowest=lowest,
        stack=stack,
        path=path,
        cursor=np.empty(firms, dtype=np.int64),
    )


def solve(system: System, progress: Progress, tie: float = TIE) -> int:
    """Bring ``progress`` to the greatest clearing vector; returns the number of linear systems solved.

    ``progress`` holds full payments and receipts, and perhaps firms known to default. Defaults spread
    from above, then the payments of all firms in default are solved exactly, and again as long as that
    shows further defaults: the set only grows, so it ends.
    """
    room = dense_room()
    queued = np.zeros(len(system.nominal), dtype=np.bool_)
    spread(system, progress, queued, _STEP, tie, _MARGIN)
    rounds = 0
    while True:
        total = int(order_components(system, progress))
        pay_in_full(system, progress)
        place = int(settle(system, progress, room, 0, total))
        while place < total:
            solve_large(system, progress, place)
            place = int(pay_component(system, progress, place))
            place = int(settle(system, progress, room, place, total))
        rounds += 1
        if spread(system, progress, queued, _STEP, tie, _MARGIN) == 0:
            return rounds


def _in_default(
    nominal: F64, assets: F64, outside: F64, senior: bool, alpha: float, beta: float
) -> tuple[F64, F64, F64]:
    """What firms in default pay the network: fixed part, share of receipts, and 1 - that share."""
    if senior:
        return alpha * assets - outside, np.full(len(assets), beta), np.full(len(assets), 1.0 - beta)
    claims = np.where(nominal + outside > 0.0, nominal + outside, 1.0)
    share = nominal / claims
    return alpha * assets * share, beta * share, ((1.0 - beta) * nominal + outside) / claims


def clear(
    liabilities: Any,
    outside_assets: ArrayLike,
    *,
    outside_liabilities: ArrayLike | None = None,
    outside_senior: bool = True,
    recovery: tuple[float, float] = (1.0, 1.0),
) -> Clearing:
    """The greatest clearing vector, finite and exact.

    Firm i pays all it owes or, in default, all it has: outside creditors first or, with
    ``outside_senior=False``, in proportion to their claims; then the network pro rata.

    Parameters
    ----------
    liabilities:
        (n, n) dense or any ``scipy.sparse``: ``liabilities[i, j]`` is what i owes j; zero diagonal.
    outside_assets:
        (n,) cash and other assets at hand.
    outside_liabilities:
        (n,) debts to creditors outside the network; ``None`` for none.
    recovery:
        (alpha, beta): a firm in default recovers the shares alpha of its outside assets and beta of
        its receipts from the network (Rogers and Veraart 2013). The greatest solution is given.

    Raises :class:`SpecError` for shapes that do not match, amounts that are negative or not finite,
    debts to oneself, and shares outside 0 to 1.
    """
    start, creditor, amount = _links(liabilities)
    nominal, incoming = _sums(start, creditor, amount)
    firms = len(nominal)
    assets = _vector(outside_assets, "outside_assets", firms)
    outside = np.zeros(firms)
    if outside_liabilities is not None:
        outside = _vector(outside_liabilities, "outside_liabilities", firms)
    alpha, beta = _recovery(recovery)
    fixed, rate, loss_rate = _in_default(nominal, assets, outside, outside_senior, alpha, beta)
    claims = nominal + outside
    system = System(start, creditor, amount, nominal, incoming, claims, assets, fixed, rate, loss_rate)
    progress = start_progress(system, np.zeros(firms, dtype=np.bool_))
    rounds = solve(system, progress)
    defaulted, receipts = progress.defaulted, progress.receipts
    estate = alpha * assets + beta * receipts
    if outside_senior:
        to_outside = np.minimum(outside, estate)
    else:
        to_outside = estate * outside / np.where(system.claims > 0.0, system.claims, 1.0)
    worth = assets + receipts - system.claims
    bound = 0.0 if outside_liabilities is None else worth
    return Clearing(
        payments=progress.payments,
        equity=np.where(defaulted, bound, np.maximum(worth, 0.0)),
        defaulted=defaulted,
        rounds=rounds,
        outside_payments=np.where(defaulted, to_outside, outside),
    )
