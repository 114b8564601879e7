"""Classroom: a room, its pupils' firms, the projector, and the same weeks under another rule."""

from __future__ import annotations

import streamlit as st

from dashboard.classroom import door, pupil, teacher
from dashboard.classroom.look import STYLE
from dashboard.classroom.room import RoomError
from dashboard.classroom.shared import place, rooms, set_place, told


def show() -> None:
    """The page: whoever looks is told by the link."""
    st.html(STYLE)
    where = place()
    code = where.get("room", "")
    if not code:
        door.show()
        return
    try:
        view = rooms().view(code)
        if "host" in where and rooms().is_host(code, where["host"]):
            teacher.show(view, where["host"])
        elif where.get("view") == "projector":
            teacher.project(view)
        elif "seat" in where and (firm := rooms().firm(code, where["seat"])) is not None:
            pupil.show(view, where["seat"], firm)
        else:
            door.enter(view, lost="seat" in where)
    except RoomError as error:
        st.warning(told(error), icon=":material/door_open:")
        set_place({})
        door.show()
