"""The market of collection: modules bought, callers trained, the regulator's stance, adoption and size."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from support_model import on_two_threads, snapshot

from sim.collection import is_digital, strategy
from sim.core.errors import SpecError
from sim.measures import MEASURES
from sim.model import Ecosystem
from sim.phases.purchases import may_copy, price_of
from sim.phases.stance import move_stance
from sim.spec.changes import apply_changes
from sim.spec.loader import load_scenario

SIZES = {"population.borrowers": 3000, "population.firms": 100, "burn_in": 26}
#: Nothing is copied and nobody errs, so that what is bought follows from prices alone.
SURE = {"adaptation.imitation": 0.0, "world.collection.gain_uncertainty": 0.0}
AGENCIES = slice(1, None)


@functools.cache
def start(seed: int = 1) -> Ecosystem:
    """Twenty agencies at week 0; never step it, branch it."""
    return Ecosystem("adoption-subsidy", rng=seed, changes=SIZES)


def adopters(model: Ecosystem) -> int:
    return sum(is_digital(strategy(collector.strategy)) for collector in model.collectors)


def flow(model: Ecosystem, name: str, sector: str) -> int:
    flows = model.ledger.flows()
    return int(flows.loc[name, sector]) if name in flows.index else 0


def columns_equal(a: Ecosystem, b: Ecosystem) -> bool:
    first, second = snapshot(a), snapshot(b)
    return all(first[name].tobytes() == second[name].tobytes() for name in first)


# -- buying ---------------------------------------------------------------------------------------
def test_a_subsidy_raises_adoption() -> None:
    """Who buys at the first look does so at a lower price too; later the arms live on their own."""

    def gained(seed: int) -> list[list[float]]:
        shares = []
        for subsidy in (0.0, 0.5, 0.9):
            series = start(seed).branch({"rules.adoption_subsidy": subsidy}).run(53).state.series
            shares.append([float(series[week]["digital_placed"] or 0) for week in (12, 52)])
        return shares

    first, year = np.moveaxis(np.array(on_two_threads(gained, range(1, 6))), 2, 0)
    assert (np.diff(first, axis=1) >= 0).all()
    assert first[:, 2].mean() > first[:, 0].mean() + 0.02
    assert year[:, 2].mean() > year[:, 0].mean() + 0.03


@pytest.mark.parametrize("offer", ["ai_tiered", "+compliance_guard"])
def test_at_no_price_with_a_sure_gain_all_agencies_buy(offer: str) -> None:
    free = {**SURE, "world.collection.module_price": 0.0, "adaptation.offers": [offer]}
    model = start().branch({**free, "collectors[4].strategy": "traditional"})
    assert not any("ai_tiered" in c.strategy for c in model.collectors)
    model.run(13)
    placed = model.state.collectors.accounts > 0
    name = offer.removeprefix("+")
    buyers = [c for c in model.collectors if c.kind == "agency" and placed[c.number]]
    assert len(buyers) > 10
    assert all(name in c.strategy for c in buyers)
    assert next(iter(model.collectors)).strategy == "traditional"  # paid by cost: saving is not its own
    assert flow(model, "modules_bought", "collectors") == 0


def test_a_promised_loss_or_a_price_beyond_reach_sells_nothing() -> None:
    alone = {**SURE, "collectors[4].strategy": "traditional", "adaptation.offers": ["ai_tiered"]}
    for change in ({"world.collection.module_promise": -0.1}, {"world.collection.module_price": 1e9}):
        model = start().branch({**alone, "world.collection.module_price": 0.0, **change}).run(26)
        assert not any("ai_tiered" in c.strategy for c in model.collectors)


def test_a_purchase_is_paid_by_collector_state_and_taxman() -> None:
    prices = {
        "rules.adoption_subsidy": 0.25,
        "rules.tax_relief": 0.5,
        "world.collection.module_price": 40_000.0,
    }
    free = {**SURE, **prices, "adaptation.offers": ["ai_tiered"], "adaptation.training": 0.0}
    model = start().branch(free | {"receivables.scope": "none"}).run(13)
    c = model.state.collectors
    bought = [n for n, names in model.state.bought.items() if "ai_tiered" in names]
    assert len(bought) > 5
    full = {n: 4000 * int(c.accounts[n]) for n in bought}  # 40 yuan an account, in fen
    assert {n: int(c.invested[n]) for n in bought} == full
    assert flow(model, "modules_bought", "others") == sum(full.values())
    subsidies = sum(price // 4 for price in full.values())
    assert flow(model, "adoption_subsidies", "collectors") == subsidies
    assert {n: int(c.tax_credit[n]) for n in bought} == {n: price // 2 for n, price in full.items()}
    for n in bought:  # settled with owners in the same week, before the purchase
        assert int(c.money[n]) == full[n] // 4 - full[n]
    assert price_of(model.state, bought[0], "ai_tiered").full == 0  # paid once
    model.run(26)
    model.ledger.check()
    assert flow(model, "profit_taxes", "government") == sum(r["profit_taxes"] for r in model.state.series)  # type: ignore[misc]


def test_relief_is_used_up_by_taxes_and_owners_get_the_rest() -> None:
    rich = {**SURE, "adaptation.offers": [], "world.collection.agency_commission": 1.0,
            "world.collection.human_dials": 30.0}  # fmt: skip
    plain, taxed = start().branch({**rich, "world.collection.profit_tax": 0.0}), start().branch(rich)
    relieved = start().branch(rich)
    credit = 100_000
    relieved.state.collectors.tax_credit[AGENCIES] = credit
    for model in (plain, taxed, relieved):
        model.run(13)
    paid = flow(taxed, "profit_taxes", "government")
    assert paid > 0 == flow(plain, "profit_taxes", "government")
    profits = [flow(model, "collector_profits", "others") for model in (plain, taxed, relieved)]
    used = credit * len(list(plain.collectors)[AGENCIES]) - int(relieved.state.collectors.tax_credit.sum())
    assert used > 0
    assert flow(relieved, "profit_taxes", "government") == paid - used
    assert profits[0] - profits[1] == paid
    assert profits[2] - profits[1] == used


def test_what_is_sold_cannot_be_copied() -> None:
    model = start().branch({**SURE, "adaptation.offers": ["app_based"]})
    traditional = next(c.number for c in model.collectors if c.strategy == "traditional" and c.number)
    assert not may_copy(model.state, traditional, "app_based")
    assert may_copy(model.state, traditional, "ai_tiered")
    assert not may_copy(
        model.state, traditional, "ai_tiered+compliance_guard+x".replace("ai_tiered", "app_based")
    )


# -- switches -------------------------------------------------------------------------------------
def test_without_adaptation_its_numbers_move_nothing() -> None:
    off = {"adaptation.enabled": False}
    usual = start().branch(off).run(16)
    other = start().branch({
        **off, "adaptation.training": 0.9, "adaptation.offers": ["ai_tiered"], "adaptation.stance": True,
        "rules.adoption_subsidy": 0.9, "rules.tax_relief": 1.0, "world.collection.module_price": 1.0,
        "world.collection.analysts_needed": 50.0, "world.collection.profit_tax": 0.9,
        "world.collection.training_cost": 5.0, "world.supervision.stance_most": 9.0,
    }).run(16)  # fmt: skip
    assert columns_equal(usual, other)
    assert usual.ledger.flows().equals(other.ledger.flows())
    assert adopters(usual) == 2


def test_accounts_are_shared_by_capacity_and_stay_where_they_are() -> None:
    a, spec = start().state.accounts, start().spec
    for number, collector in enumerate(spec.collectors):
        if collector.lenders is not None:
            assert set(a.lender[a.collector == number]) <= set(collector.lenders)
    everywhere = [{**c.model_dump(mode="json"), "lenders": None} for c in spec.collectors]
    sizes = {"population.borrowers": 15000, "population.firms": 100, "burn_in": 30, "collectors": everywhere}
    model = Ecosystem("adoption-subsidy", rng=1, changes=sizes).run(1)
    a = model.state.accounts
    old = (a.stage >= 2) & (a.collector >= 0)
    counts = np.bincount(a.collector[old], minlength=21)[1:]
    capacity = np.array([c.capacity for c in spec.collectors[1:]])
    expected = capacity / capacity.sum() * counts.sum()
    assert expected.min() > 3
    assert ((counts - expected) ** 2 / expected).sum() < 43.8  # chi-square, 19 degrees of freedom: p .001
    before = a.collector.copy()
    model.run(1)
    still = old & (model.state.accounts.stage >= 2)
    assert still.sum() > 100
    assert (model.state.accounts.collector[still] == before[still]).all()


def test_one_collector_a_stage_has_all_accounts_either_way() -> None:
    first = Ecosystem("baseline", rng=2, changes=SIZES | {"burn_in": 8})
    shared = first.branch({"allotment": "by_capacity"})
    assert columns_equal(first.branch({}).run(8), shared.run(8))


# -- analysts -------------------------------------------------------------------------------------
def test_training_moves_heads_from_calls_to_analysis() -> None:
    digital = {"strategy": "ai_tiered", "adaptation.training": 0.2, "world.collection.analysts_needed": 500.0}
    model = start().branch(digital)
    c = model.state.collectors
    heads, callers = c.callers + c.analysts, c.callers.copy()
    assert (c.analysts == 0).all()
    model.run(13)
    c, placed = model.state.collectors, model.state.collectors.accounts > 0
    assert c.analysts[placed] == pytest.approx(0.2 * callers[placed])
    model.run(13)
    c = model.state.collectors
    always = placed & (c.accounts > 0)
    assert c.analysts[always] == pytest.approx((1 - 0.8**2) * callers[always])
    model.run(1)
    c = model.state.collectors
    assert c.callers + c.analysts == pytest.approx(heads)
    trained = flow(model, "training_costs", "others") / 100
    assert trained == pytest.approx(c.analysts.sum() * model.world.collection.training_cost.value, abs=1)
    assert model.measures()["analyst_share"].value == pytest.approx(c.analysts.sum() / heads.sum())


def test_nobody_is_trained_beyond_need_or_without_a_digital_strategy() -> None:
    model = start().branch({"strategy": "ai_tiered", "adaptation.training": 1.0}).run(13)
    c, needed = model.state.collectors, model.world.collection.analysts_needed.value
    assert (c.analysts <= needed * c.accounts / 1000 + 1e-9).all()
    assert c.analysts.sum() > 0
    calls = start().branch({"strategy": "traditional", "adaptation.training": 1.0}).run(13)
    assert (calls.state.collectors.analysts == 0).all()


def test_fewer_callers_dial_less() -> None:
    calls = {"strategy": "traditional", "adaptation.enabled": False}
    all_call, half = start().branch(calls), start().branch(calls)
    c = half.state.collectors
    c.analysts[:] = c.callers / 2
    all_call.run(4)
    half.run(4)
    assert half.state.collectors.attempts.sum() < 0.75 * all_call.state.collectors.attempts.sum()
    assert half.state.collectors.labour_cost.sum() < 0.75 * all_call.state.collectors.labour_cost.sum()


def test_scores_need_analysts_only_where_they_are_trained() -> None:
    """Where call times matter much, the contacts that scores bring are missing without analysts."""
    scored = {"strategy": "ai_tiered", "world.collection.ai_contact_factor": 3.0, "adaptation.offers": []}
    usual = start().branch(scored | {"adaptation.training": 0.0}).run(12)
    off = start().branch(scored | {"adaptation.enabled": False}).run(12)
    lacking = start().branch(scored | {"adaptation.training": 0.5}).run(12)
    plain = (
        start()
        .branch(scored | {"world.collection.ai_contact_factor": 1.0, "adaptation.training": 0.0})
        .run(12)
    )
    unneeded = {"adaptation.training": 0.5, "world.collection.analysts_needed": 0.0}
    assert columns_equal(usual, start().branch(scored | unneeded).run(12))
    contacts = [int(m.state.collectors.contacts.sum()) for m in (usual, off, lacking, plain)]
    assert contacts[0] == contacts[1]
    assert contacts[3] < 0.96 * contacts[0]
    assert abs(contacts[2] - contacts[3]) < 0.5 * (contacts[0] - contacts[3])


# -- stance ---------------------------------------------------------------------------------------
def test_the_stance_rises_with_complaints_and_stays_in_bounds() -> None:
    model = start().branch({})
    state = model.state
    stances = []
    for complaints in (0, 1, 4, 40):
        twin = model.copy()
        twin.state.collectors.contacted_accounts[0] = 1000
        twin.state.collectors.complaints[0] = complaints
        for look in range(12):
            twin.state.conduct_seen = (0, 0)
            move_stance(twin.state)
            assert look >= 0
        stances.append(twin.state.stance)
    most, usual = state.world.supervision.stance_most.value, state.world.supervision.usual_complaints.value
    assert stances == pytest.approx([1 / most, 1 / usual, most, most], abs=0.01)
    assert state.stance == 1.0


def test_a_stricter_stance_finds_more() -> None:
    watched = {"rules.inspection_rate": 0.1, "rules.fine_per_violation": 10.0,
               "world.supervision.complaint_finds": 0.0, "adaptation.enabled": False}  # fmt: skip
    found = []
    for stance in (0.0, 1.0, 9.0):
        model = start().branch(watched)
        model.state.stance = stance
        found.append(int(model.run(26).state.collectors.violations_found.sum()))
    assert 0 == found[0] < found[1] < found[2]


# -- size -----------------------------------------------------------------------------------------
def test_the_market_scales_with_the_country_and_splits_into_two() -> None:
    model = start().branch({"adaptation.enabled": False}).run(104)
    measured = model.measures()
    record = model.state.record()
    for name in ("market_size", "digital_market_size"):
        doubled = MEASURES[name].compute(record._replace(country_debt=2 * record.country_debt)).value
        assert doubled == pytest.approx(2 * (measured[name].value or 0))
    spent = [
        sum(int(r[name] or 0) for r in model.state.series) for name in ("digital_spend", "traditional_spend")
    ]
    in_house = int(model.state.collectors.cost[0])
    assert sum(spent) == in_house + int(model.state.collectors.commission[AGENCIES].sum())
    assert 0 < (measured["digital_market_size"].value or 0) < (measured["market_size"].value or 0)
    year = [sum(int(r["digital_spend"] or 0) for r in model.state.series[w : w + 52]) for w in (0, 52)]
    assert measured["digital_market_growth"].value == pytest.approx(year[1] / year[0] - 1)


def test_undefined_market_figures_say_why() -> None:
    model = start().branch({}).run(2)
    growth = model.measures()["digital_market_growth"]
    assert growth.value is None and growth.reason and "104" in growth.reason
    nobody = model.state.record()
    nobody = nobody._replace(
        series=[{**row, "placed_balance": 0, "digital_placed": None} for row in nobody.series]
    )
    for name in ("market_size", "digital_adoption"):
        found: Any = MEASURES[name].compute(nobody)
        assert found.value is None and found.reason


def test_a_machine_only_strategy_is_all_digital_spending() -> None:
    machines = {
        "strategy": "ai_tiered",
        "world.collection.human_dials": 0.0,
        "world.collection.field_visits": 0.0,
    }
    model = start().branch(machines | {"adaptation.enabled": False}).run(8)
    c = model.state.collectors
    assert c.cost.sum() > 0
    assert (c.digital_cost == c.cost).all()
    people = (
        start().branch({"strategy": "traditional", "world.collection.channels.text.cost_attempt": 0.0}).run(4)
    )
    assert people.state.collectors.digital_cost.sum() == 0


def test_faulty_offers_are_refused() -> None:
    with pytest.raises(SpecError, match="offers"):
        apply_changes(load_scenario("adoption-subsidy"), {"adaptation.offers": ["a b"]})
    with pytest.raises(SpecError, match="ai_teired"):
        Ecosystem(
            "adoption-subsidy", rng=1, changes=SIZES | {"adaptation.offers": ["ai_teired"], "burn_in": 0}
        )
