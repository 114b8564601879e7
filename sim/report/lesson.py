"""What a lesson reveals, in words and numbers."""

from __future__ import annotations

import re

from sim.experiments.lessons import LessonResult, Verdict, figure_units
from sim.report.numbers import figure, interval, shown
from sim.spec.labels import text
from sim.spec.lesson import IN_TEXT, Lesson

_PLAIN = ("firms", "failures per failure")


def figure_name(lesson: Lesson, name: str, lang: str) -> str:
    """The label of a figure with its unit."""
    label = _label(lesson, name, lang)
    unit = figure_units(lesson)[name]
    told = "" if unit in _PLAIN else shown(unit).name(lang)
    return f"{label} ({told})" if told else label


def _label(lesson: Lesson, name: str, lang: str) -> str:
    if lesson.play != "compare":
        return text(f"lesson.figure_{name}", lang)
    from sim.measures import MEASURES

    label = MEASURES[name].label
    return label.zh if lang == "zh" else label.en


def number(lesson: Lesson, name: str, value: float | None, *, signed: bool = False) -> str:
    """A figure as people read it: whole firms where it is whole, one decimal else."""
    if value is None:
        return "–"
    unit = figure_units(lesson)[name]
    if unit != "firms":
        return figure(value, unit, signed=signed)
    told = f"{value:{'+' if signed else ''}.1f}".removesuffix(".0").replace("-", "\N{MINUS SIGN}")
    return told


def filled(result: LessonResult, said: str) -> str:
    """A text with its ``{FIGURE.ARM}`` filled by means over the runs."""

    def value(match: re.Match[str]) -> str:
        name, _, arm = match[1].partition(".")
        chosen = arm or next(iter(result.lesson.arms))
        return number(result.lesson, name, result.figure(chosen, name).mean)

    return IN_TEXT.sub(value, said)


def revealed(result: LessonResult, lang: str) -> str:
    """The reveal of a lesson, or that its finding does not show in these runs."""
    if not result.holds:
        return text("lesson.not_shown", lang)
    return filled(result, result.lesson.reveal.said(lang))


def verdict_line(result: LessonResult, verdict: Verdict, lang: str) -> str:
    """One finding with its figures: what was compared, the difference with its interval, in how many runs."""
    lesson, finding = result.lesson, verdict.finding
    unit = figure_units(lesson)[finding.figure]
    than = (
        lesson.arms[finding.than].label.said(lang)
        if isinstance(finding.than, str)
        else number(lesson, finding.figure, finding.than)
    )
    return text(
        f"lesson.finding_{finding.how}" if verdict.holds else "lesson.finding_open",
        lang,
        figure=figure_name(lesson, finding.figure, lang),
        arm=lesson.arms[finding.arm].label.said(lang),
        than=than,
        difference=number(lesson, finding.figure, verdict.estimate.mean, signed=True),
        interval=interval(verdict.estimate.low, verdict.estimate.high, unit, signed=True),
        often=verdict.often,
        runs=verdict.runs,
    )
