"""Overdue trade receivables: placed with collectors, worked, and paid for by the creditors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.collection import receivable_effect
from sim.core.columns import I64
from sim.core.kernel import kernel
from sim.core.ledger import Sector
from sim.phases.choice import strategy_of
from sim.phases.sanctions import may_work

if TYPE_CHECKING:
    from sim.phases.state import State

#: A receivable is worth placing from this many weeks of its working cost (assumption).
WORTH_WEEKS = 26


@kernel
def choose_links(f, k, placed, least, weeks, small_below, large_from, covered):  # type: ignore[no-untyped-def]
    """Mark the links worked next week: old and large enough, of small creditors on large debtors, or
    of the ``covered`` ones only."""
    for e in range(k.buyer.shape[0]):
        i, j = k.buyer[e], k.supplier[e]
        owed = k.overdue[e] - k.advanced[e]
        worth = placed and owed >= least and k.weeks_overdue[e] >= weeks and f.alive[j]
        worth = worth and (not covered or f.covered[j])
        k.under_collection[e] = worth and f.size_rank[j] < small_below and f.size_rank[i] >= large_from


def place_receivables(state: State) -> None:
    """Choose the links whose overdue debts collectors work next week, and how hard.

    The last collector of the scenario takes them; its strategy sets the share of the gap to full
    payment that is closed, unless the scenario gives one.
    """
    spec = state.spec.receivables
    least = int(100 * state.world.collection.receivable_cost.value * WORTH_WEEKS)
    covered = spec.scope == "covered"
    effect = receivable_effect(strategy_of(state, len(state.spec.collectors) - 1), state.world)
    if covered:
        effect = state.world.collection.receivable_gap_digital.value
    if not may_work(state, len(state.spec.collectors) - 1):
        effect = 0.0
    if effect > 0 and spec.gap_closed is not None:
        effect = spec.gap_closed
    state.receivable_gap = effect
    everyone = spec.scope == "all" or covered
    choose_links(
        state.firms, state.links, effect > 0 and spec.scope != "none", least, spec.weeks_overdue,
        2.0 if everyone else spec.small_share, -1.0 if everyone else 1.0 - spec.large_share, covered,
    )  # fmt: skip


def collect_receivables(state: State) -> None:
    """Creditors pay for the week's work on their receivables: its cost, and a commission on its gain."""
    f, k, c = state.firms, state.links, state.collectors
    worked = k.under_collection
    state.week_sums["receivables_worked"] = int(np.count_nonzero(worked))
    if not worked.any():
        return
    number = len(state.spec.collectors) - 1
    share = state.world.collection.agency_commission.value
    commission = (k.collected[worked] * share).astype(np.int64)
    cost = int(100 * state.world.collection.receivable_cost.value)
    fees: I64 = np.zeros(len(f.cash), np.int64)
    np.add.at(fees, k.supplier[worked], commission + cost)
    fees = np.minimum(fees, np.maximum(0, f.cash))
    f.cash[:] -= fees
    total, spent = int(fees.sum()), cost * int(np.count_nonzero(worked))
    c.money[number] += total - spent
    state.ledger.pay("receivable_fees", Sector.FIRMS, Sector.COLLECTORS, total)
    state.ledger.pay("collection_costs", Sector.COLLECTORS, Sector.OTHERS, spent)
    state.macro.others += spent
