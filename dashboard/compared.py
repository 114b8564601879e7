"""A comparison on a page: cards with paired intervals, one view at a time, the table, how to repeat it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts, reproduce
from dashboard.cards import cards
from dashboard.naming import label
from dashboard.state import language, say, worded
from sim.report import account_figures, figures, run_figures
from sim.report.content import Content
from sim.report.numbers import kept_name
from sim.report.wording import word

TILES = (
    "cure_rate_90d",
    "recovery_rate",
    "cost_per_100",
    "complaints_per_1000_borrowers",
    "npl_ratio",
    "firm_failures",
)
View = Callable[[Content, str], None]
Draw = Callable[[Content, str], Any]


def chart(name: str, draw: Draw, measures: Iterable[str] = (), note: str | None = None) -> View:
    """A view of one figure with the definitions of its measures and a note of the report."""

    def show(content: Content, page: str) -> None:
        """Draw it, with notes and definitions."""
        lang = language()
        told = [] if note is None else [word(note, lang)]
        found = draw(content, lang)
        if found is None:
            st.info(say("nothing_to_draw"))
            return
        charts.show(
            found, f"{page}-{name}", lang, [*told, *charts.definitions(content, measures, lang)],
            title=word(name, lang),
        )  # fmt: skip

    return show


EFFECTS = chart("effects", figures.effects, figures.EFFECTS, "effects_note")
TRADEOFF = chart(
    "tradeoff", figures.tradeoff, ("cost_per_100", "recovery_rate", "complaints_per_1000"), "tradeoff_note"
)
WEEKLY = chart("weekly", figures.weekly, figures.WEEKLY, "weekly_note")
SECTORS = chart("sectors", figures.sectors, ("firm_failures",), "sectors_note")
REPRODUCTION = chart("reproduction", run_figures.reproduction, ("reproduction_number",), "reproduction_note")


def show(content: Content, page: str, views: Mapping[str, View]) -> None:
    """All of a comparison: what is compared, cards, then the view that the reader chooses."""
    against = say("left_alone") if content.reference is None else label(content, "arm", content.reference)
    st.caption(say("compared", runs=content.runs, weeks=content.weeks, against=against))
    _cards(content, page)
    names = [*views, "table", "reproduce"]
    chosen = st.segmented_control(
        say("view"), names, default=names[0], format_func=lambda name: say(f"view_{name}"), required=True,
        key=f"{page}.view",
    )  # fmt: skip
    if chosen == "table":
        _table(content, page)
    elif chosen == "reproduce":
        reproduce.show(content, page)
    else:
        views[str(chosen)](content, page)


def _cards(content: Content, page: str) -> None:
    """Cards of one world; a switch where there are two."""
    world = content.worlds[0]
    if len(content.worlds) > 1:
        kept = st.segmented_control(
            say("world"), content.worlds, default=world, required=True, key=f"{page}.world_shown",
            format_func=lambda name: label(content, "world", name),
        )  # fmt: skip
        world = kept if kept in content.worlds else world
    else:
        st.caption(f"{say('world')}: {label(content, 'world', world)}")
    cards(content, world, TILES)
    with st.popover(say("definition"), icon=":material/function:"):
        st.markdown(say("pairing_help"))
        for line in charts.definitions(content, TILES, language()):
            st.markdown(line)


def cohorts(content: Content, page: str) -> None:
    """Liquidation by cohort of placement for one age of debt, then by week for the common list."""
    lang = language()
    stages = ("all", *figures.STAGES)
    stage = st.segmented_control(
        say("stage"), stages, default="all", required=True, key=f"{page}.stage",
        format_func=lambda name: say("stage_all") if name == "all" else label(content, "stage", name),
    )  # fmt: skip
    found = account_figures.cohorts(content, lang, str(stage))
    if found is None:
        st.info(say("no_cohorts"))
    notes = [word("cohorts_note", lang), f"`share = recovered / placed`, {say('by_cohort')}"]
    charts.show(found, f"{page}-cohorts", lang, notes, title=word("cohorts", lang))
    chart("liquidation", figures.liquidation, ("recovery_rate",), "liquidation_note")(content, page)


def funnel(content: Content, page: str) -> None:
    """The funnel for one age of debt."""
    lang = language()
    stages = ("all", *figures.STAGES)
    stage = st.segmented_control(
        say("stage"), stages, default="all", required=True, key=f"{page}.funnel_stage",
        format_func=lambda name: say("stage_all") if name == "all" else label(content, "stage", name),
    )  # fmt: skip
    found = account_figures.funnel(content, lang, str(stage))
    charts.show(
        found, f"{page}-funnel", lang,
        [word("funnel_note", lang), say("funnel_formula")],
        title=word("funnel", lang), table=charts.frame_table(content.funnel),
    )  # fmt: skip
    _cured_how(content, str(stage))


def _cured_how(content: Content, stage: str) -> None:
    """How many of the cured kept a promise, and how many nobody ever reached."""
    table = content.funnel[content.funnel["stage"] == stage]
    for (world, arm), here in table.groupby(["world", "arm"], sort=False):
        counts = here.set_index("step")["accounts"]
        if counts.get("cured", 0) > 0:
            share = {name: 100 * counts[name] / counts["cured"] for name in ("cured_kept", "cured_unreached")}
            st.caption(
                say(
                    "cured_how",
                    arm=label(content, "arm", str(arm)),
                    world=label(content, "world", str(world)),
                    kept=f"{share['cured_kept']:.0f}",
                    alone=f"{share['cured_unreached']:.0f}",
                )
            )


def rolls(content: Content, page: str) -> None:
    """The roll-rate matrix; a click on a cell, or the two lists below it, show the cell's history."""
    lang = language()
    found = run_figures.rolls(content, lang)
    if found is None:
        st.info(say("nothing_to_draw"))
        return
    buckets = run_figures.BUCKETS
    clicked = charts.show(
        charts.clickable(found), f"{page}-rolls", lang, [word("rolls_note", lang), say("rolls_formula")],
        title=word("rolls", lang), table=charts.frame_table(content.roll_rates), picked=True,
    )  # fmt: skip
    names = {word(f"bucket.{bucket}", lang): bucket for bucket in buckets}
    points = [] if clicked is None else clicked["selection"]["points"]
    ends = worded(f"{page}.cell_from"), worded(f"{page}.cell_to")
    cell = (names.get(str(points[0].get("y"))), names.get(str(points[0].get("x")))) if points else None
    if cell is not None and None not in cell and st.session_state.get(f"{page}.cell_clicked") != cell:
        st.session_state[f"{page}.cell_clicked"] = cell
        st.session_state[ends[0]], st.session_state[ends[1]] = cell
    st.markdown(f"##### {say('cell_history')}")
    st.caption(say("cell_help"))
    left, right = st.columns(2)
    for key, bucket in zip(ends, ("31-60", "61-90"), strict=True):
        st.session_state.setdefault(key, bucket)

    def name(bucket: str) -> str:
        return word(f"bucket.{bucket}", lang)

    start = left.selectbox(say("cell_from"), buckets[:-1], format_func=name, key=ends[0])
    end = right.selectbox(say("cell_to"), buckets, format_func=name, key=ends[1])
    history = account_figures.roll_cell(content, start, end, lang)
    charts.show(history, f"{page}-cell", lang, [say("rolls_formula")])


def _table(content: Content, page: str) -> None:
    rows = [
        {
            say("world"): label(content, "world", row.world),
            say("arm"): label(content, "arm", row.arm),
            say("measure"): label(content, "measure", row.measure),
            "id": row.measure,
            say("unit"): kept_name(row.unit, language()),
            say("mean"): row.mean,
            say("low"): row.low,
            say("high"): row.high,
            say("effect"): row.effect,
            say("effect_low"): row.effect_low,
            say("effect_high"): row.effect_high,
            "n": row.n,
        }
        for row in content.rows
    ]
    frame = pd.DataFrame(rows)
    st.dataframe(frame, hide_index=True, width="stretch")
    st.download_button(
        say("csv"),
        charts.to_csv(*charts.frame_table(frame)),
        f"arrears-{page}.csv",
        "text/csv",
        key=f"csv.{page}.table",
        on_click="ignore",
        icon=":material/download:",
    )
