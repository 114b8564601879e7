"""Lenders: provisions, capital, lending standards and the credit lines of firms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.columns import I64, total
from sim.core.kernel import kernel
from sim.core.ledger import Sector
from sim.phases.channels import LENDER_TO_CREDIT
from sim.phases.learning import lender_modules
from sim.phases.warning import early_warning

if TYPE_CHECKING:
    from sim.phases.state import State

#: Weeks over which recovery is averaged (assumption: half a year).
RECOVERY_WEEKS = 26
#: Share of capital above target that is paid out a week (assumption).
PAYOUT = 0.1


@kernel
def books_by_stage(a, by_stage, arrears):  # type: ignore[no-untyped-def]
    """Balances on the books into ``by_stage[lender, stage]`` and arrears into ``arrears[lender]``, fen."""
    for k in range(a.balance.shape[0]):
        if not a.charged_off[k]:
            by_stage[a.lender[k], a.stage[k]] += a.balance[k]
            arrears[a.lender[k]] += a.arrears[k]


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


def exposures(state: State) -> I64:
    """What each lender needs capital for: household loans and firms' lines, drawn or not, fen."""
    f, lenders = state.firms, state.lenders
    lines: I64 = np.zeros(len(lenders.money), np.int64)
    _lines_by_bank(f.bank, f.alive, f.line, f.drawn, lines)
    return lenders.household_loans + lines


@kernel
def _lines_by_bank(bank, alive, line, drawn, lines):  # type: ignore[no-untyped-def]
    for i in range(bank.shape[0]):
        if alive[i]:
            lines[bank[i]] += max(line[i], drawn[i])


def _provisions(state: State) -> tuple[I64, I64]:
    by_stage: I64 = np.zeros((len(state.lenders.money), 5), np.int64)
    arrears: I64 = np.zeros(len(state.lenders.money), np.int64)
    books_by_stage(state.accounts, by_stage, arrears)
    return by_stage, arrears


def _costs_and_dividends(state: State) -> None:
    """Operating costs, and capital above the target, go to the owners' sector."""
    n, lenders, ledger = state.world.lenders, state.lenders, state.ledger
    loans = lenders.household_loans + lenders.firm_loans
    costs = (loans * (n.operating_cost.value / 52)).astype(np.int64)
    lenders.money[:] -= costs
    ledger.pay("bank_costs", Sector.LENDERS, Sector.OTHERS, total(costs))
    lenders.capital[:] = lenders.money + loans - lenders.provisions
    needed = (n.capital_ratio.value * exposures(state)).astype(np.int64)
    excess = np.maximum(0, lenders.capital - needed)
    payout = (excess * PAYOUT).astype(np.int64)
    lenders.money[:] -= payout
    lenders.capital[:] -= payout
    ledger.pay("bank_dividends", Sector.LENDERS, Sector.OTHERS, total(payout))
    state.macro.others += total(costs) + total(payout)


def _standards(state: State, arrears: I64) -> None:
    """Standards follow capital against its target and recovery against its usual level."""
    n, lenders = state.world.lenders, state.lenders
    seen = np.divide(state.late_repaid, arrears, out=lenders.recovery.copy(), where=arrears > 0)
    smoothed = lenders.recovery + (seen - lenders.recovery) / RECOVERY_WEEKS
    lenders.recovery[:] = np.where(lenders.recovery == 0, seen, smoothed)
    if state.week >= 0:  # an own portfolio has no recovery before its first week
        unknown = lenders.normal_recovery == 0
        lenders.normal_recovery[unknown] = lenders.recovery[unknown]
    if not state.spec.channels.lender_to_credit:
        return
    capital = np.maximum(0.0, lenders.capital / np.maximum(1, exposures(state)) / n.capital_ratio.value)
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


def credit(state: State) -> None:
    """Lenders' books, standards and the lines of firms for next week."""
    n, lenders = state.world.lenders, state.lenders
    by_stage, arrears = _provisions(state)
    rates = np.array([0.0, n.provision_early.value, n.provision_middle.value, n.provision_late.value, 0.0])
    lenders.provisions[:] = (by_stage * rates).sum(axis=1).astype(np.int64)
    book = by_stage.sum(axis=1)
    np.divide(by_stage[:, 3], book, out=lenders.npl_ratio, where=book > 0)
    _costs_and_dividends(state)
    _standards(state, arrears)
    factor = state.credit_factor()
    lines_week(state.firms, state.firm_numbers, lenders.standard, lenders.normal_standard, factor)
    early_warning(state)
    _keep_records(state)
    state.week_sums["npl_balance"] = int(by_stage[:, 3].sum())
    state.week_sums["book"] = total(book)
