"""Shocks of an outbreak: which firms are made to fail, as text or as an object."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from sim.core.columns import F64, I64, Bool
from sim.core.errors import SpecError, unknown_name
from sim.core.rng import uniform_rows
from sim.experiments.outbreak_market import Market, Place, firm_rows, hub_order

FORMS = "firm:ID, sector:NAME:SHARE, hub:N or random:N"


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
class CountedFirms:
    """So many living firms, of the ``kind`` that the text form names."""

    kind: ClassVar[str]
    count: int

    @property
    def text(self) -> str:
        """``kind:N``."""
        return f"{self.kind}:{self.count}"

    def check(self, place: Place, source: str) -> None:
        """There must be so many firms."""
        if not 1 <= self.count <= place.firms:
            problem = f"{self.count} is not a possible number of firms"
            raise SpecError(source, self.text, problem, f"1 to {place.firms}")


class Hubs(CountedFirms):
    """The firms with most trade partners: customers and suppliers, then trade volume, then row."""

    kind = "hub"

    def choose(self, market: Market, seed: int) -> I64:
        """Living firms by falling number of links."""
        return np.sort(hub_order(market)[: self.count])


class RandomFirms(CountedFirms):
    """Living firms by keyed random choice; a larger number holds those of a smaller one."""

    kind = "random"

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
    count = count_in(rest, text, source)
    return Hubs(count) if kind == "hub" else RandomFirms(count)


def count_in(rest: str, text: str, source: str) -> int:
    """The N of ``kind:N``. Raises :class:`SpecError`."""
    if not (rest.isascii() and rest.isdecimal()):
        kind = text.strip().partition(":")[0]
        raise SpecError(source, text, f"{rest!r} is not a number of firms", f"{kind}:N with N from 1")
    return int(rest)


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


def _least(among: Bool, draws: F64, count: int) -> I64:
    rows = np.flatnonzero(among)
    order = np.argsort(draws[rows], kind="stable")
    return np.sort(rows[order[:count]]).astype(np.int64)
