"""The tables of a sweep on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.experiments.sweeps import Sweep
from sim.report.content import meanings
from sim.report.numbers import figure, interval, shown
from sim.report.wording import word

#: Relations shown for an outcome, and the probability below which one is.
_SHOWN, _SURE = 3, 0.05


def print_sweep(sweep: Sweep, lang: str, to: Console) -> None:
    """Print a table for each world (arms against outcomes) and what outcomes move with."""
    summary = sweep.summary()
    labels = meanings(sweep.spec.outcomes)
    for world in sweep.plan.plan.worlds:
        to.print(_table(sweep, summary[summary["world"] == world].to_dict("records"), world, labels, lang))
        to.print()
    for line in _drivers(sweep, labels, lang):
        to.print(line)
    to.print(
        Text(word("sweep_note", lang, points=len(sweep.plan.settings), runs=sweep.spec.runs), style="dim")
    )


def _table(sweep: Sweep, rows: list[Any], world: str, labels: Mapping[str, Any], lang: str) -> Table:
    title = sweep.spec.label
    name = sweep.spec.id if title is None else title.zh if lang == "zh" else title.en
    table = Table(title=Text(f"{name} — {world}"), title_justify="left", title_style="bold", pad_edge=False)
    levers = list(next(iter(sweep.plan.arms.values())))
    for lever in levers or [word("arm", lang)]:
        table.add_column(Text(lever), overflow="fold")
    for outcome in sweep.spec.outcomes:
        text = labels[outcome].label
        unit = shown(next(row["unit"] for row in rows if row["outcome"] == outcome)).name(lang)
        label = text.zh if lang == "zh" else text.en
        table.add_column(Text(f"{label} ({unit})" if unit else label), justify="right", overflow="fold")
    for arm, settings in sweep.plan.arms.items():
        own = {row["outcome"]: row for row in rows if row["arm"] == arm}
        cells = [_cell(own[outcome], lang) for outcome in sweep.spec.outcomes]
        table.add_row(*(str(value) for value in (settings.values() or [arm])), *cells)
    return table


def _cell(row: Mapping[str, Any], lang: str) -> Text:
    if row["points"] == 0:
        return Text("\N{EM DASH}")
    cell = Text(figure(row["mean"], row["unit"]))
    cell.append(f" {interval(row['q05'], row['q95'], row['unit'])}", style="dim")
    if row["best"] is not None and row["best"] == row["best"]:
        share = f"{100 * row['best']:.0f}"
        cell.append(f"\n{word('best_at', lang, share=share)}", style="dim italic")
    return cell


def _drivers(sweep: Sweep, labels: Mapping[str, Any], lang: str) -> list[str]:
    """The fields that an outcome moves with most, over all arms and worlds."""
    found = sweep.drivers()
    lines = []
    for outcome in sweep.spec.outcomes:
        here = found[(found["outcome"] == outcome) & (found["p_value"] < _SURE)]
        if here.empty:
            continue
        means = here.groupby("field")["rank_correlation"].mean()
        top = means.reindex(means.abs().sort_values(ascending=False).index)[:_SHOWN]
        text = labels[outcome].label
        label = text.zh if lang == "zh" else text.en
        fields = ", ".join(f"{name} ({value:+.2f})" for name, value in top.items())
        lines.append(word("moves_with", lang, outcome=label, fields=fields))
    return lines
