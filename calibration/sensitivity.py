"""How much of an outcome each uncertain number carries: Sobol indices and Morris screening of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import qmc, sobol_indices

from calibration.groups import columns_of, grouped_design
from sim.core.columns import F64, I64
from sim.core.errors import SpecError
from sim.core.rng import stream
from sim.experiments.executors import Given
from sim.experiments.sweeps import Sweep, sweep
from sim.measures import MEASURES
from sim.spec.loader import load_sweep
from sim.spec.sweep import MOST_POINTS, Design, Range, SweepSpec

Method = Literal["sobol", "morris"]
#: Steps of a Morris trajectory are half the range: levels p = 4, step p / (2 (p - 1)) of the grid.
_LEVELS = 4
#: Resamples of the bootstrap behind the intervals.
_RESAMPLES = 400
COLUMNS = ("world", "arm", "outcome", "unit", "field", "effect", "low", "high", "own", "spread")


@dataclass(frozen=True)
class Sensitivity:
    """Effects of uncertain numbers on outcomes.

    ``table``: a row for each world, arm, outcome and field, strongest first. With ``sobol``, ``effect`` is
    the total index (share of the outcome's variance that is lost when the field is fixed, its interactions
    with others included) with a 95 % bootstrap interval ``low``, ``high``, ``own`` the first-order index, and
    ``spread`` the standard deviation of the outcome. With ``morris``, ``effect`` is the mean size of an
    elementary effect in the outcome's unit for the whole range, ``spread`` their standard deviation (large:
    not linear, or not alone), and ``own`` is None. None where the outcome does not vary or is undefined.
    """

    method: Method
    sweep: Sweep
    table: pd.DataFrame


def sensitivity(
    spec: str | Path | SweepSpec,
    *,
    method: Method = "sobol",
    points: int = 64,
    groups: Mapping[str, Sequence[str]] | None = None,
    workers: int | None = None,
    executor: Given = None,
    cluster: str | None = None,
    progress: Any = None,
    store: str | Path | None = None,
) -> Sensitivity:
    """Vary the uncertain numbers of a sweep by a design made for this question, and say what each carries.

    Parameters
    ----------
    spec:
        A sweep: its uncertainties are what is varied, its levers or arms and its outcomes what is looked at.
    method, points:
        ``sobol``: ``points`` base points (a power of 2), each costs fields + 2 points (Saltelli, Computer
        Physics Communications 145, 2002; indices by :func:`scipy.stats.sobol_indices`). ``morris``:
        ``points`` trajectories of fields + 1 points (Morris, Technometrics 33, 1991), for many fields.
    groups:
        Names of groups and their fields, for ``sobol``: indices are those of groups, each moving as one, and
        base points cost groups + 2 points. None: every field alone.
    workers, executor, cluster, progress, store:
        As in :func:`sim.experiments.sweeps.sweep`: kept runs are not run again.

    Raises
    ------
    SpecError
        For a sweep without ranges, or a design that is impossible or too large.
    StoppedError
        When the work was interrupted.
    """
    found = spec if isinstance(spec, SweepSpec) else load_sweep(spec)
    names = list(found.uncertainties)
    if groups is not None and method != "sobol":
        raise SpecError("sensitivity", "groups", f"go with sobol, not with {method}", "sobol")
    columns = None if groups is None else columns_of(groups, names)
    shares = (
        design(method, len(names), points, found.seed or 0) if columns is None
        else grouped_design(columns, len(names), points, found.seed or 0)
    )  # fmt: skip
    if len(shares) > MOST_POINTS:
        raise SpecError("points", "", f"{len(shares):,} points are too many", f"at most {MOST_POINTS:,}")
    ranges = {name: _range(name, one) for name, one in found.uncertainties.items()}
    lists = {
        name: Range(values=[one.at(float(share)) for share in shares[:, row]])
        for row, (name, one) in enumerate(ranges.items())
    }
    listed = found.model_copy(update={"uncertainties": lists, "design": Design(kind="listed")})
    done = sweep(listed, workers=workers, executor=executor, cluster=cluster, progress=progress, store=store)
    factors = names if groups is None else list(groups)
    rows = [row for values in _outcomes(done) for row in _effects(method, factors, shares, values)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return Sensitivity(method, done, table)


def design(method: Method, fields: int, points: int, seed: int) -> F64:
    """Points of a design in the unit cube, shape (points, fields). Raises :class:`SpecError`."""
    if fields < 1:
        raise SpecError("sweep", "uncertainties", "varies nothing", "at least one uncertainty with a range")
    if method == "morris":
        return _trajectories(fields, points, seed)
    if points < 2 or points & (points - 1):
        raise SpecError("points", "", f"{points} is not a power of 2", "2, 4, 8, 16, ...")
    generator = int(stream(seed, "sensitivity/sobol")) % 2**32
    both = qmc.Sobol(2 * fields, rng=generator).random_base2(points.bit_length() - 1)
    first, second = both[:, :fields], both[:, fields:]
    mixed = np.repeat(first[None], fields, axis=0)
    for field in range(fields):
        mixed[field, :, field] = second[:, field]
    return np.concatenate([first, second, mixed.reshape(-1, fields)])


def sobol(values: F64, fields: int, seed: int = 0) -> list[dict[str, float | None]]:
    """Total and first-order index of each field from values at the points of :func:`design`."""
    n = len(values) // (fields + 2)
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return [dict.fromkeys(("effect", "low", "high", "own", "spread"))] * fields
    parts = values.reshape(fields + 2, n)
    total, own = _indices(parts)
    generator = np.random.default_rng(seed)
    again = [_indices(parts[:, generator.integers(n, size=n)])[0] for _ in range(_RESAMPLES)]
    low, high = np.nanquantile(again, (0.025, 0.975), axis=0)
    spread = float(parts[:2].std())
    return [
        {
            "effect": float(total[field]), "low": float(low[field]), "high": float(high[field]),
            "own": float(own[field]), "spread": spread,
        }
        for field in range(fields)
    ]  # fmt: skip


def _indices(parts: F64) -> tuple[F64, F64]:
    """Total and first-order indices from values of shape (fields + 2, points)."""
    n = parts.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample may not vary at all
        found = sobol_indices(func={"f_A": parts[:1], "f_B": parts[1:2], "f_AB": parts[2:, None]}, n=n)
    return np.ravel(found.total_order), np.ravel(found.first_order)


def morris(shares: F64, values: F64) -> list[dict[str, float | None]]:
    """Mean size and spread of the elementary effects of each field, with a 95 % interval of the mean size."""
    fields = shares.shape[1]
    steps = np.diff(shares.reshape(-1, fields + 1, fields), axis=1)
    moved = np.abs(steps).argmax(axis=2)
    sizes = np.take_along_axis(steps, moved[..., None], axis=2)[..., 0]
    slopes = np.diff(values.reshape(-1, fields + 1), axis=1) / sizes
    return [_elementary(slopes[moved == field]) for field in range(fields)]


def _elementary(slopes: F64) -> dict[str, float | None]:
    known = slopes[np.isfinite(slopes)]
    if len(known) == 0:
        return dict.fromkeys(("effect", "low", "high", "own", "spread"))
    generator = np.random.default_rng(0)
    means = np.abs(known)[generator.integers(len(known), size=(_RESAMPLES, len(known)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return {
        "effect": float(np.abs(known).mean()), "low": float(low), "high": float(high), "own": None,
        "spread": float(known.std()),
    }  # fmt: skip


def _trajectories(fields: int, count: int, seed: int) -> F64:
    """Walks on a grid of four levels that move every field once, in random order."""
    if count < 1:
        raise SpecError("points", "", f"{count} trajectories", "at least 1")
    generator = np.random.default_rng(int(stream(seed, "sensitivity/morris")) % 2**63)
    step = _LEVELS / (2 * (_LEVELS - 1))
    found = np.zeros((count, fields + 1, fields))
    for walk in found:
        start: I64 = generator.integers(_LEVELS // 2, size=fields)
        up = generator.random(fields) < 0.5
        walk[:] = np.where(up, start / (_LEVELS - 1), start / (_LEVELS - 1) + step)
        for number, field in enumerate(generator.permutation(fields)):
            walk[number + 1 :, field] += step if up[field] else -step
    return found.reshape(-1, fields)


def _outcomes(done: Sweep) -> list[tuple[str, str, str, F64]]:
    """World, arm, outcome, and its value at every point in order."""
    found = []
    for (world, arm), here in done.points.groupby(["world", "arm"], sort=False):
        ordered = here.sort_values("point")
        for outcome in done.spec.outcomes:
            found.append((str(world), str(arm), outcome, ordered[outcome].to_numpy(float)))
    return found


def _effects(
    method: Method, names: list[str], shares: F64, given: tuple[str, str, str, F64]
) -> list[dict[str, Any]]:
    world, arm, outcome, values = given
    found = sobol(values, len(names)) if method == "sobol" else morris(shares, values)
    unit = MEASURES[outcome].unit
    rows = [
        {"world": world, "arm": arm, "outcome": outcome, "unit": unit, "field": name, **one}
        for name, one in zip(names, found, strict=True)
    ]
    return sorted(rows, key=lambda row: -(row["effect"] or 0.0))


def _range(name: str, one: Range | None) -> Range:
    if one is None or one.values is not None:
        raise SpecError("sweep", f"uncertainties.{name}", "has no range of its own here", "low and high")
    return one
