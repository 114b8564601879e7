"""How good predictions of a yes-or-no event are. ``predicted`` are chances, ``happened`` truth values."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.core.columns import F32, F64, Bool

#: Bins of equal width in which predictions are held against what happened.
BINS = 10


def accuracy(predicted: F32 | F64, happened: Bool, cutoff: float = 0.5) -> float:
    """Share of cases in which ``predicted > cutoff`` is what happened."""
    return float(((predicted > cutoff) == happened).mean())


def base_rate(happened: Bool) -> float:
    """Accuracy of saying the same of everybody: the share of the more frequent outcome."""
    share = float(happened.mean())
    return max(share, 1.0 - share)


def area_under_curve(predicted: F32 | F64, happened: Bool) -> float | None:
    """Chance that a random event was given a higher chance than a random non-event, ties by half.

    The Mann-Whitney form of the area under the receiver operating characteristic (Hanley and McNeil,
    Radiology 143, 1982). None where everything or nothing happened.
    """
    events = int(happened.sum())
    others = len(happened) - events
    if events == 0 or others == 0:
        return None
    ranks = pd.Series(predicted).rank().to_numpy()  # SciPy's statistics would double the time of a start
    return float((ranks[happened].sum() - events * (events + 1) / 2) / (events * others))


def brier_score(predicted: F32 | F64, happened: Bool) -> float:
    """Mean squared difference of chance and outcome (Brier, Monthly Weather Review 78, 1950)."""
    return float(((predicted.astype(np.float64) - happened) ** 2).mean())


def calibration_error(predicted: F32 | F64, happened: Bool) -> float:
    """Mean distance of predicted chance and observed share over ten bins, weighted by their cases.

    The expected calibration error (Naeini, Cooper and Hauskrecht, AAAI 2015).
    """
    place = np.minimum((predicted * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(place, weights=predicted - happened, minlength=BINS)
    return float(np.abs(gaps).sum() / len(happened))
