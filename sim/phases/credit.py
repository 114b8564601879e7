"""Lenders: provisions, capital, lending standards and the credit lines of firms."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.collection.names import LATE, STAGES
from sim.core.columns import F64, I16, I64, U8, Bool, some_of
from sim.core.kernel import kernel
from sim.core.ledger import Sector
from sim.core.remember import remembered
from sim.phases.channels import LENDER_TO_CREDIT
from sim.phases.learning import lender_modules
from sim.phases.warning import early_warning

if TYPE_CHECKING:
    from sim.phases.state import State
    from sim.spec.world import World

#: Weeks over which recovery is averaged (assumption: half a year).
RECOVERY_WEEKS = 26
#: Share of capital above target that is paid out a week (assumption).
PAYOUT = 0.1


class Loans(NamedTuple):
    """The columns of accounts that lenders' books are made of."""

    lender: I16
    stage: U8
    balance: I64
    arrears: I64
    charged_off: Bool


class Lines(NamedTuple):
    """The columns of firms' lines with their banks."""

    bank: I16
    alive: Bool
    line: I64
    drawn: I64


class Books(NamedTuple):
    """Lenders' books of the week, fen: balances by [lender, stage], arrears, and what needs capital
    (household loans and firms' lines, drawn or not), by lender."""

    by_stage: I64
    arrears: I64
    exposure: I64


class BankNumbers(NamedTuple):
    """Numbers of the world: provisions by stage, costs a week and capital, as shares of loans."""

    provisions: F64
    costs: float
    capital_ratio: float


class BankSums(NamedTuple):
    """Sums of all lenders, fen."""

    costs: int
    dividends: int
    bad: int
    book: int


@kernel
def add_lines(f, exposure):  # type: ignore[no-untyped-def]
    """Add firms' lines, drawn or not, to what each lender needs capital for, fen."""
    for i in range(f.bank.shape[0]):
        if f.alive[i]:
            exposure[f.bank[i]] += max(f.line[i], f.drawn[i])


def exposures(state: State) -> I64:
    """What each lender needs capital for: household loans and firms' lines, drawn or not, fen."""
    exposure = state.lenders.household_loans.copy()
    add_lines(some_of(state.firms, Lines), exposure)
    return exposure


@kernel
def books_week(a, f, household_loans, books):  # type: ignore[no-untyped-def]
    """Fill the books, which are zero."""
    for k in range(a.balance.shape[0]):
        if not a.charged_off[k]:
            books.by_stage[a.lender[k], a.stage[k]] += a.balance[k]
            books.arrears[a.lender[k]] += a.arrears[k]
    for n in range(household_loans.shape[0]):
        books.exposure[n] = household_loans[n]
    add_lines(f, books.exposure)


@kernel
def banks_week(a, f, lenders, p, late_repaid, measured, books):  # type: ignore[no-untyped-def]
    """Provisions and bad loans, operating costs, capital with what is paid out above its target, and
    recovery, averaged; returns :class:`BankSums`.

    ``measured``: an own portfolio has no recovery before its first week.
    """
    books_week(a, f, lenders.household_loans, books)
    bad, whole = np.int64(0), np.int64(0)
    costs, dividends = np.int64(0), np.int64(0)
    for n in range(lenders.money.shape[0]):
        provisions, book = 0.0, np.int64(0)
        for stage in range(p.provisions.shape[0]):
            provisions += books.by_stage[n, stage] * p.provisions[stage]
            book += books.by_stage[n, stage]
        lenders.provisions[n] = np.int64(provisions)
        if book > 0:
            lenders.npl_ratio[n] = books.by_stage[n, LATE] / book
        bad += books.by_stage[n, LATE]
        whole += book
        loans = lenders.household_loans[n] + lenders.firm_loans[n]
        cost = np.int64(loans * p.costs)
        capital = lenders.money[n] - cost + loans - lenders.provisions[n]
        excess = max(np.int64(0), capital - np.int64(p.capital_ratio * books.exposure[n]))
        payout = np.int64(excess * PAYOUT)
        lenders.money[n] -= cost + payout
        lenders.capital[n] = capital - payout
        costs += cost
        dividends += payout
        usual = lenders.recovery[n]
        seen = late_repaid[n] / books.arrears[n] if books.arrears[n] > 0 else usual
        lenders.recovery[n] = seen if usual == 0.0 else usual + (seen - usual) / RECOVERY_WEEKS
        if measured and lenders.normal_recovery[n] == 0.0:
            lenders.normal_recovery[n] = lenders.recovery[n]
    return costs, dividends, bad, whole


@kernel
def lines_week(f, p, standard, normal, factor):  # type: ignore[no-untyped-def]
    """Each living firm's credit line: some weeks of its hard costs, times its bank's standard (for a
    shielded firm at least the usual one)."""
    for i in range(f.cash.shape[0]):
        if f.alive[i]:
            usual = p.credit_line_weeks * f.hard_cost_share[i] * f.average_sales[i]
            part = standard[f.bank[i]]
            if f.shield[i] & LENDER_TO_CREDIT:
                part = max(part, normal[f.bank[i]])
            f.line[i] = np.int64(usual * part * factor)


def _standards(state: State, exposure: I64) -> None:
    """Standards follow capital against its target and recovery against its usual level."""
    n, lenders = state.world.lenders, state.lenders
    capital = np.maximum(0.0, lenders.capital / np.maximum(1, exposure) / n.capital_ratio.value)
    usual = lenders.normal_recovery
    recovery = np.divide(lenders.recovery, usual, out=np.ones(len(usual)), where=usual > 0)
    wanted = capital**n.standard_capital.value * np.maximum(0.01, recovery) ** n.standard_recovery.value
    wanted = np.clip(wanted, n.standard_floor.value, 1.0)
    lenders.standard[:] += n.standard_speed.value * (wanted - lenders.standard)


def _keep_records(state: State) -> None:
    """Lenders that keep the shared ledger pay for each record."""
    a, price = state.accounts, 100 * state.world.collection.ledger_record_cost.value / 52
    for lender in range(len(state.lenders.money)):
        if any(used.shared_record for used in lender_modules(state, lender)):
            paid = round(int(np.count_nonzero((a.lender == lender) & (a.balance > 0))) * price)
            state.lenders.money[lender] -= paid
            state.macro.others += paid
            state.ledger.pay("record_keeping", Sector.LENDERS, Sector.OTHERS, paid)


@remembered
def _numbers(world: World) -> BankNumbers:
    n = world.lenders
    provisions = [0.0, n.provision_early.value, n.provision_middle.value, n.provision_late.value, 0.0]
    return BankNumbers(np.array(provisions), n.operating_cost.value / 52, n.capital_ratio.value)


def credit(state: State) -> None:
    """Lenders' books, standards and the lines of firms for next week.

    Operating costs, and capital above the target, go to the owners' sector.
    """
    lenders, count = state.lenders, len(state.lenders.money)
    books = Books(np.zeros((count, len(STAGES)), np.int64), *np.zeros((2, count), np.int64))
    sums = BankSums(
        *banks_week(
            some_of(state.accounts, Loans), some_of(state.firms, Lines), lenders, _numbers(state.world),
            state.late_repaid, state.week >= 0, books,
        )
    )  # fmt: skip
    state.ledger.pay("bank_costs", Sector.LENDERS, Sector.OTHERS, sums.costs)
    state.ledger.pay("bank_dividends", Sector.LENDERS, Sector.OTHERS, sums.dividends)
    state.macro.others += sums.costs + sums.dividends
    if state.spec.channels.lender_to_credit:
        _standards(state, books.exposure)
    factor = state.credit_factor()
    lines_week(state.firms, state.firm_numbers, lenders.standard, lenders.normal_standard, factor)
    early_warning(state)
    _keep_records(state)
    state.week_sums["npl_balance"], state.week_sums["book"] = sums.bad, sums.book
