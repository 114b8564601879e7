"""Features of accounts: what their lender knows, and what each bought source of data adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.columns import F32, F64, I32, I64
from sim.core.kernel import kernel
from sim.core.rng import normal, uniforms
from sim.spec.rules import DATA_SOURCES

if TYPE_CHECKING:
    from sim.phases.state import State

#: What the lender and its collector know of an account by themselves.
OWN = (
    "days_past_due", "arrears_over_instalment", "used", "paid_over_loan", "instalments_left",
    "broken_promises", "weeks_since_payment", "weeks_since_contact", "attempts", "on_plan", "plans",
    "late_spells", "revolving", "age_group", "has_app",
)  # fmt: skip
#: What each source adds: other debts, reach, liquid money over wage, income over wage.
OF_SOURCE = {
    "bureau": ("worst_elsewhere", "spells_elsewhere", "accounts"),
    "telecom": ("reach", "digital"),
    "shopping": ("liquidity",),
    "wallet": ("income",),
}
NAMES = (*OWN, *(name for source in DATA_SOURCES for name in OF_SOURCE[source]))
#: Weeks for which the noise of a source stays the same.
NOISE_WEEKS = 13
_LONG = 52


def columns_of(sources: tuple[str, ...]) -> I64:
    """Columns of the table of features that an operator with these sources has."""
    names = (*OWN, *(name for source in sources for name in OF_SOURCE[source]))
    return np.array([NAMES.index(name) for name in names], np.int64)


@kernel
def _noise(key, period, rows, out):  # type: ignore[no-untyped-def]
    """Four standard normal numbers for each borrower and period."""
    for r in range(rows.shape[0]):
        for draw in range(2):
            a, b, c, d = uniforms(key, period, rows[r], draw)
            out[r, 2 * draw] = normal(a, b)
            out[r, 2 * draw + 1] = normal(c, d)


def features(state: State, k: I32) -> F32:
    """The table of features of the accounts in rows ``k``: observable columns, all sources included.

    Bought signals are what the source could see with noise (``prediction.*_noise``) that stays the
    same for a quarter; nothing hidden is among them but through those signals.
    """
    a, b, clock = state.accounts, state.borrowers, state.clock
    i = a.borrower[k]
    instalment = np.maximum(1, a.instalment[k])
    wage = np.maximum(1, b.wage[i])
    noise: F64 = np.zeros((len(k), 4))
    _noise(state.key("prediction.noise"), clock // NOISE_WEEKS, i, noise)
    n = state.world.prediction
    worst, spells = _elsewhere(state, k)
    values: dict[str, object] = {
        "days_past_due": np.minimum(a.days_past_due[k], 400),
        "arrears_over_instalment": a.arrears[k] / instalment,
        "used": a.balance[k] / np.maximum(1, np.maximum(a.limit[k], a.principal[k])),
        "paid_over_loan": np.minimum(a.cumulative_paid[k] / np.maximum(1, a.principal[k]), 20),
        "instalments_left": np.minimum(a.balance[k] / instalment, 100),
        "broken_promises": a.broken_promises[k],
        "weeks_since_payment": np.minimum(clock - a.last_payment_week[k], _LONG),
        "weeks_since_contact": np.minimum(clock - a.last_contact_week[k], _LONG),
        "attempts": np.minimum(a.attempts[k], 200),
        "on_plan": a.plan_left[k] > 0,
        "plans": a.plan_week[k] >= 0,
        "late_spells": a.late_spells[k],
        "revolving": a.product[k],
        "age_group": b.age_group[i],
        "has_app": b.digital_reach[i] > 0,
        "worst_elsewhere": worst,
        "spells_elsewhere": spells,
        "accounts": b.accounts[i],
        "reach": b.phone_reach[i] + n.telecom_noise.value * noise[:, 0],
        "digital": b.digital_reach[i] + n.telecom_noise.value * noise[:, 1],
        "liquidity": np.log1p(b.cash[i] / wage) + n.shopping_noise.value * noise[:, 2],
        "income": b.income[i] / wage + n.wallet_noise.value * noise[:, 3],
    }
    return np.stack([np.asarray(values[name], np.float32) for name in NAMES], axis=1)


def _elsewhere(state: State, k: I32) -> tuple[I64, I64]:
    """Of the borrower's other accounts: the worst lateness (days), and how often they fell into arrears."""
    a, b = state.accounts, state.borrowers
    i = a.borrower[k]
    worst: I64 = np.zeros(len(k), np.int64)
    spells: I64 = np.zeros(len(k), np.int64)
    for step in range(int(b.accounts.max(initial=0))):
        other = np.minimum(b.first_account[i] + step, len(a.balance) - 1)
        valid = (step < b.accounts[i]) & (other != k)
        np.maximum(worst, np.where(valid, a.days_past_due[other], 0), out=worst)
        spells += np.where(valid, a.late_spells[other], 0)
    return np.minimum(worst, 400), spells
