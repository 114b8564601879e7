"""Policy lab: a change of the rules against the rules in force."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import compared
from dashboard.jobs import store
from dashboard.links import Field
from dashboard.public import Asked, command
from dashboard.running import ready
from dashboard.state import language, linked, say, share
from sim.experiments import compare
from sim.report.content import Content, gather
from sim.spec.labels import name_of
from sim.spec.loader import load_rules, rule_set_names, world_names

#: Levers on top of a rule set, with the value that the switch sets; 0 leaves the rule set as it is.
_LEVERS = {
    "attempts_per_week": (0, 1, 2, 3, 5, 7, 14),
    "payment_term_cap_days": (0, 30, 45, 60, 90),
    "set_off_every_weeks": (0, 4, 13, 26),
    "compulsory_payment_every_weeks": (0, 4, 13, 26),
    "breathing_space_days": (0, 30, 60, 120),
}


def fields() -> tuple[Field, ...]:
    """The controls in a link."""
    levers = tuple(Field(name, "one", "0", tuple(map(str, steps))) for name, steps in _LEVERS.items())
    rules = tuple(rule_set_names())
    return (
        Field("rules", "one", "china-2023", rules),
        Field("to", "one", "china-2023", rules),
        *levers,
        Field("world", "one", "evidence", tuple(world_names())),
        Field("runs", "whole", 4, least=2, most=40),
    )


def show() -> None:
    """The page."""
    st.title(say("policy"))
    st.caption(say("policy_intro"))
    known = fields()
    values = _controls(linked("policy", known), known)
    arms = arms_of(values)
    if arms["changed"] == arms["now"]:
        st.info(say("change_a_rule"))
        return

    def work(progress: Any) -> Content:
        """The runs, in the background."""
        changes: dict[str, object] = {"population.borrowers": 2000, "population.firms": 400}
        result = compare(
            "baseline",
            arms,
            worlds=[values["world"]],
            runs=values["runs"],
            weeks=104,
            changes=changes,
            progress=progress,
            store=store() / "policy",
        )
        return gather(result)

    asked = Asked({"runs": values["runs"]}, _command(values, arms["changed"]))
    content: Content | None = ready("policy", repr(values), work, asked=asked)
    if content is not None:
        compared.show(content, "policy")


def arms_of(values: dict[str, Any]) -> dict[str, dict[str, object]]:
    """The rules in force, and those rules or another set with the levers on top."""
    levers = {f"rules.{name}": int(values[name]) for name in _LEVERS if values[name] != "0"}
    return {"now": {"rules": values["rules"]}, "changed": {"rules": values["to"], **levers}}


def _command(values: dict[str, Any], changed: dict[str, object]) -> str:
    """The comparison on the command line."""
    told = ",".join(f"{name}={value}" for name, value in changed.items())
    options: list[tuple[str, object]] = [
        ("arm", f"now:rules={values['rules']}"),
        ("arm", f"changed:{told}"),
        ("worlds", values["world"]),
        ("runs", values["runs"]),
        ("weeks", 104),
        ("set", "population.borrowers=2000"),
        ("set", "population.firms=400"),
    ]
    return command("arrears", "compare", "baseline", options=options)


def _controls(values: dict[str, Any], known: tuple[Field, ...]) -> dict[str, Any]:
    lang = language()
    rules = known[0].allowed
    first, second, third = st.columns(3)

    def label(name: str) -> str:
        found = load_rules(name).label
        return found.zh if lang == "zh" else found.en

    found: dict[str, Any] = {
        "rules": first.selectbox(say("rules_now"), rules, rules.index(values["rules"]), format_func=label),
        "to": first.selectbox(say("rules_to"), rules, rules.index(values["to"]), format_func=label),
        "world": first.selectbox(
            say("world"),
            world_names(),
            list(world_names()).index(values["world"]),
            format_func=lambda name: name_of("world", name, lang),
        ),
        "runs": first.slider(say("runs"), 2, 40, values["runs"], help=say("runs_help")),
    }
    for place, (name, steps) in enumerate(_LEVERS.items()):
        column = second if place < 3 else third
        found[name] = column.select_slider(
            say(f"lever_{name}"),
            list(map(str, steps)),
            values[name],
            format_func=lambda step: say("as_in_set") if step == "0" else step,
        )
    share("policy", known, found)
    return found
