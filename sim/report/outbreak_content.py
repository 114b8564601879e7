"""What the report of an outbreak shows, gathered into plain data."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sim.report.content import Content, gather, settings
from sim.report.outbreak_tree import Drawing, draw_tree
from sim.report.wording import WORDS, word
from sim.spec.base import Text
from sim.spec.world import World

if TYPE_CHECKING:
    from sim.experiments.outbreak_result import Outbreak
    from sim.experiments.statistics import Estimate

ARMS = {"base": "without_shock", "shocked": "with_shock", "rescued": "with_rescue"}
#: Weeks of one column of the map of sectors.
MAP_WEEKS = 4


class Line(NamedTuple):
    """A headline figure: name, unit, mean over runs with interval (None where undefined)."""

    name: str
    unit: str
    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class OutbreakContent:
    """All that the report of an outbreak and its tables on screen show.

    ``content``: measures, numbers and sources, as of a comparison; ``shock``: its text, None where a
    default is prevented; ``firms``: names of the shocked firms of the first run; ``rescued``: names;
    ``channels``: open ones, None for all; ``headline``, ``curve``, ``cohorts``, ``generations``,
    ``losses``, ``sectors``, ``infected``: see :class:`sim.experiments.outbreak_result.Outbreak`;
    ``complete``: whether R is fully followed up; ``sector_map``: columns ``sector, week, difference``;
    ``drawing``: the tree of the first run.
    """

    content: Content
    shock: str | None
    firms: tuple[str, ...]
    rescued: tuple[str, ...]
    channels: tuple[str, ...] | None
    headline: tuple[Line, ...]
    curve: pd.DataFrame
    cohorts: pd.DataFrame
    generations: pd.DataFrame
    complete: bool
    losses: pd.DataFrame | None
    sectors: pd.DataFrame
    infected: pd.DataFrame
    sector_map: pd.DataFrame
    drawing: Drawing

    @property
    def runs(self) -> int:
        """Paired runs."""
        return self.content.runs


def gather_outbreak(
    outbreak: Outbreak, *, command: str | None = None, worlds: Mapping[str, World] | None = None
) -> OutbreakContent:
    """The content of a report; ``command`` and ``worlds`` as in :func:`sim.report.content.gather`."""
    from sim.experiments.outbreak_document import headline
    from sim.experiments.outbreak_losses import CHANNELS

    number = outbreak.reproduction
    return OutbreakContent(
        content=_content(outbreak, command or command_line(outbreak), worlds),
        shock=outbreak.shock,
        firms=tuple(outbreak.names(outbreak.results[0].shocked)),
        rescued=tuple(outbreak.names(outbreak.rescue)),
        channels=None if outbreak.channels == CHANNELS else outbreak.channels,
        headline=tuple(_line(line.name, line.unit, line.value) for line in headline(outbreak)),
        curve=outbreak.curve,
        cohorts=number.cohorts,
        generations=number.generations,
        complete=number.complete,
        losses=outbreak.by_channel,
        sectors=outbreak.sectors,
        infected=outbreak.infected,
        sector_map=sector_map(outbreak),
        drawing=draw_tree(outbreak.firm_trees[0].tree, outbreak.seeds[0], outbreak.generations[0][1]),
    )


def _line(name: str, unit: str, value: Estimate) -> Line:
    return Line(name, unit, value.mean, value.low, value.high)


def _content(outbreak: Outbreak, command: str, worlds: Mapping[str, World] | None) -> Content:
    found = gather(outbreak.comparison, command=command, worlds=worlds)
    title = Text(
        en=f"{found.title.en}: {word('outbreak', 'en')}", zh=f"{found.title.zh}：{word('outbreak', 'zh')}"
    )
    arms = {f"arm.{name}": WORDS[key] for name, key in ARMS.items()}
    labels = {**found.labels, **arms}
    return dataclasses.replace(
        found, title=title, labels=labels, python=_python(outbreak), hash=outbreak.hash
    )


def sector_map(outbreak: Outbreak) -> pd.DataFrame:
    """Failures with the shock minus without it, mean over runs.

    Columns ``sector``, ``week`` (the first of four) and ``difference``.
    """
    frames = []
    for result in outbreak.results:
        for branch, sign in (("shocked", 1.0), ("base", -1.0)):
            events = result.tables[branch].events
            firms = events[(events["kind"] == "firm") & (events["week"] >= 0)]
            frames.append(
                pd.DataFrame(
                    {
                        "sector": firms["sector"].astype(str),
                        "week": firms["week"].astype(np.int64) // MAP_WEEKS * MAP_WEEKS,
                        "difference": sign / outbreak.runs,
                    }
                )
            )
    return pd.concat(frames).groupby(["sector", "week"])[["difference"]].sum().reset_index()


def _options(outbreak: Outbreak) -> dict[str, object]:
    from sim.experiments.outbreak_losses import CHANNELS

    given: dict[str, object] = {}
    if outbreak.shock_week:
        given["shock_week"] = outbreak.shock_week
    if outbreak.rescue:
        given["rescue"] = outbreak.names(outbreak.rescue)
    if outbreak.channels != CHANNELS:
        given["channels"] = list(outbreak.channels) or "none"
    return given


def command_line(outbreak: Outbreak) -> str:
    """A command line that repeats an outbreak; a scenario of the user's own is named by its id."""
    words = ["arrears", "outbreak", outbreak.scenario.id]
    if outbreak.shock is not None:
        words += ["--shock", outbreak.shock]
    if outbreak.shock_week:
        words += ["--week", str(outbreak.shock_week)]
    for name in outbreak.names(outbreak.rescue):
        words += ["--rescue", f"firm:{name}"]
    if "channels" in _options(outbreak):
        words += ["--channels", ",".join(outbreak.channels) or "none"]
    for name, value in settings(outbreak.scenario).items():
        words += ["--set", f"{name}={json.dumps(value)}"]
    words += ["--world", outbreak.world, "--runs", str(outbreak.runs)]
    words += ["--weeks", str(outbreak.scenario.weeks), "--seed", str(outbreak.scenario.seed)]
    return shlex.join(words)


def _python(outbreak: Outbreak) -> str:
    more = "".join(f", {name}={value!r}" for name, value in _options(outbreak).items())
    return "\n".join(
        (
            "import arrears",
            "",
            f"changes = {settings(outbreak.scenario)!r}",
            f"result = arrears.outbreak({outbreak.scenario.id!r}, {outbreak.shock!r}, "
            f"world={outbreak.world!r},",
            f"                          runs={outbreak.runs}, weeks={outbreak.scenario.weeks}, "
            f"seed={outbreak.scenario.seed}, changes=changes{more})",
            "result.curve, result.tree, result.reproduction, result.twin",
        )
    )
