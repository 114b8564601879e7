"""What collectors buy: modules and digital strategies, judged by peers' earnings or a seller's promise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.columns import F64
from sim.core.ledger import Sector
from sim.core.rng import normal, uniforms
from sim.phases.choice import strategy_name
from sim.spec.strategy import JOIN, join_strategy, split_strategy

if TYPE_CHECKING:
    from sim.phases.state import State


class Price(NamedTuple):
    """What an offer costs a collector, fen: the full price, and parts of it that others bear."""

    full: int
    subsidy: int
    relief: int  # off taxes, as far as there are any


def parts(strategy: str) -> frozenset[str]:
    """Base and modules of a strategy, modules with a leading ``+`` as in offers."""
    base, modules = split_strategy(strategy)
    return frozenset((base, *(JOIN + name for name in modules)))


def with_offer(strategy: str, offer: str) -> str:
    """The strategy after an offer is taken: another base with the same modules, or one module more."""
    base, modules = split_strategy(strategy)
    if offer.startswith(JOIN):
        return join_strategy(base, (*modules, offer.removeprefix(JOIN)))
    return join_strategy(offer, modules)


def owned(state: State, number: int) -> frozenset[str]:
    """Names that a collector need not buy: those it began with and those it bought."""
    began = parts(state.spec.collectors[number].strategy)
    return began | state.bought.get(number, frozenset())


def may_copy(state: State, number: int, strategy: str) -> bool:
    """Whether nothing of a strategy has to be bought first."""
    return not (parts(strategy) - owned(state, number)) & frozenset(state.spec.adaptation.offers)


def price_of(state: State, number: int, offer: str) -> Price:
    """Price of an offer for the accounts placed with a collector now; nothing for what it owns."""
    if offer in owned(state, number):
        return Price(0, 0, 0)
    rules, accounts = state.rules, int(state.collectors.accounts[number])
    full = round(state.world.collection.module_price.value * accounts / 10)  # fen, from yuan per 1,000
    subsidy = 0 if rules.adoption_subsidy is None else int(full * rules.adoption_subsidy.value)
    relief = 0 if rules.tax_relief is None else int(full * rules.tax_relief.value)
    return Price(full, subsidy, min(relief, full - subsidy))


def peers_with(state: State, number: int, offer: str, names: list[str]) -> list[int]:
    """Other collectors that use what is offered, work the same stages for the same kind of pay, and have
    accounts."""
    me = state.spec.collectors[number]
    return [
        other
        for other, spec in enumerate(state.spec.collectors)
        if other != number and offer in parts(names[other]) and state.collectors.accounts[other] > 0
        and set(spec.stages) == set(me.stages) and spec.contract.kind == me.contract.kind
    ]  # fmt: skip


def expected_gain(state: State, number: int, row: int, earned: F64, names: list[str]) -> float:
    """What a collector thinks offer ``row`` adds to its earnings per account and look, fen.

    Peers' mean earnings less its own where peers use it, else the share of its own costs that sellers
    promise; and an opinion of its own, which stays: normal with ``gain_uncertainty`` of its costs over
    the root of one more than the peers seen (stream ``adaptation.offers``, slot = collector, draw = offer).
    """
    spec, numbers = state.spec.adaptation, state.world.collection
    c = state.collectors
    looks = (state.week + 1) / spec.every_weeks
    cost = float(c.cost[number]) / looks / max(1, int(c.accounts[number]))
    peers = peers_with(state, number, spec.offers[row], names)
    if peers:
        mean = float(np.mean(earned[peers])) - float(earned[number])
    else:
        mean = numbers.module_promise.value * cost
    u, v, _, _ = uniforms(state.key("adaptation.offers"), 0, number, row)
    opinion = numbers.gain_uncertainty.value * cost / math.sqrt(1 + len(peers))
    return float(mean + opinion * normal(u, v))


def _worth(state: State, number: int, row: int, earned: F64, names: list[str]) -> float:
    """Expected gain over the time in which it must pay back, less what the collector pays, fen.

    Relief counts as far as taxes on the profit of the time since the last look, gone on, would allow.
    """
    c, spec = state.collectors, state.spec.adaptation
    gain = expected_gain(state, number, row, earned, names)
    price = price_of(state, number, spec.offers[row])
    profit = max(0.0, float(earned[number])) * int(c.accounts[number])
    taxes = state.world.collection.profit_tax.value * profit * spec.payback_quarters
    if gain <= 0:
        return -math.inf
    net = price.full - price.subsidy - min(price.relief, taxes)
    return gain * int(c.accounts[number]) * spec.payback_quarters - net


def buy(state: State, earned: F64, names: list[str], busy: set[int]) -> None:
    """Each collector buys at most one offer: the one worth most, if it pays back in time.

    ``names`` are the strategies followed since the last look, ``busy`` the collectors that just changed
    theirs. A collector paid by cost does not buy: what it would save is not its own.
    """
    offers = state.spec.adaptation.offers
    for number, spec in enumerate(state.spec.collectors):
        mine = names[number]
        if spec.contract.kind == "fee" or number in busy or not state.collectors.accounts[number]:
            continue
        open_rows = [row for row, offer in enumerate(offers) if offer not in parts(mine)]
        worth = {row: _worth(state, number, row, earned, names) for row in open_rows}
        best = max(worth, key=lambda row: worth[row], default=None)
        if best is not None and worth[best] >= 0:
            _pay(state, number, price_of(state, number, offers[best]))
            state.bought[number] = state.bought.get(number, frozenset()) | {offers[best]}
            state.adopted[number] = with_offer(strategy_name(state, number), offers[best])


def _pay(state: State, number: int, price: Price) -> None:
    """The seller gets the full price, the collector the subsidy; relief waits for taxes."""
    c, macro, ledger = state.collectors, state.macro, state.ledger
    c.money[number] += price.subsidy - price.full
    c.invested[number] += price.full
    c.tax_credit[number] += price.relief
    macro.others += price.full
    macro.government -= price.subsidy
    ledger.pay("modules_bought", Sector.COLLECTORS, Sector.OTHERS, price.full)
    ledger.pay("adoption_subsidies", Sector.GOVERNMENT, Sector.COLLECTORS, price.subsidy)
    for name, amount in (("modules_bought", price.full), ("adoption_subsidies", price.subsidy)):
        state.week_sums[name] = state.week_sums.get(name, 0) + amount
