"""Contracts: lenders pay collectors, collectors pay for their work, owners take the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.columns import I64
from sim.core.kernel import kernel
from sim.core.ledger import Sector
from sim.phases.market import count_market
from sim.phases.profit_tax import tax_profit
from sim.phases.sanctions import YEAR

if TYPE_CHECKING:
    from sim.phases.state import State


@kernel
def receipts_by_collector(a, paid, placed):  # type: ignore[no-untyped-def]
    """This week's payments (fen) and number of placed accounts into ``[collector, lender]``."""
    for k in range(a.collector.shape[0]):
        if a.collector[k] >= 0:
            paid[a.collector[k], a.lender[k]] += a.paid_this_week[k]
            placed[a.collector[k], a.lender[k]] += 1


def pay_collectors(state: State) -> None:
    """Lenders pay collectors by contract; collectors pay staff and suppliers; owners take the rest."""
    c, ledger, macro = state.collectors, state.ledger, state.macro
    shape = (len(state.spec.collectors), len(state.lenders.money))
    paid: I64 = np.zeros(shape, np.int64)
    placed: I64 = np.zeros(shape, np.int64)
    receipts_by_collector(state.accounts, paid, placed)
    for number, spec in enumerate(state.spec.collectors):
        by_lender = paid[number]
        recovered, cost = int(by_lender.sum()), int(state.week_costs[number])
        rate = spec.contract.rate
        if spec.contract.kind == "commission":
            share = state.world.collection.agency_commission.value if rate is None else rate
            fees = (by_lender * share).astype(np.int64)
        else:
            served = placed[number]
            owed = int(cost * (1.0 + (rate or 0.0)))
            fees = np.zeros(len(by_lender), np.int64)
            if served.sum() > 0:
                fees = owed * served // served.sum()
                fees[int(np.argmax(served))] += owed - int(fees.sum())
        state.lenders.money[:] -= fees
        state.turnover[state.clock % YEAR, number] = int(fees.sum())
        c.recovered[number] += recovered
        c.commission[number] += int(fees.sum())
        c.accounts[number] = int(placed[number].sum())
        c.money[number] += int(fees.sum()) - cost
        ledger.pay("collection_fees", Sector.LENDERS, Sector.COLLECTORS, int(fees.sum()))
        ledger.pay("collection_costs", Sector.COLLECTORS, Sector.OTHERS, cost)
        macro.others += cost
        count_market(state, number, int(fees.sum()), cost)
        _settle_with_owners(state, number)


def _settle_with_owners(state: State, number: int) -> None:
    """Each quarter owners take a collector's profit after tax or make good its loss."""
    if state.clock % 13 != 12:
        return
    tax_profit(state, number)
    money = int(state.collectors.money[number])
    if money >= 0:
        state.ledger.pay("collector_profits", Sector.COLLECTORS, Sector.OTHERS, money)
    else:
        state.ledger.pay("collector_losses", Sector.OTHERS, Sector.COLLECTORS, -money)
    state.macro.others += money
    state.collectors.money[number] = 0
