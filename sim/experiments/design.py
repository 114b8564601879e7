"""Points of a design: which settings a sweep runs, by grid, Latin hypercube or Sobol sequence."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from scipy.stats import qmc

from sim.core.errors import SpecError
from sim.core.rng import stream
from sim.spec.sweep import MOST_POINTS, Design, Range

Settings = dict[str, Any]


def points_of(design: Design, ranges: Mapping[str, Range], seed: int) -> list[Settings]:
    """Settings by point: a value for every field.

    A grid crosses all values, with ``design.levels`` of a range between two numbers. Samples fill the
    ranges evenly: a Latin hypercube (McKay, Beckman and Conover, Technometrics 21, 1979) or a scrambled
    Sobol sequence (Owen, Journal of Complexity 14, 1998), of which the first points stay when there are more
    of them. Both by :mod:`scipy.stats.qmc`. No ranges: one point that sets nothing.

    Listed points take their values from lists of one length. A range that is a share ``of`` another field
    is multiplied with that field's value at the point.

    Raises :class:`SpecError` for a grid with too many points, and for lists of different lengths.
    """
    if not ranges:
        return [{}]
    points = _points_of(design, ranges, seed)
    for name, one in ranges.items():
        if one.of is not None:
            for point in points:
                point[name] *= point[one.of]
    return points


def _points_of(design: Design, ranges: Mapping[str, Range], seed: int) -> list[Settings]:
    names = list(ranges)
    if design.kind == "grid":
        return _grid(design, ranges)
    if design.kind == "listed":
        return _listed(ranges)
    generator = int(stream(seed, "sweep/design")) % 2**32
    if design.kind == "sobol":
        sample = qmc.Sobol(len(names), rng=generator).random_base2(design.points.bit_length() - 1)
    else:
        sample = qmc.LatinHypercube(len(names), rng=generator).random(design.points)
    return [
        {name: ranges[name].at(float(share)) for name, share in zip(names, row, strict=True)}
        for row in sample
    ]


def _grid(design: Design, ranges: Mapping[str, Range]) -> list[Settings]:
    levels = [ranges[name].levels(design.levels) for name in ranges]
    size = 1
    for values in levels:
        size *= len(values)
    if size > MOST_POINTS:
        raise SpecError(
            "design", "levels", f"a grid of {size:,} points is too large", f"at most {MOST_POINTS:,}"
        )
    return [dict(zip(ranges, values, strict=True)) for values in product(*levels)]


def _listed(ranges: Mapping[str, Range]) -> list[Settings]:
    lists = {name: one.values or [] for name, one in ranges.items()}
    lengths = {len(values) for values in lists.values()}
    if len(lengths) != 1 or 0 in lengths:
        problem = f"lists have {', '.join(map(str, sorted(lengths)))} values"
        raise SpecError("design", "kind", problem, "values of one length for every field of a listed design")
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
