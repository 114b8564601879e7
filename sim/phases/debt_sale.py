"""Debt sale: lenders sell charged-off debts in bulk to debt buyers, for cash now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.calendar import WEEKS_PER_YEAR
from sim.core.columns import F64, I32
from sim.core.ledger import Sector
from sim.core.rng import uniform_rows
from sim.spec.scenario import DebtSaleSpec

if TYPE_CHECKING:
    from sim.phases.state import State


def for_sale(state: State, sale: DebtSaleSpec) -> I32:
    """Accounts that a sale takes this week.

    Charged off long enough ago, still the lender's (a buyer does not resell), not held out, and
    without a plan, a promise, a settlement or a dispute (assumption: what runs or is contested is
    not sold).
    """
    a = state.accounts
    chosen = a.charged_off & (a.balance > 0) & (a.owner < 0) & ~a.hold_out
    chosen &= state.clock - a.charged_off_week >= sale.after_weeks
    chosen &= (a.plan_left == 0) & (a.promise_week < 0) & (a.settlement_amount == 0) & ~a.dispute_open
    if sale.lenders is not None:
        chosen &= np.isin(a.lender, sale.lenders)
    if sale.share < 1:
        chosen &= uniform_rows(state.seed, "collection.debt_sale", len(a.balance))[:, 0] < sale.share
    return np.flatnonzero(chosen).astype(np.int32)


def price_share(state: State, sale: DebtSaleSpec, k: I32) -> F64:
    """Price of accounts over their balance: the sale's own, or the world's by time since charge-off."""
    if sale.price is not None:
        return np.full(len(k), sale.price)
    n = state.world.collection
    years = (state.clock - state.accounts.charged_off_week[k]) / WEEKS_PER_YEAR
    share = n.debt_sale_price.value * np.exp(-n.debt_sale_decline.value * (years - 1.0))
    return np.asarray(np.minimum(1.0, share), np.float64)


def sell_debts(state: State) -> None:
    """The bulk sales of the week: debts change owner, money goes from buyer to lender."""
    names = [collector.name for collector in state.spec.collectors]
    for sale in state.spec.debt_sales:
        if state.clock % sale.every_weeks != 0:
            continue
        k, buyer = for_sale(state, sale), names.index(sale.buyer)
        prices = np.floor(state.accounts.balance[k] * price_share(state, sale, k)).astype(np.int64)
        _transfer(state, buyer, k, prices)


def _transfer(state: State, buyer: int, k: I32, prices: np.ndarray) -> None:
    a, c, lenders, sums = state.accounts, state.collectors, state.lenders, state.week_sums
    price, face = int(prices.sum()), int(a.balance[k].sum())
    a.owner[k] = buyer
    received = np.zeros(len(lenders.money), np.int64)
    np.add.at(received, a.lender[k], prices)
    lenders.money[:] += received
    lenders.recovered[:] += received
    state.sale_receipts += received
    c.money[buyer] -= price
    c.bought[buyer] += face
    c.purchases[buyer] += price
    state.ledger.pay("debt_sales", Sector.COLLECTORS, Sector.LENDERS, price)
    for name, amount in (("debts_sold", face), ("debt_sale_price", price)):
        sums[name] = sums.get(name, 0) + amount
