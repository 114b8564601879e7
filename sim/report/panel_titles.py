"""Titles of panels that stand side by side: as many lines as a narrow page asks for."""

from __future__ import annotations

import plotly.graph_objects as go

#: Letters that titles of one row of panels may have together, so that they stay apart on a page 1,024 wide.
_ACROSS = 56
#: Letters of the narrowest title.
_LEAST = 9
#: Pixels of a line of a title.
LINE = 17


def wrapped(text: str, width: int) -> str:
    """A title on several lines of ``width`` letters; Chinese has no blanks to break at."""
    lines, line, used = [], "", 0.0
    for part in text.split(" ") if " " in text else list(text):
        size = sum(2.0 if ord(character) > 0x2E80 else 1.0 for character in part)
        if line and used + size > width:
            lines.append(line)
            line, used = "", 0.0
        line += f" {part}" if line and " " in text else part
        used += size + 1.0
    return "<br>".join([*lines, line])


def fit_titles(chart: go.Figure) -> int:
    """Wrap the titles above panels, and those of their axes, to the panels' width.

    Returns the lines beyond the first of the tallest title: what stands above needs as much more room.
    """
    starts = {axis.domain[0] for axis in chart.select_xaxes() if axis.domain is not None}
    columns = max(1, len(starts))
    width = max(_LEAST, _ACROSS // columns)
    titles = [one for one in chart.layout.annotations if _above_panel(one)]
    if columns > 1:
        for one in titles:
            one.text = _fitted(str(one.text), width)
        for axis in chart.select_xaxes():
            if axis.title.text:
                axis.title.text = _fitted(str(axis.title.text), width)
    return max((str(one.text).count("<br>") for one in titles), default=0)


def _above_panel(one: go.layout.Annotation) -> bool:
    """As Plotly's panels place their titles."""
    level = not one.textangle and not one.showarrow
    return level and one.xref == one.yref == "paper" and one.yanchor == "bottom"


def _fitted(text: str, width: int) -> str:
    return "<br>".join(wrapped(line, width) for line in text.split("<br>"))
