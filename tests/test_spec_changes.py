"""Changes to scenarios, worlds and rules, from Python and from the command line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.errors import SpecError
from sim.spec.changes import (
    apply_changes,
    apply_rule_changes,
    apply_world_changes,
    parse_assignments,
    world_numbers,
)
from sim.spec.loader import load_rules, load_scenario, load_world, rules_of, world_names, world_of

BASELINE = load_scenario("baseline")
WORLDS = {name: load_world(name) for name in world_names()}


def test_dotted_fields_and_short_names() -> None:
    changed = apply_changes(
        BASELINE,
        {
            "borrowers": 1000,
            "population.firms": 100,
            "collectors[1].effort": 2.0,
            "channels.write_off": False,
            "seed": 9,
        },
    )
    assert changed.population.borrowers == 1000
    assert changed.population.firms == 100
    assert [collector.effort for collector in changed.collectors] == [1.0, 2.0]
    assert not changed.channels.write_off
    assert changed.seed == 9
    assert BASELINE.population.borrowers == 20_000
    assert apply_changes(BASELINE, {"collectors.1.effort": 2}).collectors[1].effort == 2


def test_no_changes_change_nothing() -> None:
    assert apply_changes(BASELINE, {}) == BASELINE


def test_numpy_numbers_and_models_are_values_too() -> None:
    changed = apply_changes(BASELINE, {"weeks": np.int64(20), "levers": BASELINE.levers, "events": ()})
    assert changed.weeks == 20
    assert changed.levers == BASELINE.levers


def test_world_changes_reach_the_world_and_lose_their_source() -> None:
    changed = apply_changes(BASELINE, {"world.collection.channels.human.contact": 0.1})
    assert changed.world == "evidence"
    contact = world_of(changed).collection.channels["human"].contact
    assert (contact.value, contact.source) == (0.1, "changed by the user")
    assert WORLDS["evidence"].collection.channels["human"].contact.source != "changed by the user"


def test_rule_changes_add_replace_and_remove() -> None:
    changed = apply_changes(BASELINE, {"rules.attempts_per_day": 1, "rules.third_party_contact": None})
    rules = rules_of(changed)
    assert rules.attempts_per_day is not None
    assert (rules.attempts_per_day.value, rules.attempts_per_day.unit) == (1, "1/day")
    assert rules.attempts_per_day.source == "changed by the user"
    assert rules.third_party_contact is None
    assert rules_of(changed, "none").attempts_per_day == rules.attempts_per_day
    assert apply_rule_changes(load_rules("none"), {"field_visits": False}).field_visits is not None


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"wekes": 3}, ["wekes", "did you mean 'weeks'"]),
        ({"borowers": 3}, ["did you mean 'borrowers'"]),
        ({"population.firm": 3}, ["population.firm", "did you mean 'firms'"]),
        ({"collectors[7].effort": 3}, ["collectors[7]", "no entry 7", "0 to 1"]),
        ({"collectors[0].efort": 3}, ["collectors[0].efort", "did you mean 'effort'"]),
        ({"weeks.x": 3}, ["weeks.x"]),
        ({"..": 3}, ["is not a field"]),
        ({"weeks": 0}, ["weeks: 0 is out of range", "1 to 5,200"]),
        ({"weeks": float("nan")}, ["not finite"]),
        ({"strategy": 5}, ["strategy: 5 is not a text"]),
        ({"world.firms.credit_line_week": 1}, ["did you mean 'firms.credit_line_weeks'"]),
        ({"world.firms.credit_line_weeks": "two"}, ["'two' is not a number", "weeks of hard costs"]),
        ({"world.firms.credit_line_weeks": -1}, ["-1 is out of range"]),
        ({"rules.attempt_per_day": 1}, ["did you mean 'attempts_per_day'"]),
    ],
)
def test_impossible_changes_are_one_sentence(changes: dict[str, object], parts: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        apply_changes(BASELINE, changes, source="--arm")
    message = str(caught.value)
    assert message.startswith("--arm")
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"attempts_per_day": 1.5}, "attempts_per_day: 1.5 is not a whole number"),
        ({"attempts_per_day": 10_000}, "out of range"),
        ({"field_visits": 1}, "field_visits: 1 is not true or false"),
        ({"quiet_start_hour": 22}, "only one end"),
    ],
)
def test_impossible_rules(changes: dict[str, bool | int | float | None], part: str) -> None:
    with pytest.raises(SpecError, match=part):
        apply_rule_changes(load_rules("none"), changes)


def test_arms_of_the_command_line() -> None:
    assert parse_assignments("cap:rules.attempts_per_day=1,weeks=20") == (
        "cap",
        {"rules.attempts_per_day": 1, "weeks": 20},
    )
    assert parse_assignments("now") == ("now", {})
    assert parse_assignments("a:strategy=app_based,channels.write_off=false,rules.field_visits=null") == (
        "a",
        {"strategy": "app_based", "channels.write_off": False, "rules.field_visits": None},
    )
    _, lists = parse_assignments("b:collectors[0].stages=[early, middle],hold_out=0.1")
    assert lists == {"collectors[0].stages": ["early", "middle"], "hold_out": 0.1}


@pytest.mark.parametrize(
    "text", ["", ":weeks=2", "My Arm:weeks=2", "cap:weeks", "cap:weeks=1,weeks=2", "cap:weeks=[1", "cap:=3"]
)
def test_faulty_arms_are_refused(text: str) -> None:
    with pytest.raises(SpecError, match="--arm"):
        parse_assignments(text)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(world_numbers())),
    world=st.sampled_from(sorted(WORLDS)),
    share=st.floats(0, 1),
    beyond=st.floats(1e-6, 1e6),
    above=st.booleans(),
)
def test_a_number_of_the_world_moves_inside_its_range_and_nowhere_else(
    name: str, world: str, share: float, beyond: float, above: bool
) -> None:
    unit, low, high = world_numbers()[name]
    moved = apply_world_changes(WORLDS[world], {name: min(high, low + share * (high - low))})
    place: object = moved
    for part in name.split("."):
        place = place[part] if isinstance(place, dict) else getattr(place, part)
    assert getattr(place, "unit") == unit  # noqa: B009 - the place has no declared type
    assert getattr(place, "source") == "changed by the user"  # noqa: B009
    with pytest.raises(SpecError, match="out of range"):
        apply_world_changes(WORLDS[world], {name: high + beyond * max(1, high) if above else low - beyond})
