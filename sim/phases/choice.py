"""Which strategy a collector follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.collection import Strategy, strategy

if TYPE_CHECKING:
    from sim.phases.state import State


def strategy_name(state: State, number: int) -> str:
    """Name of the strategy that a collector follows: the scenario's for all, one it copied, its own."""
    own = state.adopted.get(number, state.spec.collectors[number].strategy)
    return state.spec.strategy or own


def strategy_of(state: State, number: int, name: str | None = None) -> Strategy:
    """A collector's strategy, its own or one rolled out; an instance lives as long as its collector."""
    name = name or strategy_name(state, number)
    if (number, name) not in state.strategies:
        state.strategies[number, name] = strategy(name)
    return state.strategies[number, name]
