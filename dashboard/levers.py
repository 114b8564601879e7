"""The rule builder: levers on top of a shipped rule set, by what they act on."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import streamlit as st

from dashboard.links import Field
from dashboard.state import control, say

#: A lever that is not touched, and a rule that is taken away.
AS_IN_SET: Final = "set"
NONE: Final = "none"
_YES_NO: Final = ("true", "false")
#: Values of each lever by group; ``quiet`` sets both ends of the quiet hours.
GROUPS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "contact": {
        "attempts_per_day": (NONE, "1", "2", "3", "5"),
        "attempts_per_week": (NONE, "1", "2", "3", "5", "7", "14"),
        "quiet": (NONE, "18-9", "20-9", "21-8", "22-7"),
        "electronic_messages_per_week": (NONE, "1", "2", "3", "7"),
        "pause_after_contact_days": (NONE, "2", "7", "14", "30"),
        "third_party_contact": _YES_NO,
        "field_visits": _YES_NO,
    },
    "sources": {
        "data_bureau": _YES_NO,
        "data_telecom": _YES_NO,
        "data_shopping": _YES_NO,
        "data_wallet": _YES_NO,
    },
    "protection": {
        "plan_offer_required": _YES_NO,
        "forbearance_required": _YES_NO,
        "breathing_space_days": (NONE, "30", "60", "120"),
        "interest_freeze_days": (NONE, "0", "30", "90"),
    },
    "trade": {
        "payment_term_cap_days": (NONE, "30", "45", "60", "90"),
        "payment_term_cap_large_buyers": _YES_NO,
        "set_off_every_weeks": (NONE, "4", "13", "26"),
        "netting_every_weeks": (NONE, "4", "13", "26"),
        "compulsory_payment_every_weeks": (NONE, "4", "13", "26"),
        "liquidity_facility_share": (NONE, "0.25", "0.5", "0.8"),
    },
    "supervision": {
        "inspection_rate": (NONE, "0.01", "0.05", "0.2"),
        "fine_per_violation": (NONE, "1000", "10000", "50000", "200000"),
        "licence_required": _YES_NO,
        "adoption_subsidy": (NONE, "0.2", "0.5", "0.8"),
        "tax_relief": (NONE, "0.1", "0.25", "0.5"),
    },
}
LEVERS: Final = {name: values for group in GROUPS.values() for name, values in group.items()}


def fields() -> tuple[Field, ...]:
    """The levers in a link."""
    return tuple(Field(name, "one", AS_IN_SET, (AS_IN_SET, *values)) for name, values in LEVERS.items())


def changes(values: dict[str, Any]) -> dict[str, object]:
    """Changes to a scenario that the levers make: rules by dotted name, None removes one."""
    found: dict[str, object] = {}
    for name in LEVERS:
        given = str(values.get(name, AS_IN_SET))
        if given != AS_IN_SET:
            found |= setting(name, given)
    return found


def setting(name: str, given: str) -> dict[str, object]:
    """One lever at one value."""
    if name == "quiet":
        start, _, end = given.partition("-")
        ends = (None, None) if given == NONE else (int(start), int(end))
        return {"rules.quiet_start_hour": ends[0], "rules.quiet_end_hour": ends[1]}
    return {f"rules.{name}": _value(given)}


def _value(given: str) -> object:
    if given == NONE:
        return None
    if given in _YES_NO:
        return given == "true"
    return float(given) if "." in given else int(given)


def in_words(name: str, given: object) -> str:
    """A value of a lever as people read it."""
    text = str(given)
    if text == AS_IN_SET:
        return say("as_in_set")
    if text == NONE:
        return say("no_rule")
    if text in _YES_NO:
        required = name.endswith(("_required", "_large_buyers"))
        return say(("required" if required else "permitted") if text == "true" else
                   ("not_required" if required else "forbidden"))  # fmt: skip
    if name == "quiet":
        start, _, end = text.partition("-")
        return say("quiet_from", start=start, end=end)
    if name.endswith("_share") or name in ("adoption_subsidy", "tax_relief", "inspection_rate"):
        return f"{100 * float(text):g} %"
    return f"{int(text):,}"


def label(name: str) -> str:
    """Name of a lever with its unit."""
    return say(f"lever_{name}")


def controls(values: dict[str, Any]) -> dict[str, str]:
    """The rule builder: a fold for each group, and what is changed in one line above."""
    found: dict[str, str] = {}
    place = st.container()
    for group, levers in GROUPS.items():
        touched = sum(values[name] != AS_IN_SET for name in levers)
        title = say(f"levers_{group}") + (f" · {touched}" if touched else "")
        with st.expander(title, key=f"policy.fold.{group}", icon=f":material/{_ICONS[group]}:"):
            columns = st.columns(3)
            for number, (name, steps) in enumerate(levers.items()):
                choices = (AS_IN_SET, *steps)
                found[name] = columns[number % 3].selectbox(
                    label(name), choices, choices.index(values[name]), key=control("policy", f"lever.{name}"),
                    format_func=partial(in_words, name),
                )  # fmt: skip
    told = [f"{label(name)}: **{in_words(name, given)}**" for name, given in found.items()
            if given != AS_IN_SET]  # fmt: skip
    place.markdown(f"**{say('levers')}** · " + (" · ".join(told) or say("levers_none")))
    return found


_ICONS = {"contact": "call", "sources": "database", "protection": "shield", "trade": "storefront",
          "supervision": "policy"}  # fmt: skip
