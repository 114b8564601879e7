"""What all pages of the classroom share: the rooms of this server, names of firms, money, the place in the
link.
"""

from __future__ import annotations

import html

import streamlit as st

from dashboard.classroom.room import RoomError
from dashboard.classroom.rooms import Rooms
from dashboard.jobs import store
from dashboard.state import language, say
from sim.experiments.classroom import Game
from sim.report.numbers import shown

_COLOURS = _ANIMALS = 6
#: Parameters of the link that say who looks: the room, a pupil's seat, the teacher, the projector.
PLACE = ("room", "seat", "host", "view")


@st.cache_resource(show_spinner=False)
def rooms() -> Rooms:
    """The rooms of this server, kept beside its run table."""
    folder = store()
    return Rooms(folder.with_name(f"{folder.name}-rooms"))


def firm_name(firm: int) -> str:
    """A neutral name in the reader's language: a colour and an animal, different for each of 36 firms."""
    colour, animal = firm % _COLOURS, (firm + firm // _COLOURS) % _ANIMALS
    return say("class_firm", colour=say(f"class_colour_{colour}"), animal=say(f"class_animal_{animal}"))


def firm_names(game: Game) -> list[str]:
    """Names of all firms."""
    return [firm_name(firm) for firm in range(game.market.firms)]


def money(fen: int, *, signed: bool = False) -> str:
    """An amount in whole yuan with its unit; the game itself counts fen.

    ``signed``: a change for a tile, which takes its direction from an ASCII sign.
    """
    told = f"{round(fen / 100):+,}" if signed else f"{round(fen / 100):,}".replace("-", "\N{MINUS SIGN}")
    return f"{told}\N{NO-BREAK SPACE}{shown('fen').name(language())}"


def told(error: RoomError) -> str:
    """The sentence of what a room does not allow."""
    return say(error.key, **error.values)


def go(**place: str) -> None:
    """Move to another place of the classroom; the link says it, so that a reload comes back here."""
    set_place(place)
    st.rerun()


def set_place(place: dict[str, str]) -> None:
    """Write a place into the link and remember it for the way back from another page."""
    st.session_state["classroom.place"] = place
    st.query_params.from_dict({"lang": language(), **place})


def place() -> dict[str, str]:
    """Where the reader is in the classroom: what the link says, else where this session was before."""
    given = {name: st.query_params[name][:64] for name in PLACE if name in st.query_params}
    if given:
        st.session_state["classroom.place"] = given
        return given
    kept: dict[str, str] = st.session_state.get("classroom.place", {})
    if kept:
        set_place(kept)
    return kept


def big(text: str, *, kind: str = "code") -> None:
    """A word in large type."""
    st.html(f'<div class="class-{kind}">{html.escape(text)}</div>')
