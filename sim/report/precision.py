"""What became of the widths that intervals were asked to have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.report.content import Content
from sim.report.numbers import figure, shown
from sim.report.wording import word

if TYPE_CHECKING:
    from sim.experiments.adaptive import Precision


def precision_lines(content: Content, lang: str) -> list[str]:
    """A sentence for each interval that was asked to be narrow: reached, or what it would take."""
    return [_line(content, one, lang) for one in content.precision]


def _line(content: Content, one: Precision, lang: str) -> str:
    unit = next((row.unit for row in content.rows if row.measure == one.measure), "")
    names = {
        kind: (text.zh if lang == "zh" else text.en)
        for kind, text in (
            ("measure", content.label("measure", one.measure)),
            ("arm", content.label("arm", one.arm)),
            ("world", content.label("world", one.world)),
        )
    }
    if one.width is None:
        key = "precision_undefined"
    else:
        key = "precision_reached" if one.reached else "precision_missed"
    return word(
        key,
        lang,
        **names,
        unit=shown(unit).name(lang),
        wanted=figure(one.wanted, unit),
        width="" if one.width is None else figure(one.width, unit),
        runs=content.runs,
        needed="" if one.needed is None else f"{one.needed:,}",
    ).replace(" :", ":")
