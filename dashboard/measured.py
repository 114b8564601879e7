"""The same shock over several paired runs, with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.public import Asked
from dashboard.running import ready
from dashboard.spread import SCENARIO, WEEKS, levers, population
from dashboard.state import language, say
from sim.experiments.outbreaks import outbreak
from sim.report import outbreak_figures
from sim.report.numbers import figure, interval, shown
from sim.report.outbreak_content import Line, OutbreakContent, gather_outbreak
from sim.report.wording import word

#: Place of the control in the session; the link above it on the page needs it too.
RUNS = "outbreak.runs"


def measured(values: dict[str, Any], network: Path | None, limits: Asked) -> None:
    """The part of the page that tells the outbreak over runs; ``limits`` are its sizes for public mode."""
    st.subheader(say("over_runs", runs=values["runs"]))
    st.caption(say("over_runs_help"))
    if not values["hit"]:
        st.info(say("no_shock"))
        return
    left, _ = st.columns(2)
    runs = left.slider(say("runs"), 2, 20, values["runs"], help=say("runs_help"), key=RUNS)
    shock = f"{values['shock']}:{values['hit']}"

    def work(progress: Any) -> OutbreakContent:
        """The runs, in the background."""
        found = outbreak(
            SCENARIO,
            shock,
            by_channel=False,
            world=values["world"],
            network=network,
            runs=runs,
            weeks=WEEKS,
            seed=int(values["seed"]),
            changes=population(values) | levers(values),
            progress=progress,
        )
        return gather_outbreak(found)

    asked = {name: value for name, value in values.items() if name != "twin"}
    limits = limits._replace(sizes={**limits.sizes, "runs": runs})
    content: OutbreakContent | None = ready("outbreak", repr((asked, network)), work, asked=limits)
    if content is not None:
        _shown(content)


def _shown(content: OutbreakContent) -> None:
    lang = language()
    headlines(content.headline[:4], lang)
    curve = outbreak_figures.epidemic_curve(content, lang)
    charts.show(curve, "epidemic", lang, [word("epidemic_curve_note", lang)])
    charts.show(outbreak_figures.reproduction(content, lang), "generations", lang, [say("r_help")])
    charts.show(outbreak_figures.tree(content, lang), "tree", lang, [say("tree_help")])
    with st.expander(say("reproduce")):
        st.code(content.content.command, language="bash")
        st.code(content.content.python, language="python")


def headlines(lines: tuple[Line, ...], lang: str) -> None:
    """Figures of an outbreak in tiles, with their intervals."""
    for column, line in zip(st.columns(4), lines, strict=False):
        unit = shown(line.unit).name(lang)
        label = word(f"headline.{line.name}", lang)
        value = "–" if line.mean is None else figure(line.mean, line.unit)
        column.metric(f"{label} ({unit})" if unit else label, value)
        column.caption(interval(line.low, line.high, line.unit))
