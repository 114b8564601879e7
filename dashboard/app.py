"""The application: pages, language, and the look that they share."""

from __future__ import annotations

import streamlit as st
from PIL import Image, ImageDraw

from dashboard.canvas import set_language
from dashboard.state import language, say
from dashboard.views import data, outbreak, policy, start, strategies

_LANGUAGES = {"en": "English", "zh": "中文"}


def main() -> None:
    """One run of the script: the chosen page in the chosen language."""
    st.set_page_config(page_title="Arrears", page_icon=_favicon(), layout="wide")
    language()
    st.sidebar.segmented_control(
        "Language / 语言", list(_LANGUAGES), format_func=_LANGUAGES.__getitem__, key="lang", required=True
    )
    set_language(language())
    pages = [
        st.Page(start.show, title=say("start"), url_path="start", icon=":material/home:", default=True),
        st.Page(outbreak.show, title=say("outbreak"), url_path="outbreak", icon=":material/hub:"),
        st.Page(
            strategies.show, title=say("strategies"), url_path="strategies", icon=":material/compare_arrows:"
        ),
        st.Page(policy.show, title=say("policy"), url_path="policy", icon=":material/gavel:"),
        st.Page(data.show, title=say("data"), url_path="data", icon=":material/table:"),
    ]
    st.session_state["pages"] = {page.url_path or "start": page for page in pages}
    st.navigation(pages).run()


def _favicon() -> Image.Image:
    """The sign of the application; a named icon would be fetched from another host."""
    made = Image.new("RGBA", (64, 64))
    pen = ImageDraw.Draw(made)
    pen.line([(14, 50), (32, 14), (50, 50)], fill="#E69F00", width=7)
    for place, colour in (((14, 50), "#0072B2"), ((50, 50), "#0072B2"), ((32, 14), "#A50F15")):
        pen.circle(place, 12, fill=colour)
    return made


main()
