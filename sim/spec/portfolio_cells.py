"""Cells of a portfolio file as numbers, each fault told with its line and column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped,unused-ignore]

from sim.core.columns import I64, Bool
from sim.core.errors import unknown_name
from sim.spec.portfolio_table import PortfolioTable

MAX_YUAN = 10**12
UNKNOWN = -1
MAX_ID = 64

_WHOLE = r"^(?P<sign>-?)(?P<whole>[0-9]{1,18})(?:\.0*)?$"
_MONEY = r"^(?P<sign>-?)(?P<whole>[0-9]{1,15})(?:\.(?P<part>[0-9]{1,%d}))?$"
_CONTROL = r"[\x00-\x1f\x7f]"


def shown(text: str) -> str:
    """A cell as messages show it."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _first(flags: Any) -> int:
    at = pc.index(flags, True).as_py()
    return int(at)


def _why(text: str, decimals: int) -> str:
    if text == "":
        return "the cell is empty"
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return f"{shown(text)} is not a finite number"
    digits = text.lstrip("-").split(".")
    if all(part.isascii() and part.isdigit() for part in digits) and len(digits) <= 2:
        if len(digits[0]) > 15:
            return f"{shown(text)} is too large"
        if len(digits) == 2:
            few = "no" if decimals == 0 else "two" if decimals == 2 else str(decimals)
            return f"{shown(text)} has more than {few} decimals"
    return f"{shown(text)} is not a number written in plain digits"


def _parts(
    table: PortfolioTable, name: str, pattern: str, allowed: str, decimals: int, blank: bool
) -> tuple[Any, Any]:
    """Matched groups of each cell, and which cells are blank."""
    cells = table.columns[name]
    groups = pc.extract_regex(cells, pattern)
    empty = pc.equal(cells, "")
    wrong = pc.and_(pc.is_null(groups), pc.invert(empty)) if blank else pc.is_null(groups)
    if pc.any(wrong).as_py():
        row = _first(wrong)
        raise table.fault(row, name, _why(cells[row].as_py(), decimals), allowed)
    return groups, empty


def _integers(groups: Any, name: str) -> I64:
    text = pc.struct_field(groups, name)
    return np.asarray(pc.cast(pc.fill_null(text, "0"), pa.int64()).to_numpy(zero_copy_only=False), np.int64)


def _negative(groups: Any) -> Bool:
    minus = pc.equal(pc.fill_null(pc.struct_field(groups, "sign"), ""), "-")
    return np.asarray(minus.to_numpy(zero_copy_only=False), np.bool_)


def whole_numbers(table: PortfolioTable, name: str, low: int, high: int, *, blank: bool = True) -> I64:
    """Whole numbers of a column, -1 where blank (a fault unless ``blank``); ``2.0`` counts as 2."""
    allowed = f"a whole number from {low} to {high}" + (", or nothing" if blank else "")
    groups, empty = _parts(table, name, _WHOLE, allowed, 0, blank)
    value = np.where(_negative(groups), -1, 1) * _integers(groups, "whole")
    known = ~np.asarray(empty.to_numpy(zero_copy_only=False), np.bool_)
    out = known & ((value < low) | (value > high))
    if out.any():
        row = int(np.argmax(out))
        raise table.fault(row, name, f"{shown(table.columns[name][row].as_py())} is out of range", allowed)
    return np.where(known, value, UNKNOWN)


def money(
    table: PortfolioTable,
    name: str,
    *,
    factor: float = 1.0,
    decimals: int = 2,
    negative: str = "refuse",
    blank: bool = True,
) -> I64:
    """Amounts of a column in whole fen, -1 where blank (a fault unless ``blank``).

    ``factor`` is yuan for one unit of the file's money; products are rounded to the nearest fen.
    ``negative`` is ``refuse``, or ``zero`` to read amounts below zero as nothing.
    """
    allowed = f"an amount from 0 to {MAX_YUAN:,} yuan, at most {decimals} decimals" + (
        ", or nothing" if blank else ""
    )
    groups, empty = _parts(table, name, _MONEY % decimals, allowed, decimals, blank)
    part = pc.cast(pc.utf8_rpad(pc.fill_null(pc.struct_field(groups, "part"), ""), 6, "0"), pa.int64())
    micro = np.asarray(part.to_numpy(zero_copy_only=False), np.int64)
    whole = _integers(groups, "whole")
    if factor == 1.0:
        fen = whole * 100 + (micro + 5_000) // 10_000
    else:
        # Ratios may be large: what is beyond int64 is cut here and refused below.
        exact = whole * (100 * factor) + micro * (factor / 10_000)
        fen = np.floor(np.minimum(exact, 1e18) + 0.5).astype(np.int64)
    minus = _negative(groups) & (fen > 0)
    if negative == "refuse" and minus.any():
        row = int(np.argmax(minus))
        raise table.fault(row, name, f"{shown(table.columns[name][row].as_py())} is negative", allowed)
    fen = np.where(minus, 0, fen)
    large = fen > MAX_YUAN * 100
    if large.any():
        row = int(np.argmax(large))
        raise table.fault(
            row, name, f"{shown(table.columns[name][row].as_py())} is beyond any plausible amount", allowed
        )
    return np.where(empty.to_numpy(zero_copy_only=False), UNKNOWN, fen)


def names(table: PortfolioTable, name: str, *, blank: bool = True) -> list[str]:
    """Ids or labels of a column: at most 64 characters, none of them a control character."""
    allowed = f"1 to {MAX_ID} printable characters" + (", or nothing" if blank else "")
    cells = table.columns[name]
    for wrong, problem in (
        (pc.greater(pc.utf8_length(cells), MAX_ID), "is too long"),
        (pc.match_substring_regex(cells, _CONTROL), "holds a control character"),
        (pc.and_(pc.equal(cells, ""), not blank), "is empty"),
    ):
        if pc.any(wrong).as_py():
            row = _first(wrong)
            text = cells[row].as_py()
            problem = f"{shown(text)} {problem}" if text else "the cell is empty"
            raise table.fault(row, name, problem, allowed)
    found: list[str] = cells.to_pylist()
    return found


def coded(table: PortfolioTable, name: str, codes: Mapping[str, int], what: str) -> I64:
    """Numbers that the file's codes stand for, -1 where blank; an unknown code is a fault."""
    coding = pc.dictionary_encode(table.columns[name])
    values: list[int] = []
    for at, text in enumerate(coding.dictionary.to_pylist()):
        # Programs that keep gaps as floating point write code 2 as 2.0.
        key = text[:-2] if text.endswith(".0") and text not in codes else text
        if key not in codes and text != "":
            row = _first(pc.equal(coding.indices, at))
            problem, known = unknown_name(text[:40], codes, what)
            raise table.fault(row, name, problem, known)
        values.append(codes[key] if text != "" else UNKNOWN)
    found: I64 = np.array(values, np.int64)[coding.indices.to_numpy(zero_copy_only=False)]
    return found
