"""Plotly figures of an outbreak, in English or Chinese; form as in :mod:`sim.report.figures`."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sim.report.figures import COLOURS, DASHES, escaped, finish
from sim.report.numbers import in_millions, money_name, shown
from sim.report.outbreak_content import OutbreakContent
from sim.report.outbreak_tree import Drawing
from sim.report.wording import WORDS, word

#: Panels of the epidemic curve: column and unit.
PANELS = (
    ("failures_so_far", ""),
    ("strained", ""),
    ("trade_overdue", "fen"),
    ("output", "fen"),
    ("jobs", ""),
    ("laid_off_so_far", ""),
)
#: Losses with a panel of their own.
LOSSES = ("failures", "trade_write_offs", "jobs_lost", "output_lost", "household_charge_offs")
#: Colours of causes in the tree.
CAUSES = (
    "own",
    "late_receipts",
    "write_off",
    "cancelled_orders",
    "lost_inputs",
    "layoffs",
    "lender_to_credit",
)
_BAND = "rgba(230,159,0,0.22)"
_LINE = "rgba(128,128,128,0.45)"


def channel_name(channel: str, lang: str) -> str:
    """Label of a contagion channel; its own name where it has none."""
    key = f"contagion.{channel}"
    return word(key, lang) if key in WORDS else channel


def sector_name(content: OutbreakContent, sector: str, lang: str) -> str:
    """Label of a sector."""
    text = content.content.label("sector", sector)
    return text.zh if lang == "zh" else text.en


def epidemic_curve(content: OutbreakContent, lang: str = "en") -> go.Figure | None:
    """Weekly figures with and without the shock, with the interval of their difference."""
    curve = content.curve
    if curve.empty:
        return None
    titles = [_titled(f"figure.{name}", unit, lang) for name, unit in PANELS]
    chart = make_subplots(
        rows=3,
        cols=2,
        shared_xaxes=True,
        subplot_titles=titles,
        vertical_spacing=0.09,
        horizontal_spacing=0.08,
    )
    for place, (name, unit) in enumerate(PANELS):
        where = {"row": place // 2 + 1, "col": place % 2 + 1}
        factor, week = shown(in_millions(unit)).factor, curve["week"].to_list()
        base = curve[f"{name}_base"]
        if curve[f"{name}_low"].notna().all():
            low, high = ((base + curve[f"{name}_{end}"]) * factor for end in ("low", "high"))
            chart.add_trace(_edge(week, _short(high), None), **where)
            chart.add_trace(_edge(week, _short(low), "tonexty"), **where)
        for style, (column, key) in enumerate((("_base", "without_shock"), ("", "with_shock"))):
            chart.add_trace(
                go.Scatter(
                    x=week,
                    y=_short(curve[f"{name}{column}"] * factor),
                    mode="lines",
                    line={"color": COLOURS[style], "dash": DASHES[1 - style], "width": 2},
                    name=word(key, lang),
                    legendgroup=key,
                    showlegend=place == 0,
                    hovertemplate="%{y:,.4~g}<extra>%{fullData.name}</extra>",
                ),
                **where,
            )
    chart.update_xaxes(title_text=word("week", lang), row=3)
    return finish(chart, 760)


def reproduction(content: OutbreakContent, lang: str = "en") -> go.Figure | None:
    """R by cohort with intervals; cohorts whose follow-up ends after the run are hollow."""
    cohorts = content.cohorts.dropna(subset=["R"])
    if cohorts.empty:
        return None
    chart = go.Figure()
    low, high = cohorts["low"].fillna(cohorts["R"]), cohorts["high"].fillna(cohorts["R"])
    chart.add_trace(
        go.Scatter(
            x=cohorts["week"].to_list(),
            y=_short(cohorts["R"]),
            mode="lines+markers",
            line={"color": COLOURS[0], "width": 1.5},
            marker={
                "size": 9,
                "symbol": ["circle" if done else "circle-open" for done in cohorts["complete"]],
                "color": COLOURS[0],
                "line": {"width": 2, "color": COLOURS[0]},
            },
            error_y={
                "type": "data",
                "symmetric": False,
                "array": _short(high - cohorts["R"]),
                "arrayminus": _short(cohorts["R"] - low),
                "color": COLOURS[0],
                "thickness": 1.5,
            },
            name="R",
            showlegend=False,
            hovertemplate="%{x}: %{y:.3~g}<extra></extra>",
        )
    )
    chart.add_hline(y=1.0, line={"color": COLOURS[4], "dash": "dot", "width": 2})
    chart.update_xaxes(title_text=word("week", lang))
    chart.update_yaxes(title_text="R", rangemode="tozero")
    return finish(chart, 420)


def tree(content: OutbreakContent, lang: str = "en") -> go.Figure | None:
    """The infection tree of the first run: generations from left to right."""
    return drawn_tree(content.drawing, lambda sector: sector_name(content, sector, lang), lang)


def drawn_tree(drawing: Drawing, sector: Callable[[str], str], lang: str = "en") -> go.Figure | None:
    """A drawing of an infection tree; ``sector`` gives the label of a sector."""
    nodes, lines = drawing
    if len(nodes) < 2:
        return None
    chart = go.Figure()
    xs: list[float | None] = []
    ys: list[float | None] = []
    for row in lines.to_dict("records"):
        xs += [row["x0"], row["x1"], None]
        ys += [row["y0"], row["y1"], None]
    line = {"color": _LINE, "width": 1}
    chart.add_trace(go.Scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", showlegend=False))
    for place, channel in enumerate(CAUSES):
        part = nodes[nodes["channel"] == channel]
        if len(part):
            chart.add_trace(_branches(part, COLOURS[place], channel_name(channel, lang), sector, lang))
    deepest = int(nodes["x"].max())
    chart.update_xaxes(
        title_text=word("generation", lang),
        dtick=max(1, deepest // 12),
        showgrid=True,
        zeroline=False,
        range=[-0.6, deepest + 0.6],  # no generation before the first, with room for the circles
    )
    chart.update_yaxes(visible=False)
    leaves = 1 + int(-nodes["y"].min())
    return finish(chart, min(1600, 220 + 9 * leaves))


def _branches(
    part: pd.DataFrame, colour: str, name: str, sector: Callable[[str], str], lang: str
) -> go.Scatter:
    """The firms of a tree that failed of one cause."""
    return go.Scatter(
        x=part["x"].to_list(),
        y=_short(part["y"]),
        mode="markers",
        marker={
            "color": colour,
            "size": (6 + 10 * np.sqrt(part["mass"])).round(2).to_list(),
            "line": {"width": 1, "color": _LINE},
        },
        name=name,
        text=[_told(row, sector, lang) for row in part.to_dict("records")],
        hovertemplate="%{text}<extra>%{fullData.name}</extra>",
    )


def channel_losses(content: OutbreakContent, lang: str = "en") -> go.Figure | None:
    """Bars with intervals: what closing one channel saves, a panel a loss."""
    losses = content.losses
    if losses is None:
        return None
    drawn = [name for name in LOSSES if losses.loc[losses["loss"] == name, "mean"].abs().sum() > 0]
    if not drawn:
        return None
    chart = make_subplots(
        rows=1,
        cols=len(drawn),
        shared_yaxes=True,
        horizontal_spacing=0.02,
        subplot_titles=[
            _titled(f"loss.{name}", str(losses.loc[losses["loss"] == name, "unit"].iloc[0]), lang, "<br>")
            for name in drawn
        ],
    )
    for column, name in enumerate(drawn, 1):
        part = losses[(losses["loss"] == name) & losses["part"].isin(["closed", "closing", "interaction"])]
        part = part.iloc[::-1]
        factor = shown(in_millions(str(part["unit"].iloc[0]))).factor
        mean = part["mean"].astype(float) * factor
        low, high = (part[end].astype(float).mul(factor).fillna(mean) for end in ("low", "high"))
        chart.add_trace(
            go.Bar(
                y=[part_name(str(row.part), row.channel, lang) for row in part.itertuples(index=False)],
                x=_short(mean),
                orientation="h",
                marker={"color": [COLOURS[0] if kind == "closing" else COLOURS[7] for kind in part["part"]]},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": _short(high - mean),
                    "arrayminus": _short(mean - low),
                    "thickness": 1.5,
                    "color": COLOURS[4],
                },
                showlegend=False,
                hovertemplate="%{y}: %{x:,.4~g}<extra></extra>",
            ),
            row=1,
            col=column,
        )
    return finish(chart, 480)


def part_name(part: str, channel: object, lang: str) -> str:
    """Name of a line of a decomposition: its channel, or the part it is."""
    return channel_name(channel, lang) if isinstance(channel, str) else word(f"part.{part}", lang)


def sector_map(content: OutbreakContent, lang: str = "en") -> go.Figure | None:
    """Heat map: further failures by sector and four weeks."""
    found = content.sector_map
    if found.empty or not found["difference"].abs().sum():
        return None
    table = found.pivot_table("difference", "sector", "week", "sum", fill_value=0.0)
    table = table.loc[table.abs().sum(axis=1).sort_values().index]
    table = table[table.abs().sum(axis=1) > 0]
    most = float(np.abs(table.to_numpy()).max())
    chart = go.Figure(
        go.Heatmap(
            z=[[float(f"{value:.4g}") for value in row] for row in table.to_numpy()],
            x=[int(week) for week in table.columns],
            y=[escaped(sector_name(content, str(sector), lang)) for sector in table.index],
            zmin=-most,
            zmax=most,
            # blue for fewer and orange for more failures, readable without red and green
            colorscale=[[0.0, COLOURS[0]], [0.5, "rgba(128,128,128,0.08)"], [1.0, COLOURS[4]]],
            colorbar={"thickness": 12},
            xgap=1,
            ygap=1,
            hovertemplate="%{y}, %{x}: %{z:.3~g}<extra></extra>",
        )
    )
    chart.update_xaxes(title_text=word("week", lang), showgrid=False)
    chart.update_yaxes(showgrid=False)
    return finish(chart, 160 + 22 * len(table))


def _titled(key: str, unit: str, lang: str, between: str = " ") -> str:
    name = money_name(unit, lang)
    return f"{word(key, lang)}{between}({name})" if name else word(key, lang)


def _told(node: Mapping[Hashable, Any], sector: Callable[[str], str], lang: str) -> str:
    """What the tree says about a firm."""
    return (
        f"{word('firm', lang)} {node['agent']}, {escaped(sector(str(node['sector'])))}<br>"
        f"{word('week', lang)} {node['week']}; {word('traced', lang)}: {node['mass']:.0%}"
    )


def _edge(x: list[int], y: list[float | None], fill: str | None) -> go.Scatter:
    """One edge of a band, without a line of its own."""
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        line={"width": 0},
        fill=fill,
        fillcolor=_BAND,
        hoverinfo="skip",
        showlegend=False,
    )


def _short(values: object) -> list[float | None]:
    """Five digits, which is enough to draw; None for what is not finite."""
    return [
        float(f"{value:.5g}") if math.isfinite(value) else None for value in np.asarray(values, np.float64)
    ]
