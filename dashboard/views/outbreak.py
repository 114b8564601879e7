"""Outbreak: one supply network, failures that spread, and the same weeks without what was done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboard import canvas, charts, spread
from dashboard.kept_drawings import drawn
from dashboard.links import Field
from dashboard.measured import RUNS, measured
from dashboard.press import pressed
from dashboard.public import Asked, command, refused
from dashboard.spread import Spread
from dashboard.state import control, headed, language, linked, say, share, vocabulary
from dashboard.uploads import network_upload
from sim.core.errors import SpecError
from sim.experiments.recording import FAILED, Recording
from sim.report.numbers import figure, shown
from sim.spec.labels import name_of
from sim.spec.loader import world_names

_SIZES = ("75", "150", "300", "1000", "3000")
_COVERAGE = ("0", "20", "40", "60", "80")
_TARGETING = ("random", "hub", "sector", "super_spreader")
_TWINS = ("none", "calm", "unhelped")
_MOST_HIT = 10
FIELDS = (
    Field("firms", "one", "150", _SIZES),
    Field("links", "whole", 3, least=2, most=8),
    Field("shock", "one", "hub", ("hub", "random")),
    Field("hit", "whole", 3, least=0, most=_MOST_HIT),
    Field("coverage", "one", "0", _COVERAGE),
    Field("targeting", "one", "hub", _TARGETING),
    Field("world", "one", "evidence", tuple(world_names())),
    Field("twin", "one", "none", _TWINS),
    Field("seed", "whole", 1, least=1, most=9999),
    Field("runs", "whole", 8, least=2, most=20),
)


def _asked(values: dict[str, Any]) -> Asked:
    """The outbreak as public mode sees it: its size, and the command that runs it elsewhere."""
    options = [
        ("shock", f"{values['shock']}:{max(1, values['hit'])}"),
        ("world", values["world"]),
        ("seed", values["seed"]),
        ("runs", values["runs"]),
        ("set", f"population.firms={values['firms']}"),
    ]
    return Asked(
        {"firms": int(values["firms"])}, command("arrears", "outbreak", "chain-reaction", options=options)
    )


def show() -> None:
    """The page."""
    st.title(say("outbreak"))
    st.caption(say("outbreak_intro"))
    values = _controls(linked("outbreak", FIELDS))
    own = network_upload("outbreak")
    if refused(_asked(values)):
        return
    of = {**{name: value for name, value in values.items() if name not in ("twin", "runs")}, "own": own}
    if st.session_state.get("outbreak.of") != of:
        st.session_state["outbreak.done"], st.session_state["outbreak.of"] = (), of
    done: spread.Done = st.session_state["outbreak.done"]
    try:
        with st.spinner(say("working")):
            found = Spread(values, done, own)
            played, base = found.played, found.unhelped if values["twin"] == "unhelped" else found.calm
    except SpecError as error:
        st.error(str(error))
        return
    against = say("shock_alone") if values["twin"] == "unhelped" else say("untouched")
    panels = [canvas.Panel(say("as_played"), played)]
    if values["twin"] != "none":
        panels.append(canvas.Panel(headed(against), base))
    act = canvas.network(panels, language(), done, "network")
    if act is not None:
        st.session_state["outbreak.done"] = (*done, act)
        st.rerun()
    _done(done)
    _told(found, played, base, against)
    measured(values, own, _asked(values))


def _controls(values: dict[str, Any]) -> dict[str, Any]:
    lang, key = language(), partial(control, "outbreak")
    first, second, third = st.columns(3)
    found = {
        "firms": first.select_slider(say("firms"), _SIZES, values["firms"], key=key("firms")),
        "links": first.slider(say("links"), 2, 8, values["links"], help=say("links_help"), key=key("links")),
        "shock": second.segmented_control(
            say("shock"),
            ("hub", "random"),
            default=values["shock"],
            format_func=lambda x: say(f"shock_{x}"),
            required=True,
            key=key("shock"),
        ),
        "hit": second.slider(say("hit"), 0, _MOST_HIT, values["hit"], key=key("hit")),
        "world": third.selectbox(
            say("world"),
            world_names(),
            list(world_names()).index(values["world"]),
            format_func=lambda name: name_of("world", name, lang),
            key=key("world"),
        ),
        "coverage": third.select_slider(
            say("coverage"),
            _COVERAGE,
            values["coverage"],
            format_func=lambda x: f"{x} %",
            key=key("coverage"),
        ),
        "targeting": values["targeting"],
    }
    if found["coverage"] != "0":
        found["targeting"] = third.selectbox(
            say("targeting"),
            _TARGETING,
            _TARGETING.index(values["targeting"]),
            format_func=lambda x: say(f"target_{x}"),
            key=key("targeting"),
        )
    return found | _view(values, found)


def _view(values: dict[str, Any], chosen: dict[str, Any]) -> dict[str, Any]:
    """What stands beside the network, which luck it has, and the link."""
    left, middle, right = st.columns([3, 1.4, 1], vertical_alignment="bottom")
    found: dict[str, Any] = {
        "twin": left.segmented_control(
            say("twin"),
            _TWINS,
            default=values["twin"],
            format_func=lambda x: say(f"twin_{x}"),
            required=True,
            help=say("twin_help"),
            key=control("outbreak", "twin"),
        ),
        "seed": middle.number_input(
            say("seed"), 1, 9999, values["seed"], help=say("seed_help"), key=control("outbreak", "seed")
        ),
        "runs": st.session_state.get(RUNS, values["runs"]),  # its slider stands further down
    }
    with right:
        share("outbreak", FIELDS, chosen | found)
    return found


def _done(done: spread.Done) -> None:
    """What the reader did, with the way back."""
    if not done:
        return
    told = "; ".join(say(f"did_{one.action}", firm=one.firm, week=one.week) for one in done)
    left, undo, again = st.columns([4, 1, 1.4], vertical_alignment="center")
    left.markdown(f":material/history: {told}")
    if pressed(undo.button, say("undo"), "outbreak.undo", icon=":material/undo:", width="stretch"):
        st.session_state["outbreak.done"] = done[:-1]
        st.rerun()
    looks: dict[str, Any] = {"icon": ":material/replay:", "width": "stretch", "help": say("replay_help")}
    if pressed(again.button, say("replay"), "outbreak.replay", **looks):
        st.session_state["outbreak.done"] = ()
        st.rerun()


def _told(found: Spread, played: Recording, base: Recording, against: str) -> None:
    """The figures of both recordings side by side, and the charts."""
    _tiles(played, base, against)
    names = ["curve", "r", "rounds", "tree", "weeks"]
    tabs = st.tabs([say(f"out_{name}") for name in names], key="outbreak.tabs", on_change="rerun")
    for name, tab in zip(names, tabs, strict=True):
        if tab.open:  # the others cost nothing until they are looked at
            with tab:
                _weeks(played, base, against) if name == "weeks" else _chart(
                    name, found, played, base, against
                )


def _chart(name: str, found: Spread, played: Recording, base: Recording, against: str) -> None:
    draw: dict[str, Callable[[], go.Figure | None]] = {
        "curve": lambda: spread.curve(played, base, against),
        "r": lambda: spread.reproduction(played, base, against),
        "rounds": lambda: spread.rounds(played, found.causes),
        "tree": lambda: spread.tree(played, found.causes),
    }
    asked = (name, against, found.causes, language(), vocabulary())
    chart = drawn(played, base, asked, draw[name])
    if chart is None:
        st.info(say("no_failures" if name == "r" else "no_tree"))
    told = say(f"{name}_help", against=against) if name == "curve" else say(f"{name}_help")
    charts.show(chart, f"outbreak-{name}", language(), [told])


def _weeks(played: Recording, base: Recording, against: str) -> None:
    asked = ("weeks", against, language(), vocabulary())
    frame = drawn(played, base, asked, lambda: spread.as_table(played, base, against))
    st.dataframe(frame, hide_index=True, width="stretch", height=320)
    st.download_button(
        say("csv"),
        lambda: charts.to_csv(map(str, frame.columns), frame.itertuples(index=False)),
        "arrears-outbreak-weeks.csv",
        "text/csv",
        key="csv.outbreak.weeks",
        on_click="ignore",
    )


def _tiles(played: Recording, base: Recording, against: str) -> None:
    """Firms that ever fail, most arrears, and R, with the difference to the base."""
    first, second, third = st.columns(3)
    told = say("against", against=against)
    ever = [int((one.states == FAILED).any(axis=0).sum()) for one in (played, base)]
    first.metric(say("ever_failed"), ever[0], ever[0] - ever[1], delta_color="inverse", help=told)
    peak = [int(one.overdue.sum(axis=1).max()) for one in (played, base)]
    second.metric(
        f"{say('peak_arrears')} ({shown('fen').name(language())})",
        figure(peak[0], "fen"),
        figure(peak[0] - peak[1], "fen", signed=True),
        delta_color="inverse",
        help=told,
    )
    rates = [one.reproduction for one in (played, base)]
    cases, others = (float(one["cases"].sum()) for one in rates)
    r = rates[0]["offspring"].sum() / cases if cases else None
    delta = None if r is None or not others else f"{r - rates[1]['offspring'].sum() / others:+.2f}"
    third.metric("R", "–" if r is None else f"{r:.2f}", delta, delta_color="inverse", help=say("r_help"))
