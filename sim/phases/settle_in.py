"""From the burn-in to the measured weeks."""

from __future__ import annotations

import numpy as np

from sim.core.ledger import Sector
from sim.phases.books import check
from sim.phases.placements import freeze
from sim.phases.state import State
from sim.spec.portfolio import Portfolio

#: Weeks of wage that a borrower in arrears holds when an own portfolio starts (assumption, at median
#: ability; one standard deviation of ability multiplies it by e).
CASH_IN_ARREARS = 0.5
#: Columns of borrowers that count from the start of measurement.
COUNTED = (
    "essentials_missed", "blocks", "moved", "complaints", "breaches", "attempts_felt", "displaced",
    "paid_late", "collection_cost",
)  # fmt: skip


def begin_measurement(state: State, portfolio: Portfolio | None) -> None:
    """Clear the counters of the burn-in, let an own portfolio live, fix the common list."""
    if portfolio is not None:
        state.accounts_active = True
        _poor_in_arrears(state, portfolio)
        a = state.accounts
        a.last_payment_week[:] = state.clock - 4 - a.days_past_due // 7
        a.last_contact_week[:] = -1000
    for name, column in state.collectors._asdict().items():
        kept = (
            "money", "callers", "analysts", "social_pressure", "staff_lost", "suspended_until",
            "misuse_fined_until",
        )  # fmt: skip
        if name not in kept:
            column[:] = 0
    state.profit_seen[:] = 0
    for name in COUNTED:
        getattr(state.borrowers, name)[:] = 0
    state.lenders.normal_recovery[:] = state.lenders.recovery
    state.lenders.normal_standard[:] = state.lenders.standard
    state.events.clear()
    state.causes.clear()
    state.lender_losses.clear()
    state.newest_failure.clear()
    state.series.clear()
    state.debt_roots.clear()
    freeze(state)
    check(state, "start of measurement")


def _poor_in_arrears(state: State, portfolio: Portfolio) -> None:
    """Borrowers whose own history shows arrears have little cash; what they lose others hold."""
    b, a = state.borrowers, state.accounts
    late = np.zeros(len(b.cash), np.bool_)
    late[a.borrower[a.arrears > 0]] = True
    ability = np.zeros(len(b.cash))
    ability[: portfolio.borrowers] = portfolio.ability
    cash = np.minimum(b.cash, (CASH_IN_ARREARS * np.exp(ability) * b.wage).astype(np.int64))
    taken = int((b.cash - cash)[late].sum())
    b.cash[late] = cash[late]
    state.macro.others += taken
    state.ledger.pay("opening_positions", Sector.BORROWERS, Sector.OTHERS, taken)
