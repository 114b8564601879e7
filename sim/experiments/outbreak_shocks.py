"""Shocks of an outbreak: which firms are made to fail, as text or as an object."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from sim.core.columns import I16, I32, I64, Bool
from sim.core.errors import SpecError, unknown_name
from sim.core.rng import uniform_rows
from sim.network.read import read_network
from sim.network.sector_table import load_sector_table
from sim.spec.scenario import Scenario

if TYPE_CHECKING:
    from sim.model import Ecosystem

FORMS = "firm:ID, sector:NAME:SHARE, hub:N or random:N"


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

    ``customers`` and ``suppliers`` count links; ``weekly_trade`` is bought and sold on links.
    """

    sectors: tuple[str, ...]
    sector: I16
    alive: Bool
    customers: I64
    suppliers: I64
    weekly_trade: I64
    weekly_sales: I64
    employees: I32


class Shock(Protocol):
    """Chooses the firms that fail. Frozen and picklable."""

    @property
    def text(self) -> str:
        """The shock as it is written, such as ``hub:3``."""
        ...

    def check(self, place: Place, source: str) -> None:
        """Raise :class:`SpecError` for what can be seen to be impossible before a run."""
        ...

    def choose(self, market: Market, seed: int) -> I64:
        """Rows of the firms, rising; they live at that moment."""
        ...


@dataclass(frozen=True)
class NamedFirms:
    """Firms by row, or by their own ids in a user's network."""

    firms: tuple[str, ...]
    rows: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """``firm:ID,ID``."""
        return f"firm:{','.join(self.firms)}"

    def check(self, place: Place, source: str) -> None:
        """Every id must be a firm, each once."""
        firm_rows(self.firms, place, source)

    def placed(self, place: Place, source: str) -> NamedFirms:
        """The same with rows looked up."""
        return NamedFirms(self.firms, firm_rows(self.firms, place, source))

    def choose(self, market: Market, seed: int) -> I64:
        """The rows; :class:`SpecError` where one has failed before the shock."""
        dead = [firm for firm, row in zip(self.firms, self.rows, strict=True) if not market.alive[row]]
        if dead:
            raise SpecError(
                "shock", self.text, f"firm {dead[0]} has failed before the shock", "a living firm"
            )
        return np.array(sorted(self.rows), np.int64)


@dataclass(frozen=True)
class SectorShare:
    """A share of the living firms of a sector, by keyed random choice; at least one firm."""

    sector: str
    share: float

    @property
    def text(self) -> str:
        """``sector:NAME:SHARE``."""
        return f"sector:{self.sector}:{self.share:g}"

    def check(self, place: Place, source: str) -> None:
        """The sector must be in the table and the share above 0 and at most 1."""
        if self.sector not in place.sectors:
            raise SpecError(source, self.text, *unknown_name(self.sector, place.sectors, "sector"))
        if not 0.0 < self.share <= 1.0:
            problem = f"the share {self.share:g} is out of range"
            raise SpecError(source, self.text, problem, "above 0 and at most 1")

    def choose(self, market: Market, seed: int) -> I64:
        """Those with the least draws of the stream ``outbreak.sector``, so that a larger share holds them."""
        inside = market.alive & (market.sector == market.sectors.index(self.sector))
        if not inside.any():
            problem = f"no firm of {self.sector} is alive at the shock"
            raise SpecError("shock", self.text, problem, "a sector with living firms")
        count = max(1, round(self.share * int(inside.sum())))
        return _least(inside, uniform_rows(seed, "outbreak.sector", len(inside))[:, 0], count)


@dataclass(frozen=True)
class Hubs:
    """The firms with most trade partners: customers and suppliers, then trade volume, then row."""

    count: int

    @property
    def text(self) -> str:
        """``hub:N``."""
        return f"hub:{self.count}"

    def check(self, place: Place, source: str) -> None:
        """There must be so many firms."""
        _check_count(self.count, place, self.text, source)

    def choose(self, market: Market, seed: int) -> I64:
        """Living firms by falling number of links."""
        return np.sort(hub_order(market)[: self.count])


@dataclass(frozen=True)
class RandomFirms:
    """Living firms by keyed random choice; a larger number holds those of a smaller one."""

    count: int

    @property
    def text(self) -> str:
        """``random:N``."""
        return f"random:{self.count}"

    def check(self, place: Place, source: str) -> None:
        """There must be so many firms."""
        _check_count(self.count, place, self.text, source)

    def choose(self, market: Market, seed: int) -> I64:
        """Those with the least draws of the stream ``outbreak.random``."""
        draws = uniform_rows(seed, "outbreak.random", len(market.alive))[:, 0]
        return _least(market.alive, draws, self.count)


def read_shock(given: str | Shock, place: Place, source: str = "shock") -> Shock:
    """A shock from its text form or as an object, checked against what is known of the firms.

    Raises
    ------
    SpecError
        For another form, an unknown firm or sector, a share outside 0 to 1, too many firms.
    """
    found = _parse(given, place, source) if isinstance(given, str) else given
    if not callable(getattr(found, "choose", None)):
        raise SpecError(source, "", f"{given!r} is not a shock", FORMS)
    found.check(place, source)
    return found.placed(place, source) if isinstance(found, NamedFirms) else found


def read_rescue(given: Iterable[str | int], place: Place, source: str = "rescue") -> tuple[int, ...]:
    """Rows of firms from ``firm:ID`` texts, plain ids or rows. Raises :class:`SpecError`."""
    texts = [given] if isinstance(given, str) else [str(item) for item in given]
    ids = [name for text in texts for name in _ids(text.removeprefix("firm:"), place)]
    for name in ids:
        kind = name.partition(":")[0]
        if kind in ("sector", "hub", "random") and (place.ids is None or name not in place.ids):
            raise SpecError(source, "", f"{name!r} is not a firm", "firm:ID")
    return firm_rows(ids, place, source)


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


def _parse(text: str, place: Place, source: str) -> Shock:
    kind, colon, rest = text.strip().partition(":")
    if kind not in ("firm", "sector", "hub", "random"):
        problem, _ = unknown_name(kind, ("firm", "sector", "hub", "random"), "kind of shock")
        raise SpecError(source, text, problem, FORMS)
    if not colon or not rest:
        raise SpecError(source, text, "is cut short", FORMS)
    if kind == "firm":
        return NamedFirms(tuple(_ids(rest, place)))
    if kind == "sector":
        return _parse_sector(rest, text, source)
    if not (rest.isascii() and rest.isdecimal()):
        raise SpecError(source, text, f"{rest!r} is not a number of firms", f"{kind}:N with N from 1")
    return Hubs(int(rest)) if kind == "hub" else RandomFirms(int(rest))


def _parse_sector(rest: str, text: str, source: str) -> SectorShare:
    name, colon, share = rest.rpartition(":")
    if not colon:
        raise SpecError(source, text, "has no share", "sector:NAME:SHARE, such as sector:construction:0.3")
    try:
        number = float(share)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise SpecError(source, text, f"the share {share!r} is not a number", "above 0 and at most 1")
    return SectorShare(name, number)


def _ids(text: str, place: Place) -> list[str]:
    """Ids joined by commas; a user's own id may hold commas itself."""
    if place.ids is not None and text in place.ids:
        return [text]
    return [part.strip() for part in text.split(",")]


def _check_count(count: int, place: Place, text: str, source: str) -> None:
    if not 1 <= count <= place.firms:
        raise SpecError(source, text, f"{count} is not a possible number of firms", f"1 to {place.firms}")


def _least(among: Bool, draws: object, count: int) -> I64:
    rows = np.flatnonzero(among)
    order = np.argsort(np.asarray(draws)[rows], kind="stable")
    return np.sort(rows[order[:count]]).astype(np.int64)
