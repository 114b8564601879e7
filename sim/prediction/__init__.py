"""Prediction learned from observable history: classifiers, and how good their predictions are."""

from sim.prediction.classifier import Classifier, predict, train
from sim.prediction.scores import accuracy, area_under_curve, base_rate, brier_score, calibration_error

__all__ = [
    "Classifier",
    "accuracy",
    "area_under_curve",
    "base_rate",
    "brier_score",
    "calibration_error",
    "predict",
    "train",
]
