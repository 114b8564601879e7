"""Data breaches: whoever holds a source of data about borrowers can lose it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.columns import I32
from sim.core.ledger import Sector
from sim.core.rng import uniforms
from sim.phases.choice import strategy_of
from sim.phases.harm import MOST
from sim.phases.learning import lender_modules, sources_held
from sim.spec.rules import DATA_SOURCES
from sim.spec.scenario import RolloutEvent

if TYPE_CHECKING:
    from sim.phases.state import State


def held_by_collector(state: State, number: int) -> tuple[str, ...]:
    """Permitted data sources that a collector's strategy, and those it is introducing, buy and hold."""
    used: list[Any] = [strategy_of(state, number)]
    for event in state.spec.events:
        if isinstance(event, RolloutEvent) and state.week >= event.week:
            used.append(strategy_of(state, number, event.strategy))
    return sources_held(state, used)


def breaches(state: State) -> None:
    """One week of leaks, each source of each holder with a draw of its own.

    A leak lowers the trust and raises the stress of every borrower who owes on an account that the
    holder works or has lent on, and costs the holder ``supervision.fine_per_breach``.
    """
    if not state.spec.harm.breaches:
        return
    a = state.accounts
    for number in range(len(state.spec.collectors)):
        for _ in range(_leaks(state, "collector", number, held_by_collector(state, number))):
            _expose(state, a.borrower[(a.collector == number) & (a.balance > 0)])
            _fine(state, Sector.COLLECTORS, number)
    for lender in range(len(state.lenders.money)):
        held = sources_held(state, list(lender_modules(state, lender)))
        for _ in range(_leaks(state, "lender", lender, held)):
            _expose(state, a.borrower[(a.lender == lender) & (a.balance > 0)])
            _fine(state, Sector.LENDERS, lender)


def _leaks(state: State, kind: str, holder: int, held: tuple[str, ...]) -> int:
    """How many of the sources held leak this week."""
    numbers, key = state.world.supervision, state.key(f"breaches.{kind}")
    leaks = 0
    for source in held:
        hazard = getattr(numbers, f"breach_{source}").value
        leaks += uniforms(key, state.clock, holder, DATA_SOURCES.index(source))[0] < hazard
    return leaks


def _expose(state: State, borrower: I32) -> None:
    b, numbers = state.borrowers, state.world.households
    i = np.unique(borrower)
    b.trust[i] *= np.float32(1.0 - numbers.trust_loss_breach.value)
    b.stress[i] = np.minimum(1.0, b.stress[i] + numbers.stress_from_breach.value)
    b.breaches[i] = np.minimum(b.breaches[i], MOST - 1) + 1
    _add(state, "data_breaches", 1)
    _add(state, "breached_borrowers", len(i))


def _fine(state: State, payer: Sector, holder: int) -> None:
    fine = round(100 * state.world.supervision.fine_per_breach.value)
    if payer is Sector.COLLECTORS:
        state.collectors.money[holder] -= fine
        state.collectors.fines[holder] += fine
        state.collectors.breaches[holder] += 1
    else:
        state.lenders.money[holder] -= fine
    state.macro.government += fine
    state.ledger.pay("breach_fines", payer, Sector.GOVERNMENT, fine)
    _add(state, "fines", fine)


def _add(state: State, name: str, amount: int) -> None:
    state.week_sums[name] = state.week_sums.get(name, 0) + amount
