"""Calibration of a world: waves of runs, what they leave possible, and a check on runs not used for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.coverage import Coverage, coverage
from calibration.emulator import Emulator, best_points, emulate, loss_of
from calibration.posterior import Posterior, infer, weighted_quantiles
from calibration.simulated import Box, Simulated, joined, run_box, run_points, shares_of, values_at, whole_box
from calibration.targets import CalibrationSpec, load_calibration
from calibration.tradeoffs import TradeOff, trade_offs
from sim.core.columns import F64
from sim.core.errors import SpecError
from sim.core.rng import stream
from sim.experiments.executors import Given
from sim.experiments.running import Means, Progress
from sim.spec.loader import load_world

#: Part of the posterior that the box of the next wave leaves out at each end, and its margin.
_TAIL, _MARGIN = 0.005, 0.1
#: To choose the point to ship, a target beyond nearly all points counts as the figure at this quantile.
_OUTER = 0.01
#: How far the first round goes from the point to ship, in widths of the box; how much less each later one.
_REACH, _SHRINKS = 0.2, 0.7
#: Places that the first half of the rounds look around.
_CANDIDATES = 2
#: Runs of each point that competes to be shipped.
_TRIALS = 4
#: A posterior this wide, as a share of the prior's standard deviation, has learnt nothing.
NOT_IDENTIFIED = 0.9
#: Parameters correlated this much cannot be told apart by the targets.
TIED = 0.6
_PRIOR_SD = 12**-0.5
_WORLD = "world."
#: Numbers of a world are rounded to four digits, so one at the end of its range may lie a little outside.
_ROUNDED = 1e-3


@dataclass(frozen=True)
class Check:
    """Figures of runs with seeds that no fit has seen, shape (runs, targets)."""

    best: F64
    draws: F64


@dataclass(frozen=True)
class Calibrated:
    """A calibration and everything that was found.

    ``points``: those of the waves, spread evenly; ``tried``: those in the last box and those of the rounds;
    ``box``: the part of the prior ranges that the last wave looked at; ``posterior``: of the parameters;
    ``best``: places in the prior ranges of the point to ship; ``check``: None where it was not asked for.
    """

    spec: CalibrationSpec
    points: Simulated
    tried: Simulated
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
        values = values_at(self.spec, self.posterior.shares)
        found = {}
        for name, column in zip(self.spec.parameters, values.T, strict=True):
            middle, low, high = weighted_quantiles(column, self.posterior.weights, (0.5, 0.05, 0.95))
            found[name] = float(middle), float(low), float(high)
        return found

    @property
    def learnt(self) -> dict[str, float]:
        """Standard deviation after over before the targets, by field: 1 says nothing was learnt."""
        sds = self.posterior.sd / _PRIOR_SD
        return dict(zip(self.spec.parameters, map(float, sds), strict=True))

    @property
    def trade_offs(self) -> list[TradeOff]:
        """What meeting a missed target would cost: by the stand-in, from the figures of the check."""
        measured = None if self.check is None else np.nanmean(self.check.best, axis=0)
        figures = self.emulator.figures(self.best)[0] if measured is None else measured
        return trade_offs(self.emulator, self.spec.measured, self.best, self.box, self.tried.shares, figures)

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
    return dict(zip(spec.parameters, map(float, values_at(spec, shares)[0]), strict=True))


def calibrate(
    spec: str | Path | CalibrationSpec,
    *,
    points: int | None = None,
    waves: int | None = None,
    rounds: int | None = None,
    shipped: bool = False,
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
    shipped:
        Keep the numbers that the world has: no round looks for others, and they are what is checked.
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
    asked = {"points": points, "waves": waves, "rounds": 0 if shipped else rounds}
    found = _changed(spec, asked, changes)
    kept = _shipped(found) if shipped else None
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
    best, emulator, tried = _chosen(found, box, near, posterior, means)
    best = best if kept is None else kept
    return Calibrated(
        found, everything, tried, box, posterior, coverage(near, errors, found.seed), emulator, best,
        _checked(found, best, posterior, check, means) if check else None,
    )  # fmt: skip


def _shipped(spec: CalibrationSpec) -> F64:
    """Places of the numbers that the world has. Raises :class:`SpecError` for one outside its range."""
    numbers = {f"{_WORLD}{name}": number.value for name, number in load_world(spec.world).numbers()}
    for name in spec.parameters:
        if name not in numbers:
            raise SpecError("calibration", f"parameters.{name}", "is no number of the world", "world.FIELD")
    places = np.array(shares_of(spec, numbers))
    for name, place in zip(spec.parameters, places, strict=True):
        if not -_ROUNDED <= place <= 1 + _ROUNDED:
            one = spec.parameters[name]
            known = f"the world's {numbers[name]:.4g} lies outside the range"
            limits = f"a range that holds it, {one.low:g} to {one.high:g} does not"
            raise SpecError("calibration", f"parameters.{name}", known, limits)
    return np.asarray(np.clip(places, 0.0, 1.0))


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
) -> tuple[F64, Emulator, Simulated]:
    """The point to ship, the last stand-in, and all points that chose it.

    The stand-in's choices, tried and corrected by points ever closer around them: half of the rounds look
    around two candidates (with those that the file names first), the others around the best one. Runs decide
    between its last choices, those that the file names, and the best point that was run.
    """
    values = np.array([target.value for target in spec.measured])
    errors = np.array([target.error for target in spec.measured])
    known, width = near, box[:, 1] - box[:, 0]
    named = [np.clip(shares_of(spec, point), box[:, 0], box[:, 1]) for point in spec.starts]
    starts = np.vstack([posterior.draw(200, spec.seed), near.shares, *named])
    emulator, best = emulate(near, seed=spec.seed), [*named]
    for turn in range(spec.rounds + 1):
        reachable = np.clip(values, *np.quantile(known.figures, (_OUTER, 1 - _OUTER), axis=0))
        found = best_points(emulator, reachable, errors, box, np.vstack([*best, starts]), _CANDIDATES)
        best = [*named, *found] if turn == 0 else found
        if turn == spec.rounds:
            break
        centres = best[: _CANDIDATES if turn < spec.rounds / 2 else 1]
        reach = _REACH * _SHRINKS**turn * width
        each = max(8, 2 ** int(np.log2(spec.points / 4 / len(centres))))
        for centre in centres:
            close = np.column_stack(
                [np.maximum(box[:, 0], centre - reach), np.minimum(box[:, 1], centre + reach)]
            )
            tried = run_box(spec, close, each, means, spec.waves + turn)
            known = joined([known, tried]).defined
        emulator = emulate(known, centres[0], spec.seed)
        starts = known.shares
    if not spec.rounds:
        return found[0], emulator, known
    seen = known.shares[int(np.argmin(_losses(known.figures, values, errors)))]
    return _best_by_runs(spec, np.vstack([*found, *named, seen]), means), emulator, known


def _losses(figures: F64, values: F64, errors: F64) -> F64:
    """What points miss, with figures of shape (points, targets); infinite where a figure is undefined."""
    lost = loss_of((figures - values) / errors)[0].sum(axis=1)
    return np.asarray(np.where(np.isfinite(lost), lost, np.inf))


def _best_by_runs(spec: CalibrationSpec, contenders: F64, means: Means) -> F64:
    """The contender that misses least in the mean of runs with seeds of its own, the first of equals.

    A stand-in can be far off where it expects most: its point competes with those that the file names and
    with the best one that was run.
    """
    tried = run_points(spec, contenders, spec.seed + spec.waves + spec.rounds, means, _TRIALS)
    mean = tried.figures.reshape(len(contenders), _TRIALS, -1).mean(axis=1)
    values, errors = (np.array([getattr(one, name) for one in spec.measured]) for name in ("value", "error"))
    return np.asarray(contenders[int(np.argmin(_losses(mean, values, errors)))])


def _checked(spec: CalibrationSpec, best: F64, posterior: Posterior, runs: int, means: Means) -> Check:
    """The point to ship with several seeds, draws of the posterior with one; none that the fit has seen."""
    seed = int(stream(spec.seed, "calibration/check")) % 2**31
    shipped = run_points(spec, best[None, :], seed, means, runs)
    return Check(shipped.figures, run_points(spec, posterior.draw(runs, spec.seed), seed, means).figures)
