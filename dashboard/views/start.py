"""Start: three doors, each with one finding from a shipped result, and the gallery of all of them."""

from __future__ import annotations

import streamlit as st

from dashboard import gallery, gallery_cards
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
    for start in range(0, len(shown), 2):
        for column, entry in zip(st.columns(2), shown[start : start + 2], strict=False):
            with column.container(border=True, height="stretch"):
                gallery_cards.card(entry, kept[entry.id])
    st.caption(say("start_honest"))
