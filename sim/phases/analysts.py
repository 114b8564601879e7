"""Analysts: callers who were trained to run scores and call times, and what they make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.collection import Cases, FunnelParameters, is_digital
from sim.core.kernel import kernel
from sim.core.ledger import Sector
from sim.core.rng import uniforms
from sim.phases.choice import strategy_of

if TYPE_CHECKING:
    from sim.phases.state import State


def analysts_wanted(state: State, number: int) -> float:
    """Heads that the accounts placed with a collector now need for the full effect of scores."""
    return float(state.world.collection.analysts_needed.value * int(state.collectors.accounts[number]) / 1000)


def mastery(state: State, number: int) -> float:
    """Share (0..1) of the full effect of scores that a collector's analysts bring about.

    1 where nobody is trained in the scenario: collectors then have whom they need.
    """
    spec = state.spec.adaptation
    if not spec.enabled or spec.training == 0 or state.week < 0:
        return 1.0
    wanted = analysts_wanted(state, number)
    return 1.0 if wanted <= 0 else min(1.0, float(state.collectors.analysts[number]) / wanted)


def time_calls(numbers: FunnelParameters, mastered: float) -> FunnelParameters:
    """The funnel's numbers with the gain of scored call times in proportion to mastery."""
    if mastered >= 1.0:
        return numbers
    return numbers._replace(ai_contact_factor=1.0 + (numbers.ai_contact_factor - 1.0) * mastered)


def read_scores(state: State, cases: Cases, mastered: float) -> Cases:
    """Cases whose risk score is right with the chance ``mastered`` and else no better than a draw.

    Draws have the stream ``analysts`` and the account row as slot.
    """
    if mastered >= 1.0:
        return cases
    risk = np.array(cases.risk, np.float32)
    _misread(risk, cases.account, mastered, state.key("analysts"), state.clock)
    return cases._replace(risk=risk)


@kernel
def _misread(risk, account, mastered, key, week):  # type: ignore[no-untyped-def]
    for i in range(risk.shape[0]):
        right, drawn, _, _ = uniforms(key, week, account[i], 0)
        if right >= mastered:
            risk[i] = drawn


def train(state: State) -> None:
    """Collectors with a digital strategy make a share of their callers analysts, as many as they need.

    Heads stay the same; each costs the price of training.
    """
    share = state.spec.adaptation.training
    c, price = state.collectors, state.world.collection.training_cost.value
    for number in range(len(state.spec.collectors)):
        if share == 0 or not is_digital(strategy_of(state, number)):
            continue
        missing = max(0.0, analysts_wanted(state, number) - float(c.analysts[number]))
        heads = min(share * float(c.callers[number]), missing)
        c.callers[number] -= heads
        c.analysts[number] += heads
        cost = round(100 * heads * price)
        c.money[number] -= cost
        c.invested[number] += cost
        state.macro.others += cost
        state.ledger.pay("training_costs", Sector.COLLECTORS, Sector.OTHERS, cost)
        state.week_sums["training_costs"] = state.week_sums.get("training_costs", 0) + cost
