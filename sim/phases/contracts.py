"""Contracts: lenders pay collectors, collectors pay for their work, owners take the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.collection.names import STAGES
from sim.core.columns import I64, total
from sim.core.kernel import kernel
from sim.core.ledger import Sector
from sim.phases.market import count_market
from sim.phases.profit_tax import tax_profit
from sim.phases.sanctions import YEAR
from sim.spec.scenario import CollectorSpec

if TYPE_CHECKING:
    from sim.phases.state import State


class Receipts(NamedTuple):
    """A week's payments on placed accounts, fen by [collector, lender, stage], and accounts placed by
    [collector, lender]; collector and stage are those before this week's placements."""

    paid: I64
    placed: I64


@kernel
def receipts_by_collector(collector, lender, stage, paid_this_week, paid, placed):  # type: ignore[no-untyped-def]
    """This week's payments (fen) and number of placed accounts, with the collector that has each."""
    for k in range(collector.shape[0]):
        if collector[k] >= 0:
            paid[collector[k], lender[k], stage[k]] += paid_this_week[k]
            placed[collector[k], lender[k]] += 1


def receipts(state: State) -> Receipts:
    """What came in this week, by who had the account when it came in."""
    shape = (len(state.spec.collectors), len(state.lenders.money))
    found = Receipts(np.zeros((*shape, len(STAGES)), np.int64), np.zeros(shape, np.int64))
    a = state.accounts
    receipts_by_collector(a.collector, a.lender, a.stage, a.paid_this_week, found.paid, found.placed)
    return found


def _commission(state: State, spec: CollectorSpec, paid: I64) -> I64:
    """Commission by lender on ``paid[lender, stage]``, in whole fen."""
    rate = state.world.collection.agency_commission.value
    rate = rate if spec.contract.rate is None else spec.contract.rate
    if not spec.contract.by_stage:
        return np.array([int(sum(by_stage) * rate) for by_stage in paid.tolist()], np.int64)
    rates = np.array([spec.contract.by_stage.get(name, rate) for name in STAGES])  # type: ignore[call-overload]
    if (rates == rate).all():
        return np.asarray(paid.sum(axis=1) * rate, np.float64).astype(np.int64)
    return np.asarray((paid * rates).sum(axis=1), np.float64).astype(np.int64)


def _costs_and_margin(spec: CollectorSpec, cost: int, served: I64) -> I64:
    """Costs plus the margin, by lender in proportion to the accounts served."""
    owed, accounts = int(cost * (1.0 + (spec.contract.rate or 0.0))), served.tolist()
    fees = [owed * number // max(1, sum(accounts)) for number in accounts]
    if sum(accounts) > 0:
        fees[accounts.index(max(accounts))] += owed - sum(fees)
    return np.array(fees, np.int64)


def _by_account(state: State, number: int, spec: CollectorSpec) -> I64:
    """The fee for accounts newly placed this week, by lender."""
    q, used = state.placements, state.placements_used
    new = (q.week[:used] == state.clock) & (q.collector[:used] == number) & ~q.frozen[:used]
    new &= ~q.hold_out[:used] | (state.week < 0)
    placed = np.bincount(q.lender[:used][new], minlength=len(state.lenders.money))
    return np.asarray(placed * round(100 * spec.contract.per_account), np.int64)


def fees_of(state: State, number: int, found: Receipts) -> I64:
    """What each lender owes a collector for the week, fen; a debt buyer works for itself."""
    spec = state.spec.collectors[number]
    if spec.kind == "debt_buyer":
        return np.zeros(len(state.lenders.money), np.int64)
    if spec.contract.kind == "commission":
        fees = _commission(state, spec, found.paid[number])
    else:
        fees = _costs_and_margin(spec, int(state.week_costs[number]), found.placed[number])
    return fees + _by_account(state, number, spec) if spec.contract.per_account > 0 else fees


def pay_collectors(state: State, found: Receipts) -> None:
    """Lenders pay collectors by contract; collectors pay staff and suppliers; owners take the rest."""
    c, ledger, macro, sums = state.collectors, state.ledger, state.macro, state.week_sums
    received, placed = found.paid.sum(axis=(1, 2)).tolist(), found.placed.sum(axis=1).tolist()
    for number, spec in enumerate(state.spec.collectors):
        recovered, cost = received[number], int(state.week_costs[number])
        fees = fees_of(state, number, found)
        owed = total(fees)
        state.lenders.money[:] -= fees
        earned = recovered if spec.kind == "debt_buyer" else owed
        state.turnover[state.clock % YEAR, number] = earned
        c.recovered[number] += recovered
        c.commission[number] += owed
        c.accounts[number] = placed[number]
        c.money[number] += owed - cost
        ledger.pay("collection_fees", Sector.LENDERS, Sector.COLLECTORS, owed)
        ledger.pay("collection_costs", Sector.COLLECTORS, Sector.OTHERS, cost)
        macro.others += cost
        for name, amount in (
            ("collection_fees", owed),
            (f"recovered_{spec.kind}", recovered),
            (f"cost_{spec.kind}", cost),
        ):
            sums[name] = sums.get(name, 0) + amount
        count_market(state, number, owed, cost)
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
