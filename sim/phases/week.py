"""The week, stated once: ten phases in order, with the columns each one writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sim.phases.adaptation import adaptation
from sim.phases.books import check
from sim.phases.calendar import calendar
from sim.phases.collection import collection
from sim.phases.credit import credit
from sim.phases.failure import failure
from sim.phases.households import households
from sim.phases.measurement import measurement
from sim.phases.settlement import settlement
from sim.phases.state import State
from sim.phases.supervision import supervision
from sim.phases.trade import trade


class Phase(NamedTuple):
    """One phase: what it does, the columns it may write, whether it moves money."""

    name: str
    run: Callable[[State], None]
    writes: tuple[str, ...]
    moves_money: bool = True


WEEK: tuple[Phase, ...] = (
    Phase("calendar", calendar, ("firms.rescued", "firms.shield", "firms.orders_kept_from",
                                  "firms.inputs_kept_from", "firms.covered", "links.terms",
                                  "links.former_terms", "links.terms_from"), moves_money=False),
    Phase("trade", trade, ("firms.*", "losses.*", "links.not_due", "links.overdue", "links.disputed",
                            "links.lost_weight", "links.missed_weight", "links.short_weight")),
    Phase("settlement", settlement, ("firms.*", "links.*", "losses.*", "borrowers.income",
                                     "borrowers.cash", "lenders.*")),
    Phase("failure", failure, ("firms.*", "links.*", "losses.*", "borrowers.employer",
                               "borrowers.laid_off_by", "borrowers.income_lost", "accounts.balance",
                               "accounts.instalment", "lenders.*")),
    Phase("households", households, ("borrowers.*", "accounts.*", "lenders.*", "collectors.money",
                                     "collectors.receipts")),
    Phase("credit", credit, ("lenders.*", "firms.line", "accounts.flagged", "accounts.refused")),
    Phase("collection", collection, ("accounts.*", "borrowers.phone_reach", "borrowers.digital_reach",
                                     "borrowers.stress", "borrowers.trust", "borrowers.blocked",
                                     "borrowers.blocks", "borrowers.hiding", "borrowers.moved",
                                     "borrowers.complaints", "borrowers.attempts_felt",
                                     "borrowers.collection_cost", "placements.*", "collectors.*",
                                     "lenders.money", "lenders.recovered", "firms.cash",
                                     "links.under_collection")),
    Phase("supervision", supervision, ("collectors.*", "lenders.money", "borrowers.trust",
                                       "borrowers.stress", "borrowers.breaches")),
    # checks the books itself, in the weeks in which it acts
    Phase("adaptation", adaptation, ("collectors.callers", "collectors.analysts", "collectors.money",
                                     "collectors.invested", "collectors.tax_credit"), moves_money=False),
    Phase("measurement", measurement, (), moves_money=False),
)  # fmt: skip


def step(state: State) -> None:
    """One week: every phase in order, books checked to the fen after each that moves money."""
    for phase in WEEK:
        phase.run(state)
        if phase.moves_money:
            check(state, phase.name)
    state.clock += 1
