"""Finished runs of this server, through the functions that ``arrears runs`` uses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.core.errors import SpecError
from sim.experiments import compare
from sim.experiments.export import export
from sim.experiments.inventory import inventory
from sim.experiments.run_table import RunTable
from sim.experiments.running import Progress
from sim.experiments.stored import stored_comparison
from sim.report.content import Content, gather

_LISTED = ("kind", "scenario", "worlds", "arms", "weeks", "starts", "runs", "finished", "usable")


@dataclass(frozen=True)
class Kept:
    """One experiment: the ``folder`` of its run table, the beginning of its hash, what is listed of it."""

    folder: Path
    experiment: str
    line: dict[str, Any]

    @property
    def name(self) -> str:
        """What it is called on a page."""
        return f"{self.folder.name}/{self.experiment}"


def kept_runs(store: Path) -> tuple[list[Kept], list[str]]:
    """All experiments under a folder, and a sentence for each run table that cannot be read."""
    found, problems = [], []
    for folder in sorted(store.iterdir()) if store.is_dir() else ():
        if not folder.is_dir():
            continue
        try:
            for row in inventory(RunTable(folder)).to_dict("records"):
                line = {
                    "experiment": f"{folder.name}/{row['experiment']}",
                    **{name: row[name] for name in _LISTED},
                }
                found.append(Kept(folder, str(row["experiment"]), line))
        except SpecError as error:
            problems.append(str(error))
    return found, problems


def exported(kept: Kept, view: str) -> bytes:
    """A table of the runs as CSV for spreadsheets. Raises :class:`SpecError` for an unknown view."""
    content = export(RunTable(kept.folder), view, "csv", kept.experiment, None)
    return ("\ufeff" + (content or "")).encode()


def shown(kept: Kept) -> Content:
    """The comparison as far as it has come. Raises :class:`SpecError` where there is none."""
    stored = stored_comparison(RunTable(kept.folder), kept.experiment)
    return gather(stored.comparison, worlds=stored.worlds)


def resume(kept: Kept, runs: int, progress: Progress) -> Content:
    """Go on to so many paired runs; finished ones are read, not run again.

    Raises :class:`SpecError` for what is no comparison.
    """
    stored = stored_comparison(RunTable(kept.folder), kept.experiment)
    past = stored.comparison
    arms = {arm.name: dict(arm.changes) for arm in past.arms.all if not arm.hidden}
    result = compare(
        past.scenario, arms, worlds=list(stored.worlds.values()), rules=past.rules, runs=runs,
        progress=progress, store=kept.folder,
    )  # fmt: skip
    return gather(result, worlds=stored.worlds)
