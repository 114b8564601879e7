"""How to repeat a result: command line, Python, a YAML file."""

from __future__ import annotations

import streamlit as st

from dashboard.state import say
from sim.report.content import Content


def show(content: Content, page: str) -> None:
    """The three ways; each gives the same figures, whatever the number of workers."""
    own: dict[str, str] = st.session_state.get("own_files", {})
    st.caption(say("reproduce_help"))
    for path, name in own.items():
        if path in content.command:
            st.caption(say("reproduce_file", name=name))
    st.markdown(f"**{say('command_line')}**")
    st.code(renamed(content.command, own), language="bash", wrap_lines=True)
    st.markdown("**Python**")
    st.code(renamed(content.python, own), language="python", wrap_lines=True)
    st.markdown("**YAML**")
    st.caption(say("yaml_help", file=content.yaml_name))
    st.code(renamed(content.yaml_command, own), language="bash", wrap_lines=True)
    text = renamed(content.yaml, own)
    with st.expander(content.yaml_name):
        st.code(text, language="yaml")
    st.download_button(
        say("yaml_download"), text.encode(), content.yaml_name, "application/yaml", key=f"yaml.{page}",
        on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def renamed(text: str, own: dict[str, str]) -> str:
    """A text with the reader's own names of files in place of where this server keeps them."""
    for path, name in own.items():
        text = text.replace(path, name)
    return text
