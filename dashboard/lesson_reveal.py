"""The reveal of a lesson: the bet judged, the figures of many runs, what to keep in mind."""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboard import charts
from dashboard.lesson_charts import bars
from dashboard.lesson_runs import result
from dashboard.state import language, say
from sim.experiments.lessons import LessonResult
from sim.report.lesson import figure_name, revealed, verdict_line
from sim.report.lesson_sheet import lesson_sheet
from sim.spec.lesson import Lesson


def wait_for(lesson: Lesson, settings: dict[str, object] | None = None) -> LessonResult | None:
    """The figures of many runs; while they are made, None and a sign that looks again.

    Raises :class:`sim.core.errors.SpecError` where the lesson cannot be run so.
    """
    future = result(lesson, settings)
    if future.done():
        return future.result()
    _working(lesson, settings)
    return None


@st.fragment(run_every=1.0)
def _working(lesson: Lesson, settings: dict[str, object] | None) -> None:
    if result(lesson, settings).done():
        st.rerun()
    st.info(say("lesson_working", runs=lesson.runs), icon=":material/hourglass_top:")


def reveal(lesson: Lesson, bet: str) -> None:
    """What came out, and what the reader had bet."""
    st.subheader(say("lesson_revealed"))
    found = wait_for(lesson)
    if found is None:
        return
    lang = language()
    option = next(one for one in lesson.options if one.id == bet)
    if not found.holds:
        st.warning(say("lesson_unsettled"), icon=":material/help:")
    elif option.right:
        st.success(f"**{say('lesson_won')}** {option.told.said(lang)}", icon=":material/check_circle:")
    else:
        st.error(f"**{say('lesson_lost')}** {option.told.said(lang)}", icon=":material/cancel:")
    st.html(f'<p class="lesson-reveal">{escape(revealed(found, lang))}</p>')
    figures(found, "reveal")
    with st.expander(say("lesson_figures", runs=found.runs), icon=":material/function:"):
        for verdict in found.verdicts:
            st.markdown(f"* {verdict_line(found, verdict, lang)}")
    st.info(f"**{say('lesson_caveat')}** {lesson.caveat.said(lang)}", icon=":material/balance:")
    with st.expander(say("lesson_teacher"), icon=":material/school:"):
        st.write(lesson.teacher.said(lang))
        st.code(f"arrears lesson {lesson.id} --runs 20", language="bash")
    st.download_button(
        say("lesson_sheet"),
        lesson_sheet(found, lang),
        f"arrears-lesson-{lesson.id}-{lang}.html",
        "text/html",
        key="lessons.sheet",
        on_click="ignore",
        icon=":material/print:",
        help=say("lesson_sheet_help"),
    )


def figures(found: LessonResult, where: str) -> None:
    """The charts of a result, the first figure above the others."""
    lang, lesson = language(), found.lesson
    for place, name in enumerate(lesson.figures):
        meaning = [say(f"lesson_meaning_{name}")] if lesson.play != "compare" else []
        charts.show(
            bars(found, name, lang), f"lesson-{lesson.id}-{where}-{place}", lang, meaning,
            title=figure_name(lesson, name, lang),
        )  # fmt: skip
