"""Start: three doors, each with one finding from a shipped result, and the gallery of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import gallery, gallery_cards
from dashboard.gallery import Entry
from dashboard.state import say

#: Roles, and the page that a door leads to where no result is kept.
_DOORS = {"researcher": "policy", "executive": "strategies", "educator": "outbreak"}


def show() -> None:
    """The page."""
    st.title("Arrears")
    st.markdown(say("start_intro"))
    kept = gallery.results()
    shown = [entry for entry in gallery.entries() if entry.id in kept]
    for column, (role, page) in zip(st.columns(3), _DOORS.items(), strict=True):
        entry = next((one for one in shown if one.door == role), None)
        with column.container(border=True, height="stretch"):
            st.subheader(say(role))
            st.write(say(f"{role}_door"))
            if entry is None:
                pages = st.session_state["pages"]
                st.page_link(pages[page], label=say(page), icon=":material/arrow_forward:")
            else:
                label, value, told = gallery_cards.finding(entry, kept[entry.id])
                st.metric(label, value)
                st.caption(f"{gallery_cards.title(entry)}  \n{told}")
                gallery_cards.way(entry)
    if shown:
        st.subheader(say("gallery"))
        st.caption(say("gallery_help"))
        _gallery(shown, kept)
    st.caption(say("start_honest"))


def _gallery(shown: Sequence[Entry], kept: dict[str, dict[str, Any]]) -> None:
    """The results of each page behind a tab of its own, drawn when it is opened."""
    pages = list(dict.fromkeys(entry.page for entry in shown))
    tabs = st.tabs([say(page) for page in pages], key="start.gallery", on_change="rerun")
    for page, tab in zip(pages, tabs, strict=True):
        if not tab.open:
            continue
        entries = [entry for entry in shown if entry.page == page]
        for start in range(0, len(entries), 2):
            for column, entry in zip(tab.columns(2), entries[start : start + 2], strict=False):
                with column.container(border=True, height="stretch"):
                    gallery_cards.card(entry, kept[entry.id])
