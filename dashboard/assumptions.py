"""The assumption drawer: how the world is, apart from what anybody does; it moves both arms."""

from __future__ import annotations

from functools import cache, partial
from typing import Any, Final

import streamlit as st

from dashboard.links import Field
from dashboard.state import control, language, say
from sim.spec.changes import world_numbers
from sim.spec.loader import load_world
from sim.spec.meanings import meaning, unit_name

#: Numbers of the world in the drawer, by the name of their control in a link.
NUMBERS: Final = {
    "a_jobs": "households.job_loss",
    "a_reluctant": "households.reluctant_share",
    "a_own": "households.own_payment_willing",
    "a_stress": "households.stress_from_attempt",
    "a_contact": "collection.channels.human.contact",
    "a_persuades": "collection.channels.human.persuades",
    "a_reach": "collection.channels.human.reach_loss",
    "a_late": "firms.late_share",
}
#: Factors on the world's own value.
FACTORS: Final = ("0.5", "0.75", "1", "1.5", "2")


def fields() -> tuple[Field, ...]:
    """The drawer in a link."""
    return tuple(Field(name, "one", "1", FACTORS) for name in NUMBERS)


@cache
def value(world: str, number: str) -> float:
    """A number of a shipped world."""
    return float(dict(load_world(world).numbers())[number].value)


def scaled(world: str, number: str, factor: float) -> float:
    """The number times a factor, inside its possible range."""
    _, low, high = world_numbers()[number]
    return float(f"{min(high, max(low, value(world, number) * factor)):.6g}")


def changes(values: dict[str, Any], world: str) -> dict[str, object]:
    """Changes to the scenario of both arms."""
    return {
        f"world.{number}": scaled(world, number, float(values[name]))
        for name, number in NUMBERS.items()
        if values[name] != "1"
    }


def span(world: str, number: str) -> tuple[float, float, float]:
    """(low, as it is, high): the number's own interval where the world has one, else half and double
    (assumption)."""
    found = dict(load_world(world).numbers())[number]
    if found.low is not None and found.high is not None:
        return float(found.low), float(found.value), float(found.high)
    return scaled(world, number, 0.5), float(found.value), scaled(world, number, 2.0)


def name_of_number(number: str) -> str:
    """A number of the drawer in words."""
    key = next(name for name, one in NUMBERS.items() if one == number)
    return say(f"number_{key}")


def _in_words(world: str, number: str, factor: str) -> str:
    return f"× {factor} = {scaled(world, number, float(factor)):g}"


def controls(values: dict[str, Any], world: str) -> dict[str, str]:
    """The drawer."""
    touched = sum(values[name] != "1" for name in NUMBERS)
    title = say("assumptions_drawer") + (f" · {touched}" if touched else "")
    found: dict[str, str] = {}
    with st.expander(title, key="policy.assumptions", icon=":material/tune:"):
        st.caption(say("assumptions_help"))
        columns = st.columns(2)
        for place, (name, number) in enumerate(NUMBERS.items()):
            unit = unit_name(world_numbers()[number][0], language())
            chosen = columns[place % 2].select_slider(
                name_of_number(number), FACTORS, values[name], key=control("policy", name),
                format_func=partial(_in_words, world, number),
                help=f"{meaning(number, language())} — `world.{number}` ({unit})",
            )  # fmt: skip
            found[name] = str(chosen)
    moved = [f"{name_of_number(NUMBERS[name])} × {given}" for name, given in found.items() if given != "1"]
    if moved:
        st.info(say("assumptions_moved", what="; ".join(moved)), icon=":material/tune:")
    return found
