"""From the columns of a portfolio file to arrays, canonical and foreign files alike."""

from __future__ import annotations

import re
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.core.columns import I8, I16, I32, I64, U8, Bool
from sim.core.errors import SpecError, unknown_name
from sim.spec.portfolio_cells import UNKNOWN, coded, money, names, shown, whole_numbers
from sim.spec.portfolio_mapping import DEFAULT_MINIMUM, MAX_MONTHS, PortfolioMapping
from sim.spec.portfolio_table import PortfolioTable, read_table

MAX_DAYS = 3650
MAX_TOTAL_FEN = 10**17
PRODUCTS = {"instalment": 0, "revolving": 1}

REQUIRED = ("account_id", "balance", "days_past_due")
OPTIONAL = (
    "instalment",
    "limit",
    "borrower_id",
    "product",
    "age",
    "segment",
    "income_monthly",
    "lender",
    "opened",
)
MONTHLY = ("months_past_due", "paid", "billed")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?", re.ASCII)


class Owners(NamedTuple):
    """Which borrower owns each account.

    ``account_id`` in the file's order; ``order`` [A] sorts accounts by borrower, ``borrower`` [A]
    is the row of the borrower after sorting, ``of_row`` [A] the same in the file's order;
    borrowers are numbered as they first appear.
    """

    account_id: list[str]
    order: I64
    borrower: I32
    of_row: I64
    borrowers: int


class Terms(NamedTuple):
    """Product, limit and monthly payment (fen) of each account."""

    product: U8
    limit: I64
    instalment: I64


class PortfolioReader:
    """One file on its way in; arrays come out in the file's order unless said otherwise."""

    def __init__(self, path: Path, mapping: PortfolioMapping | None) -> None:
        self.mapping = mapping
        self.names = _canonical_names() if mapping is None else _mapped_names(mapping)
        flat = [name for found in self.names.values() for name in found]
        self.table: PortfolioTable = read_table(path, flat)
        self._keep_present()
        self._factor = 1.0 if mapping is None else mapping.ratio_to_local_income
        self._decimals = 2 if mapping is None else 6
        self._negative = "refuse" if mapping is None else mapping.negative_amounts
        self._check_opened()

    def _keep_present(self) -> None:
        """Check the header; afterwards ``names`` holds the columns that the file has."""
        header, source = self.table.header, self.table.source
        where = "line 1" if self.table.lines is not None else "header"
        if self.mapping is not None:
            for canonical, found in self.names.items():
                for name in found:
                    if name not in header:
                        near, _ = unknown_name(name, header, "column of the file")
                        raise SpecError(
                            source, where, f"{canonical} is mapped to {near}", "columns " + _listed(header)
                        )
            return
        known = [name for found in self.names.values() for name in found]
        for name in REQUIRED:
            if name not in header:
                near = unknown_name(name, [h for h in header if h not in known], "column here")[0]
                hint = near.partition("; did you mean ")[2].rstrip("?")
                problem = f"column {name!r} is missing" + (f"; is it {hint}?" if hint else "")
                raise SpecError(
                    source, where, problem, "columns " + ", ".join(REQUIRED) + ", instalment or limit"
                )
        for name in header:
            if name not in known:
                problem = unknown_name(name[:64], known, "known column")[0]
                allowed = ", ".join(REQUIRED + OPTIONAL) + ", ".join(f", {m}_1.." for m in MONTHLY)
                raise SpecError(source, where, problem, allowed + "; or a mapping file")
        if "instalment" not in header and "limit" not in header:
            raise SpecError(source, where, "columns 'instalment' and 'limit' are both missing", "one of them")
        self.names = {key: _unbroken(source, where, key, found, header) for key, found in self.names.items()}

    def has(self, name: str) -> bool:
        """Whether the file has canonical column ``name``."""
        return bool(self.names[name])

    def _column(self, name: str) -> str:
        return self.names[name][0]

    def _money(self, name: str, *, blank: bool = True, negative: str = "refuse") -> I64:
        return money(
            self.table, name, factor=self._factor, decimals=self._decimals, negative=negative, blank=blank
        )

    def owners(self) -> Owners:
        """Accounts and whose they are; an account without borrower id is a borrower of its own."""
        ids = names(self.table, self._column("account_id"), blank=False)
        seen: dict[str, int] = {}
        for row, account in enumerate(ids):
            first = seen.setdefault(account, row)
            if first != row:
                problem = f"{shown(account)} stands already on {self.table.place(first)}"
                raise self.table.fault(row, self._column("account_id"), problem, "each account once")
        owner = names(self.table, self._column("borrower_id")) if self.has("borrower_id") else [""] * len(ids)
        rows: dict[tuple[bool, str], int] = {}
        of_row = np.array(
            [
                rows.setdefault((True, who) if who else (False, ids[row]), len(rows))
                for row, who in enumerate(owner)
            ],
            np.int64,
        )
        order = np.argsort(of_row, kind="stable")
        return Owners(ids, order, of_row[order].astype(np.int32), of_row, len(rows))

    @cached_property
    def balance(self) -> I64:
        """What is owed, fen."""
        found = self._money(self._column("balance"), blank=False, negative=self._negative)
        if found.astype(np.float64).sum() > MAX_TOTAL_FEN:
            allowed = f"at most {MAX_TOTAL_FEN // 100:,} yuan"
            raise SpecError(
                self.table.source, self._column("balance"), "adds up to an implausible total", allowed
            )
        return found

    def days_past_due(self) -> I16:
        """Days past due; from the newest month's status where the file does not give days."""
        if self.has("days_past_due"):
            days = whole_numbers(self.table, self._column("days_past_due"), 0, MAX_DAYS, blank=False)
            return days.astype(np.int16)
        assert self.mapping is not None
        months = self._months()[:, 0].astype(np.int64)
        if (months < 0).any():
            row = int(np.argmax(months < 0))
            allowed = "the months past due of the newest month, or a column of days_past_due"
            raise self.table.fault(
                row, self.names["months_past_due"][0], "the newest status is unknown", allowed
            )
        days = np.where(months > 0, self.mapping.days_in_first_month + 30 * (months - 1), 0)
        return np.minimum(days, MAX_DAYS).astype(np.int16)

    @cached_property
    def terms(self) -> Terms:
        """Product, limit and monthly payment; revolving accounts owe their minimum payment."""
        zero = np.zeros(self.table.rows, np.int64)
        instalment = self._money(self._column("instalment")) if self.has("instalment") else zero
        limit = self._money(self._column("limit")) if self.has("limit") else zero
        revolving = self._revolving(instalment > 0, limit > 0)
        rule = DEFAULT_MINIMUM if self.mapping is None else self.mapping.minimum_payment or DEFAULT_MINIMUM
        floor = round(rule.floor * self._factor * 100)
        minimum = np.minimum(
            np.maximum(np.ceil(self.balance * rule.share - 1e-6).astype(np.int64), floor), self.balance
        )
        return Terms(
            revolving.astype(np.uint8),
            np.where(revolving, limit, 0),
            np.where(revolving, minimum, instalment),
        )

    def _revolving(self, instalment: Bool, limit: Bool) -> Bool:
        """Which accounts revolve: said by the file or mapping, else by which amount is given."""
        if self.mapping is not None and self.mapping.product is not None:
            revolving = np.full(self.table.rows, self.mapping.product == "revolving")
        elif self.has("product"):
            own = self.mapping.codes.product if self.mapping is not None else None
            codes = PRODUCTS if own is None else {code: PRODUCTS[name] for code, name in own.items()}
            stated = coded(self.table, self._column("product"), codes, "product")
            revolving = np.where(stated == UNKNOWN, limit & ~instalment, stated == 1)
            self._one_of(instalment, limit)
        else:
            revolving = limit & ~instalment
            self._one_of(instalment, limit)
        for lacking, name in ((revolving & ~limit, "limit"), (~revolving & ~instalment, "instalment")):
            if lacking.any():
                kind = "a revolving" if name == "limit" else "an instalment"
                column = self._column(name) if self.has(name) else name
                problem = f"{kind} account without {name}"
                raise self.table.fault(int(np.argmax(lacking)), column, problem, "an amount above 0")
        return revolving

    def _one_of(self, instalment: Bool, limit: Bool) -> None:
        for wrong, problem in (
            (instalment & limit, "instalment and limit are both given"),
            (~instalment & ~limit, "neither instalment nor limit is given"),
        ):
            if wrong.any():
                allowed = "instalment (loan) or limit (revolving), above 0, not both"
                raise self.table.fault(int(np.argmax(wrong)), "instalment or limit", problem, allowed)

    def _months(self) -> I8:
        columns = self.names["months_past_due"]
        codes = self.mapping.codes.months_past_due if self.mapping is not None else None
        found = np.full((self.table.rows, len(columns)), UNKNOWN, np.int8)
        for k, name in enumerate(columns):
            if codes is None:
                found[:, k] = whole_numbers(self.table, name, 0, 120)
            else:
                found[:, k] = coded(self.table, name, codes, "mapped code of months_past_due")
        return found

    def histories(self) -> tuple[I8, I64, I64]:
        """Months past due, paid and billed, each [A, K], newest month first, -1 unknown."""
        width = max(len(self.names[name]) for name in MONTHLY)
        months = np.full((self.table.rows, width), UNKNOWN, np.int8)
        months[:, : len(self.names["months_past_due"])] = self._months()
        amounts = {name: np.full((self.table.rows, width), UNKNOWN, np.int64) for name in ("paid", "billed")}
        for name, found in amounts.items():
            for k, column in enumerate(self.names[name]):
                found[:, k] = self._money(column, negative=self._negative if name == "billed" else "refuse")
        return months, amounts["paid"], amounts["billed"]

    def lender(self) -> tuple[I16, tuple[str, ...]]:
        """Lender of each account as position among the lenders' names."""
        if not self.has("lender"):
            only = self.mapping.lender if self.mapping is not None and self.mapping.lender else "lender"
            return np.zeros(self.table.rows, np.int16), (only,)
        return self._numbered("lender", names(self.table, self._column("lender"), blank=False))

    def _numbered(self, what: str, labels: list[str]) -> tuple[I16, tuple[str, ...]]:
        known: dict[str, int] = {}
        for row, label in enumerate(labels):
            if label and known.setdefault(label, len(known)) >= 1_000:
                problem = f"{shown(label)} is the 1,001st {what}"
                raise self.table.fault(row, self._column(what), problem, f"at most 1,000 {what}s")
        return np.array([known.get(label, UNKNOWN) for label in labels], np.int16), tuple(known)

    def _of_borrower(self, name: str, values: I64, owners: Owners) -> I64:
        """A property of borrowers from their accounts' rows; accounts that contradict are a fault."""
        found = np.full(owners.borrowers, UNKNOWN, np.int64)
        known = np.flatnonzero(values != UNKNOWN)
        # In reverse, so that the first account that knows it is the one that stays.
        found[owners.of_row[known[::-1]]] = values[known[::-1]]
        wrong = known[values[known] != found[owners.of_row[known]]]
        if wrong.size:
            row = int(wrong[0])
            same = known[owners.of_row[known] == owners.of_row[row]]
            cell = self.table.columns[self._column(name)][row].as_py()
            problem = f"{shown(cell)} contradicts {self.table.place(int(same[0]))} of the same borrower"
            raise self.table.fault(row, self._column(name), problem, f"one {name} for each borrower")
        return found

    def age(self, owners: Owners) -> I16:
        """Age of each borrower in years, 0 unknown."""
        if not self.has("age"):
            return np.zeros(owners.borrowers, np.int16)
        values = whole_numbers(self.table, self._column("age"), 0, 120)
        found = self._of_borrower("age", np.where(values == 0, UNKNOWN, values), owners)
        return np.maximum(found, 0).astype(np.int16)

    def segment(self, owners: Owners) -> tuple[I16, tuple[str, ...]]:
        """Segment of each borrower as position among the segments' names, -1 unknown."""
        if not self.has("segment"):
            return np.full(owners.borrowers, UNKNOWN, np.int16), ()
        number, labels = self._numbered("segment", names(self.table, self._column("segment")))
        return self._of_borrower("segment", number.astype(np.int64), owners).astype(np.int16), labels

    def weekly_income(self, owners: Owners) -> I64:
        """Income of each borrower in fen a week (12 months are 52 weeks), 0 unknown."""
        if not self.has("income_monthly"):
            return np.zeros(owners.borrowers, np.int64)
        found = self._of_borrower("income_monthly", self._money(self._column("income_monthly")), owners)
        return np.where(found > 0, (found * 12 + 26) // 52, 0)

    def _check_opened(self) -> None:
        """Opening dates are checked for form; nothing is drawn from them."""
        if not self.has("opened"):
            return
        for row, text in enumerate(self.table.columns[self._column("opened")].to_pylist()):
            if text and not _is_date(text):
                allowed = "a date like 2023-05-31 or 2023-05, or nothing"
                raise self.table.fault(row, self._column("opened"), f"{shown(text)} is not a date", allowed)


def _is_date(text: str) -> bool:
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    try:
        date(int(match[1]), int(match[2]), int(match[3] or 1))
    except ValueError:
        return False
    return True


def _canonical_names() -> dict[str, list[str]]:
    names = {name: [name] for name in REQUIRED + OPTIONAL}
    names.update({name: [f"{name}_{k}" for k in range(1, MAX_MONTHS + 1)] for name in MONTHLY})
    return names


def _mapped_names(mapping: PortfolioMapping) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name in REQUIRED + OPTIONAL:
        given = getattr(mapping.columns, name)
        names[name] = [] if given is None else [given]
    for name in MONTHLY:
        given = list(getattr(mapping.columns, name))
        names[name] = given if mapping.newest_month == "first" else given[::-1]
    return names


def _unbroken(source: str, where: str, key: str, found: list[str], header: list[str]) -> list[str]:
    """Those of ``found`` that the header has; monthly columns must not leave one out."""
    present = [name for name in found if name in header]
    for number, name in enumerate(present):
        if key in MONTHLY and name != found[number]:
            problem = f"column {name!r} is there but {found[number]!r} is not"
            raise SpecError(source, where, problem, f"{key}_1 (newest) to {key}_n without gaps")
    return present


def _listed(header: list[str]) -> str:
    shown_names = [name[:40] for name in header[:40]]
    return ", ".join(shown_names) + (", ..." if len(header) > 40 else "")
