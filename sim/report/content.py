"""What a report shows, gathered from a comparison into plain data."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import yaml

from sim.experiments.statistics import mean_interval
from sim.network.sector_table import load_sector_table
from sim.report.wording import group_of
from sim.spec.base import Text
from sim.spec.changes import apply_world_changes
from sim.spec.labels import name_of, texts
from sim.spec.loader import load_scenario, load_world, scenario_names, world_names
from sim.spec.scenario import Scenario
from sim.spec.sources import cited, sources
from sim.spec.world import World

if TYPE_CHECKING:
    from sim.experiments.adaptive import Precision
    from sim.experiments.comparison import Comparison


class Row(NamedTuple):
    """One measure of one arm in one world, as in the JSON document."""

    world: str
    arm: str
    strategy: str | None
    measure: str
    unit: str
    mean: float | None
    low: float | None
    high: float | None
    effect: float | None
    effect_low: float | None
    effect_high: float | None
    n: int
    reason: str | None

    @property
    def unclear(self) -> bool:
        """Whether the interval of the effect holds zero."""
        if self.effect_low is None or self.effect_high is None:
            return False
        return self.effect_low <= 0.0 <= self.effect_high

    @property
    def equal(self) -> bool:
        """Whether the arm and its reference were the same in every run."""
        return self.effect_low == 0.0 == self.effect_high


class Meaning(NamedTuple):
    """Label, definition and wanted direction of a measure."""

    label: Text
    definition: Text
    better: str | None


class Number(NamedTuple):
    """One number of a world: dotted name, value, unit, where it comes from, and a remark."""

    name: str
    value: float
    unit: str
    source: str
    note: str


@dataclass(frozen=True)
class Content:
    """All that the report and the tables on screen show.

    ``reference`` is the arm that effects are measured against; None where it is the hidden arm that
    is left alone. ``precision``: how narrow intervals were asked to be and are.
    ``numbers`` are those of each world, ``sources`` the citations by id. ``command`` and ``python``
    repeat the comparison, and so does ``yaml_command`` with ``yaml`` kept as ``yaml_name``.
    ``baseline``: mean of the reference arm, shown or hidden, by world and measure.
    """

    scenario: str
    title: Text
    description: Text
    seed: int
    weeks: int
    runs: int
    hash: str
    reference: str | None
    rows: tuple[Row, ...]
    meanings: dict[str, Meaning]
    labels: dict[str, Text] = field(default_factory=dict)
    series: pd.DataFrame = field(default_factory=pd.DataFrame)
    curves: pd.DataFrame = field(default_factory=pd.DataFrame)
    failures: pd.DataFrame = field(default_factory=pd.DataFrame)
    survival: pd.DataFrame = field(default_factory=pd.DataFrame)
    roll_rates: pd.DataFrame = field(default_factory=pd.DataFrame)
    reproduction: pd.DataFrame = field(default_factory=pd.DataFrame)
    sureness: pd.DataFrame = field(default_factory=pd.DataFrame)
    cohorts: pd.DataFrame = field(default_factory=pd.DataFrame)
    funnel: pd.DataFrame = field(default_factory=pd.DataFrame)
    roll_history: pd.DataFrame = field(default_factory=pd.DataFrame)
    spared: pd.DataFrame = field(default_factory=pd.DataFrame)
    weekly_differences: pd.DataFrame = field(default_factory=pd.DataFrame)
    gains: pd.DataFrame = field(default_factory=pd.DataFrame)
    balance_sheets: pd.DataFrame = field(default_factory=pd.DataFrame)
    winners: pd.DataFrame = field(default_factory=pd.DataFrame)
    numbers: dict[str, tuple[Number, ...]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    command: str = ""
    python: str = ""
    yaml: str = ""
    yaml_name: str = ""
    yaml_command: str = ""
    baseline: dict[tuple[str, str], float | None] = field(default_factory=dict)
    version: str = ""
    precision: tuple[Precision, ...] = ()

    @property
    def worlds(self) -> tuple[str, ...]:
        """World ids in the order of the comparison."""
        return tuple(dict.fromkeys(row.world for row in self.rows))

    @property
    def arms(self) -> tuple[str, ...]:
        """Arm names in the order of the comparison."""
        return tuple(dict.fromkeys(row.arm for row in self.rows))

    @property
    def measures(self) -> tuple[str, ...]:
        """Measure ids in the order of display."""
        order = {name: place for place, name in enumerate(dict.fromkeys(row.measure for row in self.rows))}
        return tuple(sorted(order, key=lambda name: (*group_of(name), order[name])))

    @cached_property
    def comparing(self) -> bool:
        """Whether there are effects at all."""
        return any(row.effect is not None for row in self.rows)

    def row(self, world: str, arm: str, measure: str) -> Row | None:
        """The row of a world, arm and measure."""
        return self._index.get((world, arm, measure))

    def label(self, kind: str, name: str) -> Text:
        """Label of a measure, world, arm or strategy; its own name where it has none."""
        if kind == "measure" and name in self.meanings:
            return self.meanings[name].label
        return self.labels.get(f"{kind}.{name}", Text(en=name, zh=name))

    @cached_property
    def _index(self) -> dict[tuple[str, str, str], Row]:
        return {(row.world, row.arm, row.measure): row for row in self.rows}


def gather(
    comparison: Comparison, *, command: str | None = None, worlds: Mapping[str, World] | None = None
) -> Content:
    """The content of a report.

    Parameters
    ----------
    comparison:
        Result of :func:`sim.experiments.compare`.
    command:
        The command line that made it; none: one is put together from the comparison.
    worlds:
        Worlds by id where they are not shipped ones, so that their numbers can be listed.
    """
    scenario = comparison.scenario
    rows = tuple(Row(**{name: getattr(row, name) for name in Row._fields}) for row in comparison.rows)
    shown = {arm.name for arm in comparison.arms.all if not arm.hidden}
    numbers = {
        world: _numbers(world, scenario.world_changes, (worlds or {}).get(world))
        for world in comparison.worlds
    }
    return Content(
        scenario=scenario.id,
        title=scenario.label,
        description=scenario.description,
        seed=comparison.seed,
        weeks=comparison.weeks,
        runs=comparison.runs,
        hash=comparison.hash,
        reference=comparison.reference if comparison.reference in shown else None,
        rows=rows,
        meanings=meanings(dict.fromkeys(row.measure for row in rows)),
        labels=_labels(comparison),
        series=_shown(comparison.series, shown),
        curves=_shown(comparison.curves, shown),
        failures=_shown(comparison.failures, shown),
        survival=_shown(comparison.survival, shown),
        roll_rates=_shown(comparison.roll_rates, shown),
        reproduction=_shown(comparison.reproduction, shown),
        sureness=_shown(comparison.sureness, shown),
        cohorts=_shown(comparison.cohorts, shown),
        funnel=_shown(comparison.funnel, shown),
        roll_history=_shown(comparison.roll_history, shown),
        spared=_shown(comparison.spared, shown),
        weekly_differences=_shown(comparison.weekly_differences, shown),
        gains=_shown(comparison.gains, shown),
        balance_sheets=_shown(comparison.balance_sheets, shown),
        winners=_shown(comparison.winners, shown),
        numbers=numbers,
        sources=_sources(numbers),
        command=command or command_line(comparison),
        python=_python(comparison),
        yaml=scenario_yaml(scenario),
        yaml_name=f"{scenario.id}-changed.yaml",
        yaml_command=command_line(comparison, f"{scenario.id}-changed.yaml"),
        baseline=_baseline(comparison),
        version=version_text(),
        precision=comparison.precision,
    )


def _shown(frame: pd.DataFrame, arms: set[str]) -> pd.DataFrame:
    """A frame without the rows of hidden arms."""
    return frame[frame["arm"].isin(arms)] if "arm" in frame else frame


def meanings(measures: Iterable[str]) -> dict[str, Meaning]:
    """Label, definition and direction of each known measure."""
    from sim.measures import MEASURES

    return {
        name: Meaning(MEASURES[name].label, MEASURES[name].definition, MEASURES[name].better)
        for name in measures
        if name in MEASURES
    }


def _labels(comparison: Comparison) -> dict[str, Text]:
    chinese = texts("zh")
    found = {
        key: Text(en=text, zh=chinese.get(key, text))
        for key, text in texts("en").items()
        if key.partition(".")[0] in {"strategy", "world", "stage"}
    }
    table = load_sector_table()
    for name, chinese_name in zip(table.sectors, table.names_zh, strict=True):
        found[f"sector.{name}"] = Text(en=name.replace("_", " "), zh=chinese_name)
    for arm in comparison.arms.all:
        # an arm named after a strategy bears its label
        named = Text(en=name_of("strategy", arm.name), zh=name_of("strategy", arm.name, "zh"))
        found[f"arm.{arm.name}"] = named
    return found


def _numbers(world: str, changes: Mapping[str, float], given: World | None) -> tuple[Number, ...]:
    """All numbers of a world by dotted name; none for a world that is not shipped and not given."""
    if given is None:
        if world not in world_names():
            return ()
        given = load_world(world)
    return tuple(_quantities(apply_world_changes(given, changes).model_dump(mode="json"), ""))


def _quantities(data: dict[str, Any], prefix: str) -> list[Number]:
    found: list[Number] = []
    for name, value in data.items():
        if not isinstance(value, dict):
            continue
        if {"value", "unit", "source"} <= value.keys():
            found.append(
                Number(prefix + name, value["value"], value["unit"], value["source"], value.get("note") or "")
            )
        else:
            found += _quantities(value, f"{prefix}{name}.")
    return found


def _sources(numbers: Mapping[str, tuple[Number, ...]]) -> dict[str, str]:
    used = {name for world in numbers.values() for number in world for name in cited(number.source)}
    return {
        name: f"{source.citation} ({source.year}), {source.identifier}"
        for name, source in sources().items()
        if name in used
    }


def _baseline(comparison: Comparison) -> dict[tuple[str, str], float | None]:
    if comparison.reference is None:
        return {}
    means = {}
    for world in comparison.worlds:
        for measure in comparison.measures:
            values = comparison.values(world, comparison.reference, measure)
            means[world, measure] = mean_interval(values).mean
    return means


def command_line(comparison: Comparison, file: str | None = None) -> str:
    """A command line that repeats a comparison; a scenario of the user's own is named by its id.

    ``file``: a file that holds the scenario as run (:func:`scenario_yaml`), so that only arms, worlds and
    runs are said.
    """
    words = ["arrears", "compare", file or comparison.scenario.id]
    shown = [arm for arm in comparison.arms.all if not arm.hidden]
    if all(dict(arm.changes) == {"strategy": arm.name} for arm in shown):
        words += ["--strategies", ",".join(arm.name for arm in shown)]
    else:
        for arm in shown:
            changes = ",".join(f"{name}={json.dumps(value)}" for name, value in arm.changes.items())
            words += ["--arm", f"{arm.name}:{changes}" if changes else arm.name]
    given = {} if file else settings(comparison.scenario)
    for name, value in given.items():
        option = _OPTIONS.get(name)
        words += [option, str(value)] if option else ["--set", f"{name}={json.dumps(value)}"]
    words += ["--worlds", ",".join(comparison.worlds), "--runs", str(comparison.runs)]
    if not file:
        words += ["--weeks", str(comparison.weeks), "--seed", str(comparison.seed)]
    return shlex.join(words)


#: Fields that have an option of their own.
_OPTIONS = {"portfolio.file": "--portfolio", "portfolio.mapping": "--map", "network.file": "--network"}


def settings(scenario: Scenario) -> dict[str, object]:
    """Fields in which a scenario differs from the shipped one of its name, by dotted name.

    Weeks and seed are left out, since they are told apart; none for a scenario of the user's own.
    """
    if scenario.id not in scenario_names():
        return {}
    shipped = _flat(load_scenario(scenario.id).model_dump(mode="json"), "")
    given = _flat(scenario.model_dump(mode="json"), "")
    if given["collectors"] != shipped["collectors"]:  # another number of them: said as a whole
        given = {name: value for name, value in given.items() if not name.startswith("collectors")}
        given["collectors"] = scenario.model_dump(mode="json")["collectors"]
    return {
        name.replace("world_changes.", "world.").replace("rules_changes.", "rules."): value
        for name, value in given.items()
        if name not in {"weeks", "seed", "world"} and shipped.get(name, _flat) != value
    }


def scenario_yaml(scenario: Scenario) -> str:
    """A scenario as the file that ``arrears compare FILE`` reads."""
    data = scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    data = {"schema": 1, "id": scenario.id, **{name: data[name] for name in data if name != "schema"}}
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)


def _flat(data: dict[str, Any], prefix: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        elif name == "collectors":  # their number is that of the shipped scenario, or said as a whole
            found[f"{prefix}{name}"] = len(value)
            for row, one in enumerate(value):
                found |= _flat(one, f"{prefix}{name}[{row}].")
        else:
            found[prefix + name] = value
    return found


def _python(comparison: Comparison) -> str:
    arms = {arm.name: dict(arm.changes) for arm in comparison.arms.all if not arm.hidden}
    lines = [f"    {name!r}: {changes!r}," for name, changes in arms.items()]
    return "\n".join(
        (
            "import arrears",
            "",
            "arms = {",
            *lines,
            "}",
            f"changes = {settings(comparison.scenario)!r}",
            f"result = arrears.compare({comparison.scenario.id!r}, arms, worlds={list(comparison.worlds)!r},",
            f"                         runs={comparison.runs}, weeks={comparison.weeks}, "
            f"seed={comparison.seed}, changes=changes)",
            "result.table()",
        )
    )


def version_text() -> str:
    """Version of the installed package."""
    try:
        return version("arrears")
    except PackageNotFoundError:
        return "(source)"
