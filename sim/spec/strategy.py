"""Names of strategies: a base, and modules joined to it by ``+``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from sim.spec.declared import ID_PATTERN

JOIN = "+"
_ALLOWED = "a name, or a mapping with base and modules"


def split_strategy(name: str) -> tuple[str, tuple[str, ...]]:
    """``ai_tiered+compliance_guard`` as its base and its modules, in the order given."""
    base, *modules = name.split(JOIN)
    return base, tuple(modules)


def join_strategy(base: str, modules: tuple[str, ...] | list[str]) -> str:
    """The one name of a base with modules."""
    return JOIN.join([base, *modules])


def _joined(value: Any) -> Any:
    """``{base: ai_tiered, modules: [compliance_guard]}`` as ``ai_tiered+compliance_guard``."""
    if not isinstance(value, dict):
        return value
    for key in value:
        if key not in ("base", "modules"):
            raise ValueError(f"{key!r} is not a known field|{_ALLOWED}")
    base, modules = value.get("base"), value.get("modules", [])
    if not isinstance(base, str):
        raise ValueError(f"base {base!r} is not a name|the name of a strategy")
    if not (isinstance(modules, list | tuple) and all(isinstance(item, str) for item in modules)):
        raise ValueError(f"modules {modules!r} is not a list of names|a list of names")
    for item in (base, *modules):
        if JOIN in item:
            raise ValueError(f"{item!r} joins several names|one name in each place")
    return join_strategy(base, modules)


_SCHEMA = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {
                "base": {"type": "string"},
                "modules": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["base"],
            "additionalProperties": False,
        },
    ]
}


def _listed(value: Any) -> Any:
    """``early_warning+shared_ledger`` as its names; strict models want a tuple."""
    value = value.split(JOIN) if isinstance(value, str) else value
    return tuple(value) if isinstance(value, list) else value


#: Names of modules in a specification: a list, or names joined by ``+``.
ModuleNames = Annotated[
    tuple[Annotated[str, Field(pattern=ID_PATTERN)], ...],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
#: A strategy in a specification; a mapping of base and modules becomes one name.
StrategyName = Annotated[str, BeforeValidator(_joined), WithJsonSchema(_SCHEMA)]
