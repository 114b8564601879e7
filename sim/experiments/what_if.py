"""Sweeps behind a comparison of two arms: one assumption at a time, and two levers at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from sim.core.errors import SpecError
from sim.experiments.statistics import paired_difference
from sim.experiments.sweeps import Sweep
from sim.spec.faults import validate
from sim.spec.sweep import SweepSpec

#: Arms of :func:`tornado_spec` and the reference of :func:`threshold_spec`.
NOW, CHANGED = "now", "changed"
_WORLD = "world."

Changes = Mapping[str, object]


def tornado_spec(
    arms: Mapping[str, Changes],
    numbers: Mapping[str, tuple[float, float, float]],
    outcomes: Sequence[str],
    **rest: object,
) -> SweepSpec:
    """A sweep that sets one assumption after the other to its low and its high value, for all arms.

    ``numbers``: (low, as set, high) by name of a number of the world. Point 0 has all as set, points 2n+1
    and 2n+2 the n-th at its low and high value. ``rest``: further fields of the sweep. Raises
    :class:`SpecError`.
    """
    names = list(numbers)
    lists: dict[str, Any] = {}
    for place, (name, (low, middle, high)) in enumerate(numbers.items()):
        values = [middle] * (1 + 2 * len(names))
        values[1 + 2 * place], values[2 + 2 * place] = low, high
        lists[_WORLD + name.removeprefix(_WORLD)] = {"values": values}
    data = {
        "id": "tornado",
        "design": {"kind": "listed"},
        "arms": {name: dict(changes) for name, changes in arms.items()},
        "uncertainties": lists,
        "outcomes": list(outcomes),
        **rest,
    }
    return validate(SweepSpec, data, "tornado")


def tornado(sweep: Sweep, outcome: str) -> pd.DataFrame:
    """Difference of the second arm from the first, as set and with each assumption low and high.

    Columns ``world``, ``number`` (empty: all as set), ``end`` (``low``, ``high``, empty), ``value`` of the
    number, ``difference``, ``low``, ``high`` over pairs of runs; the numbers that move the difference most
    first. Raises :class:`SpecError` for an outcome that the sweep does not have.
    """
    _known(sweep, outcome)
    first, second = list(sweep.plan.arms)[:2]
    names = list(sweep.spec.uncertainties)
    lines = []
    for world, here in sweep.runs.groupby("world", sort=False):
        for point, rows in here.groupby("point"):
            name = "" if point == 0 else names[(int(str(point)) - 1) // 2]
            end = "" if point == 0 else ("high", "low")[int(str(point)) % 2]
            value = float(rows[name].iloc[0]) if name else float("nan")
            found = _difference(rows, second, first, outcome)
            number = name.removeprefix(_WORLD)
            lines.append({"world": world, "number": number, "end": end, "value": value, **found})
    table = pd.DataFrame(lines)
    span = table[table["number"] != ""].groupby("number")["difference"].agg(lambda x: x.max() - x.min())
    order = {name: place for place, name in enumerate(["", *span.sort_values(ascending=False).index])}
    return table.sort_values(["world", "number"], key=lambda column: column.map(order).fillna(0),
                             kind="stable").reset_index(drop=True)  # fmt: skip


def threshold_spec(
    base: Changes, levers: Mapping[str, Sequence[Any]], outcomes: Sequence[str], **rest: object
) -> SweepSpec:
    """A sweep over all pairs of values of two levers, on top of ``base``, beside an arm with ``base`` alone.

    Raises :class:`SpecError`.
    """
    if len(levers) != 2:
        raise SpecError("levers", "", f"{len(levers)} are given", "two")
    arms: dict[str, Changes] = {NOW: dict(base)}
    for row, pair in enumerate(product(*levers.values())):
        arms[f"cell-{row}"] = {**base, **dict(zip(levers, pair, strict=True))}
    data = {
        "id": "threshold",
        "design": {"kind": "listed"},
        "arms": arms,
        "outcomes": list(outcomes),
        **rest,
    }
    return validate(SweepSpec, data, "threshold")


def threshold(sweep: Sweep, outcome: str, levers: Sequence[str]) -> pd.DataFrame:
    """Difference of every cell from the first arm: columns ``world``, the two levers, ``difference``,
    ``low``, ``high``. Raises :class:`SpecError` for an outcome that the sweep does not have."""
    _known(sweep, outcome)
    lines = []
    for world, here in sweep.runs.groupby("world", sort=False):
        for arm, changes in list(sweep.plan.arms.items())[1:]:
            found = _difference(here, arm, NOW, outcome)
            lines.append({"world": world, **{name: changes[name] for name in levers}, **found})
    return pd.DataFrame(lines)


def _difference(rows: pd.DataFrame, changed: str, base: str, outcome: str) -> dict[str, float | None]:
    wide = rows.pivot(index="run", columns="arm", values=outcome)
    new, old = ([None if x != x else float(x) for x in wide[arm]] for arm in (changed, base))
    found = paired_difference(new, old)
    return {"difference": found.mean, "low": found.low, "high": found.high}


def _known(sweep: Sweep, outcome: str) -> None:
    if outcome not in sweep.spec.outcomes:
        raise SpecError("outcome", "", f"{outcome!r} was not looked at", ", ".join(sweep.spec.outcomes))
