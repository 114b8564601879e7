"""Overdue trade receivables: placed with collectors, worked, and paid for by the creditors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.collection import receivable_effect
from sim.core.columns import F32, I16, I32, I64, Bool, some_of
from sim.core.kernel import kernel
from sim.core.ledger import Sector
from sim.phases.choice import strategy_of
from sim.phases.sanctions import may_work

if TYPE_CHECKING:
    from sim.phases.state import State

#: A receivable is worth placing from this many weeks of its working cost (assumption).
WORTH_WEEKS = 26


class Creditors(NamedTuple):
    """The columns of firms that decide whose receivables are worked."""

    size_rank: F32
    alive: Bool
    covered: Bool


class Receivables(NamedTuple):
    """The columns of links that decide which are worked."""

    buyer: I32
    supplier: I32
    overdue: I64
    advanced: I64
    weeks_overdue: I16
    under_collection: Bool


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
        some_of(state.firms, Creditors), some_of(state.links, Receivables),
        effect > 0 and spec.scope != "none", least, spec.weeks_overdue,
        2.0 if everyone else spec.small_share, -1.0 if everyone else 1.0 - spec.large_share, covered,
    )  # fmt: skip


@kernel
def charge(cash, supplier, worked, collected, share, cost, fees):  # type: ignore[no-untyped-def]
    """Take the cost of each link worked and a share of what came in by it from its supplier, as far as it
    has cash; ``fees`` are zeros by firm. Returns (links worked, fen taken)."""
    links, taken = 0, 0
    for e in range(worked.shape[0]):
        if worked[e]:
            links += 1
            fees[supplier[e]] += np.int64(collected[e] * share) + cost
    for j in range(cash.shape[0]):
        fee = min(fees[j], max(np.int64(0), cash[j]))
        cash[j] -= fee
        taken += fee
    return links, taken


def collect_receivables(state: State) -> None:
    """Creditors pay for the week's work on their receivables: its cost, and a commission on its gain."""
    f, k, n = state.firms, state.links, state.world.collection
    cost = int(100 * n.receivable_cost.value)
    fees: I64 = np.zeros(len(f.cash), np.int64)
    links, taken = charge(
        f.cash, k.supplier, k.under_collection, k.collected, n.agency_commission.value, cost, fees
    )
    state.week_sums["receivables_worked"] = links
    if not links:
        return
    spent = cost * links
    state.collectors.money[len(state.spec.collectors) - 1] += taken - spent
    state.ledger.pay("receivable_fees", Sector.FIRMS, Sector.COLLECTORS, taken)
    state.ledger.pay("collection_costs", Sector.COLLECTORS, Sector.OTHERS, spent)
    state.macro.others += spent
