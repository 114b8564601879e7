"""Adaptation: now and then collectors look at each other and copy who earns more. Off by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.columns import F64
from sim.core.rng import uniforms
from sim.phases.choice import strategy_name

if TYPE_CHECKING:
    from sim.phases.state import State


def earnings(state: State) -> F64:
    """Fees less costs of each collector since the last look, per account placed with it now, fen."""
    c = state.collectors
    profit = c.commission - c.cost - c.fines
    since = profit - state.profit_seen
    return np.asarray(since / np.maximum(1, c.accounts), np.float64)


def adaptation(state: State) -> None:
    """Every some weeks each collector may imitate the strategy of the one that earned most.

    It does so with the scenario's chance, and only if that one earned more per account. Strategies
    pinned for the whole scenario stay.
    """
    spec = state.spec.adaptation
    if not spec.enabled or state.spec.strategy is not None or not state.accounts_active:
        return
    if state.week < 0 or (state.week + 1) % spec.every_weeks != 0:
        return
    earned = earnings(state)
    c = state.collectors
    best = int(np.argmax(earned))
    key = state.key("adaptation")
    copied = strategy_name(state, best)
    for number in range(len(earned)):
        u, _, _, _ = uniforms(key, state.clock, number, 0)
        if earned[number] < earned[best] and u < spec.imitation:
            state.adopted[number] = copied
    state.profit_seen = (c.commission - c.cost - c.fines).copy()
