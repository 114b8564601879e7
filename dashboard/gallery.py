"""Results that are shipped: declared comparisons and outbreaks, run by a command, kept as plain data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from sim.core.errors import SpecError
from sim.core.files import replacing
from sim.core.paths import scenarios_dir
from sim.experiments import compare
from sim.experiments.arms import read_arms
from sim.experiments.outbreaks import outbreak
from sim.experiments.plan import base_scenario
from sim.report.content import Row, gather, meanings
from sim.report.outbreak_content import OutbreakContent, gather_outbreak
from sim.spec.base import Spec, Text
from sim.spec.content import by_content
from sim.spec.faults import validate
from sim.spec.loader import load_world
from sim.spec.yamltext import read_yaml

#: Words about numbers: they decide no result.
_WORDS = {"label", "title", "description", "note", "source", "citation", "unit", "low", "high"}
#: A run so small that it is made again in a test: whether the program still gives what it gave.
_PROBE: dict[str, object] = {"population.borrowers": 200, "population.firms": 60, "burn_in": 12}
_PROBE_WEEKS, _DIGITS = 20, 9


#: Fields of a kept difference, and the columns of a paired comparison that they come from.
_PAIRED = {"effect": "difference", "effect_low": "low", "effect_high": "high"}


class Comparison(Spec):
    """What is compared: arguments of :func:`sim.experiments.compare`."""

    scenario: str
    arms: dict[str, dict[str, Any]] = Field(min_length=2)
    worlds: list[str] = Field(min_length=1)
    weeks: int
    runs: int = Field(ge=2, le=100)
    changes: dict[str, Any] = Field(default_factory=dict)


class Shock(Spec):
    """What breaks out: arguments of :func:`sim.experiments.outbreak`."""

    scenario: str
    shock: str
    world: str
    weeks: int
    runs: int = Field(ge=2, le=100)
    changes: dict[str, Any] = Field(default_factory=dict)


class Finding(Spec):
    """The figure that an entry is about: the difference of one arm to the first in one measure."""

    arm: str
    measure: str


class Entry(Spec):
    """One result: what is run, what is told of it, and the page with the controls that ask the same."""

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    door: Literal["educator", "executive", "researcher"] | None = None
    page: str
    link: dict[str, str]
    title: Text
    compare: Comparison | None = None
    outbreak: Shock | None = None
    finding: Finding | str
    tiles: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_kind(self) -> Entry:
        if (self.compare is None) == (self.outbreak is None):
            raise ValueError("compare: one of compare and outbreak is run|either of them")
        if (self.compare is None) != isinstance(self.finding, str):
            raise ValueError("finding: does not fit|a headline of an outbreak, or arm and measure")
        return self


class _Entries(Spec):
    entries: list[Entry]


def folder() -> Path:
    """Where entries and results are kept."""
    return scenarios_dir() / "gallery"


@cache
def entries() -> tuple[Entry, ...]:
    """The declared entries. Raises :class:`SpecError` for a fault in their file."""
    path = folder() / "entries.yaml"
    node = read_yaml(path)
    return tuple(validate(_Entries, node.plain(), str(path), node).entries)


def results() -> dict[str, Any]:
    """Kept results by id of their entry; empty before the first build."""
    path = folder() / "results.json"
    if not path.is_file():
        return {}
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["entries"]
    return kept


def build(runs: int | None = None) -> Iterator[str]:
    """Run all entries and keep their results; gives the id of each before it is run.

    ``runs`` in place of those declared: fewer are quick and have wide intervals.
    """
    made = {}
    for entry in entries():
        yield entry.id
        made[entry.id] = {"inputs": inputs(entry), **_run(entry, runs)}
    document = {"schema": 1, "probe": probe(), "entries": made}
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True)
    with replacing(folder() / "results.json") as stream:
        stream.write((text + "\n").encode())


def stale() -> list[str]:
    """What would come out differently now: ids of entries, and ``program``.

    An entry by what its runs are told: scenario, rules and the numbers of its worlds, without words. The
    program by a run so small that it is made again, so that a change that moves no result moves nothing here.
    """
    kept = results()
    found = [entry.id for entry in entries() if kept.get(entry.id, {}).get("inputs") != inputs(entry)]
    found += [name for name in kept if name not in {entry.id for entry in entries()}]
    path = folder() / "results.json"
    if not path.is_file() or json.loads(path.read_text(encoding="utf-8"))["probe"] != probe():
        found.append("program")
    return found


def inputs(entry: Entry) -> str:
    """SHA-256 over all that the runs of an entry are told."""
    asked = entry.compare or entry.outbreak
    assert asked is not None
    worlds = entry.compare.worlds if entry.compare else [entry.outbreak.world] if entry.outbreak else []
    base, _ = base_scenario(asked.scenario, weeks=asked.weeks, changes=asked.changes)
    read = {name: load_world(name) for name in worlds}
    arms = read_arms(base, entry.compare.arms, None, read.values(), None).all if entry.compare else ()
    content = {
        "asked": asked.model_dump(mode="json", exclude={"runs"}),  # more runs only narrow the intervals
        "finding": entry.finding if isinstance(entry.finding, str) else entry.finding.model_dump(),
        "tiles": entry.tiles,
        "scenario": by_content(base),
        "arms": [by_content(arm.scenario) for arm in arms],
        "worlds": {
            name: {field: one.value for field, one in world.numbers()} for name, world in read.items()
        },
    }
    return hashlib.sha256(json.dumps(_wordless(content), sort_keys=True).encode()).hexdigest()


def _wordless(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {name: _wordless(value) for name, value in node.items() if name not in _WORDS}
    return [_wordless(value) for value in node] if isinstance(node, list | tuple) else node


def probe() -> dict[str, Any]:
    """Measures of a tiny comparison in every world's physics and of a tiny outbreak, to nine digits."""
    found = gather(
        compare(
            "baseline", strategies=["traditional", "ai_tiered"], worlds=["evidence", "report"], runs=1,
            weeks=_PROBE_WEEKS, changes=_PROBE, workers=1,
        )
    )  # fmt: skip
    spread = gather_outbreak(
        outbreak(
            "chain-reaction", "hub:2", by_channel=False, runs=1, weeks=_PROBE_WEEKS, changes=_PROBE, workers=1
        )
    )
    rows = {f"{row.world}/{row.arm}/{row.measure}": _digits(row.mean) for row in found.rows}
    return rows | {f"outbreak/{line.name}": _digits(line.mean) for line in spread.headline}


def _digits(value: float | None) -> str | None:
    # not to the last digit: another version of numpy sums in another order
    return None if value is None else f"{value:.{_DIGITS}g}"


def _run(entry: Entry, runs: int | None) -> dict[str, Any]:
    if entry.compare is not None:
        return _compared(entry, entry.compare, runs or entry.compare.runs)
    assert entry.outbreak is not None
    asked = entry.outbreak
    found = outbreak(
        asked.scenario, asked.shock, by_channel=False, world=asked.world, weeks=asked.weeks,
        runs=runs or asked.runs, changes=asked.changes,
    )  # fmt: skip
    return _broken_out(gather_outbreak(found))


def _compared(entry: Entry, asked: Comparison, runs: int) -> dict[str, Any]:
    result = compare(
        asked.scenario, asked.arms, worlds=asked.worlds, weeks=asked.weeks, runs=runs,
        changes=asked.changes,
    )  # fmt: skip
    content = gather(result)
    assert isinstance(entry.finding, Finding)
    wanted = dict.fromkeys((entry.finding.measure, *entry.tiles))
    first, *others = asked.arms
    rows = [
        {name: line[name] for name in ("world", "measure", "unit")}
        | {"arm": arm, "n": int(line["n"]), "reason": line["reason"]}
        | {name: _number(line[key]) for name, key in _PAIRED.items()}
        for arm in others
        for line in result.paired(arm, first).to_dict("records")
        if line["measure"] in wanted
    ]
    missing = set(wanted) - {str(row["measure"]) for row in rows}
    if missing:
        known = ", ".join(sorted({row.measure for row in content.rows}))
        raise SpecError(entry.id, "tiles", f"{sorted(missing)} is not measured", known)
    return {
        "runs": content.runs,
        "weeks": content.weeks,
        "reference": first,
        "command": content.command,
        "rows": rows,
    }


def _number(value: float) -> float | None:
    return None if value != value else value


def _broken_out(content: OutbreakContent) -> dict[str, Any]:
    curve = content.curve
    short = {
        name: [None if value != value else float(f"{value:.5g}") for value in curve[name]]
        for name in ("failures_so_far", "failures_so_far_base", "failures_so_far_low", "failures_so_far_high")
        if name in curve
    }
    return {
        "runs": content.runs,
        "weeks": content.content.weeks,
        "command": content.content.command,
        "headline": {line.name: line._asdict() for line in content.headline},
        "curve": {"week": curve["week"].tolist(), **short},
    }


def measure_name(measure: str, lang: str) -> str:
    """The label of a measure."""
    label = meanings([measure])[measure].label
    return label.zh if lang == "zh" else label.en


def rows_of(kept: Mapping[str, Any]) -> list[Row]:
    """The differences of a kept comparison to its first arm."""
    lines = kept.get("rows", ())
    return [Row(strategy=None, mean=None, low=None, high=None, **line) for line in lines]
