"""The evidence base and the ranking of assumptions, on screen and as data."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from calibration.assumptions import MEASURED, OTHERS, Ranking
from calibration.evidence import EvidenceRow
from sim.cli.table import console
from sim.measures import MEASURES
from sim.spec.changes import world_numbers
from sim.spec.labels import text
from sim.spec.meanings import meaning, unit_name

SCHEMA = 1
#: Numbers of the screening kept for each outcome.
_SCREENED = 20


def evidence_json(rows: Sequence[EvidenceRow]) -> str:
    """The table as one JSON document."""
    found = [row._asdict() for row in rows]
    return json.dumps({"schema": SCHEMA, "rows": found}, ensure_ascii=False, allow_nan=False)


def print_evidence(rows: Sequence[EvidenceRow], lang: str) -> None:
    """Print the table, and how many rows rest on what."""
    to = console()
    table = Table(pad_edge=False)
    for head in ("id", "quantity", "figure", "unit", "population", "design", "source"):
        table.add_column(text(f"evidence.{head}", lang), overflow="fold")
    for row in rows:
        name = f"{row.id} ({row.world})" if row.world else row.id
        year = "" if row.year is None else f" ({row.year})"
        table.add_row(
            Text(name), Text(row.quantity), figure(row), unit_name(row.unit, lang), Text(row.population),
            text(f"evidence.design_{row.design}", lang), Text(row.sources + year),
        )  # fmt: skip
    to.print(table)
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.design] = counts.get(row.design, 0) + 1
    said = ", ".join(f"{text(f'evidence.design_{name}', lang)} {count}" for name, count in counts.items())
    to.print(Text(text("evidence.count", lang, count=len(rows), designs=said), "dim"))


def figure(row: EvidenceRow) -> str:
    """Value and interval of a row; a dash where it has no figure."""
    value = "—" if row.value is None else f"{row.value:.4g}"
    if row.low is None and row.high is None:
        return value
    ends = ["" if end is None else f"{end:.3g}" for end in (row.low, row.high)]
    return f"{value} [{ends[0]}, {ends[1]}]"


def ranking_document(found: Ranking) -> dict[str, Any]:
    """The ranking as plain data: shares of variance by outcome, and the strongest of the screening."""
    screened = [
        {"outcome": outcome, "field": row["field"]}
        | {key: _plain(row[key]) for key in ("effect", "low", "high")}
        for outcome, here in found.screening.table.groupby("outcome", sort=False)
        for row in here.head(_SCREENED).to_dict("records")
    ]  # fmt: skip
    names = found.screening.sweep.spec.uncertainties
    units = {name: MEASURES[name].unit for name in found.screening.sweep.spec.outcomes}
    return {
        "schema": SCHEMA, "world": found.world, "varied": len(names), "trajectories": found.trajectories,
        "screening_points": len(found.screening.sweep.plan.settings), "base_points": found.points,
        "points": 0 if found.indices is None else len(found.indices.sweep.plan.settings),
        "units": units, "shares": _shares(found), "screening": screened,
    }  # fmt: skip


def _shares(found: Ranking) -> list[dict[str, Any]]:
    if found.indices is None:
        return []
    rows = found.indices.table.to_dict("records")
    return [
        {"outcome": row["outcome"], "field": row["field"], "total": _plain(row["effect"])}
        | {key: _plain(row[key]) for key in ("low", "high", "own", "spread")}
        for row in rows
    ]  # fmt: skip


def print_ranking(document: dict[str, Any], lang: str) -> None:
    """Print, for each outcome, the share of its variance that each assumption carries."""
    to = console()
    keys = ("varied", "trajectories", "screening_points", "base_points", "points")
    said = {key: document[key] for key in keys}
    to.print(Text(text("ranking.title", lang, world=document["world"], **said), "bold"))
    rows = document["shares"] or [{**row, "total": row["effect"]} for row in document["screening"]]
    table = Table(pad_edge=False)
    heads = ("outcome", "number", "meaning", "share" if document["shares"] else "effect", "own")
    for head in heads:
        table.add_column(text(f"ranking.{head}", lang), overflow="fold")
    before = None
    for row in rows:
        label = MEASURES[row["outcome"]].label
        words = label.zh if lang == "zh" else label.en
        own = row.get("own")
        table.add_row(
            words if row["outcome"] != before else "", factor_name(row["field"], lang),
            factor_meaning(row["field"], lang), _interval(row["total"], row["low"], row["high"]),
            "" if own is None else f"{own:.2f}",
        )  # fmt: skip
        before = row["outcome"]
    to.print(table)
    to.print(Text(text("ranking.note", lang), "dim"))


def factor_name(field: str, lang: str) -> str:
    """A number, or one of the two groups in words."""
    groups = {OTHERS: "ranking.others", MEASURED: "ranking.measured"}
    return text(groups[field], lang) if field in groups else field.removeprefix("world.")


def factor_meaning(field: str, lang: str) -> str:
    """What a number is; nothing for a group, or a field that is no number of a world any more."""
    name = field.removeprefix("world.")
    return meaning(name, lang) if name in world_numbers() else ""


def _interval(mean: float | None, low: float | None, high: float | None) -> str:
    return "—" if mean is None else f"{mean:.3g} [{low:.2g}, {high:.2g}]"


def _plain(value: Any) -> Any:
    return None if value is None or not math.isfinite(value) else float(f"{value:.5g}")
