"""Placements: when an account enters a stage it is placed, and followed from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.agents.tables import PlacementColumns
from sim.core.columns import F64, I16, I64, U8, Bool, empty, rows, some_of
from sim.core.kernel import kernel, kernel_step
from sim.core.remember import remembered
from sim.phases.allotment import SHARED, allotted, shared_out
from sim.phases.assignment import assigned

if TYPE_CHECKING:
    from sim.phases.state import State
    from sim.spec.scenario import Scenario

EARLY, MIDDLE, LATE, CHARGED_OFF = 1, 2, 3, 4
#: Horizons of 30, 90, 180 and 360 days in weeks.
HORIZON_WEEKS = {"30d": 4, "90d": 13, "180d": 26, "360d": 52}


@kernel_step
def stage_of(days, charged_off):  # type: ignore[no-untyped-def]
    """Stage by age of debt: early 1-30 days, middle 31-90, late 91-180, charged off."""
    if charged_off:
        return CHARGED_OFF
    if days <= 0:
        return 0
    return EARLY if days <= 30 else (MIDDLE if days <= 90 else LATE)


class Staged(NamedTuple):
    """The columns of accounts that decide about stages and placements anew."""

    balance: I64
    days_past_due: I16
    charged_off: Bool
    stage: U8
    placed_stage: U8
    collector: I16


@kernel
def stages_week(a):  # type: ignore[no-untyped-def]
    """Every account's stage; an account back in order may be placed anew later. Returns new placements."""
    fresh = 0
    for k in range(a.balance.shape[0]):
        stage = stage_of(a.days_past_due[k], a.charged_off[k])
        if a.balance[k] == 0:
            stage = 0
        a.stage[k] = stage
        if stage == 0:
            a.placed_stage[k] = 0
            a.collector[k] = -1
        elif stage > a.placed_stage[k]:
            fresh += 1
    return fresh


@kernel
def place_week(clock, a, b, responsible, until, key, q, used, everyone, hold_out):  # type: ignore[no-untyped-def]
    """Append a placement for each account in a new stage (``everyone``: for each one in arrears).

    ``responsible[stage, lender]`` is the collector, SHARED where ``until`` and ``key`` tell which of
    several it is; the hold-out has none. Returns the number of rows used.
    """
    for k in range(a.balance.shape[0]):
        stage = a.stage[k]
        if stage == 0:
            continue
        collector = responsible[stage, a.lender[k]] if a.owner[k] < 0 else a.owner[k]
        if collector == SHARED:
            collector = allotted(until, key, stage, a.lender[k], k, a.generation[k])
        held = hold_out and a.hold_out[k]
        a.collector[k] = -1 if held else collector
        if not everyone and stage <= a.placed_stage[k]:
            continue
        if not everyone:
            a.placed_stage[k] = stage
            a.attempts[k] = 0
        q.account[used] = k
        q.borrower[used] = a.borrower[k]
        q.week[used] = clock
        q.stage[used] = stage
        q.lender[used] = a.lender[k]
        q.collector[used] = collector
        q.hold_out[used] = a.hold_out[k]
        q.frozen[used] = everyone
        q.strategy[used] = -1
        q.arrears[used] = a.arrears[k]
        q.amount[used] = a.balance[k] if stage >= LATE else a.arrears[k]
        q.balance[used] = a.balance[k]
        q.has_app[used] = b.digital_reach[a.borrower[k]] > 0
        q.person_before[used] = a.person_attempts[k]
        q.by_person[used] = False
        q.steps[used] = 0
        q.cost[used] = 0
        q.paid_before[used] = a.cumulative_paid[k]
        q.generation[used] = a.generation[k]
        q.laid_off_by[used] = b.laid_off_by[a.borrower[k]]
        q.income_lost[used] = b.income_lost[a.borrower[k]]
        q.buffer_cap[used] = b.buffer_cap[a.borrower[k]]
        q.paid[used] = 0
        q.open[used] = True
        q.cured_after[used] = -1
        q.settled_after[used] = -1
        q.followed[used] = 0
        q.paid_30d[used] = -1
        q.paid_90d[used] = -1
        q.paid_180d[used] = -1
        q.paid_360d[used] = -1
        used += 1
    return used


@kernel
def follow_week(clock, a, q, used, recovered):  # type: ignore[no-untyped-def]
    """Cash received since placement, when the arrears at placement were covered, and horizons reached.

    Debt closed by a settlement is settled, not cured, whatever came in with it.
    A row taken over by a new loan ends the follow-up; debt given up that way counts as not cured.
    ``recovered[stage, weeks]`` sums what came in on the common list, at most the amount placed, fen.
    """
    for r in range(used):
        weeks = clock - q.week[r]
        if q.frozen[r] and not q.hold_out[r] and not q.open[r] and weeks < recovered.shape[1]:
            recovered[q.stage[r], weeks] += min(q.paid[r], q.amount[r])
        if not q.open[r]:
            continue
        k = q.account[r]
        if a.generation[k] != q.generation[r]:
            q.open[r] = False
            if q.cured_after[r] < 0:  # given up long after its charge-off: never cured
                q.followed[r] = 52
            if q.frozen[r] and not q.hold_out[r] and weeks < recovered.shape[1]:
                recovered[q.stage[r], weeks] += min(q.paid[r], q.amount[r])
            continue
        q.followed[r] = weeks
        paid = a.cumulative_paid[k] - q.paid_before[r]
        q.paid[r] = paid
        q.by_person[r] = a.person_attempts[k] > q.person_before[r]
        if weeks > 0:
            q.steps[r] |= a.steps[k]
            q.cost[r] += a.work_cost[k]
        if q.frozen[r] and not q.hold_out[r] and weeks < recovered.shape[1]:
            recovered[q.stage[r], weeks] += min(paid, q.amount[r])
        if a.settled[k]:
            if q.settled_after[r] < 0 and q.cured_after[r] < 0:
                q.settled_after[r] = weeks
        elif q.cured_after[r] < 0 and paid >= q.arrears[r] and weeks > 0:
            q.cured_after[r] = weeks
        if weeks == 4:
            q.paid_30d[r] = paid
        elif weeks == 13:
            q.paid_90d[r] = paid
        elif weeks == 26:
            q.paid_180d[r] = paid
        elif weeks >= 52:
            q.paid_360d[r] = paid
            q.open[r] = False


def responsible(state: State) -> I16:
    """Collector by (stage, lender); -1 where nobody is responsible. The first that fits wins."""
    return _responsible(state.spec, len(state.lenders.money))


@remembered
def _responsible(spec: Scenario, count: int) -> I16:
    names = ("none", "early", "middle", "late", "charged_off")
    table = np.full((len(names), count), -1, np.int16)
    for number, collector in reversed(list(enumerate(spec.collectors))):
        if collector.kind == "debt_buyer":  # works what it owns
            continue
        lenders = range(table.shape[1]) if collector.lenders is None else collector.lenders
        for stage in collector.stages:
            table[names.index(stage), list(lenders)] = number
    return table


@remembered
def _allotment(spec: Scenario, count: int) -> tuple[I16, F64]:
    return shared_out(spec, _responsible(spec, count))


def _grow(state: State, more: int) -> None:
    needed = state.placements_used + more
    if needed <= rows(state.placements):
        return
    larger = empty(PlacementColumns, max(2 * rows(state.placements), needed, 1024))
    for name, column in state.placements._asdict().items():
        getattr(larger, name)[: len(column)] = column
    state.placements = larger


def place(state: State) -> None:
    """Stages, new placements and the follow-up of older ones."""
    fresh = int(stages_week(some_of(state.accounts, Staged)))
    _grow(state, fresh)
    state.placements_used = int(
        place_week(
            state.clock,
            state.accounts,
            state.borrowers,
            *_allotment(state.spec, len(state.lenders.money)),
            state.key("collection.allotment"),
            state.placements,
            state.placements_used,
            False,
            state.week >= 0,
        )
    )
    _note_strategies(state)
    follow_week(state.clock, state.accounts, state.placements, state.placements_used, state.recovered_by_age)
    _forget_steps(state)


def _forget_steps(state: State) -> None:
    """Steps of the funnel and costs are counted anew once the placements have them."""
    state.accounts.steps[:] = 0
    state.accounts.work_cost[:] = 0


@kernel
def unnoted(strategy, account, used, collector, rows):  # type: ignore[no-untyped-def]
    """Placements that a collector works and whose strategy is not noted, into ``rows``; returns how many."""
    count = 0
    for r in range(used):
        if strategy[r] < 0 and collector[account[r]] >= 0:
            rows[count] = r
            count += 1
    return count


def _note_strategies(state: State) -> None:
    """Write down which strategy has each placement first, for results by strategy within a run."""
    q, used = state.placements, state.placements_used
    fresh = np.empty(used, np.int64)
    fresh = fresh[: unnoted(q.strategy, q.account, used, state.accounts.collector, fresh)]
    k = q.account[fresh]
    collector = state.accounts.collector[k]
    for number in range(len(state.spec.collectors)):
        mine = np.flatnonzero(collector == number)
        if len(mine):
            q.strategy[fresh[mine]] = assigned(state, number, k[mine])


def freeze(state: State) -> None:
    """Start measuring: drop the burn-in's placements and place every account in arrears on the list
    that all arms of a comparison share."""
    stages_week(some_of(state.accounts, Staged))
    state.placements_used = 0
    _grow(state, int(np.count_nonzero(state.accounts.stage)))
    state.placements_used = int(
        place_week(
            state.clock - 1,
            state.accounts,
            state.borrowers,
            *_allotment(state.spec, len(state.lenders.money)),
            state.key("collection.allotment"),
            state.placements,
            state.placements_used,
            True,
            True,
        )
    )
    state.recovered_by_age[:] = 0
    _forget_steps(state)
