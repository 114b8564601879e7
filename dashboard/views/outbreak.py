"""Outbreak: one supply network, failures that spread, and the same weeks without what was done."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboard import canvas, charts
from dashboard.links import Field
from dashboard.running import ready
from dashboard.state import language, linked, say, share
from sim.core.errors import SpecError
from sim.experiments.outbreak_market import market_of
from sim.experiments.outbreak_shocks import Hubs, RandomFirms
from sim.experiments.outbreaks import outbreak
from sim.experiments.recording import FAILED, HEALTHY, STRAINED, Intervention, Recording, record
from sim.model import Ecosystem
from sim.report import outbreak_figures
from sim.report.figures import finish
from sim.report.numbers import figure, interval, shown
from sim.report.outbreak_content import OutbreakContent, gather_outbreak
from sim.report.wording import word

_SIZES = ("75", "150", "300", "1000", "3000")
_COVERAGE = ("0", "20", "40", "60", "80")
_TARGETING = ("random", "hub", "sector", "super_spreader")
_WEEKS, _RUNS = 104, 8
FIELDS = (
    Field("firms", "one", "150", _SIZES),
    Field("shock", "one", "hub", ("hub", "random")),
    Field("hit", "whole", 3, least=0, most=10),
    Field("coverage", "one", "0", _COVERAGE),
    Field("targeting", "one", "hub", _TARGETING),
    Field("seed", "whole", 1, least=1, most=9999),
)


def show() -> None:
    """The page."""
    st.title(say("outbreak"))
    st.caption(say("outbreak_intro"))
    values = _controls(linked("outbreak", FIELDS))
    done: tuple[Intervention, ...] = st.session_state.setdefault("outbreak.done", ())
    if st.session_state.get("outbreak.of") != values:
        done = st.session_state["outbreak.done"] = ()
        st.session_state["outbreak.of"] = dict(values)
    try:
        changed, calm = _recordings(values, done)
    except SpecError as error:
        st.error(str(error))
        return
    twin = st.toggle(say("twin"), key="outbreak.twin", help=say("twin_help"))
    act = canvas.network(calm if twin else changed, language(), done, "network")
    if act is not None and not twin:
        st.session_state["outbreak.done"] = (*done, act)
        st.rerun()
    _told(changed, calm, done)
    _measured(values)


def _controls(values: dict[str, Any]) -> dict[str, Any]:
    first, second, third = st.columns(3)
    found = {
        "firms": first.select_slider(say("firms"), _SIZES, values["firms"]),
        "seed": first.number_input(say("seed"), 1, 9999, values["seed"]),
        "shock": second.segmented_control(
            say("shock"),
            ("hub", "random"),
            default=values["shock"],
            format_func=lambda x: say(f"shock_{x}"),
            required=True,
        ),
        "hit": second.slider(say("hit"), 0, 10, values["hit"]),
        "coverage": third.select_slider(
            say("coverage"), _COVERAGE, values["coverage"], format_func=lambda x: f"{x} %"
        ),
        "targeting": third.selectbox(
            say("targeting"),
            _TARGETING,
            _TARGETING.index(values["targeting"]),
            format_func=lambda x: say(f"target_{x}"),
        ),
    }
    share("outbreak", FIELDS, found)
    return found


def _changes(values: dict[str, Any]) -> dict[str, object]:
    firms, coverage = int(values["firms"]), int(values["coverage"]) / 100
    found: dict[str, object] = {"population.firms": firms, "population.borrowers": max(300, firms)}
    if coverage:
        found |= {
            "receivables.scope": "covered",
            "receivables.coverage": coverage,
            "receivables.targeting": values["targeting"],
            "receivables.weeks_overdue": 1,
        }
    return found


@st.cache_resource(max_entries=3, show_spinner=False)
def _start(firms: int, seed: int) -> Ecosystem:
    """A seasoned start; never changed, only copied."""
    changes: dict[str, object] = {"population.firms": firms, "population.borrowers": max(300, firms)}
    return Ecosystem("chain-reaction", rng=seed, changes=changes)


@st.cache_data(max_entries=20, show_spinner=False)
def _recorded(firms: int, seed: int, changes: dict[str, object], done: tuple[Intervention, ...]) -> Recording:
    return record(_start(firms, seed), _WEEKS, done, changes)


def _recordings(values: dict[str, Any], done: tuple[Intervention, ...]) -> tuple[Recording, Recording]:
    """The run with all that is done to it, and the same run with nothing done."""
    firms, seed = int(values["firms"]), int(values["seed"])
    with st.spinner(say("working")):
        market = market_of(_start(firms, seed))
        kind = Hubs if values["shock"] == "hub" else RandomFirms
        hit = [] if not values["hit"] else kind(values["hit"]).choose(market, seed).tolist()
        saved = {one.firm for one in done if one.action == "rescue" and one.week == 0}
        shocked = tuple(Intervention("fail", 0, firm) for firm in hit if firm not in saved)
        levers = {name: value for name, value in _changes(values).items() if name.startswith("receivables.")}
        return _recorded(firms, seed, levers, (*shocked, *done)), _recorded(firms, seed, {}, ())


def _told(changed: Recording, calm: Recording, done: tuple[Intervention, ...]) -> None:
    """The figures of both recordings side by side."""
    first, second, third, fourth = st.columns(4)
    ever = [int((one.states == FAILED).any(axis=0).sum()) for one in (changed, calm)]
    first.metric(
        say("ever_failed"), ever[0], ever[0] - ever[1], delta_color="inverse", help=say("against_calm")
    )
    peak = [int(one.overdue.sum(axis=1).max()) for one in (changed, calm)]
    second.metric(
        f"{say('peak_arrears')} ({shown('fen').name(language())})",
        figure(peak[0], "fen"),
        figure(peak[0] - peak[1], "fen", signed=True),
        delta_color="inverse",
        help=say("against_calm"),
    )
    causes = changed.reproduction
    cases = float(causes["cases"].sum())
    third.metric("R", f"{causes['offspring'].sum() / cases:.2f}" if cases else "–", help=say("r_help"))
    if done and fourth.button(say("undo"), icon=":material/undo:"):
        st.session_state["outbreak.done"] = done[:-1]
        st.rerun()
    lang = language()
    charts.show(_curve(changed, calm), "outbreak-curve", lang, [say("curve_help")])
    if cases:
        charts.show(_reproduction(changed), "outbreak-r", lang, [say("r_help")])


def _curve(changed: Recording, calm: Recording) -> go.Figure:
    chart = go.Figure()
    weeks = list(range(changed.weeks + 1))
    for state, name in ((HEALTHY, "healthy"), (STRAINED, "strained"), (FAILED, "failed")):
        for recording, dash in ((changed, "solid"), (calm, "dot")):
            label = say(f"state_{name}") + ("" if dash == "solid" else f" ({say('untouched')})")
            line = {"color": canvas.COLOURS[state] if state else "#7F8C96", "dash": dash, "width": 2}
            chart.add_scatter(x=weeks, y=recording.count(state).tolist(), name=label, line=line, mode="lines")
    chart.update_xaxes(title_text=word("week", language()))
    chart.update_yaxes(title_text=say("firms"), rangemode="tozero")
    return finish(chart, 380)


def _reproduction(recording: Recording) -> go.Figure:
    table = recording.reproduction
    table = table[table["cases"] > 0]
    chart = go.Figure(
        go.Scatter(
            x=table["week"].tolist(),
            y=(table["offspring"] / table["cases"]).round(3).tolist(),
            mode="lines+markers",
            name="R",
            line={"color": "#0072B2"},
            text=table["cases"].astype(int).tolist(),
            hovertemplate="R %{y:.2f} (%{text})<extra></extra>",
        )
    )
    chart.add_hline(y=1.0, line={"color": "rgba(128,128,128,.9)", "dash": "dot"})
    chart.update_xaxes(title_text=word("week", language()), range=[0, recording.weeks])
    chart.update_yaxes(title_text="R", rangemode="tozero")
    return finish(chart, 260)


def _measured(values: dict[str, Any]) -> None:
    """The same shock over several paired runs, with intervals."""
    st.subheader(say("over_runs", runs=_RUNS))
    st.caption(say("over_runs_help"))
    if not values["hit"]:
        st.info(say("no_shock"))
        return
    shock = f"{values['shock']}:{values['hit']}"

    def work(progress: Any) -> OutbreakContent:
        """The runs, in the background."""
        found = outbreak(
            "chain-reaction",
            shock,
            by_channel=False,
            runs=_RUNS,
            weeks=_WEEKS,
            seed=int(values["seed"]),
            changes=_changes(values),
            progress=progress,
        )
        return gather_outbreak(found)

    content: OutbreakContent | None = ready("outbreak", repr((shock, values)), work, wait=True)
    if content is None:
        return
    lang = language()
    for column, line in zip(st.columns(4), content.headline[:4], strict=False):
        value = "–" if line.mean is None else figure(line.mean, line.unit)
        unit = shown(line.unit).name(lang)
        label = word(f"headline.{line.name}", lang)
        column.metric(f"{label} ({unit})" if unit else label, value)
        column.caption(interval(line.low, line.high, line.unit))
    charts.show(
        outbreak_figures.epidemic_curve(content, lang), "epidemic", lang, [word("epidemic_curve_note", lang)]
    )
    charts.show(outbreak_figures.reproduction(content, lang), "generations", lang)
    charts.show(outbreak_figures.tree(content, lang), "tree", lang)
    with st.expander(say("reproduce")):
        st.code(content.content.command, language="bash")
