"""Learning: operators train classifiers on samples of their own accounts, on schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.collection import Module, module
from sim.core.calendar import month_of, month_start
from sim.core.columns import F32, I32, I64, Bool
from sim.core.kernel import kernel, kernel_step
from sim.core.rng import uniforms_at
from sim.phases.features import columns_of, features
from sim.phases.samples import Samples
from sim.prediction import Classifier, predict, train
from sim.spec.rules import permitted_sources

if TYPE_CHECKING:
    from sim.phases.state import State

#: Kinds of samples: will an account in order miss its next due date; will one in arrears stay uncured.
DUE, LATE = "due", "late"
#: Weeks within which an account in arrears is or is not cured.
CURE_WEEKS = 13


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


def next_offset(state: State) -> int:
    """The week of its month that next week is."""
    coming = state.clock + 1
    return int(coming - month_start(month_of(coming)))


def due_next_week(state: State) -> Bool:
    """Accounts in order whose next due date is next week."""
    due = np.empty(len(state.accounts.balance), np.bool_)
    _mark_due(state.accounts, next_offset(state), due)
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
