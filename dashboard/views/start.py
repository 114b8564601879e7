"""Start: three doors."""

from __future__ import annotations

import streamlit as st

from dashboard.state import say

_DOORS = (("educator", "outbreak"), ("executive", "strategies"), ("researcher", "policy"))


def show() -> None:
    """The page."""
    st.title("Arrears")
    st.markdown(say("start_intro"))
    pages = st.session_state["pages"]
    for column, (role, page) in zip(st.columns(3), _DOORS, strict=True):
        with column.container(border=True):
            st.subheader(say(role))
            st.write(say(f"{role}_door"))
            st.page_link(pages[page], label=say(page), icon=":material/arrow_forward:")
    st.caption(say("start_honest"))
