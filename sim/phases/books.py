"""What agents hold and owe, compared with the ledger after each phase that moves money."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.columns import I64, Bool
from sim.core.kernel import kernel, kernel_step
from sim.core.ledger import Instrument, Sector, unbalanced

if TYPE_CHECKING:
    from sim.phases.state import State

#: Who holds and owes what, in the order of :func:`positions`.
POSITIONS = (
    *((Instrument.MONEY, sector) for sector in Sector),
    (Instrument.HOUSEHOLD_LOANS, Sector.BORROWERS),
    (Instrument.HOUSEHOLD_LOANS, Sector.LENDERS),
    (Instrument.FIRM_LOANS, Sector.FIRMS),
    (Instrument.FIRM_LOANS, Sector.LENDERS),
    (Instrument.TRADE_CREDIT, Sector.FIRMS),
    (Instrument.TRADE_CREDIT, Sector.GOVERNMENT),
)


_PLACES: I64 = np.array(POSITIONS, np.int64)


class Held(NamedTuple):
    """Columns of money and debts, fen."""

    borrowers_cash: I64
    balance: I64
    charged_off: Bool
    firms_cash: I64
    drawn: I64
    not_due: I64
    overdue: I64
    disputed: I64
    advanced: I64
    lenders_money: I64
    household_loans: I64
    firm_loans: I64
    collectors_money: I64


@kernel_step
def _sum(column):  # type: ignore[no-untyped-def]
    total = np.int64(0)
    for row in range(column.shape[0]):
        total += column[row]
    return total


@kernel
def held(h, others, government, world, found):  # type: ignore[no-untyped-def]
    """Claims and debts of every sector as agents have them, fen, into ``found``: rows as ``POSITIONS``."""
    found[:] = 0
    found[0, 0] = _sum(h.borrowers_cash)
    found[1, 0] = others
    found[2, 0] = _sum(h.firms_cash)
    found[3, 0] = _sum(h.lenders_money)
    found[4, 0] = _sum(h.collectors_money)
    found[5, 0] = government
    found[6, 0] = world
    on_books = np.int64(0)
    for x in range(h.balance.shape[0]):
        on_books += 0 if h.charged_off[x] else h.balance[x]
    found[7, 1] = on_books
    found[8, 0] = _sum(h.household_loans)
    found[9, 1] = _sum(h.drawn)
    found[10, 0] = _sum(h.firm_loans)
    found[12, 0] = _sum(h.advanced)  # what a public facility advanced is owed to it
    found[11, 1] = _sum(h.not_due) + _sum(h.overdue) + _sum(h.disputed)
    found[11, 0] = found[11, 1] - found[12, 0]


@kernel
def in_order(h, others, government, world, places, found, claims, debts, opening, income):  # type: ignore[no-untyped-def]
    """Whether books balance and agree with what agents hold; the latter goes into ``found``."""
    held(h, others, government, world, found)
    good = unbalanced(claims, debts, opening, income) < 0
    for n in range(places.shape[0]):
        i, s = places[n, 0], places[n, 1]
        good &= found[n, 0] - found[n, 1] == claims[i, s] - debts[i, s]
        good &= i == Instrument.MONEY or found[n, 0] == claims[i, s]
    return good


def _holdings(state: State) -> tuple[Held, int, int, int]:
    b, a, f, k, n = state.borrowers, state.accounts, state.firms, state.links, state.lenders
    columns = Held(
        b.cash, a.balance, a.charged_off, f.cash, f.drawn, k.not_due, k.overdue, k.disputed, k.advanced,
        n.money, n.household_loans, n.firm_loans, state.collectors.money,
    )  # fmt: skip
    return columns, state.macro.others, state.macro.government, state.macro.world


def positions(state: State) -> dict[tuple[Instrument, Sector], tuple[int, int]]:
    """Claims and debts of every sector as agents' columns have them, fen."""
    found = np.empty((len(POSITIONS), 2), np.int64)
    held(*_holdings(state), found)
    return {place: (claims, debts) for place, (claims, debts) in zip(POSITIONS, found.tolist(), strict=True)}


def open_books(state: State) -> None:
    """Enter the first positions; other households hold the money that balances all others."""
    p = positions(state)
    ledger = state.ledger
    money = {sector: p[Instrument.MONEY, sector][0] for sector in Sector}
    state.macro.others = -sum(amount for sector, amount in money.items() if sector is not Sector.OTHERS)
    money[Sector.OTHERS] = state.macro.others
    for sector, amount in money.items():
        ledger.claims[Instrument.MONEY, sector] = amount
    ledger.open(
        Instrument.HOUSEHOLD_LOANS, Sector.LENDERS, Sector.BORROWERS,
        p[Instrument.HOUSEHOLD_LOANS, Sector.LENDERS][0],
    )  # fmt: skip
    ledger.open(
        Instrument.FIRM_LOANS, Sector.LENDERS, Sector.FIRMS, p[Instrument.FIRM_LOANS, Sector.LENDERS][0]
    )
    trade = p[Instrument.TRADE_CREDIT, Sector.FIRMS][0]
    ledger.open(Instrument.TRADE_CREDIT, Sector.FIRMS, Sector.FIRMS, trade)
    check(state, "start")


def check(state: State, phase: str) -> None:
    """Raise :class:`sim.core.errors.LedgerError` unless books and agents agree to the fen."""
    found = np.empty((len(POSITIONS), 2), np.int64)
    if not in_order(*_holdings(state), _PLACES, found, *state.ledger.books()):
        state.ledger.check(positions(state), where=f"week {state.week}, {phase}")
    state.ledger.close_phase()
