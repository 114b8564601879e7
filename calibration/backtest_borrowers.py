"""The simulator's borrowers as predictors: each account's posterior over kinds, lived on from the origin.

The prior of a kind with traits ``x`` for an account with observables ``z`` is proportional to
``exp(base + x' B z + x' c)``: observables move the latent traits, and ``c`` is the level of the calendar
month, of which the last one is held. The prior is multiplied by the chance that the kind gives to each
observed month up to the origin (a forward pass over the states of :mod:`calibration.backtest_kinds`). The
prediction is the mean over kinds and states of what the kind does next: drawing agents without end and
averaging them. ``base``, ``B`` and ``c`` maximise the penalised chance of each next month in the fit; no
outcome is fitted directly, only who the borrowers are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from calibration.backtest_history import BUCKETS, History
from calibration.backtest_kinds import BUCKET_OF, Kinds
from calibration.backtest_observables import observables
from sim.core.columns import F64, I64, Bool

#: Months of history that are read at most.
MEMORY = 12
#: Standard deviations of the prior of base weights, of the effects of observables and of months (assumption).
SD_BASE, SD_EFFECT, SD_MONTH = 1.0, 0.2, 2.0
#: The same for what observables mean for late accounts beyond what they mean for all, over ``SD_EFFECT``.
LATE_SHRINK = 0.5
#: Of the steps of accounts in order, one in so many is used in the fit, with that weight.
THINNED = 5
ROUNDS = 120
_CHUNK = 2000
_TINY = 1e-12
_IN = (BUCKET_OF[:, None] == np.arange(BUCKETS)).astype(np.float64)


class Fitted(NamedTuple):
    """Fitted prior: base [K], effects [D, F + months], scale of the observables, number of months."""

    base: F64
    effects: F64
    middle: F64
    spread: F64
    months: int


class Seen(NamedTuple):
    """What kinds say of histories: distinct paths, the path of each account, the log-chance [P, K] of each
    path, and the chances [P, K, S] of the states at its end."""

    path: I64
    chance: F64
    state: F64


def forward(kinds: Kinds, history: History) -> Seen:
    """Log-chance of each account's observed buckets and the states at the end, by kind.

    The first known month counts as given; an unknown month lets the states move on.
    """
    paths, path = np.unique(history.bucket[:, -MEMORY:], axis=0, return_inverse=True)
    chance = np.zeros((len(paths), len(kinds.traits)))
    state = np.zeros((*chance.shape, kinds.moves.shape[1]))
    begun = np.zeros(len(paths), np.bool_)
    for column in paths.T:
        known = column >= 0
        first = known & ~begun
        if begun.any():
            state[begun] = np.einsum("pks,kst->pkt", state[begun], kinds.moves, optimize=True)
        go_on = known & begun
        state[go_on] *= _IN.T[column[go_on]][:, None, :]
        total = state[go_on].sum(axis=2) + _TINY
        chance[go_on] += np.log(total)
        state[go_on] /= total[:, :, None]
        state[first] = kinds.inside[:, column[first]].transpose(1, 0, 2)
        begun |= known
    return Seen(np.asarray(path, np.int64).ravel(), chance, state)


def _ahead(kinds: Kinds, state: F64) -> F64:
    """Chances [P, K, buckets] one month on."""
    moved = np.einsum("pks,kst->pkt", state, kinds.moves, optimize=True)
    return np.asarray(moved @ _IN)


class _Steps(NamedTuple):
    seen: F64  # log-chance of the path [R, K]
    then: F64  # chance of the next month [R, K]
    observed: F64  # [R, F]
    month: I64
    late: Bool
    weight: F64


def _steps(kinds: Kinds, fit: History) -> _Steps:
    parts = []
    for t in range(fit.length - 1):
        now, after = fit.bucket[:, t], fit.bucket[:, t + 1]
        known = (now >= 0) & (after >= 0)
        thin = (now == 0) & (after == 0)
        kept = np.flatnonzero(known & (~thin | (np.arange(fit.accounts) % THINNED == t % THINNED)))
        here = fit.of(kept).until(t)
        seen = forward(kinds, here)
        ahead = _ahead(kinds, seen.state)[seen.path, :, after[kept]] + _TINY
        weight = np.where(thin[kept], float(THINNED), 1.0)
        month = np.full(len(kept), t)
        parts.append((seen.chance[seen.path], ahead, observables(here).values, month, now[kept] > 0, weight))
    return _Steps(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _with_months(observed: F64, month: I64, late: Bool, months: int) -> F64:
    """Observables and, for accounts in order and late ones apart, which month it is."""
    at = np.where(late, months, 0) + month
    return np.hstack([observed, SD_MONTH / SD_EFFECT * np.eye(2 * months)[at]])


def fit_borrowers(kinds: Kinds, fit: History) -> Fitted:
    """Who the borrowers are: prior of kinds by observables and month, from each step up to the fit's end."""
    steps = _steps(kinds, fit)
    months, traits = fit.length - 1, kinds.traits
    middle, spread = steps.observed.mean(axis=0), steps.observed.std(axis=0) + 1e-9
    spread[observables(fit).late_from :] /= LATE_SHRINK
    z = _with_months((steps.observed - middle) / spread, steps.month, steps.late, months)
    count, width = traits.shape

    # Single precision: sums over some thousand steps do not need more, and a fit takes half the time.
    seen, then, small, wide = (v.astype(np.float32) for v in (steps.seen, steps.then, z, traits))

    def loss(values: F64) -> tuple[float, F64]:
        """Minus the log of the posterior of a prior of kinds, and its slope."""
        base, effects = values[:count], values[count:].reshape(width, -1)
        prior = seen + base.astype(np.float32) + (small @ effects.T.astype(np.float32)) @ wide.T
        prior -= prior.max(axis=1, keepdims=True)
        np.exp(prior, out=prior)
        before, after = prior.sum(axis=1), np.einsum("rk,rk->r", prior, then)
        value = float((steps.weight * (np.log(before) - np.log(after))).sum())
        prior *= (steps.weight / before).astype(np.float32)[:, None] - (
            then * (steps.weight / after).astype(np.float32)[:, None]
        )
        pull = prior
        penalty = (base**2).sum() / SD_BASE**2 / 2 + (effects**2).sum() / SD_EFFECT**2 / 2
        slope = ((pull @ wide).T @ small).astype(np.float64) + effects / SD_EFFECT**2
        return value + penalty, np.concatenate([pull.sum(axis=0) + base / SD_BASE**2, slope.ravel()])

    with threadpool_limits(1):
        found = minimize(
            loss, np.zeros(count + width * z.shape[1]), jac=True, method="L-BFGS-B",
            options={"maxiter": ROUNDS},
        ).x  # fmt: skip
    return Fitted(found[:count], found[count:].reshape(width, -1), middle, spread, months)


def predict_borrowers(kinds: Kinds, fitted: Fitted, origin: History, months: int) -> F64:
    """Chances [A, months, buckets] of each account after the end of ``origin``.

    The last month's level is held. Payment signals of the origin month fade after the first month: from
    then on kinds weigh as if they had been average, within each bucket, so that what was predicted for the
    first month stands.
    """
    found = np.empty((origin.accounts, months, BUCKETS))
    with threadpool_limits(1):
        for at in range(0, origin.accounts, _CHUNK):
            rows = np.arange(at, min(at + _CHUNK, origin.accounts))
            found[rows] = _predict(kinds, fitted, origin.of(rows), months)
    return found


def _predict(kinds: Kinds, fitted: Fitted, origin: History, months: int) -> F64:
    seen = forward(kinds, origin)
    observed, fading, _ = observables(origin)
    scaled = (observed - fitted.middle) / fitted.spread
    last = np.full(origin.accounts, fitted.months - 1)
    effects = fitted.effects.T @ kinds.traits.T
    tilt = _with_months(scaled, last, origin.bucket[:, -1] > 0, fitted.months) @ effects
    log_weight = fitted.base + tilt + seen.chance[seen.path]
    weight = np.exp(log_weight - logsumexp(log_weight, axis=1, keepdims=True))
    first = np.einsum("ak,akb->ab", weight, _ahead(kinds, seen.state)[seen.path])
    found = [first]
    if months > 1:
        state = weight[:, :, None] * np.einsum("pks,kst->pkt", seen.state, kinds.moves)[seen.path]
        state *= np.exp(-np.clip(scaled[:, fading] @ effects[fading], -30.0, 30.0))[:, :, None]
        held = state.sum(axis=1) @ _IN
        state *= ((first / (held + _TINY)) @ _IN.T)[:, None, :]
        for _ in range(months - 1):
            state = np.einsum("aks,kst->akt", state, kinds.moves, optimize=True)
            found.append(state.sum(axis=1) @ _IN)
    return np.stack(found, axis=1)
