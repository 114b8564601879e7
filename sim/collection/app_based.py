"""Self-service in an app for all who can be reached there; people work the rest."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.collection.cases import Capacity, Cases
from sim.collection.names import APP, GENTLE, HUMAN, LATE, MESSENGER, MIDDLE, TEXT
from sim.collection.registry import register_strategy
from sim.collection.selection import dials_by_age, open_cases
from sim.collection.treatment import Treatment

#: App notices and messages a week, and dials for those without the app (assumptions).
NOTICES: Final = 2
MESSAGES: Final = 1
DIALS: Final = 5


def self_service(treatment: Treatment, cases: Cases) -> Treatment:
    """Add app notices, plans that can be negotiated and proof upload for all who have the app.

    Plans are offered between 31 and 180 days late only: giving time to everyone late would flatter
    the app, as longer terms brought no rise of repayment in a large trial (Dobbie and Song 2020).
    """
    treatment.use(APP, NOTICES, where=cases.has_app & ~cases.on_plan)
    treatment.offer_plan |= cases.has_app & ((cases.stage == MIDDLE) | (cases.stage == LATE))
    treatment.offer_proof |= cases.has_app
    treatment.negotiate |= cases.has_app
    return treatment


@register_strategy("app_based")
class AppBased:
    """Gentle notices in app and messenger with plan and proof upload; calls only without the app."""

    name = "app_based"
    receivable_channel = "digital"

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """App and messenger for those who have them, calls and a text for the others."""
        treatment = self_service(Treatment.nothing(cases.account.shape[0]), cases)
        asked = open_cases(cases)
        rest = asked & ~cases.has_app
        treatment.use(MESSENGER, MESSAGES, where=asked & cases.has_app)
        treatment.use(TEXT, 1, where=~cases.has_app & ~cases.on_plan)
        treatment.use(
            HUMAN, dials_by_age(cases, DIALS), where=rest, priority=cases.balance.astype(np.float32)
        )
        treatment.tone[:] = GENTLE
        return treatment
