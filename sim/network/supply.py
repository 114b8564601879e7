"""The supply network as arrays: firms, and links from buyer to supplier with weekly money."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from sim.core.columns import I8, I16, I32, I64
from sim.core.errors import SpecError


@dataclass(frozen=True, eq=False)
class SupplyNetwork:
    """Who buys what from whom in a week; N firms, L links, money in whole fen.

    Links are stored by buyer: those of firm ``b`` are ``buyer_start[b]:buyer_start[b + 1]``, in
    rising order of supplier, each pair at most once and never a firm with itself.

    Attributes
    ----------
    sectors:
        Names of the sectors, in the order of the sector table.
    sector, region:
        Sector (index into ``sectors``) and region of each firm, shape (N,).
    weekly_sales:
        Sales of all kinds a week, shape (N,).
    final_sales:
        Sales that do not go to a firm of the network: exactly ``weekly_sales`` minus
        :meth:`sales_to_firms`, shape (N,).
    outside_purchases:
        Domestic inputs bought from outside the network, for cash, shape (N,).
    buyer_start, supplier:
        The links in compressed rows, shapes (N + 1,) and (L,).
    weekly_amount:
        What the buyer of the link buys from its supplier a week, at least 1, shape (L,).
    terms_weeks:
        Payment terms of the link, 0 to 26; -1 takes the world's own terms, shape (L,).
    firm_ids:
        Names of the firms in a user's own network, else None.
    cash, employees:
        Cash in fen and head count where a user gives them, shape (N,), else None.
    """

    sectors: tuple[str, ...]
    sector: I16
    region: I32
    weekly_sales: I64
    final_sales: I64
    outside_purchases: I64
    buyer_start: I64
    supplier: I32
    weekly_amount: I64
    terms_weeks: I8
    firm_ids: tuple[str, ...] | None = None
    cash: I64 | None = None
    employees: I64 | None = None

    @property
    def firms(self) -> int:
        """Number of firms N."""
        return len(self.sector)

    @property
    def links(self) -> int:
        """Number of links L."""
        return len(self.supplier)

    def buyer(self) -> I32:
        """The buyer of each link, shape (L,)."""
        return np.repeat(np.arange(self.firms, dtype=np.int32), np.diff(self.buyer_start))

    def suppliers_of(self) -> I64:
        """Number of suppliers of each firm (k_in), shape (N,)."""
        return np.diff(self.buyer_start)

    def customers_of(self) -> I64:
        """Number of customers of each firm (k_out), shape (N,)."""
        return np.bincount(self.supplier, minlength=self.firms).astype(np.int64)

    def purchases(self) -> I64:
        """What each firm buys a week on its links, fen, shape (N,)."""
        total = np.zeros(self.links + 1, dtype=np.int64)
        np.cumsum(self.weekly_amount, out=total[1:])
        return np.diff(total[self.buyer_start])

    def sales_to_firms(self) -> I64:
        """What each firm sells a week on its links, fen, shape (N,)."""
        sold = np.zeros(self.firms, dtype=np.int64)
        np.add.at(sold, self.supplier, self.weekly_amount)
        return sold

    def check(self) -> None:
        """Raise :class:`SpecError` unless all the statements above hold to the fen."""
        firms, links = self.firms, self.links
        shapes = {
            name: np.shape(getattr(self, name)) == (size,)
            for name, size in (
                ("region", firms),
                ("weekly_sales", firms),
                ("final_sales", firms),
                ("outside_purchases", firms),
                ("buyer_start", firms + 1),
                ("weekly_amount", links),
                ("terms_weeks", links),
            )
        }
        for name, right in shapes.items():
            if not right:
                raise SpecError("network", name, "has the wrong length", "one entry a firm or link")
        start = self.buyer_start
        rising = links < 2 or bool(
            (np.diff(self.buyer() * np.int64(max(firms, 1)) + self.supplier) > 0).all()
        )
        faults = {
            "buyer_start": bool(start[0] != 0 or start[-1] != links or (np.diff(start) < 0).any()),
            "sector": bool(((self.sector < 0) | (self.sector >= len(self.sectors))).any()),
            "supplier": bool(((self.supplier < 0) | (self.supplier >= firms)).any()) or not rising,
            "self-supply": bool((self.buyer() == self.supplier).any()),
            "weekly_amount": bool((self.weekly_amount < 1).any()),
            "terms_weeks": bool(((self.terms_weeks < -1) | (self.terms_weeks > 26)).any()),
            "outside_purchases": bool((self.outside_purchases < 0).any()),
            "final_sales": bool(
                (self.final_sales < 0).any()
                or (self.final_sales != self.weekly_sales - self.sales_to_firms()).any()
            ),
        }
        for name, wrong in faults.items():
            if wrong:
                raise SpecError("network", name, "breaks a rule of SupplyNetwork", "see its documentation")

    def digest_parts(self) -> list[bytes]:
        """The bytes of all arrays in a fixed order, for digests and comparisons."""
        parts = []
        for item in fields(self):
            value = getattr(self, item.name)
            parts.append(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
        return parts
