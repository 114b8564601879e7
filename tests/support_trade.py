"""A seasoned market of an in-house team, an agency and a debt buyer, in hard times: many charge-offs."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from sim.model import Ecosystem

MARKET = [
    {"name": "in_house", "kind": "in_house", "stages": ["early"], "capacity": 0.6},
    {
        "name": "agency", "kind": "agency", "stages": ["middle", "late", "charged_off"], "capacity": 0.4,
        "contract": {"kind": "commission"},
    },
    {"name": "buyer", "kind": "debt_buyer", "stages": ["charged_off"], "capacity": 0.3},
]  # fmt: skip
SIZE = {
    "population.borrowers": 2000, "population.firms": 80, "burn_in": 60, "collectors": MARKET,
    "world.households.job_loss": 0.02,
}  # fmt: skip


@functools.cache
def market(seed: int = 3) -> Ecosystem:
    """Made once; never step it, branch it."""
    return Ecosystem("baseline", rng=seed, changes=SIZE)


def weeks(model: Ecosystem, count: int, *columns: str) -> Iterator[dict[str, Any]]:
    """Step week by week; each time yields the account columns named, as they were before the step."""
    for _ in range(count):
        before = {name: getattr(model.state.accounts, name).copy() for name in columns}
        model.step()
        yield before


def flow(model: Ecosystem, name: str, sector: str) -> int:
    """What a sector received (+) or paid (-) by a flow since the start of the books, fen."""
    flows: Any = model.ledger.flows()
    return int(flows.loc[name, sector]) if name in flows.index else 0
