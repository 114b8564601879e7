"""Buttons whose press is not lost.

A script that a further click interrupts before it has come to the button never learns of the press. So it is
noted before the script begins, and stands for as long as a reader may wait for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

#: Seconds for which a press stands that no script has come to.
_STANDS = 20.0


def pressed(button: Callable[..., Any], label: str, key: str, **looks: Any) -> bool:
    """Show a button and tell, once, whether it was pressed.

    ``button`` draws it: ``st.button``, that of a column, or ``st.form_submit_button``. What it does must be
    right whenever its key is shown: one that acts on a week has the week in its key.
    """
    button(label, key=key, on_click=_note, args=(key,), **looks)
    noted: float | None = st.session_state.pop(_name(key), None)
    return noted is not None and time.monotonic() - noted < _STANDS


def _note(key: str) -> None:
    st.session_state[_name(key)] = time.monotonic()


def _name(key: str) -> str:
    return f"{key}.pressed"
