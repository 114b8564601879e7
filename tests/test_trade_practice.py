"""Settlements, skip tracing, bureau reporting, contracts and fixed staff, to the fen."""

from __future__ import annotations

import numpy as np
import pytest
from support_trade import MARKET, flow, market, weeks

from sim.collection.names import CHARGED_OFF, HUMAN
from sim.core.errors import SpecError

OFFERS = {"strategy": "traditional+settlement_offers"}
#: Whoever can pay the reduced balance takes the offer.
SURE = OFFERS | {"world.collection.settlement_taken": 1.0}


def test_a_kept_settlement_closes_the_account_for_less_and_is_no_cure() -> None:
    model = market().branch(OFFERS)
    a = model.state.accounts
    kept = paid = forgiven = 0
    columns = ("settled", "settlement_amount", "balance", "cumulative_paid", "generation", "charged_off")
    for old in weeks(model, 26, *columns):
        done = a.settled & ~old["settled"] & (a.generation == old["generation"])
        amount = (a.cumulative_paid - old["cumulative_paid"])[done]
        assert (amount == np.minimum(old["settlement_amount"], old["balance"])[done]).all()
        assert (a.balance[done] == 0).all() and (amount < old["balance"][done]).all()
        assert old["charged_off"][done].all()
        kept, paid = kept + int(done.sum()), paid + int(amount.sum())
        forgiven += int((old["balance"][done] - amount).sum())
    series = model.series()
    assert kept == series["settlements_kept"].sum() > 0
    assert paid == series["settlement_paid"].sum()
    assert forgiven == series["settlement_forgiven"].sum()
    q, used = model.state.placements, model.state.placements_used
    settled = np.flatnonzero(a.settled)
    rows = np.isin(q.account[:used], settled) & (q.paid[:used] < q.arrears[:used])
    assert rows.any() and (q.cured_after[:used][rows] == -1).all()
    model.ledger.check()


def test_a_discount_is_cut_to_what_the_lender_allows() -> None:
    for most in (0.0, 0.1):
        collectors = [{**collector, "settlement_most": most} for collector in MARKET]
        model = market().branch(SURE | {"collectors": collectors})
        a, found = model.state.accounts, 0
        for old in weeks(model, 40, "settlement_amount", "balance"):
            new = (a.settlement_amount > 0) & (old["settlement_amount"] == 0)
            found += int(new.sum())
            assert (a.settlement_amount[new] >= np.floor(0.9 * a.balance[new])).all()
        assert (found > 0) == (most > 0)


def test_only_charged_off_debts_are_offered_a_settlement() -> None:
    model = market().branch(SURE)
    a, agreed = model.state.accounts, 0
    for old in weeks(model, 20, "settlement_amount"):
        new = (a.settlement_amount > 0) & (old["settlement_amount"] == 0)
        assert (a.stage[new] == CHARGED_OFF).all()
        agreed += int(new.sum())
    assert agreed == model.series()["settlements_agreed"].sum() > 0
    unasked = market().branch({"strategy": "traditional", "world.collection.settlement_taken": 1.0}).run(20)
    assert unasked.series()["settlements_agreed"].sum() == 0


def test_a_search_finds_some_of_the_lost_and_costs_its_price() -> None:
    price, finds = "world.collection.skip_trace_cost", "world.collection.skip_trace_finds"
    name = {"strategy": "traditional+skip_tracing"}
    free, dear = (market().branch(name | {price: cost}).run(6) for cost in (0.0, 50.0))
    traces = int(dear.series()["traces"].sum())
    cost = [int(model.series()["collection_cost"].sum()) for model in (free, dear)]
    assert traces > 0 and cost[1] - cost[0] == 5000 * traces
    assert free.digest() != market().branch({"strategy": "traditional"}).run(6).digest()
    hidden = {}
    for chance in (0.0, 1.0):
        model = market().branch(name | {finds: chance}).run(12)
        hidden[chance] = int(model.state.borrowers.hiding.sum())
        found = int(model.series()["found"].sum())
        assert found == (int(model.series()["traces"].sum()) if chance else 0)
    assert hidden[1.0] < hidden[0.0]


def test_reported_borrowers_borrow_less_and_no_one_else_does() -> None:
    plain = market().branch({"strategy": "traditional"}).run(26)
    told = market().branch(
        {"strategy": "traditional", "lending.bureau_reporting": True, "world.lenders.reported_approval": 0.0}
    )
    told.run(26)
    b, late = told.state.borrowers, int(told.world.lenders.report_after_days.value)
    assert b.reported.any() and not plain.state.borrowers.reported.any()
    assert (b.days_past_due[b.reported] > late).all()
    assert told.series()["new_credit"].sum() < plain.series()["new_credit"].sum()
    same = market().branch(
        {"strategy": "traditional", "lending.bureau_reporting": True, "world.lenders.reported_approval": 1.0,
         "world.collection.reporting_pressure": 1.0}
    ).run(26)  # fmt: skip
    assert same.series()["new_credit"].sum() == plain.series()["new_credit"].sum()


def test_commission_by_stage_and_a_fee_by_account() -> None:
    def fees(contract: dict[str, object]) -> int:
        collectors = [MARKET[0], {**MARKET[1], "contract": contract}, MARKET[2]]
        model = market().branch({"collectors": collectors}).run(8)
        return int(model.state.collectors.commission[1])

    whole = fees({"kind": "commission", "rate": 0.4})
    half = fees({"kind": "commission", "rate": 0.2})
    late = fees({"kind": "commission", "rate": 0.4, "by_stage": {"middle": 0.0}})
    assert half == pytest.approx(whole / 2, abs=8 * 5)  # whole fen by week and lender
    assert 0 < late < whole
    nothing = {"kind": "commission", "rate": 0.0}
    model = market().branch({"collectors": [MARKET[0], {**MARKET[1], "contract": nothing}, MARKET[2]]}).run(8)
    q, used = model.state.placements, model.state.placements_used
    new = (q.collector[:used] == 1) & ~q.frozen[:used] & ~q.hold_out[:used]
    assert fees(nothing | {"per_account": 2.5}) == 250 * int(new.sum()) > 0


def test_what_clears_an_account_counts_for_its_collector() -> None:
    """All that comes in on placed accounts is recovered by somebody, the last payment too."""
    model = market().branch({"strategy": "traditional"})
    a, c = model.state.accounts, model.state.collectors
    start = int(c.recovered.sum())
    came_in = 0
    for old in weeks(model, 8, "collector", "cumulative_paid"):
        came_in += int((a.cumulative_paid - old["cumulative_paid"])[old["collector"] >= 0].sum())
    assert int(c.recovered.sum()) - start == came_in > 0


def test_callers_on_fixed_pay_cost_what_their_calls_would() -> None:
    fixed = [{**MARKET[0], "staffing": "fixed", "capacity": 50.0}, *MARKET[1:]]
    used = [{**MARKET[0], "capacity": 50.0}, *MARKET[1:]]
    idle, busy = (market().branch({"collectors": collectors}).run(4) for collectors in (fixed, used))
    wages = int(idle.series()["idle_wages"].sum())
    assert wages > 0 == busy.series()["idle_wages"].sum()
    cost = [int(model.series()["collection_cost"].sum()) for model in (idle, busy)]
    assert cost[0] - cost[1] == wages
    human = idle.world.collection.channels["human"]
    most = idle.world.collection.human_dials.value * 2 * 50 * 4
    assert wages < 100 * most * human.cost_attempt.value * human.labour.value
    assert HUMAN == 0


def test_lenders_see_what_each_way_of_collecting_is_worth() -> None:
    model = market().branch({"debt_sales": [{"buyer": "buyer", "after_weeks": 8, "every_weeks": 4}]}).run(20)
    measures = model.measures()
    for kind in ("in_house", "agency", "debt_buyer"):
        assert measures[f"net_present_{kind}"].value is not None
    assert measures["net_present_to_lenders"].value is not None
    assert flow(model, "debt_sales", "lenders") > 0


def test_impossible_practice_is_refused() -> None:
    bad = [MARKET[0], MARKET[1], {**MARKET[2], "stages": ["late", "charged_off"]}]
    with pytest.raises(SpecError, match="debt buyer works the debts that it bought"):
        market().branch({"collectors": bad})
