"""Outbreaks: the same run with and without a shock to some firms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Unpack

from sim.core.errors import SpecError
from sim.experiments.outbreak_losses import CHANNELS, CLOSED, closing, read_channels
from sim.experiments.outbreak_market import place_of
from sim.experiments.outbreak_result import BASE, RESCUED, SHOCKED, Outbreak
from sim.experiments.outbreak_runs import Branch, Call, jobs_of, plan_starts, run_starts
from sim.experiments.outbreak_shocks import Shock, read_rescue, read_shock
from sim.experiments.plan import ScenarioLike


def outbreak(
    scenario: ScenarioLike = "baseline",
    shock: str | Shock | None = None,
    *,
    shock_week: int = 0,
    rescue: str | Iterable[str | int] = (),
    channels: str | Sequence[str] | None = None,
    by_channel: bool = True,
    **call: Unpack[Call],
) -> Outbreak:
    """Run a scenario with and without a shock to some firms, from one burnt-in start.

    Parameters
    ----------
    scenario:
        Name, path or object.
    shock:
        ``firm:ID``, ``sector:NAME:SHARE``, ``hub:N``, ``random:N``, or an object of
        :mod:`sim.experiments.outbreak_shocks`. ID is a firm's row, or its own id in a user's network.
        Firms are chosen as they stand at week 0, anew for each run's own start. None with ``rescue``:
        the loss of those firms' defaults is told by preventing them.
    shock_week:
        When the firms fail, in weeks after the start.
    rescue:
        Firms that are kept alive, in a further branch with the shock; a rescued firm is not felled.
    channels:
        Contagion channels open in all branches: names, ``"none"``, or ``"all"`` (the default).
    by_channel:
        Also run each branch with each open channel closed, and with all closed.
    call:
        ``world, strategy, portfolio, mapping, network, rules, weeks, seed, changes, runs, workers,
        executor, progress``: see :class:`sim.experiments.outbreak_runs.Call`.

    Raises
    ------
    SpecError
        For anything impossible, before the first run where it can be known then.
    StoppedError
        When the work was interrupted.
    """
    opened = read_channels(channels)
    branches = _branches(opened, shock is None, bool(rescue), by_channel)
    plan = plan_starts(scenario, branches, call)
    if len(plan.worlds) != 1:
        raise SpecError("world", "", f"there are {len(plan.worlds)} worlds", "one")
    place = place_of(plan.scenario)
    saved = read_rescue(rescue, place)
    if shock is None and not saved:
        raise SpecError(
            "shock", "", "nothing is shocked and nobody is rescued", "a shock, or firms to rescue"
        )
    if isinstance(shock_week, bool) or not 0 <= shock_week < plan.scenario.weeks:
        problem = f"week {shock_week!r} is not in the run"
        raise SpecError("shock_week", "", problem, f"0 to {plan.scenario.weeks - 1}")
    chosen = None if shock is None else read_shock(shock, place)
    results = run_starts(jobs_of(plan, branches, chosen, shock_week, saved), call)
    text = None if chosen is None else chosen.text
    return Outbreak(plan, place, text, shock_week, saved, opened, results)


def _branches(
    channels: tuple[str, ...], preventing: bool, rescuing: bool, by_channel: bool
) -> dict[str, Branch]:
    """The branches of an outbreak; where a default is prevented, the base is the rescued run."""
    always = closing([name for name in CHANNELS if name not in channels])
    made = {
        BASE: Branch(always, rescued=preventing, tables=True),
        SHOCKED: Branch(always, shocked=not preventing, tables=True),
    }
    if rescuing and not preventing:
        made[RESCUED] = Branch(always, shocked=True, rescued=True, tables=True)
    if not by_channel or not channels:
        return made
    settings = {CLOSED: closing(CHANNELS)}
    if len(channels) > 1:
        settings |= {f"without_{name}": {**always, **closing([name])} for name in channels}
    for setting, changes in settings.items():
        made[f"{BASE}_{setting}"] = Branch(changes, rescued=preventing)
        made[f"{SHOCKED}_{setting}"] = Branch(changes, shocked=not preventing)
    return made
