"""Sobol indices of groups of numbers: each group moves as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import qmc

from sim.core.columns import F64
from sim.core.errors import SpecError
from sim.core.rng import stream


def grouped_design(groups: Sequence[Sequence[int]], fields: int, points: int, seed: int) -> F64:
    """Saltelli's design for groups of fields, shape (points x (groups + 2), fields).

    As for single fields (Saltelli and others, Computer Physics Communications 181, 2010), but the columns of
    a group are exchanged together, so that its indices hold the interactions within the group. ``groups``:
    column numbers, each field in exactly one group. Raises :class:`SpecError`.
    """
    if sorted(column for group in groups for column in group) != list(range(fields)):
        raise SpecError("sensitivity", "groups", "do not hold every number once", "each number in one group")
    if points < 2 or points & (points - 1):
        raise SpecError("points", "", f"{points} is not a power of 2", "2, 4, 8, 16, ...")
    generator = int(stream(seed, "sensitivity/sobol")) % 2**32
    both = qmc.Sobol(2 * fields, rng=generator).random_base2(points.bit_length() - 1)
    first, second = both[:, :fields], both[:, fields:]
    mixed = np.repeat(first[None], len(groups), axis=0)
    for number, group in enumerate(groups):
        mixed[number][:, list(group)] = second[:, list(group)]
    return np.concatenate([first, second, mixed.reshape(-1, fields)])


def columns_of(groups: Mapping[str, Sequence[str]], names: Sequence[str]) -> list[list[int]]:
    """Column numbers of the named fields of each group. Raises :class:`SpecError` for an unknown field."""
    place = {name: number for number, name in enumerate(names)}
    for fields in groups.values():
        for field in fields:
            if field not in place:
                raise SpecError("sensitivity", "groups", f"{field!r} is not varied", "fields of the sweep")
    return [[place[field] for field in fields] for fields in groups.values()]
