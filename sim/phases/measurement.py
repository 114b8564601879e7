"""Measurement: the figures of the week, and the sums of the measured window."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sim.agents.tables import NO_JOB
from sim.collection.names import VIOLATION_KINDS
from sim.core.columns import F32, I16, I32, I64, U8, Bool, some_of
from sim.core.kernel import kernel
from sim.phases.debt_record import close_record
from sim.phases.market import market_figures
from sim.phases.roll_rates import record_rolls
from sim.phases.sampling import record_samples

if TYPE_CHECKING:
    from sim.phases.state import State


class Loans(NamedTuple):
    """The columns of accounts that the week's figures are made of."""

    balance: I64
    days_past_due: I16
    charged_off: Bool
    stage: U8
    dispute_open: Bool


class People(NamedTuple):
    """The columns of borrowers that the week's figures are made of."""

    wage: I64
    employer: I32
    days_past_due: I16
    stress: F32
    trust: F32


@kernel
def loan_books(a):  # type: ignore[no-untyped-def]
    """Loan books: (accounts with a balance, of these late, balances, of these late, 30 days late; accounts
    in arrears, charged-off ones included, of these with an open dispute, their balances), fen."""
    accounts, late, placed, disputed = 0, 0, 0, 0
    book, book_late, book_30, book_placed = 0, 0, 0, 0
    late_30 = 0
    for k in range(a.balance.shape[0]):
        owed = a.balance[k]
        if owed == 0:
            continue
        if a.stage[k] > 0:
            placed += 1
            disputed += a.dispute_open[k]
            book_placed += owed
        if a.charged_off[k]:
            continue
        accounts += 1
        book += owed
        if a.days_past_due[k] > 0:
            late += 1
            book_late += owed
        if a.days_past_due[k] > 30:
            late_30 += 1
            book_30 += owed
    return accounts, late, late_30, book, book_late, book_30, placed, disputed, book_placed


@kernel
def trade_books(not_due, overdue, disputed, sales):  # type: ignore[no-untyped-def]
    """Trade debts: (all, of these overdue or disputed), and sales of the week, fen."""
    owed, late, sold = 0, 0, 0
    for e in range(overdue.shape[0]):
        late += overdue[e] + disputed[e]
        owed += not_due[e] + overdue[e] + disputed[e]
    for j in range(sales.shape[0]):
        sold += sales[j]
    return owed, late, sold


@kernel
def people_week(b):  # type: ignore[no-untyped-def]
    """Borrowers with a wage: (how many, at work, stress in sum, over 180 days late, their stress in sum,
    trust in sum)."""
    people, working, long_late = 0, 0, 0
    stress, long_stress, trust = 0.0, 0.0, 0.0
    for i in range(b.wage.shape[0]):
        if b.wage[i] == 0:
            continue
        people += 1
        stress += b.stress[i]
        trust += b.trust[i]
        if b.employer[i] != NO_JOB:
            working += 1
        if b.days_past_due[i] > 180:
            long_late += 1
            long_stress += b.stress[i]
    return people, working, stress, long_late, long_stress, trust


def _share(part: float, whole: float) -> float | None:
    return float(part) / float(whole) if whole else None


def _figures(state: State) -> dict[str, float | int | None]:
    f, k = state.firms, state.links
    accounts, late, late_30, book, book_late, book_30, placed, disputed, book_placed = loan_books(
        some_of(state.accounts, Loans)
    )
    people, working, stress, long_late, long_stress, trust = people_week(some_of(state.borrowers, People))
    owed, overdue, sales = trade_books(k.not_due, k.overdue, k.disputed, f.sales)
    return {
        "week": state.week,
        "accounts": accounts,
        "consumer_overdue_rate": _share(book_late, book),
        "consumer_overdue_30_rate": _share(book_30, book),
        "open_disputes": _share(disputed, placed),
        "late_accounts_share": _share(late, accounts),
        "late_accounts_30_share": _share(late_30, accounts),
        "npl_ratio": _share(state.week_sums.get("npl_balance", 0), state.week_sums.get("book", 0)),
        "trade_overdue_share": _share(overdue, owed),
        "overdue_share_all": _share(overdue + book_late, owed + book),
        "receivable_days": _share(7 * owed, sales),
        "output": sales,
        "failures": state.week_sums.get("failures", 0),
        "employment": _share(working, people),
        "stress_mean": _share(stress, people),
        "trust_mean": _share(trust, people),
        "long_late": long_late,
        "long_late_stress": _share(long_stress, long_late),
        **market_figures(state),
        "complaints_expected": state.week_sums.get("complaint_billionths", 0) / 1e9,
        "placed_balance": book_placed,
        "regulator_stance": state.stance,
        "predicted_risk": _share(
            state.week_sums.get("risk_millionths", 0) / 1e6, state.week_sums.get("risk_accounts", 0)
        ),
        "lending_standard": float(state.lenders.standard.mean()),
        "world_net_lending": state.macro.world,
    }


#: Sums of a week that become columns of the weekly series, zero where nothing was counted.
WEEKLY_SUMS = (
    "recovered_late",
    "charge_offs",
    "new_credit",
    "displaced_payments",
    "essentials_missed",
    "promises_due",
    "promises_kept",
    "attempts",
    "worked",
    "contacted",
    "plans",
    "settlements_agreed",
    "settlements_due",
    "settlements_kept",
    "settlement_paid",
    "settlement_forgiven",
    "traces",
    "found",
    "disputes",
    "complaints",
    "digital",
    "violations",
    "violations_found",
    "fines",
    "misuse_fines",
    *(f"violations_{kind}" for kind in VIOLATION_KINDS),
    "suspended",
    "breathing_spaces",
    "numbers_blocked",
    "moved",
    "data_breaches",
    "breached_borrowers",
    "collection_cost",
    "labour_cost",
    "idle_wages",
    "collection_fees",
    "debts_sold",
    "debt_sale_price",
    "recovered_by_buyers",
    "recovered_in_house",
    "recovered_agency",
    "recovered_debt_buyer",
    "cost_in_house",
    "cost_agency",
    "cost_debt_buyer",
    "digital_spend",
    "traditional_spend",
    "modules_bought",
    "adoption_subsidies",
    "training_costs",
    "profit_taxes",
    "laid_off",
    "bad_trade_debt",
    "trade_written_off",
    "trade_collected",
    "receivables_worked",
    "reminded_before_due",
    "refused",
    "spared",
)


def measurement(state: State) -> None:
    """Close the week: one row of figures, and samples for those who learn."""
    row, sums = _figures(state), state.week_sums
    row.update((name, sums.get(name, 0)) for name in WEEKLY_SUMS)
    state.last_row = row
    if state.week >= 0:
        state.series.append(row)
    if state.accounts_active:
        record_samples(state)
        close_record(state)
        record_rolls(state)
