"""Snapshots: the whole state of a run in one file, from which it goes on bit for bit.

The format is that of :mod:`sim.core.archive`; what a field of the state means is told where
:class:`sim.phases.state.State` declares it. Tables are kept column by column with their types, and must have
just the columns of this program. Strategies are kept by name with what their instances hold;
classifiers as the samples they were trained on, from which the same ones are trained again. Not
kept: keys of random streams (made from the seed), and the data collector of the model.
"""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any, get_args

import numpy as np
from pydantic import BaseModel

from sim.agents import tables
from sim.collection.modules import Combined
from sim.collection.parameters import FunnelParameters
from sim.collection.registry import Strategy, strategy
from sim.core.archive import Kind, read_archive, write_archive
from sim.core.columns import dtypes
from sim.core.errors import SpecError
from sim.core.ledger import Ledger
from sim.core.program import program_digest
from sim.phases.learning import Predictor
from sim.phases.parameters import FirmParameters, HouseholdParameters
from sim.phases.samples import Samples
from sim.phases.state import Macro, State
from sim.prediction import train
from sim.spec.portfolio import Portfolio
from sim.spec.rules import RuleSet
from sim.spec.scenario import Event, Scenario
from sim.spec.world import World

#: Version of what a snapshot holds.
SCHEMA = 1
#: Fields of the state that are made anew.
_MADE_ANEW = ("keys", "strategies")
#: In the order of ``State.TABLES``.
_TABLES = (
    tables.BorrowerColumns, tables.AccountColumns, tables.FirmColumns, tables.LinkColumns, tables.LossColumns,
    tables.LenderColumns, tables.CollectorColumns, tables.PlacementColumns,
)  # fmt: skip


def write_snapshot(state: State, path: str | Path, digest: str) -> None:
    """Write a state to a file in one step; ``digest`` is that of the model, checked on reading.

    Raises :class:`SpecError` when the file cannot be written, or a strategy of the user's own holds what no
    snapshot can.
    """
    content = {
        "schema": SCHEMA,
        "program": program_digest(),
        "digest": digest,
        "state": {name: value for name, value in _fields(state).items() if name not in _MADE_ANEW},
        "strategies": [[*key, _held(one)] for key, one in state.strategies.items()],
    }
    write_archive(Path(path), content, _KINDS)


def read_snapshot(path: str | Path) -> tuple[State, str]:
    """The state of a file, and the digest that the model had.

    Warns when another version of the program wrote it. Raises :class:`SpecError` for a file that is
    damaged, no snapshot, or of a program with other fields.
    """
    source = str(path)
    content = read_archive(Path(path), _KINDS)
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != SCHEMA:
        raise SpecError(source, "schema", f"{schema!r} is not a version that this program knows", str(SCHEMA))
    try:
        fields, held = content["state"], content["strategies"]
        wanted = {field.name for field in dataclasses.fields(State)} - set(_MADE_ANEW)
        if not isinstance(fields, dict) or set(fields) != wanted:
            differ = sorted(set(fields) ^ wanted)
            raise SpecError(
                source, "state", f"has other fields ({', '.join(differ)})", "those of this program"
            )
        state = State(**fields)
        _check(state, source)
        state.strategies = {(number, name): _restored(name, kept) for number, name, kept in held}
        digest, program = str(content["digest"]), content["program"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SpecError(source, "", f"does not fit ({error})", "a snapshot of this program") from None
    if program != program_digest():
        warnings.warn(
            f"{source} was written by another version of the program; what follows may differ", stacklevel=2
        )
    return state, digest


def _check(state: State, source: str) -> None:
    """The parts of a state must be of the declared types, and tables equally long throughout."""
    declared: dict[str, Any] = dict(zip(State.TABLES, _TABLES, strict=True))
    declared |= {"spec": Scenario, "world": World, "rules": RuleSet, "ledger": Ledger, "macro": Macro}
    for name, kind in declared.items():
        if type(getattr(state, name)) is not kind:
            raise SpecError(source, name, f"is a {type(getattr(state, name)).__name__}", kind.__name__)
    for number in ("seed", "clock", "placements_used"):
        if type(getattr(state, number)) is not int:
            raise SpecError(source, number, f"is {getattr(state, number)!r}", "a whole number")


def _held(one: Strategy) -> list[dict[str, Any]]:
    """What the instances of a strategy and of its modules hold."""
    parts = [one.base, *one.modules] if isinstance(one, Combined) else [one]
    return [dict(vars(part)) for part in parts]


def _restored(name: str, held: list[dict[str, Any]]) -> Strategy:
    made = strategy(name)
    parts = [made.base, *made.modules] if isinstance(made, Combined) else [made]
    for part, values in zip(parts, held, strict=True):
        vars(part).update(values)
    return made


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _table(kind: Any) -> Kind:
    """A table: just its columns, of its types, equally long."""

    def make(columns: dict[str, Any]) -> Any:
        expected = dtypes(kind)
        if list(columns) != list(expected):
            raise ValueError(f"{kind.__name__} with other columns")
        for name, column in columns.items():
            if not isinstance(column, np.ndarray) or column.dtype != expected[name]:
                raise ValueError(f"{kind.__name__}.{name} of another type")
        if len({column.shape[:1] for column in columns.values()}) > 1:
            raise ValueError(f"{kind.__name__} with columns of different lengths")
        return kind(**columns)

    return Kind(kind, lambda table: table._asdict(), make)


def _ledger(fields: dict[str, Any]) -> Ledger:
    made = Ledger()
    if set(fields) != set(_books(made)):
        raise ValueError("a ledger with other books")
    vars(made).update(fields)
    return made


def _books(ledger: Ledger) -> dict[str, Any]:
    return {name: value for name, value in vars(ledger).items() if name not in ("holdings", "_phase")}


def _predictor(fields: dict[str, Any]) -> Predictor:
    learned = fields["learned"]
    found = None if learned is None else train(*learned)
    return Predictor(found, fields["sources"], fields["clock"], learned)


def _named(kind: Any) -> Kind:
    return Kind(kind, lambda one: one._asdict(), lambda fields: kind(**fields))


def _data(kind: Any) -> Kind:
    return Kind(kind, _fields, lambda fields: kind(**fields))


def _spec(kind: type[BaseModel]) -> Kind:
    """A specification: as its own data, checked like a user's file."""
    return Kind(
        kind,
        lambda one: {"data": one.model_dump(mode="json", by_alias=True)},
        lambda fields: kind.model_validate(fields["data"]),
    )


_SPECS: tuple[type[BaseModel], ...] = (Scenario, World, RuleSet, *get_args(get_args(Event)[0]))
_KINDS = {
    **{kind.__name__: _table(kind) for kind in _TABLES},
    **{kind.__name__: _named(kind) for kind in (FirmParameters, HouseholdParameters, FunnelParameters)},
    **{kind.__name__: _data(kind) for kind in (Macro, Samples, Portfolio)},
    **{kind.__name__: _spec(kind) for kind in _SPECS},
    "Ledger": Kind(Ledger, _books, _ledger),
    "Predictor": Kind(
        Predictor,
        lambda one: {"sources": one.sources, "clock": one.clock, "learned": one.learned},
        _predictor,
    ),
}
