"""Runs behind the lessons: one at a time in the background, shared by all visitors, kept on disk."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import streamlit as st

from dashboard.jobs import store
from sim.core.errors import SpecError
from sim.core.program import program_digest
from sim.experiments.lesson_check import check_lesson
from sim.experiments.lessons import LessonResult, Story, run_lesson, scenario_of_arm, stories
from sim.experiments.outbreak_market import place_of
from sim.experiments.recording import Intervention
from sim.spec.content import by_content
from sim.spec.lesson import Lesson
from sim.spec.loader import lesson_names, load_lesson, load_world

#: Folder with a teacher's own lessons.
FOLDER = "ARREARS_LESSONS"
#: Results that are kept in memory.
_MOST = 64
_lock = threading.Lock()


def lessons() -> tuple[dict[str, Lesson], list[str]]:
    """All lessons by id in the order of teaching, the teacher's own too; and a sentence for each bad file."""
    files: list[str | Path] = list(lesson_names())
    folder = os.environ.get(FOLDER)
    if folder:
        files += sorted(Path(folder).glob("*.yaml"))
    found: dict[str, Lesson] = {}
    faults = []
    for file in files:
        try:
            lesson = _checked(file, Path(file).stat().st_mtime_ns if isinstance(file, Path) else 0)
            if lesson.id in found:
                raise SpecError(
                    str(file), "id", f"{lesson.id!r} is the id of another lesson", "an id of its own"
                )
            found[lesson.id] = lesson
        except SpecError as error:
            faults.append(str(error))
    return dict(sorted(found.items(), key=lambda pair: (pair[1].number, pair[0]))), faults


@st.cache_resource(max_entries=100, show_spinner=False)
def _checked(file: str | Path, changed: int) -> Lesson:
    lesson = load_lesson(file)
    if isinstance(file, Path):  # tests check those that are shipped
        check_lesson(lesson)
    return lesson


@st.cache_resource
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "lessons")


@st.cache_resource
def _known() -> dict[str, Future[LessonResult]]:
    return {}


def result(lesson: Lesson, settings: Mapping[str, object] | None = None) -> Future[LessonResult]:
    """The figures of a lesson, begun when they are first asked for."""
    given = dict(settings or {})
    key = digest(as_text(lesson), tuple(given.items()))
    with _lock:
        known = _known()
        if key not in known:
            while len(known) >= _MOST:
                known.pop(next(iter(known)))
            known[key] = _pool().submit(_run, lesson, given, key)
        return known[key]


def as_text(lesson: Lesson) -> str:
    """A lesson as JSON, by which results are kept in memory."""
    return lesson.model_dump_json(by_alias=True)


@st.cache_data(max_entries=200, show_spinner=False)
def digest(lesson_text: str, settings: tuple[tuple[str, object], ...]) -> str:
    """SHA-256 of everything that decides a lesson's figures, the text of the program included."""
    lesson = Lesson.model_validate_json(lesson_text)
    specs = [scenario_of_arm(lesson, arm, dict(settings)) for arm in lesson.arms.values()]
    worlds = {spec.world if lesson.world is None else lesson.world for spec in specs}
    parts = [
        program_digest(),
        lesson.model_dump(mode="json", by_alias=True),
        settings,
        [by_content(spec) for spec in specs],
        [load_world(name).model_dump(mode="json") for name in sorted(worlds)],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _run(lesson: Lesson, settings: dict[str, object], key: str) -> LessonResult:
    file = store() / "lessons" / f"{key}.json"
    if file.is_file():
        try:
            return LessonResult(lesson, json.loads(file.read_text(encoding="utf-8")))
        except ValueError:
            file.unlink(missing_ok=True)
    found = run_lesson(lesson, settings=settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(found.values), encoding="utf-8")
    part.replace(file)
    return found


@st.cache_data(max_entries=24, show_spinner=False)
def played(
    lesson_text: str, index: int, settings: tuple[tuple[str, object], ...], more: tuple[Intervention, ...]
) -> dict[str, Story]:
    """One recorded run of every arm of a network lesson."""
    return stories(Lesson.model_validate_json(lesson_text), index, dict(settings), more)


@st.cache_data(max_entries=100, show_spinner=False)
def firm_names(lesson_text: str) -> tuple[str, ...] | None:
    """Ids of the firms of a lesson with a network of its own; None where the network is generated."""
    lesson = Lesson.model_validate_json(lesson_text)
    return place_of(scenario_of_arm(lesson, next(iter(lesson.arms.values())), {})).ids
