"""A lesson on paper: one HTML file that opens offline; first the pupils' page, then the teacher's."""

from __future__ import annotations

from html import escape
from pathlib import Path

from sim.experiments.lessons import LessonResult, figure_units
from sim.report.lesson import figure_name, number, revealed, verdict_line
from sim.report.numbers import interval
from sim.spec.labels import text


def lesson_sheet(result: LessonResult, lang: str = "en") -> str:
    """The lesson as one printable HTML page: question and bets, then figures, reveal and notes."""
    lesson = result.lesson
    style = Path(__file__).with_name("lesson.css").read_text(encoding="utf-8")
    code = {"zh": "zh-CN"}.get(lang, lang)
    return (
        f'<!doctype html><html lang="{code}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(lesson.title.said(lang))}</title><style>{style}</style></head><body>"
        f"{_pupils(result, lang)}{_teachers(result, lang)}</body></html>\n"
    )


def _pupils(result: LessonResult, lang: str) -> str:
    lesson = result.lesson
    bets = "".join(
        f'<li><span class="box" aria-hidden="true"></span>{escape(option.label.said(lang))}</li>'
        for option in lesson.options
    )
    return (
        f'<main><p class="kicker">{_word("minutes", lang, minutes=lesson.minutes)}</p>'
        f"<h1>{escape(lesson.title.said(lang))}</h1><p>{escape(lesson.story.said(lang))}</p>"
        f'<p class="question">{escape(lesson.question.said(lang))}</p>'
        f'<h2>{_word("your_bet", lang)}</h2><ul class="bets">{bets}</ul>'
        f'<h2>{_word("because", lang)}</h2><div class="rule"></div><div class="rule"></div></main>'
    )


def _teachers(result: LessonResult, lang: str) -> str:
    lesson = result.lesson
    bets = "".join(
        f'<li class="{"right" if option.right else ""}"><b>{escape(option.label.said(lang))}</b><br>'
        f"{escape(option.told.said(lang))}</li>"
        for option in lesson.options
    )
    found = "".join(f"<li>{escape(verdict_line(result, one, lang))}</li>" for one in result.verdicts)
    repeat = f"arrears lesson {lesson.id} --runs {result.runs}"
    return (
        f'<section class="teacher"><p class="kicker">{_word("teacher", lang)}</p>'
        f"<h1>{escape(lesson.title.said(lang))}</h1><p>{escape(revealed(result, lang))}</p>"
        + "".join(_bars(result, name, lang) for name in lesson.figures)
        + f'<ul class="small">{found}</ul><h2>{_word("bets", lang)}</h2><ul class="bets">{bets}</ul>'
        f"<h2>{_word('teacher_notes', lang)}</h2><p>{escape(lesson.teacher.said(lang))}</p>"
        f"<h2>{_word('caveat', lang)}</h2><p>{escape(lesson.caveat.said(lang))}</p>"
        f'<p class="small">{_word("made", lang, runs=result.runs, weeks=lesson.weeks)} '
        f"<code>{escape(repeat)}</code></p></section>"
    )


def _bars(result: LessonResult, name: str, lang: str) -> str:
    lesson, unit = result.lesson, figure_units(result.lesson)[name]
    found = {arm: result.figure(arm, name) for arm in lesson.arms}
    top = max((abs(one.mean) for one in found.values() if one.mean is not None), default=0.0)
    rows = "".join(
        f"<tr><th scope='row'>{escape(lesson.arms[arm].label.said(lang))}</th>"
        f'<td class="bar"><span style="width:{_width(one.mean, top):.1f}%"></span></td>'
        f'<td class="value">{number(lesson, name, one.mean)} '
        f'<span class="small">{interval(one.low, one.high, unit)}</span></td></tr>'
        for arm, one in found.items()
    )
    return f"<h2>{escape(figure_name(lesson, name, lang))}</h2><table>{rows}</table>"


def _width(value: float | None, top: float) -> float:
    return 100 * abs(value or 0.0) / top if top else 0.0


def _word(key: str, lang: str, **values: object) -> str:
    return escape(text(f"lesson.{key}", lang, **values))
