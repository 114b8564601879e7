"""Staff that comes to fractions of a dial or visit a week: nothing is lost, however small the lender."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears import Ecosystem
from sim.collection import Capacity, Cases, Treatment, register_strategy
from sim.phases.staff import visits_a_week, whole


@register_strategy("test_only_visits")
class OnlyVisits:
    """Wants everybody visited."""

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        return Treatment.nothing(len(cases.account)).use("field", 1)


@given(rate=st.floats(0, 5_000), first=st.integers(0, 2_000), weeks=st.integers(1, 200))
def test_fractions_are_carried_over(rate: float, first: int, weeks: int) -> None:
    made = [whole(rate, first + week) for week in range(weeks)]
    assert {math.floor(rate) - 1, math.floor(rate), math.ceil(rate), math.ceil(rate) + 1} >= set(made)
    assert abs(sum(made) - rate * weeks) <= 1 + 1e-6


@pytest.mark.parametrize("borrowers", [1_000, 6_000])
def test_as_many_visits_are_made_as_the_staff_has_time_for(borrowers: int) -> None:
    """Whatever the lender's size and the regions of the debts that a strategy would choose."""
    model = Ecosystem(
        "baseline",
        rng=4,
        borrowers=borrowers,
        firms=100,
        burn_in=20,
        strategy="test_only_visits",
        rules="none",
    )
    rates = [visits_a_week(model.state, number) for number in (0, 1)]
    assert rates[0] < 1 or borrowers > 1_000  # not a whole visit a week
    model.run(51)
    regions = len(np.unique(model.state.borrowers.region))
    made = model.series()["attempts"].sum()
    assert made == pytest.approx(50 * sum(rates), abs=2 * regions)  # the staff rests in one week


def test_the_usual_strategy_uses_its_visits() -> None:
    model = Ecosystem("baseline", rng=4, borrowers=6_000, firms=100, burn_in=20, rules="none")
    free = model.branch({"world.collection.field_visits": 0.0})
    spent = [run.run(51).series()["collection_cost"].sum() / 100 for run in (model, free)]
    channel = model.world.collection.channels["field"].cost_attempt.value
    late = visits_a_week(model.state, 1)  # the agency's; a lender's own team has no late debts
    assert spent[0] - spent[1] > 0.7 * 50 * late * channel
