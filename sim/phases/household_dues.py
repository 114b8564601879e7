"""What an account owes: interest, the sum that paying means, what was obtained for other lenders."""

from __future__ import annotations

import numpy as np

from sim.core.kernel import kernel_step


@kernel_step
def accrue(i, k, clock, b, a, p, flows):  # type: ignore[no-untyped-def]
    """A month's interest is added to a balance that is on the lender's books, unless a rule stops it."""
    if clock < b.breathing_until[i] or a.days_past_due[k] > p.interest_freeze_days:
        return
    interest = np.int64(a.balance[k] * p.annual_rate / 12.0)
    a.balance[k] += interest
    flows.interest[a.lender[k]] += interest


@kernel_step
def wanted_now(k, a):  # type: ignore[no-untyped-def]
    """What paying means: all arrears; on a plan its instalment beside what falls due anew; after a
    charge-off an instalment."""
    if a.charged_off[k]:
        return min(a.plan_amount[k] if a.plan_left[k] > 0 else a.instalment[k], a.balance[k])
    if a.plan_left[k] > 0:
        return min(a.plan_amount[k] + a.instalment[k], a.arrears[k])
    return a.arrears[k]


@kernel_step
def collected_elsewhere(i, k, b, a):  # type: ignore[no-untyped-def]
    """What collectors lately obtained from a borrower for other lenders than that of account ``k``, fen."""
    total = np.int64(0)
    for other in range(b.first_account[i], b.first_account[i] + b.accounts[i]):
        if a.lender[other] != a.lender[k]:
            total += a.collected_recent[other]
    return total
