"""The books: every posting keeps rows and columns zero; a missing fen is told with its flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.errors import LedgerError
from sim.core.ledger import INSTRUMENTS, SECTORS, Instrument, Ledger, Sector

CLAIMS = [i for i in Instrument if i is not Instrument.MONEY]
POSTINGS = ("pay", "lend", "repay", "accrue", "write_off", "assign")


def post(ledger: Ledger, kind: str, flow: str, one: Sector, other: Sector, amount: int, claim: Any) -> None:
    arguments: tuple[Any, ...] = (flow, one, other, amount)
    getattr(ledger, kind)(*arguments, *(() if kind == "pay" else (claim,)))


def zero(ledger: Ledger) -> None:
    """Every row of both matrices, and every column, sums to exactly zero."""
    flows: Any = ledger.flows()
    sheet: Any = ledger.balance_sheet()
    assert not flows["sum"].any()
    assert not flows.sum(axis=0).any()
    assert not sheet.sum(axis=0).any()
    assert int(sheet.loc["money", "sum"]) == 0
    for instrument in INSTRUMENTS[1:]:
        assert int(sheet.loc[f"{instrument}, claims", "sum"] + sheet.loc[f"{instrument}, debts", "sum"]) == 0
    assert list(flows.columns) == [*SECTORS, "sum"]


POSTING = st.tuples(
    st.sampled_from(POSTINGS),
    st.sampled_from(["one", "two", "three"]),
    st.sampled_from(list(Sector)),
    st.sampled_from(list(Sector)),
    st.integers(0, 10**15),
    st.sampled_from(CLAIMS),
)


@settings(max_examples=150, deadline=None)
@given(postings=st.lists(POSTING, max_size=40))
def test_any_postings_keep_rows_and_columns_zero(postings: list[Any]) -> None:
    ledger = Ledger()
    ledger.open(Instrument.TRADE_CREDIT, Sector.FIRMS, Sector.FIRMS, 77)
    ledger.open(Instrument.FIRM_LOANS, Sector.LENDERS, Sector.FIRMS, 1234)
    for posting in postings:
        post(ledger, *posting)
        ledger.check()
    zero(ledger)


def test_pencil_books() -> None:
    ledger = Ledger()
    lenders, firms, people = Sector.LENDERS, Sector.FIRMS, Sector.BORROWERS
    ledger.open(Instrument.HOUSEHOLD_LOANS, lenders, people, 1000)
    ledger.lend("loans", lenders, people, 500, Instrument.HOUSEHOLD_LOANS)
    ledger.accrue("interest", people, lenders, 30, Instrument.HOUSEHOLD_LOANS)
    ledger.repay("repayments", people, lenders, 200, Instrument.HOUSEHOLD_LOANS)
    ledger.write_off("charge-offs", lenders, people, 130, Instrument.HOUSEHOLD_LOANS)
    ledger.pay("wages", firms, people, 400)
    sheet: Any = ledger.balance_sheet()
    # 1000 + 500 + 30 - 200 - 130
    assert (
        sheet.loc["household_loans, claims", "lenders"]
        == 1200
        == -sheet.loc["household_loans, debts", "borrowers"]
    )
    assert sheet.loc["money"].tolist()[:4] == [500 - 200 + 400, 0, -400, -500 + 200]
    # net worth stands with the opposite sign: loans 1200 against money 700
    assert sheet.loc["net worth", "borrowers"] == 500
    flows: Any = ledger.flows()
    assert flows.loc["wages", "borrowers"] == 400 == -flows.loc["wages", "firms"]
    assert flows.loc["charge-offs", "borrowers"] == 130 == -flows.loc["charge-offs", "lenders"]
    assert "loans" not in flows.index  # lending makes nobody richer
    zero(ledger)


@pytest.mark.parametrize("kind", POSTINGS)
def test_a_negative_amount_is_refused_and_nothing_moves(kind: str) -> None:
    ledger = Ledger()
    with pytest.raises(LedgerError, match="rent has the negative amount -1"):
        post(ledger, kind, "rent", Sector.FIRMS, Sector.OTHERS, -1, Instrument.TRADE_CREDIT)
    assert not ledger.claims.any() and not ledger.debts.any()


def test_one_fen_too_many_names_the_flow() -> None:
    ledger = Ledger()
    ledger.pay("wages", Sector.FIRMS, Sector.BORROWERS, 700)
    ledger.pay("taxes", Sector.FIRMS, Sector.GOVERNMENT, 100)
    held = {(Instrument.MONEY, Sector.BORROWERS): (700, 0), (Instrument.MONEY, Sector.FIRMS): (-800, 0)}
    ledger.check(held, "week 3")
    held[Instrument.MONEY, Sector.BORROWERS] = (701, 0)
    with pytest.raises(
        LedgerError, match=r"week 3: borrowers hold 701 fen of money.*700.*gap 1.*fault: wages"
    ):
        ledger.check(held, "week 3")
    # a whole flow that never reached the agents is told among several
    held[Instrument.MONEY, Sector.BORROWERS] = (700, 0)
    held[Instrument.MONEY, Sector.FIRMS] = (-700, 0)
    with pytest.raises(LedgerError, match=r"firms hold -700.*flow at fault: taxes$"):
        ledger.check(held, "week 3")


def test_a_fen_that_no_flow_moved_is_told() -> None:
    ledger = Ledger()
    ledger.pay("wages", Sector.FIRMS, Sector.BORROWERS, 700)
    ledger.close_phase()
    with pytest.raises(LedgerError, match="a flow that was not posted"):
        ledger.check({(Instrument.MONEY, Sector.BORROWERS): (699, 0)})


def test_claims_are_compared_besides_the_balance() -> None:
    # firms owe each other: claims and debts may both be wrong by the same amount
    ledger = Ledger()
    ledger.accrue("sales", Sector.FIRMS, Sector.FIRMS, 500, Instrument.TRADE_CREDIT)
    ledger.check({(Instrument.TRADE_CREDIT, Sector.FIRMS): (500, 500)})
    with pytest.raises(LedgerError, match="trade_credit"):
        ledger.check({(Instrument.TRADE_CREDIT, Sector.FIRMS): (501, 501)})


def test_tampered_books_are_told() -> None:
    ledger = Ledger()
    ledger.lend("loans", Sector.LENDERS, Sector.FIRMS, 10, Instrument.FIRM_LOANS)
    ledger.claims[Instrument.FIRM_LOANS, Sector.LENDERS] += 1
    with pytest.raises(LedgerError, match="claims and debts of firm_loans differ"):
        ledger.check()
    ledger.debts[Instrument.FIRM_LOANS, Sector.FIRMS] += 1
    with pytest.raises(LedgerError, match=r"net worth of .* moved without a flow"):
        ledger.check()


def test_amounts_far_beyond_an_economy_keep_the_last_fen() -> None:
    ledger = Ledger()
    ledger.pay("all", Sector.WORLD, Sector.FIRMS, np.int64(2**60))  # type: ignore[arg-type]
    ledger.pay("all", Sector.WORLD, Sector.FIRMS, 1)
    assert ledger.balance_sheet().loc["money", "firms"] == 2**60 + 1
