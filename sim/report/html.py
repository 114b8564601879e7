"""The report of a comparison as one HTML file that needs no network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from sim.report import account_figures, figures, run_figures, sureness, tables
from sim.report.content import Content, gather
from sim.report.files import write_text
from sim.report.tables import both, word_both
from sim.spec.world import World

if TYPE_CHECKING:
    from sim.experiments.comparison import Comparison

_CHARTS: tuple[tuple[str, Callable[[Content, str], go.Figure | None]], ...] = (
    ("effects", figures.effects),
    ("won", account_figures.won),
    ("tradeoff", figures.tradeoff),
    ("liquidation", figures.liquidation),
    ("cohorts", account_figures.cohorts),
    ("survival", run_figures.survival),
    ("funnel", account_figures.funnel),
    ("spared", account_figures.spared),
    ("rolls", run_figures.rolls),
    ("weekly", figures.weekly),
    ("reproduction", run_figures.reproduction),
    ("sectors", figures.sectors),
    ("sector_map", run_figures.sector_map),
)


def write_report(
    comparison: Comparison,
    path: str | Path,
    *,
    command: str | None = None,
    worlds: Mapping[str, World] | None = None,
) -> Path:
    """Write the report of a comparison.

    Parameters
    ----------
    comparison:
        Result of :func:`sim.experiments.compare`.
    path:
        The HTML file; replaced in one step where it exists.
    command:
        The command line that made it, to be shown; none: one is put together.
    worlds:
        Worlds by id where they are not shipped ones, so that their numbers can be listed.

    Raises
    ------
    SpecError
        If the file cannot be written.
    """
    return write_text(path, page(gather(comparison, command=command, worlds=worlds)))


def page(content: Content) -> str:
    """The whole page as text: style, texts in both languages, figures, scripts."""
    drawn = {name: {lang: draw(content, lang) for lang in ("en", "zh")} for name, draw in _CHARTS}
    return fill_page(
        drawn,
        page_texts(content),
        tiles=tables.tiles(content),
        sureness=sureness.section(content),
        tables=tables.measures(content),
        assumptions=tables.assumptions(content),
    )


def fill_page(
    charts: Mapping[str, Mapping[str, go.Figure | None]], texts: Mapping[str, str], **parts: str
) -> str:
    """A page from its charts (by name and language; None: not drawn), texts and parts.

    Each chart NAME needs the texts ``NAME`` and ``NAME_note``.
    """
    drawn = {
        name: {lang: chart for lang, chart in versions.items() if chart is not None}
        for name, versions in charts.items()
    }
    drawn = {name: versions for name, versions in drawn.items() if versions}
    folder = Path(__file__).parent
    return Template((folder / "page.html").read_text(encoding="utf-8")).substitute(
        texts,
        style=(folder / "page.css").read_text(encoding="utf-8"),
        charts="\n".join(_chart(name, drawn[name]["en"]) for name in drawn),
        figures=_json({name: {lang: made.to_json() for lang, made in drawn[name].items()} for name in drawn}),
        plotly=get_plotlyjs().replace("</script", "<\\/script"),
        script=(folder / "page.js").read_text(encoding="utf-8"),
        **parts,
    )


def _json(texts: Mapping[str, Mapping[str, str]]) -> str:
    """Figures as JSON that cannot end the element it stands in."""
    plain = {name: {lang: json.loads(text) for lang, text in langs.items()} for name, langs in texts.items()}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _chart(name: str, chart: go.Figure) -> str:
    return (
        f'<section class="figure"><h2>{word_both(name)}</h2><p class="note">{word_both(f"{name}_note")}</p>'
        f'<div class="chart" id="{name}" style="height:{int(chart.layout.height)}px"></div></section>'
    )


def page_texts(content: Content) -> dict[str, str]:
    """Title, facts and fixed texts of a page, for its template."""
    if content.reference is None:
        against = word_both("against_alone")
    else:
        name = content.label("arm", content.reference)
        against = both(
            tables.text("against_first", "en", arm=name.en), tables.text("against_first", "zh", arm=name.zh)
        )
    facts = (
        ("scenario", escape(content.scenario)),
        ("worlds", str(len(content.worlds))),
        ("runs", f"{content.runs:,}"),
        ("weeks", f"{content.weeks:,}"),
        ("seed", str(content.seed)),
    )
    return {
        "title": escape(content.title.en),
        "heading": both(content.title.en, content.title.zh),
        "description": both(content.description.en, content.description.zh),
        "facts": "".join(f"<div><dt>{word_both(key)}</dt><dd>{value}</dd></div>" for key, value in facts),
        "against": against,
        "theme_label": word_both("theme"),
        "key_figures_title": word_both("key_figures"),
        "assumptions_title": word_both("assumptions"),
        "reproduce_title": word_both("reproduce"),
        "command_line_title": word_both("command_line"),
        "command": escape(content.command),
        "python": escape(content.python),
        "made_by": both(
            *(
                tables.text("made_by", lang, version=content.version, hash=content.hash)
                for lang in ("en", "zh")
            )
        ),
        **{
            key: word_both(key)
            for key in ("not_real", "intervals", "all_measures", "assumptions_note", "reproduce_note")
        },
    }
