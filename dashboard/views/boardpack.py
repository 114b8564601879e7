"""Board pack: charts collected from other pages, with a note, to carry into a meeting."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import streamlit as st

from dashboard import pack
from dashboard.collecting import collected
from dashboard.press import pressed
from dashboard.state import control, language, say

_MIME = {"html": "text/html", "pdf": "application/pdf", "zip": "application/zip"}


def show() -> None:
    """The page."""
    lang, mine = language(), collected()
    st.title(say("boardpack"))
    st.caption(say("boardpack_intro", most=pack.MOST))
    if not mine.charts:
        st.info(say("pack_empty"), icon=":material/inventory_2:")
        return
    heading = st.text_input(
        say("pack_heading"), st.session_state.get("pack.heading", say("pack_heading_first")), max_chars=120,
        key=control("pack", "heading"),
    )  # fmt: skip
    note = st.text_area(
        say("pack_note"), st.session_state.get("pack.note", ""), max_chars=pack.LONGEST_NOTE, height=140,
        key=control("pack", "note"),
    )  # fmt: skip
    st.session_state["pack.heading"], st.session_state["pack.note"] = heading, note
    _downloads(mine, heading, note, lang)
    for chart in list(mine.charts):
        _chart(mine, chart)


def _downloads(mine: pack.Pack, heading: str, note: str, lang: str) -> None:
    page = pack.html(mine.charts, heading, note, lang)
    with st.container(horizontal=True):
        _button("html", page.encode(), say("pack_html"))
        _button("zip", pack.tables(mine.charts), say("pack_zip"))
        if pack.chromium() is None:
            st.caption(say("pack_no_browser"))
        elif pressed(st.button, say("pack_print"), "pack.print", icon=":material/print:"):
            st.session_state["pack.pdf"] = _printed(page)
        ready = st.session_state.get("pack.pdf")
        if ready is not None and ready[0] == page:
            _button("pdf", ready[1], say("pack_pdf"))


def _printed(page: str) -> tuple[str, bytes] | None:
    with st.spinner(say("pack_printing")):
        try:
            return page, pack.pdf(page)
        except (FileNotFoundError, RuntimeError):
            st.error(say("pack_print_failed"))
            return None


def _button(kind: str, data: bytes, label: str) -> None:
    st.download_button(
        label, data, f"arrears-board-pack.{kind}", _MIME[kind], key=f"pack.{kind}", on_click="ignore",
        icon=":material/download:", type="primary" if kind == "html" else "secondary",
    )  # fmt: skip


def _chart(mine: pack.Pack, chart: pack.Chart) -> None:
    with st.container(border=True):
        st.markdown(f"##### {chart.title}")
        with st.container(horizontal=True):
            for by, icon, label in ((-1, "arrow_upward", "pack_up"), (1, "arrow_downward", "pack_down")):
                key = f"pack.{label}.{chart.key}"
                if pressed(st.button, say(label), key, icon=f":material/{icon}:"):
                    mine.move(chart.key, by)
                    st.rerun()
            if pressed(st.button, say("pack_remove"), f"pack.remove.{chart.key}", icon=":material/delete:"):
                mine.remove(chart.key)
                st.rerun()
        figure = go.Figure(json.loads(chart.figure))
        st.plotly_chart(figure, key=f"pack.chart.{chart.key}", config={"displayModeBar": False})
        st.caption(chart.page)
