"""One run kept week by week, firm by firm and link by link, to be looked at as it spreads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from sim.core.columns import I16, I32, I64, U8
from sim.core.errors import SpecError
from sim.experiments.firm_tree import FirmTree, firm_tree
from sim.experiments.outbreak_curves import generation_masses, tree_of
from sim.experiments.outbreak_runs import Tables

if TYPE_CHECKING:
    from sim.model import Ecosystem

#: States of a firm in :attr:`Recording.states`, by number.
STATES = ("healthy", "strained", "failed", "protected")
HEALTHY, STRAINED, FAILED, PROTECTED = range(4)
#: Channels that are closed for a firm that is protected: what its customers owe reaches it.
SHIELDED = ("late_receipts", "write_off")


class Intervention(NamedTuple):
    """What is done to one firm in one week."""

    action: Literal["fail", "rescue", "protect"]
    week: int
    firm: int


@dataclass(frozen=True, eq=False)
class Recording:
    """A run of F firms and L links over W weeks.

    ``sectors``: their names; ``sector``, ``weekly_sales`` (fen, in normal times): (F,); ``buyer``,
    ``supplier``: rows of firms, ``weekly_amount`` (fen): (L,); ``states``: numbers of :data:`STATES` before
    the first week and after each, (W + 1, F); ``overdue``: fen owed late on each link, (W + 1, L);
    ``reproduction``: see :meth:`sim.model.Ecosystem.reproduction`; ``tables``: what the infection tree is
    made of.
    """

    sectors: tuple[str, ...]
    sector: I16
    weekly_sales: I64
    buyer: I32
    supplier: I32
    states: U8
    overdue: I64
    reproduction: pd.DataFrame
    weekly_amount: I64
    tables: Tables

    @property
    def weeks(self) -> int:
        """Weeks of the run."""
        return len(self.states) - 1

    def count(self, state: int) -> I64:
        """Firms in a state, (W + 1,)."""
        counts: I64 = (self.states == state).sum(axis=1).astype(np.int64)
        return counts

    def curve(self) -> pd.DataFrame:
        """Columns ``week``, a count for each of :data:`STATES`, and ``overdue`` (fen)."""
        counts = {name: self.count(number) for number, name in enumerate(STATES)}
        return pd.DataFrame({"week": range(self.weeks + 1), **counts, "overdue": self.overdue.sum(axis=1)})

    @cached_property
    def firm_tree(self) -> FirmTree:
        """Which failure caused which, households as carriers."""
        return firm_tree(tree_of(self.tables, self.weeks))

    def rounds(self, firms: Sequence[int]) -> tuple[I64, I64, pd.DataFrame]:
        """The infection tree from the failures of ``firms`` on.

        Rows of their first failures in the tree of firms (S,); the generation of every failure there, -1
        where it does not lead back to them (E,); and the firms of each generation, see
        :func:`sim.experiments.outbreak_curves.generation_masses`.
        """
        events = self.firm_tree.tree.events
        hit = events["agent"].isin(firms) & (events["week"] >= 0)
        seeds = events[hit].drop_duplicates("agent").index.to_numpy(np.int64)
        table, generation = generation_masses(self.firm_tree, seeds)
        return seeds, generation, table


def record(
    start: Ecosystem,
    weeks: int,
    interventions: Iterable[Intervention] = (),
    changes: Mapping[str, object] | None = None,
) -> Recording:
    """Run a copy of a start and keep every week; the start itself stays as it is.

    Interventions and changes alter no random draw, so that recordings of one start differ by them alone.

    Raises
    ------
    SpecError
        For a week or firm that does not exist, or an impossible change.
    """
    found = tuple(interventions)
    firms = len(start.state.firms.cash)
    for one in found:
        if not (0 <= one.firm < firms and 0 <= one.week < weeks):
            problem = f"week {one.week}, firm {one.firm} is not in the run"
            raise SpecError(
                "intervention", one.action, problem, f"weeks 0 to {weeks - 1}, firms 0 to {firms - 1}"
            )
    own: Any = (changes or {}).get("events", start.spec.events)
    events = [*own, *(event for one in found for event in _events(one))]
    model = start.branch({**(changes or {}), "events": events, "weeks": weeks})
    states = np.zeros((weeks + 1, firms), np.uint8)
    overdue = np.zeros((weeks + 1, len(model.state.links.buyer)), np.int64)
    protected = np.full(firms, weeks + 1)
    for one in found:
        if one.action != "fail":
            protected[one.firm] = min(protected[one.firm], one.week)
    for week in range(weeks + 1):
        if week:
            model.run(1)
        f, k = model.state.firms, model.state.links
        states[week] = np.select(
            [~f.alive, protected < week, f.shrinking], [FAILED, PROTECTED, STRAINED], HEALTHY
        )
        overdue[week] = k.overdue + k.disputed
    f, k = model.state.firms, model.state.links
    return Recording(
        model.sectors, f.sector.copy(), f.normal_sales.copy(), k.buyer.copy(), k.supplier.copy(),
        states, overdue, model.reproduction(), k.weekly_amount.copy(),
        Tables(model.events(), model.causes(), model.lender_losses()),
    )  # fmt: skip


def _events(one: Intervention) -> list[dict[str, object]]:
    here: dict[str, object] = {"week": one.week, "firm": one.firm}
    if one.action == "protect":
        return [{"kind": "shield", "channel": channel, **here} for channel in SHIELDED]
    return [{"kind": one.action, **here}]
