"""Types of firms for next-generation matrices, and seeds drawn by type."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from sim.core.columns import F64, I64
from sim.core.rng import uniform_rows
from sim.experiments.outbreak_market import Market, Place
from sim.experiments.outbreak_shocks import RandomFirms

#: Upper share of firms that are large, and that are hubs (assumption).
UPPER_SHARE = 0.2
#: Infected firms that a type needs to be one of its own (assumption).
LEAST_FAILURES = 5
#: Types of firms: by weekly sales, and by number of customers and suppliers.
TYPES = ("small", "small hub", "large", "large hub")


@dataclass(frozen=True)
class TypedFirms:
    """Seeds drawn by type with given probabilities; by keyed random choice inside a type.

    ``probability`` has one entry for each of :data:`TYPES`.
    """

    count: int
    probability: tuple[float, ...]

    @property
    def text(self) -> str:
        """``typed:N``."""
        return f"typed:{self.count}"

    def check(self, place: Place, source: str) -> None:
        """There must be so many firms."""
        RandomFirms(self.count).check(place, source)

    def choose(self, market: Market, seed: int) -> I64:
        """Types by the stream ``outbreak.types``, then the living firms with the least draws of
        ``outbreak.random``; a type without firms left gives way to any firm."""
        draws = uniform_rows(seed, "outbreak.types", self.count)[:, 0]
        wanted = np.searchsorted(np.cumsum(self.probability), draws * sum(self.probability), side="right")
        order = np.argsort(uniform_rows(seed, "outbreak.random", len(market.alive))[:, 0], kind="stable")
        kinds = types_of(market)
        left = [
            deque(row for row in order.tolist() if market.alive[row] and kinds[row] == kind)
            for kind in range(len(TYPES))
        ]
        chosen = [(left[kind] or max(left, key=len)).popleft() for kind in wanted.tolist()]
        return np.array(sorted(chosen), np.int64)


def types_of(market: Market) -> I64:
    """Type of each firm, an index into :data:`TYPES`: large by normal sales, hub by number of links."""
    links = (market.customers + market.suppliers).astype(np.float64)
    large = market.weekly_sales >= np.quantile(market.weekly_sales, 1.0 - UPPER_SHARE)
    hub = links >= np.quantile(links, 1.0 - UPPER_SHARE)
    return 2 * large.astype(np.int64) + hub


def merge_types(failures: F64) -> tuple[I64, tuple[str, ...]]:
    """Types with fewer than :data:`LEAST_FAILURES` join the nearest: hubs their size, then large small.

    Returns the new number of each of :data:`TYPES`, and the names of the new types.
    """
    group = np.arange(len(TYPES))
    for kind, into in ((1, 0), (3, 2), (2, 0), (0, 2)):
        if failures[group == group[kind]].sum() < LEAST_FAILURES:
            group[group == group[kind]] = group[into]
    kept = list(dict.fromkeys(group.tolist()))
    names = (
        ("any",)
        if len(kept) == 1
        else tuple(
            " or ".join(name for name, member in zip(TYPES, group, strict=True) if member == kind)
            for kind in kept
        )
    )
    return np.array([kept.index(kind) for kind in group.tolist()], np.int64), names
