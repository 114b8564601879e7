"""Options that several commands share, and their reading."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.core.errors import SpecError

if TYPE_CHECKING:
    from sim.spec.scenario import Scenario

#: The words after the command's name, for the report to repeat.
GIVEN: ContextVar[tuple[str, ...]] = ContextVar("GIVEN", default=())


class Language(StrEnum):
    """Languages of labels."""

    en = "en"
    zh = "zh"


ScenarioName = Annotated[str, typer.Argument(help="Name of a shipped scenario, or a YAML file.")]
World = Annotated[str | None, typer.Option("--world", help="World: a name or a file.")]
Worlds = Annotated[str, typer.Option("--worlds", "--world", help="Worlds, joined by commas.")]
SweepName = Annotated[str, typer.Argument(metavar="SWEEP", help="Name of a shipped sweep, or a YAML file.")]
Strategy = Annotated[str | None, typer.Option("--strategy", help="One strategy for all collectors.")]
Rules = Annotated[str | None, typer.Option("--rules", help="Rule set: a name or a YAML file.")]
Portfolio = Annotated[Path | None, typer.Option("--portfolio", help="Your accounts: CSV, .gz or Parquet.")]
Mapping = Annotated[str | None, typer.Option("--map", help="How to read foreign columns: a YAML file.")]
Network = Annotated[Path | None, typer.Option("--network", help="Your supply network: CSV or GraphML.")]
Weeks = Annotated[int | None, typer.Option("--weeks", help="Weeks to run after the burn-in.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of all random numbers.")]
Workers = Annotated[int | None, typer.Option("--workers", help="Workers; none: one for each core.")]
Cluster = Annotated[
    str | None, typer.Option("--cluster", metavar="ADDRESS", help="Dask scheduler, such as tcp://host:8786.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Such as population.borrowers=5000; repeatable."),
]
Arms = Annotated[
    list[str] | None,
    typer.Option("--arm", metavar="NAME:FIELD=VALUE,...", help="NAME alone changes nothing; repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Everything = Annotated[bool, typer.Option("--all", help="Show the measures of every stage of debt too.")]
Lang = Annotated[Language, typer.Option("--lang", help="Language of labels.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Folder for results; stopped work goes on from it.", file_okay=False),
]


def split_names(text: str | None, option: str) -> tuple[str, ...]:
    """``a,b`` as ``("a", "b")``. Raises :class:`SpecError` for an empty name."""
    if text is None:
        return ()
    names = tuple(part.strip() for part in text.split(","))
    if not all(names):
        raise SpecError(option, "", f"{text!r} has an empty name", "names joined by commas")
    return names


def need_portfolio(mapping: str | None, portfolio: Path | None) -> None:
    """Refuse a mapping that has no file to be used on. Raises :class:`SpecError`."""
    if mapping is not None and portfolio is None:
        raise SpecError(
            "--map", "", f"{mapping!r} is given without a portfolio", "--map together with --portfolio"
        )


def scenario_with(name: str, changes: dict[str, Any]) -> Scenario:
    """A scenario with ``--set`` and other changes. Raises :class:`SpecError`."""
    from sim.loading import load_scenario
    from sim.spec.changes import apply_changes

    return apply_changes(load_scenario(name), changes, "--set")


def read_settings(settings: Iterable[str] | None, option: str = "--set") -> dict[str, Any]:
    """``--set`` or other options as fields and values. Raises :class:`SpecError` for one given twice."""
    from sim.spec.changes import parse_fields

    found: dict[str, object] = {}
    for item in settings or ():
        for field, value in parse_fields(item, option).items():
            if field in found:
                raise SpecError(option, field, "is given twice", "each field once")
            found[field] = value
    return found


def read_arms(arms: Iterable[str] | None) -> dict[str, dict[str, object]]:
    """``--arm`` options as changes by name. Raises :class:`SpecError` for a name given twice."""
    from sim.spec.changes import parse_assignments

    found: dict[str, dict[str, object]] = {}
    for item in arms or ():
        name, changes = parse_assignments(item)
        if name in found:
            raise SpecError("--arm", name, "is given twice", "each arm once")
        found[name] = changes
    return found
