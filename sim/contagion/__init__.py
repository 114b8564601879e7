"""Contagion on networks of claims: clearing, DebtRank, cascades, systemic impact, infection trees.

Pure functions on arrays and sparse matrices; see ``docs/contagion.md`` for formulas and conventions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.contagion.cascades import Cascade, cascade
    from sim.contagion.clearing import Clearing, clear
    from sim.contagion.closed_forms import (
        borel_pmf,
        cascade_probability,
        cascade_window,
        final_size,
    )
    from sim.contagion.debt_cycles import set_off
    from sim.contagion.debt_rank import debtrank, debtrank_index
    from sim.contagion.impact import Impact, systemic_impact
    from sim.contagion.leontief import leontief_output
    from sim.contagion.loss_ranking import CascadeRanking, loss_cascades
    from sim.contagion.net_payments import netting
    from sim.contagion.reproduction import (
        generation_growth,
        leading_eigenvector,
        loss_next_generation,
        next_generation_matrix,
        reproduction_interval,
        reproduction_number,
    )
    from sim.contagion.shapley import shapley_shares, shapley_values
    from sim.contagion.threshold import herd_immunity_threshold
    from sim.contagion.tree import InfectionTree
    from sim.contagion.tree_files import write_graphml, write_parquet

#: Public names and the modules they come from, loaded when first used.
_NAMES = {
    "Cascade": "cascades",
    "CascadeRanking": "loss_ranking",
    "Clearing": "clearing",
    "Impact": "impact",
    "InfectionTree": "tree",
    "borel_pmf": "closed_forms",
    "cascade": "cascades",
    "cascade_probability": "closed_forms",
    "cascade_window": "closed_forms",
    "clear": "clearing",
    "debtrank": "debt_rank",
    "debtrank_index": "debt_rank",
    "final_size": "closed_forms",
    "generation_growth": "reproduction",
    "herd_immunity_threshold": "threshold",
    "leading_eigenvector": "reproduction",
    "leontief_output": "leontief",
    "loss_cascades": "loss_ranking",
    "loss_next_generation": "reproduction",
    "netting": "net_payments",
    "next_generation_matrix": "reproduction",
    "reproduction_interval": "reproduction",
    "reproduction_number": "reproduction",
    "set_off": "debt_cycles",
    "shapley_shares": "shapley",
    "shapley_values": "shapley",
    "systemic_impact": "impact",
    "write_graphml": "tree_files",
    "write_parquet": "tree_files",
}

__all__ = [
    "Cascade",
    "CascadeRanking",
    "Clearing",
    "Impact",
    "InfectionTree",
    "borel_pmf",
    "cascade",
    "cascade_probability",
    "cascade_window",
    "clear",
    "debtrank",
    "debtrank_index",
    "final_size",
    "generation_growth",
    "herd_immunity_threshold",
    "leading_eigenvector",
    "leontief_output",
    "loss_cascades",
    "loss_next_generation",
    "netting",
    "next_generation_matrix",
    "reproduction_interval",
    "reproduction_number",
    "set_off",
    "shapley_shares",
    "shapley_values",
    "systemic_impact",
    "write_graphml",
    "write_parquet",
]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'sim.contagion' has no attribute {name!r}")
    return getattr(import_module(f"sim.contagion.{_NAMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
