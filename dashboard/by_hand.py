"""Columns of a foreign file put to the known ones by hand, and the mapping file that comes of it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import streamlit as st
import yaml

from dashboard.peek import Peek
from dashboard.state import say, worded

#: Other names under which a column is often found.
_ALSO = {
    "account_id": ("id", "account", "loan_id", "账户", "账号", "借据号", "合同号"),
    "balance": ("outstanding", "amount_due", "余额", "欠款", "剩余本金"),
    "days_past_due": ("dpd", "days_late", "overdue_days", "逾期天数"),
    "instalment": ("installment", "monthly_payment", "月供", "每期还款"),
    "limit": ("credit_limit", "limit_bal", "额度", "授信额度"),
    "borrower_id": ("customer_id", "client_id", "客户号", "借款人"),
    "product": ("product_type", "产品", "产品类型"),
    "age": ("年龄",),
    "segment": ("group", "客群"),
    "income_monthly": ("monthly_income", "月收入"),
    "lender": ("bank", "机构", "放款机构"),
    "buyer": ("customer", "debtor", "purchaser", "买方", "采购方"),
    "supplier": ("seller", "creditor", "vendor", "卖方", "供应商"),
    "weekly_amount": ("amount", "weekly", "sales", "周金额", "金额"),
    "terms_weeks": ("terms", "账期", "账期周数"),
}
_NEEDED = ("account_id", "balance")
_LATE, _DUE = ("days_past_due",), ("instalment", "limit")
_MORE = ("borrower_id", "product", "age", "segment", "income_monthly", "lender")


def canonical(header: Sequence[str]) -> bool:
    """Whether a portfolio needs no mapping."""
    have = set(header)
    late = "days_past_due" in have or any(name.startswith("months_past_due_") for name in have)
    return have >= set(_NEEDED) and late and bool(have & set(_DUE))


def guess(name: str, header: Sequence[str]) -> str | None:
    """The column that is probably meant; None where nothing is near."""
    lowered = {column.lower().replace(" ", "_"): column for column in header}
    for known in (name, *_ALSO.get(name, ())):
        if known in lowered:
            return lowered[known]
    near = difflib.get_close_matches(name, lowered, 1, 0.8)
    return lowered[near[0]] if near else None


def _choice(place: Any, name: str, header: Sequence[str], page: str, needed: bool) -> str | None:
    """A select box for one column."""
    found = guess(name, header)
    label = say(f"column_{name}") + (" *" if needed else "")
    chosen: str | None = place.selectbox(
        label,
        header,
        None if found is None else list(header).index(found),
        key=f"{page}.column.{name}",
        placeholder=say("no_column"),
    )
    return chosen


def form(seen: Peek, page: str) -> str | None:
    """The form for a portfolio; the text of its mapping file, None while something needed is missing."""
    st.markdown(f"**{say('columns')}**")
    st.caption(say("columns_help"))
    places = st.columns(3)
    names = (*_NEEDED, *_LATE, *_DUE, *_MORE)
    columns: dict[str, Any] = {}
    for number, name in enumerate(names):
        chosen = _choice(places[number % 3], name, seen.header, page, name in _NEEDED)
        if chosen is not None:
            columns[name] = chosen
    months = st.multiselect(
        say("column_months"), seen.header, key=f"{page}.months", help=say("column_months_help")
    )
    if months:
        columns["months_past_due"] = months
    made = {"columns": columns, **_money(page)}
    codes = _codes(seen, columns, page)
    if codes:
        made["codes"] = codes
    if "product" not in columns:
        product = st.segmented_control(
            say("column_product"),
            ("instalment", "revolving"),
            default="revolving" if "limit" in columns and "instalment" not in columns else "instalment",
            format_func=lambda x: say(f"product_{x}"),
            required=True,
            key=f"{page}.all_product",
        )
        made["product"] = product
    missing = [name for name in _NEEDED if name not in columns]
    missing += [] if {"days_past_due", "months_past_due"} & columns.keys() else ["days_past_due"]
    missing += [] if {*_DUE} & columns.keys() else ["instalment"]
    if missing:
        st.info(say("columns_missing", names=", ".join(say(f"column_{name}") for name in missing)))
        return None
    return mapping_text(made)


def mapping_text(made: dict[str, Any]) -> str:
    """A mapping file; what the page does not ask for is said to be unknown."""
    head = {
        "title": {"en": "Own portfolio", "zh": "自有资产组合"},
        "source": "own file",
        "licence": "not published",
        "note": "Columns put together on the dashboard.",
    }
    return yaml.safe_dump(head | made, allow_unicode=True, sort_keys=False)


def _money(page: str) -> dict[str, Any]:
    """Currency, year, ratio to local income, and what an amount below zero means."""
    places = st.columns(4)
    currency = places[0].selectbox(
        say("currency"), ("CNY", "USD", "EUR", "GBP", "HKD", "TWD", "JPY", "INR"),
        key=f"{page}.currency", accept_new_options=True,
    )  # fmt: skip
    year = places[1].number_input(say("year"), 1900, 2100, 2025, key=f"{page}.year")
    ratio = places[2].number_input(
        say("ratio"), 0.000001, 1e6, 1.0, format="%.4f", key=f"{page}.ratio", help=say("ratio_help")
    )
    negative = places[3].selectbox(
        say("negative"),
        ("refuse", "zero"),
        format_func=lambda x: say(f"negative_{x}"),
        key=worded(f"{page}.negative"),
    )
    return {
        "currency": str(currency).upper()[:3],
        "year": int(year),
        "ratio_to_local_income": float(ratio),
        "ratio_basis": "assumption: given on the dashboard",
        "negative_amounts": negative,
    }


def _codes(seen: Peek, columns: dict[str, Any], page: str) -> dict[str, Any]:
    """What the file's own codes mean: products, and months late where a cell is no number."""
    found: dict[str, Any] = {}
    kinds = seen.values(columns["product"], 8) if "product" in columns else None
    if kinds and not set(kinds) <= {"instalment", "revolving", ""}:
        places = st.columns(4)
        found["product"] = {
            code: places[number % 4].selectbox(
                say("code_product", code=code[:30]),
                ("instalment", "revolving"),
                format_func=lambda x: say(f"product_{x}"),
                key=worded(f"{page}.product.{code}"),
            )
            for number, code in enumerate(kinds)
            if code
        }
    months = [seen.values(column) or [] for column in columns.get("months_past_due", ())]
    codes = sorted({code for column in months for code in column}, key=lambda cell: (len(cell), cell))
    if any(not code.isdecimal() for code in codes):
        places = st.columns(4)
        found["months_past_due"] = {
            code: int(
                places[number % 4].number_input(
                    say("code_months", code=code[:30] or "–"),
                    -1,
                    120,
                    int(code) if code.isdecimal() else 0,
                    key=f"{page}.code.{code}",
                )
            )
            for number, code in enumerate(codes)
        }
    return found


def links(seen: Peek, page: str) -> dict[str, str] | None:
    """Known columns of a network to those of the file; None while one is missing."""
    needed, more = ("buyer", "supplier", "weekly_amount"), ("terms_weeks",)
    if set(needed) <= set(seen.header):
        return {name: name for name in (*needed, *more) if name in seen.header}
    st.caption(say("columns_help"))
    places = st.columns(4)
    found = {
        name: chosen
        for place, name in zip(places, (*needed, *more), strict=True)
        if (chosen := _choice(place, name, seen.header, page, name in needed)) is not None
    }
    missing = [name for name in needed if name not in found]
    if missing:
        st.info(say("columns_missing", names=", ".join(say(f"column_{name}") for name in missing)))
        return None
    return found
