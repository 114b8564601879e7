"""What a collector sees of accounts, and what the model alone knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.collection import Cases, Latent
from sim.core.columns import F32, I32, Bool, blank
from sim.core.kernel import kernel, kernel_step

if TYPE_CHECKING:
    from sim.phases.state import State

#: Most weeks since contact that a collector remembers.
NEVER = 999


@kernel_step
def risk_of(clock, a, k):  # type: ignore[no-untyped-def]
    """Observable chance of not paying: lateness, broken promises, silence, utilisation (assumption)."""
    silent = min(clock - a.last_payment_week[k], 26) / 26
    used = a.balance[k] / max(np.int64(1), max(a.limit[k], a.principal[k]))
    score = (
        0.10
        + 0.35 * min(a.days_past_due[k], 180) / 180
        + 0.10 * min(a.broken_promises[k], 3)
        + 0.20 * silent
        + 0.05 * min(used, 1.0)
    )
    return np.float32(min(max(score, 0.0), 1.0))


@kernel
def _risks(clock, a, k, risk):  # type: ignore[no-untyped-def]
    for case in range(k.shape[0]):
        risk[case] = risk_of(clock, a, k[case])


def risk_score(state: State, k: I32) -> F32:
    """:func:`risk_of` for the accounts in rows ``k``."""
    risk = np.empty(len(k), np.float32)
    _risks(state.clock, state.accounts, k, risk)
    return risk


@kernel
def _see(clock, a, b, k, seen):  # type: ignore[no-untyped-def]
    """Fill the observable columns of the accounts in rows ``k``."""
    for case in range(k.shape[0]):
        x = k[case]
        i = a.borrower[x]
        seen.account[case] = x
        seen.balance[case] = a.balance[x]
        seen.arrears[case] = a.arrears[x]
        seen.days_past_due[case] = a.days_past_due[x]
        seen.stage[case] = a.stage[x]
        seen.product[case] = a.product[x]
        seen.lender[case] = a.lender[x]
        seen.age_group[case] = b.age_group[i]
        seen.has_app[case] = b.digital_reach[i] > 0
        seen.weeks_since_contact[case] = min(clock - a.last_contact_week[x], NEVER)
        seen.attempts_made[case] = a.attempts[x]
        seen.broken_promises[case] = a.broken_promises[x]
        seen.promise_open[case] = a.promise_week[x] >= 0 or a.settlement_amount[x] > 0
        seen.on_plan[case] = a.plan_left[x] > 0
        seen.dispute_open[case] = a.dispute_open[x]
        seen.risk[case] = risk_of(clock, a, x)
        seen.weeks_since_payment[case] = min(clock - a.last_payment_week[x], NEVER)


def observe(state: State, k: I32) -> Cases:
    """What a collector sees of the accounts in rows ``k``."""
    seen = blank(Cases, len(k))
    _see(state.clock, state.accounts, state.borrowers, k, seen)
    return seen


@kernel
def _know(clock, a, b, p, k, covered, known):  # type: ignore[no-untyped-def]
    """Fill the latent columns of the accounts in rows ``k``.

    Grounds of a dispute are those that a shared record (``covered``; empty: none) does not settle.
    """
    start = np.float32(p.trust_start)
    for case in range(k.shape[0]):
        x = k[case]
        i = a.borrower[x]
        meant = min(a.instalment[x], a.balance[x]) if a.charged_off[x] else a.arrears[x]
        liquid = b.cash[i] - np.int64(p.comfort_weeks * b.wage[i])
        family = np.int64(p.family_support_weeks * b.wage[i]) if b.family_week[i] <= clock else np.int64(0)
        known.phone_reach[case] = b.phone_reach[i]
        known.digital_reach[case] = b.digital_reach[i]
        known.hiding[case] = b.hiding[i]
        known.reluctant[case] = b.reluctant[i]
        known.forgot[case] = a.forgot[x]
        known.able[case] = liquid >= meant
        known.short[case] = liquid < meant
        known.liquid[case] = max(np.int64(0), liquid) + family
        settled = covered.shape[0] > 0 and covered[x] and a.dispute_factual[x]
        known.dispute_ground[case] = a.dispute_ground[x] and not settled
        known.stress[case] = b.stress[i]
        known.distrust[case] = start - b.trust[i]


_NOBODY: Bool = np.empty(0, np.bool_)


def latent(state: State, k: I32) -> Latent:
    """What the model alone knows of the same accounts."""
    known = blank(Latent, len(k))
    covered = _NOBODY if state.ledger_accounts is None else state.ledger_accounts
    _know(state.clock, state.accounts, state.borrowers, state.household_numbers, k, covered, known)
    return known
