"""Which creditors have their receivables worked digitally: coverage by one of four targetings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.columns import F64, I64
from sim.core.rng import uniform_rows
from sim.phases.ranking import loss_ranking

if TYPE_CHECKING:
    from sim.phases.state import State


def cover(state: State) -> None:
    """Choose covered creditors until their receivables reach the wanted share of all, by value.

    Chosen once, in the first week that asks for it, from what firms owe each other then.
    """
    spec, f = state.spec.receivables, state.firms
    if spec.scope != "covered" or spec.coverage == 0.0 or f.covered.any():
        return
    k = state.links
    claims: I64 = np.zeros(len(f.cash), np.int64)
    np.add.at(claims, k.supplier, k.not_due + k.overdue + k.disputed)
    order = np.lexsort((np.arange(len(claims)), -_rank(state, spec.targeting, claims)))
    before = np.cumsum(claims[order]) - claims[order]
    f.covered[order] = before < spec.coverage * claims.sum()


def _rank(state: State, targeting: str, claims: I64) -> F64:
    """The larger, the sooner covered."""
    f, k = state.firms, state.links
    if targeting == "random":
        return uniform_rows(state.seed, "receivables.coverage", len(claims))[:, 0]
    if targeting == "hub":
        return np.bincount(np.concatenate([k.buyer, k.supplier]), minlength=len(claims)).astype(np.float64)
    if targeting == "sector":
        by_sector = np.bincount(f.sector, claims, len(state.sectors))
        return np.asarray(by_sector[f.sector] + claims / (claims.sum() + 1.0), np.float64)
    return np.asarray(loss_ranking(state).loss, np.float64)
