"""The application: pages, language, and the look that they share."""

from __future__ import annotations

import streamlit as st
from PIL import Image, ImageDraw

from dashboard.canvas import set_language
from dashboard.garbage import set_apart
from dashboard.navigation import GROUPS, all_pages
from dashboard.public import guarded
from dashboard.state import language, say, vocabulary
from sim.spec.labels import VOCABULARIES

_LANGUAGES = {"en": "English", "zh": "中文"}

#: Streamlit leaves a hand's breadth above the title; its captions, and what it writes in white on the light
#: colour of the dark theme (main buttons, chosen options), and the words of charts in the light one have too
#: little contrast. Figures with a long name or unit go on in a second line; Streamlit cuts them off.
_STYLE = """
.st-key-look { position: absolute; }
[data-testid=stMainBlockContainer] { padding-top: 3.2rem; }
[data-testid=stCaptionContainer], [data-testid=stCaptionContainer] p {
  color: light-dark(#56616B, #A8B3BE); opacity: 1;
}
[data-testid=stMetricLabel] *, [data-testid=stMetricValue] * { white-space: normal; overflow: visible; }
[data-testid=stMetricValue] { font-size: 1.9rem; line-height: 1.25; }
[data-testid=stButtonGroup] [role=radiogroup] { flex-wrap: wrap; max-width: 100%; }
[data-testid=stMultiSelectTagsContainer] { overflow: visible; mask-image: none; }
[data-testid=stMultiSelectTagsContainer], [data-testid=stMultiSelectTagsContainer] > [role=group] {
  flex-wrap: wrap; min-width: 0;
}
[data-testid=stMultiSelect] [role=group]:has(> [data-testid=stMultiSelectTagsContainer]) {
  height: auto; max-height: none; min-height: 2.5rem;
}
[data-testid^=stBaseButton-primary], [data-testid^=stBaseButton-primary] p,
[data-testid=stMultiSelect] [data-tag], [data-testid=stMultiSelect] [data-tag] * {
  color: light-dark(#FFF, #0B1720);
}
.js-plotly-plot :is(.xtick, .ytick, .g-xtitle, .g-ytitle, .legend, .annotation, .cbaxis, .cbtitle) text,
.js-plotly-plot .textpoint text {
  fill: light-dark(#3A4652, #C8D1DA) !important;
}
"""


def main() -> None:
    """One run of the script: the chosen page in the chosen language."""
    st.set_page_config(page_title="Arrears", page_icon=_favicon(), layout="wide")
    language()
    with st.container(key="look"):  # st.html would load its own script first, and show the page without it
        st.markdown(f"<style>{_STYLE}</style>", unsafe_allow_html=True)
    st.sidebar.segmented_control(
        "Language / 语言", list(_LANGUAGES), format_func=_LANGUAGES.__getitem__, key="lang", required=True
    )
    vocabulary()
    st.sidebar.segmented_control(
        say("words"),
        VOCABULARIES,
        format_func=lambda name: say(f"words_{name}"),
        key="words",
        required=True,
        help=say("words_help"),
    )
    set_language(language())
    pages = {
        page.name: st.Page(
            page.show,
            title=say(page.name),
            url_path=page.name,
            icon=f":material/{page.icon}:",
            default=page.name == "start",
        )
        for page in all_pages()
    }
    st.session_state["pages"] = pages
    groups = {say(f"group_{name}"): [pages[page.name] for page in row] for name, row in GROUPS.items() if row}
    page = st.navigation(groups)
    guarded(page.run)
    set_apart(page.url_path)


def _favicon() -> Image.Image:
    """The sign of the application; a named icon would be fetched from another host."""
    made = Image.new("RGBA", (64, 64))
    pen = ImageDraw.Draw(made)
    pen.line([(14, 50), (32, 14), (50, 50)], fill="#E69F00", width=7)
    for place, colour in (((14, 50), "#0072B2"), ((50, 50), "#0072B2"), ((32, 14), "#A50F15")):
        pen.circle(place, 12, fill=colour)
    return made


main()
