"""Everything of a lesson that can be checked before it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sim.collection.registry import strategy_names
from sim.core.errors import SpecError, unknown_name
from sim.experiments.arms import check_scenario
from sim.experiments.lessons import ACTS, figure_units, scenario_of_arm
from sim.experiments.outbreak_market import place_of
from sim.experiments.protection import needs_shock
from sim.spec.lesson import Control, Lesson, LessonArm
from sim.spec.loader import load_world
from sim.spec.scenario import Scenario


def check_lesson(lesson: Lesson) -> None:
    """Check what a lesson names: scenario, world, changes, firms, figures, values of controls.

    Raises
    ------
    SpecError
        Whose source is the field of the lesson.
    """
    plain = LessonArm(label=lesson.title)
    with _at("scenario"):
        spec = scenario_of_arm(lesson.model_copy(update={"changes": {}}), plain, {})
    with _at("world"):
        load_world(lesson.world or spec.world)
    with _at("changes"):
        scenario_of_arm(lesson, plain, {})
    for name in lesson.arms:
        _check_arm(lesson, name)
    for row, control in enumerate(lesson.controls):
        _check_control(lesson, control, f"controls[{row}]")
    if lesson.selection is not None and lesson.selection.strategy not in strategy_names():
        problem, allowed = unknown_name(lesson.selection.strategy, strategy_names(), "strategy")
        raise SpecError("selection.strategy", "", problem, allowed)
    _check_figures(lesson)


@contextmanager
def _at(field: str) -> Iterator[None]:
    """Say in which field of the lesson an error lies."""
    try:
        yield
    except SpecError as error:
        inner = error.field or ("" if error.source in ("changes", "call") else error.source)
        raise SpecError(
            field, "", f"{inner}: {error.problem}" if inner else error.problem, error.allowed
        ) from None


def _check_arm(lesson: Lesson, name: str) -> Scenario:
    arm = lesson.arms[name]
    with _at(f"arms.{name}" if arm.scenario is None else f"arms.{name}.scenario"):
        spec = scenario_of_arm(lesson, arm.model_copy(update={"changes": {}}), {})
    with _at(f"arms.{name}.changes"):
        spec = scenario_of_arm(lesson, arm, {})
        check_scenario(spec, [load_world(lesson.world or spec.world)], None)
    for act in ACTS:
        given = getattr(arm, act)
        if given is not None:
            with _at(f"arms.{name}.{act}"):
                ACTS[act](given, place_of(spec), act)
                if act == "protect" and needs_shock(given) and arm.shock is None:
                    raise SpecError(act, given, "no firm of this arm is made to fail", "an arm with a shock")
    return spec


def _check_control(lesson: Lesson, control: Control, where: str) -> None:
    arms = lesson.arms.values()
    if control.field in ACTS:
        concerned = [arm for arm in arms if getattr(arm, control.field) is not None]
        if not concerned:
            raise SpecError(
                f"{where}.field", "", f"no arm has {control.field!r}", "an arm with it, or another field"
            )
        for row, value in enumerate(control.values):
            with _at(f"{where}.values[{row}]"):
                for arm in concerned:
                    ACTS[control.field](str(value), place_of(scenario_of_arm(lesson, arm, {})), control.field)
        return
    for row, value in enumerate(control.values):
        with _at(f"{where}.values[{row}]"):
            for arm in arms:
                scenario_of_arm(lesson, arm, {control.field: value})


def _check_figures(lesson: Lesson) -> None:
    known = figure_units(lesson)
    for field, figure, arm in lesson.used_figures():
        if figure not in known:
            raise SpecError(field, "", *unknown_name(figure, known, f"figure of play {lesson.play}"))
        if arm and arm not in lesson.arms:
            raise SpecError(field, "", *unknown_name(arm, lesson.arms, "arm"))
