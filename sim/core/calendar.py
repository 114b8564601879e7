"""The 4-4-5 calendar: 52 weeks and 12 months a year, months of 4, 4 and 5 weeks."""

from __future__ import annotations

import numpy as np

from sim.core.kernel import shared_step

WEEKS_PER_YEAR = 52
MONTHS_PER_YEAR = 12
#: First week of each month within a year.
MONTH_STARTS = np.array([0, 4, 8, 13, 17, 21, 26, 30, 34, 39, 43, 47], dtype=np.int64)
#: Mean weeks a month: amounts a month are amounts a week times this.
WEEKS_PER_MONTH = WEEKS_PER_YEAR / MONTHS_PER_YEAR
#: Week of the year of the Spring Festival (mid-February most years).
SPRING_FESTIVAL_WEEK = 6


@shared_step
def month_of(week):  # type: ignore[no-untyped-def]
    """Months since week 0 (week 0 to 3 -> 0); weeks before 0 count backwards."""
    year = week // 52
    inside = week - year * 52
    quarter = inside // 13
    rest = inside - quarter * 13
    third = 0 if rest < 4 else (1 if rest < 8 else 2)
    return year * 12 + quarter * 3 + third


@shared_step
def month_start(month):  # type: ignore[no-untyped-def]
    """First week of a month counted from week 0."""
    year = month // 12
    inside = month - year * 12
    quarter = inside // 3
    return year * 52 + quarter * 13 + (inside - quarter * 3) * 4


@shared_step
def is_due_week(week, offset):  # type: ignore[no-untyped-def]
    """Whether an account with due-week ``offset`` (0..3) in the month is due in ``week``."""
    return week == month_start(month_of(week)) + offset


@shared_step
def last_due_month(week, offset):  # type: ignore[no-untyped-def]
    """The month of the newest due date at or before ``week``."""
    month = month_of(week)
    if week < month_start(month) + offset:
        month -= 1
    return month


@shared_step
def weeks_since_oldest_unpaid(week, offset, unpaid):  # type: ignore[no-untyped-def]
    """Weeks since the ``unpaid``-th newest due date (0 when nothing is unpaid).

    Payments settle the oldest debt first, so with ``unpaid`` instalments open the oldest of
    them fell due that many due dates ago.
    """
    if unpaid <= 0:
        return 0
    month = last_due_month(week, offset) - (unpaid - 1)
    return week - (month_start(month) + offset)
