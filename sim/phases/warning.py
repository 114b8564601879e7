"""Early warning: lenders predict who will miss the next due date, and lend and remind accordingly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.columns import F32, F64
from sim.core.ledger import Sector
from sim.phases.choice import strategy_of
from sim.phases.features import features
from sim.phases.learning import DUE, due_next_week, lender_modules, predictor, sources_held
from sim.phases.placements import EARLY, responsible
from sim.prediction import predict

if TYPE_CHECKING:
    from sim.phases.state import State

#: Accounts without a balance are looked at once in so many weeks, before they may borrow again.
LOOK_WEEKS = 4
_MILLION = 1_000_000


def warned_lenders(state: State) -> dict[int, tuple[tuple[str, ...], bool]]:
    """Lenders with early warning: the data sources used, and whether the lender itself uses it.

    Where only the collector of its early arrears has the module, that collector warns and lending
    stays as it is.
    """
    found: dict[int, tuple[tuple[str, ...], bool]] = {}
    table = responsible(state)
    for lender in range(len(state.lenders.money)):
        own = [used for used in lender_modules(state, lender) if used.warns]
        collector = int(table[EARLY, lender])
        if own:
            found[lender] = (sources_held(state, list(own)), True)
        elif collector >= 0:
            chosen = strategy_of(state, collector)
            if getattr(chosen, "warns", False):
                found[lender] = (sources_held(state, [chosen]), False)
    return found


def early_warning(state: State) -> None:
    """Predict the next due payment of the accounts that fall due, flag the riskiest, steer lending.

    ``accounts.flagged``: to be reminded before the due date; ``accounts.refused``: nothing new is lent,
    because the predicted odds of a missed payment are too many times those of the lender's past.
    """
    if not state.accounts_active:
        return
    a, n = state.accounts, state.world.lenders
    state.warned = warned_lenders(state)
    if not state.warned and not a.refused.any() and not a.flagged.any():
        return
    a.flagged[:] = False
    unused = np.ones(len(state.lenders.money), np.bool_)
    unused[[lender for lender, (_, own) in state.warned.items() if own]] = False
    a.refused[unused[a.lender]] = False
    due = due_next_week(state)
    empty = (a.balance == 0) & (np.arange(len(a.balance)) % LOOK_WEEKS == state.clock % LOOK_WEEKS)
    total, count = 0.0, 0
    for lender, (sources, own) in state.warned.items():
        _buy_data(state, lender, sources)
        found = predictor(state, DUE, lender, sources).classifier
        if found is None:
            continue
        k = np.flatnonzero((a.lender == lender) & (due | empty)).astype(np.int32)
        risk = predict(found, features(state, k))
        if own:
            a.refused[k] = _odds(risk) > n.warning_cutoff.value * _odds(np.array([found.base], np.float32))
        coming = due[k]
        total, count = total + float(risk[coming].sum()), count + int(coming.sum())
        riskiest = round(n.warned_share.value * int(coming.sum()))
        order = np.lexsort((k, -np.where(coming, risk, -1.0)))
        a.flagged[k[order[:riskiest]]] = True
    state.week_sums["risk_millionths"] = int(_MILLION * total)
    state.week_sums["risk_accounts"] = count
    state.week_sums["refused"] = int(np.count_nonzero(a.refused))


def _odds(chance: F32) -> F64:
    return np.asarray(chance / np.maximum(1e-6, 1.0 - chance.astype(np.float64)), np.float64)


def _buy_data(state: State, lender: int, sources: tuple[str, ...]) -> None:
    """A lender pays for the data it holds on its borrowers."""
    a = state.accounts
    accounts = int(np.count_nonzero((a.lender == lender) & (a.balance > 0)))
    price = 100 * state.world.collection.data_source_cost.value / 52
    paid = round(accounts * len(sources) * price)
    state.lenders.money[lender] -= paid
    state.macro.others += paid
    state.ledger.pay("data_purchases", Sector.LENDERS, Sector.OTHERS, paid)
