"""Seasoned starts shared by the tests of the model, and paired comparisons of branches."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from scipy import stats

from sim.model import Ecosystem

CARDS = Path(__file__).parents[1].parent / "shared" / "data" / "uci-card" / "uci_card_24000.csv.gz"

#: Sizes at which one seasoned start takes a fraction of a second.
TINY = {"population.borrowers": 400, "population.firms": 80, "burn_in": 26, "weeks": 26}

T = TypeVar("T")


def on_two_threads(work: Callable[[int], T], seeds: Sequence[int]) -> list[T]:
    """``work`` for each seed; kernels release the interpreter lock."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, seeds))


@functools.cache
def _start(world: str, seed: int, sizes: tuple[tuple[str, Any], ...]) -> Ecosystem:
    return Ecosystem("baseline", world=world, rng=seed, changes=dict(sizes))


def seasoned(world: str = "evidence", seed: int = 1, **sizes: Any) -> Ecosystem:
    """A seasoned start, made once; never step it, branch or copy it."""
    given = {**TINY, **{name.replace("__", "."): value for name, value in sizes.items()}}
    return _start(world, seed, tuple(sorted(given.items())))


class Paired(NamedTuple):
    """Mean of paired differences with its 95 % interval (Student's t)."""

    mean: float
    low: float
    high: float


def paired(differences: Sequence[float]) -> Paired:
    """Interval of the mean of paired differences."""
    d = np.asarray(differences, np.float64)
    half = float(stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / math.sqrt(len(d)))
    mean = float(d.mean())
    return Paired(mean, mean - half, mean + half)


def snapshot(model: Ecosystem) -> dict[str, np.ndarray[Any, Any]]:
    """Copies of all columns by ``table.column``."""
    return {
        f"{table}.{name}": column.copy()
        for table in model.state.TABLES
        for name, column in getattr(model.state, table)._asdict().items()
    }


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Names of the columns that differ; a table that grew counts with the columns of its new rows."""
    found = set()
    for name, old in before.items():
        new = after[name]
        if len(new) != len(old):
            old = np.concatenate([old, np.zeros(len(new) - len(old), old.dtype)])
        if not np.array_equal(old, new, equal_nan=old.dtype.kind == "f"):
            found.add(name)
    return found


__all__ = ["CARDS", "TINY", "Paired", "changed", "on_two_threads", "paired", "seasoned", "snapshot"]
