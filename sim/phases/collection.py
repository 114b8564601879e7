"""Collection: accounts are placed and worked, and the collectors are paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.calendar import SPRING_FESTIVAL_WEEK, WEEKS_PER_YEAR
from sim.core.kernel import kernel
from sim.phases.before_due import remind_before_due
from sim.phases.contracts import pay_collectors, receipts
from sim.phases.debt_record import settle_factual_disputes
from sim.phases.debt_sale import sell_debts
from sim.phases.placements import place
from sim.phases.receivables import collect_receivables, place_receivables
from sim.phases.work import rest, staff_collectors, work_accounts

if TYPE_CHECKING:
    from sim.phases.state import State

#: Weeks after which a household dispute is settled in the ordinary way (assumption).
DISPUTE_WEEKS = 8


@kernel
def _end_disputes(clock, since, opened, ground):  # type: ignore[no-untyped-def]
    """Disputes end after their time, and their ground with them."""
    for x in range(since.shape[0]):
        if opened[x] and clock - since[x] >= DISPUTE_WEEKS:
            opened[x] = False
            ground[x] = False


def collection(state: State) -> None:
    """Placement, a week of work on accounts and receivables, and the collectors' accounts.

    Nobody works in the week of the Spring Festival.
    """
    if not state.accounts_active:
        return
    a = state.accounts
    found = receipts(state)  # before an account that is paid up goes back
    sell_debts(state)
    place(state)
    staff_collectors(state)
    settle_factual_disputes(state)
    _end_disputes(state.clock, a.dispute_week, a.dispute_open, a.dispute_ground)
    state.week_complaints[:] = 0
    state.week_violations[:] = 0
    state.week_violations_by_kind[:] = 0
    state.week_costs[:] = 0
    state.week_digital_costs[:] = 0
    state.week_contacted[:] = 0
    festival = state.clock % WEEKS_PER_YEAR == SPRING_FESTIVAL_WEEK
    work = rest if festival else work_accounts
    for number in range(len(state.spec.collectors)):
        work(state, number)
    if not festival:
        remind_before_due(state)
    pay_collectors(state, found)
    collect_receivables(state)
    place_receivables(state)
