"""What an account owes: interest, the monthly due date, the sum that paying means, what others obtained."""

from __future__ import annotations

import numpy as np

from sim.core.kernel import kernel_step
from sim.core.rng import uniforms
from sim.phases.household_flows import T_CONSUMPTION, T_DUE

#: Decisions of an account (slot: account row), each its own draw.
DUE, PAY, RENEW, PART = 0, 1, 2, 3
#: What a borrower means to pay on an account.
NOTHING, ALL, NEW_DUE = 0, 1, 2


@kernel_step
def accrue(i, k, clock, b, a, p, flows):  # type: ignore[no-untyped-def]
    """A month's interest is added to a balance that is on the lender's books, unless a rule stops it."""
    if clock < b.breathing_until[i] or a.days_past_due[k] > p.interest_freeze_days:
        return
    interest = np.int64(a.balance[k] * p.annual_rate / 12.0)
    a.balance[k] += interest
    flows.interest[a.lender[k]] += interest


@kernel_step
def draw_card(k, a, p, standard, flows):  # type: ignore[no-untyped-def]
    """A revolving account in order is used up to its usual balance; sets the minimum payment.

    What is bought on the card is spent at once. Returns the purchases, fen.
    """
    bought = 0
    if a.arrears[k] == 0:
        room = np.int64(a.principal[k] * standard[a.lender[k]]) - a.balance[k]
        if a.refused[k]:
            room = np.int64(0)
        bought = max(np.int64(0), min(room, a.limit[k] - a.balance[k]))
        a.balance[k] += bought
        flows.lent[a.lender[k]] += bought
        a.instalment[k] = max(np.int64(1), np.int64(p.minimum_payment * a.balance[k]))
    return bought


@kernel_step
def fall_due(i, k, clock, b, a, p, standard, key, flows):  # type: ignore[no-untyped-def]
    """The monthly due date of one account. Returns what the borrower means to pay now: ``NOTHING``,
    ``ALL`` or, already late, only the ``NEW_DUE``."""
    warned = a.warned[k]
    a.warned[k] = False
    if a.charged_off[k]:
        return ALL if a.plan_left[k] > 0 else NOTHING
    accrue(i, k, clock, b, a, p, flows)
    if a.product[k] == 1:
        flows.totals[T_CONSUMPTION] += draw_card(k, a, p, standard, flows)
    due = min(a.instalment[k], a.balance[k] - a.arrears[k])
    already_late = a.arrears[k] > 0
    a.arrears[k] += max(np.int64(0), due)
    flows.totals[T_DUE] += 1
    if a.plan_left[k] > 0:
        return ALL
    u, v, w, _ = uniforms(key, clock, k, DUE)
    if already_late:
        return NEW_DUE if w < p.pays_current_due else NOTHING
    if b.reluctant[i] and u < p.reluctant_refusal:
        a.refuses[k] = True
        return NOTHING
    if v < p.forgets * b.forgetfulness[i] and not warned:
        a.forgot[k] = True
        return NOTHING
    return ALL


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
