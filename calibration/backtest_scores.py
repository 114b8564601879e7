"""Scores of predicted buckets, with intervals over borrowers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy import stats

from calibration.backtest_history import BUCKETS, History, late_run
from sim.core.columns import F64, I32, I64, Bool

REFERENCE = "chain"
RESAMPLES = 1000
_BLOCK = 50
#: Longest duration shown apart in the cure curve, months late in a row.
LONGEST = 4
#: Groups of the calibration curve.
TENTHS = 10


def log_score(chances: F64, seen: I64) -> F64:
    """Minus the log of the chance given to what happened, nats, by account."""
    return np.asarray(-np.log(chances[np.arange(len(seen)), seen]))


def brier_score(chances: F64, seen: I64) -> F64:
    """Squared distance of chances and outcome summed over buckets (Brier 1950), by account."""
    return np.asarray(((chances - np.eye(BUCKETS)[seen]) ** 2).sum(axis=1))


def _resampled(columns: F64, borrower: I32, seed: int) -> Iterator[F64]:
    """Sums of columns over borrowers drawn with Poisson weights of mean one, block by block."""
    _, row = np.unique(borrower, return_inverse=True)
    sums = np.zeros((int(row.max()) + 1, columns.shape[1]))
    np.add.at(sums, row, columns)
    random = np.random.default_rng(seed)
    for _ in range(0, RESAMPLES, _BLOCK):
        yield random.poisson(1.0, (_BLOCK, len(sums))).astype(np.float32) @ sums


def _interval(values: F64) -> dict[str, float | None]:
    if not np.isfinite(values).all():
        return {"low": None, "high": None}
    low, high = np.quantile(values, (0.025, 0.975))
    return {"low": float(low), "high": float(high)}


def scores(
    chances: Mapping[str, F64], seen: I64, group: Bool, borrower: I32, seed: int
) -> dict[str, dict[str, Any]]:
    """Mean scores of each predictor in a group of accounts, and gains on the plain chain.

    ``gain`` is one less the score over the chain's, so positive is better; its 95 % interval is a bootstrap
    over borrowers. ``late_ratio`` is the predicted over the observed number of late accounts.
    """
    names = list(chances)
    here, outcome = np.flatnonzero(group), seen[group]
    logs = np.column_stack([log_score(chances[name][here], outcome) for name in names])
    briers = np.column_stack([brier_score(chances[name][here], outcome) for name in names])
    late = np.column_stack([1.0 - chances[name][here, 0] for name in names])
    if not len(here):
        return {}
    observed = (outcome > 0).astype(np.float64)[:, None]
    width, at = len(names), names.index(REFERENCE)
    columns = np.hstack([logs, briers, late, observed])
    draws = np.concatenate(list(_resampled(columns, borrower[here], seed)))
    found: dict[str, dict[str, Any]] = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for j, name in enumerate(names):
            found[name] = {"accounts": len(here), "late_observed": float(observed.mean())}
            for offset, kind, values in ((0, "log", logs), (width, "brier", briers)):
                gains = 1.0 - draws[:, offset + j] / draws[:, offset + at]
                gain = 1.0 - float(values[:, j].mean() / values[:, at].mean())
                found[name][kind] = float(values[:, j].mean())
                found[name][f"{kind}_gain"] = {"value": gain, **_interval(gains)}
            ratio = float(late[:, j].sum() / observed.sum()) if observed.any() else None
            found[name]["late_ratio"] = {
                "value": ratio, **_interval(draws[:, 2 * width + j] / draws[:, -1])
            }  # fmt: skip
    return found


def by_bucket(chances: Mapping[str, F64], seen: I64) -> dict[str, list[dict[str, float]]]:
    """For each predictor and bucket: predicted and observed share, Brier and log score of that bucket
    alone."""
    found: dict[str, list[dict[str, float]]] = {}
    for name, given in chances.items():
        rows = []
        for bucket in range(BUCKETS):
            hit, p = seen == bucket, given[:, bucket]
            log = -np.log(np.where(hit, p, 1.0 - p))
            rows.append(
                {
                    "bucket": bucket, "predicted": float(p.mean()), "observed": float(hit.mean()),
                    "brier": float(((p - hit) ** 2).mean()), "log": float(log.mean()),
                }
            )  # fmt: skip
        found[name] = rows
    return found


def share_interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    interval = stats.binomtest(hits, of).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def calibration_curve(
    chances: Mapping[str, F64], seen: I64, group: Bool
) -> dict[str, list[dict[str, float]]]:
    """Observed share late by tenths of the predicted chance, with Wilson intervals, for each predictor."""
    found: dict[str, list[dict[str, float]]] = {}
    for name, given in chances.items():
        p, late = 1.0 - given[group, 0], seen[group] > 0
        order = np.argsort(p, kind="stable")
        found[name] = []
        for part in np.array_split(order, min(TENTHS, max(1, len(order)))):
            if not len(part):
                continue
            low, high = share_interval(int(late[part].sum()), len(part))
            found[name].append(
                {
                    "accounts": len(part), "predicted": float(p[part].mean()),
                    "observed": float(late[part].mean()), "low": low, "high": high,
                }
            )  # fmt: skip
    return found


def cure_curve(chances: Mapping[str, F64], seen: I64, origin: History) -> list[dict[str, Any]]:
    """Share cured by months late in a row at the origin: observed with Wilson interval, and predicted."""
    run, rows = np.minimum(late_run(origin.bucket), LONGEST), []
    for months in range(1, LONGEST + 1):
        here = run == months
        if not here.any():
            continue
        cured = seen[here] == 0
        low, high = share_interval(int(cured.sum()), int(here.sum()))
        rows.append(
            {
                "months_late": months, "and_more": months == min(LONGEST, origin.length),
                "accounts": int(here.sum()), "observed": float(cured.mean()), "low": low, "high": high,
                "predicted": {name: float(given[here, 0].mean()) for name, given in chances.items()},
            }
        )  # fmt: skip
    return rows
