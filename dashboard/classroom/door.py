"""The way in: a pupil joins by code, a teacher opens a room."""

from __future__ import annotations

import streamlit as st

from dashboard.classroom.room import RoomError
from dashboard.classroom.rooms import CODE_LENGTH, View, tidy
from dashboard.classroom.shared import big, go, rooms, told
from dashboard.press import pressed
from dashboard.public import command, spent
from dashboard.state import say
from sim.experiments.classroom_market import FIRMS, SHAPES, SPELLS, WEEKS, Setup, seats

_TIMERS = (0, 30, 60, 90, 120, 180)


def show() -> None:
    """Both ways in; the pupil's comes first, as pupils hold phones."""
    st.title(say("classroom"))
    st.caption(say("class_intro"))
    left, right = st.columns(2, gap="large")
    with left.form("classroom.join", border=True):
        st.subheader(say("class_join"))
        typed = st.text_input(
            say("class_code"), max_chars=CODE_LENGTH + 3, placeholder="ABCDE", autocomplete="off"
        )
        looks = {"type": "primary", "width": "stretch"}
        if pressed(st.form_submit_button, say("class_join_button"), "classroom.joined", **looks):
            _join(tidy(typed))
    with right.form("classroom.open", border=True):
        st.subheader(say("class_open"))
        _open()


def _join(code: str) -> None:
    try:
        token = rooms().join(code)
    except RoomError as error:
        st.warning(told(error), icon=":material/door_open:")
        return
    go(room=code, seat=token)


def _open() -> None:
    firms = st.slider(say("class_firms"), *FIRMS, 12, help=say("class_firms_help"))
    first, second = st.columns(2)
    shape = first.selectbox(
        say("class_shape"), SHAPES, format_func=lambda name: say(f"class_shape_{name}"),
        help=say("class_shape_help"),
    )  # fmt: skip
    spell = second.selectbox(
        say("class_spell"), SPELLS, 1, format_func=lambda name: say(f"class_spell_{name}"),
        help=say("class_spell_help"),
    )  # fmt: skip
    weeks = first.slider(say("weeks"), *WEEKS, 10)
    seconds = second.select_slider(
        say("class_timer"), _TIMERS, 0,
        format_func=lambda length: say("class_seconds", seconds=length) if length else say("class_no_timer"),
    )  # fmt: skip
    together = st.checkbox(say("class_together"), True)
    looks = {"type": "primary", "width": "stretch"}
    asks = pressed(st.form_submit_button, say("class_open_button"), "classroom.opened", **looks)
    if asks and not spent("rooms", command("arrears", "dashboard", options=[("address", "0.0.0.0")])):
        try:
            code, host = rooms().open(Setup(firms, shape, weeks, spell), seconds, together)
        except RoomError as error:
            st.warning(told(error), icon=":material/door_open:")
            return
        go(room=code, host=host)


def enter(view: View, *, lost: bool) -> None:
    """The door of one room, for who comes by its link."""
    st.title(say("classroom"))
    if lost:
        st.warning(say("seat_unknown"), icon=":material/chair_alt:")
    st.write(say("class_room"))
    big(view.code)
    st.write(say("class_free", free=seats(view.setup) - len(view.taken), seats=seats(view.setup)))
    st.caption(say("class_no_names"))
    if pressed(st.button, say("class_join_button"), "classroom.enter", type="primary"):
        _join(view.code)
