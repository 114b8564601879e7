"""What outcomes hang on, where a strategy stops winning, and which choice is robust: kept results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from calibration import charts as figures
from calibration.evidence_commands import ASSUMPTIONS, ROBUST
from calibration.kept import changed_worlds, read_kept
from calibration.ranking_table import factor_meaning, factor_name
from calibration.robust import LEAST_INSIDE
from calibration.robust_table import (
    front_figure,
    outcome_name,
    pareto_rows,
    regret_figure,
    satisficing_rows,
)
from dashboard import charts
from dashboard.state import control, language, say
from sim.measures import MEASURES
from sim.spec.labels import name_of, text

Data = Mapping[str, Any]


def assumptions() -> None:
    """Tornado for each main outcome, and its ranks as a table."""
    document = _kept(ASSUMPTIONS, "arrears assumptions --keep")
    if document is None:
        return
    lang = language()
    keys = ("varied", "trajectories", "screening_points", "base_points", "points")
    world = name_of("world", document["world"], lang)
    st.caption(text("ranking.title", lang, world=world, **{key: document[key] for key in keys}))
    outcomes = list(document["units"])
    outcome = st.selectbox(
        say("outcome"), outcomes, format_func=lambda name: outcome_name(name, lang),
        key=control("calibration", "outcome"),
    )  # fmt: skip
    label = MEASURES[outcome].label
    charts.show(
        figures.tornado(document, outcome, lang),
        f"tornado-{outcome}",
        lang,
        [text("ranking.note", lang)],
        title=say("chart_tornado", outcome=label.zh if lang == "zh" else label.en),
    )
    table(_ranks(document, outcome, lang), f"ranking-{outcome}")


def _ranks(document: Data, outcome: str, lang: str) -> pd.DataFrame:
    """Numbers by their share of one outcome's variance, in per cent; else by their effect."""
    shares = bool(document["shares"])
    rows = [row for row in document["shares"] or document["screening"] if row["outcome"] == outcome]
    effect, scale = ("total", 100) if shares else ("effect", 1)
    heads = [say("name"), text("evidence.meaning", lang)]
    heads += [f"{text('ranking.share', lang)} (%)" if shares else text("ranking.effect", lang)]
    lines = [
        [factor_name(row["field"], lang), factor_meaning(row["field"], lang),
         *(None if row[key] is None else float(f"{scale * row[key]:.3g}") for key in (effect, "low", "high"))]
        for row in rows
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=[*heads, say("low"), say("high")])


def boxes(world: str) -> None:
    """How often each strategy does worse than the first, and where in what is uncertain."""
    document = _kept(ROBUST, "arrears robust --points 256 --keep")
    if document is None:
        return
    lang = language()
    known = [one for one in document["boxes"] if one["world"] == world]
    if not known:
        st.info(say("too_few_for_boxes", points=document["points"]))
        st.code("arrears robust --points 256 --keep", language="bash")
        return
    st.markdown(f"##### {say('worse_at', arm=name_of('strategy', known[0]['against'], lang))}")
    _rows(_how_often(known, lang))
    drawn = [one for one in known if one["box"] is not None]
    st.caption(say("boxes_from", least=LEAST_INSIDE))
    if not drawn:
        return
    place = st.selectbox(
        say("which_box"), range(len(drawn)), format_func=lambda number: _asked(drawn[number], lang),
        key=control("calibration", f"box.{world}"),
    )  # fmt: skip
    _box(drawn[place], lang)


def _how_often(known: list[Data], lang: str) -> list[list[str]]:
    """A row a strategy, a column an outcome: share of the points at which it does worse."""
    outcomes = list(dict.fromkeys(one["outcome"] for one in known))
    shares = {(one["arm"], one["outcome"]): one["interesting"] / one["points"] for one in known}
    lines = [[say("strategy"), *(outcome_name(outcome, lang) for outcome in outcomes)]]
    for arm in dict.fromkeys(one["arm"] for one in known):
        found = [f"{100 * shares[arm, outcome]:.0f} %" for outcome in outcomes]
        lines.append([name_of("strategy", arm, lang), *found])
    return lines


def _asked(one: Data, lang: str) -> str:
    arms = " − ".join(name_of("strategy", arm, lang) for arm in (one["arm"], one["against"]) if arm)
    return f"{outcome_name(one['outcome'], lang)}: {arms} {one['asked']}"


def _box(one: Data, lang: str) -> None:
    st.caption(say("asked_points", count=one["interesting"], total=one["points"]))
    shares = {key: f"{100 * one['box'][key]:.0f}" for key in ("coverage", "density", "mass")}
    st.markdown(text("discover.box", lang, **shares))
    key = f"{one['world']}-{one['arm']}-{one['outcome']}"
    for name, draw in (("box", figures.box_figure), ("trail", figures.trail_figure)):
        title = f"{say(f'chart_{name}')} — {_asked(one, lang)}"
        charts.show(draw(one, lang), f"{name}-{key}", lang, [say(f"{name}_meaning")], title=title)


def robust() -> None:
    """Regret, satisficing and the front over both worlds."""
    document = _kept(ROBUST, "arrears robust --keep")
    if document is None:
        return
    lang = language()
    said = {"points": document["points"], "worlds": len(document["varied"])}
    st.caption(f"{text('robust.title', lang, **said)} {text('robust.note', lang)}")
    drawn: list[tuple[str, go.Figure, str]] = [
        (f"regret-{outcome}", regret_figure(document, outcome, lang), outcome_name(outcome, lang))
        for outcome in document["outcomes"]
    ]
    front = text("robust.pareto", lang)
    charts.show(front_figure(document, lang), "front", lang, [text("robust.note", lang)], title=front)
    _rows(pareto_rows(document, lang))
    st.markdown(
        f"##### {text('robust.satisficing', lang, arm=name_of('strategy', document['arms'][0], lang))}"
    )
    _rows(satisficing_rows(document, lang))
    for key, chart, name in drawn:
        title = text("robust.regret", lang, outcome=name)
        charts.show(chart, key, lang, [text("robust.note", lang)], title=title)


def _kept(name: str, command: str) -> Data | None:
    """A kept result; else the command that makes it. Says which worlds have changed since."""
    document = read_kept(name)
    if document is None:
        st.info(say("nothing_kept"))
        st.code(command, language="bash")
        return None
    for world in changed_worlds(document):
        st.warning(say("kept_older", world=name_of("world", world, language())), icon=":material/history:")
    return document


def _rows(rows: list[list[str]]) -> None:
    st.dataframe(pd.DataFrame(rows[1:], columns=rows[0]), hide_index=True, width="stretch")


def table(frame: pd.DataFrame, key: str, height: int | Literal["auto"] = "auto") -> None:
    """A table with its download."""
    st.dataframe(frame, hide_index=True, width="stretch", height=height)
    plain = frame.astype(object).where(frame.notna(), "")
    st.download_button(
        say("csv"), charts.to_csv(map(str, frame.columns), plain.itertuples(index=False)),
        f"arrears-{key}.csv", "text/csv", key=f"csv.{key}", on_click="ignore", icon=":material/download:",
    )  # fmt: skip
