"""Large cascades: most hold one another, so that one is followed and the others are added to it.

Losses only add up. So once a cascade brings down a firm whose own cascade is known to contain another,
it contains that one as well, and need not be followed through it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.contagion.cascade_kernels import grow, sweep, undo
from sim.contagion.cascades import LossBook
from sim.contagion.closures import ClosureForest
from sim.core.columns import I64, Bool


class Scratch(NamedTuple):
    """Arrays of one worker.

    Attributes
    ----------
    room:
        What each firm can still bear, negative once it has fallen, shape (n,).
    queue:
        Fallen firms in their order, shape (n,).
    hit, before:
        Changes of ``room``, to be undone, shape (n + claims,).
    kept_count, kept_hits, kept_lost, path:
        State at each level of a walk, shape (levels,).
    nobody:
        All false, shape (n,).
    """

    room: I64
    queue: NDArray[np.uint32]
    hit: NDArray[np.uint32]
    before: I64
    kept_count: NDArray[np.int32]
    kept_hits: I64
    kept_lost: NDArray[Any]
    path: NDArray[np.int32]
    nobody: Bool


def scratch(book: LossBook, weight: NDArray[Any], levels: int) -> Scratch:
    """Arrays for a walk of so many levels; nobody has fallen."""
    firms, notes = book.limit.size, book.limit.size + book.loss.size
    return Scratch(
        book.limit.copy(), np.empty(firms, np.uint32), np.empty(notes, np.uint32), np.empty(notes, np.int64),
        np.empty(levels, np.int32), np.empty(levels, np.int64), np.empty(levels, weight.dtype),
        np.empty(levels, np.int32), np.zeros(firms, np.bool_),
    )  # fmt: skip


class _Grown(NamedTuple):
    """A cascade: ``room`` after it, failures, weight lost, changes of room to undo, claims on its firms."""

    room: I64
    failed: int
    lost: Any
    hits: int
    claims: int


class _Large:
    """Cascades under way. ``known`` are firms whose cascade contains that of ``base``."""

    def __init__(self, book: LossBook, weight: NDArray[Any], levels: int) -> None:
        self.book, self.weight = book, weight
        self.own = scratch(book, weight, levels)
        self.known = np.zeros_like(self.own.nobody)
        self.base: _Grown | None = None
        self.visited = 0

    def grown(self, firm: int) -> tuple[_Grown, bool]:
        """The cascade of a firm, and whether it was found to contain the base's; to be undone."""
        nothing = _Grown(self.own.room, 0, self.weight.dtype.type(0), 0, 0)
        found, met = self._added(firm, nothing, self.known)
        if met < 0 or self.base is None:
            return found, False
        self.undo(found)
        return self._added(firm, self.base, self.own.nobody)[0], True

    def _added(self, firm: int, onto: _Grown, known: Bool) -> tuple[_Grown, int]:
        count, lost, hits, visited, met = grow(
            firm, *self.book[:3], self.weight, onto.room, self.own.queue, onto.failed, onto.lost,
            self.own.hit, self.own.before, known, self.base.claims if self.base else 0,
        )  # fmt: skip
        self.visited += visited
        return _Grown(onto.room, count, lost, hits, onto.claims + visited), met

    def undo(self, grown: _Grown) -> None:
        undo(grown.room, self.own.hit, self.own.before, grown.hits)

    def keep(self, firm: int, grown: _Grown, contains: bool) -> bool:
        """Make a cascade the base where more others may contain it; whether it was."""
        old = self.base
        within = old is not None and not contains and old.room[firm] < 0 and 2 * grown.claims > old.claims
        if old is not None and not within and grown.claims <= (4 if contains else 2) * old.claims:
            return False  # few others may contain one that itself holds the base
        self.base = grown._replace(room=grown.room.copy(), hits=0)
        self.known[:] &= within  # who contained the old base contains this one only if it is within that
        return True


def finish_large(
    book: LossBook,
    weight: NDArray[Any],
    forest: ClosureForest,
    postponed: Bool,
    failed: NDArray[np.int32],
    total: NDArray[Any],
) -> int:
    """Enter the cascades of the firms that were ``postponed``, all that grow out of such a one among them.

    One thread: it matters in which order they are tried. A base is the first one, then one that it
    contains and is hardly smaller (more others contain that one), or one that is much larger.
    Returns claims visited.
    """
    order, depth = forest.order, forest.depth
    left = np.append(postponed[order], False)
    above = forest.parent[order]
    head = left[:-1] & ~((above >= 0) & postponed[above])
    ends = np.flatnonzero(~left | np.append(head, True))
    pending = np.flatnonzero(head)
    size = ends[np.searchsorted(ends, pending, side="right")] - pending
    pending = pending[np.argsort(-size, kind="stable")]
    work = _Large(book, weight, int(depth.max(initial=0)) + 1)
    own = work.own
    while pending.size:
        first, pending = int(pending[0]), pending[1:]
        last = int(ends[np.searchsorted(ends, first, side="right")])
        firm = int(order[first])
        grown, contains = work.grown(firm)
        work.visited += sweep(
            order, depth, first, last, forest.parent, *book[:3], weight, grown.room,
            own.queue, grown.failed, grown.lost, own.hit, own.before, grown.hits, own.kept_count,
            own.kept_hits, own.kept_lost, own.path, own.nobody, own.hit.size, own.nobody, failed, total,
        )  # fmt: skip
        if work.keep(firm, grown, contains):
            fallen = grown.room[order[pending]] < 0
            pending = pending[np.argsort(~fallen, kind="stable")]
            contains = True
        work.known[order[first:last]] |= contains
        work.undo(grown)
    return work.visited
