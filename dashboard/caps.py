"""How much one question may ask of this server; more is for the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

import streamlit as st

from dashboard.public import Asked
from dashboard.state import say
from sim.experiments.comparison import Comparison
from sim.report.content import command_line

#: Weeks lived by borrowers in all runs and arms; a few minutes on two cores (assumption).
MOST_MILLIONS: Final = float(os.environ.get("ARREARS_MOST_WORK", "60"))


def millions(planned: Comparison, borrowers: int | None = None) -> float:
    """Millions of weeks that all borrowers of all arms will live, burn-in included."""
    scenario = planned.scenario
    people = scenario.population.borrowers if borrowers is None else borrowers
    arms = len(planned.arms.all)
    own = sum(arm.own_start for arm in planned.arms.all)
    weeks = arms * scenario.weeks + (1 + own) * scenario.burn_in
    return people * weeks * planned.runs * len(planned.worlds) / 1e6


def told_command(planned: Comparison, own: Mapping[str, str]) -> str:
    """The command line of a comparison, with the reader's own names of files."""
    text = command_line(planned)
    for path, name in own.items():
        text = text.replace(path, name)
    return text


def asked(planned: Comparison, own: Mapping[str, str]) -> Asked:
    """A comparison as public mode sees it: its sizes, and the command that runs it elsewhere."""
    scenario = planned.scenario
    sizes = {"runs": planned.runs, "weeks": scenario.weeks}
    if scenario.portfolio.file is None:
        sizes["borrowers"] = scenario.population.borrowers
    return Asked(sizes, told_command(planned, own))


def within(planned: Comparison, own: Mapping[str, str], borrowers: int | None = None) -> bool:
    """Whether a comparison is small enough; else the cap and the command line that runs it are shown."""
    size = millions(planned, borrowers)
    if size <= MOST_MILLIONS:
        return True
    most = f"{MOST_MILLIONS:,.0f}"
    st.warning(say("over_cap", asked=f"{size:,.0f}", most=most), icon=":material/hourglass_disabled:")
    st.code(told_command(planned, own) + " --out out", language="bash", wrap_lines=True)
    return False
