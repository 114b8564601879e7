"""How sure the effects are: intervals, runs won, many comparisons, runs saved by pairing."""

from __future__ import annotations

import math
from typing import Any

from sim.report import tables
from sim.report.content import Content
from sim.report.figures import EFFECTS
from sim.report.numbers import figure, interval, shown
from sim.report.tables import both, label, word_both
from sim.report.wording import word

_NOMINAL = 0.05
_MOST = 9999.0


def many_note(content: Content, lang: str) -> str:
    """One sentence about looking at many effects at once; empty where there is none."""
    found = content.sureness
    if found.empty:
        return ""
    return word(
        "many",
        lang,
        shown=len(found),
        clear=int((found["p"] < _NOMINAL).sum()),
        chance=f"{_NOMINAL * len(found):.0f}",
        left=int((found["p_holm"] < _NOMINAL).sum()),
    )


def section(content: Content) -> str:
    """The section of the report, with a table for each world; empty where there are no effects."""
    found = content.sureness
    if found.empty:
        return ""
    parts = [
        '<section id="sureness">',
        f"<h2>{word_both('sureness')}</h2>",
        f'<p class="note">{word_both("sureness_note")} '
        f"{both(many_note(content, 'en'), many_note(content, 'zh'))}</p>",
    ]
    for world in content.worlds:
        rows = [
            row
            for measure in EFFECTS
            for row in found[(found["world"] == world) & (found["measure"] == measure)].to_dict("records")
        ]
        if rows:
            parts.append(f"<h3>{label(content, 'world', world)}</h3>{_table(content, rows)}")
    return "\n".join([*parts, "</section>"])


def _table(content: Content, rows: list[dict[Any, Any]]) -> str:
    heads = ("measure", "arm", "effect", "student", "bootstrap", "won", "together", "worth")
    head = "".join(f'<th scope="col">{word_both(key)}</th>' for key in heads)
    body = "".join(f"<tr>{_cells(content, row)}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table class="measures"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cells(content: Content, row: dict[Any, Any]) -> str:
    unit = next(one.unit for one in content.rows if one.measure == row["measure"])
    numbers = (
        figure(row["difference"], unit, signed=True),
        interval(_known(row["low"]), _known(row["high"]), unit, signed=True),
        interval(_known(row["bootstrap_low"]), _known(row["bootstrap_high"]), unit, signed=True),
        _won(row),
        "" if math.isnan(row["p_holm"]) else _p(row["p_holm"]),
        _worth(row["worth"]),
    )
    names = (
        f'<th scope="row">{_measure(content, row["measure"], unit)}</th>'
        f"<td>{tables.label(content, 'arm', row['arm'])}</td>"
    )
    return names + "".join(f'<td class="number">{number or tables.DASH}</td>' for number in numbers)


def _measure(content: Content, measure: str, unit: str) -> str:
    """Label of a measure with its unit in brackets."""
    found, name = content.label("measure", measure), shown(unit)
    texts = [
        f"{text} ({name.name(lang)})" if name.name(lang) else text
        for lang, text in (("en", found.en), ("zh", found.zh))
    ]
    return both(*texts)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _won(row: dict[Any, Any]) -> str:
    if math.isnan(row["won"]):
        return ""
    low, high = 100 * row["won_low"], 100 * row["won_high"]
    return f"{100 * row['won']:.0f} [{low:.0f}, {high:.0f}]"


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "&lt; 0.001"


def _worth(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}" if value < _MOST else f"&gt; {_MOST:,.0f}"
