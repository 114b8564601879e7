"""The tables of an outbreak on screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.report.numbers import figure, in_millions, interval, money_name
from sim.report.outbreak_content import OutbreakContent
from sim.report.outbreak_figures import channel_name, part_name, sector_name
from sim.report.wording import word

_DASH = "\N{EM DASH}"
#: Rows shown of generations, sectors and infected firms.
MOST_GENERATIONS, MOST_SECTORS, MOST_FIRMS = 6, 8, 10
#: Shocked firms that are named.
MOST_NAMES = 8


def print_outbreak(content: OutbreakContent, lang: str, to: Console) -> None:
    """Print what was shocked, what it did, generations, sectors, losses by channel and infected firms."""
    to.print(_headline(content, lang))
    to.print()
    for table in (_generations, _sectors, _losses, _infected):
        made = table(content, lang)
        if made is not None:
            to.print(made)
            to.print()
    notes = ["headline_note", "outbreak_intervals" if content.runs > 1 else "one_run"]
    if not content.complete:
        notes.append("incomplete")
    for key in notes:
        to.print(Text(word(key, lang), style="dim"))


def _table(title: str, columns: Sequence[str], left: int = 1) -> Table:
    table = Table(title=Text(title), title_justify="left", title_style="bold", pad_edge=False)
    for place, name in enumerate(columns):
        table.add_column(name, justify="left" if place < left else "right", overflow="fold")
    return table


def _headline(content: OutbreakContent, lang: str) -> Table:
    title = content.content.title
    table = _table(title.zh if lang == "zh" else title.en, (word("headline", lang), word("mean", lang)))
    table.add_row(Text(word("shock", lang)), Text(_shock(content, lang)))
    if content.rescued:
        table.add_row(Text(word("rescued", lang)), Text(_named(content.rescued)))
    table.add_row(Text(word("open_channels", lang)), Text(_channels(content, lang)))
    table.add_section()
    for line in content.headline:
        name = _with_unit(word(f"headline.{line.name}", lang), line.unit, lang)
        table.add_row(Text(name), _value(line.mean, line.low, line.high, line.unit))
    return table


def _shock(content: OutbreakContent, lang: str) -> str:
    if content.shock is None:
        return word("shock.none", lang)
    return f"{content.shock} ({_named(content.firms)})"


def _named(names: Sequence[str]) -> str:
    more = f" … ({len(names)})" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _channels(content: OutbreakContent, lang: str) -> str:
    if content.channels is None:
        return word("all_channels", lang)
    return ", ".join(channel_name(name, lang) for name in content.channels) or word("no_channels", lang)


def _generations(content: OutbreakContent, lang: str) -> Table:
    names = ("generation", "mass_firms", "mass_borrowers", "extra")
    table = _table(word("by_generation", lang), [*(word(name, lang) for name in names), "R"])
    for row in content.generations.to_dict("records"):
        number = int(row["generation"])
        if number >= MOST_GENERATIONS:
            continue
        name = word("seeds", lang) if number == 0 else word("untraced", lang) if number < 0 else str(number)
        cells = [_plain(row[key]) for key in ("firms", "borrowers", "extra_failures")]
        growth = _value(_finite(row["R"]), _finite(row["R_low"]), _finite(row["R_high"]), "1")
        table.add_row(name, *cells, growth)
    return table


def _sectors(content: OutbreakContent, lang: str) -> Table | None:
    found = content.sectors[(content.sectors["difference"] != 0) | (content.sectors["shocked_firms"] > 0)]
    if found.empty:
        return None
    ordered = found.sort_values(["difference", "shocked_firms"], ascending=False, kind="stable")
    columns = (word("sector", lang), word("headline.shocked_firms", lang), word("extra", lang))
    table = _table(word("by_sector", lang), columns)
    for row in ordered.head(MOST_SECTORS).to_dict("records"):
        extra = _value(_finite(row["difference"]), _finite(row["low"]), _finite(row["high"]), "1")
        table.add_row(sector_name(content, str(row["sector"]), lang), _plain(row["shocked_firms"]), extra)
    return table


def _losses(content: OutbreakContent, lang: str) -> Table | None:
    losses = content.losses
    if losses is None:
        return None
    names = list(dict.fromkeys(losses["loss"]))
    units = losses.drop_duplicates("loss").set_index("loss")["unit"].to_dict()
    heads = [_with_unit(word(f"loss.{name}", lang), str(units[name]), lang) for name in names]
    table = _table(word("by_channel", lang), (word("channel", lang), *heads))
    for (part, channel), group in losses.groupby(["part", losses["channel"].fillna("")], sort=False):
        if part == "interaction":
            table.add_section()
        cells = []
        for name in names:
            row = group[group["loss"] == name].iloc[0]
            cells.append(
                _value(_finite(row["mean"]), _finite(row["low"]), _finite(row["high"]), str(units[name]))
            )
        table.add_row(Text(part_name(str(part), channel or None, lang)), *cells)
        if part == "contagion":
            table.add_section()
    return table


def _infected(content: OutbreakContent, lang: str) -> Table | None:
    found = content.infected[content.infected["traced"] > 0]
    if found.empty:
        return None
    names = ("firm", "run", "sector", "week", "generation", "traced", "main_cause", "employees")
    table = _table(word("top_infected", lang), [word(name, lang) for name in names])
    ordered = found.sort_values(["traced", "weekly_sales"], ascending=False, kind="stable")
    for row in ordered.head(MOST_FIRMS).to_dict("records"):
        table.add_row(
            str(row["firm"]),
            str(row["run"]),
            sector_name(content, str(row["sector"]), lang),
            str(row["week"]),
            str(row["generation"]),
            f"{float(row['traced']):.0%}",
            channel_name(str(row["channel"]), lang),
            f"{int(row['employees']):,}",
        )
    return table


def _with_unit(name: str, unit: str, lang: str) -> str:
    money = money_name(unit, lang)
    return f"{name} ({money})" if money else name


def _value(mean: float | None, low: float | None, high: float | None, unit: str) -> Text:
    if mean is None:
        return Text(_DASH)
    cell = Text(figure(mean, in_millions(unit)))
    spread = interval(low, high, in_millions(unit))
    return cell.append(f" {spread}", style="dim") if spread else cell


def _plain(value: object) -> str:
    number = _finite(value)
    return _DASH if number is None else figure(number, "1")


def _finite(value: object) -> float | None:
    number = float("nan") if value is None else float(str(value))
    return number if abs(number) < float("inf") else None
