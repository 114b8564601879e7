"""Strategy lab: strategies side by side on the same accounts with the same luck."""

from __future__ import annotations

from functools import cache, partial
from itertools import combinations
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import caps, compared
from dashboard.jobs import store
from dashboard.links import Field
from dashboard.naming import label
from dashboard.running import dimmed, ready
from dashboard.state import control, language, linked, say, share, worded
from dashboard.uploads import network_upload, portfolio_upload
from sim.collection import strategy_names
from sim.collection.modules import module_names
from sim.core.errors import SpecError
from sim.experiments.comparing import compare, planned
from sim.experiments.winners import EVERYWHERE, JUDGED, OPEN, verdicts
from sim.report import account_figures
from sim.report.content import Content, gather
from sim.spec.labels import name_of, texts
from sim.spec.loader import world_names
from sim.spec.strategy import JOIN

_SIZES = ("500", "1000", "3000", "10000")
_WEEKS = (8, 156)
VIEWS: dict[str, compared.View] = {
    "effects": compared.EFFECTS,
    "won": compared.chart("won", account_figures.won, JUDGED, "won_note"),
    "cohorts": compared.cohorts,
    "rolls": compared.rolls,
    "funnel": compared.funnel,
    "tradeoff": compared.TRADEOFF,
    "spared": compared.chart("spared", account_figures.spared, ("net_present_recovery",), "spared_note"),
    "weekly": compared.WEEKLY,
    "sectors": compared.SECTORS,
}


@cache
def bases() -> tuple[str, ...]:
    """Strategies that have a label, so that users' own ones stay their own."""
    return tuple(
        name for name in strategy_names() if f"strategy.{name}" in texts("en") and name != "left_alone"
    )


@cache
def offered() -> tuple[str, ...]:
    """All strategies, each by itself and with any modules that have a label, in the order of the modules."""
    modules = [name for name in module_names() if f"module.{name}" in texts("en")]
    added = [JOIN.join(some) for size in range(1, len(modules) + 1) for some in combinations(modules, size)]
    return (*bases(), *(f"{base}{JOIN}{some}" for base in bases() for some in added))


def fields() -> tuple[Field, ...]:
    """The controls in a link."""
    return (
        Field("strategies", "some", ["traditional", "ai_tiered", "app_based"], offered(), 2, 4),
        Field("worlds", "some", ["evidence"], tuple(world_names()), 1, 2),
        Field("borrowers", "one", "1000", _SIZES),
        Field("staff", "whole", 100, least=25, most=400),
        Field("weeks", "whole", 78, least=_WEEKS[0], most=_WEEKS[1]),
        Field("runs", "whole", 4, least=2, most=40),
    )


def show() -> None:
    """The page."""
    st.title(say("strategies"))
    st.caption(say("strategies_intro"))
    known = fields()
    values = _controls(linked("strategies", known), known)
    portfolio, network = portfolio_upload("strategies"), network_upload("strategies")
    if len(values["strategies"]) < 2 or not values["worlds"]:
        st.info(say("choose_two"))
        return
    asked = question(values, portfolio, network)
    own = st.session_state["own_files"] = own_files(portfolio, network)
    try:
        plan = planned("baseline", **asked)
        if not caps.within(plan, own):
            return
    except SpecError as error:
        st.error(str(error), icon=":material/error:")
        return

    def work(progress: Any) -> Content:
        """The runs, in the background."""
        return gather(compare("baseline", **asked, progress=progress, store=store() / "strategies"))

    content: Content | None = ready("strategies", repr(asked), work, wait=False, asked=caps.asked(plan, own))
    if content is not None:
        with dimmed("strategies"):
            _verdict(content)
            compared.show(content, "strategies", VIEWS)


def question(
    values: dict[str, Any], portfolio: tuple[Path, Path | None] | None, network: Path | None
) -> dict[str, Any]:
    """What the controls ask of :func:`sim.experiments.compare`."""
    effort = values["staff"] / 100
    changes: dict[str, object] = {}
    if effort != 1:
        changes |= {"collectors[0].effort": effort, "collectors[1].effort": effort}
    size = int(values["borrowers"])
    if portfolio is None:
        changes["population.borrowers"] = size
    if network is None:
        changes["population.firms"] = max(100, size // 10)
    return {
        "strategies": list(values["strategies"]),
        "worlds": list(values["worlds"]),
        "runs": values["runs"],
        "weeks": values["weeks"],
        "changes": changes,
        "portfolio": None if portfolio is None else str(portfolio[0]),
        "mapping": None if portfolio is None or portfolio[1] is None else str(portfolio[1]),
        "network": None if network is None else str(network),
    }


def own_files(portfolio: tuple[Path, Path | None] | None, network: Path | None) -> dict[str, str]:
    """The reader's names of the files that this server keeps under names of its own."""
    found: dict[str, str] = {}
    if portfolio is not None:
        found[str(portfolio[0])] = _given("strategies.portfolio", portfolio[0])
        if portfolio[1] is not None:
            found[str(portfolio[1])] = _given("strategies.mapping", Path("mapping.yaml"))
    if network is not None:
        found[str(network)] = _given("strategies.network", network)
    return found


def _given(key: str, otherwise: Path) -> str:
    file = st.session_state.get(key)
    return otherwise.name if file is None else str(file.name)


def _verdict(content: Content) -> None:
    """Who wins what, in which world, in words."""
    found = verdicts(content.winners)
    st.markdown(f"#### {say('who_wins')}")
    lines = []
    for row in found.to_dict("records"):
        what = label(content, "measure", row["measure"])
        if row["verdict"] == OPEN:
            lines.append(f":material/balance: **{what}**: {say('wins_open')}")
            continue
        mark = "workspace_premium" if row["verdict"] == EVERYWHERE else "help"
        told = say(
            f"wins_{row['verdict']}",
            arm=label(content, "arm", row["arm"]) if row["arm"] else "",
            world=label(content, "world", row["world"]) if row["world"] else "",
        )
        lines.append(f":material/{mark}: **{what}**: {told}")
    st.markdown("  \n".join(lines))
    st.caption(say("wins_help") if len(content.worlds) > 1 else say("wins_one_world"))


def _modules(chosen: list[str], key: str) -> None:
    """Add a strategy with modules to those that are compared, the choice under ``key``."""
    lang = language()
    with st.popover(say("add_modules"), icon=":material/extension:"):
        base = st.selectbox(
            say("module_base"), bases(), format_func=lambda name: name_of("strategy", name, lang)
        )
        modules = [name for name in module_names() if f"module.{name}" in texts("en")]
        some = st.multiselect(
            say("modules"),
            modules,
            format_func=lambda name: texts(lang)[f"module.{name}"],
            key=worded("strategies.some"),
        )
        ordered = [name for name in modules if name in some]
        arm = JOIN.join((base, *ordered))
        full = len(chosen) >= 4 or not ordered or arm in chosen
        st.button(
            say("add_arm"), disabled=full, on_click=_add, args=(arm, key), help=say("add_arm_help"),
            icon=":material/add:",
        )  # fmt: skip


def _add(arm: str, key: str) -> None:
    st.session_state[key] = [*st.session_state[key], arm]


def _controls(values: dict[str, Any], known: tuple[Field, ...]) -> dict[str, Any]:
    lang, key = language(), partial(control, "strategies")
    first, second, third = st.columns([2, 1, 1])
    chosen: list[str] = st.session_state.setdefault(key("strategies"), values["strategies"])
    options = [*bases(), *(name for name in chosen if name not in bases())]
    found: dict[str, Any] = {
        "strategies": first.multiselect(
            say("strategies_control"),
            options,
            max_selections=4,
            key=key("strategies"),
            format_func=lambda name: name_of("strategy", name, lang),
        )
    }
    with first:
        _modules(found["strategies"], key("strategies"))
    found |= {
        "worlds": first.multiselect(
            say("worlds"),
            known[1].allowed,
            values["worlds"],
            format_func=lambda name: name_of("world", name, lang),
            key=key("worlds"),
        ),
        "borrowers": second.select_slider(
            say("borrowers"), _SIZES, values["borrowers"], key=key("borrowers")
        ),
        "staff": second.slider(
            say("staff"),
            25,
            400,
            values["staff"],
            25,
            format="%d %%",
            help=say("staff_help"),
            key=key("staff"),
        ),
        "weeks": third.slider(say("weeks"), *_WEEKS, values["weeks"], key=key("weeks")),
        "runs": third.slider(say("runs"), 2, 40, values["runs"], help=say("runs_help"), key=key("runs")),
    }
    if found["strategies"] and found["worlds"] and len(found["strategies"]) > 1:
        share("strategies", known, found)
    return found
