"""Figures of the audit, of sensitivity and of scenario discovery; Plotly, in English or Chinese.

Like the figures of :mod:`sim.report.figures`: transparent, without text colours of their own; None where
there is nothing to draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from calibration.claims import Claim
from calibration.ranking_table import factor_meaning, factor_name
from sim.measures import MEASURES
from sim.measures.recovery import HORIZONS, STAGES
from sim.report.figures import COLOURS, MARKERS, escaped, finish
from sim.report.numbers import shown
from sim.spec.labels import name_of, text

Data = Mapping[str, Any]
_BAND = "rgba(128,128,128,0.25)"
_LINE = "rgba(128,128,128,0.9)"
#: Colour and marker of each kind of row.
_STYLES = {"evidence": (COLOURS[0], MARKERS[0]), "report": (COLOURS[1], MARKERS[1])}
_FOUND = (COLOURS[2], MARKERS[2])


def claim_figure(claim: Claim, rows: Sequence[Data], ruling: Data, lang: str = "en") -> go.Figure | None:
    """The claimed figure as a line with its tolerance, simulated intervals, and levels that sources found.

    ``rows``: of a kept audit, of this claim; ``ruling``: its verdict as data.
    """
    factor = shown("share" if claim.unit == "relative" else claim.unit).factor
    drawn = [
        (name_of("world", row["world"], lang), row["mean"], row["low"], row["high"],
         *_STYLES.get(row["world"], _FOUND))
        for row in rows if row["mean"] is not None
    ] + [
        (text("claims.found", lang, source=one["source"]), (one["low"] + one["high"]) / 2, one["low"],
         one["high"], *_FOUND)
        for one in ruling["evidence"] if one["role"] == "level"
    ]  # fmt: skip
    if not drawn:
        return None
    chart = go.Figure(
        [
            _interval_row(escaped(name), mean, low, high, factor, colour, marker)
            for name, mean, low, high, colour, marker in drawn
        ]
    )
    if claim.operator == "~" and claim.near:
        ends = [factor * (claim.value + side * claim.near) for side in (-1, 1)]
        chart.add_vrect(x0=ends[0], x1=ends[1], fillcolor=_BAND, line_width=0, layer="below")
    chart.add_vline(
        x=factor * claim.value, line={"color": COLOURS[4], "width": 3, "dash": "dash"},
        annotation_text=text("claims.claimed_line", lang), annotation_position="top",
    )  # fmt: skip
    unit = text("audit.change", lang) if claim.unit == "relative" else shown(claim.unit).name(lang)
    chart.update_xaxes(title_text=unit)
    chart.update_yaxes(autorange="reversed", showgrid=False)
    chart.update_layout(showlegend=False)
    return finish(chart, 170 + 48 * len(drawn))


def _interval_row(
    name: str, mean: float, low: float | None, high: float | None, factor: float, colour: str, marker: str
) -> go.Scatter:
    ends = (mean if low is None else low, mean if high is None else high)
    return go.Scatter(
        x=[factor * mean], y=[name], name=name, mode="markers",
        marker={"color": colour, "symbol": marker, "size": 12},
        error_x={
            "type": "data", "symmetric": False, "array": [factor * (ends[1] - mean)],
            "arrayminus": [factor * (mean - ends[0])], "color": colour, "thickness": 3, "width": 7,
        },
        hovertemplate="%{x:,.4~g}<extra>%{y}</extra>",
    )  # fmt: skip


def stage_figure(rows: Sequence[Data], claim: str, world: str, lang: str = "en") -> go.Figure | None:
    """Success of a claim's system by stage and horizon in one world, as a heat map with figures."""
    found = {
        (row["stage"], row["horizon"]): row["mean"]
        for row in rows if row["claim"] == claim and row["world"] == world
    }  # fmt: skip
    if not any(value is not None for value in found.values()):
        return None
    table = [
        [None if found.get((stage, horizon)) is None else 100 * found[stage, horizon] for horizon in HORIZONS]
        for stage in STAGES
    ]
    chart = go.Figure(
        go.Heatmap(
            x=[_days(horizon, lang) for horizon in HORIZONS],
            y=[name_of("stage", stage, lang) for stage in STAGES], z=table,
            zmin=0, zmax=100, colorscale="Blues", texttemplate="%{z:.0f} %", name=claim,
            colorbar={"ticksuffix": " %"},
            hovertemplate="%{y}, %{x}: %{z:.1f} %<extra></extra>",
        )
    )  # fmt: skip
    chart.update_yaxes(autorange="reversed", showgrid=False)
    chart.update_xaxes(showgrid=False, type="category")
    return finish(chart, 320)


def _days(horizon: str, lang: str) -> str:
    """A horizon in words: ``30d`` is 30 days."""
    name = shown("days").name(lang)
    return f"{horizon.removesuffix('d')}{name if lang == 'zh' else f' {name}'}"


def selection_figure(rows: Sequence[Data], lang: str = "en") -> go.Figure | None:
    """Apparent, matched and random effect in each world, in points, with intervals."""
    shown_rows = ("apparent effect", "matched effect", "effect by chance")
    return _grouped_bars(
        [row for row in rows if row["quantity"] in shown_rows],
        lambda row: text(f"selection.{row['quantity'].replace(' ', '_')}", lang),
        lambda row: row,
        lang,
    )


def accuracy_figure(rows: Sequence[Data], lang: str = "en") -> go.Figure | None:
    """Accuracy beside that of always the same answer, in each world."""
    flat = [
        {"world": row["world"], "name": name, **row[name]}
        for name in ("accuracy", "no_skill")
        for row in rows
    ]
    return _grouped_bars(flat, lambda row: text(f"audit.{row['name']}", lang), lambda row: row, lang)


def _grouped_bars(rows: Sequence[Data], label: Any, figures: Any, lang: str) -> go.Figure | None:
    known = [row for row in rows if figures(row)["mean"] is not None]
    if not known:
        return None
    chart = go.Figure()
    for world in dict.fromkeys(row["world"] for row in known):
        here = [row for row in known if row["world"] == world]
        values = [100 * row["mean"] for row in here]
        ends = [
            [100 * (row["mean"] if row[end] is None else row[end]) for row in here] for end in ("low", "high")
        ]
        chart.add_trace(
            go.Bar(
                x=[escaped(label(row)) for row in here], y=values,
                name=escaped(name_of("world", world, lang)),
                marker={"color": _STYLES.get(world, _FOUND)[0]},
                error_y={
                    "type": "data", "symmetric": False,
                    "array": [high - value for high, value in zip(ends[1], values, strict=True)],
                    "arrayminus": [value - low for low, value in zip(ends[0], values, strict=True)],
                    "color": _LINE,
                },
                hovertemplate="%{y:.1f} %<extra>%{x}, %{fullData.name}</extra>",
            )
        )  # fmt: skip
    chart.update_yaxes(ticksuffix=" %")
    return finish(chart, 360)


def tornado(document: Data, outcome: str, lang: str = "en", count: int = 12) -> go.Figure | None:
    """Bars of what each number does to an outcome, the strongest above, with intervals.

    ``document``: a kept ranking of assumptions; shares of variance where it has them, else the effects of
    the screening.
    """
    shares = [row for row in document["shares"] if row["outcome"] == outcome and row["total"] is not None]
    rows: list[tuple[str, float, float, float]] = [
        (row["field"], 100 * row["total"], 100 * row["low"], 100 * row["high"]) for row in shares
    ]
    if not rows:
        factor = shown(MEASURES[outcome].unit).factor
        rows = [
            (row["field"], *(factor * row[key] for key in ("effect", "low", "high")))
            for row in document["screening"] if row["outcome"] == outcome and row["effect"] is not None
        ]  # fmt: skip
    rows = sorted(rows, key=lambda row: -row[1])[:count]
    if not rows:
        return None
    chart = go.Figure(
        go.Bar(
            x=[row[1] for row in rows], y=[escaped(factor_name(row[0], lang)) for row in rows],
            orientation="h", name=outcome, customdata=[factor_meaning(row[0], lang) for row in rows],
            marker={"color": COLOURS[0]},
            error_x={
                "type": "data", "symmetric": False, "array": [max(0.0, row[3] - row[1]) for row in rows],
                "arrayminus": [max(0.0, row[1] - row[2]) for row in rows], "color": _LINE,
            },
            hovertemplate="%{x:.3~g}<br>%{customdata}<extra>%{y}</extra>",
        )
    )  # fmt: skip
    unit = shown(MEASURES[outcome].unit).name(lang)
    chart.update_xaxes(
        title_text=text("ranking.share", lang) + " (%)"
        if shares
        else f"{text('ranking.effect', lang)} ({unit})"
    )
    chart.update_yaxes(autorange="reversed", showgrid=False)
    chart.update_layout(showlegend=False)
    return finish(chart, 150 + 30 * len(rows))


def box_figure(document: Data, lang: str = "en") -> go.Figure | None:
    """Bounds of a PRIM box as bars within the range of each number, from its lowest to its highest.

    ``document``: a discovery as data (:meth:`calibration.discovery.Discovery.document`).
    """
    box = document["box"]
    if box is None or not box["bounds"]:
        return None
    ranges = document["ranges"]
    names, starts, lengths, said, told = [], [], [], [], []
    for row in box["bounds"]:
        low, high = ranges[row["field"]]
        width = (high - low) or 1.0
        names.append(escaped(row["field"].removeprefix("world.")))
        told.append(factor_meaning(row["field"], lang))
        starts.append((row["low"] - low) / width)
        lengths.append((row["high"] - row["low"]) / width)
        said.append(f"{row['low']:.3g} … {row['high']:.3g}")
    whole = go.Bar(
        x=[1.0] * len(names), y=names, orientation="h", marker={"color": _BAND}, hoverinfo="skip",
        name=text("discover.range", lang),
    )  # fmt: skip
    held = go.Bar(
        x=lengths, y=names, base=starts, orientation="h", marker={"color": COLOURS[4]}, text=said,
        textposition="inside", name=text("discover.inside", lang),
        customdata=told, hovertemplate="%{text}<br>%{customdata}<extra>%{y}</extra>",
    )  # fmt: skip
    chart = go.Figure([whole, held])
    chart.update_layout(barmode="overlay")
    chart.update_xaxes(
        tickvals=[0, 1],
        ticktext=[text("discover.lowest", lang), text("discover.highest", lang)],
        range=[-0.06, 1.06],  # a name that reaches over the edge is left out
    )
    chart.update_yaxes(autorange="reversed", showgrid=False)
    return finish(chart, 170 + 44 * len(names))


def trail_figure(document: Data, lang: str = "en") -> go.Figure | None:
    """Coverage against density of all boxes on the way; the one shown is filled."""
    trail, box = document["trail"], document["box"]
    if not trail or box is None:
        return None
    chart = go.Figure(
        [
            go.Scatter(
                x=[100 * one["coverage"] for one in trail], y=[100 * one["density"] for one in trail],
                mode="lines+markers", marker={"symbol": "circle-open", "color": COLOURS[0], "size": 9},
                name=text("discover.trail", lang),
            ),
            go.Scatter(
                x=[100 * box["coverage"]], y=[100 * box["density"]], mode="markers",
                marker={"color": COLOURS[4], "size": 14}, name=text("discover.chosen", lang),
            ),
        ]
    )  # fmt: skip
    chart.update_xaxes(title_text=text("discover.coverage", lang), ticksuffix=" %")
    chart.update_yaxes(title_text=text("discover.density", lang), ticksuffix=" %")
    return finish(chart, 380)
