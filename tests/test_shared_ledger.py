"""The shared ledger: disputes with and without, roots by week, and tampering found."""

from __future__ import annotations

import numpy as np
import pytest

from arrears import Ecosystem
from sim.phases.debt_record import PAGE

SIZES = {"population.borrowers": 4000, "population.firms": 100, "burn_in": 40}
GROUNDS = {"world_changes": {"households.dispute_ground": 0.3}}


@pytest.fixture(scope="module")
def start() -> Ecosystem:
    return Ecosystem("baseline", rng=3, changes=SIZES | GROUNDS)


def disputes(model: Ecosystem) -> tuple[int, float]:
    series = model.series()
    return int(series["disputes"].sum()), float(series["open_disputes"].iloc[-8:].mean())


def test_the_ledger_lowers_disputes_and_leaves_those_about_other_things(start: Ecosystem) -> None:
    plain = disputes(start.branch({"strategy": "traditional"}).run(20))
    kept = disputes(start.branch({"strategy": "traditional+shared_ledger"}).run(20))
    assert 0 < kept[0] < plain[0]
    assert 0 < kept[1] < plain[1]
    a = start.state.accounts
    assert a.dispute_factual.mean() == pytest.approx(start.world.households.dispute_factual.value, abs=0.03)


def test_where_all_grounds_are_factual_disputes_vanish() -> None:
    grounds = {"households.dispute_ground": 0.3, "households.dispute_factual": 1.0}
    model = Ecosystem("baseline", rng=3, changes=SIZES | {"world_changes": grounds})
    kept = model.branch({"strategy": "traditional+shared_ledger"}).run(12)
    assert disputes(kept)[0] == 0
    assert kept.series()["open_disputes"].iloc[-1] == 0


def test_where_nobody_disputes_the_ledger_changes_nothing_but_its_cost() -> None:
    none = Ecosystem("baseline", rng=3, changes=SIZES | {"world_changes": {"households.dispute_ground": 0.0}})
    price = "world.collection.ledger_record_cost"
    plain, free = (
        none.branch({"strategy": name, price: 0.0}).run(10)
        for name in ("traditional", "traditional+shared_ledger")
    )
    assert plain.digest() == free.digest()
    dear = none.branch({"strategy": "traditional+shared_ledger", price: 5.2}).run(1)
    first = none.branch({"strategy": "traditional"}).run(1)
    cost = [int(model.series()["collection_cost"].sum()) for model in (dear, first)]
    placed = int(np.count_nonzero(first.state.accounts.collector >= 0))
    assert cost[0] - cost[1] == 10 * placed


def test_lenders_can_keep_it_too(start: Ecosystem) -> None:
    model = start.branch({"strategy": "traditional", "lending.modules": ["shared_ledger"]}).run(6)
    record = model.debt_record()
    assert record is not None
    assert len(record.records) == np.count_nonzero(model.state.accounts.balance)
    assert set(record.records["lender"]) == set(range(5))
    assert disputes(model)[0] < disputes(start.branch({"strategy": "traditional"}).run(6))[0]
    model.ledger.check()


def test_a_root_a_week_vouches_for_the_records(start: Ecosystem) -> None:
    model = start.branch({"strategy": "traditional+shared_ledger"}).run(5)
    record = model.debt_record()
    assert record is not None
    assert list(record.roots["week"]) == [0, 1, 2, 3, 4]
    assert record.roots["root"].nunique() == 5
    assert record.verify()
    page, proof = record.proof(int(record.records["account"][PAGE + 3]))
    assert record.holds(page, proof)
    assert not record.holds(page[:-1] + bytes([page[-1] ^ 1]), proof)
    again = start.branch({"strategy": "traditional+shared_ledger"}).run(5).debt_record()
    assert again is not None and again.root == record.root
    assert start.branch({"strategy": "traditional"}).run(2).debt_record() is None


def test_a_tampered_record_is_found_and_named(start: Ecosystem) -> None:
    record = start.branch({"strategy": "traditional+shared_ledger"}).run(3).debt_record()
    assert record is not None
    for row, name in ((0, "balance"), (17, "cumulative_paid"), (len(record.records) - 1, "plan_left")):
        forged = record.records.copy()
        forged[name][row] += 1
        assert not record.verify(forged)
        assert record.tampered(forged) == [int(forged["account"][row])]
    shorter = record.records[:-1]
    assert not record.verify(shorter)
    assert record.tampered(shorter) == [int(record.records["account"][-1])]
    assert record.tampered(record.records.copy()) == []
    with pytest.raises(KeyError, match="has no record"):
        record.proof(10**6)
