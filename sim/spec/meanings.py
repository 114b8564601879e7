"""What numbers of a world mean, their units and notes, in both languages.

The English stands where a number is declared (:mod:`sim.spec.world`) and in the worlds; the Chinese in
``scenarios/texts/numbers.zh.yaml``.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

from sim.core.errors import SpecError, unknown_name
from sim.core.paths import scenarios_dir
from sim.spec.base import Spec
from sim.spec.changes import number_fields
from sim.spec.faults import validate
from sim.spec.labels import text
from sim.spec.sources import cited
from sim.spec.yamltext import read_yaml

_ORIGINS = {
    "assumption": "origin.assumption", "fitted": "origin.fitted", "changed by the user": "origin.changed",
}  # fmt: skip


class NumberTexts(Spec):
    """``scenarios/texts/numbers.zh.yaml``: meanings by pattern of a dotted name, the rest by its English."""

    meanings: dict[str, str]
    units: dict[str, str]
    notes: dict[str, str]


@lru_cache(maxsize=1)
def chinese() -> NumberTexts:
    """The Chinese of all numbers. Raises :class:`SpecError`."""
    path = scenarios_dir() / "texts" / "numbers.zh.yaml"
    node = read_yaml(path, path.name)
    return validate(NumberTexts, node.plain(), node.source, node)


def meaning(name: str, lang: str = "en") -> str:
    """What a number of a world is, by its dotted name such as ``households.forgets``.

    Raises :class:`SpecError` for an unknown number.
    """
    found = _meanings(lang == "zh")
    if name not in found:
        raise SpecError("number", "", *unknown_name(name, found, "number of a world"))
    return found[name]


@lru_cache(maxsize=2)
def _meanings(in_chinese: bool) -> dict[str, str]:
    if not in_chinese:
        return {name: field.description or name for name, field in number_fields().items()}
    said = chinese().meanings
    return {
        name: next((words for pattern, words in said.items() if fnmatchcase(name, pattern)), name)
        for name in number_fields()
    }


def unit_name(unit: str, lang: str = "en") -> str:
    """A unit as it is kept, in words; one that is not known keeps its own name.

    Values stay as they are: a share is a fraction of one, other than in
    :func:`sim.report.numbers.shown`.
    """
    return chinese().units.get(unit, unit) if lang == "zh" else unit


def note_words(note: str | None, lang: str = "en") -> str:
    """The note of a number; a user's own stays as it is written."""
    if not note:
        return ""
    return chinese().notes.get(note, note) if lang == "zh" else note


def origin_words(source: str, lang: str = "en") -> str:
    """Where a number comes from: ids of sources, or in words why it has none."""
    return source if cited(source) else text(_ORIGINS[source], lang)
