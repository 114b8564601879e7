"""Charts of lessons: bars with a dot a run, and a curve a week."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from sim.experiments.lesson_figures import CURVES
from sim.experiments.lessons import LessonResult, Story, figure_units
from sim.report.figures import finish
from sim.report.lesson import figure_name, number
from sim.report.numbers import shown
from sim.report.wording import word
from sim.spec.lesson import Lesson

#: One colour an arm, told apart by colour-blind readers; the labels stand beside the bars anyway.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#7F8C96")


def bars(result: LessonResult, name: str, lang: str) -> go.Figure:
    """A bar an arm with its interval, and a dot for each run."""
    lesson = result.lesson
    factor = shown(figure_units(lesson)[name]).factor
    chart = go.Figure()
    for (arm, spec), colour in zip(lesson.arms.items(), COLOURS, strict=False):
        found = result.figure(arm, name)
        if found.mean is None:
            continue
        label = spec.label.said(lang)
        half = 0.0 if found.high is None else (found.high - found.mean) * factor
        chart.add_bar(
            x=[found.mean * factor],
            y=[label],
            orientation="h",
            marker={"color": colour},
            width=0.62,
            error_x={"type": "data", "array": [half], "color": "rgba(128,128,128,.9)", "thickness": 2},
            text=[f"<b>{number(lesson, name, found.mean)}</b>"],
            textposition="inside",
            insidetextanchor="start",
            textfont={"size": 18, "color": "#fff"},
            name=label,
            hovertemplate="%{x:.3~g}<extra></extra>",
        )
        dots = [value * factor for value in result.values[arm][name] if value is not None]
        chart.add_scatter(
            x=dots,
            y=[label] * len(dots),
            mode="markers",
            name=label,
            marker={
                "size": 9,
                "color": "rgba(0,0,0,0)",
                "line": {"width": 1.6, "color": "rgba(128,128,128,.95)"},
            },
            hovertemplate="%{x:.3~g}<extra></extra>",
        )
    chart.update_yaxes(autorange="reversed", tickfont={"size": 15}, automargin=True)
    chart.update_xaxes(rangemode="tozero", title_text=figure_name(lesson, name, lang))
    chart.update_layout(showlegend=False, bargap=0.3)
    return finish(chart, 110 + 62 * len(lesson.arms))


def curve(lesson: Lesson, told: Mapping[str, Story], name: str, lang: str) -> go.Figure | None:
    """A figure week by week in one run, a line an arm; None for a figure that has no course."""
    if name not in CURVES and name != "further":
        return None
    known = "failed" if name == "further" else name
    factor = shown(figure_units(lesson)[known]).factor
    chart = go.Figure()
    for (arm, story), colour in zip(told.items(), COLOURS, strict=False):
        line = [value * factor for value in CURVES[known](story.recording)]
        chart.add_scatter(
            x=list(range(len(line))),
            y=line,
            mode="lines",
            name=lesson.arms[arm].label.said(lang),
            line={"color": colour, "width": 3, "shape": "hv"},
        )
    chart.update_xaxes(title_text=word("week", lang))
    chart.update_yaxes(title_text=figure_name(lesson, known, lang), rangemode="tozero")
    return finish(chart, 300)
