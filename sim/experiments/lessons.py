"""Lessons: their arms run by the one simulator, their figures, and whether their findings hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from sim.core.errors import SpecError
from sim.experiments.comparing import compare
from sim.experiments.lesson_figures import network_figures
from sim.experiments.outbreak_market import Market, after_failures, market_of, place_of
from sim.experiments.outbreak_shocks import read_shock
from sim.experiments.plan import base_scenario, run_seed
from sim.experiments.protection import read_protected
from sim.experiments.recording import Intervention, Recording, record
from sim.experiments.selection import selection_effect
from sim.experiments.statistics import Estimate, mean_interval, paired_difference
from sim.loading import load_scenario
from sim.model import Ecosystem
from sim.spec.lesson import NETWORK_FIGURES, SELECTION_FIGURES, Finding, Lesson, LessonArm
from sim.spec.scenario import Scenario

Settings = Mapping[str, object]
Progress = Callable[[int, int], None]
Values = dict[str, dict[str, list[float | None]]]
#: Fields of a control that are told to the arms instead of the scenario, and how they name firms.
ACTS = {"shock": read_shock, "protect": read_protected}
#: Columns of a selection by assignment: users, others, difference.
_SELECTED = {
    "self_selected": ("users who chose", "others beside them", "apparent effect"),
    "random": ("users by chance", "others beside these", "effect by chance"),
}


class Story(NamedTuple):
    """One recorded run of one arm, and the firms that the lesson makes to fail in it."""

    recording: Recording
    felled: tuple[int, ...]


class Verdict(NamedTuple):
    """How a finding came out: mean difference with its interval, and in how many of the runs it did."""

    finding: Finding
    estimate: Estimate
    holds: bool
    often: int
    runs: int


@dataclass(frozen=True)
class LessonResult:
    """Figures of a lesson: ``values[arm][figure]`` has one number a run, None where undefined."""

    lesson: Lesson
    values: Values = field(repr=False)

    @property
    def runs(self) -> int:
        """Paired runs."""
        return max((len(row) for arm in self.values.values() for row in arm.values()), default=0)

    def figure(self, arm: str, name: str) -> Estimate:
        """Mean of a figure over runs, with its interval."""
        return mean_interval(self.values[arm][name])

    def verdict(self, finding: Finding) -> Verdict:
        """How a finding came out. It holds where the whole interval of the difference says so."""
        mine = self.values[finding.arm][finding.figure]
        other: list[float | None] = (
            self.values[finding.than][finding.figure]
            if isinstance(finding.than, str)
            else [finding.than] * len(mine)
        )
        gap = paired_difference(mine, other)
        often = sum(
            _is(finding, new - old, new - old)
            for new, old in zip(mine, other, strict=True)
            if new is not None and old is not None
        )
        low, high = (gap.mean, gap.mean) if gap.low is None else (gap.low, gap.high)
        holds = low is not None and high is not None and _is(finding, low, high)
        return Verdict(finding, gap, holds, often, len(mine))

    @property
    def verdicts(self) -> list[Verdict]:
        """How every finding came out."""
        return [self.verdict(finding) for finding in self.lesson.findings]

    @property
    def holds(self) -> bool:
        """Whether the lesson's reveal is true of these runs."""
        return all(verdict.holds for verdict in self.verdicts)


def _is(finding: Finding, low: float, high: float) -> bool:
    if finding.how == "greater":
        return low > finding.by
    if finding.how == "smaller":
        return high < -finding.by
    return -finding.by <= low and high <= finding.by


def run_lesson(
    lesson: Lesson,
    *,
    runs: int | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> LessonResult:
    """Run all arms of a lesson with paired seeds.

    Parameters
    ----------
    lesson:
        As :func:`sim.spec.loader.load_lesson` gives it.
    runs:
        Paired runs; none: the lesson's.
    settings:
        Values of controls by field; none: those of the lesson.
    progress:
        Called in this thread with (runs done, runs in all).

    Raises
    ------
    SpecError
        For anything impossible.
    StoppedError
        When ``progress`` says so, or the work was interrupted.
    """
    count = lesson.runs if runs is None else runs
    given = dict(settings or {})
    if lesson.play == "compare":
        return LessonResult(lesson, _compared(lesson, count, given, progress))
    one = _recorded if lesson.play == "network" else _selected
    values: Values = {name: {} for name in lesson.arms}
    if progress is not None:
        progress(0, count)
    for index in range(count):
        for name, row in one(lesson, index, given).items():
            for figure, value in row.items():
                values[name].setdefault(figure, []).append(value)
        if progress is not None:
            progress(index + 1, count)
    return LessonResult(lesson, values)


def stories(
    lesson: Lesson, index: int = 0, settings: Settings | None = None, more: tuple[Intervention, ...] = ()
) -> dict[str, Story]:
    """Record one run of every arm of a network lesson; ``more``: what the reader does, in all arms.

    Raises :class:`SpecError`.
    """
    given = dict(settings or {})
    seed = run_seed(lesson.seed, index)
    starts: dict[str, Ecosystem] = {}
    found = {}
    for name, arm in lesson.arms.items():
        scenario = lesson.scenario if arm.scenario is None else arm.scenario
        if scenario not in starts:
            starts[scenario] = _start(lesson, scenario, given, seed)
        found[name] = _story(lesson, arm, starts[scenario], given, seed, more)
    return found


def scenario_of_arm(lesson: Lesson, arm: LessonArm, settings: Settings) -> Scenario:
    """The scenario that an arm runs, its own changes included. Raises :class:`SpecError`."""
    rest = {name: value for name, value in settings.items() if name not in ACTS}
    name = lesson.scenario if arm.scenario is None else arm.scenario
    changes = {**lesson.changes, **rest, **arm.changes}
    return base_scenario(_loaded(name), weeks=lesson.weeks, changes=changes)[0]


def _loaded(name: str) -> Scenario:
    """A scenario by name or path, read once: checking it takes longer than a week of a small run."""
    return _read(name, Path(name).stat().st_mtime_ns if Path(name).is_file() else 0)


@lru_cache(maxsize=64)
def _read(name: str, changed: int) -> Scenario:
    return load_scenario(name)


def _start(lesson: Lesson, scenario: str, settings: Settings, seed: int) -> Ecosystem:
    rest = {name: value for name, value in settings.items() if name not in ACTS}
    spec, _ = base_scenario(_loaded(scenario), weeks=lesson.weeks, changes={**lesson.changes, **rest})
    return Ecosystem(spec, lesson.world or spec.world, rng=seed)


def _story(
    lesson: Lesson,
    arm: LessonArm,
    start: Ecosystem,
    settings: Settings,
    seed: int,
    more: tuple[Intervention, ...],
) -> Story:
    place, market = place_of(start.spec), market_of(start)
    acts = {name: settings.get(name, getattr(arm, name)) if getattr(arm, name) else None for name in ACTS}
    kept = {one.firm for one in more if one.action == "rescue" and one.week == 0}

    def chosen(name: str, among: Market) -> tuple[int, ...]:
        text = acts[name]
        rows = () if text is None else ACTS[name](str(text), place, name).choose(among, seed).tolist()
        return tuple(row for row in rows if row not in kept)

    felled = chosen("shock", market)
    left = after_failures(market, start, felled) if felled else market
    done = [Intervention("fail", 0, firm) for firm in felled]
    done += [Intervention("protect", 0, firm) for firm in chosen("protect", left)]
    try:
        found = record(start, lesson.weeks, [*done, *more], arm.changes)
    except SpecError:
        # the arm changes what was settled before week 0
        own = Ecosystem(scenario_of_arm(lesson, arm, settings), lesson.world or start.spec.world, rng=seed)
        found = record(own, lesson.weeks, [*done, *more])
    return Story(found, felled)


def _recorded(lesson: Lesson, index: int, settings: Settings) -> dict[str, dict[str, float | None]]:
    return {
        name: network_figures(story.recording, story.felled)
        for name, story in stories(lesson, index, settings).items()
    }


def _selected(lesson: Lesson, index: int, settings: Settings) -> dict[str, dict[str, float | None]]:
    wanted = lesson.selection
    assert wanted is not None
    frame = selection_effect(
        lesson.scenario,
        wanted.strategy,
        share=wanted.share,
        horizon=wanted.horizon,
        stage=wanted.stage,
        runs=1,
        seed=run_seed(lesson.seed, index),
        world=lesson.world,
        changes={**lesson.changes, **settings},
    ).runs
    row = {name: None if frame[name].isna()[0] else float(frame[name][0]) for name in frame.columns}
    return {
        name: dict(zip(SELECTION_FIGURES, (row[column] for column in _SELECTED[arm.assignment]), strict=True))
        for name, arm in lesson.arms.items()
        if arm.assignment is not None
    }


def _compared(lesson: Lesson, runs: int, settings: Settings, progress: Progress | None) -> Values:
    spec, _ = base_scenario(_loaded(lesson.scenario), changes={**lesson.changes, **settings})
    world = lesson.world or spec.world
    result = compare(
        spec,
        {name: arm.changes for name, arm in lesson.arms.items()},
        worlds=(world,),
        runs=runs,
        weeks=lesson.weeks,
        seed=lesson.seed,
        progress=progress,
    )
    used = {name for _, name, _ in lesson.used_figures()}
    (known,) = result.worlds
    return {
        arm: {name: result.values(known, arm, name) for name in result.measures if name in used}
        for arm in lesson.arms
    }


def figure_units(lesson: Lesson) -> dict[str, str]:
    """Every figure that a lesson of this play may name, with its unit."""
    from sim.measures import MEASURES

    if lesson.play == "network":
        return dict(NETWORK_FIGURES)
    if lesson.play == "selection":
        return dict(SELECTION_FIGURES)
    return {name: measure.unit for name, measure in MEASURES.items()}
