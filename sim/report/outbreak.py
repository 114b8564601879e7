"""The report of an outbreak as one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from sim.report import outbreak_figures as figures
from sim.report import tables
from sim.report.files import write_text
from sim.report.html import fill_page, page_texts
from sim.report.numbers import figure, in_millions, interval, money_name
from sim.report.outbreak_content import Line, OutbreakContent, gather_outbreak
from sim.report.tables import both, word_both
from sim.spec.world import World

if TYPE_CHECKING:
    from sim.experiments.outbreak_result import Outbreak

_CHARTS: tuple[tuple[str, Callable[[OutbreakContent, str], go.Figure | None]], ...] = (
    ("epidemic_curve", figures.epidemic_curve),
    ("reproduction", figures.reproduction),
    ("tree", figures.tree),
    ("channel_losses", figures.channel_losses),
    ("sector_map", figures.sector_map),
)
_DASH = "\N{EM DASH}"
#: Rows of the tables of generations and of infected firms.
MOST_GENERATIONS, MOST_FIRMS = 8, 20


def write_outbreak_report(
    outbreak: Outbreak,
    path: str | Path,
    *,
    command: str | None = None,
    worlds: Mapping[str, World] | None = None,
) -> Path:
    """Write the report of an outbreak; parameters as of :func:`sim.report.html.write_report`.

    Raises :class:`SpecError` if the file cannot be written.
    """
    return write_text(path, outbreak_page(gather_outbreak(outbreak, command=command, worlds=worlds)))


def outbreak_page(content: OutbreakContent) -> str:
    """The whole page as text."""
    charts = {name: {lang: draw(content, lang) for lang in ("en", "zh")} for name, draw in _CHARTS}
    return fill_page(
        charts,
        _texts(content),
        tiles=_facts(content) + _headline(content),
        sureness="",
        tables=_tables(content) + tables.measures(content.content),
        assumptions=tables.assumptions(content.content),
    )


def _texts(content: OutbreakContent) -> dict[str, str]:
    found = page_texts(content.content)
    note = word_both("outbreak_intervals" if content.runs > 1 else "one_run")
    return {**found, "key_figures_title": word_both("headline"), "intervals": note}


def _headline(content: OutbreakContent) -> str:
    lines = "".join(
        f'<tr><th scope="row">{word_both(f"headline.{line.name}")}{_unit(line.unit)}</th>'
        f'<td class="value">{_value(line)}</td></tr>'
        for line in content.headline
    )
    note = "" if content.complete else f" {word_both('incomplete')}"
    table = f'<div class="scroll"><table class="measures"><tbody>{lines}</tbody></table></div>'
    return f'<p class="note">{word_both("headline_note")}{note}</p>{table}'


def _facts(content: OutbreakContent) -> str:
    """What was shocked, who was rescued, which channels were open."""
    shock = word_both("shock.none") if content.shock is None else f"<code>{escape(content.shock)}</code>"
    firms = escape(", ".join(content.firms[:12])) + (" …" if len(content.firms) > 12 else "")
    facts = [("shock", f"{shock} ({firms})" if firms else shock)]
    if content.rescued:
        facts.append(("rescued", escape(", ".join(content.rescued))))
    if content.channels is None:
        opened = word_both("all_channels")
    else:
        names = [both(*_both_names(channel)) for channel in content.channels]
        opened = ", ".join(names) or word_both("no_channels")
    facts.append(("open_channels", opened))
    items = "".join(f"<div><dt>{word_both(key)}</dt><dd>{value}</dd></div>" for key, value in facts)
    return f'<dl class="facts">{items}</dl>'


def _both_names(channel: str) -> tuple[str, str]:
    return figures.channel_name(channel, "en"), figures.channel_name(channel, "zh")


def _tables(content: OutbreakContent) -> str:
    return (
        f"<h3>{word_both('by_generation')}</h3>"
        f'<p class="note">{word_both("generations_note")}</p>{_generations(content)}'
        f"<h3>{word_both('top_infected')}</h3>{_infected(content)}{_losses(content)}"
    )


def _generations(content: OutbreakContent) -> str:
    heads = ("generation", "mass_firms", "mass_borrowers", "extra", "R")
    rows = []
    for row in content.generations.head(MOST_GENERATIONS).to_dict("records"):
        number = int(row["generation"])
        name = word_both("seeds") if number == 0 else word_both("untraced") if number < 0 else str(number)
        cells = [_number(row.get(key)) for key in ("firms", "borrowers", "extra_failures", "R")]
        rows.append((name, *cells))
    return _table([_head(key) for key in heads], rows)


def _infected(content: OutbreakContent) -> str:
    if content.infected.empty:
        return f"<p>{_DASH}</p>"
    rows = []
    for row in content.infected.head(MOST_FIRMS).to_dict("records"):
        sector = content.content.label("sector", str(row["sector"]))
        traced = f"{float(row['traced']):.0%}"
        cause = both(*_both_names(str(row["channel"])))
        generation = word_both("untraced") if row["generation"] < 0 else str(row["generation"])
        name = escape(str(row["firm"]))
        rows.append(
            (name, str(row["run"]), both(sector.en, sector.zh), str(row["week"]), generation, traced, cause)
        )
    heads = ("firm", "run", "sector", "week", "generation", "traced", "main_cause")
    return _table([_head(key) for key in heads], rows)


def _losses(content: OutbreakContent) -> str:
    losses = content.losses
    if losses is None:
        return ""
    names = list(dict.fromkeys(losses["loss"]))
    units = {name: str(losses.loc[losses["loss"] == name, "unit"].iloc[0]) for name in names}
    heads = [_head("channel"), *(_head(f"loss.{name}") + _unit(units[name]) for name in names)]
    rows = []
    for (part, channel), group in losses.groupby(["part", losses["channel"].fillna("")], sort=False):
        label = both(*(figures.part_name(str(part), channel or None, lang) for lang in ("en", "zh")))
        by_loss = group.set_index("loss")
        cells = [_estimate(by_loss.loc[name].to_dict(), units[name]) for name in names]
        rows.append((label, *cells))
    note = f'<p class="note">{word_both("by_channel_note")}</p>'
    return f"<h3>{word_both('by_channel')}</h3>{note}{_table(heads, rows)}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scroll"><table class="numbers"><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _head(key: str) -> str:
    return key if key == "R" else word_both(key)


def _unit(unit: str) -> str:
    names = money_name(unit, "en"), money_name(unit, "zh")
    return f" <small>({both(*names)})</small>" if names[0] else ""


def _value(line: Line) -> str:
    if line.mean is None:
        return _DASH
    unit = in_millions(line.unit)
    spread = interval(line.low, line.high, unit)
    return figure(line.mean, unit) + (f' <span class="range">{spread}</span>' if spread else "")


def _estimate(row: Mapping[str, object], unit: str) -> str:
    mean, low, high = (_finite(row[name]) for name in ("mean", "low", "high"))
    return _value(Line("", unit, mean, low, high))


def _number(value: object) -> str:
    found = _finite(value)
    return _DASH if found is None else figure(found, "1")


def _finite(value: object) -> float | None:
    number = float("nan") if value is None else float(str(value))
    return number if abs(number) < float("inf") else None
