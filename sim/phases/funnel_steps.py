"""How far each account came in the funnel of collection: the steps as bits."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.core.kernel import kernel_step

#: Tried; reached on some channel; talked to; agreed to a promise, plan or settlement; kept one.
TRIED: Final = 1
REACHED: Final = 2
TALKED: Final = 4
PROMISED: Final = 8
KEPT: Final = 16


@kernel_step
def steps_of(case, outcome):  # type: ignore[no-untyped-def]
    """The steps that a week of work brought a case to; whether it is kept shows later."""
    found = (outcome.attempts[case] > 0) * TRIED
    found += (outcome.contacts[case] > 0) * REACHED
    found += (outcome.conversations[case] > 0) * TALKED
    found += (outcome.promise[case] | outcome.plan[case] | outcome.settlement[case]) * PROMISED
    return np.uint8(found)
