"""The public sources of the shipped numbers and rules."""

from __future__ import annotations

import csv
from functools import lru_cache
from typing import Literal, NamedTuple

from sim.core.paths import scenarios_dir

#: What a number may have instead of a source: not known, fitted to the world's targets, or replaced.
WITHOUT_SOURCE = frozenset({"assumption", "fitted", "changed by the user"})
#: How a figure came about, the strongest first.
DESIGNS = (
    "rct", "quasi_experiment", "statistic", "filing", "observational", "law", "derived", "fitted", "vendor",
    "claim", "assumption",
)  # fmt: skip


class Source(NamedTuple):
    """One row of ``scenarios/sources.csv``.

    Attributes
    ----------
    id:
        Short name that quantities refer to.
    citation, year, identifier:
        Where to find it; the identifier is a DOI, a law's article or a report's name.
    finding:
        What was taken from it.
    quantity, value, low, high, unit:
        The figure and its interval; None where the source gives none. Shares are fractions of one.
    population, design:
        Who was looked at, and how; one of ``DESIGNS``.
    finding_zh, quantity_zh, population_zh:
        The same in Chinese; citations stay in their own language.
    """

    id: str
    citation: str
    year: int
    identifier: str
    finding: str
    quantity: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    population: str = ""
    design: str = "observational"
    finding_zh: str = ""
    quantity_zh: str = ""
    population_zh: str = ""

    def said(self, part: Literal["finding", "quantity", "population"], lang: str = "en") -> str:
        """One of its texts in ``en`` or ``zh``."""
        return str(getattr(self, f"{part}_zh" if lang == "zh" else part))


@lru_cache(maxsize=1)
def sources() -> dict[str, Source]:
    """All sources by id."""
    with (scenarios_dir() / "sources.csv").open(encoding="utf-8", newline="") as stream:
        return {row["id"]: _source(row) for row in csv.DictReader(stream)}


def _source(row: dict[str, str]) -> Source:
    figures = {name: float(row[name]) if row[name] else None for name in ("value", "low", "high")}
    words = {name: row[name] for name in Source._fields if name not in {*figures, "year"}}
    return Source(year=int(row["year"]), **words, **figures)  # type: ignore[arg-type]


def cited(source: str) -> list[str]:
    """The ids in a quantity's ``source`` text; none for an assumption or a fitted number."""
    return [] if source in WITHOUT_SOURCE else [part.strip() for part in source.split(";")]
