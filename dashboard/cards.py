"""Key figures as cards: every arm beside the baseline, its paired difference with interval in words."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard.naming import label
from dashboard.state import language, say
from sim.measures.reasons import reason_in
from sim.report.content import Content, Row
from sim.report.figures import arm_style
from sim.report.numbers import figure, interval, shown
from sim.report.policy_figures import PARTIES, gain_name, gain_unit
from sim.report.wording import word

_STYLE = """<style>
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));
  gap:.75rem;margin:.25rem 0 .5rem}
.card{border:1px solid rgba(128,128,128,.35);border-radius:.6rem;padding:.7rem .9rem .5rem}
.card h5{margin:0 0 .15rem;padding:0;font-size:.95rem;font-weight:600;line-height:1.3}
.card .unit{opacity:.75;font-weight:400}
.card table{width:100%;border-collapse:collapse;font-size:.86rem}
.card th,.card td{padding:.28rem 0;border:none;border-top:1px solid rgba(128,128,128,.2);vertical-align:top}
.card th{text-align:left;font-weight:400;padding-right:.6rem}
.card td{text-align:right;font-variant-numeric:tabular-nums}
.card .value{font-size:1.15rem;font-weight:600;white-space:nowrap}
.card .gap{display:block;opacity:.85;white-space:nowrap}
.card .ends{white-space:nowrap}
.card .reason{display:block;opacity:.85}
.card .told{display:inline-block;white-space:nowrap;font-weight:600;border-radius:.6rem;padding:0 .45rem;
  border:1px solid currentColor}
.card .dot{display:inline-block;width:.65rem;height:.65rem;border-radius:50%;margin-right:.4rem}
.card .base{opacity:.85}
.card .under td{border-top:none;padding-top:0}
.card .under .gap,.card .under .told{white-space:normal}
</style>"""

#: Colours of verdicts, each readable on the light and on the dark page.
_GOOD, _BAD = "light-dark(#00639C, #7CC0EE)", "light-dark(#A8480F, #F0935F)"


def cards(content: Content, world: str, measures: Sequence[str]) -> None:
    """A card for each measure of a world: baseline first, then the arms."""
    parts = [_card(content, world, name) for name in measures]
    st.html(f'{_STYLE}<div class="cards">{"".join(parts)}</div>')


def _card(content: Content, world: str, measure: str) -> str:
    rows = [row for arm in content.arms if (row := content.row(world, arm, measure)) is not None]
    if not rows:
        return ""
    name = label(content, "measure", measure)
    unit = shown(rows[0].unit).beside(name, language())
    head = f'{escape(name)} <span class="unit">{escape(unit)}</span>'
    lines = []
    if content.reference is None:
        mean = content.baseline.get((world, measure))
        value = "–" if mean is None else figure(mean, rows[0].unit)
        lines.append(_line("", say("alone_short"), value, "", "base"))
    for row in rows:
        colour = arm_style(content, row.arm)[0]
        value = "–" if row.mean is None else figure(row.mean, row.unit)
        lines.append(_line(colour, label(content, "arm", row.arm), value, _told(content, row), ""))
    return f'<section class="card"><h5>{head}</h5><table>{"".join(lines)}</table></section>'


def _line(colour: str, name: str, value: str, told: str, kind: str) -> str:
    dot = f'<span class="dot" style="background:{colour}"></span>' if colour else ""
    return (
        f'<tr class="{kind}"><th scope="row">{dot}{escape(name)}</th>'
        f'<td><span class="value">{value}</span>{told}</td></tr>'
    )


def _told(content: Content, row: Row) -> str:
    """The paired difference, its interval and what it comes to."""
    if row.effect is None:
        reason = "" if row.mean is not None else escape(reason_in(row.reason or "", language()))
        return f'<span class="reason">{reason}</span>' if reason else ""
    ends = interval(row.effect_low, row.effect_high, row.unit, signed=True)
    told, colour = verdict(content, row)
    gap = "" if row.equal else _gap(figure(row.effect, row.unit, signed=True), ends)
    style = f' style="color:{colour}"' if colour else ""
    return f'{gap or "<br>"}<span class="told"{style}>{told}</span>'


def _gap(difference: str, ends: str) -> str:
    """A difference and its interval, which go on two lines where there is little room."""
    return f'<span class="gap">{difference} <span class="ends">{ends}</span></span>'


def verdict(content: Content, row: Row) -> tuple[str, str]:
    """What an effect comes to, in words, and its colour."""
    if row.equal:
        return say("same"), ""
    if row.unclear or row.effect_low is None or row.effect is None:
        return say("unclear"), ""
    meaning = content.meanings.get(row.measure)
    up = row.effect > 0
    if meaning is None or meaning.better is None:
        return say("clearly_higher" if up else "clearly_lower"), _GOOD
    good = up == (meaning.better == "higher")
    sign = "▲" if up else "▼"
    return f"{sign} {say('clearly_better' if good else 'clearly_worse')}", _GOOD if good else _BAD


def gains(content: Content, kind: str) -> None:
    """What one kind of change comes to for each party, item by item, never summed: before, difference."""
    lang, table = language(), content.gains
    table = table[(table["by"] == "all") & (table["kind"] == kind)]
    parts: dict[str, list[str]] = {}
    for row in table.to_dict("records"):
        if row["difference"] != row["difference"]:
            continue
        unit = gain_unit(row["unit"], row["party"], row["item"])
        open_ended = row["low"] != row["low"]
        ends = "" if open_ended else interval(row["low"], row["high"], unit, signed=True)
        if row["difference"] == 0 == row["low"] == row["high"]:
            told, gap = say("same"), ""
        else:
            unclear = open_ended or row["low"] <= 0 <= row["high"]
            told = say("unclear" if unclear else "clear_difference")
            gap = _gap(figure(row["difference"], unit, signed=True), ends)
        colour = f' style="color:{_GOOD}"' if told == say("clear_difference") else ""
        name = escape(gain_name(row["party"], row["item"], row["unit"], lang))
        before = say("before_value", value=figure(row["base"], unit))
        parts.setdefault(row["party"], []).append(
            f'<tr><th scope="row">{name}<span class="gap">{before}</span></th></tr>'
            f'<tr class="under"><td>{gap}<span class="told"{colour}>{told}</span></td></tr>'
        )
    cards = [
        f'<section class="card"><h5>{escape(word(f"party.{party}", lang))}</h5>'
        f"<table>{''.join(parts[party])}</table></section>"
        for party in PARTIES
        if party in parts
    ]
    st.html(f'{_STYLE}<div class="cards">{"".join(cards)}</div>')
