"""A comparison on a page: tiles with paired intervals, charts, the table, how to repeat it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.state import language, say
from sim.report import figures, run_figures
from sim.report.content import Content, Row
from sim.report.numbers import figure, interval, shown
from sim.spec.labels import texts

TILES = (
    "cure_rate_90d",
    "recovery_rate",
    "cost_per_100",
    "complaints_per_1000_borrowers",
    "npl_ratio",
    "firm_failures",
)
_CHARTS = (
    ("effects", figures.effects, figures.EFFECTS),
    ("liquidation", figures.liquidation, ("recovery_rate",)),
    ("tradeoff", figures.tradeoff, ("cost_per_100", "recovery_rate", "complaints_per_1000")),
    ("rolls", run_figures.rolls, ()),
    ("weekly", figures.weekly, figures.WEEKLY),
    ("survival", run_figures.survival, ("cure_rate_180d",)),
    ("reproduction", run_figures.reproduction, ("reproduction_number",)),
    ("sectors", figures.sectors, ("firm_failures",)),
)


def show(content: Content, page: str) -> None:
    """All of a comparison."""
    lang = language()
    against = say("left_alone") if content.reference is None else _name(content, "arm", content.reference)
    st.caption(say("compared", runs=content.runs, weeks=content.weeks, against=against))
    for world in content.worlds:
        st.markdown(f"#### {_name(content, 'world', world)}")
        _tiles(content, world)
    names = [name for name, draw, _ in _CHARTS]
    tabs = st.tabs([*(say(f"chart_{name}") for name in names), say("table"), say("reproduce")])
    for tab, (name, draw, measures) in zip(tabs, _CHARTS, strict=False):
        with tab:
            charts.show(
                draw(content, lang), f"{page}-{name}", lang, charts.definitions(content, measures, lang)
            )
    with tabs[-2]:
        _table(content, page)
    with tabs[-1]:
        st.code(content.command, language="bash")
        st.code(content.python, language="python")


def _name(content: Content, kind: str, name: str) -> str:
    if kind == "arm" and f"dash.arm_{name}" in texts("en"):
        return say(f"arm_{name}")
    found = content.label(kind, name)
    return found.zh if language() == "zh" else found.en


def _tiles(content: Content, world: str) -> None:
    """One row an arm: its mean, and the paired difference with its interval in words."""
    for arm in content.arms:
        st.markdown(f"**{_name(content, 'arm', arm)}**")
        rows = [content.row(world, arm, name) for name in TILES]
        places = [place for _ in range(0, len(TILES), 3) for place in st.columns(3)]
        for column, row in zip(places, rows, strict=True):
            if row is None:
                continue
            unit = shown(row.unit).name(language())
            label = _name(content, "measure", row.measure)
            column.metric(
                f"{label} ({unit})" if unit else label,
                "–" if row.mean is None else figure(row.mean, row.unit),
            )
            column.caption(difference(row))


def difference(row: Row) -> str:
    """The effect with its interval; 'no clear difference' where that holds zero; nothing for a reference."""
    if row.effect is None:
        return "" if row.mean is not None else row.reason or ""
    ends = interval(row.effect_low, row.effect_high, row.unit, signed=True)
    told = f"{figure(row.effect, row.unit, signed=True)} {ends}"
    if row.equal:
        return say("same")
    return f"{told}  \n{say('unclear')}" if row.unclear or row.effect_low is None else told


def _table(content: Content, page: str) -> None:
    rows = [
        {
            say("world"): _name(content, "world", row.world),
            say("arm"): _name(content, "arm", row.arm),
            say("measure"): _name(content, "measure", row.measure),
            "id": row.measure,
            say("unit"): row.unit,
            say("mean"): row.mean,
            say("low"): row.low,
            say("high"): row.high,
            say("effect"): row.effect,
            say("effect_low"): row.effect_low,
            say("effect_high"): row.effect_high,
            "n": row.n,
        }
        for row in content.rows
    ]
    frame = pd.DataFrame(rows)
    st.dataframe(frame, hide_index=True, width="stretch")
    st.download_button(
        say("csv"),
        charts.to_csv(map(str, frame.columns), _plain(frame)),
        f"arrears-{page}.csv",
        "text/csv",
        key=f"csv.{page}.table",
        on_click="ignore",
    )


def _plain(frame: pd.DataFrame) -> Iterable[Iterable[object]]:
    return frame.astype(object).where(frame.notna(), "").itertuples(index=False)
