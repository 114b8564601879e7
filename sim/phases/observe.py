"""What a collector sees of accounts, and what the model alone knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.collection import Cases, Latent
from sim.core.columns import F32, I32, Bool

if TYPE_CHECKING:
    from sim.phases.state import State

#: Most weeks since contact that a collector remembers.
NEVER = 999


def risk_score(state: State, k: I32) -> F32:
    """Observable chance of not paying: lateness, broken promises, silence, utilisation (assumption)."""
    a = state.accounts
    silent = np.minimum(state.clock - a.last_payment_week[k], 26) / 26
    used = a.balance[k] / np.maximum(1, np.maximum(a.limit[k], a.principal[k]))
    score = (
        0.10
        + 0.35 * np.minimum(a.days_past_due[k], 180) / 180
        + 0.10 * np.minimum(a.broken_promises[k], 3)
        + 0.20 * silent
        + 0.05 * np.minimum(used, 1)
    )
    return np.clip(score, 0.0, 1.0).astype(np.float32)


def observe(state: State, k: I32) -> Cases:
    """What a collector sees of the accounts in rows ``k``."""
    a, b, clock = state.accounts, state.borrowers, state.clock
    i = a.borrower[k]
    return Cases(
        account=k,
        balance=a.balance[k],
        arrears=a.arrears[k],
        days_past_due=a.days_past_due[k],
        stage=a.stage[k],
        product=a.product[k],
        lender=a.lender[k],
        age_group=b.age_group[i],
        has_app=b.digital_reach[i] > 0,
        weeks_since_contact=np.minimum(clock - a.last_contact_week[k], NEVER).astype(np.int16),
        attempts_made=a.attempts[k],
        broken_promises=a.broken_promises[k],
        promise_open=a.promise_week[k] >= 0,
        on_plan=a.plan_left[k] > 0,
        dispute_open=a.dispute_open[k],
        risk=risk_score(state, k),
        weeks_since_payment=np.minimum(clock - a.last_payment_week[k], NEVER).astype(np.int16),
    )


def _grounds(state: State, k: I32) -> Bool:
    """Grounds that a borrower would raise: those that a shared record does not settle."""
    a, covered = state.accounts, state.ledger_accounts
    return (
        a.dispute_ground[k] & ~(a.dispute_factual & covered)[k]
        if covered is not None
        else a.dispute_ground[k]
    )


def latent(state: State, k: I32) -> Latent:
    """What the model alone knows of the same accounts."""
    a, b = state.accounts, state.borrowers
    i = a.borrower[k]
    comfort = (state.household_numbers.comfort_weeks * b.wage[i]).astype(np.int64)
    meant = np.where(a.charged_off[k], np.minimum(a.instalment[k], a.balance[k]), a.arrears[k])
    able = b.cash[i] - comfort >= meant
    return Latent(
        phone_reach=b.phone_reach[i],
        digital_reach=b.digital_reach[i],
        hiding=b.hiding[i],
        reluctant=b.reluctant[i],
        forgot=a.forgot[k],
        able=able,
        short=~able,
        dispute_ground=_grounds(state, k),
        stress=b.stress[i],
        distrust=np.float32(state.household_numbers.trust_start) - b.trust[i],
    )
