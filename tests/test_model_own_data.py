"""A user's own accounts and own supply network: the run starts from them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from support_model import CARDS, seasoned

from sim.core.errors import SpecError
from sim.measures import MEASURES
from sim.model import Ecosystem
from sim.spec.portfolio import Portfolio, read_portfolio


@pytest.fixture(scope="module")
def cards() -> tuple[Portfolio, Ecosystem]:
    if not CARDS.exists():
        pytest.skip(f"the public card file is not here: {CARDS}")
    model = Ecosystem("baseline", rng=2, portfolio=CARDS, mapping="uci-card", burn_in=26, weeks=26, firms=500)
    return read_portfolio(CARDS, "uci-card"), model


def test_cards_start_as_the_file_has_them(cards: tuple[Portfolio, Ecosystem]) -> None:
    own, model = cards
    a = model.state.accounts
    assert len(a.balance) == len(own.balance) == 24_000
    assert np.array_equal(a.balance, own.balance)
    assert np.array_equal(a.limit, own.limit)
    assert np.array_equal(a.days_past_due, np.where(own.balance > 0, own.days_past_due, 0))
    months = -(-own.days_past_due.astype(np.int64) // 30)
    written_off = own.days_past_due > 180
    expected = np.where(
        written_off, own.balance, np.minimum(own.balance, months * np.maximum(1, own.instalment))
    )
    assert np.array_equal(a.arrears, np.where(own.balance > 0, expected, 0))
    assert model.state.lenders.household_loans.sum() == own.balance[~written_off].sum()
    assert not a.cumulative_paid.any()
    model.ledger.check()


def test_latents_follow_each_history(cards: tuple[Portfolio, Ecosystem]) -> None:
    own, model = cards
    b = model.state.borrowers
    bad = (own.months_past_due > 0).sum(axis=1) >= 3
    never = (own.months_past_due <= 0).all(axis=1)
    ability, reluctant = own.ability, b.reluctant
    assert bad.sum() > 500 < never.sum()
    assert ability[own.borrower[bad]].mean() < ability[own.borrower[never]].mean() - 0.3
    assert reluctant[own.borrower[bad]].mean() > reluctant[own.borrower[never]].mean()
    # strained budgets: more of the wage is needed
    share = b.essentials / b.wage
    assert share[own.borrower[bad]].mean() > share[own.borrower[never]].mean()
    assert np.corrcoef(b.willingness, 1 - own.reluctance)[0, 1] > 0.999


def test_cards_live_half_a_year(cards: tuple[Portfolio, Ecosystem]) -> None:
    _, start = cards
    listed = start.placements
    assert listed["frozen"].all()
    assert len(listed["account"]) == np.count_nonzero(start.state.accounts.arrears)
    model = start.copy().run(26)
    model.ledger.check()
    measured = model.measures()
    assert set(measured) == set(MEASURES)
    for name, value in measured.items():
        assert value.reason if value.value is None else math.isfinite(value.value), name
    # 26 weeks do not hold a horizon of 180 days beyond their end
    assert "26 weeks" in str(measured["cure_rate_180d"].reason)
    cured = measured["cure_rate_90d"].value
    assert cured is not None and 0 < cured < 1
    s = model.series()
    assert 0.01 < s["consumer_overdue_30_rate"].iloc[-1] < 0.3
    assert s["recovered_late"].sum() > 0 < s["charge_offs"].sum()


CANONICAL = """\
account_id,balance,days_past_due,instalment,limit,borrower_id,income_monthly,lender
l1,1200.50,0,100.25,,ann,5200,north
c1,90.10,40,,1000,ann,,south
l2,700,12,50,,bob,4333.33,south
l3,500.01,200,60,,eve,3000,south
"""


def test_a_small_canonical_file(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(CANONICAL)
    model = Ecosystem("baseline", rng=1, portfolio=path, firms=60, burn_in=4)
    a, b = model.state.accounts, model.state.borrowers
    assert a.balance.tolist() == [120050, 9010, 70000, 50001]
    assert a.borrower.tolist() == [0, 0, 1, 2]
    assert a.charged_off.tolist() == [False, False, False, True]
    # two minimum payments of a tenth, one instalment, after the charge-off everything
    assert a.arrears.tolist() == [0, 2 * 901, 5000, 50001]
    assert b.wage.tolist()[:1] == [120000]
    assert (len(b.cash), len(model.lenders)) == (3, 5)
    model.run(10)
    model.ledger.check()
    with pytest.raises(SpecError, match="without a portfolio"):
        Ecosystem("baseline", mapping="uci-card", rng=1, firms=60, burn_in=0)


HEAD = "buyer,supplier,weekly_amount"
FIRM_TABLE = "firm,sector,weekly_sales,cash,employees\n"


def _ring(firms: int, amount: int) -> list[tuple[str, str, int]]:
    return [(f"f{i}", f"f{(i + step) % firms}", amount) for i in range(firms) for step in (1, 2, 5)]


def test_an_own_network_with_terms(tmp_path: Path) -> None:
    edges = _ring(60, 90_000)
    path = tmp_path / "links.csv"
    rows = [f"{b},{s},{w},{4 + n % 5}" for n, (b, s, w) in enumerate(edges)]
    path.write_text("\n".join([f"{HEAD},terms_weeks", *rows]))
    model = Ecosystem("baseline", rng=1, network=path, borrowers=200, burn_in=8)
    k = model.state.links
    assert len(k.buyer) == len(edges)
    assert (k.weekly_amount == 9_000_000).all()
    assert sorted(np.unique(k.terms)) == [4, 5, 6, 7, 8]
    model.run(12)
    model.ledger.check()
    assert model.series()["output"].min() > 0


def test_an_own_network_with_a_firm_table(tmp_path: Path) -> None:
    firms = 60
    links, table = tmp_path / "links.csv", tmp_path / "firms.csv"
    links.write_text("\n".join([HEAD, *(f"{b},{s},{w}" for b, s, w in _ring(firms, 90_000))]))
    sectors = ("metals", "food", "construction")
    rows = [f"f{i},{sectors[i % 3]},{900_000 + i},{300_000 + i},{10 + i}" for i in range(firms)]
    table.write_text(FIRM_TABLE + "\n".join(rows) + "\n")
    changes = {"network.file": str(links), "network.firms_file": str(table)}
    model = Ecosystem("baseline", rng=1, borrowers=200, burn_in=0, changes=changes)
    f = model.state.firms
    assert f.normal_sales.tolist() == [100 * (900_000 + i) for i in range(firms)]
    assert f.cash.tolist() == [100 * (300_000 + i) for i in range(firms)]
    assert f.normal_employees.tolist() == [10 + i for i in range(firms)]
    assert [model.sectors[s] for s in f.sector] == [sectors[i % 3] for i in range(firms)]
    usual = round(model.world.firms.terms_weeks.value)
    building = round(model.world.firms.construction_terms_weeks.value)
    buyers = np.array(model.sectors)[f.sector[model.state.links.buyer]]
    assert np.array_equal(model.state.links.terms, np.where(buyers == "construction", building, usual))
    model.run(12)
    model.ledger.check()


def test_the_generated_start_is_not_the_users(tmp_path: Path) -> None:
    drawn = seasoned()
    assert drawn.state.accounts_active
    assert len(drawn.borrowers) == 400
