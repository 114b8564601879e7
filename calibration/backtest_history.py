"""What a backtest may read: the months of each account, oldest first, up to an origin and no further."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.core.columns import F64, I8, I32, I64
from sim.core.errors import SpecError
from sim.core.rng import uniform_rows
from sim.spec.portfolio import Portfolio

#: Buckets of months past due: none, one, two, three or more.
BUCKETS = 4
#: Fewest months: one step to fit on and one to predict.
LEAST_MONTHS = 3
#: Fewest accounts on each side of a split (assumption: fewer leave rates of rare buckets empty).
LEAST_ACCOUNTS = 20
UNKNOWN = -1


class History(NamedTuple):
    """Accounts in rows, months in columns, the oldest first.

    ``bucket`` and ``months`` (past due) are -1 where unknown; ``paid`` over the statement of the month
    before and ``billed`` (the month's statement, fen) are NaN where unknown, ``limit`` (fen) is 0 where there
    is none. The file's balance, days past due and payment due date from its end, so they are not here.
    """

    bucket: I8
    months: I8
    paid: F64
    billed: F64
    limit: F64
    borrower: I32

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return int(self.bucket.shape[0])

    @property
    def length(self) -> int:
        """Number of months."""
        return int(self.bucket.shape[1])

    def until(self, origin: int) -> History:
        """The months up to and including ``origin`` (0 is the oldest)."""
        cut = {name: getattr(self, name)[:, : origin + 1] for name in ("bucket", "months", "paid", "billed")}
        return self._replace(**cut)

    def of(self, rows: I64) -> History:
        """Some accounts."""
        return History(**{name: getattr(self, name)[rows] for name in self._fields})


def history_of(portfolio: Portfolio, newest_left_out: int = 0) -> History:
    """The comparable months of a portfolio; ``newest_left_out`` of its newest months are dropped.

    Raises
    ------
    SpecError
        If the file has fewer than :data:`LEAST_MONTHS` comparable months of status.
    """
    known = (portfolio.months_past_due >= 0).any(axis=0)
    width = int(known.sum()) if known.all() else int(np.argmin(known))
    if width - newest_left_out < LEAST_MONTHS:
        left = f", of which {newest_left_out} left out as not comparable" if newest_left_out else ""
        raise SpecError(
            portfolio.source, "months_past_due", f"holds {width} months of history{left}",
            f"at least {LEAST_MONTHS} comparable months past due of each account",
        )  # fmt: skip
    kept = slice(newest_left_out, width)
    months = portfolio.months_past_due[:, kept][:, ::-1].copy()
    billed = np.where(portfolio.billed >= 0, portfolio.billed, np.nan)
    before = np.full(billed.shape, np.nan)
    before[:, :-1] = billed[:, 1:]
    paid = np.where(portfolio.paid >= 0, portfolio.paid, np.nan)
    share = np.where(before > 0, paid / np.maximum(before, 1.0), np.nan)
    # The oldest month's payment answers a statement before the file, which is unknown.
    return History(
        np.minimum(months, BUCKETS - 1), months, share[:, kept][:, ::-1].copy(),
        billed[:, kept][:, ::-1].copy(), portfolio.limit.astype(np.float64), portfolio.borrower,
    )  # fmt: skip


def folds_of(history: History, folds: int, seed: int) -> I64:
    """The fold [A] of each account; accounts of one borrower stay together.

    Raises :class:`SpecError` if a fold would hold fewer than :data:`LEAST_ACCOUNTS` accounts.
    """
    rank = np.argsort(np.argsort(uniform_rows(seed, "backtest.folds", int(history.borrower.max()) + 1)[:, 0]))
    fold = (rank % folds)[history.borrower]
    if np.bincount(fold, minlength=folds).min() < LEAST_ACCOUNTS:
        problem = f"holds {history.accounts} accounts, too few for {folds} groups"
        raise SpecError("portfolio", "", problem, f"at least {LEAST_ACCOUNTS} accounts in each group")
    return np.asarray(fold, np.int64)


def late_run(bucket: I8) -> I64:
    """Months late in a row up to the last column, at most the number of columns."""
    run = np.zeros(bucket.shape[0], np.int64)
    on = np.ones(bucket.shape[0], np.bool_)
    for column in bucket.T[::-1]:
        on &= column > 0
        run += on
    return run
