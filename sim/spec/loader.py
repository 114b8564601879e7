"""Loading of scenarios, worlds and rule sets by shipped name or by path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel

from sim.core.errors import SpecError, unknown_name
from sim.spec.changes import apply_rule_changes, apply_world_changes
from sim.spec.faults import validate
from sim.spec.include import Kind, locate, read_included, shipped
from sim.spec.lesson import Lesson
from sim.spec.rules import RuleSet
from sim.spec.scenario import Scenario
from sim.spec.strategy import JOIN, split_strategy
from sim.spec.sweep import SweepSpec
from sim.spec.world import World
from sim.spec.yamltext import Node, dotted

M = TypeVar("M", bound=BaseModel)

#: Fields of a scenario that name a file beside it.
_FILES = (("network", "file"), ("network", "firms_file"), ("portfolio", "file"), ("portfolio", "mapping"))


def scenario_names() -> list[str]:
    """Names of the shipped scenarios."""
    return list(shipped("scenario"))


def world_names() -> list[str]:
    """Names of the shipped worlds."""
    return list(shipped("world"))


def rule_set_names() -> list[str]:
    """Names of the shipped rule sets."""
    return list(shipped("rule set"))


def load_model(path: Path, model: type[M], source: str | None = None) -> M:
    """Read a YAML file (with its includes) into any strict model.

    Raises
    ------
    SpecError
        One sentence with file, line, field, value and what is allowed.
    """
    shown = source if source is not None else str(path)
    node = read_included(path, shown)
    return validate(model, node.plain(), shown, node)


def load_scenario(
    name_or_path: str | Path,
    *,
    strategies: Iterable[str] | None = None,
    modules: Iterable[str] | None = None,
    own_rules: Iterable[str] | None = None,
    sectors: Iterable[str] | None = None,
) -> Scenario:
    """A scenario by shipped name, or from the user's own file.

    Relative file names inside the scenario are taken from the scenario's own folder where such a
    file exists, else from the working directory. World, rule sets and the changes to both are
    checked as well, so that a scenario that loads can be run.

    Parameters
    ----------
    strategies, modules, own_rules, sectors:
        Known names to check against; none: these names are checked where they are used.

    Raises
    ------
    SpecError
        One sentence with file, line, field, value and what is allowed.
    """
    path, source = _located(name_or_path, "scenario")
    node = read_included(path, source, "scenario")
    return scenario_of(node, strategies=strategies, modules=modules, own_rules=own_rules, sectors=sectors)


def scenario_of(
    node: Node,
    *,
    strategies: Iterable[str] | None = None,
    modules: Iterable[str] | None = None,
    own_rules: Iterable[str] | None = None,
    sectors: Iterable[str] | None = None,
) -> Scenario:
    """A scenario from a node already read; see :func:`load_scenario`."""
    data = node.plain()
    for field in _FILES:
        _beside(node, data, field)
    for path, kind in _named_specs(node):
        _beside(node, data, path, kind)
    scenario = validate(Scenario, data, node.source, node)
    if strategies is not None:
        found = [(path, split_strategy(name)[0]) for path, name in _strategy_paths(scenario)]
        _check_names(node, found, set(strategies), "strategy")
    if modules is not None:
        found = [(p, one) for p, name in _strategy_paths(scenario) for one in split_strategy(name)[1]]
        found += [(("lending", "modules", row), one) for row, one in enumerate(scenario.lending.modules)]
        offers = enumerate(scenario.adaptation.offers)
        found += [
            (("adaptation", "offers", row), one.removeprefix(JOIN)) for row, one in offers if JOIN in one
        ]
        _check_names(node, found, set(modules), "module")
    if sectors is not None:
        _check_names(node, _sector_paths(scenario), set(sectors), "sector")
    _check_references(node, scenario, own_rules)
    return scenario


def load_world(name_or_path: str | Path) -> World:
    """A world by shipped name, or from the user's own file. Raises :class:`SpecError`.

    Shipped worlds are read once: many runs start from one.
    """
    path, source = _located(name_or_path, "world")
    if path not in shipped("world").values():
        return _read_world(path, source)
    status = path.stat()
    return _shipped_world(path, source, status.st_mtime_ns, status.st_size)


def _read_world(path: Path, source: str) -> World:
    node = read_included(path, source, "world")
    return validate(World, node.plain(), source, node)


@lru_cache(maxsize=8)
def _shipped_world(path: Path, source: str, *stamp: int) -> World:
    return _read_world(path, source)


def load_rules(name_or_path: str | Path) -> RuleSet:
    """A rule set by shipped name, or from the user's own file. Raises :class:`SpecError`."""
    path, source = _located(name_or_path, "rule set")
    node = read_included(path, source, "rule set")
    return validate(RuleSet, node.plain(), source, node)


def sweep_names() -> list[str]:
    """Names of the shipped sweeps."""
    return list(shipped("sweep"))


def load_sweep(name_or_path: str | Path) -> SweepSpec:
    """Read and check a shipped sweep or a user's file; a scenario's file is looked for beside it.

    Raises :class:`SpecError`.
    """
    path, source = _located(name_or_path, "sweep")
    return sweep_of(read_included(path, source, "sweep"))


def sweep_of(node: Node) -> SweepSpec:
    """A sweep from what a file holds. Raises :class:`SpecError`."""
    data = node.plain()
    _beside(node, data, ("scenario",), "scenario")
    return validate(SweepSpec, data, node.source, node)


def lesson_names() -> list[str]:
    """Names of the shipped lessons, in the order in which they are taught."""
    return sorted(shipped("lesson"), key=lambda name: (load_lesson(name).number, name))


def load_lesson(name_or_path: str | Path) -> Lesson:
    """Read and check a shipped lesson or a user's file; scenarios and networks are looked for beside it.

    What it names is checked by :func:`sim.experiments.lessons.check_lesson`. Raises :class:`SpecError`.
    """
    path, source = _located(name_or_path, "lesson")
    return lesson_of(read_included(path, source, "lesson"))


def lesson_of(node: Node) -> Lesson:
    """A lesson from what a file holds. Raises :class:`SpecError`."""
    data = node.plain()
    arms = node.child("arms")
    names = list(arms.value) if arms is not None and isinstance(arms.value, dict) else []
    for place in ((), *(("arms", name) for name in names)):
        _beside(node, data, (*place, "scenario"), "scenario")
        for group, field in _FILES:
            _beside(node, data, (*place, "changes", f"{group}.{field}"))
    return validate(Lesson, data, node.source, node)


def world_of(scenario: Scenario) -> World:
    """The world of a scenario with the scenario's changes. Raises :class:`SpecError`."""
    return apply_world_changes(load_world(scenario.world), scenario.world_changes)


def rules_of(scenario: Scenario, name: str | None = None) -> RuleSet:
    """The scenario's rule set, or the one named (by an event), with the scenario's changes.

    Raises :class:`SpecError`.
    """
    return apply_rule_changes(
        load_rules(name if name is not None else scenario.rules), scenario.rules_changes
    )


def to_yaml(spec: BaseModel) -> str:
    """A specification as YAML text that loads to an equal one."""
    data = spec.model_dump(mode="json", by_alias=True)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)


def _located(name: str | Path, kind: Kind) -> tuple[Path, str]:
    found = locate(name, kind)
    if found is None:
        looks_like_path = isinstance(name, Path) or "/" in name or name.endswith((".yaml", ".yml"))
        if looks_like_path:
            raise SpecError(
                str(name), "", "there is no such file", f"a YAML file, or one of {', '.join(shipped(kind))}"
            )
        problem, allowed = unknown_name(str(name), shipped(kind), kind)
        raise SpecError(kind, "", problem, f"{allowed}, or a path to a YAML file")
    return found


def _node_at(node: Node, path: tuple[str | int, ...]) -> Node | None:
    for part in path:
        below = node.child(part)
        if below is None:
            return None
        node = below
    return node


def _beside(node: Node, data: Any, path: tuple[str | int, ...], kind: Kind | None = None) -> None:
    """Replace a relative file name by the file beside the YAML file that states it."""
    place = _node_at(node, path)
    if place is None or not isinstance(place.value, str) or "\0" in place.value:
        return
    if kind is not None and place.value in shipped(kind):
        return
    file = place.folder / place.value
    if not file.is_file():
        return
    for part in path[:-1]:
        data = data[part]
    data[path[-1]] = str(file)


def _named_specs(node: Node) -> list[tuple[tuple[str | int, ...], Kind]]:
    """Places that name a world or rule set."""
    found: list[tuple[tuple[str | int, ...], Kind]] = [(("world",), "world"), (("rules",), "rule set")]
    events = node.child("events")
    if events is not None and isinstance(events.value, list):
        found += [(("events", row, "rules"), "rule set") for row in range(len(events.value))]
    return found


def check_own_names(rules: RuleSet, known: Iterable[str] | None, node: Node) -> None:
    """Refuse own rules of a set that are not among those known; None: all are. Raises :class:`SpecError`."""
    names = None if known is None else set(known)
    _check_names(node, [(("own", name), name) for name in rules.own], names, "rule")


def _check_references(node: Node, scenario: Scenario, own_rules: Iterable[str] | None) -> None:
    """World and rule sets exist, and the changes to them are possible."""
    for path, kind in _named_specs(node):
        place = _node_at(node, path)
        if place is None or place.value is None:
            continue
        name = str(place.value)
        found = locate(name, kind, place.folder)
        if found is None or not found[0].is_file():
            problem, allowed = unknown_name(name, shipped(kind), kind)
            raise place.fault(dotted(path), problem, f"{allowed}, or a path to a YAML file")
    world, rules = load_world(scenario.world), load_rules(scenario.rules)
    check_own_names(rules, own_rules, node.child("rules") or node)
    for row, event in enumerate(scenario.events):
        if event.kind == "rules":
            place = _node_at(node, ("events", row, "rules")) or node
            check_own_names(load_rules(event.rules), own_rules, place)
    for name, number in scenario.world_changes.items():
        with _Placed(_node_at(node, ("world_changes", name))):
            apply_world_changes(world, {name: number})
    with _Placed(node.child("rules_changes")):
        changed = apply_rule_changes(rules, scenario.rules_changes)
    check_own_names(changed, own_rules, node.child("rules_changes") or node)


class _Placed:
    """Gives the errors raised inside the file and line of a node."""

    def __init__(self, place: Node | None) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SpecError) and self._place is not None:
            field = f"{error.source}.{error.field}" if error.field else error.source
            raise self._place.fault(field, error.problem, error.allowed) from None


@contextmanager
def placed(node: Node) -> Iterator[None]:
    """Give errors raised inside the file and line of the value that they are about, as far as it is there.

    An error's source is then a dotted field of the node.
    """
    try:
        yield
    except SpecError as error:
        field = f"{error.source}.{error.field}" if error.field else error.source
        place = node
        for name, row in re.findall(r"([^.\[\]]+)|\[([0-9]+)\]", field):
            below = place.child(int(row) if row else name)
            if below is None:
                break
            place = below
        raise place.fault(field, error.problem, error.allowed) from None


def _strategy_paths(scenario: Scenario) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = []
    if scenario.strategy is not None:
        found.append((("strategy",), scenario.strategy))
    for row, collector in enumerate(scenario.collectors):
        found.append((("collectors", row, "strategy"), collector.strategy))
        if collector.challenger is not None:
            found.append((("collectors", row, "challenger", "strategy"), collector.challenger.strategy))
    for row, event in enumerate(scenario.events):
        if event.kind == "rollout":
            found.append((("events", row, "strategy"), event.strategy))
    for row, offer in enumerate(scenario.adaptation.offers):
        if not offer.startswith(JOIN):
            found.append((("adaptation", "offers", row), offer))
    return found


def _sector_paths(scenario: Scenario) -> list[tuple[tuple[str | int, ...], str]]:
    return [
        (("events", row, "sectors", column), name)
        for row, event in enumerate(scenario.events)
        if event.kind == "demand"
        for column, name in enumerate(event.sectors or ())
    ]


def _check_names(
    node: Node, found: list[tuple[tuple[str | int, ...], str]], known: set[str] | None, what: str
) -> None:
    for path, name in found:
        if known is not None and name not in known:
            problem, allowed = unknown_name(name, known, what)
            place = _node_at(node, path) or node
            raise place.fault(dotted(path), problem, allowed)
