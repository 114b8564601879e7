"""Total losses by contagion channel, and the classic remedies for triangular debt, by paired runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Unpack

import pandas as pd

from sim.core.errors import SpecError
from sim.experiments.comparing import compare
from sim.experiments.comparison import Comparison
from sim.experiments.outbreak_losses import (
    CHANNELS,
    CLOSED,
    OPEN,
    Values,
    closing,
    collect,
    decomposition,
    holds_zero,
)
from sim.experiments.outbreak_market import place_of
from sim.experiments.outbreak_runs import Branch, Call, jobs_of, plan_starts, run_starts
from sim.experiments.outbreak_shocks import Shock, read_shock
from sim.experiments.plan import ScenarioLike, base_scenario
from sim.experiments.statistics import Estimate

#: Paired runs where a call names none.
RUNS = 20
#: Measures that show what a remedy does: arrears between firms, failures, jobs.
REMEDY_MEASURES = ("trade_overdue_share", "firm_failures", "jobs_lost")
#: What each remedy changes, every so many weeks.
REMEDIES: dict[str, tuple[str, ...]] = {
    "set_off": ("levers.set_off_every",),
    "netting": ("levers.netting_every",),
    "compulsory_payment": ("levers.compulsory_payment_every",),
}


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Losses by channel.

    ``table``: see :func:`sim.experiments.outbreak_losses.decomposition`; ``shock``: its text where the
    losses of a shock are decomposed, None for all losses of a run; ``runs``: paired runs; ``values``:
    the losses of every run by setting and loss.
    """

    table: pd.DataFrame
    shock: str | None
    runs: int
    values: Mapping[str, Values] = field(repr=False)

    def of(self, loss: str) -> pd.DataFrame:
        """The rows of one loss, by part and channel. Raises :class:`SpecError` for an unknown loss."""
        known = list(dict.fromkeys(self.table["loss"]))
        if loss not in known:
            raise SpecError("loss", "", f"{loss!r} is not decomposed", ", ".join(known))
        return self.table[self.table["loss"] == loss].reset_index(drop=True)


def decompose(
    scenario: ScenarioLike = "baseline",
    shock: str | Shock | None = None,
    *,
    shock_week: int = 0,
    alone: bool = True,
    **call: Unpack[Call],
) -> Decomposition:
    """Losses with all eight channels open, each closed alone, all closed, and each open alone.

    Without a shock the total losses of a run are decomposed, with one what the shock adds to them; every
    setting then has a run with and one without the shock. All settings leave the same burnt-in starts.

    Parameters
    ----------
    scenario, shock, shock_week, call:
        As in :func:`sim.experiments.outbreak`; 20 paired runs unless ``runs`` says otherwise.
    alone:
        Also run with each channel open alone.

    Raises
    ------
    SpecError
        For anything impossible.
    StoppedError
        When the work was interrupted.
    """
    settings = _settings(alone)
    if shock is None:
        found = _compared(scenario, settings, call)
        by_setting = {
            name: collect([row for row in found.results if row["arm"] == name]) for name in settings
        }
        return Decomposition(decomposition(by_setting), None, found.runs, by_setting)
    branches: dict[str, Branch] = {}
    for name, changes in settings.items():
        branches[f"base_{name}"] = Branch(changes)
        branches[f"shocked_{name}"] = Branch(changes, shocked=True)
    plan = plan_starts(scenario, branches, {"runs": RUNS, **call})
    chosen = read_shock(shock, place_of(plan.scenario))
    if not 0 <= shock_week < plan.scenario.weeks:
        problem = f"week {shock_week!r} is not in the run"
        raise SpecError("shock_week", "", problem, f"0 to {plan.scenario.weeks - 1}")
    results = run_starts(jobs_of(plan, branches, chosen, shock_week), call)
    by_setting = {
        name: collect(
            [result.row(f"shocked_{name}") for result in results],
            [result.row(f"base_{name}") for result in results],
        )
        for name in settings
    }
    return Decomposition(decomposition(by_setting), chosen.text, len(results), by_setting)


@dataclass(frozen=True, eq=False)
class Remedies:
    """What set-off, netting and compulsory payment do, each alone; ``comparison`` holds all measures."""

    comparison: Comparison

    @property
    def table(self) -> pd.DataFrame:
        """A row for each remedy and measure.

        Columns ``remedy, measure, unit, base, changed, effect, low, high, half_width, n, finding``.
        ``finding`` says "no effect found" with the half-width where the interval holds zero.
        """
        frames = []
        for name in self.comparison.arms.names[1:]:
            pairs = self.comparison.paired(name, "now")
            pairs = pairs[pairs["measure"].isin(REMEDY_MEASURES)]
            frames.append(
                pd.DataFrame(
                    {
                        "remedy": name,
                        "measure": pairs["measure"],
                        "unit": pairs["unit"],
                        "base": pairs["now"],
                        "changed": pairs[name],
                        "effect": pairs["difference"],
                        "low": pairs["low"],
                        "high": pairs["high"],
                        "half_width": (pairs["high"] - pairs["low"]) / 2,
                        "n": pairs["n"],
                        "finding": [finding(row) for row in pairs.to_dict("records")],
                    }
                )
            )
        return pd.concat(frames, ignore_index=True)


def remedies(
    scenario: ScenarioLike = "baseline",
    *,
    every: int = 4,
    netting_over: str = "offers",
    **call: Unpack[Call],
) -> Remedies:
    """Set-off, netting and compulsory payment as three arms against none of them.

    Parameters
    ----------
    scenario, call:
        As in :func:`sim.experiments.outbreak`; 20 paired runs unless ``runs`` says otherwise.
    every:
        Weeks between two rounds of each remedy.
    netting_over:
        What is netted: ``"offers"`` of the week, or all that is ``"overdue"``, which is an order to pay.

    Raises :class:`SpecError` and :class:`StoppedError` as :func:`sim.experiments.compare`.
    """
    arms: dict[str, dict[str, object]] = {"now": {}}
    for name, fields in REMEDIES.items():
        arms[name] = dict.fromkeys(fields, every)
    arms["netting"]["levers.netting_over"] = netting_over
    return Remedies(_compared(scenario, arms, call))


def finding(row: Mapping[Any, Any]) -> str:
    """In words what a paired difference (``difference, low, high, unit``) shows."""
    mean, low, high = (float(str(row[name])) for name in ("difference", "low", "high"))
    if mean != mean:
        return "not defined"
    if low != low:
        return "one run, no interval"
    if holds_zero(Estimate(mean, low, high, 2, None)):
        return f"no effect found, half-width {(high - low) / 2:.3g}"
    return "higher" if mean > 0 else "lower"


def _settings(alone: bool) -> dict[str, dict[str, object]]:
    settings: dict[str, dict[str, object]] = {OPEN: {}, CLOSED: closing(CHANNELS)}
    settings |= {f"without_{name}": closing([name]) for name in CHANNELS}
    if alone:
        settings |= {
            f"only_{name}": closing([other for other in CHANNELS if other != name]) for name in CHANNELS
        }
    return settings


def _compared(scenario: ScenarioLike, arms: Mapping[str, Mapping[str, object]], call: Call) -> Comparison:
    """The arms compared in one world."""
    strategy, world = call.get("strategy"), call.get("world")
    changes = {**(call.get("changes") or {}), **({} if strategy is None else {"strategy": strategy})}
    return compare(
        scenario,
        arms,
        worlds=_world_of(scenario) if world is None else world,
        runs=call.get("runs", RUNS),
        portfolio=call.get("portfolio"),
        mapping=call.get("mapping"),
        network=call.get("network"),
        rules=call.get("rules"),
        weeks=call.get("weeks"),
        seed=call.get("seed"),
        changes=changes,
        workers=call.get("workers"),
        executor=call.get("executor"),
        progress=call.get("progress"),
    )


def _world_of(scenario: ScenarioLike) -> str:
    return base_scenario(scenario)[0].world
