"""Scores steer people: whom to call first, and when."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.collection.cases import Capacity, Cases
from sim.collection.names import FIELD, FIRM, HUMAN, LATE, MIDDLE, TEXT
from sim.collection.registry import register_strategy
from sim.collection.selection import dials_by_age, open_cases
from sim.collection.treatment import Treatment

#: Dials a week for a case worked (assumption: call times are chosen, so fewer are needed).
DIALS: Final = 5
#: Cases scored above it wait until the others are done (assumption: hardly any prospect).
HOPELESS: Final = 0.85


@register_strategy("ai_recognition")
class AiRecognition:
    """People do all the work; a score chooses their cases and call times.

    Cases are worked in the order of their expected loss (balance times risk), those with hardly any
    prospect last. All get a weekly text; there are no robots, no app and no third parties.
    """

    name = "ai_recognition"
    learns = True
    receivable_channel = "human"

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """Scored calls in the order of expected loss, visits for the largest late debts."""
        treatment = Treatment.nothing(cases.account.shape[0])
        asked = open_cases(cases)
        hope = cases.risk <= HOPELESS
        loss = np.where(hope, cases.balance * cases.risk, -1.0 + cases.balance * 1e-12).astype(np.float32)
        treatment.use(TEXT, 1, where=~cases.on_plan)
        treatment.use(HUMAN, dials_by_age(cases, DIALS), where=asked, priority=loss, tone=FIRM)
        late = asked & hope & (cases.stage >= LATE)
        treatment.use(FIELD, 1, where=late)
        treatment.scored_calls[:] = True
        treatment.offer_plan = (cases.stage == MIDDLE) | (cases.stage == LATE)
        return treatment
