"""What a comparison will run, settled and checked before the first week."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.collection.own_rules import own_rule
from sim.collection.registry import strategy
from sim.core.errors import SpecError
from sim.core.program import package_version, program_digest, versions
from sim.core.rng import stream
from sim.experiments.arms import Arms, check_scenario, read_arms, strategies_of
from sim.experiments.tasks import Task, portfolio_of
from sim.loading import load_scenario
from sim.spec.changes import apply_changes
from sim.spec.content import by_content
from sim.spec.loader import load_world, rules_of
from sim.spec.rules import RuleSet
from sim.spec.scenario import Scenario
from sim.spec.world import World

#: Seeds of runs stay below this, so that any JSON reader keeps them exactly.
_SEEDS = 2**48

ScenarioLike = str | Path | Scenario
WorldLike = str | Path | World
RulesLike = str | Path | RuleSet


@dataclass(frozen=True)
class Plan:
    """A checked comparison. ``worlds`` are what models are given, by world id."""

    scenario: Scenario
    worlds: dict[str, str | World]
    rules: RuleSet | None
    arms: Arms
    runs: int
    hash: str

    def tasks(self, first: int = 0) -> list[Task]:
        """One task for each (run index from ``first``, world); worlds of a run index share its seed."""
        classes = [type(strategy(name)) for name in sorted(_strategies(self.scenario, self.arms))]
        return [
            Task(
                scenario=self.scenario,
                world=given,
                world_id=world,
                rules=self.rules,
                seed=run_seed(self.scenario.seed, index),
                index=index,
                arms=self.arms.all,
                strategies=tuple(cls for cls in classes if not _is_own(cls)),
                program=program_digest(),
            )
            for index in range(first, self.runs)
            for world, given in self.worlds.items()
        ]


def run_seed(root: int, index: int) -> int:
    """The seed of run ``index`` under a root seed: the same whatever the number of runs."""
    return int(stream(root, f"run/{index}")) % _SEEDS


def base_scenario(
    scenario: ScenarioLike,
    *,
    rules: RulesLike | None = None,
    portfolio: str | Path | None = None,
    mapping: str | Path | None = None,
    network: str | Path | None = None,
    weeks: int | None = None,
    seed: int | None = None,
    changes: Mapping[str, object] | None = None,
) -> tuple[Scenario, RuleSet | None]:
    """A scenario with the arguments of a call written into it, and the rule set given as an object.

    Raises :class:`SpecError` for unknown fields and impossible values.
    """
    found = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    given: dict[str, object] = {
        "rules": None if rules is None or isinstance(rules, RuleSet) else str(rules),
        "portfolio.file": None if portfolio is None else str(portfolio),
        "portfolio.mapping": None if mapping is None else str(mapping),
        "network.file": None if network is None else str(network),
        "weeks": weeks,
        "seed": seed,
    }
    found = apply_changes(found, {name: value for name, value in given.items() if value is not None}, "call")
    return apply_changes(found, changes or {}), rules if isinstance(rules, RuleSet) else None


def read_worlds(worlds: WorldLike | Iterable[WorldLike]) -> dict[str, tuple[World, str | World]]:
    """Worlds by id: read, and as the model takes them. Raises :class:`SpecError`."""
    found: dict[str, tuple[World, str | World]] = {}
    for given in (worlds,) if isinstance(worlds, str | Path | World) else tuple(worlds):
        world = given if isinstance(given, World) else load_world(given)
        if world.id in found:
            raise SpecError("worlds", "", f"{world.id!r} is given twice", "each world once")
        found[world.id] = world, str(given) if isinstance(given, Path) else given
    if not found:
        raise SpecError("worlds", "", "there is no world", "at least one, such as 'evidence'")
    return found


def make_plan(
    scenario: Scenario,
    rules: RuleSet | None,
    worlds: dict[str, tuple[World, str | World]],
    arms: Mapping[str, Mapping[str, object]] | None,
    strategies: Iterable[str] | None,
    runs: int,
) -> Plan:
    """Check everything that can be checked before a run. Raises :class:`SpecError`."""
    if isinstance(runs, bool) or not isinstance(runs, int) or not 1 <= runs <= 100_000:
        raise SpecError("runs", "", f"{runs!r} is not a number of runs", "1 to 100000")
    contents = [world for world, _ in worlds.values()]
    check_scenario(scenario, contents, rules)
    made = read_arms(scenario, arms, strategies, contents, rules)
    for arm in made.all:
        portfolio_of(arm.scenario)
    digest = comparison_hash(scenario, rules, contents, made)
    return Plan(scenario, {name: given for name, (_, given) in worlds.items()}, rules, made, runs, digest)


def comparison_hash(scenario: Scenario, rules: RuleSet | None, worlds: Iterable[World], arms: Arms) -> str:
    """SHA-256 over all that decides the result of a run: inputs by content, arms, seed, program.

    The number of runs is left out: more runs of the same comparison extend it.
    """
    content = {
        "program": [package_version(), program_digest()],
        "scenario": by_content(scenario),
        "rules": None if rules is None else rules.model_dump(mode="json"),
        "worlds": [world.model_dump(mode="json") for world in worlds],
        "arms": [[arm.name, by_content(arm.scenario)] for arm in arms.all],
        "strategies": [_source(type(strategy(name))) for name in sorted(_strategies(scenario, arms))],
        "own_rules": [_source(type(own_rule(name))) for name in sorted(_own_rules(scenario, arms, rules))],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def describe(plan: Plan) -> dict[str, Any]:
    """A plan as plain data: what the run table keeps of an experiment, enough to make its report."""
    worlds = {
        name: given if isinstance(given, World) else load_world(given) for name, given in plan.worlds.items()
    }
    return {
        "schema": 1,
        "kind": "compare",
        "hash": plan.hash,
        "scenario": plan.scenario.model_dump(mode="json", by_alias=True),
        "rules": None if plan.rules is None else plan.rules.model_dump(mode="json"),
        "worlds": {name: world.model_dump(mode="json") for name, world in worlds.items()},
        "arms": {arm.name: dict(arm.changes) for arm in plan.arms.all if not arm.hidden},
        "reference": plan.arms.reference,
        "versions": versions(),
    }


def _strategies(scenario: Scenario, arms: Arms) -> set[str]:
    return strategies_of(scenario).union(*(strategies_of(arm.scenario) for arm in arms.all))


def _own_rules(scenario: Scenario, arms: Arms, rules: RuleSet | None) -> set[str]:
    """Names of the rules from outside the package that any run can use."""
    sets = [] if rules is None else [rules]
    for one in (scenario, *(arm.scenario for arm in arms.all)):
        sets.append(rules_of(one))
        sets += [rules_of(one, event.rules) for event in one.events if event.kind == "rules"]
    return {name for found in sets for name in found.own}


def _is_own(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "sim"


def _source(cls: type) -> list[str]:
    """Name and, for a user's own strategy, source text where there is one."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    if _is_own(cls):
        return [name]
    try:
        return [name, inspect.getsource(cls)]
    except (OSError, TypeError):
        return [name]
