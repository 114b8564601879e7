"""Data breaches: only what is held can leak, each source by its own luck, with trust, stress and fines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from arrears import Ecosystem
from sim.collection import Module, modules, register_module

SMALL = {"population.borrowers": 3000, "population.firms": 100, "burn_in": 30, "strategy": "traditional"}
BUREAU = {"strategy": "traditional+holds_bureau"}
BOTH = {"strategy": "traditional+holds_bureau+holds_wallet"}
SURE = {f"world.supervision.breach_{source}": 1.0 for source in ("bureau", "telecom", "shopping", "wallet")}
CLOSED = {"harm.breaches": False}
OFTEN = dict.fromkeys(SURE, 0.1)


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that hold a source and do nothing else."""
    monkeypatch.setattr(modules._modules, "_classes", dict(modules._modules._classes))

    @register_module("holds_bureau")
    class HoldsBureau(Module):
        sources = ("bureau",)

    @register_module("holds_wallet")
    class HoldsWallet(Module):
        sources = ("wallet",)


@pytest.fixture(scope="module")
def start() -> Ecosystem:
    return Ecosystem("baseline", rng=3, changes=SMALL)


def after(start: Ecosystem, weeks: int, *changes: dict[str, Any]) -> Ecosystem:
    return start.branch({name: value for part in changes for name, value in part.items()}).run(weeks)


def a_week(model: Ecosystem, name: str) -> list[int]:
    return [int(x) for x in model.series()[name]]


def fines(model: Ecosystem) -> int:
    flows: Any = model.ledger.flows()
    return int(flows.loc["breach_fines", "government"]) if "breach_fines" in flows.index else 0


def test_who_holds_nothing_loses_nothing(start: Ecosystem) -> None:
    plain = after(start, 6, SURE)
    assert sum(a_week(plain, "data_breaches")) == 0
    assert plain.digest() == after(start, 6).digest() == after(start, 6, {"harm.breaches": False}).digest()


def test_each_source_of_each_holder_leaks_and_is_fined_to_the_fen(start: Ecosystem) -> None:
    holders = len(start.spec.collectors)
    model = after(start, 5, BOTH, SURE, {"world.supervision.fine_per_breach": 123.45, "rules": "none"})
    assert a_week(model, "data_breaches") == [2 * holders] * 5
    assert fines(model) == 5 * 2 * holders * 12_345 == model.series()["fines"].sum()
    assert [collector.breaches for collector in model.collectors] == [10] * holders
    assert int(model.state.borrowers.breaches.sum()) == sum(a_week(model, "breached_borrowers")) > 0
    model.ledger.check()


def test_a_closed_way_and_a_forbidden_source_leak_nothing(start: Ecosystem) -> None:
    safe = after(start, 5, BOTH, dict.fromkeys(SURE, 0.0))
    closed = after(start, 5, BOTH, SURE, CLOSED)
    assert safe.digest() == closed.digest() != after(start, 5, BOTH, SURE).digest()
    forbidden = after(start, 5, BOTH, SURE, {"rules.data_bureau": False, "rules.data_wallet": False})
    assert sum(a_week(forbidden, "data_breaches")) == 0
    one = after(start, 5, BOTH, SURE, {"rules.data_wallet": False})
    assert a_week(one, "data_breaches") == a_week(after(start, 5, BUREAU, SURE), "data_breaches")


def test_one_more_source_does_not_move_the_luck_of_the_others(start: Ecosystem) -> None:
    wallet = {"strategy": "traditional+holds_wallet"}
    both, bureau, purse = (
        np.array(a_week(after(start, 26, OFTEN, held), "data_breaches")) for held in (BOTH, BUREAU, wallet)
    )
    assert bureau.sum() > 0 < purse.sum() and (bureau != purse).any()
    assert (both == bureau + purse).all()


def test_a_breach_costs_the_trust_of_those_on_the_books_alone(start: Ecosystem) -> None:
    calm, leaked = after(start, 1, BUREAU, SURE, CLOSED), after(start, 1, BUREAU, SURE)
    b, c, a = leaked.state.borrowers, calm.state.borrowers, leaked.state.accounts
    hit = np.zeros(len(b.cash), np.bool_)
    hit[a.borrower[(a.collector >= 0) & (a.balance > 0)]] = True
    assert 0 < hit.sum() < len(hit)
    assert np.array_equal(b.breaches > 0, hit)
    assert np.array_equal(b.trust[~hit], c.trust[~hit]) and np.array_equal(b.stress[~hit], c.stress[~hit])
    lost = leaked.world.households.trust_loss_breach.value
    times = b.breaches[hit].astype(np.float64)
    assert b.trust[hit] == pytest.approx(c.trust[hit] * (1 - lost) ** times, rel=1e-5)
    added = leaked.world.households.stress_from_breach.value * times
    assert b.stress[hit] == pytest.approx(np.minimum(1, c.stress[hit] + added), rel=1e-5)


def test_lenders_leak_too_and_pay_themselves(start: Ecosystem) -> None:
    lending = {"lending.modules": ["holds_bureau"], "lending.lenders": [1]}
    calm, leaked = after(start, 3, lending, SURE, CLOSED), after(start, 3, lending, SURE)
    assert a_week(leaked, "data_breaches") == [1, 1, 1]
    price = round(100 * start.world.supervision.fine_per_breach.value)
    assert fines(leaked) == 3 * price
    lost = calm.state.lenders.money - leaked.state.lenders.money
    assert lost[1] > 2 * price > np.abs(lost[[0, 2]]).max()
    assert sum(collector.breaches for collector in leaked.collectors) == 0
    a = leaked.state.accounts
    hit = np.unique(a.borrower[(a.lender == 1) & (a.balance > 0)])
    assert (leaked.state.borrowers.breaches[hit] > 0).all()


def test_a_strategy_on_trial_brings_its_sources_when_it_comes(start: Ecosystem) -> None:
    trial = {
        "events": [
            {"kind": "rollout", "week": 2, "share": 0.3, "strategy": "traditional+holds_bureau"},
        ]
    }
    leaks = a_week(after(start, 4, trial, SURE), "data_breaches")
    assert leaks[:2] == [0, 0] and min(leaks[2:]) == len(start.spec.collectors)


def test_the_profile_of_all_sources_leaks_from_all(start: Ecosystem) -> None:
    model = after(start, 2, SURE, {"strategy": "traditional+profile_360", "rules": "none"})
    assert a_week(model, "data_breaches") == [4 * len(start.spec.collectors)] * 2
