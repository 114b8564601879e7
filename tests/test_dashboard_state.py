"""What a page knows of its reader survives a switch that an interrupted page left empty."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def _page() -> None:
    import streamlit as st

    from dashboard.state import language, say, vocabulary

    st.write(f"{language()} {vocabulary()} {say('start')}")


@pytest.mark.parametrize("left", [None, "fr"])
def test_an_empty_switch_keeps_what_was_chosen_before(left: str | None) -> None:
    page = AppTest.from_function(_page, default_timeout=300)
    page.query_params["lang"], page.query_params["words"] = "zh", "finance"
    first = page.run().markdown[0].value
    assert first.startswith("zh finance ")
    page.session_state["lang"] = page.session_state["words"] = left
    page.query_params.clear()
    assert page.run().markdown[0].value == first and not page.exception


def test_a_link_of_an_unknown_language_opens_in_english() -> None:
    page = AppTest.from_function(_page, default_timeout=300)
    page.query_params["lang"] = "fr"
    assert page.run().markdown[0].value.startswith("en epidemic ")
