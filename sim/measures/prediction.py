"""Measures of predictions, made before and held against what happened afterwards."""

from __future__ import annotations

from collections.abc import Callable

from sim.core.columns import F32, Bool
from sim.measures.record import MeasureValue, RunRecord
from sim.prediction import accuracy, area_under_curve, base_rate, brier_score, calibration_error

_NOBODY = "nobody predicted"
_ONE_OUTCOME = "the same happened in every case"


def _of_due(record: RunRecord, score: Callable[[F32, Bool], float | None]) -> MeasureValue:
    predicted, happened = record.due_predictions
    if len(predicted) == 0:
        return MeasureValue(None, _NOBODY)
    value = score(predicted, happened)
    return MeasureValue(None, _ONE_OUTCOME) if value is None else MeasureValue(value)


def prediction_accuracy(record: RunRecord) -> MeasureValue:
    """Share of predictions of the next due payment that came true, at a cut-off of one half."""
    return _of_due(record, accuracy)


def prediction_auc(record: RunRecord) -> MeasureValue:
    """Area under the curve of these predictions."""
    return _of_due(record, area_under_curve)


def prediction_brier(record: RunRecord) -> MeasureValue:
    """Brier score of these predictions."""
    return _of_due(record, brier_score)


def prediction_calibration(record: RunRecord) -> MeasureValue:
    """Expected calibration error of these predictions."""
    return _of_due(record, calibration_error)


def prediction_base_rate(record: RunRecord) -> MeasureValue:
    """Accuracy of predicting the same of everybody."""
    return _of_due(record, lambda _, happened: base_rate(happened))


def score_auc(record: RunRecord) -> MeasureValue:
    """Area under the curve of collectors' learned scores: no cure within 13 weeks."""
    predicted, happened = record.late_predictions
    if len(predicted) == 0:
        return MeasureValue(None, _NOBODY)
    value = area_under_curve(predicted, happened)
    return MeasureValue(None, _ONE_OUTCOME) if value is None else MeasureValue(value)
