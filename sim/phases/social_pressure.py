"""Social media: complaints above what is normal restrain a collector and bring inspections."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sim.collection import Cases, Treatment, with_effort
from sim.collection.names import FIELD, HUMAN

if TYPE_CHECKING:
    from sim.phases.state import State


def under_pressure(state: State, number: int) -> bool:
    """Whether a collector gives way to social media this week."""
    level = state.world.supervision.social_pressure_level.value
    return state.spec.harm.social_pressure and float(state.collectors.social_pressure[number]) > level


def restrained(state: State, number: int, planned: Treatment, cases: Cases) -> Treatment:
    """The treatment without the share of calls and visits that a collector under pressure drops."""
    if not under_pressure(state, number):
        return planned
    kept = 1.0 - state.world.supervision.social_pressure_response.value
    thinned = with_effort(planned, cases, kept, seed=state.seed, week=state.clock, luck="social_pressure")
    attempts = planned.attempts.copy()
    for channel in (HUMAN, FIELD):
        attempts[:, channel] = thinned.attempts[:, channel]
    return replace(planned, attempts=attempts)


def inspection_factor(state: State, number: int) -> float:
    """What social-media pressure multiplies the chance of an inspection by."""
    if not state.spec.harm.social_pressure:
        return 1.0
    return 1.0 + float(state.collectors.social_pressure[number])


def spread(state: State) -> None:
    """Pressure follows the week's complaints: their number over the normal one, less 1, at least 0.

    Normal are ``supervision.social_pressure_normal`` for each account contacted, and one at least (a
    single complaint is no campaign: assumption). Pressure moves towards that excess with
    ``supervision.social_pressure_speed``. Nothing happens where the scenario leaves it off.
    """
    if not state.spec.harm.social_pressure:
        return
    n, pressure = state.world.supervision, state.collectors.social_pressure
    normal = n.social_pressure_normal.value / 1000
    for number in range(len(pressure)):
        expected = max(1.0, normal * int(state.week_contacted[number]))
        excess = max(0.0, int(state.week_complaints[number]) / expected - 1.0)
        pressure[number] += n.social_pressure_speed.value * (excess - pressure[number])
