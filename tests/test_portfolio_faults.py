"""Every fault of a portfolio or mapping file is one sentence: where, what, what is allowed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
import pyarrow.parquet as pq  # type: ignore[import-untyped,unused-ignore]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.core.errors import SpecError
from sim.spec import portfolio_table
from sim.spec.portfolio import read_portfolio
from sim.spec.portfolio_mapping import load_mapping

HEAD = "account_id,balance,days_past_due,instalment,limit"
GOOD = "a1,1000.50,0,100,\na2,200,45,,5000"
MAPPING = """\
title: {en: Mine, zh: 我的}
source: own books
licence: own
currency: TWD
year: 2005
ratio_to_local_income: 0.5
ratio_basis: assumption
columns:
  account_id: ID
  balance: OWED
  limit: LIMIT
  months_past_due: [S1, S2]
product: revolving
codes:
  months_past_due: {"-1": 0, "0": 0, "1": 1, "2": 1}
"""


def sentence(path: Path, mapping: Path | None = None) -> str:
    """The message about a file, which is one line and starts with a file's name."""
    with pytest.raises(SpecError) as caught:
        read_portfolio(path, mapping)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 700
    assert message.startswith(str(path)) or (mapping is not None and message.startswith(str(mapping)))
    return message


def written(folder: Path, text: str | bytes, name: str = "mine.csv") -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


CELLS = {
    "negative balance": ("a1,-5,0,100,", ("line 3, balance", "'-5' is negative", "from 0 to")),
    "nan": ("a1,NaN,0,100,", ("line 3, balance", "'NaN' is not a finite number", "allowed")),
    "infinite": ("a1,inf,0,100,", ("line 3, balance", "not a finite number")),
    "text": ("a1,much,0,100,", ("line 3, balance", "'much' is not a number")),
    "separator": ('a1,"1,000",0,100,', ("line 3, balance", "'1,000' is not a number")),
    "exponent": ("a1,1e3,0,100,", ("line 3, balance", "'1e3'")),
    "other digits": ("a1,١٢,0,100,", ("line 3, balance", "not a number written in plain digits")),
    "three decimals": ("a1,1.005,0,100,", ("line 3, balance", "more than two decimals")),
    "empty balance": ("a1,,0,100,", ("line 3, balance", "the cell is empty")),
    "implausible": ("a1,1000000000001,0,100,", ("line 3, balance", "beyond any plausible amount")),
    "many digits": (f"a1,{'9' * 40},0,100,", ("line 3, balance", "too large")),
    "early": ("a1,5,-1,100,", ("line 3, days_past_due", "'-1' is out of range", "0 to 3650")),
    "ten years late": ("a1,5,3651,100,", ("line 3, days_past_due", "'3651' is out of range", "0 to 3650")),
    "half a day": ("a1,5,1.5,100,", ("line 3, days_past_due", "'1.5'")),
    "no days": ("a1,5,,100,", ("line 3, days_past_due", "empty")),
    "both": ("a1,5,0,100,100", ("line 3, instalment or limit", "both given")),
    "neither": ("a1,5,0,,", ("line 3, instalment or limit", "neither")),
    "zeros": ("a1,5,0,0,0", ("line 3, instalment or limit", "neither", "above 0")),
    "duplicate": ("a0,5,0,100,", ("line 3, account_id", "'a0' stands already on line 2")),
    "empty id": (",5,0,100,", ("line 3, account_id", "empty")),
    "long id": (f"{'x' * 65},5,0,100,", ("line 3, account_id", "too long", "64")),
    "control": ("a\x071,5,0,100,", ("line 3, account_id", "control character")),
    "cells": ("a1,5,0,100", ("line 3", "4 cells", "5")),
}


@pytest.mark.parametrize("name", CELLS)
def test_cell(tmp_path: Path, name: str) -> None:
    row, parts = CELLS[name]
    message = sentence(written(tmp_path, f"{HEAD}\na0,1,0,,10\n{row}\n"))
    for part in parts:
        assert part in message


HEADERS = {
    "missing, near": ("account_id,balnce,days_past_due,limit\n", ("'balance' is missing", "is it 'balnce'?")),
    "missing, far": ("account_id,balance,limit\n", ("'days_past_due' is missing",)),
    "no terms": ("account_id,balance,days_past_due\n", ("'instalment' and 'limit' are both missing",)),
    "unknown": (f"{HEAD},incom_monthly\n", ("'incom_monthly' is not a known column", "'income_monthly'")),
    "twice": (f"{HEAD},limit\n", ("'limit' stands there twice",)),
    "gap": (f"{HEAD},paid_1,paid_3\n", ("'paid_3' is there but 'paid_2' is not",)),
}


@pytest.mark.parametrize("name", HEADERS)
def test_header(tmp_path: Path, name: str) -> None:
    header, parts = HEADERS[name]
    message = sentence(written(tmp_path, header + "1," * header.count(",") + "1\n"))
    assert "line 1" in message
    for part in parts:
        assert part in message


EXTRA = {
    "product": ("a1,5,0,100,,loan", "product", "'loan' is not a product", "instalment, revolving"),
    "age": ("a1,5,0,100,,140", "age", "'140' is out of range", "0 to 120"),
    "income_monthly": ("a1,5,0,100,,-1", "income_monthly", "negative", "from 0"),
    "opened": ("a1,5,0,100,,2023-02-30", "opened", "'2023-02-30' is not a date", "2023-05"),
    "lender": ("a1,5,0,100,,", "lender", "empty", "1 to 64"),
    "months_past_due_1": ("a1,5,0,100,,130", "months_past_due_1", "'130' is out of range", "0 to 120"),
    "paid_1": ("a1,5,0,100,,-3", "paid_1", "'-3' is negative", "from 0"),
}


@pytest.mark.parametrize("column", EXTRA)
def test_optional_column(tmp_path: Path, column: str) -> None:
    row, *parts = EXTRA[column]
    message = sentence(written(tmp_path, f"{HEAD},{column}\n{row}\n"))
    assert f"line 2, {column}" in message
    for part in parts:
        assert part in message


def test_product_without_its_amount(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEAD},product\na1,5,0,,10,instalment\n")
    assert "line 2, instalment: an instalment account without instalment" in sentence(path)


def test_accounts_of_one_borrower_contradict(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEAD},borrower_id,age\na1,5,0,9,,b,\na2,5,0,9,,b,40\na3,5,0,9,,b,41\n")
    message = sentence(path)
    assert "line 4, age" in message
    assert "'41' contradicts line 3" in message


FILES = {
    "empty": (b"", "empty"),
    "header only": (HEAD.encode(), "holds no account"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"),
    "nul": (f"{HEAD}\na1,5,0,1\0,\n".encode(), "NUL"),
    "big5": ("帳號,餘額,逾期,分期,額度,備註\na1,5,0,100,,臺灣信用卡帳戶資料繳款狀況\n".encode("big5"), ""),
    "utf-16": (f"{HEAD}\na1,5,0,1,\n".encode("utf-16"), "NUL"),
    "gzip claim": (gzip.compress(b"x" * 10)[:-4] + b"\xff\xff\xff\xff", "4,295.0 MB"),
    "gzip cut": (gzip.compress(f"{HEAD}\n{GOOD}\n".encode() * 50)[:-20] + b"\x10\0\0\0", "gzip"),
    "broken quote": (f'{HEAD}\n"a1,5,0,100,\n'.encode(), "line"),
}


@pytest.mark.parametrize("name", FILES)
def test_file(tmp_path: Path, name: str) -> None:
    content, part = FILES[name]
    assert part in sentence(written(tmp_path, content))


def test_absent_file_and_folder(tmp_path: Path) -> None:
    assert "does not exist" in sentence(tmp_path / "none.csv")
    assert "does not exist" in sentence(tmp_path / "none.parquet")
    assert "not a regular file" in sentence(tmp_path)


def test_parquet_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = {"account_id": ["a", "b"], "balance": [1.0, 2.0], "days_past_due": [0, 0], "limit": [9, 9]}

    def saved(**changes: object) -> Path:
        path = tmp_path / "mine.parquet"
        pq.write_table(pa.table(sound | changes), path)
        return path

    assert "row 2, balance: 'nan' is not a finite number" in sentence(saved(balance=[1.0, float("nan")]))
    assert "row 2, account_id" in sentence(saved(account_id=["a", "a"]))
    assert "row 1, balance: '-1' is negative" in sentence(saved(balance=[-1, 2]))
    assert "holds list" in sentence(saved(limit=[[1], [2]]))
    assert "cell of 5,000 characters" in sentence(saved(account_id=["a", "b" * 5000]))
    assert "not a sound Parquet file" in sentence(written(tmp_path, f"{HEAD}\n{GOOD}", "text.parquet"))
    data = saved().read_bytes()
    assert "not a sound Parquet file" in sentence(written(tmp_path, data[: len(data) // 2], "cut.parquet"))
    claim = saved()
    monkeypatch.setattr(portfolio_table, "MAX_ACCOUNTS", 1)
    assert "claims 2 accounts" in sentence(claim)


def test_parquet_that_claims_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    n = 50_000
    table = pa.table(
        {
            "account_id": [str(i) for i in range(n)],
            "balance": [7] * n,
            "days_past_due": [0] * n,
            "limit": [9] * n,
        }
    )
    path = tmp_path / "big.parquet"
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    monkeypatch.setattr(portfolio_table, "MAX_PARQUET_BYTES", path.stat().st_size)
    message = sentence(path)
    assert "when unpacked" in message
    assert "allowed: at most" in message


MAPPINGS = {
    "wrong column": ("balance: OWED", "balance: OWD", ("balance is mapped to 'OWD'", "did you mean 'OWED'?")),
    "unknown key": ("licence:", "license:", ("'license'", "did you mean 'licence'?")),
    "bad code": ('"2": 1}', '"2": 900}', ("codes.months_past_due", "900")),
    "ratio": ("income: 0.5", "income: -1", ("ratio_to_local_income", "-1")),
    "nan": ("income: 0.5", "income: .nan", ("line 6", "not a finite number")),
    "currency": ("TWD", "dollars", ("currency", "dollars")),
    "product": ("product: revolving", "product: card", ("product", "'card'")),
    "no terms": ("  limit: LIMIT\n", "", ("instalment or limit",)),
    "no arrears": ("  months_past_due: [S1, S2]\n", "", ("days_past_due or months_past_due",)),
    "missing": ("currency: TWD\n", "", ("currency", "missing")),
    "bomb": ("year: 2005", "year: *a", ("alias",)),
}
FOREIGN = "ID,OWED,LIMIT,S1,S2,SEX\n7,100.125,500,2,-1,x\n8,50,500,0,0,y\n"


@pytest.mark.parametrize("name", MAPPINGS)
def test_mapping(tmp_path: Path, name: str) -> None:
    old, new, parts = MAPPINGS[name]
    assert old in MAPPING
    path = written(tmp_path, FOREIGN)
    message = sentence(path, written(tmp_path, MAPPING.replace(old, new), "map.yaml"))
    for part in parts:
        assert part in message


def test_unknown_code_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, FOREIGN.replace("8,50,500,0", "8,50,500,5"))
    message = sentence(path, written(tmp_path, MAPPING, "map.yaml"))
    assert "line 3, S1: '5' is not a mapped code" in message
    assert "-1, 0, 1, 2" in message


def test_negative_statement_needs_the_mapping_to_say_so(tmp_path: Path) -> None:
    path = written(tmp_path, FOREIGN.replace("8,50", "8,-50"))
    assert "line 3, OWED: '-50' is negative" in sentence(path, written(tmp_path, MAPPING, "map.yaml"))
    mapping = written(tmp_path, MAPPING + "negative_amounts: zero\n", "map.yaml")
    assert read_portfolio(path, mapping).balance.tolist() == [5006, 0]


def test_unknown_mapping_name() -> None:
    with pytest.raises(SpecError, match="did you mean 'uci-card'"):
        load_mapping("uci-cards")


def test_a_ratio_that_makes_amounts_implausible(tmp_path: Path) -> None:
    mapping = written(tmp_path, MAPPING.replace("income: 0.5", "income: 1000000"), "map.yaml")
    path = written(tmp_path, FOREIGN.replace("8,50", "8,999999999999999"))
    assert "line 3, OWED: '999999999999999' is beyond any plausible amount" in sentence(path, mapping)


def test_total_beyond_reason(tmp_path: Path) -> None:
    rows = "".join(f"a{i},1000000000000,0,5,\n" for i in range(1001))
    assert "balance: adds up to an implausible total" in sentence(written(tmp_path, f"{HEAD}\n{rows}"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_refused(tmp_path: Path, noise: bytes, headed: bool) -> None:
    path = written(tmp_path, f"{HEAD}\n".encode() + noise if headed else noise)
    try:
        assert read_portfolio(path).accounts > 0
    except SpecError as refused:
        assert "\n" not in str(refused)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_parquet_file_is_read_or_refused(tmp_path: Path, at: int, value: int) -> None:
    table = pa.table(
        {"account_id": ["a", "b"], "balance": [1.5, 2], "days_past_due": [0, 9], "limit": [9, 9]}
    )
    path = tmp_path / "mine.parquet"
    pq.write_table(table, path)
    data = bytearray(path.read_bytes())
    data[at % len(data)] = value
    path.write_bytes(data)
    try:
        assert read_portfolio(path).accounts == 2
    except SpecError as refused:
        assert "\n" not in str(refused)
