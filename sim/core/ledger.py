"""One double-entry ledger in whole fen for the whole economy.

Each posting names a flow, who pays and who receives. Claims are instruments with a creditor and a
debtor sector. Two matrices follow (Godley and Lavoie, "Monetary Economics", 2007): the
balance sheet, whose instrument rows sum to zero, and the transaction-flow matrix, whose rows and
columns sum to zero. :meth:`Ledger.check` compares the books with what agents really hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum

import numpy as np
import pandas as pd

from sim.core.columns import I64
from sim.core.errors import LedgerError
from sim.core.kernel import kernel


class Sector(IntEnum):
    """Who can hold money and owe debts."""

    BORROWERS = 0
    OTHERS = 1  #: other households: owners, savers, workers outside the sample; run the consumer market
    FIRMS = 2
    LENDERS = 3
    COLLECTORS = 4
    GOVERNMENT = 5
    WORLD = 6


class Instrument(IntEnum):
    """What can be held: money is a signed position, the others have a creditor and a debtor."""

    MONEY = 0
    HOUSEHOLD_LOANS = 1
    FIRM_LOANS = 2
    TRADE_CREDIT = 3


SECTORS = tuple(sector.name.lower() for sector in Sector)
INSTRUMENTS = tuple(instrument.name.lower() for instrument in Instrument)

#: What agents hold and owe: (instrument, sector) -> (claims, debts) in fen.
Positions = Mapping[tuple[Instrument, Sector], tuple[int, int]]


@kernel
def unbalanced(claims, debts, opening, income):  # type: ignore[no-untyped-def]
    """The first instrument whose claims and debts differ; after the instruments, the first sector whose
    net worth moved by other than its income; -1 where all is in order."""
    instruments, sectors = claims.shape
    for i in range(instruments):
        gap = np.int64(0)
        for s in range(sectors):
            gap += claims[i, s] - debts[i, s]
        if gap != 0:
            return i
    for s in range(sectors):
        change = np.int64(0)
        for i in range(instruments):
            change += claims[i, s] - debts[i, s] - opening[i, s]
        if change != income[s]:
            return instruments + s
    return -1


class Ledger:
    """Books of all sectors; amounts are Python or numpy integers in fen.

    ``holdings``, where set, tells what agents hold and owe; :meth:`check` compares with it.
    """

    def __init__(self) -> None:
        self.holdings: Callable[[], Positions] | None = None
        self.claims: I64 = np.zeros((len(Instrument), len(Sector)), np.int64)
        self.debts: I64 = np.zeros((len(Instrument), len(Sector)), np.int64)
        self._opening: I64 = self.claims - self.debts
        self._flows: dict[str, list[int]] = {}  # whole numbers of Python: quicker one by one than an array's
        self._income_so_far: I64 = np.zeros(len(Sector), np.int64)
        self._phase: list[tuple[str, Instrument, Sector, int]] = []

    # -- postings ---------------------------------------------------------------------------
    def pay(self, flow: str, payer: Sector, payee: Sector, amount: int) -> None:
        """Money moves as income of ``payee``."""
        amount = self._amount(flow, amount)
        self._income(flow, payer, payee, amount)
        self._move(flow, Instrument.MONEY, payer, -amount)
        self._move(flow, Instrument.MONEY, payee, amount)

    def lend(self, flow: str, creditor: Sector, debtor: Sector, amount: int, claim: Instrument) -> None:
        """Money goes to ``debtor`` against a new claim; nobody grows richer."""
        amount = self._amount(flow, amount)
        self._move(flow, Instrument.MONEY, creditor, -amount)
        self._move(flow, Instrument.MONEY, debtor, amount)
        self._claim(flow, creditor, debtor, amount, claim)

    def repay(self, flow: str, debtor: Sector, creditor: Sector, amount: int, claim: Instrument) -> None:
        """Money goes back and the claim falls."""
        amount = self._amount(flow, amount)
        self._move(flow, Instrument.MONEY, debtor, -amount)
        self._move(flow, Instrument.MONEY, creditor, amount)
        self._claim(flow, creditor, debtor, -amount, claim)

    def accrue(self, flow: str, debtor: Sector, creditor: Sector, amount: int, claim: Instrument) -> None:
        """The creditor's claim grows as its income (a sale on credit, interest not yet paid)."""
        amount = self._amount(flow, amount)
        self._income(flow, debtor, creditor, amount)
        self._claim(flow, creditor, debtor, amount, claim)

    def write_off(self, flow: str, creditor: Sector, debtor: Sector, amount: int, claim: Instrument) -> None:
        """A claim is given up: the creditor's loss is the debtor's relief."""
        amount = self._amount(flow, amount)
        self._income(flow, creditor, debtor, amount)
        self._claim(flow, creditor, debtor, -amount, claim)

    def assign(self, flow: str, seller: Sector, buyer: Sector, amount: int, claim: Instrument) -> None:
        """A claim changes hands at its face value against money."""
        amount = self._amount(flow, amount)
        self._move(flow, Instrument.MONEY, buyer, -amount)
        self._move(flow, Instrument.MONEY, seller, amount)
        self.claims[claim, seller] -= amount
        self.claims[claim, buyer] += amount
        self._phase.append((flow, claim, buyer, amount))
        self._phase.append((flow, claim, seller, -amount))

    def open(self, claim: Instrument, creditor: Sector, debtor: Sector, amount: int) -> None:
        """A position that exists before the first week."""
        self.claims[claim, creditor] += amount
        self.debts[claim, debtor] += amount
        self._opening = self.claims - self.debts

    # -- books ------------------------------------------------------------------------------
    def copy(self) -> Ledger:
        """Independent books, without ``holdings``."""
        twin = Ledger()
        twin.claims, twin.debts, twin._opening = self.claims.copy(), self.debts.copy(), self._opening.copy()
        twin._flows = {name: row.copy() for name, row in self._flows.items()}
        twin._income_so_far = self._income_so_far.copy()
        twin._phase = list(self._phase)
        return twin

    def books(self) -> tuple[I64, I64, I64, I64]:
        """What :func:`unbalanced` asks for, themselves: claims, debts, net claims at the start, income."""
        return self.claims, self.debts, self._opening, self._income_so_far

    def check(self, positions: Positions | None = None, where: str = "check") -> None:
        """Raise :class:`LedgerError` unless books balance and agree with ``positions`` to the fen.

        Without ``positions`` those of ``holdings`` are taken, where set.
        """
        if positions is None and self.holdings is not None:
            positions = self.holdings()
        fault = int(unbalanced(*self.books()))
        if 0 <= fault < len(Instrument):
            raise LedgerError(f"{where}: claims and debts of {INSTRUMENTS[fault]} differ")
        if fault >= 0:
            raise LedgerError(
                f"{where}: net worth of {SECTORS[fault - len(Instrument)]} moved without a flow"
            )
        booked, owed = self.claims.tolist(), self.debts.tolist()
        for (instrument, sector), (claims, debts) in (positions or {}).items():
            due = booked[instrument][sector] - owed[instrument][sector]
            if claims - debts != due:
                self._fault(instrument, sector, int(claims) - int(debts), due, where)
            if instrument is not Instrument.MONEY and claims != booked[instrument][sector]:
                self._fault(instrument, sector, int(claims), booked[instrument][sector], where)

    def _fault(self, instrument: Instrument, sector: Sector, held: int, booked: int, where: str) -> None:
        """Name the flow whose amount explains the gap, else the flows of the phase."""
        touching = [(f, a) for f, i, s, a in self._phase if i is instrument and s is sector and a]
        gap = held - booked
        exact = [flow for flow, amount in touching if gap in (-amount, amount)]
        at_fault = exact or sorted({flow for flow, _ in touching}) or ["a flow that was not posted"]
        raise LedgerError(
            f"{where}: {sector.name.lower()} hold {held} fen of {instrument.name.lower()}, the books say "
            f"{booked} (gap {gap}); flow at fault: {', '.join(at_fault)}"
        )

    def close_phase(self) -> None:
        """Forget which flows belong to the phase that was just checked."""
        self._phase.clear()

    def balance_sheet(self) -> pd.DataFrame:
        """Balance-sheet matrix in fen: instruments by sector, assets +, debts -; every claim row pair
        sums to zero, and net worth (last row, with the opposite sign) closes each column."""
        rows: dict[str, I64 | list[int]] = {"money": self.claims[0] - self.debts[0]}
        for instrument in list(Instrument)[1:]:
            rows[f"{instrument.name.lower()}, claims"] = self.claims[instrument].copy()
            rows[f"{instrument.name.lower()}, debts"] = -self.debts[instrument]
        rows["net worth"] = -(self.claims - self.debts).sum(axis=0)
        return self._frame(rows)

    def flows(self) -> pd.DataFrame:
        """Transaction-flow matrix in fen since the start: income flows (+ received, - paid) and the
        change of each instrument (sources +, uses -). Rows and columns sum to zero."""
        rows: dict[str, I64 | list[int]] = dict(sorted(self._flows.items()))
        change = self.claims - self.debts - self._opening
        for instrument in Instrument:
            rows[f"change in {instrument.name.lower()}"] = -change[instrument]
        return self._frame(rows)

    @staticmethod
    def _frame(rows: Mapping[str, I64 | list[int]]) -> pd.DataFrame:
        frame = pd.DataFrame.from_dict(dict(rows), orient="index", columns=list(SECTORS))
        frame["sum"] = frame.sum(axis=1)
        return frame

    # -- helpers ----------------------------------------------------------------------------
    @staticmethod
    def _amount(flow: str, amount: int) -> int:
        if amount < 0:
            raise LedgerError(f"flow {flow} has the negative amount {amount}")
        return int(amount)

    def _move(self, flow: str, instrument: Instrument, sector: Sector, amount: int) -> None:
        if amount == 0:
            return
        self.claims[instrument, sector] += amount
        self._phase.append((flow, instrument, sector, amount))

    def _claim(self, flow: str, creditor: Sector, debtor: Sector, amount: int, claim: Instrument) -> None:
        if amount == 0:
            return
        self.claims[claim, creditor] += amount
        self.debts[claim, debtor] += amount
        self._phase.append((flow, claim, creditor, amount))
        if debtor is not creditor:
            self._phase.append((flow, claim, debtor, -amount))

    def _income(self, flow: str, payer: Sector, payee: Sector, amount: int) -> None:
        row = self._flows.get(flow)
        if row is None:
            row = self._flows[flow] = [0] * len(Sector)
        if amount == 0:
            return
        row[payer] -= amount
        row[payee] += amount
        self._income_so_far[payer] -= amount
        self._income_so_far[payee] += amount
