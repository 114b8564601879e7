"""What a page knows of its reader: language, values of the controls from a link."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from dashboard.links import Field, read_link, write_link
from sim.spec.labels import LANGUAGES, VOCABULARIES, WORDS_IN_USE, text


def language() -> str:
    """``en`` or ``zh``: the switch in the sidebar, at first what the link says."""
    return _switched("lang", LANGUAGES, "en")


def vocabulary() -> str:
    """``epidemic`` or ``finance``: the switch in the sidebar, at first what the link says; texts follow."""
    chosen = _switched("words", VOCABULARIES, VOCABULARIES[0])
    WORDS_IN_USE.set(chosen)
    return chosen


def _switched(name: str, known: Collection[str], usual: str) -> str:
    """A switch's choice. A page that was interrupted while it was drawn may leave the switch empty: then what
    was chosen before counts."""
    chosen = st.session_state.get(name)
    if chosen not in known:
        chosen = st.session_state.get(f"{name}.before", st.query_params.get(name, usual))
        chosen = chosen if chosen in known else usual
        st.session_state[name] = chosen
    st.session_state[f"{name}.before"] = chosen
    return str(chosen)


def say(key: str, **values: object) -> str:
    """A text of the dashboard in the reader's language and vocabulary."""
    vocabulary()
    return text(f"dash.{key}", language(), **values)


def headed(text: str) -> str:
    """A word of a sentence as a heading: with a capital letter."""
    return text[:1].upper() + text[1:]


def linked(page: str, fields: Sequence[Field]) -> dict[str, Any]:
    """First values of a page's controls; a link is read once and then put away."""
    kept = f"{page}.values"
    if len(st.query_params.keys() - {"lang", "words"}):
        params = {name: st.query_params[name] for name in st.query_params}
        st.session_state[kept], dropped = read_link(params, fields, language())
        st.session_state[f"{page}.dropped"] = dropped
        st.session_state[f"{page}.links"] = st.session_state.get(f"{page}.links", 0) + 1
        st.query_params.clear()
    for sentence in st.session_state.get(f"{page}.dropped", ()):
        st.warning(sentence, icon=":material/link_off:")
    values: dict[str, Any] = st.session_state.setdefault(
        kept, {field.name: field.default for field in fields}
    )
    return values


def control(page: str, name: str) -> str:
    """Key of a page's control that a link keeps.

    Without a key a control is another one as soon as its first value differs, and the next move of a
    reader is lost. A link that is opened makes new controls, with its values.
    """
    return worded(f"{page}.{name}.{st.session_state.get(f'{page}.links', 0)}")


def worded(key: str) -> str:
    """Key of a control whose choices are words: in another language it is made anew.

    A list would go on showing, and sending, its choice in the old language.
    """
    return f"{key}.{language()}.{vocabulary()}"


def share(page: str, fields: Sequence[Field], values: dict[str, Any]) -> None:
    """Keep the values for the next visit of the page and show its link."""
    st.session_state[f"{page}.values"] = values
    with st.popover(say("share"), icon=":material/link:"):
        st.caption(say("share_help"))
        address = f"{_server()}/{page}{write_link(fields, values, language(), vocabulary())}"
        st.code(address, language=None, wrap_lines=True)


def _server() -> str:
    """Address of this server as the reader's browser has it."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
