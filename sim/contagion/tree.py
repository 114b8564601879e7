"""The infection tree: which default caused which, with shares, and what follows from it.

An edge goes from the default that caused (parent) to the one that was caused (child) and carries the
share of the child that the parent answers for. Shares into an event and its own share sum to at most
one; the rest has causes that are no default in the record. Events stand in the order of their weeks, and
a parent always stands before its child, so there are no cycles.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import networkx as nx  # type: ignore[import-untyped]
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from sim.contagion.intervals import offspring_interval
from sim.contagion.tree_attribution import OWN, attribute, in_range, sums, whole_numbers
from sim.contagion.tree_files import as_graph
from sim.core.columns import F64, I64, Bool
from sim.core.errors import SpecError
from sim.core.kernel import kernel


class Generations(NamedTuple):
    """Defaults by generation after the seeds.

    ``totals`` (G,): mass of each generation, seeds first. ``mass`` (E,): the share of each event that
    the seeds answer for, over all generations; 1 for a seed.
    """

    totals: F64
    mass: F64


class InfectionTree:
    """Defaults of a run with the shares in which earlier ones caused them.

    Parameters
    ----------
    events:
        One row a default, index 0 to E - 1 in the order of ``week``; columns ``week``, ``kind``,
        ``agent``, and ``sector`` where known.
    causes:
        One row for each event, channel and agent: ``event``, ``channel``, ``kind`` (of the agent),
        ``agent``, ``parent`` (an event, -1: none known) and ``share``; shares of an event sum to one.
    lender_losses:
        One row a loss: ``week``, ``lender``, ``event`` (-1: unknown) and ``loss`` in fen. Shares that
        came through a lender are divided over its losses, see :mod:`sim.contagion.tree_attribution`.
    memory_weeks:
        Age from which on a lender's loss no longer counts (assumption: half a year).
    last_week:
        The last week that was watched; default the week of the last event. Cohorts whose follow-up
        ends later are marked incomplete.

    Attributes
    ----------
    events, edges:
        The defaults; and ``parent``, ``child``, ``channel``, ``share``, sorted by child, parent, channel.
    shares:
        As ``edges``, with the rows whose parent is unknown (-1).
    dropped:
        Causes set to unknown because the parent did not come before the child.

    Raises
    ------
    SpecError
        If a table is malformed, out of order, or shares do not sum to one.
    """

    def __init__(
        self,
        events: pd.DataFrame,
        causes: pd.DataFrame,
        lender_losses: pd.DataFrame | None = None,
        *,
        memory_weeks: int = 26,
        last_week: int | None = None,
    ) -> None:
        self.week = _checked_weeks(events)
        if memory_weeks < 1:
            raise SpecError("InfectionTree", "memory_weeks", f"is {memory_weeks}", "1 or more")
        ended = int(self.week[-1]) if len(self.week) else 0
        self.last_week = ended if last_week is None else last_week
        if self.last_week < ended:
            problem = f"is {last_week}, before the last event in week {ended}"
            raise SpecError("InfectionTree", "last_week", problem, "the last week of the record")
        self.events = events.copy()
        self.shares, self.dropped = attribute(self.week, causes, lender_losses, memory_weeks)
        self.edges = self.shares[self.shares["parent"] >= 0].reset_index(drop=True)

    def __len__(self) -> int:
        return len(self.week)

    @cached_property
    def matrix(self) -> csr_array:
        """Shape (E, E): share of the child (column) that the parent (row) answers for, all channels."""
        where = (self.edges["parent"].to_numpy(), self.edges["child"].to_numpy())
        return csr_array((self.edges["share"].to_numpy(), where), shape=(len(self), len(self)))

    @cached_property
    def own_share(self) -> F64:
        """Shape (E,): the share of each event that nobody else caused."""
        own = self.shares[self.shares["channel"] == OWN]
        return sums(own["child"], own["share"], len(self))

    @property
    def endogenous_share(self) -> float | None:
        """Mean share of defaults that others caused; None without events."""
        return float(1.0 - self.own_share.mean()) if len(self) else None

    @property
    def endogenous_by_channel(self) -> pd.Series[float]:
        """The endogenous share by channel; sums to :attr:`endogenous_share`."""
        caused = self.shares[self.shares["channel"] != OWN]
        total: pd.Series[float] = caused.groupby("channel")["share"].sum()
        return total / max(len(self), 1)

    @property
    def traced_share(self) -> float | None:
        """Mean share of defaults whose cause is a default in the record; None without events."""
        return float(self.edges["share"].sum() / len(self)) if len(self) else None

    @cached_property
    def offspring(self) -> F64:
        """Shape (E,): expected direct offspring of each event, the sum of its shares in children."""
        return sums(self.edges["parent"], self.edges["share"], len(self))

    def offspring_within(self, follow_up_weeks: int) -> F64:
        """As :attr:`offspring`, of children at most ``follow_up_weeks`` after the parent."""
        edges = self._edges_within(follow_up_weeks)
        return sums(edges["parent"], edges["share"], len(self))

    def offspring_by_type(self, types: ArrayLike, n_types: int, follow_up_weeks: int = 26) -> F64:
        """Shape (E, n_types): offspring within the follow-up by the child's type; -1 is no type.

        Raises :class:`SpecError` when ``types`` (E,) holds anything but -1 to ``n_types - 1``.
        """
        kinds = np.asarray(types)
        if kinds.shape != (len(self),) or kinds.dtype.kind not in "iu":
            raise SpecError("types", "", f"has shape {kinds.shape}", f"({len(self)},), whole numbers")
        in_range(kinds.astype(np.int64), "type", "types", -1, n_types - 1)
        edges = self._edges_within(follow_up_weeks)
        edges = edges[kinds[edges["child"].to_numpy()] >= 0]
        cell = edges["parent"].to_numpy() * n_types + kinds[edges["child"].to_numpy()]
        return sums(cell, edges["share"], len(self) * n_types).reshape(len(self), n_types)

    def complete(self, follow_up_weeks: int = 26) -> Bool:
        """Shape (E,): whether the follow-up of each event lies inside the record."""
        return self.week + follow_up_weeks <= self.last_week

    def reproduction(
        self,
        cohort_weeks: int = 4,
        follow_up_weeks: int = 26,
        interval: float = 0.95,
        kind: str | None = None,
    ) -> pd.DataFrame:
        """Cohort reproduction number: mean direct offspring of the defaults of some weeks.

        The case reproduction number of Wallinga and Teunis ("Different epidemic curves for severe acute
        respiratory syndrome reveal similar impacts of control measures", American Journal of
        Epidemiology 160, 2004), with known instead of inferred parents. Only children within the
        follow-up count, so that all complete cohorts are measured alike.

        Parameters
        ----------
        cohort_weeks:
            Length of a cohort; cohorts start at multiples of it.
        follow_up_weeks:
            How long children are counted.
        interval:
            Coverage of the interval, see :func:`offspring_interval`.
        kind:
            Only parents of this kind (``firm`` or ``borrower``); children of all kinds count.

        Returns
        -------
        DataFrame
            ``week`` (start), ``events``, ``R``, ``low``, ``high`` (NaN without events) and ``complete``:
            where this is False, the follow-up ends after the record and R is too low.
        """
        if cohort_weeks < 1 or follow_up_weeks < 0 or not 0 < interval < 1:
            problem = f"got {cohort_weeks}, {follow_up_weeks} and {interval}"
            allowed = "cohort_weeks from 1, follow_up_weeks from 0, interval between 0 and 1"
            raise SpecError("reproduction", "", problem, allowed)
        chosen = np.ones(len(self), dtype=bool) if kind is None else (self.events["kind"] == kind).to_numpy()
        edges = self._edges_within(follow_up_weeks)
        offspring = sums(edges["parent"], edges["share"], len(self))
        squares = sums(edges["parent"], edges["share"] ** 2, len(self))
        cohort = self.week // cohort_weeks
        rows = []
        for number in range(int(cohort[0]), int(cohort[-1]) + 1) if len(self) else ():
            inside = np.flatnonzero((cohort == number) & chosen)
            last = (number + 1) * cohort_weeks - 1
            mean = float(offspring[inside].mean()) if len(inside) else np.nan
            low, high = offspring_interval(offspring[inside], float(squares[inside].sum()), interval)
            done = last + follow_up_weeks <= self.last_week
            rows.append((number * cohort_weeks, len(inside), mean, low, high, done))
        return pd.DataFrame(rows, columns=["week", "events", "R", "low", "high", "complete"])

    def generations(self, seeds: Sequence[int] | I64, deepest: int | None = None) -> Generations:
        """Mass by generation: a seed has 1 in generation 0, then shares pass it on.

            mass(child, g + 1) = sum over parents of share(parent, child) * mass(parent, g)

        A seed takes no mass from another seed: its own causes are set aside. ``deepest`` ends the
        count after that generation. Raises
        :class:`SpecError` for a seed that is no event or is given twice.
        """
        rows = in_range(np.asarray(seeds, dtype=np.int64).reshape(-1), "seed", "seeds", 0, len(self) - 1)
        if len(np.unique(rows)) != len(rows):
            raise SpecError("seeds", "", "names an event twice", "each event once")
        into = self.matrix.T.tocsr()
        mass = np.zeros(len(self))
        mass[rows] = 1.0
        totals, everything = [float(len(rows))], mass.copy()
        while deepest is None or len(totals) <= deepest:
            mass = np.asarray(into @ mass, dtype=np.float64)
            mass[rows] = 0.0
            if not mass.any():
                break
            totals.append(float(mass.sum()))
            everything += mass
        return Generations(np.array(totals), everything)

    def cascade_sizes(self) -> pd.DataFrame:
        """Expected size of the cascade that each event started, itself included.

            size(event) = 1 + sum over children of share(event, child) * size(child)

        Columns ``event``, ``root_share`` (the event's own share: how far it is a root), ``untraced_share``
        (caused by something outside the record) and ``size``. Every event belongs to roots once: the sum
        over events of ``(root_share + untraced_share) * size`` is E.
        """
        size = np.ones(len(self))
        matrix = self.matrix
        _cascade_sizes(matrix.indptr, matrix.indices, matrix.data, size)
        traced = sums(self.edges["child"], self.edges["share"], len(self))
        return pd.DataFrame(
            {
                "event": np.arange(len(self)),
                "root_share": self.own_share,
                "untraced_share": np.clip(1.0 - self.own_share - traced, 0.0, 1.0),
                "size": size,
            }
        )

    def cascade_size_distribution(self) -> pd.DataFrame:
        """Distribution of cascade sizes over roots, each counted by its own share.

        Columns ``size`` (rising), ``probability`` and ``at_least`` (probability of this size or more).
        """
        sizes = self.cascade_sizes()
        rounded = sizes["size"].round(9)  # equal sizes that were summed in another order
        weight = sizes.groupby(rounded)["root_share"].sum()
        weight = weight[weight > 0] / weight.sum()
        at_least = np.cumsum(weight.to_numpy()[::-1])[::-1]
        return pd.DataFrame({"size": weight.index, "probability": weight.to_numpy(), "at_least": at_least})

    @cached_property
    def main_parent(self) -> pd.DataFrame:
        """The forest in which each event hangs on its largest known cause (ties: the earlier event).

        One row an event: ``parent`` (-1: none), ``share`` of that parent over all channels, ``depth``
        (0: no known parent) and ``root``.
        """
        cells = self.matrix.tocoo()
        above, below = cells.coords
        order = np.lexsort((above, -cells.data, below))
        child, first = np.unique(below[order], return_index=True)
        parent, share = np.full(len(self), -1), np.zeros(len(self))
        parent[child], share[child] = above[order][first], cells.data[order][first]
        depth, root = np.zeros(len(self), dtype=np.int64), np.arange(len(self))
        for event in child:  # in order, so that the parent's own place is known
            depth[event] = depth[parent[event]] + 1
            root[event] = root[parent[event]]
        return pd.DataFrame({"parent": parent, "share": share, "depth": depth, "root": root})

    def to_networkx(self) -> nx.DiGraph:
        """A directed graph, parent to child.

        Nodes (event numbers) have ``week``, ``kind``, ``agent``, ``sector`` (empty where unknown),
        ``own_share`` and ``offspring``; edges have ``share``, the ``channel`` that gives most of it, and
        ``share_<channel>`` for each channel.
        """
        return as_graph(self.node_table(), self.edges)

    def node_table(self) -> pd.DataFrame:
        """One row an event, with the columns of the nodes of :meth:`to_networkx` and ``event``."""
        sector = self.events["sector"] if "sector" in self.events else pd.Series("", index=self.events.index)
        return pd.DataFrame(
            {
                "event": np.arange(len(self)),
                "week": self.week,
                "kind": self.events["kind"].astype(str),
                "agent": whole_numbers(self.events, "agent", "events"),
                "sector": sector.astype(object).where(sector.notna(), "").astype(str),
                "own_share": self.own_share,
                "offspring": self.offspring,
            }
        )

    def _edges_within(self, follow_up_weeks: int) -> pd.DataFrame:
        lag = self.week[self.edges["child"].to_numpy()] - self.week[self.edges["parent"].to_numpy()]
        edges: pd.DataFrame = self.edges[lag <= follow_up_weeks]
        return edges


def _checked_weeks(events: pd.DataFrame) -> I64:
    week: I64 = whole_numbers(events, "week", "events")
    for column in ("kind", "agent"):
        if column not in events:
            raise SpecError("events", column, "is missing", f"a table with a column {column!r}")
    if not np.array_equal(events.index.to_numpy(), np.arange(len(events))):
        raise SpecError("events", "index", "does not count the rows", "0, 1, 2 and so on")
    early = np.flatnonzero(np.diff(week) < 0)
    if len(early):
        problem = f"is {week[early[0] + 1]} after week {week[early[0]]}"
        raise SpecError("events", f"row {early[0] + 1}, week", problem, "events in the order of their weeks")
    return week


@kernel
def _cascade_sizes(start, children, share, size):  # type: ignore[no-untyped-def]
    """Sizes from the last event to the first: children always stand behind their parent."""
    for event in range(size.shape[0] - 1, -1, -1):
        for edge in range(start[event], start[event + 1]):
            size[event] += share[edge] * size[children[edge]]
