"""Robust choice on screen and as figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
from rich.table import Table
from rich.text import Text

from sim.cli.table import console
from sim.measures import MEASURES
from sim.report.figures import COLOURS, MARKERS, escaped, finish
from sim.report.numbers import figure, shown
from sim.spec.labels import name_of, text

Data = Mapping[str, Any]


def print_robust(document: Data, lang: str) -> None:
    """Print regret by outcome, satisficing, and the front over both worlds."""
    to = console()
    said = {"points": document["points"], "worlds": len(document["varied"])}
    to.print(Text(text("robust.title", lang, **said), "bold"))
    for outcome, rows in document["regret"].items():
        _print(
            to,
            text("robust.regret", lang, outcome=outcome_name(outcome, lang)),
            regret_rows(outcome, rows, lang),
        )
    first = name_of("strategy", document["arms"][0], lang)
    _print(to, text("robust.satisficing", lang, arm=first), satisficing_rows(document, lang))
    _print(to, text("robust.pareto", lang), pareto_rows(document, lang))
    to.print(Text(text("robust.note", lang), "dim"))


def _print(to: Any, title: str, rows: list[list[str]]) -> None:
    table = Table(title=Text(title), title_justify="left", title_style="bold", pad_edge=False)
    for head in rows[0]:
        table.add_column(head, overflow="fold")
    for row in rows[1:]:
        table.add_row(*row)
    to.print(table)


def outcome_name(outcome: str, lang: str) -> str:
    """An outcome with its unit."""
    label, unit = MEASURES[outcome].label, shown(MEASURES[outcome].unit).name(lang)
    name = label.zh if lang == "zh" else label.en
    return f"{name} ({unit})" if unit else name


def regret_rows(outcome: str, rows: list[Data], lang: str) -> list[list[str]]:
    """Heads, and a row for each arm, the smallest worst regret first."""
    unit = MEASURES[outcome].unit
    table = [[text(f"robust.{key}", lang) for key in ("arm", "mean", "q95", "worst", "best_share")]]
    for row in rows:
        ends = " … ".join(figure(row[end], unit) for end in ("low", "high"))
        cells = [
            f"{figure(row['mean'], unit)} [{ends}]",
            *(figure(row[key], unit) for key in ("q95", "worst")),
        ]
        table.append([name_of("strategy", row["arm"], lang), *cells, f"{100 * row['best_share']:.0f} %"])
    return table


def satisficing_rows(document: Data, lang: str) -> list[list[str]]:
    """Heads, and a row for each arm but the first."""
    worlds = list(document["varied"])
    table = [
        [text("robust.arm", lang), text("robust.share", lang), *(name_of("world", w, lang) for w in worlds)]
    ]
    for row in document["satisficing"]:
        share = f"{100 * row['share']:.0f} % [{100 * row['low']:.0f}, {100 * row['high']:.0f}]"
        here = [f"{100 * row.get(world, math.nan):.0f} %" for world in worlds]
        table.append([name_of("strategy", row["arm"], lang), share, *here])
    return table


def pareto_rows(document: Data, lang: str) -> list[list[str]]:
    """Heads, and a row for each world and arm."""
    outcomes = document["outcomes"]
    heads = [text(f"robust.{key}", lang) for key in ("world", "arm", "front", "front_share")]
    table = [[*heads, *(outcome_name(outcome, lang) for outcome in outcomes)]]
    for row in document["pareto"]:
        world = text("robust.all", lang) if row["world"] == "all" else name_of("world", row["world"], lang)
        cells = [figure(row[outcome], MEASURES[outcome].unit) for outcome in outcomes]
        front = text("robust.yes" if row["front"] else "robust.no", lang)
        share = f"{100 * row['front_share']:.0f} %"
        table.append([world, name_of("strategy", row["arm"], lang), front, share, *cells])
    return table


def regret_figure(document: Data, outcome: str, lang: str = "en") -> go.Figure:
    """Bars of the mean regret with its interval, and a mark at the worst point, by arm."""
    rows, factor = document["regret"][outcome], shown(MEASURES[outcome].unit).factor
    names = [escaped(name_of("strategy", row["arm"], lang)) for row in rows]
    mean = [factor * row["mean"] for row in rows]
    bars = go.Bar(
        x=mean, y=names, orientation="h", marker={"color": COLOURS[0]}, name=text("robust.mean", lang),
        error_x={
            "type": "data", "symmetric": False, "color": "rgba(128,128,128,0.9)",
            "array": [factor * row["high"] - value for row, value in zip(rows, mean, strict=True)],
            "arrayminus": [value - factor * row["low"] for row, value in zip(rows, mean, strict=True)],
        },
    )  # fmt: skip
    worst = go.Scatter(
        x=[factor * row["worst"] for row in rows], y=names, mode="markers", name=text("robust.worst", lang),
        marker={"symbol": "line-ns-open", "size": 20, "line": {"width": 3}, "color": COLOURS[4]},
    )  # fmt: skip
    chart = go.Figure([bars, worst])
    chart.update_xaxes(title_text=outcome_name(outcome, lang), rangemode="tozero")
    chart.update_yaxes(autorange="reversed", showgrid=False)
    return finish(chart, 170 + 34 * len(rows))


def front_figure(document: Data, lang: str = "en") -> go.Figure:
    """Cost against recovery for each arm and world; filled marks are on the front, size grows with harm."""
    recovery, cost, harm = document["outcomes"][:3]
    most = max((row[harm] for row in document["pareto"]), default=0.0) or 1.0
    chart = go.Figure()
    for place, arm in enumerate(document["arms"]):
        rows = [row for row in document["pareto"] if row["arm"] == arm and row["world"] != "all"]
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        chart.add_trace(
            go.Scatter(
                x=[shown(MEASURES[cost].unit).factor * row[cost] for row in rows],
                y=[shown(MEASURES[recovery].unit).factor * row[recovery] for row in rows],
                mode="markers+text", text=[escaped(name_of("world", row["world"], lang)) for row in rows],
                textposition="top center", name=escaped(name_of("strategy", arm, lang)),
                marker={
                    "color": colour, "size": [12 + 22 * math.sqrt(row[harm] / most) for row in rows],
                    "symbol": [marker if row["front"] else f"{marker}-open" for row in rows],
                    "line": {"width": 2, "color": colour},
                },
            )
        )  # fmt: skip
    # room for names that stand over the outermost points
    most_paid = max((row[cost] for row in document["pareto"]), default=0.0)
    end = 1.2 * most_paid * shown(MEASURES[cost].unit).factor or 1.0
    chart.update_xaxes(title_text=outcome_name(cost, lang), range=[0, end])
    chart.update_yaxes(title_text=outcome_name(recovery, lang), rangemode="tozero")
    return finish(chart, 460)
