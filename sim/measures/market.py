"""Measures of the market of collection, scaled to a country, and of adoption."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.measures.record import MeasureValue, RunRecord, ratio

_YEAR = 52
#: Columns of the weekly series that together are what is paid for collection, fen.
SPENT = ("digital_spend", "traditional_spend")
_NOBODY = "no account was in arrears"


def _year_of(record: RunRecord, names: Sequence[str], back: int = 0) -> float:
    """Sum of weekly figures over the last year of the run, or the year ``back`` years before it."""
    end = len(record.series) - back * _YEAR
    return float(sum(row[name] or 0 for row in record.series[max(0, end - _YEAR) : end] for name in names))


def _scaled(record: RunRecord, names: Sequence[str]) -> MeasureValue:
    """A year's spending, times the country's delinquent debt over the run's mean book; bn yuan a year."""
    book = float(np.mean([float(row["placed_balance"] or 0) for row in record.series]))
    weeks = min(_YEAR, len(record.series))
    return ratio(_year_of(record, names) * _YEAR / weeks * record.country_debt, book, _NOBODY)


def market_size(record: RunRecord) -> MeasureValue:
    """What is paid for collection in a year, scaled to the country, bn yuan."""
    return _scaled(record, SPENT)


def digital_market_size(record: RunRecord) -> MeasureValue:
    """The part of it paid for work on digital channels, bn yuan."""
    return _scaled(record, SPENT[:1])


def digital_market_growth(record: RunRecord) -> MeasureValue:
    """Digital spending of the last year over that of the year before, less one."""
    if len(record.series) < 2 * _YEAR:
        return MeasureValue(None, f"the run has {len(record.series)} weeks, growth needs {2 * _YEAR}")
    grown = ratio(
        _year_of(record, SPENT[:1]), _year_of(record, SPENT[:1], 1), "nothing was spent the year before"
    )
    return grown if grown.value is None else MeasureValue(grown.value - 1)


def _last(record: RunRecord, name: str, reason: str) -> MeasureValue:
    found = record.series[-1][name]
    return MeasureValue(None, reason) if found is None else MeasureValue(float(found))


def digital_adoption(record: RunRecord) -> MeasureValue:
    """Share of placed accounts under digital strategies in the last week."""
    return _last(record, "digital_placed", "no account was placed in the last week")


def analyst_share(record: RunRecord) -> MeasureValue:
    """Analysts among callers and analysts in the last week."""
    return _last(record, "analyst_share", "collectors have no staff")
