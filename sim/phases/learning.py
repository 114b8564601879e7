"""Learning: operators keep samples of their own accounts and train classifiers on them, on schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.collection import Module, module
from sim.core.calendar import month_of, month_start
from sim.core.columns import F32, I32, I64, Bool
from sim.core.kernel import kernel, kernel_step
from sim.core.rng import uniforms, uniforms_at
from sim.phases.choice import strategy_of
from sim.phases.features import columns_of, features
from sim.phases.samples import NOBODY, PENDING, Samples
from sim.prediction import Classifier, predict, train
from sim.spec.rules import permitted_sources

if TYPE_CHECKING:
    from sim.phases.state import State

#: Kinds of samples: will an account in order miss its next due date; will one in arrears stay uncured.
DUE, LATE = "due", "late"
#: Weeks within which an account in arrears is or is not cured.
CURE_WEEKS = 13
#: Samples wanted a week, of accounts in arrears and of held-out ones besides (assumptions of size). Who will
#: miss a due date is hard to tell, and each lender learns from its own accounts: from 80 it learned nothing.
WANTED = {DUE: 300, LATE: 80}


class Predictor(NamedTuple):
    """A classifier of one operator, its sources, and when it was trained. None: too little history yet.

    ``learned``: the samples it was trained on (features, outcomes, columns), from which the same one can
    be trained again.
    """

    classifier: Classifier | None
    sources: tuple[str, ...]
    clock: int
    learned: tuple[F32, Bool, I64] | None


def lender_modules(state: State, lender: int) -> list[Module]:
    """The modules that a lender uses itself."""
    lending = state.spec.lending
    return [
        module(name) for name in lending.modules if lender in lending.used_by(name, len(state.lenders.money))
    ]


def sources_held(state: State, users: list[Any]) -> tuple[str, ...]:
    """Data sources that strategies or modules buy and rules permit."""
    wanted = {source for user in users for source in getattr(user, "sources", ())}
    return tuple(source for source in permitted_sources(state.rules) if source in wanted) if wanted else ()


@kernel_step
def is_due(a, x, offset):  # type: ignore[no-untyped-def]
    """Whether an account is in order and its due date is in week ``offset`` of the month."""
    return a.due_offset[x] == offset and a.balance[x] > 0 and a.arrears[x] == 0 and not a.charged_off[x]


@kernel
def _mark_due(a, offset, due):  # type: ignore[no-untyped-def]
    for x in range(due.shape[0]):
        due[x] = is_due(a, x, offset)


def _next_offset(state: State) -> int:
    """The week of its month that next week is."""
    coming = state.clock + 1
    return int(coming - month_start(month_of(coming)))


def due_next_week(state: State) -> Bool:
    """Accounts in order whose next due date is next week."""
    due = np.empty(len(state.accounts.balance), np.bool_)
    _mark_due(state.accounts, _next_offset(state), due)
    return due


def predictor(state: State, kind: str, operator: int, sources: tuple[str, ...]) -> Predictor:
    """The classifier of a lender (``DUE``) or collector (``LATE``), trained anew when it is time.

    It sees the operator's own accounts only. It is trained again after the scenario's weeks and when
    its sources change.
    """
    own: Predictor | None = state.predictors.get((kind, operator))
    if own is None or own.sources != sources or _is_old(state, own):
        samples = state.samples[kind]
        mine = samples.known() & ((samples.lender if kind == DUE else samples.collector) == operator)
        own = _trained(state, samples, mine, sources)
        state.predictors[kind, operator] = own
    return own


def _is_old(state: State, own: Predictor) -> bool:
    return own.classifier is None or state.clock - own.clock >= state.spec.prediction.retrain_weeks


def _trained(state: State, samples: Samples, rows: Bool, sources: tuple[str, ...]) -> Predictor:
    learned = samples.features[rows], samples.outcome[rows] == 1, columns_of(sources)
    found = train(*learned)
    return Predictor(found, sources, state.clock, None if found is None else learned)


def learned_risk(state: State, number: int, chosen: Any, k: I32) -> F32 | None:
    """What a collector's classifier says of its cases: the chance of no cure in 13 weeks.

    None where the strategy does not learn, or has too little history yet. With the scenario's
    ``prediction.shuffle`` the scores of the cases are exchanged at random: the same scores, no
    information.
    """
    if not getattr(chosen, "learns", False):
        return None
    found = predictor(state, LATE, number, sources_held(state, [chosen])).classifier
    if found is None:
        return None
    risk = predict(found, features(state, k))
    if state.spec.prediction.shuffle:
        order = uniforms_at(state.key("prediction.shuffle"), state.clock, k)[:, 0]
        risk = risk[np.argsort(order, kind="stable")]
    return risk


def estimated_effect(state: State, k: I32) -> F32 | None:
    """Estimated gain in the chance of cure within 13 weeks from treating each case.

    The chance among treated less that among held-out accounts, each learned by its own classifier
    (the two-model estimate; Hansotia and Rukstales, Journal of Interactive Marketing 16, 2002). None
    while either has too little history.
    """
    samples = state.samples[LATE]
    chances = []
    for held in (False, True):
        key = (f"{LATE}.{'held' if held else 'treated'}", 0)
        own: Predictor | None = state.predictors.get(key)
        if own is None or _is_old(state, own):
            own = _trained(state, samples, samples.known() & (samples.held_out == held), ())
            state.predictors[key] = own
        if own.classifier is None:
            return None
        chances.append(predict(own.classifier, features(state, k)))
    # classifiers give the chance of no cure
    return np.asarray(chances[1] - chances[0], np.float32)


@kernel
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


@kernel
def _eligible(a, offset, held, measured, rows):  # type: ignore[no-untyped-def]
    """Accounts that may be sampled, into ``rows``; returns how many.

    With an ``offset`` those that fall due in that week of the month; with -1 those in arrears that are,
    or are not, ``held`` out (nobody is before the ``measured`` weeks).
    """
    count = 0
    for x in range(a.balance.shape[0]):
        late = a.stage[x] > 0 and a.balance[x] > 0 and (a.hold_out[x] and measured) == held
        if is_due(a, x, offset) if offset >= 0 else late:
            rows[count] = x
            count += 1
    return count


@kernel
def _thin(key, clock, rows, count, wanted):  # type: ignore[no-untyped-def]
    """Keep about ``wanted`` of the first ``count`` rows by keyed draws; returns how many are left."""
    left = 0
    for n in range(count):
        if uniforms(key, clock, rows[n], 0)[0] < wanted / count:
            rows[left] = rows[n]
            left += 1
    return left


def record_samples(state: State) -> None:
    """Close the samples whose outcome is known by now, and take new ones.

    Taken in every run, so that an operator that starts to learn has a history; nothing of the economy
    depends on it unless somebody learns.
    """
    due, late = state.samples[DUE], state.samples[LATE]
    _settle(state.clock, state.accounts, due.pending(), True)
    _settle(state.clock, state.accounts, late.pending(), False)
    _take(state, due, _sampled(state, _next_offset(state), False, WANTED[DUE]), 1)
    rows = np.concatenate([_sampled(state, -1, held, WANTED[LATE]) for held in (False, True)])
    _take(state, late, rows, CURE_WEEKS)


def _sampled(state: State, offset: int, held: bool, wanted: int) -> I32:
    """About ``wanted`` of the eligible accounts, chosen by keyed draws."""
    rows = np.empty(len(state.accounts.balance), np.int32)
    measured = state.clock >= state.spec.burn_in
    count = _eligible(state.accounts, offset, held, measured, rows)
    return rows[: _thin(state.key("prediction.samples"), state.clock, rows, count, wanted)]


def _take(state: State, samples: Samples, rows: I32, weeks: int) -> None:
    a = state.accounts
    if len(rows) == 0:
        return
    table = features(state, rows)
    held = a.hold_out[rows] & (state.clock >= state.spec.burn_in)
    samples.add(
        table, account=rows, generation=a.generation[rows], lender=a.lender[rows],
        collector=a.collector[rows],
        held_out=held, week=state.week, due_week=state.clock + weeks,
        target=a.cumulative_paid[rows] + a.arrears[rows], predicted=_predictions(state, samples, rows, table),
    )  # fmt: skip


def _predictions(state: State, samples: Samples, rows: I32, table: F32) -> F32:
    """What each account's operator predicts of it now, -1 where nobody does."""
    kind = DUE if samples is state.samples[DUE] else LATE
    operators = state.accounts.lender if kind == DUE else state.accounts.collector
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
