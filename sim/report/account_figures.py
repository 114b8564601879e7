"""Figures of accounts in groups: cohorts, funnel, history of a roll rate, segments, runs won."""

from __future__ import annotations

from typing import Any, cast

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sim.experiments.winners import JUDGED
from sim.report.content import Content
from sim.report.figures import STAGES, arm_line, arm_style, finish, named, panels
from sim.report.numbers import shown
from sim.report.panel_titles import wrapped
from sim.report.wording import word

#: Steps of the funnel as they are drawn, from the top.
STEPS = ("placed", "tried", "reached", "talked", "promised", "kept", "cured")
#: Light to dark, the newest cohort darkest; told apart by colour-blind readers by their lightness.
_SHADES = ("#8DB9DC", "#6CA3D0", "#4B8CC3", "#2F76B3", "#1C5F9A", "#114A7D", "#0B3861", "#072848", "#041A31")
_LISTED = -1


def _roomy(chart: go.Figure, height: int) -> go.Figure:
    """The shared look, with room at the right for names of worlds on two lines."""
    return finish(chart, height).update_layout(margin_r=50)


def cohorts(content: Content, lang: str = "en", stage: str = "all") -> go.Figure | None:
    """Recovered share 30 to 360 days after placement, a line for each quarter of placement, by arm and world.

    ``stage``: age of debt at placement, or ``all``.
    """
    table = content.cohorts
    if table.empty:
        return None
    table = table[(table["stage"] == stage) & table["share"].notna()]
    if table.empty:
        return None
    arms = list(content.arms)
    chart = panels(content, arms, [named(content, "arm", arm, lang) for arm in arms], lang)
    order = sorted(table["cohort"].unique())
    for line, world in enumerate(content.worlds, 1):
        for column, arm in enumerate(arms, 1):
            here = table[(table["world"] == world) & (table["arm"] == arm)]
            for place, cohort in enumerate(order):
                part = here[here["cohort"] == cohort].sort_values("weeks")
                if part.empty:
                    continue
                first = line == column == 1
                chart.add_trace(_cohort(part, int(cohort), place, lang, first), row=line, col=column)
    chart.update_yaxes(ticksuffix=" %", rangemode="tozero")
    chart.update_xaxes(
        title_text=word("weeks_after", lang), row=len(content.worlds), tickvals=[4, 13, 26, 52]
    )
    return _roomy(chart, 130 + 280 * len(content.worlds))


def _cohort(part: pd.DataFrame, cohort: int, place: int, lang: str, legend: bool) -> go.Scatter:
    listed = cohort == _LISTED
    name = word("cohort_listed" if listed else "cohort_weeks", lang, first=cohort, last=cohort + 12)
    return go.Scatter(
        x=part["weeks"].tolist(), y=[float(f"{100 * share:.4g}") for share in part["share"]], name=name,
        mode="lines+markers", legendgroup=str(cohort), showlegend=legend,
        line={"color": "#E69F00" if listed else _SHADES[min(place, len(_SHADES) - 1)],
              "dash": "dash" if listed else "solid", "width": 2},
        hovertemplate="%{y:.3~g} %<extra>%{fullData.name}</extra>",
    )  # fmt: skip


def funnel(content: Content, lang: str = "en", stage: str = "all") -> go.Figure | None:
    """Share of the accounts placed that came to each step, by arm and world."""
    table = content.funnel
    if table.empty:
        return None
    table = table[table["stage"] == stage]
    if table["share"].notna().sum() == 0:
        return None
    chart = panels(content, ["f"], [""], lang)
    labels = [word(f"step.{step}", lang) for step in STEPS]
    for line, world in enumerate(content.worlds, 1):
        for arm in content.arms:
            part = table[(table["world"] == world) & (table["arm"] == arm)].set_index("step")["share"]
            values = [100 * float(part.get(step, float("nan"))) for step in STEPS]
            chart.add_trace(
                go.Bar(
                    y=labels, x=[None if value != value else round(value, 2) for value in values],
                    orientation="h", name=named(content, "arm", arm, lang), legendgroup=arm,
                    showlegend=line == 1, marker={"color": arm_style(content, arm)[0]},
                    texttemplate="%{x:.0f}", textposition="outside", cliponaxis=False,
                    hovertemplate="%{y}: %{x:.3~g} %<extra>%{fullData.name}</extra>",
                ),
                row=line, col=1,
            )  # fmt: skip
    chart.update_yaxes(autorange="reversed", showgrid=False)
    chart.update_xaxes(ticksuffix=" %", range=[0, 108])
    chart.update_layout(barmode="group", bargap=0.25)
    return _roomy(chart, 110 + len(content.worlds) * (40 + 7 * (16 + 15 * len(content.arms))))


def roll_cell(content: Content, start: str, end: str, lang: str = "en") -> go.Figure | None:
    """The history of one cell of the roll-rate matrix: its share month by month, by arm and world."""
    table = content.roll_history
    if table.empty:
        return None
    table = table[(table["from"] == start) & (table["to"] == end)]
    title = f"{word(f'bucket.{start}', lang)} → {word(f'bucket.{end}', lang)}"
    chart = panels(content, ["r"], [title], lang)
    months = sorted(content.roll_history["week"].unique())
    for line, world in enumerate(content.worlds, 1):
        for arm in content.arms:
            part = table[(table["world"] == world) & (table["arm"] == arm)].set_index("week")["share"]
            whole = part.reindex(months).fillna(0.0)
            trace = arm_line(content, arm, pd.Series(months), whole * 100.0, lang, line == 1)
            trace.mode = "lines+markers"
            chart.add_trace(trace, row=line, col=1)
    chart.update_yaxes(ticksuffix=" %", rangemode="tozero")
    chart.update_xaxes(title_text=word("week", lang), row=len(content.worlds))
    return _roomy(chart, 120 + 200 * len(content.worlds))


def spared(content: Content, lang: str = "en") -> go.Figure | None:
    """Net gain of work an account by age and size of debt; an interval left of zero: better left alone."""
    table = content.spared.dropna(subset=["net"]) if len(content.spared) else content.spared
    if table.empty:
        return None
    chart = panels(content, ["s"], [""], lang)
    factor = shown("yuan").factor / 100.0
    keys = list(table[["stage", "size"]].drop_duplicates().itertuples(index=False))
    keys.sort(key=lambda key: (STAGES.index(key[0]), ("small", "medium", "large").index(key[1])))
    names = [f"{named(content, 'stage', stage, lang)}, {word(f'size.{size}', lang)}" for stage, size in keys]
    for line, world in enumerate(content.worlds, 1):
        for arm in content.arms:
            part = table[(table["world"] == world) & (table["arm"] == arm)].set_index(["stage", "size"])
            rows = [part.loc[tuple(key)] if tuple(key) in part.index else None for key in keys]
            colour, marker, _ = arm_style(content, arm)
            mid = [None if row is None else row["net"] * factor for row in rows]
            up = [0 if row is None else _gap(row["high"], row["net"]) * factor for row in rows]
            down = [0 if row is None else _gap(row["net"], row["low"]) * factor for row in rows]
            chart.add_trace(
                go.Scatter(
                    x=mid, y=names, mode="markers", orientation="h", legendgroup=arm, offsetgroup=arm,
                    name=named(content, "arm", arm, lang), showlegend=line == 1,
                    marker={"color": colour, "symbol": marker, "size": 9},
                    error_x={"type": "data", "symmetric": False, "array": up, "arrayminus": down,
                             "color": colour, "thickness": 2, "width": 4},
                    text=["" if row is None else _hover(row, factor, lang) for row in rows],
                    hovertemplate="%{x:,.0f}<br>%{text}<extra>%{fullData.name}, %{y}</extra>",
                ),
                row=line, col=1,
            )  # fmt: skip
    chart.update_yaxes(type="category", categoryorder="array", categoryarray=names[::-1], showgrid=False)
    chart.update_xaxes(zeroline=True, zerolinewidth=2)
    chart.update_xaxes(title_text=word("net_gain", lang), row=len(content.worlds))
    chart.update_layout(scattermode="group", scattergap=0.35)
    return _roomy(chart, 130 + len(content.worlds) * len(keys) * max(26, 16 * len(content.arms)))


def _hover(row: pd.Series[Any], factor: float, lang: str) -> str:
    return word(
        "segment_hover", lang, accounts=f"{row['accounts']:.0f}", more=f"{row['more'] * factor:,.0f}",
        cost=f"{row['cost'] * factor:,.0f}",
    )  # fmt: skip


def _gap(high: float, low: float) -> float:
    gap = high - low
    return float(gap) if gap == gap else 0.0


def won(content: Content, lang: str = "en") -> go.Figure | None:
    """Share of paired runs in which an arm did better than the reference, with intervals, by measure."""
    table = content.sureness
    if table.empty:
        return None
    table = table[table["measure"].isin(JUDGED)].dropna(subset=["won"])
    if table.empty:
        return None
    measures = [name for name in JUDGED if name in set(table["measure"])]
    # beside the names of measures panels are narrow
    titles = [wrapped(named(content, "world", world, lang), 20) for world in content.worlds]
    chart = make_subplots(
        rows=1, cols=len(content.worlds), shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=titles
    )
    names = [wrapped(named(content, "measure", measure, lang), 24) for measure in measures]
    for column, world in enumerate(content.worlds, 1):
        for arm in content.arms:
            part = table[(table["world"] == world) & (table["arm"] == arm)].set_index("measure")
            known = [measure for measure in measures if measure in part.index]
            colour, marker, _ = arm_style(content, arm)
            if not known:
                continue
            share, low, high = (
                [100 * float(cast(float, part.loc[m, name])) for m in known]
                for name in ("won", "won_low", "won_high")
            )
            chart.add_trace(
                go.Scatter(
                    x=share, y=[names[measures.index(m)] for m in known], mode="markers", orientation="h",
                    name=named(content, "arm", arm, lang), legendgroup=arm, offsetgroup=arm,
                    showlegend=column == 1, marker={"color": colour, "symbol": marker, "size": 10},
                    error_x={"type": "data", "symmetric": False, "color": colour, "thickness": 2, "width": 4,
                             "array": [h - s for h, s in zip(high, share, strict=True)],
                             "arrayminus": [s - lo for lo, s in zip(low, share, strict=True)]},
                    hovertemplate="%{x:.0f} %<extra>%{fullData.name}, %{y}</extra>",
                ),
                row=1, col=column,
            )  # fmt: skip
        chart.add_vline(x=50, line={"color": "rgba(128,128,128,.9)", "dash": "dot"}, row=1, col=column)
    chart.update_xaxes(range=[-3, 103], ticksuffix=" %")
    chart.update_yaxes(type="category", categoryorder="array", categoryarray=names[::-1], showgrid=False)
    chart.update_layout(scattermode="group", scattergap=0.35)
    return _roomy(chart, 140 + len(measures) * max(30, 18 * len(content.arms)))
