"""The shared ledger: debt records under a Merkle root a week, each root chained to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.collection.merkle import Proof, leaf_hash, prove, root_of, verify
from sim.core.columns import I32, Bool
from sim.phases.choice import strategy_of
from sim.phases.learning import lender_modules

if TYPE_CHECKING:
    from sim.phases.state import State

#: One debt record: 64 bytes, little-endian, money in fen.
RECORD = np.dtype(
    [
        ("account", "<i4"), ("generation", "<i4"), ("borrower", "<i4"),
        ("lender", "<i2"), ("days_past_due", "<i2"),
        ("balance", "<i8"), ("arrears", "<i8"), ("instalment", "<i8"), ("cumulative_paid", "<i8"),
        ("plan_left", "<i4"), ("charged_off", "<i4"), ("dispute_open", "<i4"), ("stage", "<i4"),
    ]
)  # fmt: skip
#: Records a page; a page is a leaf of the tree. More would be faster and find a change less closely.
PAGE = 16


@dataclass(frozen=True)
class DebtRecord:
    """The records of one week and the roots of all weeks so far.

    ``roots``: columns week, records, root (hexadecimal; covers the records of the week and the root
    before it). ``records``: structured array of :data:`RECORD`, by account.
    """

    roots: pd.DataFrame
    records: NDArray[np.void]

    @property
    def root(self) -> str:
        """The newest root."""
        return str(self.roots["root"].iloc[-1])

    def verify(self, records: NDArray[np.void] | None = None) -> bool:
        """Whether some records (none: these) are those that the newest root vouches for."""
        given = self.records if records is None else records
        before = str(self.roots["root"].iloc[-2]) if len(self.roots) > 1 else ""
        return chained(before, root_of(page_hashes(given))) == self.root

    def tampered(self, records: NDArray[np.void]) -> list[int]:
        """Accounts whose record differs from what was hashed; a missing or added record counts too.

        Pages are compared by hash first, records within the pages that differ.
        """
        mine, theirs = page_hashes(self.records), page_hashes(records)
        found: set[int] = set()
        for page in range(max(len(mine), len(theirs))):
            if page < min(len(mine), len(theirs)) and mine[page] == theirs[page]:
                continue
            rows = slice(page * PAGE, (page + 1) * PAGE)
            ours = {record.tobytes(): int(record["account"]) for record in self.records[rows]}
            others = {record.tobytes(): int(record["account"]) for record in records[rows]}
            found |= {account for data, account in ours.items() if data not in others}
            found |= {account for data, account in others.items() if data not in ours}
        return sorted(found)

    def proof(self, account: int) -> tuple[bytes, Proof]:
        """The page of an account and the proof that it is under this week's tree.

        Raises :class:`KeyError` for an account that has no record.
        """
        rows = np.flatnonzero(self.records["account"] == account)
        if len(rows) == 0:
            raise KeyError(f"account {account} has no record")
        page = int(rows[0]) // PAGE
        return self.records[page * PAGE : (page + 1) * PAGE].tobytes(), prove(page_hashes(self.records), page)

    def holds(self, page: bytes, proof: Proof) -> bool:
        """Whether a page and its proof lead to this week's tree."""
        return verify(root_of(page_hashes(self.records)), page, proof)


def page_hashes(records: NDArray[np.void]) -> list[bytes]:
    """Hashes of the pages of some records, in their order."""
    data, size = records.tobytes(), PAGE * RECORD.itemsize
    return [leaf_hash(data[start : start + size]) for start in range(0, len(data), size)]


def chained(before: str, root: bytes) -> str:
    """The root of a week that also vouches for the weeks before it."""
    return hashlib.sha256(bytes.fromhex(before) + root).hexdigest()


def on_ledger(state: State) -> Bool | None:
    """Accounts with a debt: those whose lender or collector keeps the shared ledger; None: nobody does."""
    a = state.accounts
    lenders = [n for n in range(len(state.lenders.money)) if _keeps(lender_modules(state, n))]
    collectors = [n for n in range(len(state.spec.collectors)) if _keeps([strategy_of(state, n)])]
    if not lenders and not collectors:
        return None
    return np.asarray(
        (np.isin(a.lender, lenders) | np.isin(a.collector, collectors)) & (a.balance > 0), np.bool_
    )


def records_of(state: State, k: I32) -> NDArray[np.void]:
    """The debt records of some accounts."""
    table = np.zeros(len(k), RECORD)
    for name in RECORD.names or ():
        table[name] = k if name == "account" else getattr(state.accounts, name)[k]
    return table


def settle_factual_disputes(state: State) -> None:
    """Where both sides see the same record, a dispute about facts ends at once; the record is paid for."""
    covered = on_ledger(state)
    state.ledger_accounts = covered
    if covered is None:
        return
    a = state.accounts
    settled = covered & a.dispute_open & a.dispute_factual
    a.dispute_open[settled] = False
    a.dispute_ground[settled] = False


def close_record(state: State) -> None:
    """The week's root joins the chain."""
    covered = on_ledger(state)
    if covered is None or state.week < 0:
        return
    k = np.flatnonzero(covered).astype(np.int32)
    before = str(state.debt_roots[-1][2]) if state.debt_roots else ""
    root = chained(before, root_of(page_hashes(records_of(state, k))))
    state.debt_roots.append((state.week, len(k), root))


def debt_record(state: State) -> DebtRecord | None:
    """The records as they stand after the newest week, with all roots; None where nobody keeps the ledger."""
    covered = on_ledger(state)
    if covered is None or not state.debt_roots:
        return None
    roots = pd.DataFrame(state.debt_roots, columns=["week", "records", "root"])
    return DebtRecord(roots, records_of(state, np.flatnonzero(covered).astype(np.int32)))


def _keeps(users: Sequence[object]) -> bool:
    return any(getattr(user, "shared_record", False) for user in users)
