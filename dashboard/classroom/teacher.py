"""The teacher's page and the projector: code, who has chosen, the board, and what comes after."""

from __future__ import annotations

import io
from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from dashboard.classroom import board, replayed
from dashboard.classroom.look import PROJECTOR
from dashboard.classroom.room import RoomError
from dashboard.classroom.rooms import HOURS, View
from dashboard.classroom.shared import big, firm_name, go, rooms, told
from dashboard.press import pressed
from dashboard.state import language, say, worded
from sim.experiments.classroom_market import seats


def show(view: View, host: str) -> None:
    """The teacher's page."""
    if not view.started:
        _lobby(view)
        looks = {"type": "primary", "icon": ":material/play_arrow:"}
        if pressed(st.button, say("class_start"), "classroom.start", **looks):
            rooms().start(view.code, host)
            st.rerun()
    _live(view.code, view.moment, host)
    _below(view)
    _manage(view, host)


def project(view: View) -> None:
    """The projector: nothing to click but the rules afterwards."""
    st.html(PROJECTOR)
    if not view.started:
        _lobby(view)
    _live(view.code, view.moment, None)
    _below(view)


def _below(view: View) -> None:
    """The board while weeks are played, the other rules afterwards."""
    if view.game.over:
        replayed.show(view)
    elif view.started:
        board.show(view)


def _lobby(view: View) -> None:
    words, picture = st.columns([3, 1])
    link = _address(view.code)
    with words:
        st.markdown(f"### {say('class_come')}")
        big(view.code)
        st.code(link, language=None)
        if urlsplit(link).hostname in ("localhost", "127.0.0.1"):
            st.warning(say("class_local"), icon=":material/lan:")
    with picture:
        drawing = io.BytesIO()
        segno.make(link, error="m").save(drawing, kind="png", scale=10, border=3)
        st.image(drawing.getvalue(), caption=say("class_qr"), width="stretch")


def _address(code: str) -> str:
    """The link of the room as the teacher's browser reaches this server."""
    found = urlsplit(str(st.context.url or "http://localhost:8501/classroom"))
    path = found.path if found.path.rstrip("/").endswith("classroom") else "/classroom"
    return f"{found.scheme}://{found.netloc}{path}?{urlencode({'lang': language(), 'room': code})}"


@st.fragment(run_every=2.0)
def _live(code: str, moment: tuple[bool, int, bool], host: str | None) -> None:
    """Who sits and who has chosen; the board below is drawn anew only when a week has ended."""
    try:
        view = rooms().view(code)
    except RoomError:
        st.rerun()
    if view.moment != moment:
        st.rerun()
    if view.game.over:
        return
    if not view.started:
        st.markdown(f"### {say('class_seats', taken=len(view.taken), seats=seats(view.setup))}")
        st.markdown(_chips(view))
        return
    line, button = st.columns([4, 1], vertical_alignment="center")
    line.markdown(f"### {view.code} · {_status(view)}")
    # a button of this week only: a press that comes late must not end the next week
    key = f"classroom.next.{view.week}"
    if host is not None and pressed(button.button, say("class_next"), key, type="primary", width="stretch"):
        rooms().end_week(view.code, host, view.week)
        st.rerun()
    st.markdown(_chips(view))


def _status(view: View) -> str:
    """Week, who has chosen, time left."""
    chosen, taken = len(view.chosen & view.taken), len(view.taken)
    line = say("class_status", week=view.week, weeks=view.setup.weeks, chosen=chosen, taken=taken)
    if view.seconds_left is None:
        return line
    return f"{line} · {say('left', seconds=f'{view.seconds_left:.0f}')}"


def _chips(view: View) -> str:
    """One badge a firm: chosen, still thinking, or without a pupil."""
    parts = []
    for firm in range(view.setup.firms):
        name = firm_name(firm)
        if firm not in view.taken:
            parts.append(f":gray-badge[{name}]")
        elif view.started and firm in view.chosen:
            parts.append(f":green-badge[:material/check: {name}]")
        else:
            parts.append(f":blue-badge[{name}]")
    return " ".join(parts)


def _manage(view: View, host: str) -> None:
    with st.expander(say("class_manage"), icon=":material/settings:"):
        query = urlencode({"lang": language(), "room": view.code, "view": "projector"})
        st.caption(say("class_projector_help"))
        st.code(_address(view.code).split("?")[0] + "?" + query, language=None)
        st.caption(say("class_teacher_help", hours=HOURS))
        taken = sorted(view.taken)
        if taken:
            firm = st.selectbox(
                say("class_free_seat"), taken, format_func=firm_name, key=worded("classroom.seat")
            )
            if pressed(st.button, say("class_free_button"), "classroom.release"):
                rooms().release(view.code, host, int(firm))
                st.rerun()
        sure = st.checkbox(say("class_sure"), key="classroom.sure")
        if pressed(st.button, say("class_close"), "classroom.close", disabled=not sure) and sure:
            try:
                rooms().close(view.code, host)
            except RoomError as error:
                st.warning(told(error))
                return
            go()
