"""Tables of columns: types, copies, views that refuse to be written."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from sim.agents.tables import (
    AccountColumns,
    BorrowerColumns,
    CollectorColumns,
    FirmColumns,
    LenderColumns,
    LinkColumns,
    PlacementColumns,
)
from sim.core import columns
from sim.core.columns import F32, F64, I8, I16, I32, I64, U8, Bool
from sim.core.errors import LedgerError, SpecError

TABLES: list[type[Any]] = [
    AccountColumns,
    BorrowerColumns,
    CollectorColumns,
    FirmColumns,
    LenderColumns,
    LinkColumns,
    PlacementColumns,
]
#: What is counted in fen, wherever it stands.
MONEY = {
    "wage", "income", "essentials", "cash", "buffer_cap", "balance", "principal", "limit", "instalment",
    "arrears", "plan_amount", "cumulative_paid", "paid_this_week", "normal_sales", "normal_final_sales",
    "normal_receivables", "normal_payables", "drawn", "line", "final_sales", "sales", "hard_costs",
    "most_drawn", "offered", "paid", "receivables", "overdue_receivables", "payables", "overdue_payables",
    "unpaid_loan", "weekly_amount", "not_due", "overdue", "disputed", "advanced", "payment", "collected",
    "money", "household_loans", "firm_loans", "provisions", "capital", "lost", "recovered", "fines", "cost",
    "labour_cost", "commission", "amount", "paid_before", "collected_recent", "paid_30d", "paid_90d",
    "paid_180d", "paid_360d",
}  # fmt: skip


class Mixed(NamedTuple):
    a: I64
    b: I32
    c: I16
    d: I8
    e: U8
    f: F64
    g: F32
    h: Bool


def test_types_are_those_declared() -> None:
    assert {k: str(v) for k, v in columns.dtypes(Mixed).items()} == {
        "a": "int64", "b": "int32", "c": "int16", "d": "int8", "e": "uint8", "f": "float64", "g": "float32",
        "h": "bool",
    }  # fmt: skip
    table = columns.empty(Mixed, 3)
    assert {k: v.dtype for k, v in table._asdict().items()} == columns.dtypes(Mixed)
    assert columns.rows(table) == 3
    assert not any(column.any() for column in table)


@pytest.mark.parametrize("table", TABLES)
def test_money_is_whole_fen_everywhere(table: type[Any]) -> None:
    money = {name: dtype for name, dtype in columns.dtypes(table).items() if name in MONEY}  # type: ignore[arg-type]
    assert money
    assert {str(dtype) for dtype in money.values()} == {"int64"}


def test_a_copy_shares_nothing() -> None:
    table = columns.empty(Mixed, 2)
    twin = columns.copy(table)
    assert type(twin) is Mixed
    twin.a[0] = 5
    assert table.a[0] == 0
    assert not any(np.shares_memory(x, y) for x, y in zip(table, twin, strict=True))


def test_views_refuse_to_be_written_and_follow_the_table() -> None:
    table = columns.empty(Mixed, 2)
    views = columns.read_only(table)
    assert list(views) == list(Mixed._fields)
    with pytest.raises(ValueError, match="read-only"):
        views["a"][0] = 1
    table.a[1] = 9
    assert views["a"].tolist() == [0, 9]


def test_errors_are_one_sentence_and_travel_between_processes() -> None:
    import pickle

    error = SpecError("a.yaml", "firms.line", "-1 is out of range", "0 to 520")
    assert str(error) == "a.yaml, firms.line: -1 is out of range; allowed: 0 to 520"
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.field) == (str(error), "firms.line")
    assert not issubclass(LedgerError, SpecError)
