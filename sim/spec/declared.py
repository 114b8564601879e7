"""What a specification declares at a place: its type, range and known fields, in words."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel

_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


class Declared(NamedTuple):
    """A type without its wrappers, and the constraints that were on them."""

    core: Any
    constraints: tuple[Any, ...] = ()


def unwrap(annotation: Any, constraints: tuple[Any, ...] = ()) -> Declared:
    """Strip ``Annotated`` and ``| None``."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        inner, *extra = typing.get_args(annotation)
        return unwrap(inner, (*constraints, *extra))
    if origin in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return unwrap(members[0], constraints)
    return Declared(annotation, constraints)


def fields_of(core: Any) -> dict[str, Declared]:
    """Declared types of the fields of a model by the name they have in a file."""
    if not (isinstance(core, type) and issubclass(core, BaseModel)):
        return {}
    return {
        field.alias or name: unwrap(field.annotation, tuple(field.metadata))
        for name, field in core.model_fields.items()
    }


def inside(declared: Declared, part: str | int, value: Any) -> Declared | None:
    """The declaration under a key or position; ``value`` is the data at ``declared`` itself."""
    core = member_for(declared.core, value)
    origin = typing.get_origin(core)
    if origin is tuple and isinstance(part, int):
        return unwrap(typing.get_args(core)[0])
    if origin in (dict, Mapping):
        return unwrap(typing.get_args(core)[1])
    return fields_of(core).get(str(part))


def member_for(core: Any, value: Any) -> Any:
    """The member of a union of models that ``value`` names by its ``kind``; else ``core``."""
    if typing.get_origin(core) not in (typing.Union, types.UnionType) or not isinstance(value, dict):
        return core
    for member in typing.get_args(core):
        kind = fields_of(member).get("kind")
        if kind is not None and value.get("kind") in typing.get_args(kind.core):
            return member
    return core


def choices(declared: Declared) -> list[str]:
    """The closed list of values, where there is one."""
    if typing.get_origin(declared.core) is Literal:
        return [str(value) for value in typing.get_args(declared.core)]
    if typing.get_origin(declared.core) in (typing.Union, types.UnionType):
        kinds = [fields_of(member).get("kind") for member in typing.get_args(declared.core)]
        return [name for kind in kinds if kind is not None for name in choices(kind)]
    return []


def noun(declared: Declared) -> str:
    """The type in words, such as ``a whole number``."""
    core = declared.core
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    if core in names:
        return names[core]
    if core is date:
        return "a date such as 2023-01-31"
    if typing.get_origin(core) is tuple:
        return "a list"
    fields = list(fields_of(core))
    if fields:
        shown = ", ".join(fields[:12]) + (", ..." if len(fields) > 12 else "")
        return f"a mapping with {shown}"
    listed = choices(declared)
    if listed:
        return "one of " + ", ".join(listed)
    if typing.get_origin(core) in (typing.Union, types.UnionType):
        return " or ".join(
            noun(unwrap(member)) for member in typing.get_args(core) if member is not type(None)
        )
    return "a mapping"


def allowed(declared: Declared) -> str:
    """Type and range in words, such as ``a whole number from 1 to 5200``."""
    bounds: dict[str, Any] = {}
    pattern = None
    for constraint in declared.constraints:
        pattern = getattr(constraint, "pattern", None) or pattern
        for inner in getattr(constraint, "metadata", ()) or (constraint,):
            pattern = getattr(inner, "pattern", None) or pattern
            bounds |= {
                name: getattr(inner, name) for name in _BOUNDS if getattr(inner, name, None) is not None
            }
    text = noun(declared)
    if pattern == ID_PATTERN:
        return "1 to 40 of a-z, 0-9, _ and -"
    if "ge" in bounds and "le" in bounds:
        return f"{text} from {_number(bounds['ge'])} to {_number(bounds['le'])}"
    limits = " and ".join(f"{_BOUNDS[name]} {_number(bound)}" for name, bound in bounds.items())
    return f"{text} {limits}".strip()


def _number(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


#: Pattern of names that may be used in files, tables and addresses.
ID_PATTERN = r"^[a-z0-9_-]{1,40}$"
