"""Reading a portfolio: canonical files, foreign files, the public card file."""

from __future__ import annotations

import csv
import gzip
import time
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
import pyarrow.csv  # type: ignore[import-untyped,unused-ignore]
import pyarrow.parquet as pq  # type: ignore[import-untyped,unused-ignore]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.spec.portfolio import Portfolio, read_portfolio, summary

CARDS = Path(__file__).parents[1].parent / "shared" / "data" / "uci-card" / "uci_card_24000.csv.gz"

FULL = """\
account_id,balance,days_past_due,instalment,limit,borrower_id,age,segment,income_monthly,lender,opened,\
months_past_due_1,months_past_due_2,paid_1,billed_1,billed_2
l1,1200.50,0,100.25,,ann,31,young,5200,north,2022-01,0,0,100.25,100.25,100.25
c1,90.10,40,,1000,,,,,south,,2,1,0,90.10,80
l2,0,12,50,,ann,,,,south,2021-03-31,,,,,
=1+2,5,0,,10,bob,50,old,,north,,0,,1,2,3
"""


@pytest.fixture
def full(tmp_path: Path) -> Portfolio:
    path = tmp_path / "full.csv"
    path.write_text(FULL)
    return read_portfolio(path)


@pytest.fixture(scope="module")
def cards() -> Portfolio:
    if not CARDS.exists():
        pytest.skip(f"the public card file is not here: {CARDS}")
    return read_portfolio(CARDS, "uci-card")


def test_canonical_columns(full: Portfolio) -> None:
    assert full.account_id == ("l1", "l2", "c1", "=1+2")
    assert full.borrower.tolist() == [0, 0, 1, 2]
    assert full.borrowers == 3
    assert full.product.tolist() == [0, 0, 1, 1]
    assert full.balance.tolist() == [120050, 0, 9010, 500]
    assert full.limit.tolist() == [0, 0, 100000, 1000]
    # a tenth of the balance where it revolves
    assert full.instalment.tolist() == [10025, 5000, 901, 50]
    assert [full.lenders[at] for at in full.lender] == ["north", "south", "south", "north"]
    assert full.age.tolist() == [31, 0, 50]
    assert [full.segments[at] if at >= 0 else None for at in full.segment] == ["young", None, "old"]
    # 5,200 yuan a month are 1,200 a week
    assert full.weekly_income.tolist() == [120000, 0, 0]
    assert full.months_past_due.tolist() == [[0, 0], [-1, -1], [2, 1], [0, -1]]
    assert full.paid.tolist() == [[10025, -1], [-1, -1], [0, -1], [100, -1]]
    assert full.billed.tolist() == [[10025, 10025], [-1, -1], [9010, 8000], [200, 300]]


def test_nothing_owed_is_not_late(full: Portfolio) -> None:
    assert full.days_past_due.tolist() == [0, 0, 40, 0]
    assert full.cleared == 1


def test_arrays_refuse_to_be_written(full: Portfolio) -> None:
    with pytest.raises(ValueError, match="read-only"):
        full.balance[0] = 1


def test_summary(full: Portfolio) -> None:
    told = summary(full)
    assert told["accounts"] == 4
    assert told["borrowers"] == 3
    assert told["balance_yuan"] == 1295.6
    late = told["late"]
    assert isinstance(late, dict)
    assert late["31-90"]["accounts"] == 1
    assert late["31-90"]["share_of_balance"] == pytest.approx(90.10 / 1295.60)
    assert sum(bucket["share"] for bucket in late.values()) == pytest.approx(1.0)
    assert told["late_but_nothing_owed"] == 1
    assert told["encoding"] == "utf-8-sig"


def same(left: Portfolio, right: Portfolio) -> None:
    for name, value in vars(left).items():
        other = getattr(right, name)
        if name in ("source", "encoding"):
            continue
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, other, err_msg=name)
        else:
            assert value == other, name


def test_gzip_and_parquet_say_the_same(full: Portfolio, tmp_path: Path) -> None:
    packed = tmp_path / "full.csv.gz"
    packed.write_bytes(gzip.compress(FULL.encode()))
    same(full, read_portfolio(packed))
    stored = tmp_path / "full.parquet"
    # types as a data frame library would store them: whole numbers with gaps as floating point
    pq.write_table(pyarrow.csv.read_csv(tmp_path / "full.csv"), stored)
    table = pq.read_table(stored)
    at = table.schema.get_field_index("months_past_due_1")
    floats = table.set_column(at, "months_past_due_1", table["months_past_due_1"].cast(pa.float64()))
    pq.write_table(floats, stored)
    found = read_portfolio(stored)
    same(full, found)
    assert found.encoding == "parquet"


def test_chinese_labels_in_either_encoding(tmp_path: Path) -> None:
    text = "account_id,balance,days_past_due,limit,segment\na,5,0,10,青年\nb,5,0,10,中年\n"
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(text.encode(encoding))
        assert read_portfolio(path).segments == ("青年", "中年")


MAPPING = """\
title: {en: Mine, zh: 我的}
source: own books
licence: own
currency: EUR
year: 2020
ratio_to_local_income: 2.5
ratio_basis: assumption
columns:
  account_id: nr
  balance: owed
  limit: line
  instalment: rate
  product: kind
  months_past_due: [old, new]
  billed: [bill_old, bill_new]
newest_month: last
codes:
  product: {L: instalment, C: revolving}
minimum_payment: {share: 0.05, floor: 10, basis: assumption}
"""


def test_foreign_file(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(MAPPING)
    path = tmp_path / "foreign.csv"
    path.write_text(
        "nr,name,owed,line,rate,kind,old,new,bill_old,bill_new\n"
        "1,x,100.123,1000,,C,0.0,1.0,5,6\n2,y,400,,40,L,0,3,,\n3,z,900,1000,,C,,0,,\n"
    )
    found = read_portfolio(path, tmp_path / "map.yaml")
    # 100.123 x 2.5 = 250.3075, rounded once
    assert found.balance.tolist() == [25031, 100000, 225000]
    assert found.product.tolist() == [1, 0, 1]
    # 10 euros at least, else a twentieth; the loan pays its instalment
    assert found.instalment.tolist() == [2500, 10000, 11250]
    assert found.months_past_due.tolist() == [[1, 0], [3, 0], [0, -1]]
    assert found.billed[0].tolist() == [1500, 1250]
    assert found.days_past_due.tolist() == [15, 75, 0]


MONEY = st.integers(0, 10**9)


@st.composite
def records(draw: st.DrawFn) -> list[dict[str, str]]:
    ids = draw(
        st.lists(st.text("abcxyz0189=@-_ 账", min_size=1, max_size=12).map(str.strip), min_size=1, max_size=6)
    )
    rows = []
    for name in dict.fromkeys(filter(None, ids)):
        revolving = draw(st.booleans())
        amount = f"{draw(st.integers(1, 10**8)) / 100:.2f}"
        rows.append(
            {
                "account_id": name,
                "balance": f"{draw(MONEY) / 100:.2f}",
                "days_past_due": str(draw(st.integers(0, 3650))),
                "instalment": "" if revolving else amount,
                "limit": amount if revolving else "",
                "borrower_id": draw(st.sampled_from(["", "p", "q"])),
                "months_past_due_1": draw(st.sampled_from(["", "0", "1", "7"])),
                "paid_1": draw(st.sampled_from(["", "0", "12.5"])),
                "billed_1": draw(st.sampled_from(["", "30", "12.5"])),
                "billed_2": draw(st.sampled_from(["", "0.01", "12.5"])),
            }
        )
    return rows


def _written_back(found: Portfolio, path: Path) -> None:
    """A canonical file of what was read, borrowers named by their rows."""

    def yuan(fen: int) -> str:
        return "" if fen < 0 else f"{fen // 100}.{fen % 100:02d}"

    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        head = ["account_id", "balance", "days_past_due", "instalment", "limit", "borrower_id"]
        out.writerow([*head, "months_past_due_1", "months_past_due_2", "paid_1", "billed_1", "billed_2"])
        for a, name in enumerate(found.account_id):
            revolving = found.product[a] == 1
            months = ["" if m < 0 else str(m) for m in found.months_past_due[a]]
            terms = ["", yuan(found.limit[a])] if revolving else [yuan(found.instalment[a]), ""]
            amounts = [yuan(found.paid[a, 0]), *(yuan(fen) for fen in found.billed[a])]
            first = [
                name,
                yuan(found.balance[a]),
                str(found.days_past_due[a]),
                *terms,
                str(found.borrower[a]),
            ]
            out.writerow([*first, *months, *amounts])


@settings(max_examples=40, deadline=None)
@given(records())
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]) -> None:
    if not rows:
        return
    folder = tmp_path_factory.mktemp("trip")
    with (folder / "in.csv").open("w", newline="", encoding="utf-8") as stream:
        out = csv.DictWriter(stream, fieldnames=list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    first = read_portfolio(folder / "in.csv")
    by_id = {row["account_id"]: row for row in rows}
    for a, name in enumerate(first.account_id):
        assert f"{first.balance[a] / 100:.2f}" == by_id[name]["balance"]
    assert set(first.account_id) == set(by_id)
    assert (np.diff(first.borrower) >= 0).all()
    assert first.borrowers == first.borrower.max() + 1
    _written_back(first, folder / "out.csv")
    again = read_portfolio(folder / "out.csv")
    assert again.account_id == first.account_id
    for name in ("borrower", "product", "balance", "limit", "instalment", "days_past_due", "paid", "billed"):
        np.testing.assert_array_equal(
            getattr(again, name), getattr(first, name)[..., : getattr(again, name).shape[-1]]
        )


def test_one_more_account_changes_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text(FULL)
    (tmp_path / "more.csv").write_text(FULL + "new,77,100,,5000,,,,,north,,4,3,0,1,2\n")
    few, more = read_portfolio(tmp_path / "few.csv"), read_portfolio(tmp_path / "more.csv")
    assert more.account_id[:-1] == few.account_id
    for name in ("balance", "instalment", "days_past_due"):
        np.testing.assert_array_equal(getattr(more, name)[:-1], getattr(few, name))
    for name in ("ability", "reluctance", "forgetfulness"):
        np.testing.assert_array_equal(getattr(more, name)[:-1], getattr(few, name))


def test_public_card_file(cards: Portfolio) -> None:
    assert cards.accounts == cards.borrowers == 24_000
    assert (cards.product == 1).all()
    assert cards.lenders == ("issuer",)
    with gzip.open(CARDS, "rt") as stream:
        rows = list(csv.DictReader(stream))
    for a in (0, 1, 11_999, 23_999):
        row = rows[a]
        assert cards.account_id[a] == row["ID"]
        assert cards.balance[a] == pytest.approx(max(float(row["BILL_AMT1"]), 0.0) * 13.2, abs=0.51)
        assert cards.limit[a] == pytest.approx(float(row["LIMIT_BAL"]) * 13.2, abs=0.51)
        assert cards.age[a] == int(row["AGE"])
        assert cards.paid[a, 5] == pytest.approx(float(row["PAY_AMT6"]) * 13.2, abs=0.51)
    # code n is n - 1 months late, 1 and 2 are the same; 14.8 % are late in August
    status = np.array([[int(row[name]) for name in ("PAY_0", "PAY_2", "PAY_6")] for row in rows])
    np.testing.assert_array_equal(
        cards.months_past_due[:, [0, 1, 5]], np.where(status <= 0, 0, np.maximum(status - 1, 1))
    )
    assert (cards.months_past_due[:, 1] > 0).mean() == pytest.approx(0.148, abs=0.001)
    assert (cards.instalment <= cards.balance).all()
    assert ((cards.instalment > 0) == (cards.balance > 0)).all()


def test_public_card_file_latents(cards: Portfolio) -> None:
    for name in ("ability", "ability_sd", "reluctance", "forgetfulness"):
        assert np.isfinite(getattr(cards, name)).all()
    late = cards.months_past_due > 0
    always_late, never_late = late.all(axis=1), ~late.any(axis=1)
    assert always_late.sum() > 500
    assert ((cards.ability[always_late] < -1.0) | (cards.reluctance[always_late] > 0.5)).all()
    assert cards.ability[never_late].mean() > 0.3
    full = (
        (cards.paid[:, :5] >= cards.billed[:, 1:]).all(axis=1)
        & (cards.billed[:, 1:] > 0).all(axis=1)
        & never_late
    )
    assert full.sum() > 500
    # who always pays the whole statement stands in the upper quarter, even with the limit used up
    assert (cards.ability[full] > np.quantile(cards.ability, 0.75)).all()
    assert cards.ability[full].mean() > 1.3
    assert (cards.reluctance[full] < 0.001).all()


def test_ability_ranks_what_was_not_read(cards: Portfolio) -> None:
    """The label of October is no input, yet the least able tenth fails far more often."""
    with gzip.open(CARDS, "rt") as stream:
        failed = np.array([row["default_next_month"] == "1" for row in csv.DictReader(stream)])
    lowest, highest = np.quantile(cards.ability, [0.1, 0.5])
    assert failed[cards.ability <= lowest].mean() > 3.5 * failed[cards.ability >= highest].mean()


def test_public_card_file_is_read_in_seconds() -> None:
    if not CARDS.exists():
        pytest.skip(f"the public card file is not here: {CARDS}")
    started = time.process_time()
    read_portfolio(CARDS, "uci-card")
    assert time.process_time() - started < 5.0
