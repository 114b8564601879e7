"""Plotly figures of a comparison, in English or Chinese.

Every function takes the :class:`~sim.report.content.Content` and a language (``en`` or ``zh``) and
returns a figure; None where the comparison holds nothing to draw. Backgrounds are transparent and
text has no colour of its own, so that a page can show a figure in light and in dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sim.report.content import Content, Row
from sim.report.numbers import figure, interval, shown
from sim.report.panel_titles import LINE, fit_titles, wrapped
from sim.report.wording import word

#: Colours that stay apart for colour-blind readers (Okabe and Ito), of middle lightness so that
#: they show on white and on black; an arm also has its own marker and dash.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#8C6D31", "#7F7F7F")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star", "cross", "hexagon")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

#: Orange below zero, pale grey at it, blue above. Opaque, since Plotly chooses the colour of words in a cell
#: for a white page.
TWO_SIDED = ((0.0, "#D55E00"), (0.5, "#F1F3F5"), (1.0, "#0072B2"))

#: Measures whose effects are drawn, as far as a comparison has them.
EFFECTS = (
    "cure_rate_90d",
    "recovery_rate",
    "cost_per_100",
    "complaints_per_1000_borrowers",
    "consumer_overdue_30_rate",
    "npl_ratio",
    "trade_overdue_share",
    "firm_failures",
    "stress_mean",
)
#: Weekly figures that are drawn, as far as a comparison has them.
WEEKLY = (
    "consumer_overdue_30_rate",
    "npl_ratio",
    "recovered_late",
    "collection_cost",
    "complaints",
    "trade_overdue_share",
    "failures",
    "employment",
    "output",
    "stress_mean",
)
STAGES = ("early", "middle", "late", "charged_off")
_GRID = "rgba(128,128,128,0.25)"
_ZERO = "rgba(128,128,128,0.9)"


def arm_style(content: Content, arm: str) -> tuple[str, str, str]:
    """Colour, marker and dash of an arm, the same in all figures."""
    place = content.arms.index(arm)
    return COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)], DASHES[place % len(DASHES)]


def named(content: Content, kind: str, name: str, lang: str) -> str:
    """The label of an arm, world, stage, sector or measure, safe for Plotly."""
    text = content.label(kind, name)
    # Plotly reads a little markup in texts: names are the user's
    return escaped(text.zh if lang == "zh" else text.en)


def escaped(text: str) -> str:
    """A text that Plotly shows as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _has_legend(chart: go.Figure) -> bool:
    """Whether Plotly will draw a legend: where told to, else for two or more named lines, bars or points."""
    if chart.layout.showlegend is not None:
        return bool(chart.layout.showlegend)
    kinds = ("scatter", "scattergl", "bar", "box")
    drawn = [trace.showlegend for trace in chart.data if trace.type in kinds]
    return True in drawn or drawn.count(None) > 1


def _side_titles(chart: go.Figure) -> int:
    """Pixels that titles of rows at the right need, by their number of lines; 0 without such titles."""
    lines = [1 + str(one.text).count("<br>") for one in chart.layout.annotations if one.textangle == 90]
    return 18 * max(lines, default=0)


def finish(chart: go.Figure, height: int) -> go.Figure:
    """The look that all figures share, and a height in pixels, to which titles on several lines add."""
    more = LINE * fit_titles(chart)
    chart.update_layout(
        template="none",
        height=height + more,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={
            "l": 10,
            "r": 10 + _side_titles(chart),
            "t": more + (90 if _has_legend(chart) else 50),
            "b": 20,
        },
        # from the left edge, so that the tools at the right lie over none of its names
        legend={
            "orientation": "h",
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
        },
        font={"family": "system-ui, 'Noto Sans SC', 'WenQuanYi Micro Hei', sans-serif", "size": 12},
        hoverlabel={"font": {"size": 12}},
    )
    chart.update_xaxes(gridcolor=_GRID, zerolinecolor=_ZERO, automargin=True)
    chart.update_yaxes(gridcolor=_GRID, zerolinecolor=_ZERO, automargin=True)
    chart.update_annotations(font_size=13)
    return chart


def _titled(content: Content, measure: str, unit: str, lang: str, width: int = 38) -> str:
    name = named(content, "measure", measure, lang)
    unit_name = escaped(shown(unit).beside(name, lang))
    return wrapped(f"{name} ({unit_name})" if unit_name else name, width)


#: Pixels between two rows of panels: figures of the one and a title of three lines of the other.
_BETWEEN = 96


def effects(content: Content, lang: str = "en") -> go.Figure | None:
    """Dots with intervals: the effect of every arm on the main measures, one colour an arm, worlds apart."""
    found = {
        measure: [row for row in content.rows if row.measure == measure and row.effect is not None]
        for measure in EFFECTS
    }
    found = {measure: rows for measure, rows in found.items() if rows}
    if not found:
        return None
    columns = min(3, len(found))
    lines = math.ceil(len(found) / columns)
    panel = 50 + 20 * len(content.worlds) * max(2, len(content.arms))
    drawn = lines * panel + (lines - 1) * _BETWEEN
    chart = make_subplots(
        rows=lines,
        cols=columns,
        shared_yaxes=True,
        horizontal_spacing=0.04,
        vertical_spacing=_BETWEEN / drawn,
        subplot_titles=[_titled(content, name, rows[0].unit, lang, 99) for name, rows in found.items()],
    )
    for place, rows in enumerate(found.values()):
        for arm in content.arms:
            own = [row for row in rows if row.arm == arm]
            if own:
                trace = _effect_trace(content, own, lang, place == 0)
                chart.add_trace(trace, row=place // columns + 1, col=place % columns + 1)
    worlds = [_beside(content, world, lang) for world in content.worlds]
    chart.update_yaxes(
        type="category", categoryorder="array", categoryarray=worlds[::-1], showgrid=False, zeroline=False
    )
    chart.update_xaxes(zeroline=True, zerolinewidth=2, nticks=5, tickangle=0)
    # several arms of one world stand below each other
    chart.update_layout(scattermode="group", scattergap=0.35)
    above, below = 90, 30  # a legend and titles of one line; figures of the last row
    return finish(chart, drawn + above + below).update_layout(margin_b=below)


def _beside(content: Content, world: str, lang: str) -> str:
    """The name of a world beside its panels, on short lines that leave them room."""
    return wrapped(named(content, "world", world, lang), 16)


def _effect_trace(content: Content, rows: Sequence[Row], lang: str, legend: bool) -> go.Scatter:
    colour, marker, _ = arm_style(content, rows[0].arm)
    factor = shown(rows[0].unit).factor
    values = [(row.effect or 0.0) * factor for row in rows]
    highs = [row.effect if row.effect_high is None else row.effect_high for row in rows]
    lows = [row.effect if row.effect_low is None else row.effect_low for row in rows]
    unclear = word("unclear", lang)
    return go.Scatter(
        x=values,
        y=[_beside(content, row.world, lang) for row in rows],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [(high or 0.0) * factor - value for high, value in zip(highs, values, strict=True)],
            "arrayminus": [value - (low or 0.0) * factor for low, value in zip(lows, values, strict=True)],
            "color": colour,
            "thickness": 2,
            "width": 5,
        },
        mode="markers",
        orientation="h",
        marker={"color": colour, "symbol": marker, "size": 10},
        name=named(content, "arm", rows[0].arm, lang),
        legendgroup=rows[0].arm,
        offsetgroup=rows[0].arm,
        showlegend=legend,
        text=[
            f"{figure(row.effect or 0.0, row.unit, signed=True)} "
            f"{interval(row.effect_low, row.effect_high, row.unit, signed=True)}"
            + (f"<br>{unclear}" if row.unclear else "")
            for row in rows
        ],
        hovertemplate="%{text}<extra>%{fullData.name}, %{y}</extra>",
    )


def liquidation(content: Content, lang: str = "en") -> go.Figure | None:
    """Liquidation curves: recovered share over weeks since placement, by age of debt and world."""
    curves = content.curves
    if curves.empty or curves["share"].notna().sum() == 0:
        return None
    stages = [stage for stage in STAGES if stage in set(curves["stage"])]
    titles = [named(content, "stage", stage, lang) for stage in stages]
    chart = panels(content, stages, titles, lang)
    for line, world in enumerate(content.worlds, 1):
        for column, stage in enumerate(stages, 1):
            for arm in content.arms:
                part = curves[
                    (curves["world"] == world) & (curves["arm"] == arm) & (curves["stage"] == stage)
                ].dropna(subset=["share"])
                trace = arm_line(
                    content, arm, part["weeks"], part["share"] * 100.0, lang, line == column == 1
                )
                chart.add_trace(trace, row=line, col=column)
    chart.update_yaxes(ticksuffix=" %", rangemode="tozero")
    chart.update_xaxes(title_text=word("week", lang), row=len(content.worlds))
    return finish(chart, 130 + 250 * len(content.worlds))


def panels(content: Content, columns: Sequence[str], titles: Sequence[str], lang: str) -> go.Figure:
    """Panels with a row for each world; titles above the first row, worlds at the side."""
    lines = len(content.worlds)
    return make_subplots(
        rows=lines,
        cols=len(columns),
        shared_xaxes=True,
        shared_yaxes=True,
        horizontal_spacing=0.02,
        vertical_spacing=0.07,
        column_titles=list(titles),
        row_titles=[wrapped(named(content, "world", world, lang), 24) for world in content.worlds],
    )


def arm_line(
    content: Content, arm: str, x: pd.Series[float], y: pd.Series[float], lang: str, legend: bool
) -> go.Scatter:
    """The line of an arm in its colour and dash."""
    colour, _, dash = arm_style(content, arm)
    return go.Scatter(
        x=x.to_list(),
        y=[float(f"{value:.5g}") for value in y],
        mode="lines",
        line={"color": colour, "dash": dash, "width": 2},
        name=named(content, "arm", arm, lang),
        legendgroup=arm,
        showlegend=legend,
        hovertemplate="%{y:,.4~g}<extra>%{fullData.name}</extra>",
    )


def weekly(content: Content, lang: str = "en") -> go.Figure | None:
    """Weekly figures of every arm: a row for each figure, a column for each world."""
    series = content.series
    names = [name for name in WEEKLY if name in series and series[name].notna().any()]
    if not names:
        return None
    chart = make_subplots(
        rows=len(names),
        cols=len(content.worlds),
        shared_xaxes=True,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        vertical_spacing=0.3 / len(names),
        subplot_titles=[
            weekly_title(content, name, world, lang) for name in names for world in content.worlds
        ],
    )
    for line, name in enumerate(names, 1):
        factor = weekly_factor(name)
        for column, world in enumerate(content.worlds, 1):
            for arm in content.arms:
                part = series[(series["world"] == world) & (series["arm"] == arm)].dropna(subset=[name])
                trace = arm_line(content, arm, part["week"], part[name] * factor, lang, line == column == 1)
                chart.add_trace(trace, row=line, col=column)
    chart.update_xaxes(title_text=word("week", lang), row=len(names))
    return finish(chart, 110 + 190 * len(names))


_WEEKLY_UNITS = {
    "consumer_overdue_30_rate": "share",
    "npl_ratio": "share",
    "trade_overdue_share": "share",
    "employment": "share",
    "recovered_late": "fen",
    "collection_cost": "fen",
    "output": "fen",
}


def weekly_factor(name: str) -> float:
    """What a weekly figure is multiplied by to be in the unit shown."""
    return shown(_WEEKLY_UNITS.get(name, "")).factor


def weekly_name(content: Content, name: str, lang: str) -> str:
    """The label of a weekly figure with its unit."""
    label = named(content, "measure", name, lang)
    if label == name:
        label = word(f"series.{name}", lang)
    unit = shown(_WEEKLY_UNITS.get(name, "")).beside(label, lang)
    return f"{label} ({unit})" if unit else label


def weekly_title(content: Content, name: str, world: str, lang: str) -> str:
    """A weekly figure and the world below it: panels may stand side by side."""
    return f"{weekly_name(content, name, lang)}<br>{named(content, 'world', world, lang)}"


def tradeoff(content: Content, lang: str = "en") -> go.Figure | None:
    """Cost of collection against recovery; the circle's area grows with the complaints."""
    chart = go.Figure()
    complaints = [row.mean or 0.0 for row in content.rows if row.measure == "complaints_per_1000"]
    most = max(complaints, default=0.0) or 1.0
    for world_place, world in enumerate(content.worlds):
        for arm in content.arms:
            cost = content.row(world, arm, "cost_per_100")
            recovery = content.row(world, arm, "recovery_rate")
            if cost is None or recovery is None or cost.mean is None or recovery.mean is None:
                continue
            complaint = content.row(world, arm, "complaints_per_1000")
            chart.add_trace(
                _bubble(content, cost, recovery, complaint, most, lang, hollow=world_place % 2 == 1)
            )
    if not chart.data:
        return None
    for world in content.worlds:
        front = pareto_front(content, world)
        if len(front) > 0:
            chart.add_trace(_front(content, world, front, lang))
    first = chart_rows(content)
    chart.update_xaxes(title_text=_titled(content, "cost_per_100", first[0].unit, lang), rangemode="tozero")
    chart.update_yaxes(title_text=_titled(content, "recovery_rate", first[1].unit, lang), rangemode="tozero")
    lines = len(chart.data)  # the legend has one each
    return finish(chart, 420 + 20 * lines).update_layout(margin_t=40 + 20 * lines)


#: What the Pareto front is over: cheaper, more recovered, fewer complaints.
PARETO = (("cost_per_100", -1.0), ("recovery_rate", 1.0), ("complaints_per_1000", -1.0))


def pareto_front(content: Content, world: str) -> tuple[str, ...]:
    """Arms that no other arm beats in one of cost, recovery and complaints without being worse in another.

    By the means; arms without one of the three are left out (leaving everybody alone has no cost for 100
    recovered).
    """
    points: dict[str, tuple[float, ...]] = {}
    for arm in content.arms:
        rows = [content.row(world, arm, measure) for measure, _ in PARETO]
        means = [None if row is None else row.mean for row in rows]
        if None not in means:
            points[arm] = tuple(sign * (mean or 0.0) for mean, (_, sign) in zip(means, PARETO, strict=True))
    return tuple(
        arm
        for arm, own in points.items()
        if not any(
            all(a >= b for a, b in zip(other, own, strict=True)) and other != own for other in points.values()
        )
    )


def _front(content: Content, world: str, front: Sequence[str], lang: str) -> go.Scatter:
    """A dotted line through the arms of the front, from cheap to dear, and a ring around each."""
    pairs = []
    for arm in front:
        cost, recovery = (content.row(world, arm, name) for name in ("cost_per_100", "recovery_rate"))
        assert cost is not None and recovery is not None
        pairs.append(
            ((cost.mean or 0) * shown(cost.unit).factor, (recovery.mean or 0) * shown(recovery.unit).factor)
        )
    pairs.sort()
    return go.Scatter(
        x=[x for x, _ in pairs], y=[y for _, y in pairs], mode="lines+markers",
        line={"color": "rgba(128,128,128,.9)", "dash": "dot", "width": 1.5},
        marker={"symbol": "star-open", "size": 16, "color": "rgba(128,128,128,1)", "line": {"width": 1.5}},
        name=word("pareto", lang, world=named(content, "world", world, lang)), hoverinfo="skip",
    )  # fmt: skip


def chart_rows(content: Content) -> tuple[Row, Row]:
    """Any row of the cost and any of the recovery rate, for their units."""
    cost = next(row for row in content.rows if row.measure == "cost_per_100")
    return cost, next(row for row in content.rows if row.measure == "recovery_rate")


def _bubble(
    content: Content, cost: Row, recovery: Row, complaint: Row | None, most: float, lang: str, hollow: bool
) -> go.Scatter:
    colour, _, _ = arm_style(content, cost.arm)
    complaints = complaint.mean if complaint is not None and complaint.mean is not None else 0.0
    name = f"{named(content, 'arm', cost.arm, lang)} — {named(content, 'world', cost.world, lang)}"
    label = named(content, "measure", "complaints_per_1000", lang)
    return go.Scatter(
        x=[(cost.mean or 0.0) * shown(cost.unit).factor],
        y=[(recovery.mean or 0.0) * shown(recovery.unit).factor],
        error_x=_spread(cost, colour),
        error_y=_spread(recovery, colour),
        mode="markers",
        marker={
            "color": colour,
            "symbol": "circle-open" if hollow else "circle",
            "size": 12 + 28 * math.sqrt(complaints / most),
            "opacity": 0.85,
            "line": {"width": 3, "color": colour},
        },
        name=name,
        text=[f"{label}: {figure(complaints, complaint.unit if complaint else '')}"],
        hovertemplate="%{x:,.3~f} / %{y:,.3~f}<br>%{text}<extra>%{fullData.name}</extra>",
    )


def _spread(row: Row, colour: str) -> dict[str, object]:
    """Error bar of a mean."""
    if row.mean is None or row.high is None or row.low is None:
        return {"visible": False}
    factor = shown(row.unit).factor
    return {
        "type": "data",
        "symmetric": False,
        "array": [(row.high - row.mean) * factor],
        "arrayminus": [(row.mean - row.low) * factor],
        "color": colour,
        "thickness": 1.5,
    }


def sectors(content: Content, lang: str = "en") -> go.Figure | None:
    """Bars: failed firms a run by sector, one colour an arm, one panel a world."""
    failures = content.failures
    if failures.empty or not failures["failures"].sum():
        return None
    totals = failures.groupby("sector")["failures"].sum()
    order = [str(name) for name in totals[totals > 0].sort_values(ascending=True).index]
    chart = make_subplots(
        rows=1,
        cols=len(content.worlds),
        shared_yaxes=True,
        horizontal_spacing=0.03,
        subplot_titles=[named(content, "world", world, lang) for world in content.worlds],
    )
    for column, world in enumerate(content.worlds, 1):
        for arm in content.arms:
            part = failures[(failures["world"] == world) & (failures["arm"] == arm)]
            counts = dict(zip(part["sector"].astype(str), part["failures"], strict=True))
            bar = go.Bar(
                y=[named(content, "sector", sector, lang) for sector in order],
                x=[float(counts.get(sector, 0.0)) for sector in order],
                orientation="h",
                name=named(content, "arm", arm, lang),
                marker={"color": arm_style(content, arm)[0]},
                legendgroup=arm,
                showlegend=column == 1,
                hovertemplate="%{y}: %{x:,.3~f}<extra>%{fullData.name}</extra>",
            )
            chart.add_trace(bar, row=1, col=column)
    chart.update_layout(barmode="group", bargap=0.25)
    return finish(chart, 140 + 14 * len(order) * max(2, len(content.arms)))
