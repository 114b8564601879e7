"""Policy lab: a change of the rules against the rules in force."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from dashboard import assumptions, caps, cards, charts, compared, levers, what_if
from dashboard.jobs import store
from dashboard.links import Field
from dashboard.naming import label
from dashboard.running import dimmed, ready
from dashboard.state import control, language, linked, say, share
from sim.core.errors import SpecError
from sim.experiments.comparing import compare, planned
from sim.experiments.differences import HARDSHIP
from sim.report import policy_figures
from sim.report.content import Content, gather
from sim.report.wording import word
from sim.spec.base import Text
from sim.spec.labels import name_of, text
from sim.spec.loader import load_rules, rule_set_names, world_names

_SIZES = ("500", "1000", "2000", "5000")
_ALL_BIND = "all"
_STARTS = (_ALL_BIND, *(f"{year}-01-01" for year in range(2018, 2031)))


def fields() -> tuple[Field, ...]:
    """The controls in a link."""
    rules = tuple(rule_set_names())
    return (
        Field("rules", "one", "china-2023", rules),
        Field("to", "one", "china-2023", rules),
        *levers.fields(),
        *assumptions.fields(),
        Field("start", "one", _ALL_BIND, _STARTS),
        Field("world", "one", "evidence", tuple(world_names())),
        Field("borrowers", "one", "2000", _SIZES),
        Field("weeks", "whole", 104, least=8, most=156),
        Field("runs", "whole", 4, least=2, most=40),
    )


def show() -> None:
    """The page."""
    st.title(say("policy"))
    st.caption(say("policy_intro"))
    known = fields()
    values = _controls(linked("policy", known), known)
    asked = question(values)
    if asked["arms"]["changed"] == asked["arms"]["now"]:
        st.info(say("change_a_rule"))
        return
    st.session_state["own_files"] = {}
    try:
        plan = planned("baseline", **asked)
        if not caps.within(plan, {}):
            return
    except SpecError as error:
        st.error(str(error), icon=":material/error:")
        return

    def work(progress: Any) -> Content:
        """The runs, in the background."""
        found = gather(compare("baseline", **asked, progress=progress, store=store() / "policy"))
        found.labels.update({f"arm.{name}": both(f"arm_{name}") for name in asked["arms"]})
        return found

    content: Content | None = ready("policy", repr(asked), work, asked=caps.asked(plan, own={}))
    if content is not None:
        views: dict[str, compared.View] = {
            "effects": compared.EFFECTS,
            "difference_over_time": compared.chart(
                "difference_over_time", policy_figures.difference_over_time, (), "difference_over_time_note"
            ),
            "gains": gains,
            "balance_sheet": balance_sheets,
            "tornado": partial(what_if.tornado, asked),
            "threshold": partial(what_if.threshold, asked),
            "weekly": compared.WEEKLY,
            "reproduction": compared.REPRODUCTION,
        }
        with dimmed("policy"):
            compared.show(content, "policy", views)


def both(key: str) -> Text:
    """A text of the dashboard in both languages."""
    return Text(en=text(f"dash.{key}", "en"), zh=text(f"dash.{key}", "zh"))


def arms_of(values: dict[str, Any]) -> dict[str, dict[str, object]]:
    """The rules in force, and those rules or another set with the levers on top."""
    return {"now": {"rules": values["rules"]}, "changed": {"rules": values["to"], **levers.changes(values)}}


def question(values: dict[str, Any]) -> dict[str, Any]:
    """What the controls ask of :func:`sim.experiments.compare`; assumptions move both arms."""
    size = int(values["borrowers"])
    changes: dict[str, object] = {"population.borrowers": size, "population.firms": max(100, size // 5)}
    if values["start"] != _ALL_BIND:
        changes["start"] = values["start"]
    return {
        "arms": arms_of(values),
        "worlds": [values["world"]],
        "runs": values["runs"],
        "weeks": values["weeks"],
        "changes": changes | assumptions.changes(values, values["world"]),
    }


def gains(content: Content, page: str) -> None:
    """Transfers, resource costs and hardship beside each other, never summed; then sectors."""
    lang = language()
    st.markdown(f"##### {word('gains', lang)}")
    st.caption(word("gains_note", lang))
    table = content.gains
    for column, kind in zip(st.columns(3), policy_figures.KINDS, strict=True):
        with column:
            st.markdown(f"##### {word(f'kind.{kind}', lang)}")
            cards.gains(content, kind)
            charts.downloads(
                f"{page}-gains-{kind}", lang, charts.frame_table(table[table["kind"] == kind]),
                [word("gains_note", lang), say(f"formula_{kind}")],
            )  # fmt: skip
    felt = [item for kind in policy_figures.KINDS
            for party, item in policy_figures.gain_items(content, kind) if party == "borrowers"]  # fmt: skip
    felt = [item for item in felt if item in HARDSHIP]
    chosen = st.selectbox(
        say("by_group"), felt, format_func=lambda name: word(f"item.{name}", lang), key=f"{page}.group_item"
    )
    charts.show(
        policy_figures.gains_by_group(content, str(chosen), lang), f"{page}-groups", lang,
        [word("gains_note", lang), *(say(f"formula_{kind}") for kind in policy_figures.KINDS)],
        title=f"{say('by_group')}: {word(f'item.{chosen}', lang)}",
        table=charts.frame_table(table[table["party"] == "borrowers"]),
    )  # fmt: skip
    items = ("failures", "overdue_receivables", "overdue_payables")
    item = st.segmented_control(
        say("by_sector"), items, default=items[0], required=True, key=f"{page}.sector_item",
        format_func=lambda name: word(f"item.{name}", lang),
    )  # fmt: skip
    found = policy_figures.gains_by_sector(content, str(item), lang)
    if found is None:
        st.info(say("nothing_to_draw"))
    charts.show(
        found, f"{page}-sectors", lang, [word("gains_note", lang), say("formula_sector")],
        title=f"{say('by_sector')}: {word(f'item.{item}', lang)}",
        table=charts.frame_table(table[table["by"] == "sector"]),
    )  # fmt: skip


def balance_sheets(content: Content, page: str) -> None:
    """Before (rules in force), after (changed rules), and the difference."""
    lang = language()
    st.caption(word("balance_sheet_note", lang))
    now, changed = content.arms[0], content.arms[-1]
    for name, arm, difference in (("before", now, False), ("after", changed, False), ("gap", changed, True)):
        charts.show(
            policy_figures.balance_sheet(content, arm, lang, difference), f"{page}-sheet-{name}", lang,
            [word("balance_sheet_note", lang), say("formula_sheet")],
            title=f"{word('balance_sheet', lang)}: "
            + (say("effect") if difference else label(content, "arm", arm)),
            table=charts.frame_table(content.balance_sheets[content.balance_sheets["arm"] == arm]),
        )  # fmt: skip


def _rules_name(name: str) -> str:
    found = load_rules(name).label
    return found.zh if language() == "zh" else found.en


def _controls(values: dict[str, Any], known: tuple[Field, ...]) -> dict[str, Any]:
    lang, key = language(), partial(control, "policy")
    rules = known[0].allowed
    st.markdown(f"**{say('levers_title')}** — {say('levers_what')}")
    first, second, third = st.columns(3)
    found: dict[str, Any] = {
        "rules": first.selectbox(
            say("rules_now"), rules, rules.index(values["rules"]), format_func=_rules_name, key=key("rules")
        ),
        "to": second.selectbox(
            say("rules_to"), rules, rules.index(values["to"]), format_func=_rules_name, key=key("to")
        ),
        "start": third.selectbox(
            say("start_day"), _STARTS, _STARTS.index(values["start"]), help=say("start_day_help"),
            format_func=lambda day: say("all_bind") if day == _ALL_BIND else day, key=key("start"),
        ),
    }  # fmt: skip
    found |= levers.controls(values)
    st.markdown(f"**{say('assumptions_title')}** — {say('assumptions_what')}")
    fourth, fifth, sixth, seventh = st.columns([1.9, 1, 1, 1])
    worlds = list(world_names())
    found |= {
        "world": fourth.selectbox(
            say("world"), worlds, worlds.index(values["world"]),
            format_func=lambda name: name_of("world", name, lang), key=key("world"),
        ),
        "borrowers": fifth.select_slider(
            say("borrowers"), _SIZES, values["borrowers"], key=key("borrowers")
        ),
        "weeks": sixth.slider(say("weeks"), 8, 156, values["weeks"], key=key("weeks")),
        "runs": seventh.slider(
            say("runs"), 2, 40, values["runs"], help=say("runs_help"), key=key("runs")
        ),
    }  # fmt: skip
    found |= assumptions.controls(values, found["world"])
    share("policy", known, found)
    return found
