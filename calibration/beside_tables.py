"""What stands beside claimed rates, as tables of texts for screen, documents and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.measures.recovery import HORIZONS, STAGES
from sim.report.numbers import figure, interval
from sim.spec.labels import name_of, text

Rows = list[list[str]]


def beside_tables(document: Mapping[str, Any], lang: str) -> list[tuple[str, Rows]]:
    """Titles and tables, heads first, of what a kept audit has: stages, accuracy, selection."""
    made = (
        ("stages", stage_table(document["stages"], lang)),
        ("accuracy", accuracy_table(document["accuracy"], lang)),
        ("selection", selection_table(document["selection"], lang)),
    )
    return [(text(f"audit.{name}_title", lang), rows) for name, rows in made if len(rows) > 1]


def stage_table(rows: Sequence[Mapping[str, Any]], lang: str) -> Rows:
    """A row for each claim, world and stage, a column for each horizon."""
    heads = [text("audit.id", lang), text("audit.world", lang), text("audit.stage", lang), *HORIZONS]
    table = [heads]
    found = {(row["claim"], row["world"], row["stage"], row["horizon"]): row for row in rows}
    for claim, world in dict.fromkeys((row["claim"], row["world"]) for row in rows):
        for stage in STAGES:
            cells = [estimated(found[claim, world, stage, horizon]) for horizon in HORIZONS]
            table.append([claim, name_of("world", world, lang), name_of("stage", stage, lang), *cells])
    return table


def accuracy_table(rows: Sequence[Mapping[str, Any]], lang: str) -> Rows:
    """A row for each claim and world."""
    names = ("accuracy", "no_skill", "auc")
    table = [[text(f"audit.{key}", lang) for key in ("id", "world", *names)]]
    for row in rows:
        cells = [estimated(row[name], "" if name == "auc" else "share") for name in names]
        table.append([row["claim"], name_of("world", row["world"], lang), *cells])
    return table


def selection_table(rows: Sequence[Mapping[str, Any]], lang: str) -> Rows:
    """A row for each quantity, a column for each world."""
    worlds = list(dict.fromkeys(row["world"] for row in rows))
    table = [["", *(name_of("world", world, lang) for world in worlds)]]
    found = {(row["quantity"], row["world"]): row for row in rows}
    for quantity in dict.fromkeys(row["quantity"] for row in rows):
        key = f"selection.{quantity.replace(' ', '_')}"
        table.append([text(key, lang), *(estimated(found[quantity, world]) for world in worlds)])
    return table


def estimated(row: Mapping[str, Any], unit: str = "share") -> str:
    """Mean with its interval; a dash where it is undefined."""
    if row["mean"] is None:
        return "—"
    return f"{figure(row['mean'], unit)} {interval(row['low'], row['high'], unit)}".strip()
