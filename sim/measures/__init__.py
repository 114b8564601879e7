"""Measures: one definition each, used by tables, JSON, reports and dashboard alike."""

from sim.measures.definitions import MEASURES, Measure, compute_measures
from sim.measures.record import MeasureValue, RunRecord

__all__ = ["MEASURES", "Measure", "MeasureValue", "RunRecord", "compute_measures"]
