"""The public sources of the shipped numbers and rules."""

from __future__ import annotations

import csv
from functools import lru_cache
from typing import NamedTuple

from sim.core.paths import scenarios_dir

#: What a number may have instead of a source: not known, fitted to the world's targets, or replaced.
WITHOUT_SOURCE = frozenset({"assumption", "fitted", "changed by the user"})


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
    """

    id: str
    citation: str
    year: int
    identifier: str
    finding: str


@lru_cache(maxsize=1)
def sources() -> dict[str, Source]:
    """All sources by id."""
    with (scenarios_dir() / "sources.csv").open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        return {
            row["id"]: Source(row["id"], row["citation"], int(row["year"]), row["identifier"], row["finding"])
            for row in rows
        }


def cited(source: str) -> list[str]:
    """The ids in a quantity's ``source`` text; none for an assumption or a fitted number."""
    return [] if source in WITHOUT_SOURCE else [part.strip() for part in source.split(";")]
