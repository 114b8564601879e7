"""A shipped result as a card: its finding in a sentence, a small chart, the way to its page."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, gallery
from dashboard.gallery import Entry, Finding
from dashboard.links import VERSION
from dashboard.state import language, say
from sim.measures.reasons import reason_in
from sim.report.content import Row, meanings
from sim.report.figures import COLOURS, finish
from sim.report.numbers import figure, interval, shown
from sim.report.panel_titles import wrapped
from sim.report.wording import word
from sim.spec.labels import name_of

#: Letters of a unit that has room beside a large figure.
_SHORT = 4


def finding(entry: Entry, kept: dict[str, Any]) -> tuple[str, str, str]:
    """What is measured, the figure, and its interval in words ('no clear difference' where it holds zero)."""
    lang = language()
    if isinstance(entry.finding, str):
        line = kept["headline"][entry.finding]
        unit = shown(line["unit"]).name(lang)
        value = "–" if line["mean"] is None else figure(line["mean"], line["unit"])
        told = interval(line["low"], line["high"], line["unit"])
        return *_placed(word(f"headline.{entry.finding}", lang), value, unit), told
    row = _row(entry.finding, kept)
    value, unit, told = _difference(row, lang)
    return *_placed(gallery.measure_name(row.measure, lang), value, unit), told


def _placed(label: str, value: str, unit: str) -> tuple[str, str]:
    """Label and figure: a unit of a few letters stands beside the figure, a longer one beside the label."""
    if len(unit) > _SHORT:
        return f"{label} ({unit})", value
    return label, f"{value} {unit}".rstrip()


def _difference(row: Row, lang: str) -> tuple[str, str, str]:
    """The difference to the first arm, its unit, and its interval in words."""
    if row.effect is None:
        return "–", "", reason_in(row.reason or "", lang)
    told = interval(row.effect_low, row.effect_high, row.unit, signed=True)
    if row.equal:
        told = say("same")
    elif row.unclear:
        told += f" · {say('unclear')}"
    return figure(row.effect, row.unit, signed=True), shown(row.unit).name(lang), told


def _row(asked: Finding, kept: dict[str, Any]) -> Row:
    return next(row for row in gallery.rows_of(kept) if row.arm == asked.arm and row.measure == asked.measure)


def title(entry: Entry) -> str:
    """The question of an entry in the reader's language."""
    return entry.title.zh if language() == "zh" else entry.title.en


def card(entry: Entry, kept: dict[str, Any]) -> None:
    """A result with its chart, in the reader's language."""
    lang = language()
    label, value, told = finding(entry, kept)
    st.markdown(f"**{title(entry)}**")
    st.metric(label, value)
    st.caption(f"{told} · {_runs(entry, kept)}")
    chart = _curve(kept, lang) if "curve" in kept else _tiles(entry, kept, lang)
    charts.show(
        chart, f"gallery-{entry.id}", lang, [*_told(entry, kept, lang), f"```\n{kept['command']}\n```"]
    )
    way(entry)


def way(entry: Entry) -> None:
    """The link to the page with the same controls."""
    pages = st.session_state["pages"]
    query = {"v": VERSION, "lang": language(), **entry.link}
    st.page_link(
        pages[entry.page], label=say("open_with", page=say(entry.page)), icon=":material/arrow_forward:",
        query_params=query,
    )  # fmt: skip


def _told(entry: Entry, kept: dict[str, Any], lang: str) -> list[str]:
    """What the chart shows, in words."""
    if "curve" in kept:
        return [word("epidemic_curve_note", lang)]
    found = meanings(entry.tiles)
    lines = [one.definition.zh if lang == "zh" else one.definition.en for one in found.values()]
    names = [gallery.measure_name(name, lang) for name in found]
    told = [f"**{name}**: {line}" for name, line in zip(names, lines, strict=True)]
    return [say("half_widths_help"), *told]


def _runs(entry: Entry, kept: dict[str, Any]) -> str:
    """How many runs stand behind the figure, and in which world."""
    worlds = entry.compare.worlds if entry.compare else [entry.outbreak.world] if entry.outbreak else []
    names = ", ".join(name_of("world", world, language()) for world in worlds)
    told = say("card_runs", runs=kept["runs"], weeks=kept["weeks"], world=names)
    if "reference" not in kept:
        return told
    name = str(kept["reference"])
    against = say("arm_now") if name == "now" else name_of("strategy", name, language())
    return f"{say('against', against=against)} {told}"


def _curve(kept: dict[str, Any], lang: str) -> go.Figure:
    """Failures so far with and without the shock, with the interval of their difference."""
    curve = kept["curve"]
    week, base = curve["week"], curve["failures_so_far_base"]
    chart = go.Figure()
    if "failures_so_far_low" in curve:
        high = [b + (d or 0.0) for b, d in zip(base, curve["failures_so_far_high"], strict=True)]
        low = [b + (d or 0.0) for b, d in zip(base, curve["failures_so_far_low"], strict=True)]
        for edge, fill in ((high, None), (low, "tonexty")):
            chart.add_scatter(
                x=week, y=edge, mode="lines", line={"width": 0}, fill=fill, hoverinfo="skip",
                fillcolor="rgba(230,159,0,0.22)", showlegend=False,
            )  # fmt: skip
    lines = (("failures_so_far", "with_shock", "solid"), ("failures_so_far_base", "without_shock", "dot"))
    for name, key, dash in lines:
        line = {"color": COLOURS[4 if dash == "solid" else 0], "dash": dash, "width": 2}
        chart.add_scatter(x=week, y=curve[name], mode="lines", name=word(key, lang), line=line)
    chart.update_xaxes(title_text=word("week", lang))
    chart.update_yaxes(title_text=say("failed_so_far"), rangemode="tozero")
    return _small(chart)


def _tiles(entry: Entry, kept: dict[str, Any], lang: str) -> go.Figure:
    """Differences of a few measures, each in half-widths of its own interval, so that zero is comparable."""
    assert isinstance(entry.finding, Finding)
    rows = [row for row in gallery.rows_of(kept) if row.arm == entry.finding.arm and row.effect is not None]
    rows = [row for name in reversed(entry.tiles) for row in rows if row.measure == name]
    chart = go.Figure()
    for row in rows:
        low, high, effect = row.effect_low, row.effect_high, row.effect
        if low is None or high is None or effect is None:
            continue
        half = (high - low) / 2 or 1.0
        value, unit, told = _difference(row, lang)
        _, short = _placed("", value, unit)
        chart.add_scatter(
            x=[effect / half],
            y=[wrapped(gallery.measure_name(row.measure, lang), 18)],  # a card is narrow
            mode="markers+text",
            text=[short],
            textposition="top center",
            cliponaxis=False,
            marker={"size": 11, "color": "#7F8C96" if row.unclear else COLOURS[0]},
            error_x={"type": "constant", "value": 1.0, "thickness": 2},
            hovertemplate=f"{value} {unit} {told}<extra></extra>",
            showlegend=False,
            name=gallery.measure_name(row.measure, lang),
        )
    chart.add_vline(x=0.0, line={"color": "rgba(128,128,128,.9)", "dash": "dot"})
    ends = [0.0, *(float(trace.x[0]) + side for trace in chart.data for side in (-1.0, 1.0))]
    room = 0.3 * (max(ends) - min(ends))  # for figures over the outermost points
    chart.update_xaxes(
        title_text=say("half_widths"),
        zeroline=False,
        range=[min(ends) - room, max(ends) + room],
        nticks=4,
        tickangle=0,
    )
    chart.update_yaxes(range=[-0.5, len(rows) - 0.3])  # room for the figure above the highest
    return _small(chart)


def _small(chart: go.Figure) -> go.Figure:
    finish(chart, 250)
    chart.update_layout(margin={"l": 10, "r": 10, "t": 40, "b": 20})
    return chart
