"""Money of the whole economy: books, matrices, and who pays how much."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support_model import seasoned

from sim.core.errors import LedgerError
from sim.core.ledger import Instrument, Sector
from sim.model import Ecosystem
from sim.phases.week import WEEK

WORLDS = ("evidence", "report")
BUSY = {
    "events": [
        {"kind": "demand", "week": 2, "weeks": 8, "change": -0.3},
        {"kind": "fail", "week": 3, "firm": 5},
        {"kind": "credit_lines", "week": 4, "weeks": 10, "factor": 0.5},
        {"kind": "job_loss", "week": 1, "weeks": 10, "factor": 20},
    ],
    "receivables.scope": "all",
    "levers.compulsory_payment_every": 5,
}


@pytest.fixture(scope="module", params=WORLDS)
def year(request: pytest.FixtureRequest) -> Ecosystem:
    """A year with shocks; books are checked within every step."""
    return seasoned(request.param).branch(BUSY).run(52)


def test_books_agree_with_what_agents_hold(year: Ecosystem) -> None:
    s, claims = year.state, year.ledger.claims - year.ledger.debts
    money = claims[Instrument.MONEY]
    assert money[Sector.BORROWERS] == s.borrowers.cash.sum()
    assert money[Sector.FIRMS] == s.firms.cash.sum()
    assert money[Sector.LENDERS] == s.lenders.money.sum()
    assert money[Sector.COLLECTORS] == s.collectors.money.sum()
    assert money.sum() == 0
    on_books = int(s.accounts.balance[~s.accounts.charged_off].sum())
    assert (
        on_books == s.lenders.household_loans.sum() == -claims[Instrument.HOUSEHOLD_LOANS, Sector.BORROWERS]
    )
    assert s.firms.drawn.sum() == s.lenders.firm_loans.sum() == -claims[Instrument.FIRM_LOANS, Sector.FIRMS]
    owed = int((s.links.not_due + s.links.overdue + s.links.disputed).sum())
    assert owed == year.ledger.debts[Instrument.TRADE_CREDIT, Sector.FIRMS]
    year.ledger.check()


def test_loans_of_each_lender_are_those_of_its_debtors(year: Ecosystem) -> None:
    s = year.state
    a, count = s.accounts, len(s.lenders.money)
    books = [int(a.balance[(a.lender == x) & ~a.charged_off].sum()) for x in range(count)]
    assert s.lenders.household_loans.tolist() == books
    lines = [int(s.firms.drawn[s.firms.bank == x].sum()) for x in range(count)]
    assert s.lenders.firm_loans.tolist() == lines


def test_both_matrices_sum_to_exactly_zero(year: Ecosystem) -> None:
    flows: Any = year.ledger.flows()
    sheet: Any = year.ledger.balance_sheet()
    assert not flows.to_numpy().sum(axis=0).any()
    assert not flows["sum"].any()
    assert not sheet.sum(axis=0).any()
    assert {"wages", "taxes", "imports", "exports", "consumption", "collection_fees"} <= set(flows.index)
    assert (flows.loc["wages", "firms"], flows.loc["wages", "sum"]) < (0, 1)


def test_nobody_who_must_not_is_below_zero(year: Ecosystem) -> None:
    s = year.state
    for table, names in {
        "borrowers": ("cash", "income", "balance"),
        "firms": ("cash", "drawn", "line", "receivables", "payables", "sales", "final_sales", "hard_costs"),
        "links": ("not_due", "overdue", "disputed", "advanced", "payment", "collected"),
        "accounts": (
            "balance",
            "arrears",
            "paid_this_week",
            "cumulative_paid",
            "plan_amount",
            "collected_recent",
        ),
        "lenders": ("household_loans", "firm_loans", "provisions", "lost", "recovered"),
    }.items():
        for name in names:
            assert getattr(getattr(s, table), name).min() >= 0, (table, name)
    a = s.accounts
    assert (a.arrears <= a.balance).all()
    assert ((a.balance > 0) | (a.days_past_due == 0)).all()
    assert (s.links.advanced <= s.links.overdue).all()
    # money of a firm either lies there or repays its line
    f = s.firms
    assert not ((f.cash > 0) & (f.drawn > 0) & f.alive & (f.cash > f.drawn)).any()


def test_borrowers_sums_are_those_of_their_accounts(year: Ecosystem) -> None:
    b, a = year.state.borrowers, year.state.accounts
    total = np.zeros(len(b.cash), np.int64)
    np.add.at(total, a.borrower, a.balance)
    assert np.array_equal(total, b.balance)
    worst = np.zeros(len(b.cash), np.int16)
    np.maximum.at(worst, a.borrower, a.days_past_due)
    assert np.array_equal(worst, b.days_past_due)


@pytest.mark.parametrize("name", ["cash", "drawn"])
def test_a_stolen_fen_stops_the_run_and_names_the_phase(name: str) -> None:
    model = seasoned().copy()
    getattr(model.state.firms, name)[7] += 1
    with pytest.raises(LedgerError, match=r"week 0, trade: firms hold .* \(gap -?1\); flow at fault"):
        model.step()


def test_a_phase_that_keeps_a_fen_is_told_with_its_flow() -> None:
    model = seasoned().copy()
    phases = {phase.name: phase for phase in WEEK}
    for name in ("calendar", "trade"):
        phases[name].run(model.state)
        if phases[name].moves_money:
            model.ledger.check()
    phases["settlement"].run(model.state)
    model.state.macro.government -= 1  # a fen of the taxes is lost on its way
    with pytest.raises(LedgerError, match=r"government hold .*gap -1\); flow at fault: .*taxes"):
        model.ledger.check()


def _weeks(model: Ecosystem, weeks: int) -> Any:
    """Settlement of some weeks: (state before it, state after it)."""
    phases = {phase.name: phase for phase in WEEK}
    for _ in range(weeks):
        phases["calendar"].run(model.state)
        phases["trade"].run(model.state)
        before = {name: column.copy() for name, column in model.state.links._asdict().items()}
        phases["settlement"].run(model.state)
        yield before, model.state
        for name in ("failure", "households", "credit", "collection", "supervision", "measurement"):
            phases[name].run(model.state)
        model.ledger.check()
        model.state.clock += 1


@pytest.mark.parametrize("world", WORLDS)
def test_nobody_pays_more_than_is_due_or_than_he_offers(world: str) -> None:
    for before, state in _weeks(seasoned(world).copy(), 6):
        k, f = state.links, state.firms
        assert np.array_equal(before["overdue"] - k.overdue, k.payment)
        assert (k.payment >= 0).all() and (k.payment <= before["overdue"]).all()
        assert (f.paid <= f.offered).all()
        paid = np.zeros(len(f.cash), np.int64)
        np.add.at(paid, k.buyer, k.payment)
        assert np.array_equal(paid, f.paid)
        # an offer is the discipline's share of what is due, raised only where a collector works
        share = np.minimum(1.0, f.discipline[k.buyer].astype(np.float64))
        free = ~k.under_collection
        assert (k.payment[free] <= share[free] * before["overdue"][free] + 1e-6).all()
        assert not k.collected[free].any()
        assert (k.collected <= k.payment).all()
        # whom the bank lets draw no further is stopped by his line
        assert (f.drawn[f.paid_hard_costs] <= f.most_drawn[f.paid_hard_costs]).all()


@pytest.mark.parametrize("world", WORLDS)
def test_what_is_not_yet_due_runs_out_exactly_when_orders_stop(world: str) -> None:
    start = seasoned(world).state
    owing = np.bincount(start.links.buyer, weights=start.links.not_due)
    owed = np.bincount(start.links.supplier, weights=start.links.not_due, minlength=len(owing))
    felled = int(np.argmax(np.minimum(owing, owed[: len(owing)]) * start.firms.alive[: len(owing)]))
    model = seasoned(world).branch({"events": [{"kind": "fail", "week": 0, "firm": felled}]})
    k = model.state.links
    to_it = (k.supplier == felled) & (model.state.firms.alive[k.buyer])
    by_it = k.buyer == felled
    assert k.not_due[by_it].sum() > 0
    model.step()
    assert not k.not_due[by_it].any() and not k.overdue[by_it].any() and not k.disputed[by_it].any()
    model.run(int(k.terms.max()))
    k = model.state.links
    ordered_before = to_it & model.state.firms.alive[k.buyer]
    assert not k.not_due[ordered_before].any()
    assert not k.not_due[by_it].any()


def test_the_pipeline_is_what_was_ordered_and_has_not_matured() -> None:
    model = seasoned().copy().run(20)
    s = model.state
    k, clock, ring = s.links, s.clock, s.budget.shape[0]
    share = s.firm_numbers.credit_share
    expected = np.zeros(len(k.buyer), np.int64)
    for back in range(1, int(k.terms.max()) + 1):
        week = clock - back
        counts = (back <= k.terms) & (week >= k.since)
        value = (k.weekly_amount * s.budget[week % ring, k.buyer] * s.pull[week % ring, k.supplier]).astype(
            np.int64
        )
        expected += np.where(counts, (value * share).astype(np.int64), 0)
    assert np.array_equal(expected, k.not_due)


def test_one_missing_fen_is_found_on_request() -> None:
    model = Ecosystem("baseline", rng=1, borrowers=300, firms=60, burn_in=2)
    model.ledger.check()
    for twin in (model.copy(), model.branch({"strategy": "app_based"})):
        twin.borrowers[0].cash += 1
        with pytest.raises(LedgerError, match="borrowers hold"):
            twin.ledger.check()
    model.ledger.check()
