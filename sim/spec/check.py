"""Checking of a user's YAML file, whatever it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from sim.core.errors import SpecError
from sim.spec.faults import validate
from sim.spec.include import Kind, read_included
from sim.spec.lesson import Lesson
from sim.spec.loader import check_own_names, lesson_of, placed, scenario_of, sweep_of
from sim.spec.rules import RuleSet, declared_rules
from sim.spec.scenario import Scenario
from sim.spec.sources import WITHOUT_SOURCE
from sim.spec.sweep import SweepSpec
from sim.spec.world import World
from sim.spec.yamltext import Node

#: Fields by which each kind of file is recognised: those that no other kind has.
_SIGNS: dict[Kind, frozenset[str]] = {
    "scenario": frozenset(Scenario.model_fields) - {"id", "label"},
    "world": frozenset(World.model_fields) - {"id", "label"},
    "rule set": frozenset({"jurisdiction", *declared_rules()}),
    "sweep": frozenset({"levers", "uncertainties", "outcomes", "design"}),
    "lesson": frozenset({"question", "options", "findings", "reveal", "teacher", "play"}),
}
#: The one field that tells most.
_MAIN: dict[Kind, str] = {
    "scenario": "collectors",
    "world": "households",
    "rule set": "jurisdiction",
    "sweep": "outcomes",
    "lesson": "question",
}


def recognise(node: Node) -> Kind | None:
    """Which kind of specification a node is, by the fields it has; none when it fits no kind."""
    keys = set(node.value) if isinstance(node.value, dict) else set()
    hits = {kind: (_MAIN[kind] in keys, len(keys & signs)) for kind, signs in _SIGNS.items()}
    best = max(hits, key=lambda kind: hits[kind])
    return best if any(hits[best]) else None


def check_file(
    path: str | Path,
    *,
    strategies: Iterable[str] | None = None,
    modules: Iterable[str] | None = None,
    own_rules: Iterable[str] | None = None,
    sectors: Iterable[str] | None = None,
    lesson: Callable[[Lesson], None] | None = None,
) -> str:
    """Check a scenario, world, rule set, sweep or lesson and say in one line what it is.

    Parameters
    ----------
    path:
        A YAML file; its kind is recognised by its fields.
    strategies, modules, own_rules, sectors:
        Known names that a scenario may use; none: not checked here.
    lesson:
        Checks what a lesson names, by the room that runs it; none: not checked here.

    Raises
    ------
    SpecError
        One sentence about the first fault.
    """
    node = read_included(Path(path), str(path))
    kind = recognise(node)
    if kind == "scenario":
        scenario = scenario_of(
            node, strategies=strategies, modules=modules, own_rules=own_rules, sectors=sectors
        )
        return f"{path}: {_scenario(scenario)}"
    if kind == "world":
        return f"{path}: {_world(validate(World, node.plain(), node.source, node))}"
    if kind == "rule set":
        rules = validate(RuleSet, node.plain(), node.source, node)
        check_own_names(rules, own_rules, node)
        return f"{path}: {_rules(rules)}"
    if kind == "sweep":
        return f"{path}: {_sweep(sweep_of(node))}"
    if kind == "lesson":
        found = lesson_of(node)
        if lesson is not None:
            with placed(node):
                lesson(found)
        return f"{path}: {_lesson(found)}"
    allowed = (
        "a scenario (with 'collectors'), a world (with 'households'), a rule set (with 'jurisdiction'), a "
        "sweep (with 'outcomes') or a lesson (with 'question')"
    )
    raise SpecError(str(path), "", "is none of the files known here", allowed)


def _scenario(scenario: Scenario) -> str:
    people = f"{scenario.population.borrowers:,} borrowers and {scenario.population.firms:,} firms"
    if scenario.portfolio.file is not None:
        people = f"the accounts of {scenario.portfolio.file} and {scenario.population.firms:,} firms"
    return (
        f"scenario {scenario.id!r}, {people} for {scenario.weeks} weeks after {scenario.burn_in} of burn-in, "
        f"{len(scenario.collectors)} collectors, {len(scenario.events)} events, "
        f"world {scenario.world!r}, rules {scenario.rules!r}"
    )


def _world(world: World) -> str:
    origins = [origin for group in _groups(world) for origin in group]
    known = sum(origin not in WITHOUT_SOURCE for origin in origins)
    counts = ", ".join(
        f"{origins.count(name)} {words}"
        for name, words in (
            ("fitted", "fitted"),
            ("assumption", "assumed"),
            ("changed by the user", "changed by the user"),
        )
        if origins.count(name)
    )
    return f"world {world.id!r}, {len(origins)} numbers: {known} from sources, {counts}"


def _sweep(spec: SweepSpec) -> str:
    design = spec.design
    size = f"{design.levels} levels a range" if design.kind == "grid" else f"{design.points} points"
    kind = design.kind.replace("_", " ")
    return (
        f"sweep {spec.id!r} of scenario {spec.scenario!r}, {kind} of {size}, levers: "
        f"{', '.join(spec.levers) or 'none'}, uncertainties: {', '.join(spec.uncertainties) or 'none'}, "
        f"outcomes: {', '.join(spec.outcomes)}, {spec.runs} runs a point, worlds: {', '.join(spec.worlds)}"
    )


def _lesson(found: Lesson) -> str:
    right = sum(option.right for option in found.options)
    return (
        f"lesson {found.id!r}, {found.play} of scenario {found.scenario!r}, arms: {', '.join(found.arms)}, "
        f"{len(found.options)} options, {right} right, {len(found.findings)} findings, {found.runs} runs of "
        f"{found.weeks} weeks"
    )


def _groups(world: World) -> list[list[str]]:
    collection = world.collection
    groups = [world.households, world.products, collection, world.firms, world.lenders, world.supervision]
    groups.append(world.prediction)
    groups += [*collection.channels.values(), *collection.tones.values()]
    groups += [collection.text_response, collection.messenger_response]
    return [[quantity.source for _, quantity in group.quantities()] for group in groups]


def _rules(rules: RuleSet) -> str:
    binding = [name for name in declared_rules() if getattr(rules, name) is not None]
    binding += [f"own.{name}" for name in rules.own]
    return f"rule set {rules.id!r}, jurisdiction {rules.jurisdiction}, rules: {', '.join(binding) or 'none'}"
