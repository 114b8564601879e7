"""Skip tracing: a search is bought for borrowers whom nobody reaches any more."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.collection.cases import Capacity, Cases
from sim.collection.modules import Module, register_module
from sim.collection.treatment import Treatment

#: Weeks without contact, and attempts in vain since placement, before a search is worth its price
#: (assumption).
SILENT_WEEKS: Final = 8
ATTEMPTS: Final = 10


@register_module("skip_tracing")
class SkipTracing(Module):
    """Searches for borrowers not contacted for 8 weeks in spite of 10 attempts or more."""

    def adjust(self, treatment: Treatment, cases: Cases, capacity: Capacity) -> Treatment:
        """Adds the search; what the strategy does otherwise stays."""
        lost = (cases.weeks_since_contact >= SILENT_WEEKS) & (cases.attempts_made >= ATTEMPTS)
        treatment.skip_trace = np.asarray(treatment.skip_trace | lost, np.bool_)
        return treatment
