"""A cloud platform: one queue over all regions, reminders before the due date, checks built in."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.collection.cases import Capacity, Cases
from sim.collection.names import FIELD, HUMAN, LATE, MESSENGER, MIDDLE, TEXT
from sim.collection.registry import register_strategy
from sim.collection.selection import dials_by_age, open_cases
from sim.collection.treatment import Treatment

#: Dials a week for a case (assumption: as in ``traditional``, so that the platform alone differs).
DIALS: Final = 7


@register_strategy("cloud_platform")
class CloudPlatform:
    """People work as one remote team: idle staff of a region takes the cases of another.

    The workflow starts with a reminder before the due date, and each contact is checked against the
    rules before it is made. Visits stay where the staff is.
    """

    name = "cloud_platform"
    receivable_channel = "digital"
    pooled_capacity = True
    remote_staff = True
    before_due = True
    checks_contacts = True

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """Messages to all, calls by balance and age, plans from 31 days on, visits for late debts."""
        treatment = Treatment.nothing(cases.account.shape[0])
        asked = open_cases(cases)
        order = (cases.balance * (1.0 + cases.days_past_due / 30.0)).astype(np.float32)
        treatment.use(TEXT, 1, where=~cases.on_plan)
        treatment.use(MESSENGER, 1, where=asked & cases.has_app)
        treatment.use(HUMAN, dials_by_age(cases, DIALS), where=asked, priority=order)
        late = asked & (cases.stage >= LATE)
        treatment.use(FIELD, 1, where=late)
        treatment.offer_plan = cases.stage >= MIDDLE
        treatment.offer_proof = np.array(cases.has_app)
        return treatment
