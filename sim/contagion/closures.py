"""Which cascade is known to contain which other one, as a forest to walk through."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.contagion.cascade_kernels import closure_forest, felled_alone, walk_order
from sim.contagion.cascades import LossBook
from sim.core.columns import I32, I64, Bool


class ClosureForest(NamedTuple):
    """An order in which each cascade grows out of a smaller one.

    Attributes
    ----------
    order, depth:
        The walk through the forest, parents first, and how deep each step is.
    parent:
        For each firm another whose cascade its own contains, or -1.
    """

    order: I32
    depth: I32
    parent: I32


def plan_closures(book: LossBook, wanted: Bool) -> ClosureForest:
    """The forest that covers the ``wanted`` firms and those on which their cascades are built.

    A debtor whose claim alone exceeds a creditor's limit starts a cascade that contains the
    creditor's own, since losses only add up. Every cascade beyond its seed begins so: firms whose failure
    breaks nobody by itself are left out, unless others are built on them.
    """
    firms = book.limit.size
    start, target = np.empty(firms + 1, np.int64), np.empty(book.loss.size + 1, np.uint32)
    felled_alone(book.start, book.creditor, book.loss, book.limit, start, target)
    parent, low, clock = (np.empty(firms, np.int32) for _ in range(3))
    stack, path = np.empty(firms, np.uint32), np.empty(firms, np.uint32)
    clock[:] = 0
    reach, edge = np.zeros(firms, np.int64), np.empty(firms, np.int64)
    closure_forest(start, target, parent, reach, low, clock, edge, stack, path)
    order, depth = np.empty(firms, np.int32), np.empty(firms, np.int32)
    first_child, sibling = np.full(firms, -1, np.int32), np.full(firms, -1, np.int32)
    count = walk_order(parent, wanted & (np.diff(start) > 0), first_child, sibling, order, depth)
    return ClosureForest(order[:count], depth[:count], parent)


def no_closures(firms: int, seeds: I64) -> ClosureForest:
    """The forest in which no cascade grows out of another."""
    return ClosureForest(seeds.astype(np.int32), np.zeros(seeds.size, np.int32), np.full(firms, -1, np.int32))
