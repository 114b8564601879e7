"""One outbreak as it is played on a page: recordings with the same luck, and charts of them."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import canvas
from dashboard.state import language, say
from sim.experiments.outbreak_market import Market, market_of
from sim.experiments.outbreak_shocks import Hubs, RandomFirms
from sim.experiments.recording import FAILED, HEALTHY, STATES, STRAINED, Intervention, Recording, record
from sim.model import Ecosystem
from sim.report.figures import finish
from sim.report.outbreak_figures import drawn_tree
from sim.report.outbreak_tree import draw_tree
from sim.report.wording import word

SCENARIO, WEEKS = "chain-reaction", 78
#: Generations of the tree that a round chart shows.
_ROUNDS = 12
Done = tuple[Intervention, ...]


class Of(NamedTuple):
    """What a start is made of."""

    world: str
    economy: dict[str, object]
    seed: int
    network: Path | None


def levers(values: dict[str, Any]) -> dict[str, object]:
    """What is done about arrears in all firms, as changes of the scenario."""
    coverage = int(values["coverage"]) / 100
    if not coverage:
        return {}
    return {
        "receivables.scope": "covered",
        "receivables.coverage": coverage,
        "receivables.targeting": values["targeting"],
        "receivables.weeks_overdue": 1,
    }


def population(values: dict[str, Any]) -> dict[str, object]:
    """The economy that the controls ask for, as changes of the scenario."""
    firms = int(values["firms"])
    return {
        "population.firms": firms,
        "population.borrowers": max(300, firms),
        "population.mean_degree": int(values["links"]),
    }


#: Up to so many firms a recording takes few megabytes; a class that looks at one network makes many variants.
_SMALL = 300
#: Recordings that are kept of large and of small networks.
_FEW, _MANY = 6, 64


def _started(of: Of) -> Ecosystem:
    return Ecosystem(SCENARIO, world=of.world, network=of.network, rng=of.seed, changes=of.economy)


# starts and recordings are read and never changed: sessions share them without a copy
@st.cache_resource(max_entries=_MANY // 4, show_spinner=False)
def _small_start(of: Of) -> Ecosystem:
    return _started(of)


@st.cache_resource(max_entries=_FEW // 2, show_spinner=False)
def _large_start(of: Of) -> Ecosystem:
    return _started(of)


#: One run at a time, and one of a large network beside it: two of this size take turns at Python's lock,
#: and each of them more than twice as long (thirty visitors: p95 of the first moves 2.7 s, 1.2 s one by one).
_ROOM, _LARGE_ROOM = Lock(), Lock()


def _recorded(of: Of, changes: dict[str, object], done: Done) -> Recording:
    with _ROOM if _is_small(of) else _LARGE_ROOM:
        return record(start(of), WEEKS, done, changes)


@st.cache_resource(max_entries=_MANY, show_spinner=False)
def _small_run(of: Of, changes: dict[str, object], done: Done) -> Recording:
    return _recorded(of, changes, done)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _large_run(of: Of, changes: dict[str, object], done: Done) -> Recording:
    return _recorded(of, changes, done)


def start(of: Of) -> Ecosystem:
    """A seasoned start; never changed, only copied."""
    return _small_start(of) if _is_small(of) else _large_start(of)


def recorded(of: Of, changes: dict[str, object], done: Done) -> Recording:
    """A run with what is done to it, week by week."""
    return _small_run(of, changes, done) if _is_small(of) else _large_run(of, changes, done)


def _is_small(of: Of) -> bool:
    firms = of.economy["population.firms"]
    return of.network is None and isinstance(firms, int) and firms <= _SMALL


def shocked(values: dict[str, Any], market: Market) -> tuple[int, ...]:
    """Rows of the firms that fail in week 0."""
    if not values["hit"]:
        return ()
    kind = Hubs if values["shock"] == "hub" else RandomFirms
    return tuple(kind(min(values["hit"], len(market.sector))).choose(market, values["seed"]).tolist())


class Spread:
    """The recordings of a page: as played, the shock alone, nothing at all; made when asked for."""

    def __init__(self, values: dict[str, Any], done: Done, network: Path | None) -> None:
        self.values, self.done = values, done
        self._of = Of(values["world"], population(values), int(values["seed"]), network)
        self.hit = shocked(values, market_of(start(self._of)))

    def _run(self, changes: dict[str, object], done: Done) -> Recording:
        return recorded(self._of, changes, done)

    @property
    def played(self) -> Recording:
        """With the shock, the levers and what the reader did; a firm rescued in week 0 is not felled."""
        saved = {one.firm for one in self.done if one.action == "rescue" and one.week == 0}
        return self._run(levers(self.values), (*self._shock(saved), *self.done))

    @property
    def unhelped(self) -> Recording:
        """The shock alone."""
        return self._run({}, self._shock(set()))

    @property
    def calm(self) -> Recording:
        """Neither shock nor help."""
        return self._run({}, ())

    def _shock(self, saved: set[int]) -> Done:
        return tuple(Intervention("fail", 0, firm) for firm in self.hit if firm not in saved)

    @property
    def causes(self) -> tuple[int, ...]:
        """Firms that were felled, by the shock or by the reader."""
        return tuple(sorted({*self.hit, *(one.firm for one in self.done if one.action == "fail")}))


def curve(changed: Recording, base: Recording, against: str) -> go.Figure:
    """Healthy, stressed and failed firms by week; the base dotted."""
    chart = go.Figure()
    weeks = list(range(changed.weeks + 1))
    for state, name in ((HEALTHY, "healthy"), (STRAINED, "strained"), (FAILED, "failed")):
        for recording, dash in ((changed, "solid"), (base, "dot")):
            label = say(f"state_{name}") + ("" if dash == "solid" else f" ({against})")
            line = {"color": canvas.COLOURS[state] if state else "#7F8C96", "dash": dash, "width": 2}
            if state == FAILED:
                line["color"] = "#D0312D"  # the dark red of the canvas is lost on a dark page
            chart.add_scatter(x=weeks, y=recording.count(state).tolist(), name=label, line=line, mode="lines")
    chart.update_xaxes(title_text=word("week", language()))
    chart.update_yaxes(title_text=say("firms"), rangemode="tozero")
    return finish(chart, 380)


def reproduction(changed: Recording, base: Recording, against: str) -> go.Figure | None:
    """R by quarter of the cause; the base dotted."""
    chart = go.Figure()
    for recording, name, dash in ((changed, "R", "solid"), (base, f"R ({against})", "dot")):
        table = recording.reproduction
        table = table[table["cases"] > 0]
        chart.add_scatter(
            x=table["week"].tolist(),
            y=(table["offspring"] / table["cases"]).round(3).tolist(),
            mode="lines+markers",
            name=name,
            line={"color": "#0072B2" if dash == "solid" else "#7F8C96", "dash": dash},
            text=table["cases"].astype(int).tolist(),
            hovertemplate="R %{y:.2f} (%{text})<extra>%{fullData.name}</extra>",
        )
    if not any(len(trace.x) for trace in chart.data):
        return None
    chart.add_hline(y=1.0, line={"color": "rgba(128,128,128,.9)", "dash": "dot"})
    chart.update_xaxes(title_text=word("week", language()), range=[0, changed.weeks])
    chart.update_yaxes(title_text="R", rangemode="tozero")
    return finish(chart, 300)


def rounds(changed: Recording, causes: tuple[int, ...]) -> go.Figure | None:
    """Failures by round after the first ones."""
    seeds, _, table = changed.rounds(causes)
    if not len(seeds):
        return None
    table = table[(table["firms"] >= 0.05) & (table["generation"] <= _ROUNDS)]
    bars = go.Figure(
        go.Bar(
            x=table["generation"].tolist(),
            y=table["firms"].round(2).tolist(),
            marker={"color": "#0072B2"},
            name=say("rounds"),
            hovertemplate="%{x}: %{y}<extra></extra>",
        )
    )
    bars.update_xaxes(title_text=say("round"), dtick=1)
    bars.update_yaxes(title_text=say("firms"))
    return finish(bars, 300)


def tree(changed: Recording, causes: tuple[int, ...]) -> go.Figure | None:
    """Who pulled down whom, from the first ones on."""
    lang = language()
    seeds, generation, _ = changed.rounds(causes)
    if not len(seeds):
        return None
    drawing = draw_tree(changed.firm_tree.tree, seeds, generation)
    return drawn_tree(drawing, lambda sector: canvas.sector_label(sector, lang), lang)


def as_table(changed: Recording, base: Recording, against: str) -> pd.DataFrame:
    """Every week in numbers: the text alternative of the canvas and the curve."""
    frames = {"": changed.curve(), f" ({against})": base.curve()}
    columns: dict[str, Any] = {say("week"): range(changed.weeks + 1)}
    for tail, frame in frames.items():
        columns |= {say(f"state_{name}") + tail: frame[name] for name in STATES}
        columns[say("owed") + tail] = (frame["overdue"] / 100).round(2)
    return pd.DataFrame(columns)
