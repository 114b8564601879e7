"""Read a user's own supply network: an edge list with an optional firm table, or GraphML.

Amounts in files are yuan with at most two decimals. What a file leaves open is filled by
assumption: see :func:`read_network`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sim.core.columns import I8, I32, I64
from sim.core.errors import SpecError
from sim.network.graphml import read_graphml
from sim.network.sector_table import SectorTable, load_sector_table
from sim.network.supply import SupplyNetwork
from sim.spec.textfile import column_index, open_table, parse_fen

MAX_LINKS = 5_000_000
MAX_ID = 64
MAX_TERMS = 26
_TOTAL = 2**52  # fen a week, all links: sums stay exact in float64 as well
_EDGE_COLUMNS = ("buyer", "supplier", "weekly_amount", "terms_weeks")
_FIRM_COLUMNS = ("firm", "sector", "weekly_sales", "cash", "employees")


@dataclass
class _Firms:
    """Firms as given: ids in order, and what is known about each; None where a file is silent."""

    source: str = ""
    index: dict[str, int] = field(default_factory=dict)
    sector: list[int] = field(default_factory=list)
    sales: list[int | None] = field(default_factory=list)
    cash: list[int] = field(default_factory=list)
    employees: list[int] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    closed: bool = False  # whether links may only name firms that are already known


@dataclass
class _Links:
    """Links as given, in file order."""

    buyer: list[int] = field(default_factory=list)
    supplier: list[int] = field(default_factory=list)
    amount: list[int] = field(default_factory=list)
    terms: list[int] = field(default_factory=list)
    places: list[str | int] = field(default_factory=list)


def _place(place: str | int) -> str:
    return f"line {place}" if isinstance(place, int) else place


def _identity(text: str, source: str, where: str) -> str:
    allowed = f"1 to {MAX_ID} characters"
    if not text:
        raise SpecError(source, where, "the firm's id is empty", allowed)
    if len(text) > MAX_ID:
        raise SpecError(source, where, f"the id {text[:20]!r}... has {len(text)} characters", allowed)
    if not text.isprintable():
        raise SpecError(source, where, f"the id {text!r} holds control characters", "printable characters")
    return text


def _whole(text: str, source: str, where: str, highest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and int(text) <= highest):
        raise SpecError(
            source, where, f"{text[:40]!r} is not allowed", f"a whole number from 0 to {highest:,}"
        )
    return int(text)


def _add_firm(firms: _Firms, cells: dict[str, str], where: str, table: SectorTable, default: int) -> None:
    source = firms.source
    name = _identity(cells["firm"], source, f"{where}, firm")
    if name in firms.index:
        raise SpecError(source, f"{where}, firm", f"{name!r} stands there twice", "each firm once")
    firms.index[name] = len(firms.index)
    sector = cells.get("sector", "")
    firms.sector.append(table.index(sector, source, f"{where}, sector") if "sector" in cells else default)
    sales = cells.get("weekly_sales", "")
    firms.sales.append(parse_fen(sales, source, f"{where}, weekly_sales") if sales else None)
    if "cash" in cells:
        firms.cash.append(parse_fen(cells["cash"], source, f"{where}, cash"))
    if "employees" in cells:
        firms.employees.append(_whole(cells["employees"], source, f"{where}, employees", 10_000_000))
    firms.places.append(where)


def _read_firms(path: Path, table: SectorTable) -> _Firms:
    text = open_table(path, known=_FIRM_COLUMNS)
    at = column_index(text.source, text.header, ("firm", "sector"))
    used = [name for name in _FIRM_COLUMNS if name in at]
    firms = _Firms(source=text.source, closed=True)
    for line, cells in text.records:
        _add_firm(firms, {name: cells[at[name]] for name in used}, f"line {line}", table, 0)
    if not firms.index:
        raise SpecError(text.source, "", "holds no firm", "at least one row")
    return firms


def _firm_of(name: str, firms: _Firms, source: str, where: str, default: int) -> int:
    known = firms.index.get(name)
    if known is not None:
        return known
    _identity(name, source, where)
    if firms.closed:
        raise SpecError(source, where, f"{name!r} is not in the firm table", f"a firm of {firms.source}")
    firms.index[name] = len(firms.index)
    firms.sector.append(default)
    firms.sales.append(None)
    firms.places.append(where)
    return firms.index[name]


def _terms(text: str, source: str, place: str | int) -> int:
    return -1 if text == "" else _whole(text, source, f"{_place(place)}, terms_weeks", MAX_TERMS)


def _add_links(
    given: Iterator[tuple[str | int, str, str, str, str]], firms: _Firms, source: str, default: int
) -> _Links:
    links = _Links()
    total = 0
    for place, buyer, supplier, amount, terms in given:
        where = _place(place)
        one = _firm_of(buyer, firms, source, f"{where}, buyer", default)
        other = _firm_of(supplier, firms, source, f"{where}, supplier", default)
        if one == other:
            raise SpecError(source, where, f"{buyer!r} supplies itself", "two different firms")
        fen = parse_fen(amount, source, f"{where}, weekly_amount")
        total += fen
        if fen == 0:
            raise SpecError(source, f"{where}, weekly_amount", "is 0", "at least .01 yuan")
        if total > _TOTAL:
            problem = "brings the sum of all links above 45 trillion yuan a week"
            raise SpecError(source, f"{where}, weekly_amount", problem, "amounts in yuan a week")
        if len(links.buyer) == MAX_LINKS:
            raise SpecError(source, where, "is one link too many", f"at most {MAX_LINKS:,} links")
        links.buyer.append(one)
        links.supplier.append(other)
        links.amount.append(fen)
        links.terms.append(_terms(terms, source, place))
        links.places.append(place)
    if not links.buyer:
        raise SpecError(source, "", "holds no link", "at least one link")
    return links


def _from_csv(path: Path) -> tuple[str, Iterator[tuple[str | int, str, str, str, str]]]:
    text = open_table(path, known=_EDGE_COLUMNS)
    at = column_index(text.source, text.header, _EDGE_COLUMNS[:3])
    buyer, supplier, amount = (at[name] for name in _EDGE_COLUMNS[:3])
    terms = at.get("terms_weeks", -1)
    return text.source, (
        (line, cells[buyer], cells[supplier], cells[amount], cells[terms] if terms >= 0 else "")
        for line, cells in text.records
    )


def _plain(value: Any) -> str:
    """An attribute as the text a CSV would hold; floats without exponent."""
    if isinstance(value, float) and np.isfinite(value) and abs(value) < 1e15:
        return np.format_float_positional(value, trim="-")
    return str(value).strip()


def _from_graphml(
    path: Path, table: SectorTable, default: int, given: _Firms | None
) -> tuple[_Firms, Iterator[tuple[str | int, str, str, str, str]]]:
    nodes, edges = read_graphml(path)
    source = str(path)
    firms = given if given is not None else _Firms(source=source, closed=True)
    if given is None:
        used = {name for attributes in nodes.values() for name in attributes} & set(_FIRM_COLUMNS[1:])
        for node, attributes in nodes.items():
            cells = {name: _plain(attributes.get(name, "")) for name in used}
            _add_firm(firms, {**cells, "firm": node}, f"node {node[:MAX_ID]!r}", table, default)
    if edges and not any("weekly_amount" in attributes for _, _, attributes in edges):
        names = sorted({name for _, _, attributes in edges for name in attributes})
        column_index(source, names, ("weekly_amount",))
    return firms, (
        (
            f"edge {buyer[:MAX_ID]!r} to {supplier[:MAX_ID]!r}",
            buyer,
            supplier,
            _plain(attributes.get("weekly_amount", "")),
            _plain(attributes.get("terms_weeks", "")),
        )
        for buyer, supplier, attributes in edges
    )


def _sorted_links(links: _Links, firms: int, source: str) -> tuple[I64, I32, I64, I8]:
    buyer = np.array(links.buyer, dtype=np.int64)
    supplier = np.array(links.supplier, dtype=np.int64)
    keys = buyer * firms + supplier
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(np.diff(keys[order]) == 0)
    if len(same):
        # Of all repeated links, the one that is met first when reading on.
        again = int(order[same + 1].min())
        first = int(np.flatnonzero(keys == keys[again])[0])
        problem = f"repeats the link of {_place(links.places[first])}"
        raise SpecError(source, _place(links.places[again]), problem, "each buyer and supplier once")
    start = np.searchsorted(keys[order], np.arange(firms + 1, dtype=np.int64) * firms).astype(np.int64)
    amount = np.array(links.amount, dtype=np.int64)[order]
    return start, supplier[order].astype(np.int32), amount, np.array(links.terms, dtype=np.int8)[order]


def _sales(firms: _Firms, sold: I64, bought: I64, shares: list[float], source: str) -> I64:
    """Weekly sales: as given, else the larger of sales to firms / .98 and purchases / input share."""
    names = list(firms.index)
    result = np.zeros(len(names), dtype=np.int64)
    for position, given in enumerate(firms.sales):
        sells, buys = int(sold[position]), int(bought[position])
        where = firms.places[position] if firms.source else f"firm {names[position]!r}"
        file = firms.source or source
        if given is None:
            needed = int(np.ceil(buys / max(shares[position], 0.05)))
            result[position] = max(-(-sells * 50 // 49), needed)
            if result[position] == 0:
                problem = f"{names[position]!r} has neither links nor weekly_sales"
                raise SpecError(file, where, problem, "a link or weekly_sales")
        else:
            result[position] = given
            if given < max(sells, 1):
                problem = f"{given / 100:.2f} yuan is less than the {sells / 100:.2f} sold on its links"
                allowed = "weekly_sales above 0 that cover the sales on links"
                raise SpecError(file, f"{where}, weekly_sales", problem, allowed)
    return result


def read_network(
    path: str | Path,
    firms_path: str | Path | None = None,
    table: SectorTable | None = None,
) -> SupplyNetwork:
    """Read a network from CSV or GraphML (by the ending ``.graphml`` or ``.xml``).

    Parameters
    ----------
    path:
        CSV ``buyer,supplier,weekly_amount[,terms_weeks]``, plain or ``.gz``; or GraphML with edges
        from buyer to supplier and edge attributes of the same names.
    firms_path:
        CSV ``firm,sector[,weekly_sales][,cash][,employees]``. With it, links may name only its
        firms; without it a CSV network takes firms from its links and GraphML from its nodes.
    table:
        Sector table whose sectors are known; default ``china-2020``.

    Assumptions where files are silent: a firm without a sector belongs to the sector with most
    firms in the table; sales are the larger of sales to firms / .98 and purchases over the sector's
    domestic input share; domestic inputs (that share of sales) beyond the links are bought outside;
    all firms share one region; terms are the world's own.

    Raises :class:`SpecError` naming file, line (or node, edge) and field for every fault.
    """
    table = load_sector_table() if table is None else table
    default = int(np.argmax(table.unit_shares))
    path = Path(path)
    firms = _read_firms(Path(firms_path), table) if firms_path is not None else None
    source = str(path)
    if path.name.removesuffix(".gz").endswith((".graphml", ".xml")):
        firms, given = _from_graphml(path, table, default, firms)
    else:
        source, given = _from_csv(path)
        firms = firms if firms is not None else _Firms()
    links = _add_links(given, firms, source, default)
    return _assembled(firms, links, table, source)


def _assembled(firms: _Firms, links: _Links, table: SectorTable, source: str) -> SupplyNetwork:
    count = len(firms.index)
    start, supplier, amount, terms = _sorted_links(links, count, source)
    sector = np.array(firms.sector, dtype=np.int16)
    sold, bought = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    np.add.at(sold, supplier, amount)
    np.add.at(bought, np.repeat(np.arange(count), np.diff(start)), amount)
    shares = table.input_shares[sector]
    sales = _sales(firms, sold, bought, shares.tolist(), source)
    inputs = np.floor(shares * sales).astype(np.int64)
    return SupplyNetwork(
        sectors=table.sectors,
        sector=sector,
        region=np.zeros(count, dtype=np.int32),
        weekly_sales=sales,
        final_sales=sales - sold,
        outside_purchases=np.maximum(inputs - bought, 0),
        buyer_start=start,
        supplier=supplier,
        weekly_amount=amount,
        terms_weeks=terms,
        firm_ids=tuple(firms.index),
        cash=np.array(firms.cash, dtype=np.int64) if firms.cash else None,
        employees=np.array(firms.employees, dtype=np.int64) if firms.employees else None,
    )
