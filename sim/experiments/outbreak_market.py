"""Firms as shocks see them: before the first week, and as they stand at the start of measurement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.columns import F64, I16, I32, I64, Bool
from sim.core.errors import SpecError, unknown_name
from sim.network.read import read_network
from sim.network.sector_table import load_sector_table
from sim.spec.scenario import Scenario

if TYPE_CHECKING:
    from sim.model import Ecosystem


class Place(NamedTuple):
    """What is known of the firms before the first week: how many, their sectors, their own ids."""

    firms: int
    sectors: tuple[str, ...]
    ids: tuple[str, ...] | None = None

    def name(self, firm: int) -> str:
        """The id of a firm: its own in a user's network, else its row."""
        return str(firm) if self.ids is None else self.ids[firm]


class Market(NamedTuple):
    """What a shock chooses from, one entry a firm; money in fen a week, in normal times.

    ``customers`` and ``suppliers`` count links; ``weekly_trade`` is bought and sold on links. ``exposure``:
    the share of a firm's sales that goes to firms which are made to fail; none where none is.
    """

    sectors: tuple[str, ...]
    sector: I16
    alive: Bool
    customers: I64
    suppliers: I64
    weekly_trade: I64
    weekly_sales: I64
    employees: I32
    exposure: F64 | None = None


def place_of(scenario: Scenario) -> Place:
    """What is known of a scenario's firms before it runs. Raises :class:`SpecError` for a bad network."""
    table = load_sector_table(scenario.network.sectors)
    if scenario.network.file is None:
        return Place(scenario.population.firms, table.sectors)
    network = read_network(scenario.network.file, scenario.network.firms_file, table)
    return Place(network.firms, network.sectors, network.firm_ids)


def market_of(model: Ecosystem) -> Market:
    """What a shock chooses from in the present week of a model."""
    f, k = model.state.firms, model.state.links
    count = len(f.cash)
    trade = np.zeros(count, np.int64)
    np.add.at(trade, k.buyer, k.weekly_amount)
    np.add.at(trade, k.supplier, k.weekly_amount)
    return Market(
        sectors=model.sectors,
        sector=f.sector.copy(),
        alive=f.alive.copy(),
        customers=np.bincount(k.supplier, minlength=count).astype(np.int64),
        suppliers=np.bincount(k.buyer, minlength=count).astype(np.int64),
        weekly_trade=trade,
        weekly_sales=f.normal_sales.copy(),
        employees=f.normal_employees.copy(),
    )


def after_failures(market: Market, model: Ecosystem, felled: Sequence[int]) -> Market:
    """The market once the firms in rows ``felled`` have failed, with the ``exposure`` of others to them."""
    k = model.state.links
    alive = market.alive.copy()
    alive[list(felled)] = False
    lost = np.where(np.isin(k.buyer, felled), k.weekly_amount, 0)
    sold = np.bincount(k.supplier, weights=lost, minlength=len(alive))
    return market._replace(alive=alive, exposure=sold / np.maximum(market.weekly_sales, 1))


def hub_order(market: Market) -> I64:
    """Rows of living firms by falling number of links, then trade volume, then rising row."""
    rows = np.flatnonzero(market.alive)
    links = market.customers[rows] + market.suppliers[rows]
    return rows[np.lexsort((rows, -market.weekly_trade[rows], -links))].astype(np.int64)


def firm_rows(ids: Iterable[str], place: Place, source: str) -> tuple[int, ...]:
    """Rows of firms, each named once. Raises :class:`SpecError`."""
    by_id = {} if place.ids is None else {name: row for row, name in enumerate(place.ids)}
    rows: list[int] = []
    for name in ids:
        if place.ids is not None:
            if name not in by_id:
                problem, _ = unknown_name(name, place.ids, "firm of the network")
                raise SpecError(source, f"firm:{name}", problem, f"one of its {place.firms:,} firms")
            row = by_id[name]
        elif name.isascii() and name.isdecimal() and int(name) < place.firms:
            row = int(name)
        else:
            raise SpecError(source, f"firm:{name}", f"{name!r} is no firm", f"0 to {place.firms - 1}")
        if row in rows:
            raise SpecError(source, f"firm:{name}", f"firm {name} is given twice", "each firm once")
        rows.append(row)
    return tuple(rows)
