"""Mass calls and field visits by people, the biggest and oldest debts first."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.collection.cases import Capacity, Cases
from sim.collection.names import FIELD, HARD, HUMAN, LATE, TEXT
from sim.collection.registry import register_strategy
from sim.collection.selection import dials_by_age, open_cases
from sim.collection.treatment import Treatment

#: Dials a week planned for each case before a charge-off: one a day (assumption).
DIALS: Final = 7


@register_strategy("traditional")
class Traditional:
    """The same for everyone, harder as the debt ages; the staff works its list from the top.

    All cases get a weekly text. People dial each open case daily as far as the staff goes, visit the
    biggest late and charged-off debts, and turn to relatives and employers once a debt is late. What
    the rules forbid of this, the rules stop.
    """

    name = "traditional"
    receivable_channel = "human"

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """Seven dials (one once charged off), a text, visits for late debts; hard from 91 days on."""
        treatment = Treatment.nothing(cases.account.shape[0])
        asked = open_cases(cases)
        late = asked & (cases.stage >= LATE)
        order = (cases.balance * (1.0 + cases.days_past_due / 30.0)).astype(np.float32)
        treatment.use(TEXT, 1, where=~cases.on_plan)
        treatment.use(HUMAN, dials_by_age(cases, DIALS), where=asked, priority=order)
        treatment.use(FIELD, 1, where=late)
        treatment.tone[late] = HARD
        treatment.third_party = late
        return treatment
