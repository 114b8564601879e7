"""Public mode (``arrears dashboard --public``): one server for many visitors, each with caps.

What is over a cap is refused with the cap and the command that does it on the reader's own machine.
"""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from dashboard.commands import SWITCH
from dashboard.state import say

#: Largest sizes of one run, and how many of each thing a session may ask for (assumptions, for a class of
#: thirty on two cores).
SIZES = {"runs": 8, "borrowers": 3000, "firms": 300, "weeks": 156}
ALLOWANCE = {"jobs": 12, "uploads": 5, "rooms": 2}


class Asked(NamedTuple):
    """A run that a page wants: its ``sizes`` by names of :data:`SIZES`, and the ``command`` that does it."""

    sizes: Mapping[str, int]
    command: str


def public() -> bool:
    """Whether this server is in public mode."""
    return os.environ.get(SWITCH) == "1"


def command(*words: object, options: Sequence[tuple[str, object]] = ()) -> str:
    """A line for a shell: words, then ``--name value`` pairs; names and values quoted."""
    pairs = [str(part) for name, value in options for part in (f"--{name}", value)]
    return shlex.join([*map(str, words), *pairs])


def refused(asked: Asked) -> bool:
    """Whether a run is larger than this server allows; then the page says the cap and the command."""
    if not public():
        return False
    for name, value in asked.sizes.items():
        if value > SIZES[name]:
            most, what = f"{SIZES[name]:,}", say(f"public_{name}")
            tell(say("public_size", most=most, what=what, asked=f"{value:,}"), asked.command)
            return True
    return False


def spent(kind: str, line: str) -> bool:
    """Whether a session has used up its allowance of a kind; then the page says so. Else one is taken off."""
    if taken(kind):
        return False
    tell(say("public_spent", most=ALLOWANCE[kind], what=say(f"public_{kind}")), line)
    return True


def taken(kind: str) -> bool:
    """Take one off the session's allowance of a kind; False if nothing is left. Always True but in public
    mode.
    """
    if not public():
        return True
    used: dict[str, int] = st.session_state.setdefault("public.used", {})
    if used.get(kind, 0) >= ALLOWANCE[kind]:
        return False
    used[kind] = used.get(kind, 0) + 1
    return True


def tell(sentence: str, line: str) -> None:
    """A cap, and what to do on a machine of one's own."""
    st.warning(sentence, icon=":material/speed:")
    st.caption(say("public_own"))
    st.code(line, language="bash", wrap_lines=True)


def guarded(page: Callable[[], None]) -> None:
    """Run a page; in public mode a fault of the program is one sentence to the reader, and a traceback in
    the log of the server alone."""
    if not public():
        page()
        return
    try:
        page()
    except Exception:  # whatever it is, the reader sees no traceback
        logging.getLogger("arrears").exception("fault on a page")
        st.error(say("public_fault"), icon=":material/error:")
