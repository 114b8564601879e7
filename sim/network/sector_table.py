"""The sector table: an input-output table with what the generator needs of it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from sim.core.columns import F64
from sim.core.errors import SpecError, unknown_name
from sim.core.paths import scenarios_dir
from sim.spec.textfile import Rows, column_index, read_rows

_MONEY = (
    "gross_output",
    "domestic_inputs",
    "imported_inputs",
    "labour_compensation",
    "net_production_taxes",
    "depreciation",
    "operating_surplus",
    "intermediate_sales",
    "consumption",
    "fixed_capital_formation",
    "inventory_change",
    "exports",
)
_INPUTS = _MONEY[1:7]
_USES = _MONEY[7:]
_MAY_BE_NEGATIVE = ("net_production_taxes", "operating_surplus", "inventory_change")
_ROUNDING = 0.5
"""Tolerance of sums, 100 million yuan: tables are rounded to .1 or .01 a cell."""


@dataclass(frozen=True, eq=False)
class SectorTable:
    """An input-output table of S sectors; money in 100 million yuan a year, arrays of shape (S,).

    ``flows[s, b]`` (S, S) is what sector ``b`` bought from sector ``s`` at home; ``unit_shares``
    the share of all firms (legal units) in each sector. Columns (domestic inputs to operating
    surplus) and rows (intermediate sales to exports) add up to ``gross_output``.
    """

    name: str
    sectors: tuple[str, ...]
    names_zh: tuple[str, ...]
    groups: tuple[str, ...]
    gross_output: F64
    domestic_inputs: F64
    imported_inputs: F64
    labour_compensation: F64
    net_production_taxes: F64
    depreciation: F64
    operating_surplus: F64
    intermediate_sales: F64
    consumption: F64
    fixed_capital_formation: F64
    inventory_change: F64
    exports: F64
    flows: F64
    unit_shares: F64

    @property
    def coefficients(self) -> F64:
        """A[s, b] = flow from s to b per gross output of b, shape (S, S)."""
        return np.asarray(self.flows / self.gross_output[None, :], dtype=np.float64)

    @property
    def input_shares(self) -> F64:
        """Domestic inputs per gross output of each sector (column sums of A), shape (S,)."""
        return np.asarray(self.coefficients.sum(axis=0), dtype=np.float64)

    @property
    def sold_to_firms(self) -> F64:
        """psi_s: share of output sold to firms (above 1 where stocks are drawn down), shape (S,)."""
        return np.asarray(self.flows.sum(axis=1) / self.gross_output, dtype=np.float64)

    def index(self, name: str, source: str, field: str) -> int:
        """Index of a sector given by its name or Chinese name; :class:`SpecError` if unknown."""
        if name in self.sectors:
            return self.sectors.index(name)
        if name in self.names_zh:
            return self.names_zh.index(name)
        problem, allowed = unknown_name(name[:64], self.sectors, "sector")
        raise SpecError(source, field, problem, allowed)


_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def _number(text: str, source: str, field: str, negative: bool) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value) or (value < 0 and not negative):
        raise SpecError(
            source, field, f"{text[:40]!r} is not allowed", "a number" if negative else "0 or more"
        )
    return value


def _column(rows: Rows, source: str, name: str, negative: bool) -> F64:
    at = column_index(source, rows.header, (name,))[name]
    values = [
        _number(row[at], source, f"line {line}, {name}", negative)
        for row, line in zip(rows.rows, rows.lines, strict=True)
    ]
    return np.array(values, dtype=np.float64)


def _read_sectors(path: Path) -> tuple[list[tuple[str, str, str]], dict[str, F64]]:
    rows = read_rows(path, known=("sector",), comments=True)
    at = column_index(str(path), rows.header, ("sector", "name_zh", "group", *_MONEY))
    names = [(row[at["sector"]], row[at["name_zh"]], row[at["group"]]) for row in rows.rows]
    seen: set[str] = set()
    for (name, _, _), line in zip(names, rows.lines, strict=True):
        if not name or name in seen:
            raise SpecError(str(path), f"line {line}, sector", f"{name!r} is empty or repeated", "each once")
        seen.add(name)
    if not names:
        raise SpecError(str(path), "", "holds no sector", "at least one row")
    return names, {name: _column(rows, str(path), name, name in _MAY_BE_NEGATIVE) for name in _MONEY}


def _read_flows(path: Path, sectors: tuple[str, ...]) -> F64:
    rows = read_rows(path, known=("supplier_sector",), comments=True)
    at = column_index(str(path), rows.header, ("supplier_sector", "buyer_sector", "flow_100m_yuan"))
    values = _column(rows, str(path), "flow_100m_yuan", False)
    position = {name: index for index, name in enumerate(sectors)}
    flows = np.full((len(sectors), len(sectors)), np.nan)
    for row, line, value in zip(rows.rows, rows.lines, values, strict=True):
        pair = []
        for column in ("supplier_sector", "buyer_sector"):
            name = row[at[column]]
            if name not in position:
                raise SpecError(str(path), f"line {line}, {column}", *unknown_name(name, sectors, "sector"))
            pair.append(position[name])
        if not math.isnan(flows[pair[0], pair[1]]):
            raise SpecError(str(path), f"line {line}", "gives this pair of sectors again", "each pair once")
        flows[pair[0], pair[1]] = value
    return np.asarray(np.nan_to_num(flows, nan=0.0), dtype=np.float64)


def _read_units(path: Path, sectors: tuple[str, ...]) -> F64:
    rows = read_rows(path, known=("sector",), comments=True)
    at = column_index(str(path), rows.header, ("sector", "share_of_legal_units"))
    values = _column(rows, str(path), "share_of_legal_units", False)
    given = {row[at["sector"]]: float(value) for row, value in zip(rows.rows, values, strict=True)}
    for name in given:
        if name not in sectors:
            raise SpecError(str(path), "sector", *unknown_name(name, sectors, "sector"))
    for name in sectors:
        if given.get(name, 0.0) <= 0.0:
            raise SpecError(
                str(path), "sector", f"{name!r} has no share of firms", "a share above 0 for each"
            )
    shares = np.array([given[name] for name in sectors], dtype=np.float64)
    if abs(float(shares.sum()) - 1.0) > 1e-6:
        raise SpecError(str(path), "share_of_legal_units", f"adds up to {shares.sum():.6f}", "1")
    return shares


def _check_sums(folder: Path, sectors: tuple[str, ...], money: dict[str, F64], flows: F64) -> None:
    source = str(folder / "sectors.csv")
    output = money["gross_output"]
    sums = (
        ("gross_output", sum(money[name] for name in _INPUTS), output, "inputs and value added"),
        ("gross_output", sum(money[name] for name in _USES), output, "uses"),
        ("domestic_inputs", flows.sum(axis=0), money["domestic_inputs"], "flows.csv by buyer"),
        ("intermediate_sales", flows.sum(axis=1), money["intermediate_sales"], "flows.csv by supplier"),
    )
    for position, name in enumerate(sectors):
        if output[position] <= 0.0:
            raise SpecError(source, f"{name}, gross_output", "is not above 0", "a number above 0")
        for field, total, expected, what in sums:
            got, wanted = float(np.asarray(total)[position]), float(expected[position])
            if abs(got - wanted) > _ROUNDING:
                problem = f"{what} add up to {got:.2f}, not {wanted:.2f}"
                raise SpecError(source, f"{name}, {field}", problem, f"equal within {_ROUNDING}")
        if flows[:, position].sum() > output[position]:
            raise SpecError(
                source, name, "buys more inputs than it makes", "input shares of at most 1 in sum"
            )


def load_sector_table(name: str | Path = "china-2020") -> SectorTable:
    """Load and check a sector table: a name under ``scenarios/sectors`` or a folder.

    The folder holds ``sectors.csv``, ``flows.csv`` and ``units.csv``; money in 100 million yuan a
    year; arrays cannot be written to, since whoever loads an unchanged folder shares them. Raises
    :class:`SpecError` for negative flows, input shares above 1 in sum, rows or columns that do not add
    up, and unknown or repeated sectors.
    """
    folder = name if isinstance(name, Path) else scenarios_dir() / "sectors" / name
    if not folder.is_dir():
        root = scenarios_dir() / "sectors"
        known = [entry.name for entry in root.iterdir() if entry.is_dir()]
        raise SpecError("sector table", "", *unknown_name(str(name), known, "sector table"))
    return _loaded(folder, _stamps(folder))


def _stamps(folder: Path) -> tuple[tuple[int, int] | None, ...]:
    """Size and time of change of the files, None for a missing one."""
    found = (folder / name for name in ("sectors.csv", "flows.csv", "units.csv"))
    return tuple((one.stat().st_size, one.stat().st_mtime_ns) if one.is_file() else None for one in found)


@lru_cache(maxsize=8)
def _loaded(folder: Path, stamps: object) -> SectorTable:
    names, money = _read_sectors(folder / "sectors.csv")
    sectors = tuple(row[0] for row in names)
    flows = _read_flows(folder / "flows.csv", sectors)
    _check_sums(folder, sectors, money, flows)
    unit_shares = _read_units(folder / "units.csv", sectors)
    for column in (flows, unit_shares, *money.values()):
        column.flags.writeable = False
    return SectorTable(
        name=folder.name,
        sectors=sectors,
        names_zh=tuple(row[1] for row in names),
        groups=tuple(row[2] for row in names),
        flows=flows,
        unit_shares=unit_shares,
        **money,
    )
