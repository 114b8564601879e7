"""Figures of a change of rules: difference over time, who gains and loses, balance sheets."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sim.report.content import Content
from sim.report.figures import (
    TWO_SIDED,
    WEEKLY,
    arm_style,
    escaped,
    finish,
    named,
    weekly_factor,
    weekly_title,
)
from sim.report.numbers import figure, in_millions, interval, shown
from sim.report.wording import word

KINDS = ("transfer", "resource", "hardship")
PARTIES = ("borrowers", "lenders", "collectors", "firms", "government")
#: Colour of a difference by whether its interval holds zero.
_CLEAR, _UNCLEAR = "#0072B2", "rgba(128,128,128,.75)"
_MOST_SECTORS = 12


def difference_over_time(content: Content, lang: str = "en") -> go.Figure | None:
    """Paired difference from the reference week by week with its band: a row a figure, a column a world."""
    table = content.weekly_differences
    if table.empty:
        return None
    names = [name for name in WEEKLY if (table["figure"] == name).any()]
    names = [name for name in names if table.loc[table["figure"] == name, "difference"].notna().any()]
    if not names:
        return None
    chart = make_subplots(
        rows=len(names), cols=len(content.worlds), shared_xaxes=True, shared_yaxes="rows",
        horizontal_spacing=0.04, vertical_spacing=0.24 / len(names),
        subplot_titles=[
            weekly_title(content, name, world, lang) for name in names for world in content.worlds
        ],
    )  # fmt: skip
    for line, name in enumerate(names, 1):
        for column, world in enumerate(content.worlds, 1):
            for arm in content.arms:
                here = (table["world"] == world) & (table["arm"] == arm) & (table["figure"] == name)
                part = table[here].dropna(subset=["difference"])
                for trace in _band(content, arm, part, weekly_factor(name), lang, line == column == 1):
                    chart.add_trace(trace, row=line, col=column)
    chart.update_yaxes(zeroline=True, zerolinewidth=2)
    chart.update_xaxes(title_text=word("week", lang), row=len(names))
    return finish(chart, 110 + 180 * len(names))


def _band(
    content: Content, arm: str, part: pd.DataFrame, factor: float, lang: str, legend: bool
) -> list[go.Scatter]:
    """The difference of an arm over its band; nothing for the reference, which has none."""
    if part.empty:
        return []
    colour, _, dash = arm_style(content, arm)
    known = part.dropna(subset=["low", "high"])
    edges = [*(known["high"] * factor), *(known["low"] * factor)[::-1]]
    weeks = known["week"].tolist()
    name = named(content, "arm", arm, lang)
    return [
        go.Scatter(
            x=[*weeks, *weeks[::-1]], y=[float(f"{y:.5g}") for y in edges], fill="toself", mode="lines",
            line={"width": 0, "color": colour}, opacity=0.25, hoverinfo="skip", showlegend=False,
            legendgroup=arm, name=f"{name}, 95 %",
        ),
        go.Scatter(
            x=part["week"].tolist(), y=[float(f"{y * factor:.5g}") for y in part["difference"]], mode="lines",
            line={"color": colour, "dash": dash, "width": 2}, name=name, legendgroup=arm, showlegend=legend,
            hovertemplate="%{y:+,.4~g}<extra>%{fullData.name}</extra>",
        ),
    ]  # fmt: skip


def gain_items(content: Content, kind: str) -> list[tuple[str, str]]:
    """(party, item) of one kind that have a figure, party by party."""
    table = content.gains
    if table.empty:
        return []
    table = table[(table["kind"] == kind) & (table["by"] == "all") & table["difference"].notna()]
    items = list(table[["party", "item"]].drop_duplicates().itertuples(index=False, name=None))
    return sorted(items, key=lambda pair: PARTIES.index(pair[0]))


#: Figures of borrowers that are amounts for each of them.
_EACH = (
    "received_late",
    "displaced_payments",
    "collection_cost",
    "essentials_missed",
    "attempts",
    "over_180d",
)


def gain_unit(unit: str, party: str, item: str) -> str:
    """The unit in which an item is shown: of borrowers for each of them, of others in millions of yuan."""
    return unit if party == "borrowers" and item in _EACH else in_millions(unit)


def gain_name(party: str, item: str, unit: str, lang: str) -> str:
    """Item with its unit in words."""
    each = word("each_borrower", lang) if party == "borrowers" and item in _EACH else ""
    inside = " ".join(part for part in (shown(gain_unit(unit, party, item)).name(lang), each) if part)
    return f"{word(f'item.{item}', lang)} ({inside})" if inside else word(f"item.{item}", lang)


def gains_by_group(content: Content, item: str, lang: str = "en") -> go.Figure | None:
    """One item of borrowers by age and income, with intervals. Grey rings: the interval holds zero."""
    table = content.gains
    if table.empty:
        return None
    table = table[(table["party"] == "borrowers") & (table["item"] == item) & table["difference"].notna()]
    if table.empty:
        return None
    chart = go.Figure(_gain_dots(content, table, lang))
    chart.update_yaxes(type="category", autorange="reversed", showgrid=False)
    title = escaped(gain_name("borrowers", item, str(table["unit"].iloc[0]), lang))
    chart.update_xaxes(zeroline=True, zerolinewidth=2, title_text=title)
    return _short(chart, len(table))


def _short(chart: go.Figure, rows: int) -> go.Figure:
    found = finish(chart, 90 + 30 * rows)
    found.update_layout(showlegend=False, margin={"t": 30})
    return found


def _gain_dots(content: Content, rows: pd.DataFrame, lang: str) -> go.Scatter:
    unit = gain_unit(*(str(rows[name].iloc[0]) for name in ("unit", "party", "item")))
    factor = shown(unit).factor
    several = len(content.worlds) > 1 or rows["arm"].nunique() > 1
    names, texts, colours = [], [], []
    for row in rows.to_dict("records"):
        name = _group_name(content, row["by"], row["group"], lang)
        if several:
            world, arm = named(content, "world", row["world"], lang), named(content, "arm", row["arm"], lang)
            name = f"{name} · {world}" if rows["arm"].nunique() < 2 else f"{name} · {arm} · {world}"
        names.append(name)
        open_ended = row["low"] != row["low"]
        unclear = open_ended or row["low"] <= 0 <= row["high"]
        colours.append(_UNCLEAR if unclear else _CLEAR)
        ends = "" if open_ended else interval(row["low"], row["high"], unit, signed=True)
        note = f"<br>{word('unclear', lang)}" if unclear else ""
        texts.append(f"{figure(row['difference'], unit, signed=True)} {ends}{note}")
    mid = (rows["difference"] * factor).tolist()
    up = ((rows["high"] - rows["difference"]) * factor).fillna(0).tolist()
    down = ((rows["difference"] - rows["low"]) * factor).fillna(0).tolist()
    return go.Scatter(
        x=mid, y=names, mode="markers", text=texts, hovertemplate="%{y}: %{text}<extra></extra>",
        name=f"{rows['party'].iloc[0]}: {rows['item'].iloc[0]}",
        marker={"color": colours, "size": 10, "symbol": ["circle" if c == _CLEAR else "circle-open" for c in
                                                         colours]},
        error_x={"type": "data", "symmetric": False, "array": up, "arrayminus": down,
                 "color": "rgba(128,128,128,.9)", "thickness": 2, "width": 5},
    )  # fmt: skip


def _group_name(content: Content, by: str, group: str, lang: str) -> str:
    if by == "sector":
        return named(content, "sector", group, lang)
    return word("group_all", lang) if by == "all" else word(f"{by}.{group}", lang)


def gains_by_sector(content: Content, item: str, lang: str = "en") -> go.Figure | None:
    """One item of firms by sector: the sectors whose differences are largest, with intervals."""
    table = content.gains
    if table.empty:
        return None
    table = table[(table["by"] == "sector") & (table["item"] == item) & table["difference"].notna()]
    table = table[(table["base"] != 0) | (table["mean"] != 0)]
    if table.empty:
        return None
    size = table.assign(size=table["difference"].abs()).groupby("group")["size"].max()
    chosen = list(size.sort_values(ascending=False).index[:_MOST_SECTORS])
    table = table[table["group"].isin(chosen)]
    table = table.iloc[sorted(range(len(table)), key=lambda row: chosen.index(table["group"].iloc[row]))]
    chart = go.Figure(_gain_dots(content, table, lang))
    chart.update_yaxes(type="category", autorange="reversed", showgrid=False)
    title = escaped(gain_name("firms", item, str(table["unit"].iloc[0]), lang))
    chart.update_xaxes(zeroline=True, zerolinewidth=2, title_text=title)
    return _short(chart, len(table))


def balance_sheet(content: Content, arm: str, lang: str = "en", difference: bool = False) -> go.Figure | None:
    """The balance-sheet matrix of an arm at the end, or its difference from the reference, a panel a world.

    Rows are claims and debts, columns sectors, in millions of yuan; every column sums to zero with net worth.
    """
    table = content.balance_sheets
    if table.empty:
        return None
    table = table[table["arm"] == arm]
    column = "difference" if difference else "value"
    if table[column].isna().all():
        return None
    chart = make_subplots(
        rows=len(content.worlds), cols=1, vertical_spacing=0.2 / len(content.worlds),
        row_titles=[named(content, "world", world, lang) for world in content.worlds],
    )  # fmt: skip
    rows = list(dict.fromkeys(table["row"]))
    sectors = list(dict.fromkeys(table["sector"]))
    for line, world in enumerate(content.worlds, 1):
        here = table[table["world"] == world]
        wide = here.pivot(index="row", columns="sector", values=column).reindex(rows, columns=sectors) / 1e8
        chart.add_trace(_sheet(wide, here, rows, sectors, difference, lang), row=line, col=1)
    chart.update_yaxes(autorange="reversed", showgrid=False)
    chart.update_xaxes(showgrid=False, side="top")
    found = finish(chart, 150 + len(content.worlds) * (90 + 34 * len(rows)))
    return found.update_layout(margin_t=90)  # names of sectors below the chart's tools


def _sheet(
    wide: pd.DataFrame,
    here: pd.DataFrame,
    rows: list[str],
    sectors: list[str],
    difference: bool,
    lang: str,
) -> go.Heatmap:
    largest = float(wide.abs().max().max()) or 1.0
    texts = [["" if value == 0 else _cell(value, difference) for value in line] for line in wide.to_numpy()]
    if difference:
        low = here.pivot(index="row", columns="sector", values="low").reindex(rows, columns=sectors)
        high = here.pivot(index="row", columns="sector", values="high").reindex(rows, columns=sectors)
        clear = ((low > 0) | (high < 0)).to_numpy()
        texts = [
            [text if sure or not text else f"({text})" for text, sure in zip(line, sures, strict=True)]
            for line, sures in zip(texts, clear, strict=True)
        ]
    return go.Heatmap(
        z=[[float(f"{value:.6g}") for value in line] for line in wide.to_numpy()],
        x=[word(f"sheet.{name}", lang) for name in sectors], y=[word(f"sheet.{name}", lang) for name in rows],
        text=texts, texttemplate="%{text}", colorscale=TWO_SIDED, zmid=0, zmin=-largest, zmax=largest,
        showscale=False, hovertemplate="%{y}, %{x}: %{z:,.4~g}<extra></extra>", xgap=1, ygap=1,
    )  # fmt: skip


def _cell(value: float, signed: bool) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 3
    text = f"{value:{'+' if signed else ''},.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")
