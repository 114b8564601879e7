"""Payment terms under a cap: orders mature on the terms under which they were placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.columns import Bool
from sim.core.kernel import kernel
from sim.core.ledger import Instrument, Sector

if TYPE_CHECKING:
    from sim.phases.state import State


def capped_links(state: State) -> Bool:
    """Links that a cap of the rules covers: all, or those from a small supplier to a large buyer."""
    k, f, spec = state.links, state.firms, state.spec.receivables
    only = state.rules.payment_term_cap_large_buyers
    if only is None or not only.value:
        return np.ones(len(k.buyer), np.bool_)
    large = f.size_rank > 1.0 - spec.large_share
    small = f.size_rank < spec.small_share
    return np.asarray(large[k.buyer] & small[k.supplier], np.bool_)


@kernel
def _change(clock, wanted, terms, former_terms, terms_from):  # type: ignore[no-untyped-def]
    for e in range(terms.shape[0]):
        if wanted[e] != terms[e] and clock >= terms_from[e] + former_terms[e]:
            former_terms[e] = terms[e]
            terms[e] = wanted[e]
            terms_from[e] = clock


def change_terms(state: State) -> None:
    """Links take the terms that contract and cap allow now.

    Orders placed before keep theirs (``links.former_terms`` for those of weeks before
    ``links.terms_from``). A link changes again only when its former orders have all matured.
    """
    k, cap = state.links, state.rules.payment_term_cap_days
    wanted = k.contract_terms
    if cap is not None:
        # in whole weeks, never longer than the cap
        wanted = np.where(capped_links(state), np.minimum(wanted, min(127, cap.value // 7)), wanted)
    _change(state.clock, wanted, k.terms, k.former_terms, k.terms_from)


def advance_receivables(state: State) -> None:
    """A public facility advances its share of long overdue receivables to living suppliers in need.

    A supplier gets no more than it lacks of its own liquidity target, since what is above it would be
    paid out to its owners and be missing later. The claim on that part passes to the government, which
    is paid when the buyer pays and bears the loss when the buyer fails.
    """
    share, after = state.rules.liquidity_facility_share, state.rules.liquidity_facility_weeks
    if share is None or share.value == 0 or state.week < 0:
        return
    k, f = state.links, state.firms
    late = k.weeks_overdue >= (0 if after is None else after.value)
    covered = late & f.alive[k.supplier] & f.alive[k.buyer]
    more = np.where(covered, np.maximum(0, (share.value * k.overdue).astype(np.int64) - k.advanced), 0)
    possible = np.bincount(k.supplier, more, len(f.cash))
    lacking = np.maximum(0.0, f.buffer_weeks * f.hard_costs - (f.cash - f.drawn))
    part = np.minimum(1.0, np.divide(lacking, possible, out=np.zeros(len(lacking)), where=possible > 0))
    more = (more * part[k.supplier]).astype(np.int64)
    total = int(more.sum())
    k.advanced[:] += more
    np.add.at(f.cash, k.supplier, more)
    state.ledger.assign("facility_advances", Sector.FIRMS, Sector.GOVERNMENT, total, Instrument.TRADE_CREDIT)
    state.macro.government -= total
    state.week_sums["facility_advances"] = total
