"""Charts of the pages: Plotly figure, picture, table as CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.collecting import add_button
from sim.report.content import Content
from sim.report.numbers import shown
from sim.spec.labels import text

#: Zooming and panning by tools that no page explains; the picture, and the whole view again, stay.
_NO_BUTTONS = ["zoom2d", "pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"]
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


def show(
    chart: go.Figure | None,
    key: str,
    lang: str,
    meanings: Iterable[str] = (),
    *,
    title: str = "",
    table: tuple[Sequence[str], Sequence[Sequence[object]]] | None = None,
    picked: bool = False,
) -> Any:
    """A figure with its downloads and the definitions of what it shows; nothing for None.

    Every chart of every page goes through here.

    Parameters
    ----------
    chart:
        The figure; its PNG is made in the browser by the camera above it.
    key:
        Id of the chart, the same in both languages: names of its files and of its place in the page.
    lang:
        Language of buttons.
    meanings:
        Lines of Markdown: what is shown, with formula.
    title:
        Heading in the reader's language.
    table:
        Header and rows of the CSV; none: the points of the figure.
    picked:
        Whether a click on a point is told.

    Returns
    -------
    The selection of the reader (``{"selection": {"points": [...]}}``) where ``picked``, else None.
    """
    if chart is None:
        return None
    if title:
        st.markdown(f"##### {title}")
    if chart.layout.clickmode is None:
        chart.update_layout(clickmode="event+select", modebar={"bgcolor": "rgba(0,0,0,0)"})
    picture = {"format": "png", "filename": f"arrears-{key}", "scale": 2}
    config = {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtonsToRemove": _NO_BUTTONS,
        "toImageButtonOptions": picture,
        "locale": "zh-CN" if lang == "zh" else "en",
    }
    how: Any = {"on_select": "rerun", "selection_mode": "points"} if picked else {}
    found = st.plotly_chart(chart, key=f"chart.{key}", config=config, width="stretch", **how)

    def data() -> bytes:
        """The table, made when it is asked for."""
        return chart_csv(chart) if table is None else to_csv(*table)

    told = list(meanings)
    with _buttons(key, lang, data, told):
        add_button(chart, key, lang, title, data, told)
    return found if picked else None


def downloads(
    key: str, lang: str, table: tuple[Sequence[str], Sequence[Sequence[object]]], meanings: Iterable[str] = ()
) -> None:
    """The buttons under figures that are no chart: their CSV, and the definitions of what they show."""
    with _buttons(key, lang, lambda: to_csv(*table), list(meanings)):
        pass


@contextmanager
def _buttons(key: str, lang: str, data: Callable[[], bytes], told: Sequence[str]) -> Iterator[None]:
    """A row of buttons: CSV, what the caller adds, definitions."""
    with st.container(horizontal=True):
        st.download_button(
            text("dash.csv", lang), data, f"arrears-{key}.csv", "text/csv", key=f"csv.{key}",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip
        yield
        if told:
            with st.popover(text("dash.definition", lang), icon=":material/function:"):
                for line in told:
                    st.markdown(line)


def frame_table(frame: pd.DataFrame) -> tuple[list[str], list[list[object]]]:
    """Header and rows of a frame for a CSV, empty where a value is missing."""
    plain = frame.astype(object).where(frame.notna(), "")
    return [str(name) for name in frame.columns], plain.to_numpy().tolist()


def clickable(chart: go.Figure) -> go.Figure:
    """A figure whose matrices can be clicked: a matrix has no points to select, so each cell gets one."""
    for trace in [trace for trace in chart.data if trace.type == "heatmap"]:
        cells = [
            (x, y, trace.z[row][column])
            for row, y in enumerate(trace.y)
            for column, x in enumerate(trace.x)
            if trace.z[row][column] is not None
        ]
        chart.add_scatter(
            x=[x for x, _, _ in cells], y=[y for _, y, _ in cells], mode="markers", showlegend=False,
            text=[f"{value:.3g}" for _, _, value in cells], xaxis=trace.xaxis, yaxis=trace.yaxis,
            marker={"size": 20, "symbol": "square", "color": "rgba(0,0,0,0)"},
            selected={"marker": {"color": "rgba(230,159,0,.55)"}}, unselected={"marker": {"opacity": 0}},
            hovertemplate="%{y} → %{x}: %{text} %<extra></extra>",
        )  # fmt: skip
    return chart


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
