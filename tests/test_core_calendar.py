"""The 4-4-5 calendar against a walk through the weeks in plain Python."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.calendar import (
    MONTH_STARTS,
    MONTHS_PER_YEAR,
    SPRING_FESTIVAL_WEEK,
    WEEKS_PER_MONTH,
    WEEKS_PER_YEAR,
    is_due_week,
    last_due_month,
    month_of,
    month_start,
    weeks_since_oldest_unpaid,
)

LENGTHS = (4, 4, 5) * 4
OFFSETS = st.integers(0, 3)
WEEKS = st.integers(-520, 5200)


def plain_months(first: int, last: int) -> list[int]:
    """The month of each week from ``first`` to ``last``, counted month by month from week 0."""
    start = first // 52 - 1
    months = [m for year in range(start, last // 52 + 1) for m, n in enumerate(LENGTHS) for _ in range(n)]
    years = [year for year in range(start, last // 52 + 1) for _ in range(52)]
    all_months = [12 * year + month for year, month in zip(years, months, strict=True)]
    return all_months[first - 52 * start : last - 52 * start + 1]


def test_a_year() -> None:
    assert (sum(LENGTHS), len(LENGTHS)) == (WEEKS_PER_YEAR, MONTHS_PER_YEAR) == (52, 12)
    assert MONTH_STARTS.tolist() == [sum(LENGTHS[:m]) for m in range(12)]
    assert [month_start(m) for m in range(12)] == MONTH_STARTS.tolist()
    assert WEEKS_PER_MONTH == 52 / 12
    assert 0 < SPRING_FESTIVAL_WEEK < 13


def test_months_follow_one_another() -> None:
    weeks = range(-260, 1040)
    assert [month_of(week) for week in weeks] == plain_months(-260, 1039)


@given(week=WEEKS)
def test_a_week_lies_in_its_month(week: int) -> None:
    month = month_of(week)
    assert month_start(month) <= week < month_start(month + 1)
    assert month_start(month + 12) == month_start(month) + 52


@given(first=WEEKS, offset=OFFSETS)
def test_twelve_dues_in_any_52_weeks(first: int, offset: int) -> None:
    dues = [week for week in range(first, first + 52) if is_due_week(week, offset)]
    assert len(dues) == 12
    assert {b - a for a, b in itertools.pairwise(dues)} <= {4, 5}


@given(week=WEEKS, offset=OFFSETS)
def test_the_newest_due(week: int, offset: int) -> None:
    due = next(w for w in range(week, week - 6, -1) if is_due_week(w, offset))
    assert last_due_month(week, offset) == month_of(due)


@settings(max_examples=300, deadline=None)
@given(week=WEEKS, offset=OFFSETS, unpaid=st.integers(0, 30))
def test_the_oldest_unpaid_due_against_a_walk(week: int, offset: int, unpaid: int) -> None:
    found = 0
    passed = 0
    walker = week
    while passed < unpaid:
        if is_due_week(walker, offset):
            passed += 1
            found = week - walker
        walker -= 1
    assert weeks_since_oldest_unpaid(week, offset, unpaid) == found


def test_a_year_of_missed_dues_is_a_year_late() -> None:
    # the thirteenth newest due lies a year before the newest one
    assert weeks_since_oldest_unpaid(60, 0, 13) - weeks_since_oldest_unpaid(60, 0, 1) == 52
    # first weeks of months: 0, 4, 8, 13
    assert [weeks_since_oldest_unpaid(13, 0, n) for n in (1, 2, 3, 4)] == [0, 5, 9, 13]
