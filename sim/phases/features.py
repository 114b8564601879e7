"""Features of accounts: what their lender knows, and what each bought source of data adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.columns import F32, I32, I64
from sim.core.kernel import kernel, kernel_step
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


@kernel_step
def _elsewhere(x, i, a, b):  # type: ignore[no-untyped-def]
    """Of the borrower's other accounts: the worst lateness (days), and how often they fell into arrears."""
    worst, spells = 0, 0
    for other in range(b.first_account[i], b.first_account[i] + b.accounts[i]):
        if other != x:
            worst = max(worst, a.days_past_due[other])
            spells += a.late_spells[other]
    return min(worst, 400), spells


@kernel_step
def _own(x, i, clock, a, b, row):  # type: ignore[no-untyped-def]
    """What the lender and its collector know by themselves, in the order of ``OWN``."""
    instalment = max(np.int64(1), a.instalment[x])
    usual = max(np.int64(1), a.principal[x])
    row[0] = min(a.days_past_due[x], 400)
    row[1] = a.arrears[x] / instalment
    row[2] = a.balance[x] / max(usual, a.limit[x])
    row[3] = min(a.cumulative_paid[x] / usual, 20.0)
    row[4] = min(a.balance[x] / instalment, 100.0)
    row[5] = a.broken_promises[x]
    row[6] = min(clock - a.last_payment_week[x], _LONG)
    row[7] = min(clock - a.last_contact_week[x], _LONG)
    row[8] = min(a.attempts[x], 200)
    row[9] = a.plan_left[x] > 0
    row[10] = a.plan_week[x] >= 0
    row[11] = a.late_spells[x]
    row[12] = a.product[x]
    row[13] = b.age_group[i]
    row[14] = b.digital_reach[i] > 0


class _Noise(NamedTuple):
    """Standard deviations of what sources see, and the stream of the noise."""

    telecom: float
    shopping: float
    wallet: float
    key: np.uint64


@kernel
def _fill(clock, a, b, k, n, liquidity, table):  # type: ignore[no-untyped-def]
    """Fill the table of features; ``liquidity`` is the logarithm of its feature, without noise.

    Noise are four standard normal numbers for each borrower and quarter.
    """
    bought = len(OWN)
    for case in range(k.shape[0]):
        x = k[case]
        i = a.borrower[x]
        row = table[case]
        _own(x, i, clock, a, b, row)
        u, v, s, t = uniforms(n.key, clock // NOISE_WEEKS, i, 0)
        phone, digital = normal(u, v), normal(s, t)
        u, v, s, t = uniforms(n.key, clock // NOISE_WEEKS, i, 1)
        liquid, income = normal(u, v), normal(s, t)
        worst, spells = _elsewhere(x, i, a, b)
        row[bought] = worst
        row[bought + 1] = spells
        row[bought + 2] = b.accounts[i]
        row[bought + 3] = b.phone_reach[i] + n.telecom * phone
        row[bought + 4] = b.digital_reach[i] + n.telecom * digital
        row[bought + 5] = liquidity[case] + n.shopping * liquid
        row[bought + 6] = b.income[i] / max(np.int64(1), b.wage[i]) + n.wallet * income


def features(state: State, k: I32) -> F32:
    """The table of features of the accounts in rows ``k``: observable columns, all sources included.

    Bought signals are what the source could see with noise (``prediction.*_noise``) that stays the
    same for a quarter; nothing hidden is among them but through those signals.
    """
    b, n = state.borrowers, state.world.prediction
    i = state.accounts.borrower[k]
    table = np.empty((len(k), len(NAMES)), np.float32)
    noise = _Noise(
        n.telecom_noise.value, n.shopping_noise.value, n.wallet_noise.value, state.key("prediction.noise")
    )
    liquidity = np.log1p(b.cash[i] / np.maximum(1, b.wage[i]))
    _fill(state.clock, state.accounts, b, k, noise, liquidity, table)
    return table
