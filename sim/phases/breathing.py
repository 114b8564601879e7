"""Breathing space: a borrower newly late may register and is left in peace for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.columns import I16, I32
from sim.core.kernel import kernel
from sim.core.rng import uniforms

if TYPE_CHECKING:
    from sim.phases.state import State

#: Days late beyond which a borrower seeks advice (assumption: when the debt leaves the early stage).
LATE_DAYS = 30
#: Weeks after the end of one moratorium before the next (assumption: a year).
PAUSE = 52


def lateness(state: State) -> I16 | None:
    """Borrowers' days past due before their week; None where no rule grants a breathing space."""
    granted = state.rules.breathing_space_days
    if granted is None or granted.value == 0:
        return None
    return state.borrowers.days_past_due.copy()


def register(state: State, before: I16 | None) -> None:
    """Borrowers who went beyond 30 days late this week may register.

    In whole weeks, so that the moratorium is never cut short; it runs its course even if the rule is
    withdrawn.
    """
    granted = state.rules.breathing_space_days
    if before is None or granted is None:
        return
    b, key = state.borrowers, state.key("households.breathing_space")
    uptake = state.world.households.breathing_space_uptake.value
    newly = (before <= LATE_DAYS) & (b.days_past_due > LATE_DAYS)
    had = (b.breathing_until > 0) & (state.clock - b.breathing_until < PAUSE)
    until = state.clock + 1 + -(-granted.value // 7)
    registered = 0
    for i in np.flatnonzero(newly & ~had):
        if uniforms(key, state.clock, int(i), 0)[0] < uptake:
            b.breathing_until[i] = until
            registered += 1
    state.week_sums["breathing_spaces"] = registered


def reachable(state: State, k: I32) -> I32:
    """Of the accounts in rows ``k`` those whose debtor may be contacted at all."""
    until = state.borrowers.breathing_until
    if not (until > state.clock).any():
        return k
    return np.asarray(k[until[state.accounts.borrower[k]] <= state.clock], np.int32)


@kernel
def _reachable_of(number, clock, collector, borrower, until, rows):  # type: ignore[no-untyped-def]
    """Rows of a collector's accounts whose debtor may be contacted, into ``rows``; returns how many."""
    count = 0
    for x in range(collector.shape[0]):
        if collector[x] == number and until[borrower[x]] <= clock:
            rows[count] = x
            count += 1
    return count


def reachable_of(state: State, number: int) -> I32:
    """Of the accounts that a collector has those whose debtor may be contacted at all."""
    a, until = state.accounts, state.borrowers.breathing_until
    rows: I32 = np.empty(len(a.collector), np.int32)
    return rows[: _reachable_of(number, state.clock, a.collector, a.borrower, until, rows)]
