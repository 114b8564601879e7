"""What a run leaves for its measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sim.agents.tables import PlacementColumns
from sim.core.columns import F32, Bool


class RunRecord(NamedTuple):
    """Tables and sums of the measured weeks; money in fen."""

    placements: PlacementColumns
    placements_used: int
    series: Sequence[dict[str, float | int | None]]
    events: Sequence[dict[str, Any]]
    causes: Sequence[tuple[int, str, str, int, int, float]]  # event, channel, kind, agent, parent, share
    borrowers: int
    firms: int
    weeks: int
    discount_rate: float  # a year
    sleep_base_rate: float
    sleep_odds_ratio: float
    normal_output: int  # fen a week
    due_predictions: tuple[F32, Bool]  # chance that the next due payment is missed, and whether it was
    late_predictions: tuple[F32, Bool]  # chance of no cure within 13 weeks, and whether there was none
    country_debt: float = 0.0  # delinquent household debt of a country, bn yuan


class MeasureValue(NamedTuple):
    """A measure's value, or None with the reason why it is undefined."""

    value: float | None
    reason: str | None = None


def ratio(part: float, whole: float, reason: str) -> MeasureValue:
    """``part`` over ``whole``; undefined with ``reason`` where there is nothing to divide by."""
    return MeasureValue(float(part) / float(whole)) if whole else MeasureValue(None, reason)
