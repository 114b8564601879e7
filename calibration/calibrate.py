"""Calibration of a world: waves of runs, what they leave possible, and a check on runs not used for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.coverage import Coverage, coverage
from calibration.emulator import Emulator, best_point, emulate
from calibration.posterior import Posterior, infer
from calibration.simulated import Box, Simulated, joined, run_box, run_points, whole_box
from calibration.targets import CalibrationSpec, load_calibration
from sim.core.columns import F64
from sim.core.errors import SpecError
from sim.core.rng import stream
from sim.experiments.executors import Given
from sim.experiments.running import Means, Progress

#: Part of the posterior that the box of the next wave leaves out at each end, and its margin.
_TAIL, _MARGIN = 0.005, 0.1
#: To choose the point to ship, a target beyond nearly all points counts as the figure at this quantile.
_OUTER = 0.01
#: How far the first round goes from the point to ship, in widths of the box; how much less each later one.
_REACH, _SHRINKS = 0.2, 0.7
#: A posterior this wide, as a share of the prior's standard deviation, has learnt nothing.
NOT_IDENTIFIED = 0.9
#: Parameters correlated this much cannot be told apart by the targets.
TIED = 0.6
_PRIOR_SD = 12**-0.5


@dataclass(frozen=True)
class Check:
    """Figures of runs with seeds that no fit has seen, shape (runs, targets)."""

    best: F64
    draws: F64


@dataclass(frozen=True)
class Calibrated:
    """A calibration and everything that was found.

    ``points``: all that were run; ``box``: the part of the prior ranges that the last wave looked at;
    ``posterior``: of the parameters; ``best``: places in the prior ranges of the point to ship;
    ``check``: None where it was not asked for.
    """

    spec: CalibrationSpec
    points: Simulated
    box: Box
    posterior: Posterior
    coverage: Coverage
    emulator: Emulator
    best: F64
    check: Check | None

    @property
    def settings(self) -> dict[str, float]:
        """The parameters to ship, by field."""
        return settings_at(self.spec, self.best)

    @property
    def intervals(self) -> dict[str, tuple[float, float, float]]:
        """Median and 90 % interval of each parameter, by field."""
        found = {}
        for row, (name, one) in enumerate(self.spec.parameters.items()):
            shares = self.posterior.quantiles((0.5, 0.05, 0.95))[row]
            found[name] = tuple(float(one.at(float(x))) for x in shares)  # type: ignore[arg-type]
        return found  # type: ignore[return-value]

    @property
    def learnt(self) -> dict[str, float]:
        """Standard deviation after over before the targets, by field: 1 says nothing was learnt."""
        sds = self.posterior.sd / _PRIOR_SD
        return dict(zip(self.spec.parameters, map(float, sds), strict=True))

    @property
    def ties(self) -> list[tuple[str, str, float]]:
        """Pairs of parameters that the targets cannot tell apart, with their correlation."""
        names, found = self.posterior.parameters, self.posterior.correlation
        pairs = [
            (names[i], names[j], float(found[i, j])) for i in range(len(names)) for j in range(i)
            if abs(found[i, j]) >= TIED
        ]  # fmt: skip
        return sorted(pairs, key=lambda pair: -abs(pair[2]))


def settings_at(spec: CalibrationSpec, shares: F64) -> dict[str, float]:
    """Values of all parameters at places in their ranges."""
    return {
        name: float(one.at(float(share)))  # type: ignore[arg-type]
        for (name, one), share in zip(spec.parameters.items(), shares, strict=True)
    }


def calibrate(
    spec: str | Path | CalibrationSpec,
    *,
    points: int | None = None,
    waves: int | None = None,
    rounds: int | None = None,
    changes: Mapping[str, object] | None = None,
    check: int = 8,
    workers: int | None = None,
    executor: Given = None,
    cluster: str | None = None,
    progress: Progress | None = None,
    store: str | Path | None = None,
) -> Calibrated:
    """Fit a world's free parameters to targets.

    Parameters
    ----------
    spec:
        A shipped name, a YAML file or an object.
    points, waves, rounds, changes:
        Replace or extend what it says.
    check:
        Runs of the point to ship, and draws of the posterior, on seeds that the fit has not seen; 0: none.
    workers, executor, cluster, progress, store:
        As in :func:`sim.experiments.compare`. With a store, points are kept: another question to the same
        points (other targets of the same runs, other tolerances) runs nothing again.

    Raises
    ------
    SpecError
        For anything impossible, before the first run where it can be known then.
    StoppedError
        When the work was interrupted; with a store the same call goes on from there.
    """
    asked = {"points": points, "waves": waves, "rounds": rounds}
    found = _changed(spec, asked, changes)
    means = Means(workers, executor, cluster, progress, store)
    values = np.array([target.value for target in found.measured])
    errors = np.array([target.error for target in found.measured])
    box, parts = whole_box(len(found.parameters)), list[Simulated]()
    for wave in range(found.waves):
        if wave:
            box = _narrowed(_posterior(found, parts, box, values, errors), box)
        parts.append(run_box(found, box, found.points, means, wave))
    everything = joined(parts)
    near = everything.within(box).defined
    posterior = _posterior(found, parts, box, values, errors)
    best, emulator = _chosen(found, box, near, posterior, means)
    return Calibrated(
        found, everything, box, posterior, coverage(near, errors, found.seed), emulator, best,
        _checked(found, best, posterior, check, means) if check else None,
    )  # fmt: skip


def _changed(
    spec: str | Path | CalibrationSpec, asked: Mapping[str, int | None], changes: Mapping[str, object] | None
) -> CalibrationSpec:
    from sim.spec.faults import validate

    found = spec if isinstance(spec, CalibrationSpec) else load_calibration(spec)
    given = {name: value for name, value in asked.items() if value is not None}
    if not given and not changes:
        return found
    data = found.model_dump(mode="json", exclude_unset=True) | given
    return validate(CalibrationSpec, {**data, "changes": {**found.changes, **(changes or {})}}, "call")


def _posterior(
    spec: CalibrationSpec, parts: Sequence[Simulated], box: Box, values: F64, errors: F64
) -> Posterior:
    points = joined(parts).within(box).defined
    inner = replace(points, shares=(points.shares - box[:, 0]) / (box[:, 1] - box[:, 0]))
    try:
        found = infer(inner, values, errors, spec.seed)
    except ValueError as error:
        raise SpecError("calibration", "points", str(error), "more points, or fewer targets") from None
    return replace(found, shares=box[:, 0] + found.shares * (box[:, 1] - box[:, 0]))


def _narrowed(posterior: Posterior, box: Box) -> Box:
    """The part of a box that holds nearly all of a posterior."""
    ends = posterior.quantiles((_TAIL, 1 - _TAIL))
    margin = _MARGIN * (ends[:, 1] - ends[:, 0])
    return np.column_stack(
        [np.maximum(box[:, 0], ends[:, 0] - margin), np.minimum(box[:, 1], ends[:, 1] + margin)]
    )


def _chosen(
    spec: CalibrationSpec, box: Box, near: Simulated, posterior: Posterior, means: Means
) -> tuple[F64, Emulator]:
    """The point to ship: the stand-in's choice, tried and corrected by points ever closer around it."""
    values = np.array([target.value for target in spec.measured])
    errors = np.array([target.error for target in spec.measured])
    reachable = np.clip(values, *np.quantile(near.figures, (_OUTER, 1 - _OUTER), axis=0))
    starts = np.vstack([posterior.draw(200, spec.seed), near.shares])
    emulator = emulate(near)
    best = best_point(emulator, reachable, errors, box, starts)
    known, width = near, box[:, 1] - box[:, 0]
    for turn in range(spec.rounds):
        reach = _REACH * _SHRINKS**turn * width
        close = np.column_stack([np.maximum(box[:, 0], best - reach), np.minimum(box[:, 1], best + reach)])
        tried = run_box(spec, close, max(8, spec.points // 4), means, spec.waves + turn)
        known = joined([known, tried]).defined
        emulator = emulate(known, best, box)
        best = best_point(emulator, reachable, errors, close, np.vstack([best, tried.shares]))
    return best, emulator


def _checked(spec: CalibrationSpec, best: F64, posterior: Posterior, runs: int, means: Means) -> Check:
    """The point to ship with several seeds, draws of the posterior with one; none that the fit has seen."""
    seed = int(stream(spec.seed, "calibration/check")) % 2**31
    shipped = run_points(spec, best[None, :], seed, means, runs)
    return Check(shipped.figures, run_points(spec, posterior.draw(runs, spec.seed), seed, means).figures)
