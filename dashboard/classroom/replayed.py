"""Afterwards: the same weeks and choices under another rule."""

from __future__ import annotations

from typing import Literal

import plotly.graph_objects as go
import streamlit as st

from dashboard import charts
from dashboard.classroom import board
from dashboard.classroom.rooms import View
from dashboard.classroom.shared import money
from dashboard.state import language, say
from sim.experiments.classroom import RULES, Game, Rule
from sim.experiments.classroom_replay import Figures, arrears, figures, replay, worth_by_rule
from sim.report.figures import finish
from sim.report.wording import word

#: Told apart by colour-blind readers, and by dashes.
_LINES = {
    "as_played": ("#A50F15", "solid"),
    "set_off": ("#0072B2", "solid"),
    "clearing": ("#009E73", "dash"),
    "compulsory": ("#E69F00", "dashdot"),
    "term_cap": ("#7F6BB3", "dot"),
}


def games_of(view: View) -> dict[Rule, Game]:
    """The weeks of a room under every rule; the choices are those of the settled weeks."""
    return replay(view.game.market, [week.choices for week in view.game.settled])


def show(view: View) -> None:
    """Two networks side by side, the curve of arrears, and a table of all rules."""
    lang = language()
    games = games_of(view)
    st.markdown(f"## {say('class_again')}")
    st.markdown(say("class_again_help"))
    rule: Rule = st.segmented_control(
        say("class_rule"), [name for name in RULES if name != "as_played"], default="set_off",
        format_func=lambda name: say(f"class_rule_{name}"), key="classroom.rule", required=True,
    )  # fmt: skip
    st.caption(say(f"class_rule_{rule}_help"))
    for column, name in zip(st.columns(2), ("as_played", rule), strict=True):
        with column:
            st.markdown(f"#### {say(f'class_rule_{name}')}")
            board.draw(games[name], view.setup.shape, f"classroom.{view.code}.{name}", 460)
    _tiles(figures(games["as_played"]), figures(games[rule]))
    charts.show(
        _curve(games, rule), "classroom-arrears", lang, [say("class_arrears_help")], title=say("class_curve")
    )
    _table(games)


def _tiles(played: Figures, other: Figures) -> None:
    """The other rule's figures, each with its difference to what was played."""
    for column, name in zip(
        st.columns(4), ("arrears_end", "closed", "wages_owed", "sold_share"), strict=True
    ):
        before, after = getattr(played, name), getattr(other, name)
        change = after - before
        if name == "closed":
            value, told = str(after), f"{change:+d}"
        elif name == "sold_share":
            value, told = f"{100 * after:.0f} %", say("class_points", points=f"{100 * change:+.0f}")
        else:
            value, told = money(after), money(change, signed=True)
        good: Literal["normal", "inverse"] = "normal" if name == "sold_share" else "inverse"
        column.metric(
            say(f"class_sum_{name}"), value, told if change else say("same_as_played"),
            delta_color=good if change else "off",
        )  # fmt: skip


def _curve(games: dict[Rule, Game], chosen: Rule) -> go.Figure:
    chart = go.Figure()
    for rule, game in games.items():
        colour, dash = _LINES[rule]
        wide = rule in ("as_played", chosen)
        late = arrears(game).sum(axis=1) / 100
        chart.add_scatter(
            x=list(range(len(late))), y=late.tolist(), name=say(f"class_rule_{rule}"), mode="lines",
            line={"color": colour, "dash": dash, "width": 4 if wide else 1.6}, opacity=1.0 if wide else 0.75,
        )  # fmt: skip
    chart.update_xaxes(title_text=word("week", language()))
    chart.update_yaxes(title_text=say("class_arrears_axis"), rangemode="tozero")
    return finish(chart, 420)


def _table(games: dict[Rule, Game]) -> None:
    rows = []
    for rule, game in games.items():
        found = figures(game)
        rows.append(
            {
                say("class_rule"): say(f"class_rule_{rule}"),
                say("class_sum_arrears_end"): money(found.arrears_end),
                say("class_sum_arrears_peak"): money(found.arrears_peak),
                say("class_sum_closed"): found.closed,
                say("class_sum_wages_owed"): money(found.wages_owed),
                say("class_sum_sold_share"): f"{100 * found.sold_share:.0f} %",
                say("class_sum_paid"): money(found.paid),
                say("class_sum_cancelled"): money(found.cancelled),
            }
        )
    st.table(rows)


def own_result(view: View, firm: int) -> None:
    """What one firm is worth at the end under each rule."""
    games = games_of(view)
    worth = worth_by_rule(games, firm)
    st.markdown(f"### {say('class_over')}")
    st.metric(say("class_own_worth"), money(worth["as_played"]))
    for rule in RULES:
        if rule != "as_played":
            change = worth[rule] - worth["as_played"]
            st.metric(
                say(f"class_rule_{rule}"), money(worth[rule]),
                money(change, signed=True) if change else say("same_as_played"),
                delta_color="normal" if change else "off",
            )  # fmt: skip
    st.caption(say("class_own_help"))
