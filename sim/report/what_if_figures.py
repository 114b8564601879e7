"""Figures of what a difference depends on: a tornado of assumptions, a map of two levers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sim.report.figures import TWO_SIDED, escaped, finish
from sim.report.numbers import figure, interval, shown
from sim.report.wording import word
from sim.spec.labels import name_of

_LOW, _HIGH = "#56B4E9", "#D55E00"


def tornado(table: pd.DataFrame, unit: str, lang: str, name: Callable[[str], str] = str) -> go.Figure | None:
    """Bars from the difference as set to that with each assumption low and high, a panel a world.

    ``table``: of :func:`sim.experiments.what_if.tornado`; ``unit`` of the outcome; ``name`` of a number.
    """
    worlds = list(dict.fromkeys(table["world"]))
    numbers = [number for number in dict.fromkeys(table["number"]) if number]
    if not numbers or table["difference"].isna().all():
        return None
    factor = shown(unit).factor
    chart = make_subplots(
        rows=1, cols=len(worlds), shared_yaxes=True, horizontal_spacing=0.04,
        subplot_titles=[escaped(name_of("world", world, lang)) for world in worlds],
    )  # fmt: skip
    for column, world in enumerate(worlds, 1):
        here = table[table["world"] == world].set_index(["number", "end"])
        middle = float(here.loc[("", ""), "difference"]) * factor
        for end, colour in (("low", _LOW), ("high", _HIGH)):
            rows = [here.loc[(number, end)] for number in numbers]
            chart.add_trace(
                go.Bar(
                    y=[escaped(name(number)) for number in numbers], base=middle, orientation="h",
                    x=[float(row["difference"]) * factor - middle for row in rows], marker={"color": colour},
                    name=word(f"{end}_value", lang), legendgroup=end, showlegend=column == 1,
                    customdata=[[f"{row['value']:.4g}", figure(row["difference"], unit, signed=True),
                                 interval(*_ends(row), unit, signed=True)] for row in rows],
                    hovertemplate="%{y} = %{customdata[0]}: %{customdata[1]} %{customdata[2]}<extra></extra>",
                ),
                row=1, col=column,
            )  # fmt: skip
        chart.add_vline(x=middle, line={"color": "rgba(128,128,128,1)", "width": 2}, row=1, col=column)
        chart.add_vline(x=0, line={"color": "rgba(128,128,128,.8)", "dash": "dot"}, row=1, col=column)
    chart.update_yaxes(autorange="reversed", showgrid=False)
    chart.update_xaxes(title_text=shown(unit).name(lang))
    chart.update_layout(barmode="overlay", bargap=0.35)
    return finish(chart, 150 + 34 * len(numbers))


def _ends(row: pd.Series[Any]) -> tuple[float | None, float | None]:
    low, high = float(row["low"]), float(row["high"])
    return (None, None) if low != low else (low, high)


def threshold(
    table: pd.DataFrame, levers: tuple[str, str], unit: str, lang: str, label: Callable[[str, object], str],
    name: Callable[[str], str] = str,
) -> go.Figure | None:  # fmt: skip
    """A map of the difference over two levers, a panel a world; brackets where the interval holds zero.

    ``table``: of :func:`sim.experiments.what_if.threshold`; ``label(lever, value)`` and ``name(lever)`` in
    words.
    """
    if table["difference"].isna().all():
        return None
    factor, (across, up) = shown(unit).factor, levers
    worlds = list(dict.fromkeys(table["world"]))
    xs, ys = (list(dict.fromkeys(table[lever].map(lambda v, k=lever: label(k, v)))) for lever in levers)
    largest = float((table["difference"].abs() * factor).max()) or 1.0
    chart = make_subplots(
        rows=1, cols=len(worlds), shared_yaxes=True, horizontal_spacing=0.04,
        subplot_titles=[escaped(name_of("world", world, lang)) for world in worlds],
    )  # fmt: skip
    for column, world in enumerate(worlds, 1):
        here = table[table["world"] == world]
        z: list[list[float | None]] = [[None] * len(xs) for _ in ys]
        texts = [[""] * len(xs) for _ in ys]
        for row in here.to_dict("records"):
            place = ys.index(label(up, row[up])), xs.index(label(across, row[across]))
            if row["difference"] is None or row["difference"] != row["difference"]:
                continue
            z[place[0]][place[1]] = float(f"{row['difference'] * factor:.5g}")
            text = figure(row["difference"], unit, signed=True)
            unclear = row["low"] is None or row["low"] != row["low"] or row["low"] <= 0 <= row["high"]
            texts[place[0]][place[1]] = f"({text})" if unclear else text
        chart.add_trace(
            go.Heatmap(
                z=z, x=xs, y=ys, text=texts, texttemplate="%{text}", colorscale=TWO_SIDED, zmid=0,
                zmin=-largest, zmax=largest, showscale=False, xgap=2, ygap=2,
                hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
            ),
            row=1, col=column,
        )  # fmt: skip
        chart.update_xaxes(type="category", title_text=escaped(name(across)), row=1, col=column)
    chart.update_yaxes(type="category", showgrid=False)
    chart.update_yaxes(title_text=escaped(name(up)), col=1)
    return finish(chart, 170 + 52 * len(ys))
