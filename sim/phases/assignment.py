"""Which strategy works which account of a collector: its own, a challenger, or one being rolled out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.columns import I16, I32, Bool
from sim.core.rng import uniform_rows
from sim.phases.choice import strategy_name
from sim.phases.observe import risk_score
from sim.spec.scenario import RolloutEvent

if TYPE_CHECKING:
    from sim.phases.state import State


class Part(NamedTuple):
    """Accounts of a collector that one strategy works this week."""

    strategy: str
    accounts: I32


def rolled_out(state: State, event: RolloutEvent, k: I32) -> Bool:
    """Accounts on which a strategy that is being introduced is used this week."""
    reached = event.share * min(1.0, (state.week - event.week + 1) / event.ramp)
    if state.week < event.week:
        return np.zeros(len(k), np.bool_)
    if event.assignment == "self_selected":
        willing = _chooses(state, k)
    elif event.assignment == "tiered":
        willing = risk_score(state, k) <= 0.5
    else:
        willing = np.ones(len(k), np.bool_)
    chance = uniform_rows(state.seed, "collection.rollout", len(state.accounts.balance))[k, 0]
    return np.asarray(willing & (chance < reached), np.bool_)


def _chooses(state: State, k: I32) -> Bool:
    """Who takes up an offer of self-service: within digital reach, willing, and used to savings of at
    least the median (assumption: those who can and want to pay see a use in it; for good)."""
    b, i = state.borrowers, state.accounts.borrower[k]
    savings = state.world.households.buffer_cap_weeks_median.value * b.wage[i]
    return np.asarray((b.digital_reach[i] > 0) & ~b.reluctant[i] & (b.buffer_cap[i] >= savings), np.bool_)


def challenged(state: State, number: int, k: I32) -> Bool:
    """Accounts of a collector that its challenger works: by a draw of each account's own, for good."""
    challenger = state.spec.collectors[number].challenger
    if challenger is None:
        return np.zeros(len(k), np.bool_)
    chance = uniform_rows(state.seed, "collection.challenger", len(state.accounts.balance))[k, 0]
    return np.asarray(chance < challenger.share, np.bool_)


def parts(state: State, number: int, k: I32) -> Iterator[Part]:
    """Split a collector's accounts among strategies: rollouts first, then challenger and champion.

    The last part is the collector's own strategy and is there even when it is empty.
    """
    for event in state.spec.events:
        if isinstance(event, RolloutEvent) and state.week >= event.week:
            chosen = rolled_out(state, event, k)
            yield Part(event.strategy, k[chosen])
            k = k[~chosen]
    challenger = state.spec.collectors[number].challenger
    if challenger is not None:
        chosen = challenged(state, number, k)
        yield Part(challenger.strategy, k[chosen])
        k = k[~chosen]
    yield Part(strategy_name(state, number), k)


def assigned(state: State, number: int, k: I32) -> I16:
    """Number of the strategy, in ``State.strategy_order``, that works each account this week."""
    found = np.full(len(k), -1, np.int16)
    for part in parts(state, number, k):
        if len(part.accounts) == len(k):  # one strategy has them all
            found[:] = _number(state, part.strategy)
        elif len(part.accounts):
            found[np.isin(k, part.accounts)] = _number(state, part.strategy)
    return found


def _number(state: State, strategy: str) -> int:
    if strategy not in state.strategy_order:
        state.strategy_order.append(strategy)
    return state.strategy_order.index(strategy)
