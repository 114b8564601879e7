"""How far each account came in the funnel of collection: the steps as bits."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.collection import Outcome
from sim.core.columns import U8

#: Tried; reached on some channel; talked to; agreed to a promise, plan or settlement; kept one.
TRIED: Final = 1
REACHED: Final = 2
TALKED: Final = 4
PROMISED: Final = 8
KEPT: Final = 16


def steps_of(outcome: Outcome) -> U8:
    """The steps that a week of work brought each case to; whether it is kept shows later."""
    agreed = outcome.promise | outcome.plan | outcome.settlement
    found = (
        (outcome.attempts > 0) * TRIED
        + (outcome.contacts > 0) * REACHED
        + (outcome.conversations > 0) * TALKED
        + agreed * PROMISED
    )
    return np.asarray(found, np.uint8)
