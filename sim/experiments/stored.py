"""Comparisons made again from a run table, without running anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from sim.core.errors import SpecError, unknown_name
from sim.experiments.arms import Arms, read_arms
from sim.experiments.comparison import Comparison
from sim.experiments.run_table import RunTable
from sim.experiments.upkeep import find_experiment
from sim.spec.rules import RuleSet
from sim.spec.scenario import Scenario
from sim.spec.world import World


@dataclass(frozen=True)
class Stored:
    """A comparison read from a run table, with the worlds as they were when it was run."""

    comparison: Comparison
    worlds: Mapping[str, World]


def stored_comparison(
    table: RunTable,
    experiment: str | None = None,
    worlds: Iterable[str] = (),
    arms: Iterable[str] = (),
) -> Stored:
    """The comparison of an experiment that a run table holds, as far as it has come.

    Parameters
    ----------
    table:
        Where the runs are.
    experiment:
        Beginning of its hash; none: the only one there is.
    worlds, arms:
        Those to keep; none: all. The arm that effects are measured against always stays.

    Raises
    ------
    SpecError
        For an unknown experiment, world or arm; one of another kind; or one without a finished run.
    """
    name = find_experiment(table, experiment)
    content = table.experiments()[name]
    source = f"{table.path}, experiment {name[:8]}"
    if content.get("kind") != "compare":
        raise SpecError(source, "kind", f"{content.get('kind')!r} has no arms to compare", "compare")
    scenario, rules, found = _specs(content, source)
    made = read_arms(scenario, content["arms"], None, found.values(), rules)
    chosen = _chosen(tuple(worlds), tuple(found), source, "world")
    named = _chosen(tuple(arms), made.names, source, "arm")
    shown = [arm for arm in made.all if arm.hidden or arm.name == made.reference or arm.name in named]
    order = {arm.name: place for place, arm in enumerate(shown)}
    rows = [row for row in table.read(name, order) if row["world"] in chosen]
    if not rows:
        raise SpecError(source, "", "has no finished run", "an experiment with at least one")
    place = {world: number for number, world in enumerate(chosen)}
    rows.sort(key=lambda row: (place[row["world"]], row["index"]))
    comparison = Comparison(
        scenario=scenario,
        rules=rules,
        worlds=chosen,
        arms=Arms(tuple(shown), made.reference),
        runs=len({row["index"] for row in rows}),
        hash=name,
        results=rows,
        resumed=len({(row["world"], row["index"]) for row in rows}),
    )
    return Stored(comparison, found)


def _specs(content: Mapping[str, Any], source: str) -> tuple[Scenario, RuleSet | None, dict[str, World]]:
    try:
        rules = content["rules"]
        return (
            Scenario.model_validate(content["scenario"]),
            None if rules is None else RuleSet.model_validate(rules),
            {name: World.model_validate(world) for name, world in content["worlds"].items()},
        )
    except (ValidationError, KeyError, AttributeError) as error:
        problem = f"was written by a program with other fields ({type(error).__name__})"
        raise SpecError(source, "", problem, "an experiment of this version") from None


def _chosen(wanted: tuple[str, ...], known: tuple[str, ...], source: str, what: str) -> tuple[str, ...]:
    for name in wanted:
        if name not in known:
            raise SpecError(source, what, *unknown_name(name, known, f"{what} of it"))
    return tuple(name for name in known if not wanted or name in wanted)
