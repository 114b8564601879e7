"""What must not matter does not matter, to the bit."""

from __future__ import annotations

import fnmatch
import hashlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest
from support_model import TINY, changed, on_two_threads, seasoned, snapshot

from sim.collection.cases import Capacity, Cases
from sim.collection.modules import Module, register_module
from sim.collection.registry import register_strategy, strategy
from sim.collection.treatment import Treatment
from sim.core.rng import normal_rows, uniform_rows
from sim.model import Ecosystem
from sim.phases.week import WEEK

SHOCKS = {
    "events": [
        {"kind": "fail", "week": 1, "firm": 3},
        {"kind": "rescue", "week": 2, "firm": 4},
        {"kind": "demand", "week": 2, "weeks": 20, "change": -0.4},
    ]
}


@register_strategy("test_draws_more")
class DrawsMore:
    """The traditional strategy, which draws random numbers that it does not need."""

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        for name in ("households.accounts", "trade.demand", "collection.rollout"):
            assert uniform_rows(1, name, 10, 5).shape == (10, 4)
            assert normal_rows(1, name, 10, 5).shape == (10,)
        return strategy("traditional").decide(cases, capacity)


@register_module("test_holds_data")
class HoldsData(Module):
    """Holds credit-bureau data and does nothing with it."""

    sources = ("bureau",)


#: Charged-off debts go to a buyer at once.
DEBT_SALE = {
    "collectors": [
        {"name": "team", "kind": "in_house", "stages": ["early", "middle", "late"]},
        {"name": "buyer", "kind": "debt_buyer", "stages": ["charged_off"]},
    ],
    "debt_sales": [{"buyer": "buyer", "after_weeks": 0, "every_weeks": 1}],
}


def columns_digest(model: Ecosystem) -> str:
    digest = hashlib.sha256()
    for name, column in snapshot(model).items():
        if name != "placements.strategy":  # the strategy's number
            digest.update(name.encode() + column.tobytes())
    return digest.hexdigest()


def a_run(seed: int) -> str:
    return Ecosystem("baseline", rng=seed, changes=TINY).run(10).digest()


def test_a_placebo_branch_goes_on_like_the_run_itself() -> None:
    first = seasoned().copy().run(5)
    placebo = first.branch({})
    same = first.branch(
        {
            "world.firms.credit_line_weeks": 5.5
            if first.world.id == "report"
            else first.world.firms.credit_line_weeks.value
        }
    )
    other = first.branch({"rules.attempts_per_week": 0})
    for model in (first, placebo, same, other):
        model.run(12)
    assert first.digest() == placebo.digest() == same.digest() != other.digest()
    assert first.series().equals(placebo.series())
    assert first.events().equals(placebo.events())


def test_a_branch_and_a_copy_share_nothing_with_the_original() -> None:
    original = seasoned().copy().run(3)
    before, rows = original.digest(), len(original.series())
    original.branch(SHOCKS).run(8)
    original.copy().run(8)
    assert original.digest() == before
    assert len(original.series()) == rows
    original.ledger.check()


@pytest.mark.parametrize("world", ["evidence", "report"])
def test_inert_borrowers_change_no_other_state(world: str) -> None:
    plain = seasoned(world).branch(SHOCKS).run(13)
    more = seasoned(world, population__inert_borrowers=7).branch(SHOCKS).run(13)
    one, other = snapshot(plain), snapshot(more)
    for name, column in one.items():
        found = other[name]
        if name.startswith("borrowers."):
            assert len(found) == len(column) + 7
            found = found[:-7]
        assert column.tobytes() == found.tobytes(), name
    assert plain.measures() == more.measures()
    assert (plain.ledger.claims == more.ledger.claims).all()


def test_one_more_borrower_moves_no_other_draw() -> None:
    few, many = (Ecosystem("baseline", rng=5, borrowers=n, firms=80, burn_in=0) for n in (400, 401))
    one, other = few.state.borrowers, many.state.borrowers
    traits = (
        "wage",
        "essentials",
        "buffer_cap",
        "reluctant",
        "forgetfulness",
        "phone_reach",
        "digital_reach",
        "age_group",
        "accounts",
        "family_week",
    )
    for name in traits:
        assert np.array_equal(getattr(one, name), getattr(other, name)[:400]), name
    rows = len(few.state.accounts.balance)
    for name in ("lender", "product", "due_offset", "dispute_ground", "hold_out", "balance"):
        assert np.array_equal(getattr(few.state.accounts, name), getattr(many.state.accounts, name)[:rows]), (
            name
        )
    few.run(8)
    many.run(8)
    # shocks are draws only, so they stay equal to the bit, whatever the economy does
    alive = few.state.firms.alive & many.state.firms.alive & (few.state.firms.failed_week < 0)
    for name in ("demand_shock", "order_shock"):
        one_shock, other_shock = getattr(few.state.firms, name), getattr(many.state.firms, name)
        assert one_shock[alive].tobytes() == other_shock[alive].tobytes()


def test_one_more_draw_inside_a_rule_moves_nothing() -> None:
    usual = seasoned().branch({"strategy": "traditional"}).run(8)
    more = seasoned().branch({"strategy": "test_draws_more"}).run(8)
    assert columns_digest(usual) == columns_digest(more)


def test_shocks_of_others_do_not_depend_on_what_happens() -> None:
    usual, shocked = seasoned().copy().run(6), seasoned().branch({**SHOCKS, "rules": "none"}).run(6)
    f, g = usual.state.firms, shocked.state.firms
    assert f.demand_shock.tobytes() == g.demand_shock.tobytes()
    assert usual.digest() != shocked.digest()


def test_the_same_seed_gives_the_same_run_anywhere() -> None:
    inline = [a_run(seed) for seed in (1, 2)]
    assert inline[0] != inline[1]
    assert on_two_threads(a_run, (1, 2)) == inline
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(a_run, (1, 2))) == inline


def test_a_drawn_seed_is_kept_and_repeats_the_run() -> None:
    first = Ecosystem("baseline", changes=TINY)
    again = Ecosystem("baseline", changes=TINY, rng=first.seed)
    assert first.digest() == again.digest()
    generators = [
        Ecosystem("baseline", changes=TINY, rng=np.random.Generator(np.random.Philox(3))) for _ in (1, 2)
    ]
    assert generators[0].digest() == generators[1].digest()


def _year_of_phases() -> dict[str, set[str]]:
    """Columns that each phase changed in a year with shocks, and who works everything."""
    found: dict[str, set[str]] = {phase.name: set() for phase in WEEK}
    for world, changes in (
        ("evidence", {**SHOCKS, "strategy": "app_based", "receivables.scope": "all"}),
        ("report", {"rules": "none", "levers.compulsory_payment_every": 4, "channels.late_receipts": False}),
        (
            "report",
            {
                "channels.cancelled_orders": False,
                "channels.lost_inputs": False,
                "receivables.scope": "covered",
                "receivables.coverage": 0.5,
            },
        ),
        (
            "evidence",
            {
                "world.lenders.standard_capital": 10.0,
                "rules.attempts_per_week": 0,
                "rules.payment_term_cap_days": 28,
                "lending.modules": ["early_warning"],
            },
        ),
        (
            "evidence",
            {
                "collectors[1].strategy": "app_based",
                "adaptation.enabled": True,
                "adaptation.training": 0.5,
                "adaptation.offers": ["ai_tiered"],
                "world.collection.module_price": 10.0,
                "world.collection.gain_uncertainty": 0.0,
                "rules.tax_relief": 0.5,
            },
        ),
        (
            "report",
            {
                "harm.pressure_to_moving": True,
                "strategy": "traditional+test_holds_data",
                "lending.modules": ["test_holds_data"],
                "world.supervision.breach_bureau": 0.2,
                **DEBT_SALE,
            },
        ),
    ):
        model: Any = seasoned(world, population__borrowers=1500, population__firms=150).branch(changes)
        for _ in range(52):
            for phase in WEEK:
                before = snapshot(model)
                phase.run(model.state)
                if phase.moves_money:
                    model.ledger.check()
                found[phase.name] |= changed(before, snapshot(model))
            model.state.clock += 1
    return found


def test_each_phase_writes_the_columns_it_declares_and_no_other() -> None:
    found = _year_of_phases()
    faults = []
    for phase in WEEK:
        for column in sorted(found[phase.name]):
            if not any(fnmatch.fnmatchcase(column, pattern) for pattern in phase.writes):
                faults.append(f"{phase.name} writes {column} undeclared")
        for pattern in phase.writes:
            if not fnmatch.filter(found[phase.name], pattern):
                faults.append(f"{phase.name} never writes {pattern}")
    assert not faults, "\n".join(faults)


def test_causes_of_a_default_sum_to_one() -> None:
    model = seasoned("report", population__firms=400, population__borrowers=2000).branch(SHOCKS).run(52)
    events = model.events()
    assert set(events["kind"]) == {"firm", "borrower"}
    causes = events[[name for name in events.columns if name.startswith("cause_")]]
    assert causes.shape[1] == 7
    assert ((causes >= 0) & (causes <= 1 + 1e-12)).all(axis=None)
    assert np.allclose(causes.sum(axis=1), 1.0, atol=1e-12)
    firms = events[events["kind"] == "firm"]
    assert len(firms) == model.series()["failures"].sum()
    assert firms["sector"].isin(model.sectors).all()
    forced = firms[(firms["agent"] == 3) & (firms["week"] == 1)]
    assert len(forced) == 1
    assert events["week"].between(0, 51).all()
    laid_off = events[(events["kind"] == "borrower") & (events["main_cause_agent"] >= 0)]
    assert (laid_off["cause_job"] > 0).all()
