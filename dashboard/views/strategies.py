"""Strategy lab: strategies side by side on the same accounts with the same luck."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import compared
from dashboard.jobs import store
from dashboard.links import Field
from dashboard.public import Asked, command
from dashboard.running import ready
from dashboard.state import language, linked, say, share
from dashboard.uploads import portfolio_upload
from sim.collection import strategy_names
from sim.experiments import compare
from sim.report.content import Content, gather
from sim.spec.labels import name_of, texts
from sim.spec.loader import world_names

_SIZES = ("1000", "3000", "10000")


def fields() -> tuple[Field, ...]:
    """The controls in a link; strategies that have a label, so that users' own ones stay their own."""
    known = tuple(name for name in strategy_names() if f"strategy.{name}" in texts("en"))
    return (
        Field("strategies", "some", ["traditional", "ai_tiered", "app_based"], known, 2, 4),
        Field("worlds", "some", ["evidence"], tuple(world_names()), 1, 2),
        Field("borrowers", "one", "1000", _SIZES),
        Field("staff", "whole", 100, least=25, most=400),
        Field("weeks", "whole", 78, least=26, most=156),
        Field("runs", "whole", 4, least=2, most=40),
    )


def show() -> None:
    """The page."""
    st.title(say("strategies"))
    st.caption(say("strategies_intro"))
    known = fields()
    values = _controls(linked("strategies", known), known)
    own = portfolio_upload("strategies")
    if len(values["strategies"]) < 2 or not values["worlds"]:
        st.info(say("choose_two"))
        return

    def work(progress: Any) -> Content:
        """The runs, in the background."""
        return run(values, own, progress)

    content: Content | None = ready(
        "strategies", repr((values, own)), work, wait=False, asked=_asked(values, own)
    )
    if content is not None:
        compared.show(content, "strategies")


def run(values: dict[str, Any], own: tuple[Path, Path | None] | None, progress: Any) -> Content:
    """The comparison that the controls ask for."""
    effort = values["staff"] / 100
    changes: dict[str, object] = {"collectors[0].effort": effort, "collectors[1].effort": effort}
    if own is None:
        size = int(values["borrowers"])
        changes |= {"population.borrowers": size, "population.firms": max(100, size // 10)}
    result = compare(
        "baseline",
        strategies=values["strategies"],
        worlds=values["worlds"],
        runs=values["runs"],
        weeks=values["weeks"],
        changes=changes,
        portfolio=None if own is None else own[0],
        mapping=None if own is None else own[1],
        progress=progress,
        store=store() / "strategies",
    )
    return gather(result)


def _asked(values: dict[str, Any], own: tuple[Path, Path | None] | None) -> Asked:
    """The comparison as public mode sees it: its sizes, and the command that runs it elsewhere."""
    effort, size = values["staff"] / 100, int(values["borrowers"])
    options: list[tuple[str, object]] = [
        ("strategies", ",".join(values["strategies"])),
        ("worlds", ",".join(values["worlds"])),
        ("runs", values["runs"]),
        ("weeks", values["weeks"]),
        *(("set", f"collectors[{place}].effort={effort}") for place in (0, 1)),
    ]
    sizes = {"runs": values["runs"], "weeks": values["weeks"]}
    if own is None:
        options += [
            ("set", f"population.borrowers={size}"),
            ("set", f"population.firms={max(100, size // 10)}"),
        ]
        sizes["borrowers"] = size
    else:
        options.append(("portfolio", "FILE"))
    return Asked(sizes, command("arrears", "compare", "baseline", options=options))


def _controls(values: dict[str, Any], known: tuple[Field, ...]) -> dict[str, Any]:
    lang = language()
    first, second, third = st.columns([2, 1, 1])
    found = {
        "strategies": first.multiselect(
            say("strategies_control"),
            known[0].allowed,
            values["strategies"],
            max_selections=4,
            format_func=lambda name: name_of("strategy", name, lang),
        ),
        "worlds": first.multiselect(
            say("worlds"),
            known[1].allowed,
            values["worlds"],
            format_func=lambda name: name_of("world", name, lang),
        ),
        "borrowers": second.select_slider(say("borrowers"), _SIZES, values["borrowers"]),
        "staff": second.slider(
            say("staff"), 25, 400, values["staff"], 25, format="%d %%", help=say("staff_help")
        ),
        "weeks": third.slider(say("weeks"), 26, 156, values["weeks"], 26),
        "runs": third.slider(say("runs"), 2, 40, values["runs"], help=say("runs_help")),
    }
    if found["strategies"] and found["worlds"] and len(found["strategies"]) > 1:
        share("strategies", known, found)
    return found
