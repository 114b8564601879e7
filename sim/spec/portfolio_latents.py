"""What an account's own history says about its borrower: ability, reluctance, forgetfulness.

A small Bayesian model, evaluated on a grid. A borrower has an *ability* ``x``, standard normal
before anything is known, and is of one of three types:

* ``usual``: pays when able;
* ``forgetful``: as usual, but misses due dates more often and then catches up soon;
* ``reluctant``: able, yet does not pay; the history tells nothing about ``x``.

Each observed month moves an account between *current* and *late* (a two-state Markov chain whose
chances depend on ``x`` and type)::

    P(late | current, x) = s(onset - slope * (x - offset))
    P(late | late, x)    = s(onset + persistence - slope * (x - offset))
    P(further behind | stays late, x) = s(deeper - deeper_slope * x)

with ``s`` the logistic function. The first known month has the chain's stationary chance; where
it is already several months late, the months before it were late as well. A payment against the
statement of the month before is full, partial or none::

    P(full | x) = s(full + full_slope * x)         (revolving accounts only)
    P(none | not full, x) = s(none - none_slope * x)

Payments and lateness are two views of one act, so payments enter with half weight. Utilisation
and limit of revolving accounts shift the prior mean of ``x``. All accounts of a borrower count;
a borrower without history keeps the prior.

The posterior depends on a history only through the counts of eleven events, so that all borrowers
are one product of a count matrix with a table of log-chances.

``ability`` is the posterior mean of ``x`` *given that the borrower is not reluctant*, so that a
borrower who never pays is either of low ability or reluctant, each with its chance, and one more
late month never raises it. ``reluctance`` is the posterior chance of the reluctant type. Whoever
draws agents draws the type first and for a reluctant one takes ``x`` from the prior.

Every constant below is an assumption. Onset, slope and persistence are round numbers near the
maximum of the likelihood on the public card file of UCI (April to August 2005), the other
constants held; the share of reluctant borrowers lies between those of the two worlds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.core.columns import F64, I8, I16, I32, I64, U8

USUAL, FORGETFUL, RELUCTANT = 0, 1, 2
MAX_IMPLIED_MONTHS = 6
"""Months late before the first known one that are taken into account: then comes charge-off."""


class LatentModel(NamedTuple):
    """Constants of the model in the module's text; each one is an assumption."""

    share_forgetful: float = 0.20
    share_reluctant: float = 0.03
    onset: float = -3.6
    slope: float = 1.2
    persistence: float = 3.2
    forgetful_offset: float = 0.8
    forgetful_persistence: float = 2.0
    deeper: float = -2.6
    deeper_slope: float = 0.3
    full: float = -1.5
    full_slope: float = 1.0
    none: float = -2.2
    none_slope: float = 0.5
    payment_weight: float = 0.5
    reluctant_late: float = 0.60
    reluctant_stays: float = 0.93
    reluctant_deeper: float = 0.15
    reluctant_full: float = 0.05
    reluctant_none: float = 0.60
    utilisation_shift: float = -0.8
    usual_utilisation: float = 0.4
    limit_shift: float = 0.25
    usual_limit: float = 2_000_000.0


class Latents(NamedTuple):
    """Posterior of each borrower, arrays of length B.

    ``ability`` (standard-normal score; mean, given not reluctant) and its standard deviation
    ``ability_sd``; ``reluctance`` and ``forgetfulness``: chances of the two types.
    """

    ability: F64
    ability_sd: F64
    reluctance: F64
    forgetfulness: F64


class AccountHistory(NamedTuple):
    """What is known at the origin; accounts in rows, months from the newest (column 0).

    ``months_past_due`` [A, K] in months, -1 unknown; ``paid`` and ``billed`` [A, K] in fen, -1
    unknown, where ``paid[:, k]`` answers the statement ``billed[:, k + 1]``; ``borrower`` [A] is
    the row of the borrower; ``product`` 1 marks revolving accounts, whose ``balance`` and
    ``limit`` (fen) give the utilisation.
    """

    borrower: I32
    product: U8
    balance: I64
    limit: I64
    months_past_due: I8
    paid: I64
    billed: I64


# Rows of the table of log-chances; the last one is the shift of the prior mean.
FIRST_CURRENT, FIRST_LATE, STAYS_CURRENT, TURNS_LATE, CATCHES_UP, STAYS_LATE, FALLS_BEHIND = range(7)
PAYS_FULL, PAYS_SOME, PAYS_NONE, LATE_BEFORE, PRIOR_SHIFT = range(7, 12)
EVENTS = 12

_GRID = np.linspace(-4.0, 4.0, 41)
_CHUNK = 65_536


def _logistic(value: F64) -> F64:
    return np.asarray(1.0 / (1.0 + np.exp(-value)))


def _able_rows(model: LatentModel, offset: float, persistence: float) -> F64:
    """Log-chances [EVENTS, G] of a borrower who pays when able."""
    score = model.onset - model.slope * (_GRID - offset)
    onset, stays = _logistic(score), _logistic(score + persistence)
    late = onset / (onset + 1.0 - stays)
    deeper = _logistic(model.deeper - model.deeper_slope * _GRID)
    full = _logistic(model.full + model.full_slope * _GRID)
    none = _logistic(model.none - model.none_slope * _GRID)
    rows = np.empty((EVENTS, _GRID.size))
    rows[FIRST_CURRENT], rows[FIRST_LATE] = np.log1p(-late), np.log(late)
    rows[STAYS_CURRENT], rows[TURNS_LATE] = np.log1p(-onset), np.log(onset)
    rows[CATCHES_UP] = np.log1p(-stays)
    rows[STAYS_LATE], rows[FALLS_BEHIND] = np.log(stays * (1.0 - deeper)), np.log(stays * deeper)
    rows[LATE_BEFORE] = np.log(stays)
    rows[PAYS_FULL] = model.payment_weight * np.log(full)
    rows[PAYS_SOME] = model.payment_weight * np.log((1.0 - full) * (1.0 - none))
    rows[PAYS_NONE] = model.payment_weight * np.log((1.0 - full) * none)
    rows[PRIOR_SHIFT] = _GRID
    return rows


def _reluctant_rows(model: LatentModel) -> F64:
    """Log-chances [EVENTS, G] of a borrower who is able and does not pay: no slope in ability."""
    late, stays, deeper = model.reluctant_late, model.reluctant_stays, model.reluctant_deeper
    full, none, weight = model.reluctant_full, model.reluctant_none, model.payment_weight
    first = late / (late + 1.0 - stays)
    chances = np.ones(EVENTS)
    chances[[FIRST_CURRENT, FIRST_LATE]] = 1.0 - first, first
    chances[[STAYS_CURRENT, TURNS_LATE, CATCHES_UP]] = 1.0 - late, late, 1.0 - stays
    chances[[STAYS_LATE, FALLS_BEHIND, LATE_BEFORE]] = stays * (1.0 - deeper), stays * deeper, stays
    chances[[PAYS_FULL, PAYS_SOME]] = full**weight, ((1.0 - full) * (1.0 - none)) ** weight
    chances[PAYS_NONE] = ((1.0 - full) * none) ** weight
    rows = np.repeat(np.log(chances)[:, None], _GRID.size, axis=1)
    rows[PRIOR_SHIFT] = _GRID
    return rows


def log_chances(model: LatentModel) -> F64:
    """Table [EVENTS, 3 types, G] of the log-chance of each event by type and ability."""
    usual = _able_rows(model, 0.0, model.persistence)
    forgetful = _able_rows(model, model.forgetful_offset, model.forgetful_persistence)
    return np.stack([usual, forgetful, _reluctant_rows(model)], axis=1)


def _count_months(counts: F64, months: I8) -> None:
    before = np.full(months.shape[0], -1, np.int8)
    for k in range(months.shape[1] - 1, -1, -1):
        now = months[:, k]
        known, first = now >= 0, (before < 0) & (now >= 0)
        current, late = known & (now == 0), known & (now > 0)
        counts[:, FIRST_CURRENT] += first & current
        counts[:, FIRST_LATE] += first & late
        counts[:, LATE_BEFORE] += np.where(first & late, np.minimum(now, MAX_IMPLIED_MONTHS) - 1, 0)
        counts[:, STAYS_CURRENT] += (before == 0) & current
        counts[:, TURNS_LATE] += (before == 0) & late
        counts[:, CATCHES_UP] += (before > 0) & current
        counts[:, STAYS_LATE] += (before > 0) & late & (now <= before)
        counts[:, FALLS_BEHIND] += (before > 0) & late & (now > before)
        before = now


def _count_payments(counts: F64, history: AccountHistory) -> None:
    revolving = history.product == 1
    for k in range(history.paid.shape[1] - 1):
        paid, billed = history.paid[:, k], history.billed[:, k + 1]
        known = (paid >= 0) & (billed > 0)
        # A statement paid to a fiftieth counts as paid: issuers waive small remainders.
        full = known & revolving & (paid >= billed - billed // 50)
        none = known & (paid == 0)
        counts[:, PAYS_FULL] += full
        counts[:, PAYS_NONE] += none
        counts[:, PAYS_SOME] += known & revolving & ~full & ~none


def _prior_shift(history: AccountHistory, model: LatentModel) -> F64:
    limit = np.maximum(history.limit, 1).astype(np.float64)
    utilisation = np.clip(history.balance / limit, 0.0, 1.5)
    size = np.clip(np.log(limit / model.usual_limit), -2.0, 2.0)
    shift = model.utilisation_shift * (utilisation - model.usual_utilisation) + model.limit_shift * size
    return np.where((history.product == 1) & (history.limit > 0), shift, 0.0)


def count_events(history: AccountHistory, borrowers: int, model: LatentModel) -> F64:
    """Events [borrowers, EVENTS] over all accounts of each borrower; the last column is the mean
    shift of the prior."""
    accounts = np.zeros((history.borrower.shape[0], EVENTS))
    _count_months(accounts, history.months_past_due)
    _count_payments(accounts, history)
    accounts[:, PRIOR_SHIFT] = _prior_shift(history, model)
    counts = np.zeros((borrowers, EVENTS))
    np.add.at(counts, history.borrower, accounts)
    revolving = np.bincount(history.borrower[history.product == 1], minlength=borrowers)
    counts[:, PRIOR_SHIFT] /= np.maximum(revolving, 1)
    return counts


def _posterior(counts: F64, table: F64, prior: F64) -> Latents:
    # einsum keeps one order of summation whatever the number of threads.
    log_weight = np.einsum("be,etg->btg", counts, table) + prior
    weight = np.exp(log_weight - log_weight.max(axis=(1, 2), keepdims=True))
    types = weight.sum(axis=2)
    types /= types.sum(axis=1, keepdims=True)
    able = np.exp(log_weight[:, :2] - log_weight[:, :2].max(axis=(1, 2), keepdims=True)).sum(axis=1)
    able /= able.sum(axis=1, keepdims=True)
    ability = np.einsum("bg,g->b", able, _GRID)
    spread = np.einsum("bg,g->b", able, _GRID**2) - ability**2
    return Latents(ability, np.sqrt(np.maximum(spread, 0.0)), types[:, RELUCTANT], types[:, FORGETFUL])


def infer_latents(history: AccountHistory, borrowers: int, model: LatentModel | None = None) -> Latents:
    """Posterior of ability, reluctance and forgetfulness of each borrower (see the module's text).

    Reads only what ``history`` holds: to predict from an earlier month, leave the later columns
    out of it.
    """
    model = model or LatentModel()
    counts = count_events(history, borrowers, model)
    shares = np.array([0.0, model.share_forgetful, model.share_reluctant])
    shares[USUAL] = 1.0 - shares.sum()
    prior = np.log(shares)[:, None] - 0.5 * _GRID**2
    table = log_chances(model)
    parts = [_posterior(counts[at : at + _CHUNK], table, prior) for at in range(0, borrowers, _CHUNK)]
    if not parts:
        return Latents(*(np.zeros(0) for _ in Latents._fields))
    return Latents(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def months_late(days_past_due: I16) -> I8:
    """Months past due begun after so many days: 0 for none, 1 for 1-30 days, 2 for 31-60 ..."""
    return np.minimum((days_past_due.astype(np.int32) + 29) // 30, 120).astype(np.int8)
