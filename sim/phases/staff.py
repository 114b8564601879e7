"""What a collector's staff can do in a week: dials and visits, in whole numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.collection import Capacity
from sim.phases.sanctions import staff_present

if TYPE_CHECKING:
    from sim.phases.state import State


def whole(rate: float, week: int) -> int:
    """What a weekly rate comes to in week ``week`` (0 or later): fractions are carried over.

    Over weeks the sum stays within one of rate x weeks, so that staff for a third of a visit a week
    makes one every third week.
    """
    return math.floor(rate * (week + 1)) - math.floor(rate * week)


def visits_a_week(state: State, number: int) -> float:
    """Visits a week that a collector's staff can make, fractions included."""
    return state.world.collection.field_visits.value * _thousands(state, number)


def capacity_of(state: State, number: int) -> Capacity:
    """Dials and visits that a collector's staff can make this week; analysts do not dial."""
    numbers = state.world.collection
    trained = state.collectors.analysts[number] * numbers.dials_per_caller.value
    dials = max(0.0, numbers.human_dials.value * _thousands(state, number) - trained)
    return Capacity(whole(dials, state.clock), whole(visits_a_week(state, number), state.clock))


def _thousands(state: State, number: int) -> float:
    """Thousands of borrowers that the collector has staff for."""
    spec = state.spec.collectors[number]
    thousands = np.count_nonzero(state.borrowers.wage) / 1000 * spec.capacity * spec.effort
    return float(thousands * staff_present(state, number))
