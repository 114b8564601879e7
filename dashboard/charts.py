"""Charts of the pages: Plotly figure, picture, table as CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from sim.report.content import Content
from sim.report.numbers import shown
from sim.spec.labels import text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        try:
            float(value)
        except ValueError:
            return "'" + value
    return value


def to_csv(header: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """CSV for spreadsheets: UTF-8 with a mark, formulas defused."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    for row in ([*header], *rows):
        writer.writerow([safe_cell(value) for value in row])
    return ("\ufeff" + stream.getvalue()).encode()


def chart_csv(chart: go.Figure) -> bytes:
    """All points of a figure: series, x, y, and z of a matrix."""
    rows: list[tuple[object, ...]] = []
    for trace in chart.data:
        x: Any
        y: Any
        z: Any
        x, y, z = (getattr(trace, axis, None) for axis in "xyz") if trace.type == "heatmap" else (
            trace.x, trace.y, None
        )  # fmt: skip
        if z is not None:
            rows += [
                (trace.name, x[column], y[row], value)
                for row, line in enumerate(z)
                for column, value in enumerate(line)
            ]
        elif x is not None and y is not None:
            rows += [(trace.name, one, other, "") for one, other in zip(x, y, strict=False)]
    return to_csv(("series", "x", "y", "value"), rows)


def show(chart: go.Figure | None, key: str, lang: str, meanings: Iterable[str] = ()) -> None:
    """A figure with its downloads and the definitions of what it shows; nothing for None."""
    if chart is None:
        return
    chart.update_layout(clickmode="event+select")
    picture = {"format": "png", "filename": f"arrears-{key}", "scale": 2}
    config = {
        "displaylogo": False,
        "toImageButtonOptions": picture,
        "locale": "zh-CN" if lang == "zh" else "en",
    }
    st.plotly_chart(chart, key=f"chart.{key}", config=config, width="stretch")
    left, right, _ = st.columns([1, 1, 3])
    left.download_button(
        text("dash.csv", lang), chart_csv(chart), f"arrears-{key}.csv", "text/csv", key=f"csv.{key}",
        on_click="ignore",
    )  # fmt: skip
    told = list(meanings)
    if told:
        with right.popover(text("dash.definition", lang)):
            for line in told:
                st.markdown(line)


def definitions(content: Content, names: Iterable[str], lang: str) -> list[str]:
    """Label, unit and definition of measures, as lines of Markdown."""
    found = []
    for name in names:
        meaning = content.meanings.get(name)
        if meaning is None:
            continue
        unit = next((row.unit for row in content.rows if row.measure == name), "")
        chosen = (
            (meaning.label.zh, meaning.definition.zh)
            if lang == "zh"
            else (meaning.label.en, meaning.definition.en)
        )
        found.append(f"**{chosen[0]}** ({shown(unit).name(lang) or unit}; `{name}`): {chosen[1]}")
    return found
