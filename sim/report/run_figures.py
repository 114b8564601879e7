"""Figures of what runs went through: accounts not cured yet, roll rates, reproduction numbers, sectors."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sim.report.content import Content
from sim.report.figures import STAGES, arm_line, arm_style, escaped, finish, named, panels
from sim.report.wording import word

#: Buckets of lateness in their order.
BUCKETS = ("current", "1-30", "31-60", "61-90", "91-180", "181+", "charged_off", "closed")


def survival(content: Content, lang: str = "en") -> go.Figure | None:
    """Share of accounts not cured yet over weeks since placement, with bands, by age of debt and world."""
    curves = content.survival
    if curves.empty:
        return None
    stages = [stage for stage in STAGES if stage in set(curves["stage"])]
    chart = panels(content, stages, [named(content, "stage", stage, lang) for stage in stages], lang)
    for line, world in enumerate(content.worlds, 1):
        for column, stage in enumerate(stages, 1):
            for arm in content.arms:
                here = (curves["world"] == world) & (curves["arm"] == arm) & (curves["stage"] == stage)
                part = curves[here]
                for trace in _banded(content, arm, part["weeks"], part, 100.0, lang, line == column == 1):
                    chart.add_trace(trace, row=line, col=column)
    chart.update_yaxes(ticksuffix=" %", range=[0, 103])
    chart.update_xaxes(title_text=word("week", lang), row=len(content.worlds))
    return finish(chart, 130 + 250 * len(content.worlds))


def reproduction(content: Content, lang: str = "en") -> go.Figure | None:
    """Failures caused by one failure, by the quarter of the cause, with intervals, one panel a world."""
    table = content.reproduction.dropna(subset=["value"]) if len(content.reproduction) else pd.DataFrame()
    if table.empty:
        return None
    chart = panels(content, ["r"], [""], lang)
    for line, world in enumerate(content.worlds, 1):
        for arm in content.arms:
            part = table[(table["world"] == world) & (table["arm"] == arm)]
            for trace in _banded(content, arm, part["week"], part, 1.0, lang, line == 1):
                chart.add_trace(trace, row=line, col=1)
        chart.add_hline(y=1.0, line={"color": "rgba(128,128,128,0.9)", "dash": "dot"}, row=line, col=1)
    chart.update_yaxes(rangemode="tozero")
    chart.update_xaxes(title_text=word("week", lang), row=len(content.worlds))
    return finish(chart, 130 + 220 * len(content.worlds))


def rolls(content: Content, lang: str = "en") -> go.Figure | None:
    """A matrix for each world and arm: where accounts of each bucket are a month later."""
    table = content.roll_rates
    if table.empty or not table["accounts"].sum():
        return None
    arms = list(content.arms)
    chart = make_subplots(
        rows=len(content.worlds), cols=len(arms), shared_xaxes=True, shared_yaxes=True,
        horizontal_spacing=0.02, vertical_spacing=0.12,
        column_titles=[named(content, "arm", arm, lang) for arm in arms],
        row_titles=[named(content, "world", world, lang) for world in content.worlds],
    )  # fmt: skip
    labels = [escaped(word(f"bucket.{bucket}", lang)) for bucket in BUCKETS]
    for line, world in enumerate(content.worlds, 1):
        for column, arm in enumerate(arms, 1):
            part = table[(table["world"] == world) & (table["arm"] == arm)]
            wide = part.pivot(index="from", columns="to", values="share").reindex(
                BUCKETS[:-1], columns=BUCKETS
            )
            chart.add_trace(_matrix(wide, labels), row=line, col=column)
    chart.update_yaxes(autorange="reversed", showgrid=False)
    chart.update_xaxes(
        showgrid=False, tickangle=-60, title_text=word("month_later", lang), row=len(content.worlds)
    )
    chart.update_layout(coloraxis={"colorscale": "Blues", "cmin": 0, "cmax": 100, "showscale": False})
    return finish(chart, 180 + 300 * len(content.worlds))


def sector_map(content: Content, lang: str = "en") -> go.Figure | None:
    """A matrix for each world: failures a run by sector and arm, the sectors with most of them on top."""
    failures = content.failures
    if failures.empty or not failures["failures"].sum():
        return None
    totals = failures.groupby("sector")["failures"].sum()
    order = [str(name) for name in totals[totals > 0].sort_values(ascending=False).index]
    chart = make_subplots(
        rows=1, cols=len(content.worlds), shared_yaxes=True, horizontal_spacing=0.03,
        subplot_titles=[named(content, "world", world, lang) for world in content.worlds],
    )  # fmt: skip
    for column, world in enumerate(content.worlds, 1):
        part = failures[failures["world"] == world]
        wide = part.pivot(index="sector", columns="arm", values="failures")
        wide = wide.reindex(order, columns=list(content.arms)).fillna(0.0)
        chart.add_trace(
            go.Heatmap(
                z=_rounded(wide), x=[named(content, "arm", arm, lang) for arm in content.arms],
                y=[named(content, "sector", sector, lang) for sector in order], coloraxis="coloraxis",
                texttemplate="%{z:.2~f}", hovertemplate="%{y}, %{x}: %{z:.3~f}<extra></extra>",
            ),
            row=1,
            col=column,
        )  # fmt: skip
    chart.update_yaxes(autorange="reversed", showgrid=False)
    chart.update_xaxes(showgrid=False)
    chart.update_layout(coloraxis={"colorscale": "Oranges", "cmin": 0, "showscale": False})
    return finish(chart, 150 + 26 * len(order))


def _matrix(wide: pd.DataFrame, labels: Sequence[str]) -> go.Heatmap:
    return go.Heatmap(
        z=_rounded(wide * 100.0), x=list(labels), y=list(labels[:-1]), coloraxis="coloraxis",
        texttemplate="%{z:.0f}", hovertemplate="%{y} → %{x}: %{z:.2f} %<extra></extra>", hoverongaps=False,
    )  # fmt: skip


def _rounded(wide: pd.DataFrame) -> list[list[float | None]]:
    return [[None if value != value else float(f"{value:.4g}") for value in row] for row in wide.to_numpy()]


def _banded(
    content: Content,
    arm: str,
    x: pd.Series[float],
    part: pd.DataFrame,
    factor: float,
    lang: str,
    legend: bool,
) -> list[go.Scatter]:
    """The line of an arm over its band."""
    known = part.dropna(subset=["low", "high"])
    places = x[known.index].to_list()
    edges = [*(known["high"] * factor), *(known["low"] * factor)[::-1]]
    band = go.Scatter(
        x=[*places, *places[::-1]], y=[float(f"{value:.5g}") for value in edges], fill="toself", mode="lines",
        line={"width": 0, "color": arm_style(content, arm)[0]}, opacity=0.25, hoverinfo="skip",
        showlegend=False, legendgroup=arm,
    )  # fmt: skip
    return [
        band,
        arm_line(content, arm, x, part["share" if "share" in part else "value"] * factor, lang, legend),
    ]
