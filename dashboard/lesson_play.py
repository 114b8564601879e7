"""The play of a lesson: the network week by week, or its figures under other settings."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from dashboard import canvas, charts
from dashboard.layout import steps
from dashboard.lesson_charts import curve
from dashboard.lesson_reveal import figures, wait_for
from dashboard.lesson_runs import as_text, firm_names, played
from dashboard.press import pressed
from dashboard.state import language, say
from sim.core.errors import SpecError
from sim.experiments.lessons import Story
from sim.experiments.recording import Intervention
from sim.spec.lesson import Control, Lesson

#: Up to so many firms stand with their names.
_NAMED = 40
_LUCK = 8


def play(lesson: Lesson) -> None:
    """What the reader may watch and change between bet and reveal."""
    st.subheader(say("lesson_play"))
    settings = _controls(lesson)
    try:
        if lesson.play == "network":
            _network(lesson, settings)
        elif settings != _first(lesson):
            found = wait_for(lesson, settings)
            if found is not None:
                figures(found, "play")
        elif lesson.controls:
            st.caption(say("lesson_try"))
    except SpecError as error:
        st.error(str(error), icon=":material/error:")


def _first(lesson: Lesson) -> dict[str, object]:
    return {control.field: control.values[0] for control in lesson.controls}


def _controls(lesson: Lesson) -> dict[str, object]:
    found: dict[str, object] = {}
    if not lesson.controls:
        return found
    for column, control in zip(
        st.columns(min(3, len(lesson.controls)) or 1) * 2, lesson.controls, strict=False
    ):
        found[control.field] = column.select_slider(
            control.label.said(language()),
            control.values,
            key=f"lessons.control.{lesson.id}.{control.field}",
            format_func=partial(_named, control),
        )
    return found


def _named(control: Control, value: Any) -> str:
    if control.names is None:
        return str(value)
    return control.names[[repr(one) for one in control.values].index(repr(value))].said(language())


def _network(lesson: Lesson, settings: dict[str, object]) -> None:
    """Two arms side by side on the canvas, the second of the reader's choice, and their course."""
    lang = language()
    key = f"lessons.{lesson.id}"
    luck = int(st.session_state.setdefault(f"{key}.luck", 0))
    done: tuple[Intervention, ...] = st.session_state.setdefault(f"{key}.done", ())
    with st.spinner(say("working")):
        told = played(as_text(lesson), luck, tuple(settings.items()), done)
    first, *others = lesson.arms
    chosen = _beside(lesson, others)
    shown = {first: told[first]} | ({chosen: told[chosen]} if chosen else {})
    _draw(lesson, shown, done)
    left, right = st.columns([1, 3], vertical_alignment="center")
    looks = {"icon": ":material/casino:", "help": say("lesson_luck_help")}
    if pressed(left.button, say("lesson_luck"), f"{key}.again", **looks):
        st.session_state[f"{key}.luck"] = (luck + 1) % _LUCK
        st.session_state[f"{key}.done"] = ()
        st.rerun()
    right.caption(say("lesson_same_luck", number=luck + 1))
    charts.show(
        curve(lesson, told, lesson.figures[0], lang), f"lesson-{lesson.id}-weeks", lang,
        [say(f"lesson_meaning_{lesson.figures[0]}")],
    )  # fmt: skip


def _beside(lesson: Lesson, others: list[str]) -> str | None:
    """Which arm stands beside the first."""
    if len(others) < 2:
        return others[0] if others else None
    found = st.segmented_control(
        say("lesson_beside"),
        others,
        default=others[0],
        format_func=lambda name: lesson.arms[name].label.said(language()),
        required=True,
        key=f"lessons.{lesson.id}.beside",
    )
    return str(found)


def _draw(lesson: Lesson, shown: dict[str, Story], done: tuple[Intervention, ...]) -> None:
    lang = language()
    panels = [
        canvas.Panel(lesson.arms[name].label.said(lang), story.recording) for name, story in shown.items()
    ]
    recording = panels[0].recording
    firms = len(recording.sector)
    names = firm_names(as_text(lesson))
    if names is not None and firms <= _NAMED and not lesson.hands_on:
        canvas.replay(panels, steps(recording), names, lang, f"lessons-net-{lesson.id}")
        return
    act = canvas.network(panels, lang, done, f"lessons-net-{lesson.id}")
    if act is not None and lesson.hands_on:
        st.session_state[f"lessons.{lesson.id}.done"] = (*done, act)
        st.rerun()
    key = f"lessons.{lesson.id}.undo"
    if done and pressed(st.button, say("undo"), key, icon=":material/undo:"):
        st.session_state[f"lessons.{lesson.id}.done"] = done[:-1]
        st.rerun()
