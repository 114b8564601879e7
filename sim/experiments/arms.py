"""Arms of a comparison: what each changes, checked before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sim.collection.modules import module_names
from sim.collection.own_rules import check_own_rules
from sim.collection.registry import strategy_names
from sim.core.errors import SpecError, unknown_name
from sim.spec.changes import SHORT_NAMES, apply_changes, apply_rule_changes, apply_world_changes
from sim.spec.declared import ID_PATTERN
from sim.spec.loader import load_rules
from sim.spec.rules import RuleSet
from sim.spec.scenario import Scenario
from sim.spec.strategy import JOIN, split_strategy
from sim.spec.world import World

#: The three ways of collecting that are compared when a call names no arms.
DEFAULT_STRATEGIES = ("traditional", "ai_tiered", "app_based")
#: Strategy, and name of the hidden arm, that treats nobody.
LEFT_ALONE = "left_alone"
_OTHER_START = {"population", "network", "portfolio", "burn_in"}
#: Fields that every arm shares, and where they are given instead.
ONE_FOR_ALL = {
    "world": "worlds=",
    "seed": "seed=, so that runs are paired",
    "weeks": "weeks=, so that all arms are measured over the same time",
}


@dataclass(frozen=True)
class Arm:
    """One arm: its changes, and the scenario that they make.

    ``strategy`` is the one all collectors follow, None where they differ. ``own_start``: the arm
    changes something that was settled before week 0, so it cannot share the burnt-in start.
    ``hidden``: run as a reference, shown only where asked for.
    """

    name: str
    changes: Mapping[str, object]
    scenario: Scenario
    strategy: str | None
    own_start: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class Arms:
    """The arms of a comparison and the name of the one that effects are measured against."""

    all: tuple[Arm, ...]
    reference: str | None
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(arm.name for arm in self.all if not arm.hidden))


def read_arms(
    scenario: Scenario,
    arms: Mapping[str, Mapping[str, object]] | None,
    strategies: Iterable[str] | None,
    worlds: Iterable[World],
    rules: RuleSet | None = None,
) -> Arms:
    """Check the arms of a comparison and find the reference of its effects.

    Where arms differ in the strategy alone, effects are measured against a hidden arm that leaves
    everybody alone; else against the first arm.

    Raises
    ------
    SpecError
        For an impossible name, field or value in any arm.
    """
    wanted = _wanted(arms, strategies)
    worlds = tuple(worlds)
    made = [_arm(name, changes, scenario, worlds, rules) for name, changes in wanted.items()]
    if not all(set(changes) == {"strategy"} for changes in wanted.values()):
        return Arms(tuple(made), made[0].name)
    alone = next((arm for arm in made if arm.strategy == LEFT_ALONE), None)
    if alone is None:
        if LEFT_ALONE in wanted:
            raise SpecError(
                "arms", LEFT_ALONE, "is the name of the arm that treats nobody", "another name for this arm"
            )
        alone = _arm(LEFT_ALONE, {"strategy": LEFT_ALONE}, scenario, worlds, rules, hidden=True)
        made.append(alone)
    return Arms(tuple(made), alone.name)


def check_scenario(
    scenario: Scenario, worlds: Iterable[World], rules: RuleSet | None, source: str = "scenario"
) -> None:
    """Check what a scenario refers to: strategies, rule sets, numbers of the worlds, rules.

    ``rules`` is a rule set given as an object instead of by the scenario's name.
    Raises :class:`SpecError`.
    """
    for where, name in _strategies(scenario):
        base, modules = split_strategy(name)
        for what, names, known in (
            ("strategy", (base,), strategy_names()),
            ("module", modules, module_names()),
        ):
            for one in names:
                if one not in known:
                    raise SpecError(source, where, *unknown_name(one, known, what))
    for one in scenario.lending.modules:
        if one not in module_names():
            raise SpecError(source, "lending.modules", *unknown_name(one, module_names(), "module"))
    for world in worlds:
        apply_world_changes(world, scenario.world_changes, source)
    check_own_rules(apply_rule_changes(rules or load_rules(scenario.rules), scenario.rules_changes, source))
    for event in scenario.events:
        if event.kind == "rules":
            check_own_rules(load_rules(event.rules))


def strategies_of(scenario: Scenario) -> set[str]:
    """Names of all strategies that a run of this scenario can use."""
    return {name for _, name in _strategies(scenario)}


def _wanted(arms: object, strategies: Iterable[str] | None) -> dict[str, Mapping[str, object]]:
    """Changes by arm, from what a caller gave."""
    if arms is None and strategies is None:
        strategies = DEFAULT_STRATEGIES
    if arms is not None and not isinstance(arms, Mapping):
        problem = f"{arms!r} is not a mapping of names to changes"
        raise SpecError("arms", "", problem, 'arms={"now": {}}, or strategies=["app_based"]')
    wanted: dict[str, Mapping[str, object]] = dict(arms or {})
    if isinstance(strategies, str):
        strategies = strategies.split(",")
    for name in strategies or ():
        if name in wanted:
            raise SpecError("strategies", "", f"{name!r} is given twice", "each arm once")
        wanted[name] = {"strategy": name}
    if not wanted:
        raise SpecError("arms", "", "there is no arm", 'at least one, such as arms={"now": {}}')
    for name, changes in wanted.items():
        if not isinstance(name, str) or not all(re.fullmatch(ID_PATTERN, part) for part in name.split(JOIN)):
            allowed = "1 to 40 of a-z, 0-9, _ and -, or several of these joined by +"
            raise SpecError("arms", "", f"{name!r} is not a name for an arm", allowed)
        if not isinstance(changes, Mapping):
            raise SpecError("arms", name, f"{changes!r} is not a mapping of changes", '{"field": value}')
    return wanted


def _arm(
    name: str,
    changes: Mapping[str, object],
    scenario: Scenario,
    worlds: tuple[World, ...],
    rules: RuleSet | None,
    hidden: bool = False,
) -> Arm:
    source = f"arm {name!r}"
    tops = set()
    for given in changes:
        top = re.split(r"[.\[]", SHORT_NAMES.get(given, given), maxsplit=1)[0]
        if given in ONE_FOR_ALL:
            raise SpecError(source, given, "is the same for all arms", ONE_FOR_ALL[given])
        tops.add(top)
    changed = apply_changes(scenario, changes, source)
    check_scenario(changed, worlds, None if "rules" in changes else rules, source)
    used = {changed.strategy} if changed.strategy else {item.strategy for item in changed.collectors}
    strategy = used.pop() if len(used) == 1 else None
    return Arm(name, dict(changes), changed, strategy, bool(tops & _OTHER_START), hidden)


def _strategies(scenario: Scenario) -> list[tuple[str, str]]:
    """Field and name of every strategy that a scenario mentions."""
    found = [("strategy", scenario.strategy)] if scenario.strategy is not None else []
    found += [(f"collectors[{row}].strategy", item.strategy) for row, item in enumerate(scenario.collectors)]
    for row, item in enumerate(scenario.collectors):
        if item.challenger is not None:
            found.append((f"collectors[{row}].challenger.strategy", item.challenger.strategy))
    for row, event in enumerate(scenario.events):
        if event.kind == "rollout":
            found.append((f"events[{row}].strategy", event.strategy))
    return found
