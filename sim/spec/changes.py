"""Changes to a specification: dotted fields, arms of a comparison, numbers of a world, rules."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from sim.core.errors import SpecError, unknown_name
from sim.spec.base import Group
from sim.spec.declared import ID_PATTERN, Declared, fields_of, inside, member_for
from sim.spec.faults import shown, validate
from sim.spec.include import CHANGED
from sim.spec.rules import RuleSet, declared_rules
from sim.spec.scenario import Scenario
from sim.spec.world import CHANNELS, TONES, World
from sim.spec.yamltext import dotted, parse_yaml

#: Short names of fields that are changed often.
SHORT_NAMES = {
    "borrowers": "population.borrowers",
    "firms": "population.firms",
    "lenders": "population.lenders",
    "mean_degree": "population.mean_degree",
}
#: Before the name of a rule from outside the package.
OWN = "own."
#: Names listed where there are too many to list all.
_MAX_LISTED = 6

_PART = re.compile(r"([^.\[\]]+)|\[([0-9]{1,6})\]")


def apply_changes(scenario: Scenario, changes: Mapping[str, object], source: str = "changes") -> Scenario:
    """A scenario with some of its fields replaced.

    Parameters
    ----------
    scenario:
        The scenario; it is left as it is.
    changes:
        New values by dotted field: ``population.firms``, ``collectors[1].effort``, ``seed``; by a
        short name (``borrowers``, ``firms``); by ``world.firms.credit_line_weeks`` for a number of
        the world; by ``rules.attempts_per_day`` for a rule, where None removes it; by
        ``rules.own.NAME`` for a rule registered from outside the package.
    source:
        How messages name the origin of the changes, such as ``--arm``.

    Raises
    ------
    SpecError
        For unknown fields (with the nearest known one) and impossible values.
    """
    data: dict[str, Any] = scenario.model_dump(mode="json", by_alias=True)
    for name, value in changes.items():
        field = SHORT_NAMES.get(name, name)
        if field.startswith("world."):
            number = field.removeprefix("world.")
            _checked_number(number, _plain(value), source, name)
            data["world_changes"][number] = _plain(value)
        elif field.startswith("rules."):
            data["rules_changes"][_rule_field(field.removeprefix("rules."), source, name)] = _plain(value)
        else:
            _put(data, _parts(field, source), value, source)
    return validate(Scenario, data, source)


def apply_world_changes(world: World, changes: Mapping[str, float], source: str = "world_changes") -> World:
    """A world with some numbers replaced; their source becomes ``changed by the user``.

    ``changes`` are numbers by dotted name without a leading ``world.``, such as
    ``collection.channels.human.contact``. Raises :class:`SpecError` for unknown names and values
    out of range.
    """
    if not changes:
        return world
    data = world.model_dump(mode="json")
    for name, value in changes.items():
        unit = _checked_number(name, value, source, name)
        place: Any = data
        *above, last = name.split(".")
        for part in above:
            place = place[part]
        place[last] = {"value": value, "unit": unit, "source": CHANGED}
    return validate(World, data, source)


def apply_rule_changes(
    rules: RuleSet, changes: Mapping[str, bool | int | float | None], source: str = "rules_changes"
) -> RuleSet:
    """A rule set with some rules replaced, or removed by None.

    Raises :class:`SpecError` for unknown rules and values out of range.
    """
    if not changes:
        return rules
    data = rules.model_dump(mode="json")
    for name, value in changes.items():
        _rule_field(name, source, name)
        if name.startswith(OWN):
            own = name.removeprefix(OWN)
            data["own"].pop(own, None)
            if value is not None:
                data["own"][own] = {"value": value, "source": CHANGED}
            continue
        unit = declared_rules()[name].unit
        data[name] = None if value is None else {"value": value, "unit": unit, "source": CHANGED}
    try:
        return validate(RuleSet, data, source)
    except SpecError as error:
        field = error.field.removesuffix(".value")
        raise SpecError(source, field, error.problem, error.allowed) from None


def parse_assignments(text: str, source: str = "--arm") -> tuple[str, dict[str, object]]:
    """``cap:rules.attempts_per_day=1,weeks=20`` as ``("cap", {...})``; ``now`` as ``("now", {})``.

    Values are read as YAML scalars or bracketed lists. Raises :class:`SpecError`.
    """
    name, _, rest = text.partition(":")
    name = name.strip()
    if not re.fullmatch(ID_PATTERN, name):
        raise SpecError(
            source,
            "",
            f"{shown(name)} is not a name for an arm",
            "NAME:field=value,... with NAME of a-z, 0-9, _ and -",
        )
    return name, parse_fields(rest, source)


def parse_fields(text: str, source: str) -> dict[str, object]:
    """``a.b=1,c=[x, y]`` as a mapping; commas inside brackets do not separate.

    Raises :class:`SpecError`.
    """
    found: dict[str, object] = {}
    for item in re.split(r",(?![^\[]*\])(?=[^=,\]]*=)", text) if text.strip() else []:
        field, equals, value = item.partition("=")
        field = field.strip()
        if not equals or not field:
            raise SpecError(source, "", f"{shown(item)} is not an assignment", "field=value")
        if field in found:
            raise SpecError(source, field, "is given twice", "each field once")
        node = parse_yaml(value, source, Path())
        found[field] = None if node is None else node.plain()
    return found


@lru_cache(maxsize=1)
def world_numbers() -> dict[str, tuple[str, float, float]]:
    """Unit, least and largest value of every number of a world by dotted name."""
    found: dict[str, tuple[str, float, float]] = {}
    for name, field in number_fields().items():
        extra = field.json_schema_extra
        assert isinstance(extra, dict)
        found[name] = (str(extra["unit"]), float(str(extra["low"])), float(str(extra["high"])))
    return found


@lru_cache(maxsize=1)
def number_fields() -> dict[str, FieldInfo]:
    """The declaration of every number of a world by dotted name."""
    found: dict[str, FieldInfo] = {}
    for name, field in World.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Group):
            found |= _group_fields(field.annotation, name)
    return found


def _group_fields(group: type[Group], prefix: str) -> dict[str, FieldInfo]:
    found: dict[str, FieldInfo] = {}
    for name, field in group.model_fields.items():
        if isinstance(field.json_schema_extra, dict):
            found[f"{prefix}.{name}"] = field
            continue
        if isinstance(field.annotation, type) and issubclass(field.annotation, Group):
            found |= _group_fields(field.annotation, f"{prefix}.{name}")
            continue
        member = inside(fields_of(group)[name], "", {})
        keys = {"channels": CHANNELS, "tones": TONES}.get(name, ())
        for key in keys if member is not None else ():
            assert member is not None
            found |= _group_fields(member.core, f"{prefix}.{name}.{key}")
    return found


def _world_field(name: str, source: str, field: str) -> str:
    known = world_numbers()
    if name not in known:
        problem, _ = unknown_name(name, known, "number of a world")
        near = difflib.get_close_matches(name, known, n=_MAX_LISTED, cutoff=0.0)
        raise SpecError(source, field, problem, f"{', '.join(near)}, ... ({len(known)} in all)")
    return name


def _checked_number(name: str, value: object, source: str, field: str) -> str:
    """The unit of a world's number, once its new value is found possible."""
    unit, low, high = world_numbers()[_world_field(name, source, field)]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SpecError(source, field, f"{shown(value)} is not a number", f"{low:g} to {high:g} ({unit})")
    if not low <= value <= high:
        raise SpecError(source, field, f"{value:g} is out of range", f"{low:g} to {high:g} ({unit})")
    return unit


def _rule_field(name: str, source: str, field: str) -> str:
    if name.startswith(OWN) and re.fullmatch(ID_PATTERN, name.removeprefix(OWN)):
        return name  # whether it is registered is known where it is used
    if name not in declared_rules():
        problem, _ = unknown_name(name, declared_rules(), "rule")
        near = difflib.get_close_matches(name, declared_rules(), n=_MAX_LISTED, cutoff=0.0)
        raise SpecError(source, field, problem, f"{', '.join(near)}, ... ({len(declared_rules())} in all)")
    return name


def _parts(field: str, source: str) -> tuple[str | int, ...]:
    """``collectors[1].effort`` or ``collectors.1.effort`` as a path."""
    parts: list[str | int] = []
    rest = field
    while rest:
        match = _PART.match(rest)
        if match is None:
            raise SpecError(source, field, "is not a field", "names joined by dots, such as population.firms")
        text = match[1] or match[2]
        parts.append(int(text) if text.isdecimal() and parts else text)
        rest = rest[match.end() :].removeprefix(".")
    if not parts:
        raise SpecError(source, field, "is not a field", "names joined by dots, such as population.firms")
    return tuple(parts)


def _put(data: Any, path: tuple[str | int, ...], value: object, source: str) -> None:
    """Set a value in nested plain data whose keys must be declared."""
    declared: Declared = Declared(Scenario)
    for index, part in enumerate(path):
        here = dotted(path[: index + 1])
        if isinstance(data, list):
            if not isinstance(part, int) or part >= len(data):
                raise SpecError(source, here, f"there is no entry {part}", f"0 to {len(data) - 1}")
        elif not isinstance(data, dict) or inside(declared, part, data) is None:
            known = fields_of(member_for(declared.core, data))
            problem, allowed = unknown_name(
                str(part), [*known, *(SHORT_NAMES if index == 0 else ())], "field"
            )
            raise SpecError(source, here, problem, allowed or "no further fields")
        below = inside(declared, part, data)
        assert below is not None
        if index == len(path) - 1:
            data[part] = _plain(value)
            return
        declared, data = below, data[part]


def _plain(value: object) -> Any:
    """Tuples as lists and specifications as mappings, as a file would hold them."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "item") and callable(value.item):  # a numpy number
        return value.item()
    if isinstance(value, date):
        return value.isoformat()
    return value
