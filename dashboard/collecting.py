"""Charts that a reader puts into the board pack, from any page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import plotly.graph_objects as go
import streamlit as st

from dashboard.pack import MOST, Chart, Pack
from sim.spec.labels import text


def collected() -> Pack:
    """The reader's pack, empty at first."""
    found: Pack = st.session_state.setdefault("pack", Pack())
    return found


def add_button(
    chart: go.Figure, key: str, lang: str, title: str, csv: Callable[[], bytes], meanings: Sequence[str]
) -> None:
    """A button that puts the chart as it is now into the pack, and says whether it is in or there is room."""
    mine = collected()
    inside = any(one.key == key for one in mine.charts)
    label = text("dash.pack_again" if inside else "dash.pack_add", lang)
    icon = ":material/inventory_2:" if inside else ":material/add_chart:"
    full = not inside and len(mine.charts) >= MOST
    help_ = text("dash.pack_full", lang, most=MOST) if full else None
    heading = title or _heading(chart) or key
    place = text("dash.pack_from", lang, chart=key)

    def added() -> None:
        """The chart as it is now goes into the pack."""
        _add(Chart(key, heading, place, chart.to_json(), csv(), tuple(meanings)), lang)

    st.button(label, key=f"pack.add.{key}", icon=icon, disabled=full, help=help_, on_click=added)


def _add(chart: Chart, lang: str) -> None:
    mine = collected()
    mine.add(chart)
    told = text("dash.pack_added", lang, count=len(mine.charts), most=MOST)
    st.toast(told, icon=":material/inventory_2:")


def _heading(chart: go.Figure) -> str:
    title = chart.layout.title.text
    return "" if title is None else str(title)
