"""What is seen of an account at an origin beside its status: it moves the prior of the borrower's latent
traits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from calibration.backtest_history import History
from sim.core.columns import F64, I64

#: Paid over the statement from which on it counts as paid in full: issuers waive small remainders.
FULL = 0.98


class Observables(NamedTuple):
    """Columns [A, F], which of them are the payment signals of the newest month, which fade, and from which
    on they count for late accounts alone."""

    values: F64
    fading: I64
    late_from: int


def _known(values: F64, otherwise: float) -> F64:
    return np.where(np.isfinite(values), values, otherwise)


def _payments(history: History) -> tuple[list[F64], list[F64]]:
    """Newest payment (fades), and those before."""
    paid, back = history.paid[:, -1], history.paid[:, :-1]
    known = np.isfinite(paid)
    share = np.clip(_known(paid, 0.0), 0.0, 1.0)
    newest = [
        np.sqrt(share), known & (paid == 0), known & (paid >= FULL), ~known,
        np.log(0.01 + share) * known,
    ]  # fmt: skip
    seen = np.isfinite(back).sum(axis=1)
    total = np.where(np.isfinite(back), np.clip(back, 0.0, 1.0), 0.0).sum(axis=1)
    none = (back == 0).sum(axis=1)
    full = (back >= FULL).sum(axis=1)
    most = np.maximum(seen, 1)
    return [np.asarray(v, np.float64) for v in newest], [
        np.sqrt(total / most), none / most, full / most, np.asarray(seen == 0, np.float64)
    ]  # fmt: skip


def _use(history: History) -> list[F64]:
    """How far the limit is used, how that changed, and the limit; zero where there is none."""
    limited = history.limit > 0
    limit = np.where(limited, history.limit, 1.0)
    used = np.clip(_known(history.billed[:, -1] / limit, 0.0), 0.0, 1.5) * limited
    before = history.billed[:, -2] / limit if history.length > 1 else np.full(history.accounts, np.nan)
    change = np.clip(_known(used - before, 0.0), -1.0, 1.0) * limited
    billed = history.billed[:, -1]
    return [
        used, np.asarray(used > 0.9, np.float64), change, np.where(limited, np.log(limit) - np.log(1e6), 0.0),
        np.asarray(np.isfinite(billed) & (billed <= 0), np.float64),
    ]  # fmt: skip


def observables(history: History) -> Observables:
    """Columns seen at the end of a history: once for all, and once more for those who are late."""
    newest, past = _payments(history)
    late = (history.bucket[:, -1] > 0).astype(np.float64)
    deep = (history.bucket[:, -1] > 1).astype(np.float64)
    first = (history.bucket[:, 0] > 0).astype(np.float64)
    ever = (history.bucket > 0).mean(axis=1)
    plain = [*newest, *past, *_use(history), first, ever]
    columns = [late, deep, *plain, *(late * column for column in plain)]
    pays = np.arange(len(newest)) + 2
    fading = np.concatenate([pays, pays + len(plain)])
    return Observables(np.column_stack(columns), fading, 2 + len(plain))
