"""Sampling: what is known of some accounts is written down each week, and later what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.columns import F32, I8, I16, I32, I64, U8, Bool, some_of
from sim.core.kernel import kernel, kernel_step
from sim.core.rng import uniforms
from sim.phases.choice import strategy_of
from sim.phases.features import features
from sim.phases.learning import CURE_WEEKS, DUE, LATE, is_due, next_offset
from sim.phases.samples import NOBODY, PENDING
from sim.prediction import predict

if TYPE_CHECKING:
    from sim.phases.state import State

#: Samples wanted a week: of accounts that fall due; of those in arrears and of held-out ones besides
#: (assumptions of size). Who will miss a due date is hard to tell, and each lender learns from its own
#: accounts: from 80 it learned nothing.
WANTED_DUE, WANTED_LATE = 300, 80


class Watched(NamedTuple):
    """The columns of accounts that decide which are sampled, who has them and what becomes of them."""

    due_offset: I8
    balance: I64
    arrears: I64
    stage: U8
    charged_off: Bool
    cumulative_paid: I64
    lender: I16
    collector: I16
    hold_out: Bool
    generation: I32


@kernel_step
def _settle(clock, a, s, missed):  # type: ignore[no-untyped-def]
    """Outcomes that become known this week: of an account still there, whether it ``missed`` its due
    date; else whether it has not paid what it owed."""
    for r in range(s.due_week.shape[0]):
        if s.due_week[r] == clock and s.outcome[r] == PENDING:
            x = s.account[r]
            if not missed:
                s.outcome[r] = a.cumulative_paid[x] < s.target[r]
            elif a.generation[x] == s.generation[r]:
                s.outcome[r] = a.arrears[x] > 0


@kernel_step
def _thin(key, clock, rows, count, wanted):  # type: ignore[no-untyped-def]
    """Keep about ``wanted`` of the first ``count`` rows by keyed draws; returns how many are left."""
    left = 0
    for n in range(count):
        if uniforms(key, clock, rows[n], 0)[0] < wanted / count:
            rows[left] = rows[n]
            left += 1
    return left


@kernel
def _choose(clock, a, due_samples, late_samples, offset, measured, key, rows):  # type: ignore[no-untyped-def]
    """Close the samples whose outcome is known by now, and choose accounts for new ones, into ``rows``.

    Three rows: those that fall due in week ``offset`` of the month; those in arrears; those of them that
    are held out (nobody is before the ``measured`` weeks). Returns how many of each.
    """
    _settle(clock, a, due_samples, True)
    _settle(clock, a, late_samples, False)
    due, late, held = 0, 0, 0
    for x in range(a.balance.shape[0]):
        if is_due(a, x, offset):
            rows[0, due] = x
            due += 1
        if a.stage[x] > 0 and a.balance[x] > 0:
            if a.hold_out[x] and measured:
                rows[2, held] = x
                held += 1
            else:
                rows[1, late] = x
                late += 1
    due = _thin(key, clock, rows[0], due, WANTED_DUE)
    late = _thin(key, clock, rows[1], late, WANTED_LATE)
    return due, late, _thin(key, clock, rows[2], held, WANTED_LATE)


@kernel
def _write(s, used, a, rows, table, predicted, week, due_week, measured):  # type: ignore[no-untyped-def]
    """Put the accounts of ``rows`` into the ring, after the ``used`` samples before."""
    for n in range(rows.shape[0]):
        x, r = rows[n], (used + n) % s.account.shape[0]
        for column in range(table.shape[1]):
            s.features[r, column] = table[n, column]
        s.account[r] = x
        s.generation[r] = a.generation[x]
        s.lender[r] = a.lender[x]
        s.collector[r] = a.collector[x]
        s.held_out[r] = a.hold_out[x] and measured
        s.week[r] = week
        s.due_week[r] = due_week
        s.target[r] = a.cumulative_paid[x] + a.arrears[x]
        s.outcome[r] = PENDING
        s.predicted[r] = predicted[n]


def record_samples(state: State) -> None:
    """Close the samples whose outcome is known by now, and take new ones.

    Taken in every run, so that an operator that starts to learn has a history; nothing of the economy
    depends on it unless somebody learns.
    """
    due, late, a = state.samples[DUE], state.samples[LATE], some_of(state.accounts, Watched)
    rows: I32 = np.empty((3, len(a.balance)), np.int32)
    counts = _choose(
        state.clock, a, due.ring(), late.ring(), next_offset(state), state.week >= 0,
        state.key("prediction.samples"), rows,
    )  # fmt: skip
    chosen = np.concatenate([kind[:count] for kind, count in zip(rows, counts, strict=True)])
    table = features(state, chosen)
    _take(state, DUE, a, chosen[: counts[0]], table[: counts[0]], 1)
    _take(state, LATE, a, chosen[counts[0] :], table[counts[0] :], CURE_WEEKS)


def _take(state: State, kind: str, a: Watched, rows: I32, table: F32, weeks: int) -> None:
    samples = state.samples[kind]
    predicted = _predictions(state, kind, a.lender if kind == DUE else a.collector, rows, table)
    due_week = state.clock + weeks
    _write(samples.ring(), samples.used, a, rows, table, predicted, state.week, due_week, state.week >= 0)
    samples.used += len(rows)


def _predictions(state: State, kind: str, operators: I16, rows: I32, table: F32) -> F32:
    """What each account's operator predicts of it now, -1 where nobody does."""
    chance = np.full(len(rows), NOBODY, np.float32)
    if not state.predictors:
        return chance
    for operator in np.unique(operators[rows]):
        own = state.predictors.get((kind, int(operator)))
        if own is None or own.classifier is None or not _in_use(state, kind, int(operator)):
            continue
        mine: I64 = np.flatnonzero(operators[rows] == operator)
        chance[mine] = predict(own.classifier, table[mine])
    return chance


def _in_use(state: State, kind: str, operator: int) -> bool:
    if kind == DUE:
        return operator in state.warned
    return operator >= 0 and bool(getattr(strategy_of(state, operator), "learns", False))
