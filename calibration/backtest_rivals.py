"""What the borrowers are measured against: persistence, roll-rate chains, gradient boosting.

A rival is fitted on accounts and months up to the origin and gives, for each account of a history that ends
at the origin, chances [A, steps, buckets].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from calibration.backtest_history import BUCKETS, History, late_run
from sim.core.columns import F64, I64

Predictor = Callable[[History, History, int], F64 | None]

#: Counts added to each cell of a chain (assumption: Jeffreys' prior).
PRIOR = 0.5
#: Weight of the plain chain, in accounts, in each row of the chain with duration (assumption).
DURATION_PRIOR = 10.0
#: Longest duration that is told apart, months late in a row.
LONGEST = 4
#: Mixed into every prediction so that no bucket is impossible (assumption).
FLOOR = 1e-4
#: Gradient boosting: rounds, rate, leaves, least accounts in a leaf (assumption; not tuned on what is
#: scored).
BOOSTING = {
    "max_iter": 80,
    "learning_rate": 0.08,
    "max_leaf_nodes": 10,
    "min_samples_leaf": 40,
    "l2_regularization": 1.0,
}


def steps(history: History, months_back: int | None = None) -> tuple[I64, I64, I64]:
    """Row, bucket before and bucket after of each observed step; of the newest ``months_back`` only if
    given."""
    first = 0 if months_back is None else max(0, history.length - 1 - months_back)
    rows, before, after = [], [], []
    for t in range(first, history.length - 1):
        known = np.flatnonzero((history.bucket[:, t] >= 0) & (history.bucket[:, t + 1] >= 0))
        rows.append(known)
        before.append(history.bucket[known, t].astype(np.int64))
        after.append(history.bucket[known, t + 1].astype(np.int64))
    return np.concatenate(rows), np.concatenate(before), np.concatenate(after)


def roll_rates(history: History, months_back: int | None = None) -> F64:
    """Roll rates [before, after] over all steps of a history."""
    _, before, after = steps(history, months_back)
    counts = np.full((BUCKETS, BUCKETS), PRIOR)
    np.add.at(counts, (before, after), 1.0)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _powers(rates: F64, start: I64, months: int) -> F64:
    state, found = np.eye(BUCKETS)[start], []
    for _ in range(months):
        state = state @ rates
        found.append(state)
    return np.stack(found, axis=1)


def chain(fit: History, origin: History, months: int) -> F64:
    """The plain roll-rate chain: mean rates of all months of the fit."""
    return _powers(roll_rates(fit), origin.bucket[:, -1].astype(np.int64), months)


def chain_of_last_month(fit: History, origin: History, months: int) -> F64:
    """The chain with the rates of the newest month alone: what holding the last level brings."""
    return _powers(roll_rates(fit, 1), origin.bucket[:, -1].astype(np.int64), months)


def persistence(fit: History, origin: History, months: int) -> F64:
    """Everybody stays, with the chance that anybody stayed; the rest goes evenly to the other buckets."""
    _, before, after = steps(fit)
    stays = (np.sum(before == after) + PRIOR) / (len(before) + 2 * PRIOR)
    rates = np.full((BUCKETS, BUCKETS), (1.0 - stays) / (BUCKETS - 1))
    np.fill_diagonal(rates, stays)
    return _powers(rates, origin.bucket[:, -1].astype(np.int64), months)


def chain_with_duration(fit: History, origin: History, months: int) -> F64:
    """Roll rates by bucket and months late in a row, drawn to the plain chain where accounts are few."""
    plain = roll_rates(fit)
    counts = np.repeat(DURATION_PRIOR * plain[None], LONGEST + 1, axis=0)
    for t in range(fit.length - 1):
        known = (fit.bucket[:, t] >= 0) & (fit.bucket[:, t + 1] >= 0)
        run = np.minimum(late_run(fit.bucket[:, : t + 1]), LONGEST)
        np.add.at(counts, (run[known], fit.bucket[known, t], fit.bucket[known, t + 1]), 1.0)
    rates = counts / counts.sum(axis=2, keepdims=True)
    state = np.zeros((origin.accounts, LONGEST + 1, BUCKETS))
    state[np.arange(origin.accounts), np.minimum(late_run(origin.bucket), LONGEST), origin.bucket[:, -1]] = (
        1.0
    )
    found = []
    for _ in range(months):
        moved = np.einsum("adb,dbc->adc", state, rates)
        state = np.zeros_like(state)
        state[:, 0, 0] = moved[:, :, 0].sum(axis=1)
        for months_late in range(LONGEST + 1):
            state[:, min(months_late + 1, LONGEST), 1:] += moved[:, months_late, 1:]
        found.append(state.sum(axis=1))
    return np.stack(found, axis=1)


def _features(history: History) -> F64:
    """What boosting sees at the end of a history: two months of status, use and payments, and the past."""
    limit = np.where(history.limit > 0, history.limit, np.nan)
    columns: list[Any] = [late_run(history.bucket), (history.bucket > 0).mean(axis=1), np.log(limit)]
    for back in (1, 2):
        known = history.length >= back
        blank = np.full(history.accounts, np.nan)
        columns.append(history.months[:, -back] if known else blank)
        columns.append(history.billed[:, -back] / limit if known else blank)
        columns.append(np.log1p(history.billed[:, -back]) if known else blank)
        columns.append(np.minimum(history.paid[:, -back], 2.0) if known else blank)
    # A column that is never known at all breaks the binning.
    return np.asarray(np.nan_to_num(np.column_stack(columns), nan=-1.0))


def boosting(fit: History, origin: History, months: int) -> F64 | None:
    """Gradient boosting (scikit-learn) of each step's bucket; None where no step as long lies in the fit."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    found = []
    for ahead in range(1, months + 1):
        ends = range(fit.length - ahead)
        known = [(fit.bucket[:, t] >= 0) & (fit.bucket[:, t + ahead] >= 0) for t in ends]
        if not known:
            return None
        seen = np.concatenate([_features(fit.until(t))[k] for t, k in zip(ends, known, strict=True)])
        then = np.concatenate([fit.bucket[k, t + ahead] for t, k in zip(ends, known, strict=True)])
        if len(np.unique(then)) < 2:
            return None
        with threadpool_limits(1):
            model = HistGradientBoostingClassifier(**BOOSTING, early_stopping=False, random_state=0)
            model.fit(seen, then)
            chances = np.zeros((origin.accounts, BUCKETS))
            chances[:, model.classes_.astype(int)] = model.predict_proba(_features(origin))
        found.append(chances)
    return np.stack(found, axis=1)


RIVALS: dict[str, Predictor] = {
    "persistence": persistence,
    "chain": chain,
    "chain_last_month": chain_of_last_month,
    "duration_chain": chain_with_duration,
    "boosting": boosting,
}


def floored(chances: F64) -> F64:
    """Chances that sum to one with no bucket below :data:`FLOOR` / 4."""
    return np.asarray((1.0 - FLOOR) * chances / chances.sum(axis=-1, keepdims=True) + FLOOR / BUCKETS)
