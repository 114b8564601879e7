"""The table of a comparison on screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.measures.reasons import reason_in
from sim.report.content import Content, Row
from sim.report.numbers import figure, interval, shown
from sim.report.precision import precision_lines
from sim.report.sureness import many_note
from sim.report.wording import group_of, is_variant, word

_DASH = "\N{EM DASH}"


def console() -> Console:
    """Standard output; where it is no terminal, wide enough for a table."""
    if sys.stdout.isatty():
        return Console()
    return Console(width=int(os.environ["COLUMNS"]) if os.environ.get("COLUMNS", "").isdigit() else 132)


def print_comparison(content: Content, lang: str, to: Console, everything: bool = False) -> None:
    """Print a table for each world, grouped as in the report, and what the figures mean.

    Measures that are undefined in every arm stand below with the reason, not in the table. Every cell
    holds the mean over runs with its interval and, below, the effect with its interval or that there
    is no clear difference. Unless ``everything`` is asked for, measures that repeat
    another one for a stage of debt are left out.
    """
    measures = [name for name in content.measures if everything or not is_variant(name)]
    for world in content.worlds:
        known = {row.measure for row in content.rows if row.world == world and row.mean is not None}
        to.print(_table(content, [name for name in measures if name in known], world, lang))
        for line in _reasons(content, measures, world, lang):
            to.print(Text(line, style="dim"))
        to.print()
    if len(measures) < len(content.measures):
        to.print(word("more_measures", lang, count=len(content.measures) - len(measures)))
    if content.comparing:
        if content.reference is None:
            to.print(word("against_alone", lang))
        else:
            to.print(word("against_first", lang, arm=_label(content, "arm", content.reference, lang)))
    for line in precision_lines(content, lang):
        to.print(line)
    if content.runs > 1:
        to.print(Text(word("intervals", lang), style="dim"))
        note = many_note(content, lang)
        if note:
            to.print(Text(note, style="dim"))


def _label(content: Content, kind: str, name: str, lang: str) -> str:
    text = content.label(kind, name)
    return text.zh if lang == "zh" else text.en


def _table(content: Content, measures: Sequence[str], world: str, lang: str) -> Table:
    title = (
        f"{content.title.zh if lang == 'zh' else content.title.en} — {_label(content, 'world', world, lang)}"
    )
    table = Table(title=Text(title), title_justify="left", title_style="bold", pad_edge=False)
    table.add_column(word("measure", lang), overflow="fold", ratio=3)
    for arm in content.arms:
        table.add_column(Text(_label(content, "arm", arm, lang)), justify="right", overflow="fold", ratio=3)
    group = ""
    for measure in measures:
        if group_of(measure)[1] != group:
            if group:
                table.add_section()
            group = group_of(measure)[1]
            table.add_row(Text(word(f"group.{group}", lang), style="bold cyan"))
        cells = [_cell(content, content.row(world, arm, measure), lang) for arm in content.arms]
        table.add_row(Text(_measure(content, measure, lang)), *cells)
    return table


def _measure(content: Content, measure: str, lang: str) -> str:
    unit = next((row.unit for row in content.rows if row.measure == measure), "")
    name = shown(unit).name(lang)
    label = _label(content, "measure", measure, lang)
    return f"{label} ({name})" if name else label


def _cell(content: Content, row: Row | None, lang: str) -> Text:
    if row is None or row.mean is None:
        return Text(_DASH)
    cell = Text(figure(row.mean, row.unit))
    spread = interval(row.low, row.high, row.unit)
    if spread:
        cell.append(f" {spread}", style="dim")
    if row.arm == content.reference:
        return cell.append(f"\n{word('reference', lang)}", style="dim italic") if content.comparing else cell
    if row.effect is None:
        return cell.append(f"\n{_DASH}", style="dim") if content.comparing else cell
    if row.unclear:
        return cell.append(f"\n{word('equal' if row.equal else 'unclear', lang)}", style="dim italic")
    bounds = interval(row.effect_low, row.effect_high, row.unit, signed=True)
    return cell.append(f"\n{figure(row.effect, row.unit, signed=True)} {bounds}", style=_style(content, row))


def _style(content: Content, row: Row) -> str:
    better = content.meanings[row.measure].better if row.measure in content.meanings else None
    if better is None or not row.effect:
        return ""
    return "green" if (row.effect > 0) == (better == "higher") else "red"


def _reasons(content: Content, measures: Sequence[str], world: str, lang: str) -> list[str]:
    """Why measures have a dash, each reason once."""
    found: dict[str, list[str]] = {}
    for row in content.rows:
        if row.world != world or row.measure not in measures:
            continue
        no_effect = row.effect is None and content.comparing and row.arm != content.reference
        if row.mean is None or no_effect:
            label = _label(content, "measure", row.measure, lang)
            reason = reason_in(row.reason, lang) if row.reason else word("undefined", lang)
            names = found.setdefault(reason, [])
            if label not in names:
                names.append(label)
    return [f"{_DASH} {', '.join(names)}: {reason}" for reason, names in found.items()]
