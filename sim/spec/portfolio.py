"""The user's own accounts: read from a file, checked, and made ready to start a run from.

The canonical file has the columns ``account_id, balance, days_past_due`` and ``instalment`` or
(revolving accounts) ``limit``; optional are ``borrower_id, product, age, segment, income_monthly,
lender, opened`` and the monthly ``months_past_due_1..n, paid_1..n, billed_1..n`` (1 is the newest
month; ``paid_k`` answers the statement ``billed_(k+1)``). Money is in yuan with at most two
decimals. A file with other names, codes or money is read through a :class:`PortfolioMapping`.
Everything in the file dates from the origin of the run or from before it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from sim.core.columns import F64, I8, I16, I32, I64, U8
from sim.spec.portfolio_latents import AccountHistory, infer_latents, months_late
from sim.spec.portfolio_mapping import PortfolioMapping, load_mapping
from sim.spec.portfolio_reader import Owners, PortfolioReader

INSTALMENT, REVOLVING = 0, 1


@dataclass(frozen=True)
class Portfolio:
    """Accounts (A rows, sorted by borrower) and their borrowers (B rows), read-only arrays.

    Money is in fen. ``instalment`` is what falls due each month: of a revolving account its
    minimum payment. ``limit`` is 0 for instalment accounts. ``lender`` and ``segment`` are
    positions in ``lenders`` and ``segments``; segment -1 and age, weekly income 0 are unknown.
    ``months_past_due``, ``paid`` and ``billed`` [A, K] start with the newest month, -1 is
    unknown. ``days_past_due`` is 0 where nothing is owed; ``cleared`` counts the accounts for which
    the file said otherwise. ``ability``, ``ability_sd``, ``reluctance`` and ``forgetfulness`` [B]
    are the posterior of :mod:`sim.spec.portfolio_latents`. ``encoding`` is what the file was read
    as.
    """

    source: str
    encoding: str
    account_id: tuple[str, ...]
    borrower: I32
    borrowers: int
    product: U8
    balance: I64
    limit: I64
    instalment: I64
    days_past_due: I16
    lender: I16
    lenders: tuple[str, ...]
    age: I16
    segment: I16
    segments: tuple[str, ...]
    weekly_income: I64
    months_past_due: I8
    paid: I64
    billed: I64
    ability: F64
    ability_sd: F64
    reluctance: F64
    forgetfulness: F64
    cleared: int

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return len(self.account_id)

    @property
    def willingness(self) -> F64:
        """Chance [B] that the borrower pays when able: one minus ``reluctance``."""
        return 1.0 - self.reluctance


def read_portfolio(path: str | Path, mapping: PortfolioMapping | str | Path | None = None) -> Portfolio:
    """Read a portfolio from CSV (plain or gzip) or Parquet.

    Parameters
    ----------
    path:
        The file; canonical, or foreign together with ``mapping``.
    mapping:
        How a foreign file is read: a mapping, the name of a shipped one, or its YAML file.

    Raises
    ------
    SpecError
        For the first fault found, with file, line, column, value and what is allowed.
    """
    if mapping is not None and not isinstance(mapping, PortfolioMapping):
        mapping = load_mapping(mapping)
    return _assembled(PortfolioReader(Path(path), mapping))


def _assembled(reader: PortfolioReader) -> Portfolio:
    """The portfolio of a reader, accounts sorted by borrower."""
    owners = reader.owners()
    order = owners.order
    history, days = _history(reader, owners)
    latents = infer_latents(_with_newest(history, days), owners.borrowers)
    nothing_owed = (history.balance == 0) & (days > 0)
    lender, lenders = reader.lender()
    segment, segments = reader.segment(owners)
    return Portfolio(
        source=reader.table.source,
        encoding=reader.table.encoding,
        account_id=tuple(owners.account_id[row] for row in order),
        borrower=owners.borrower,
        borrowers=owners.borrowers,
        product=history.product,
        balance=history.balance,
        limit=history.limit,
        instalment=reader.terms.instalment[order],
        days_past_due=np.where(nothing_owed, 0, days).astype(np.int16),
        lender=lender[order],
        lenders=lenders,
        age=reader.age(owners),
        segment=segment,
        segments=segments,
        weekly_income=reader.weekly_income(owners),
        months_past_due=history.months_past_due,
        paid=history.paid,
        billed=history.billed,
        cleared=int(nothing_owed.sum()),
        **latents._asdict(),
    )


def _history(reader: PortfolioReader, owners: Owners) -> tuple[AccountHistory, I16]:
    """History and days past due as the file gives them, sorted by borrower."""
    order = owners.order
    months, paid, billed = reader.histories()
    terms = reader.terms
    history = AccountHistory(
        borrower=owners.borrower,
        product=terms.product[order],
        balance=reader.balance[order],
        limit=terms.limit[order],
        months_past_due=months[order],
        paid=paid[order],
        billed=billed[order],
    )
    return history, reader.days_past_due()[order]


def _with_newest(history: AccountHistory, days: I16) -> AccountHistory:
    """The history with the newest month told by the days past due where the file leaves it open."""
    months = history.months_past_due
    newest = months[:, :1] if months.shape[1] else np.full((months.shape[0], 1), -1, np.int8)
    newest = np.where(newest < 0, months_late(days)[:, None], newest).astype(np.int8)
    return history._replace(months_past_due=np.concatenate([newest, months[:, 1:]], axis=1))


_BUCKETS = ((0, 0), (1, 30), (31, 90), (91, 180), (181, 3650))


def summary(portfolio: Portfolio) -> dict[str, object]:
    """What a file holds, for ``arrears check``; balances in yuan, shares of accounts and of balance.

    ``late`` gives for each range of days past due the number and share of accounts and the share
    of the balance.
    """
    total = int(portfolio.balance.sum())
    late: dict[str, dict[str, float | int | None]] = {}
    for low, high in _BUCKETS:
        inside = (portfolio.days_past_due >= low) & (portfolio.days_past_due <= high)
        name = "0" if high == 0 else f"{low}-{high}" if high < 3650 else f"{low}+"
        late[name] = {
            "accounts": int(inside.sum()),
            "share": float(inside.mean()),
            "share_of_balance": float(portfolio.balance[inside].sum() / total) if total else None,
        }
    return {
        "file": portfolio.source,
        "encoding": portfolio.encoding,
        "accounts": portfolio.accounts,
        "borrowers": portfolio.borrowers,
        "lenders": len(portfolio.lenders),
        "revolving_share": float((portfolio.product == REVOLVING).mean()),
        "balance_yuan": total / 100,
        "median_balance_yuan": float(np.median(portfolio.balance)) / 100,
        "late": late,
        "late_but_nothing_owed": portfolio.cleared,
        "months_of_history": int(portfolio.months_past_due.shape[1]),
        "mean_ability": float(portfolio.ability.mean()),
        "mean_reluctance": float(portfolio.reluctance.mean()),
    }
