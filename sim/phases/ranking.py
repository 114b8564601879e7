"""Who would hurt most by failing: systemic impact and loss cascade of every firm, as a ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sim.contagion.impact import systemic_impact
from sim.contagion.loss_ranking import loss_cascades
from sim.core.columns import F64, I64

if TYPE_CHECKING:
    from sim.contagion.loss_ranking import CascadeRanking
    from sim.phases.state import State


def loss_ranking(state: State) -> CascadeRanking:
    """The loss cascade of every firm: creditors that lose more than their cash and open line fail too."""
    f, k = state.firms, state.links
    claims = (k.not_due + k.overdue + k.disputed - k.advanced).astype(np.float64)
    n = len(f.cash)
    exposures = sparse.csr_array((claims, (k.supplier, k.buyer)), shape=(n, n))
    reserve = np.maximum(0, f.cash + f.line - f.drawn).astype(np.float64)
    return loss_cascades(exposures, reserve, lgd=state.firm_numbers.loss_given_failure)


def super_spreaders(state: State) -> pd.DataFrame:
    """All firms, the most harmful first.

    Columns: ``firm``, ``sector``, ``weekly_sales`` (fen), ``customers``, ``suppliers``; ``esri``,
    ``down``, ``up`` (share of all firms' output lost, with sector replaceability) and ``converged`` of
    :func:`sim.contagion.systemic_impact` on normal trade; ``felled`` (firms, itself included) and ``loss``
    (fen written off) of :func:`sim.contagion.loss_cascades` on today's claims and reserves.
    """
    f, k = state.firms, state.links
    n = len(f.cash)
    flows = sparse.csr_array((k.weekly_amount.astype(np.float64), (k.supplier, k.buyer)), shape=(n, n))
    final: F64 = f.normal_final_sales.astype(np.float64)
    impact = systemic_impact((flows, f.sector), replaceability="sector", final_demand=final)
    cascades = loss_ranking(state)
    customers: I64 = np.bincount(k.supplier, minlength=n)
    table = pd.DataFrame(
        {
            "firm": np.arange(n),
            "sector": np.asarray(state.sectors, object)[f.sector],
            "weekly_sales": f.normal_sales,
            "customers": customers,
            "suppliers": np.diff(state.buyer_start),
            "esri": impact.esri,
            "down": impact.down,
            "up": impact.up,
            "converged": impact.converged,
            "felled": cascades.failed,
            "loss": cascades.loss,
        }
    )
    return table.sort_values(["esri", "loss"], ascending=False, kind="stable", ignore_index=True)
