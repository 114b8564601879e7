"""What agents hold and owe, compared with the ledger after each phase that moves money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.kernel import kernel
from sim.core.ledger import Instrument, Sector

if TYPE_CHECKING:
    from sim.phases.state import State


@kernel
def held(b, a, f, k, sums):  # type: ignore[no-untyped-def]
    """Sums of what agents hold, fen: borrowers' cash, loans on the books, firms' cash and drawn lines,
    trade debts, and the part of them that a public facility advanced."""
    sums[:] = 0
    for i in range(b.cash.shape[0]):
        sums[0] += b.cash[i]
    for x in range(a.balance.shape[0]):
        if not a.charged_off[x]:
            sums[1] += a.balance[x]
    for j in range(f.cash.shape[0]):
        sums[2] += f.cash[j]
        sums[3] += f.drawn[j]
    for e in range(k.not_due.shape[0]):
        sums[4] += k.not_due[e] + k.overdue[e] + k.disputed[e]
        sums[5] += k.advanced[e]


def positions(state: State) -> dict[tuple[Instrument, Sector], tuple[int, int]]:
    """Claims and debts of every sector as agents' columns have them, fen."""
    lenders = state.lenders
    sums = np.zeros(6, np.int64)
    held(state.borrowers, state.accounts, state.firms, state.links, sums)
    cash, on_books, firm_cash, drawn, trade, advanced = sums.tolist()
    money, trade_credit = Instrument.MONEY, Instrument.TRADE_CREDIT
    household, lines = Instrument.HOUSEHOLD_LOANS, Instrument.FIRM_LOANS
    return {
        (money, Sector.BORROWERS): (cash, 0),
        (money, Sector.OTHERS): (state.macro.others, 0),
        (money, Sector.FIRMS): (firm_cash, 0),
        (money, Sector.LENDERS): (int(lenders.money.sum()), 0),
        (money, Sector.COLLECTORS): (int(state.collectors.money.sum()), 0),
        (money, Sector.GOVERNMENT): (state.macro.government, 0),
        (money, Sector.WORLD): (state.macro.world, 0),
        (household, Sector.BORROWERS): (0, on_books),
        (household, Sector.LENDERS): (int(lenders.household_loans.sum()), 0),
        (lines, Sector.FIRMS): (0, drawn),
        (lines, Sector.LENDERS): (int(lenders.firm_loans.sum()), 0),
        (trade_credit, Sector.FIRMS): (trade - advanced, trade),
        (trade_credit, Sector.GOVERNMENT): (advanced, 0),
    }


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
