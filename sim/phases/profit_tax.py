"""Taxes on collectors' profits, where collectors adapt: without them a tax relief would be worth nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.ledger import Sector

if TYPE_CHECKING:
    from sim.phases.state import State


def tax_profit(state: State, number: int) -> None:
    """A share of a quarter's profit, less relief not yet used, before owners take the rest.

    Off without adaptation: owners then have the profit, as ever.
    """
    c = state.collectors
    if not state.spec.adaptation.enabled or state.week < 0 or c.money[number] <= 0:
        return
    due = int(int(c.money[number]) * state.world.collection.profit_tax.value)
    relief = min(due, int(c.tax_credit[number]))
    c.tax_credit[number] -= relief
    c.money[number] -= due - relief
    state.macro.government += due - relief
    state.ledger.pay("profit_taxes", Sector.COLLECTORS, Sector.GOVERNMENT, due - relief)
    state.week_sums["profit_taxes"] = state.week_sums.get("profit_taxes", 0) + due - relief
