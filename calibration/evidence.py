"""The evidence base as one table: every number, target, claim and source with what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from pydantic import Field

from calibration.claims import Claim, shipped_claims
from calibration.targets import CalibrationSpec, Target, calibration_names, load_calibration
from sim.core.errors import SpecError
from sim.core.paths import scenarios_dir
from sim.spec.base import Quantity, Spec
from sim.spec.changes import world_numbers
from sim.spec.faults import validate
from sim.spec.labels import text
from sim.spec.loader import load_world, world_names
from sim.spec.meanings import meaning, note_words
from sim.spec.sources import DESIGNS, cited, sources
from sim.spec.yamltext import read_yaml

Kind = Literal["parameter", "target", "claim", "source"]
KINDS: tuple[Kind, ...] = ("parameter", "target", "claim", "source")
#: General range of a number without an interval (assumption): so much of its value below and above.
SPREAD = 0.5
_REPORT = "Industry report on collection as an epidemic (anonymous, marketing style)"
_REPORT_YEAR = 2023


class EvidenceRow(NamedTuple):
    """One figure and what it rests on.

    Attributes
    ----------
    kind, id, world:
        What it is; dotted name of a parameter, id of a target, claim or source; the world that uses it.
    quantity, value, low, high, unit:
        The figure, None where there is none, with its interval; shares are fractions of one.
    interval:
        Where the interval comes from: ``own``, ``prior`` (of the calibration), ``declared``, ``general``
        (the rule for assumptions), ``tolerance``, or empty.
    population, design:
        Who was looked at, and how; a design is one of ``sim.spec.sources.DESIGNS``.
    sources, citation, year:
        Ids, joined by ``;``; where to find them.
    note:
        What else must be known.
    """

    kind: Kind
    id: str
    world: str
    quantity: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    interval: str
    population: str
    design: str
    sources: str
    citation: str
    year: int | None
    note: str


class AssumedRange(Spec):
    """A declared range of one number; ``whole``: whole numbers only."""

    low: float
    high: float
    whole: bool = False


class RangesFile(Spec):
    """``scenarios/evidence/ranges.yaml``."""

    ranges: dict[str, AssumedRange] = Field(default_factory=dict)
    fixed: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def declared_ranges() -> RangesFile:
    """Ranges of assumptions that the general rule does not serve. Raises :class:`SpecError`."""
    path = scenarios_dir() / "evidence" / "ranges.yaml"
    node = read_yaml(path, path.name)
    found = validate(RangesFile, node.plain(), node.source, node)
    for name in (*found.ranges, *found.fixed):
        if name not in world_numbers():
            raise SpecError(path.name, name, "is no number of a world", "dotted names of sim/spec/world.py")
    return found


def interval_of(world: str, name: str, number: Quantity) -> tuple[float | None, float | None, str]:
    """Low and high of a number, and where they come from; None where nothing is known or it is not varied.

    A number that may be at most one and lies above one half is varied by half of its distance from one.
    """
    if number.low is not None and number.high is not None and number.low < number.high:
        return number.low, number.high, "own"
    if name in declared_ranges().fixed:
        return None, None, ""
    if name in declared_ranges().ranges:
        one = declared_ranges().ranges[name]
        return min(one.low, number.value), max(one.high, number.value), "declared"
    prior = _calibration(world).parameters.get(f"world.{name}") if world in calibration_names() else None
    if number.source == "fitted" and prior is not None and prior.low is not None and prior.high is not None:
        return min(prior.low, number.value), max(prior.high, number.value), "prior"
    _, least, most = world_numbers()[name]
    part = SPREAD * (1 - number.value if most <= 1 and number.value > 0.5 else abs(number.value))
    low, high = max(least, number.value - part), min(most, number.value + part)
    return (low, high, "general") if low < high else (None, None, "")


def parameter_rows(world: str, lang: str = "en") -> list[EvidenceRow]:
    """A row for every number of a world. Raises :class:`SpecError` for an unknown world."""
    return [_parameter(world, name, number, lang) for name, number in load_world(world).numbers()]


def target_rows(calibration: str, lang: str = "en") -> list[EvidenceRow]:
    """A row for every target of a shipped calibration."""
    spec = _calibration(calibration)
    return [_target(spec, name, target, lang) for name, target in spec.targets.items()]


def claim_rows(lang: str = "en") -> list[EvidenceRow]:
    """A row for every claim of the report."""
    return [_claim(claim, lang) for claim in shipped_claims().values()]


def source_rows(lang: str = "en") -> list[EvidenceRow]:
    """A row for every source."""
    return [
        EvidenceRow(
            "source", one.id, "", one.said("quantity", lang), one.value, one.low, one.high, one.unit,
            "own" if one.low is not None or one.high is not None else "", one.said("population", lang),
            one.design, one.id, f"{one.citation} ({one.identifier})", one.year, one.said("finding", lang),
        )
        for one in sources().values() if one.design != "claim"
    ]  # fmt: skip


def evidence_table(
    kinds: Iterable[str] = KINDS,
    *,
    world: str | None = None,
    design: str | None = None,
    find: str = "",
    lang: str = "en",
) -> list[EvidenceRow]:
    """The whole table, or a part of it.

    Parameters
    ----------
    kinds:
        Some of ``KINDS``.
    world:
        Parameters and targets of this world alone.
    design:
        One of ``sim.spec.sources.DESIGNS``.
    find:
        A text that id, quantity, population, citation or note must hold, in any case.
    lang:
        Language of what is said; units and citations stay as they are kept.
    """
    worlds = [world] if world is not None else list(world_names())
    rows: list[EvidenceRow] = []
    for kind in kinds:
        if kind == "parameter":
            rows += [row for name in worlds for row in parameter_rows(name, lang)]
        elif kind == "target":
            rows += [row for name in worlds if name in calibration_names() for row in target_rows(name, lang)]
        elif kind == "claim":
            rows += claim_rows(lang)
        else:
            rows += source_rows(lang)
    asked = find.casefold()
    return [
        row for row in rows
        if (design is None or row.design == design) and asked in _searched(row).casefold()
    ]  # fmt: skip


def _searched(row: EvidenceRow) -> str:
    return " ".join((row.id, row.quantity, row.population, row.sources, row.citation, row.note))


def _parameter(world: str, name: str, number: Quantity, lang: str) -> EvidenceRow:
    low, high, interval = interval_of(world, name, number)
    ids = cited(number.source)
    if number.source == "fitted" and world in calibration_names():
        spec = _calibration(world)
        if f"world.{name}" in spec.parameters:
            ids = list(dict.fromkeys(id_ for one in spec.targets.values() for id_ in cited(one.source)))
    kind = number.source if number.source in ("assumption", "fitted") else _design(ids)
    where = name.partition(".")[0]
    return EvidenceRow(
        "parameter", name, world, meaning(name, lang), number.value, low, high, number.unit, interval,
        text(f"evidence.population_{where}", lang), kind, ";".join(ids), _citation(ids), _year(ids),
        note_words(number.note, lang),
    )  # fmt: skip


def _target(spec: CalibrationSpec, name: str, target: Target, lang: str) -> EvidenceRow:
    ids = cited(target.source)
    measured = next(one for one in spec.measured if one.id == name)
    return EvidenceRow(
        "target", name, spec.world, getattr(measured.label, lang), target.value,
        target.value - target.tolerance, target.value + target.tolerance, measured.unit, "tolerance",
        "; ".join(dict.fromkeys(_population(id_, lang) for id_ in ids)), _design(ids), ";".join(ids),
        _citation(ids), _year(ids), note_words(target.note, lang),
    )  # fmt: skip


def _claim(claim: Claim, lang: str) -> EvidenceRow:
    low = (
        claim.value - claim.near if claim.operator == "~" else claim.value if ">" in claim.operator else None
    )
    high = (
        claim.value + claim.near if claim.operator == "~" else claim.value if "<" in claim.operator else None
    )
    return EvidenceRow(
        "claim", claim.id, "", getattr(claim.claim, lang), claim.value, low, high, claim.unit, "tolerance",
        getattr(claim.denominator, lang), "claim", claim.id, _REPORT, _REPORT_YEAR,
        getattr(claim.note, lang) if claim.note else "",
    )  # fmt: skip


def _population(id_: str, lang: str) -> str:
    if id_ in sources() and sources()[id_].design != "claim":
        return sources()[id_].said("population", lang)
    return text("evidence.population_unsaid", lang)


def _design(ids: list[str]) -> str:
    """The weakest design of several sources."""
    found = [sources()[id_].design if id_ in sources() else "claim" for id_ in ids]
    return max(found, key=DESIGNS.index, default="assumption")


def _citation(ids: list[str]) -> str:
    said = [
        f"{sources()[id_].citation} ({sources()[id_].identifier})"
        if id_ in sources() and sources()[id_].design != "claim" else _REPORT
        for id_ in ids
    ]  # fmt: skip
    return "; ".join(dict.fromkeys(said))


def _year(ids: list[str]) -> int | None:
    return max((sources()[id_].year if id_ in sources() else _REPORT_YEAR for id_ in ids), default=None)


@lru_cache(maxsize=8)
def _calibration(name: str) -> CalibrationSpec:
    return load_calibration(name)
