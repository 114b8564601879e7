"""Faults that pydantic finds, told as one sentence: where, what, and what is allowed."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from sim.core.errors import SpecError, unknown_name
from sim.spec.declared import Declared, allowed, choices, fields_of, inside, member_for, noun
from sim.spec.yamltext import Node, dotted

M = TypeVar("M", bound=BaseModel)
Path = tuple[str | int, ...]

_RANGE = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
_MAX_SHOWN = 60


def validate(model: type[M], data: Any, source: str, node: Node | None = None) -> M:
    """Check plain data against a model, without silent conversions.

    Parameters
    ----------
    data:
        Mapping of fields as read from a file.
    source:
        How messages name the origin of the data.
    node:
        The same data with lines, where it was read from a file.

    Raises
    ------
    SpecError
        One sentence about the first fault, with the number of further ones.
    """
    try:
        # By way of JSON: strict there means no "20" for 20, while lists may still become tuples.
        return model.model_validate_json(json.dumps(data, allow_nan=False), strict=True)
    except ValidationError as error:
        raise _translated(error, model, data, source, node) from None
    except ValueError:
        raise SpecError(source, "", "holds a number that is not finite", "finite numbers") from None


class _Fault(NamedTuple):
    path: Path
    problem: str
    allowed: str


def _translated(
    error: ValidationError, model: type[BaseModel], data: Any, source: str, node: Node | None
) -> SpecError:
    details = error.errors(include_url=False)
    # A misspelt key is also a missing one; the misspelling is the more useful of the two.
    first = min(details, key=lambda detail: detail["type"] != "extra_forbidden")
    fault = _fault(dict(first), model, data)
    others = _others(fault.path, [_walk(model, data, tuple(each["loc"]), True)[0] for each in details])
    problem = fault.problem + (f" (and {others} more)" if others else "")
    place = _place(node, fault.path)
    if place is None:
        return SpecError(source, dotted(fault.path), problem, fault.allowed)
    told = place.fault(dotted(fault.path), problem, fault.allowed)
    if place.source == source:
        return told
    return SpecError(f"{place.source} (included by {source})", told.field, problem, fault.allowed)


def _others(path: Path, paths: list[Path]) -> int:
    """Fields at fault besides ``path``; a field and what lies inside it count once."""
    found: list[Path] = [path]
    for other in paths:
        if not any(other[: len(seen)] == seen or seen[: len(other)] == other for seen in found):
            found.append(other)
    return len(found) - 1


def _place(node: Node | None, path: Path) -> Node | None:
    """The node at a path, or the nearest one above it."""
    for part in path:
        below = node.child(part) if node is not None else None
        if below is None:
            break
        node = below
    return node


def _walk(model: type[BaseModel], data: Any, location: Path, missing: bool) -> tuple[Path, Declared, Any]:
    """Path in the file, declaration and data at pydantic's location.

    Pydantic puts the names of union members into locations; they are left out.
    """
    declared = Declared(model)
    path: Path = ()
    for index, part in enumerate(location):
        last = index == len(location) - 1
        present = _below(data, part)
        below = inside(declared, part, data)
        if not present and not (last and missing and below is not None):
            continue
        path = (*path, part)
        declared = below if below is not None else Declared(None)
        data = data[part] if present else None
    return path, declared, data


def _below(data: Any, part: str | int) -> bool:
    if isinstance(data, dict):
        return part in data
    return isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data)


def _fault(detail: dict[str, Any], model: type[BaseModel], data: Any) -> _Fault:
    kind = str(detail["type"])
    path, declared, value = _walk(model, data, tuple(detail["loc"]), kind == "missing")
    if kind == "extra_forbidden":
        _, above, values = _walk(model, data, tuple(detail["loc"])[:-1], False)
        known = fields_of(member_for(above.core, values))
        return _Fault(path, *unknown_name(_cut(str(detail["loc"][-1])), known, "known field"))
    if kind == "missing":
        return _Fault(path, "is missing", allowed(declared))
    if kind == "value_error":
        return _told(path, declared, value, str(detail["ctx"]["error"]))
    if kind in _RANGE:
        return _Fault(path, f"{shown(value)} is out of range", allowed(declared))
    if kind == "literal_error" or kind.startswith("union_tag"):
        return _unknown_choice(path, declared, value)
    if kind in ("too_short", "string_too_short"):
        return _Fault(path, "has no entry", f"{noun(declared)} with at least one entry")
    if kind in ("too_long", "string_too_long"):
        return _Fault(path, "has too many entries", str(detail["msg"]))
    if kind == "string_pattern_mismatch":
        return _Fault(path, f"{shown(value)} is not a name of the permitted form", allowed(declared))
    wanted = noun(declared).partition(" with ")[0]
    return _Fault(path, f"{shown(value)} is not {wanted}", allowed(declared))


def _told(path: Path, declared: Declared, value: Any, message: str) -> _Fault:
    """A message of one of our own checks: ``field: problem|allowed``."""
    problem, _, permitted = message.partition("|")
    name, colon, rest = problem.partition(": ")
    if colon and name in fields_of(member_for(declared.core, value)):
        path, problem = (*path, name), rest
    return _Fault(path, problem, permitted)


def _unknown_choice(path: Path, declared: Declared, value: Any) -> _Fault:
    given = value.get("kind") if isinstance(value, dict) else value
    if isinstance(value, dict):
        path = (*path, "kind")
        if given is None:
            return _Fault(path, "is missing", ", ".join(choices(declared)))
    what = str(path[-1]) if path and isinstance(path[-1], str) else "permitted value"
    if isinstance(given, str):
        return _Fault(path, *unknown_name(_cut(given), choices(declared), what))
    return _Fault(path, f"{shown(given)} is not a {what}", ", ".join(choices(declared)))


def shown(value: Any) -> str:
    """A value as messages show it, cut to a readable length."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(_cut(value)) if isinstance(value, str) else _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."
