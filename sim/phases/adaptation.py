"""Adaptation: now and then collectors copy, buy and train, and the regulator looks up. Off by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.columns import F64
from sim.core.rng import uniforms
from sim.phases.analysts import train
from sim.phases.books import check
from sim.phases.choice import strategy_name
from sim.phases.purchases import buy, may_copy
from sim.phases.stance import move_stance

if TYPE_CHECKING:
    from sim.phases.state import State


def earnings(state: State) -> F64:
    """Fees less costs of each collector since the last look, per account placed with it now, fen."""
    c = state.collectors
    profit = c.commission - c.cost - c.fines
    since = profit - state.profit_seen
    return np.asarray(since / np.maximum(1, c.accounts), np.float64)


def adaptation(state: State) -> None:
    """Every some weeks each collector may copy the best earner, or buy what pays; then callers are
    trained, and the regulator looks at complaints.

    Strategies pinned for the whole scenario stay.
    """
    spec = state.spec.adaptation
    if not spec.enabled or not state.accounts_active:
        return
    if state.week < 0 or (state.week + 1) % spec.every_weeks != 0:
        return
    if state.spec.strategy is None:
        earned = earnings(state)
        names = [strategy_name(state, number) for number in range(len(earned))]
        busy = imitate(state, earned)
        buy(state, earned, names, busy)
    train(state)
    if spec.stance:
        move_stance(state)
    c = state.collectors
    state.profit_seen = (c.commission - c.cost - c.fines).copy()
    check(state, "adaptation")


def imitate(state: State, earned: F64) -> set[int]:
    """Each collector may take the strategy of the one that earned most; returns who did.

    It does so with the scenario's chance, and only if that one earned more per account. What is sold
    cannot be copied.
    """
    best = int(np.argmax(earned))
    copied, key, done = strategy_name(state, best), state.key("adaptation"), set()
    for number in range(len(earned)):
        u, _, _, _ = uniforms(key, state.clock, number, 0)
        willing = earned[number] < earned[best] and u < state.spec.adaptation.imitation
        if willing and may_copy(state, number, copied) and strategy_name(state, number) != copied:
            state.adopted[number] = copied
            done.add(number)
    return done
