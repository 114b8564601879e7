"""Tables and tiles of the HTML report; every text in both languages, every name escaped."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from sim.measures.reasons import reason_in
from sim.report.content import Content, Number, Row
from sim.report.numbers import figure, interval, shown
from sim.report.wording import group_of, word
from sim.spec.meanings import meaning, note_words, origin_words, unit_name

#: Measures that have a tile, as far as a comparison has them.
TILES = (
    "recovery_rate",
    "cure_rate_90d",
    "cost_per_100",
    "complaints_per_1000_borrowers",
    "npl_ratio",
    "trade_overdue_share",
    "firm_failures",
    "stress_mean",
)
DASH = "\N{EM DASH}"

text = word


def both(en: str, zh: str) -> str:
    """A text in both languages, of which the page shows one."""
    if en == zh:
        return escape(en)
    return f'<span class="en" lang="en">{escape(en)}</span><span class="zh" lang="zh">{escape(zh)}</span>'


def _both(words: Callable[[str, str], str], name: str) -> str:
    return both(words(name, "en"), words(name, "zh"))


def word_both(key: str) -> str:
    """A text of the report in both languages."""
    return both(word(key, "en"), word(key, "zh"))


def label(content: Content, kind: str, name: str) -> str:
    """Label of a measure, world or arm in both languages."""
    found = content.label(kind, name)
    return both(found.en, found.zh)


def tiles(content: Content) -> str:
    """The key figures of each world: one tile a measure, one line an arm."""
    parts = []
    for world in content.worlds:
        parts.append(f"<h3>{label(content, 'world', world)}</h3>")
        made = [_tile(content, world, name) for name in TILES if name in content.measures]
        parts.append(f'<div class="tiles">{"".join(made)}</div>')
    return "\n".join(parts)


def _tile(content: Content, world: str, measure: str) -> str:
    rows = [row for arm in content.arms if (row := content.row(world, arm, measure)) is not None]
    best = _best(content, measure, rows)
    lines = []
    for row in rows:
        value = DASH if row.mean is None else figure(row.mean, row.unit)
        mark = ' class="best"' if row is best else ""
        lines.append(f"<tr{mark}><td>{label(content, 'arm', row.arm)}</td><td>{value}</td></tr>")
    en, zh = _unit_beside(content, measure, rows[0].unit if rows else "")
    suffix = f" <small>{both(en, zh)}</small>" if en or zh else ""
    head = f"<h4>{label(content, 'measure', measure)}{suffix}</h4>"
    return f'<div class="tile">{head}<table>{"".join(lines)}</table></div>'


def _unit_beside(content: Content, measure: str, unit: str) -> tuple[str, str]:
    """The unit in both languages, empty where the measure's name says it already."""
    named = content.label("measure", measure)
    return shown(unit).beside(named.en, "en"), shown(unit).beside(named.zh, "zh")


def _best(content: Content, measure: str, rows: list[Row]) -> Row | None:
    """The best arm, where its interval is apart from all others."""
    better = content.meanings[measure].better if measure in content.meanings else None
    known = [row for row in rows if row.mean is not None and row.low is not None and row.high is not None]
    if better is None or len(known) < 2 or len(known) < len(rows):
        return None
    ordered = sorted(known, key=lambda row: row.mean or 0.0, reverse=better == "higher")
    first, others = ordered[0], ordered[1:]
    if better == "higher":
        apart = all((first.low or 0.0) > (row.high or 0.0) for row in others)
    else:
        apart = all((first.high or 0.0) < (row.low or 0.0) for row in others)
    return first if apart else None


def measures(content: Content) -> str:
    """The table of all measures of each world, with definitions and the reasons of what is undefined."""
    return "\n".join(_world_table(content, world) for world in content.worlds)


def _world_table(content: Content, world: str) -> str:
    heads = "".join(f'<th scope="col" class="arm">{label(content, "arm", arm)}</th>' for arm in content.arms)
    lines, group = [], ""
    for measure in content.measures:
        if group_of(measure)[1] != group:
            group = group_of(measure)[1]
            span = len(content.arms) + 1
            head = f'<th colspan="{span}" scope="colgroup">{word_both(f"group.{group}")}</th>'
            lines.append(f'<tr class="group">{head}</tr>')
        lines.append(_measure_line(content, world, measure))
    return (
        f"<h3>{label(content, 'world', world)}</h3>"
        f'<div class="scroll"><table class="measures"><thead><tr><th scope="col">{word_both("measure")}</th>'
        f"{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>{_reasons(content, world)}"
    )


def _measure_line(content: Content, world: str, measure: str) -> str:
    rows = [content.row(world, arm, measure) for arm in content.arms]
    en, zh = _unit_beside(content, measure, next((row.unit for row in rows if row is not None), ""))
    name = label(content, "measure", measure)
    if en or zh:
        name += f" <small>{both(en and f'({en})', zh and f'({zh})')}</small>"
    if measure in content.meanings:
        meaning = content.meanings[measure]
        wanted = f" ({word_both(meaning.better)})" if meaning.better else ""
        definition = both(meaning.definition.en, meaning.definition.zh)
        name = (
            f"<details><summary>{name}</summary><p>{definition}{wanted}<br><code>{escape(measure)}</code></p>"
            "</details>"
        )
    cells = "".join(f'<td class="value">{_cell(content, row)}</td>' for row in rows)
    return f'<tr><th scope="row">{name}</th>{cells}</tr>'


def _cell(content: Content, row: Row | None) -> str:
    if row is None or row.mean is None:
        return DASH
    text = figure(row.mean, row.unit)
    spread = interval(row.low, row.high, row.unit)
    if spread:
        text += f' <span class="range">{spread}</span>'
    if row.arm == content.reference:
        return f'{text}<span class="effect unclear">{word_both("reference")}</span>'
    if row.effect is None:
        return f'{text}<span class="effect unclear">{DASH}</span>' if content.comparing else text
    if row.unclear:
        same = word_both("equal" if row.equal else "unclear")
        return f'{text}<span class="effect unclear">{same}</span>'
    change = figure(row.effect, row.unit, signed=True)
    bounds = interval(row.effect_low, row.effect_high, row.unit, signed=True)
    return f'{text}<span class="effect {_quality(content, row)}">{change} {bounds}</span>'


def _quality(content: Content, row: Row) -> str:
    better = content.meanings[row.measure].better if row.measure in content.meanings else None
    if better is None or row.effect_low is None:
        return ""
    return "good" if ((row.effect or 0.0) > 0) == (better == "higher") else "bad"


def _reason(reason: str) -> str:
    return both(reason, reason_in(reason, "zh"))


def _reasons(content: Content, world: str) -> str:
    """Why measures are undefined, each reason once."""
    found: dict[str, list[str]] = {}
    for row in content.rows:
        if row.world != world or not row.reason or (row.arm == content.reference and row.mean is not None):
            continue
        if row.mean is None or (row.effect is None and content.comparing):
            named = label(content, "measure", row.measure)
            if named not in found.setdefault(row.reason, []):
                found[row.reason].append(named)
    if not found:
        return ""
    items = "".join(f"<li>{', '.join(names)}: {_reason(reason)}</li>" for reason, names in found.items())
    return f'<p class="note">{DASH} {word_both("undefined")}:</p><ul class="reasons">{items}</ul>'


def assumptions(content: Content) -> str:
    """The numbers of each world with their sources, folded, and the sources cited."""
    parts = [
        f'<details class="long"><summary>{label(content, "world", world)} ({len(numbers):,})</summary>'
        f"{_numbers(numbers)}</details>"
        for world, numbers in content.numbers.items()
        if numbers
    ]
    if content.sources:
        items = "".join(
            f'<li id="source-{escape(name)}"><b>{escape(name)}</b> {escape(cited)}</li>'
            for name, cited in content.sources.items()
        )
        parts.append(
            f'<details class="long"><summary>{word_both("sources")} ({len(content.sources)})</summary>'
            f'<ul class="reasons">{items}</ul></details>'
        )
    return "\n".join(parts)


def _numbers(numbers: tuple[Number, ...]) -> str:
    heads = "".join(
        f'<th scope="col">{word_both(key)}</th>' for key in ("number", "value", "unit", "source", "note")
    )
    lines = "".join(
        f'<tr><td><span class="number-name">{escape(number.name)}</span><br>'
        f'{_both(meaning, number.name)}</td><td class="value">{number.value:g}</td>'
        f"<td>{_both(unit_name, number.unit)}</td><td>{_both(origin_words, number.source)}</td>"
        f"<td>{_both(note_words, number.note)}</td></tr>"
        for number in numbers
    )
    return (
        f'<div class="scroll"><table class="numbers"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )
