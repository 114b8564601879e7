"""Arrears: an agent-based simulation of the debt-collection ecosystem."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim import contagion
    from sim.collection import Capacity, Cases, Treatment, register_rule, register_strategy
    from sim.core.errors import ArrearsError, LedgerError, SpecError, StoppedError
    from sim.experiments import (
        Comparison,
        Outbreak,
        RunTable,
        Sweep,
        TwinResult,
        compare,
        fork,
        outbreak,
        sweep,
        twin,
    )
    from sim.experiments.decomposition import decompose, remedies
    from sim.experiments.reproduction import basic_reproduction
    from sim.experiments.selection import selection_effect
    from sim.experiments.vaccination import vaccination
    from sim.loading import load_scenario
    from sim.measures import MEASURES
    from sim.model import Ecosystem
    from sim.network.describe import describe
    from sim.network.generate import generate
    from sim.network.read import read_network
    from sim.spec.loader import load_rules, load_world
    from sim.spec.portfolio import read_portfolio

#: Public names and the modules they come from, loaded when first used.
_NAMES = {
    "ArrearsError": "sim.core.errors",
    "Capacity": "sim.collection",
    "Cases": "sim.collection",
    "Comparison": "sim.experiments",
    "Ecosystem": "sim.model",
    "LedgerError": "sim.core.errors",
    "MEASURES": "sim.measures",
    "Outbreak": "sim.experiments",
    "SpecError": "sim.core.errors",
    "StoppedError": "sim.core.errors",
    "Treatment": "sim.collection",
    "TwinResult": "sim.experiments",
    "basic_reproduction": "sim.experiments.reproduction",
    "RunTable": "sim.experiments",
    "Sweep": "sim.experiments",
    "compare": "sim.experiments",
    "fork": "sim.experiments",
    "sweep": "sim.experiments",
    "decompose": "sim.experiments.decomposition",
    "describe": "sim.network.describe",
    "generate": "sim.network.generate",
    "load_rules": "sim.spec.loader",
    "load_scenario": "sim.loading",
    "load_world": "sim.spec.loader",
    "outbreak": "sim.experiments",
    "read_network": "sim.network.read",
    "read_portfolio": "sim.spec.portfolio",
    "register_rule": "sim.collection",
    "register_strategy": "sim.collection",
    "remedies": "sim.experiments.decomposition",
    "selection_effect": "sim.experiments.selection",
    "twin": "sim.experiments",
    "vaccination": "sim.experiments.vaccination",
}
#: Public names that are modules.
_MODULES = {"contagion": "sim.contagion"}

__all__ = [
    "MEASURES",
    "ArrearsError",
    "Capacity",
    "Cases",
    "Comparison",
    "Ecosystem",
    "LedgerError",
    "Outbreak",
    "RunTable",
    "SpecError",
    "StoppedError",
    "Sweep",
    "Treatment",
    "TwinResult",
    "basic_reproduction",
    "compare",
    "contagion",
    "decompose",
    "describe",
    "fork",
    "generate",
    "load_rules",
    "load_scenario",
    "load_world",
    "outbreak",
    "read_network",
    "read_portfolio",
    "register_rule",
    "register_strategy",
    "remedies",
    "selection_effect",
    "sweep",
    "twin",
    "vaccination",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _NAMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(_NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
