"""Debt sale: cash now, later payments to the buyer, to the fen."""

from __future__ import annotations

import numpy as np
import pytest
from support_trade import MARKET, SIZE, flow, market, weeks

from sim.core.errors import SpecError
from sim.model import Ecosystem
from sim.phases.debt_sale import price_share
from sim.spec.scenario import DebtSaleSpec

SALE = {"buyer": "buyer", "after_weeks": 8, "every_weeks": 4}
BUYER = 2


def sold(**more: object) -> Ecosystem:
    return market().branch({"debt_sales": [SALE | more]})


def test_price_and_face_are_exact_and_the_money_moves_from_buyer_to_lenders() -> None:
    model = sold(price=0.05)
    a, c = model.state.accounts, model.state.collectors
    before = model.state.lenders.money.sum()
    face = price = 0
    for old in weeks(model, 9, "owner"):
        fresh = (a.owner == BUYER) & (old["owner"] == -1)
        face += int(a.balance[fresh].sum())
        price += int(np.floor(a.balance[fresh] * 0.05).astype(np.int64).sum())
        assert (a.charged_off[fresh]).all() and not a.hold_out[fresh].any()
        assert (model.state.clock - 1 - a.charged_off_week[fresh] >= 8).all()
    assert face > 0
    assert (c.bought[BUYER], c.purchases[BUYER]) == (face, price)
    assert flow(model, "debt_sales", "lenders") == price == -flow(model, "debt_sales", "collectors")
    series = model.series()
    assert (series["debts_sold"].sum(), series["debt_sale_price"].sum()) == (face, price)
    assert model.measures()["debt_sale_price"].value == pytest.approx(price / face)
    assert model.state.lenders.money.sum() != before


def test_what_is_paid_on_a_sold_debt_is_the_buyers() -> None:
    model, a = sold(), None
    paid = recovered = 0
    for old in weeks(model, 30, "owner", "charged_off", "cumulative_paid"):
        a = model.state.accounts
        came_in = a.cumulative_paid - old["cumulative_paid"]
        paid += int(came_in[old["owner"] == BUYER].sum())
        recovered += int(came_in[(old["owner"] == -1) & old["charged_off"]].sum())
    start = market()
    receipts = flow(model, "payments_to_debt_buyers", "collectors")
    assert receipts == paid == model.state.collectors.receipts[BUYER] > 0
    assert model.series()["recovered_by_buyers"].sum() == paid
    assert recovered == sum(
        sign * flow(m, "recoveries_after_charge_off", "lenders") for sign, m in ((1, model), (-1, start))
    )
    assert model.state.collectors.commission[BUYER] == 0
    model.ledger.check()


def test_lenders_have_cash_now_and_fewer_recoveries_later() -> None:
    kept, gone = market().branch({}).run(40), sold().run(40)
    assert kept.series()["debt_sale_price"].sum() == 0 == kept.state.collectors.receipts.sum()
    name = "recoveries_after_charge_off"
    assert flow(gone, name, "lenders") < flow(kept, name, "lenders")
    assert gone.measures()["net_present_debt_buyer"].value is not None
    assert kept.measures()["net_present_debt_buyer"].value is None


def test_a_buyer_keeps_what_it_bought_until_the_borrower_starts_anew() -> None:
    model, bought = sold(every_weeks=1), 0
    for old in weeks(model, 20, "owner", "generation"):
        a = model.state.accounts
        same = a.generation == old["generation"]
        assert (a.owner[same & (old["owner"] == BUYER)] == BUYER).all()
        assert (a.owner[~same] == -1).all()
        placed = (a.collector >= 0) & (a.owner >= 0)
        assert (a.collector[placed] == BUYER).all()
        bought = int((a.owner == BUYER).sum())
    assert bought > 10
    faces = model.state.collectors.bought[BUYER]
    assert faces == model.series()["debts_sold"].sum()  # each debt once


def test_older_debt_is_cheaper_and_a_year_after_charge_off_costs_the_worlds_price() -> None:
    state = market().branch({}).state
    world = state.world.collection
    k = np.arange(3, dtype=np.int32)
    state.accounts.charged_off_week[k] = state.clock - np.array([52, 104, 0])
    shares = price_share(state, DebtSaleSpec(buyer="buyer"), k)
    base, fall = world.debt_sale_price.value, np.exp(world.debt_sale_decline.value)
    assert shares == pytest.approx([base, base / fall, base * fall])
    assert (price_share(state, DebtSaleSpec(buyer="buyer", price=0.2), k) == 0.2).all()


def test_a_smaller_share_sells_a_part_of_the_same_debts_by_each_accounts_own_draw() -> None:
    some, more = (set(np.flatnonzero(sold(share=s).run(5).accounts["owner"] >= 0)) for s in (0.3, 0.7))
    assert some < more


def test_one_lender_sells_and_the_others_keep() -> None:
    model = sold(lenders=[1]).run(9)
    a = model.accounts
    assert set(a["lender"][a["owner"] >= 0]) == {1}


def test_a_sale_of_nothing_changes_nothing() -> None:
    assert sold(share=0.0).run(10).digest() == market().branch({}).run(10).digest()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"debt_sales": [{"buyer": "agency"}]}, "'agency' is no debt buyer"),
        ({"collectors": [*MARKET[:2], MARKET[2] | {"stages": ["late"]}]}, "works the debts that it bought"),
        ({"debt_sales": [{"buyer": "buyer", "lenders": [9]}]}, "9 is not the number of a lender"),
    ],
)
def test_what_cannot_be_sold_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        Ecosystem("baseline", rng=1, changes=SIZE | {"burn_in": 0} | changes)
