"""What agents hold and owe, compared with the ledger after each phase that moves money."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.columns import I64, Bool
from sim.core.kernel import kernel
from sim.core.ledger import Instrument, Sector

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


class Held(NamedTuple):
    """Columns of money and debts, fen; the order of the sums of :func:`held`."""

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


@kernel
def held(h, sums):  # type: ignore[no-untyped-def]
    """Sums of what agents hold, fen: borrowers' cash, loans on the books, firms' cash and drawn lines,
    trade debts, the part of them that a public facility advanced, lenders' money and their loans to
    households and firms, collectors' money."""
    sums[:] = 0
    for i in range(h.borrowers_cash.shape[0]):
        sums[0] += h.borrowers_cash[i]
    for x in range(h.balance.shape[0]):
        if not h.charged_off[x]:
            sums[1] += h.balance[x]
    for j in range(h.firms_cash.shape[0]):
        sums[2] += h.firms_cash[j]
        sums[3] += h.drawn[j]
    for e in range(h.not_due.shape[0]):
        sums[4] += h.not_due[e] + h.overdue[e] + h.disputed[e]
        sums[5] += h.advanced[e]
    for n in range(h.lenders_money.shape[0]):
        sums[6] += h.lenders_money[n]
        sums[7] += h.household_loans[n]
        sums[8] += h.firm_loans[n]
    for c in range(h.collectors_money.shape[0]):
        sums[9] += h.collectors_money[c]


def _sums(state: State) -> list[int]:
    b, a, f, k, n = state.borrowers, state.accounts, state.firms, state.links, state.lenders
    sums = np.empty(10, np.int64)
    columns = Held(
        b.cash, a.balance, a.charged_off, f.cash, f.drawn, k.not_due, k.overdue, k.disputed, k.advanced,
        n.money, n.household_loans, n.firm_loans, state.collectors.money,
    )  # fmt: skip
    held(columns, sums)
    return sums.tolist()


def positions(state: State) -> dict[tuple[Instrument, Sector], tuple[int, int]]:
    """Claims and debts of every sector as agents' columns have them, fen."""
    cash, on_books, firm_cash, drawn, trade, advanced, banks, households, lines, collectors = _sums(state)
    macro = state.macro
    return dict(zip(POSITIONS, (
        (cash, 0), (macro.others, 0), (firm_cash, 0), (banks, 0), (collectors, 0), (macro.government, 0),
        (macro.world, 0), (0, on_books), (households, 0), (0, drawn), (lines, 0),
        (trade - advanced, trade), (advanced, 0),
    ), strict=True))  # fmt: skip


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
    state.ledger.check(positions(state), where=f"week {state.week}, {phase}")
    state.ledger.close_phase()
