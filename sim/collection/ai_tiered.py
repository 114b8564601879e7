"""Amount times credit decides: machines work the low tier, professionals the high tier."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.collection.cases import Capacity, Cases
from sim.collection.names import APP, CHARGED_OFF, FIELD, FIRM, GENTLE, HUMAN, LATE, MIDDLE, ROBOT, TEXT
from sim.collection.registry import register_strategy
from sim.collection.selection import open_cases, upper_share_by_stage
from sim.collection.treatment import Treatment
from sim.core.columns import F32

#: Dials a week for a case of the high tier (assumption: call times are chosen, so fewer are needed).
DIALS: Final = 3
#: Robot calls a week for a case of the low tier (assumption).
ROBOT_CALLS: Final = 3
#: Largest share of a stage that people work, however many they are (assumption).
HIGH_TIER_MOST: Final = 0.5


@register_strategy("ai_tiered")
class AiTiered:
    """Ranks cases by expected loss (balance times risk) within each stage.

    As many of the highest as the staff can work, and at most half of a stage, go to professionals
    whose call times are scored; robot, text and app work the rest and all charged-off debts. No
    third parties.
    """

    name = "ai_tiered"
    learns = True
    receivable_channel = "digital"

    def value(self, cases: Cases) -> F32:
        """What a case is ranked by: its expected loss, fen."""
        return (cases.balance * cases.risk).astype(np.float32)

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """Scored human calls above the cut-off of the stage, machines below it."""
        treatment = Treatment.nothing(cases.account.shape[0])
        asked = open_cases(cases)
        loss = self.value(cases)
        active = asked & (cases.stage < CHARGED_OFF)
        count = int(np.count_nonzero(active))
        staffed = capacity.dials / (DIALS * count) if count else 0.0
        high = upper_share_by_stage(loss, active, cases.stage, min(HIGH_TIER_MOST, staffed))
        low = asked & ~high
        treatment.use(TEXT, 1, where=~cases.on_plan)
        treatment.use(HUMAN, DIALS, where=high, priority=loss, tone=FIRM)
        late = high & (cases.stage >= LATE)
        treatment.use(FIELD, 1, where=late)
        treatment.use(ROBOT, ROBOT_CALLS, where=low, tone=GENTLE)
        treatment.use(APP, 1, where=low & cases.has_app)
        treatment.scored_calls[:] = True
        treatment.offer_plan = high & ((cases.stage == MIDDLE) | (cases.stage == LATE))
        treatment.offer_proof = np.array(cases.has_app)
        return treatment


@register_strategy("amount_tiered")
class AmountTiered(AiTiered):
    """``ai_tiered`` with tiers by amount alone: one part of what it does."""

    name = "amount_tiered"

    def value(self, cases: Cases) -> F32:
        """The balance, fen."""
        return cases.balance.astype(np.float32)


@register_strategy("risk_tiered")
class RiskTiered(AiTiered):
    """``ai_tiered`` with tiers by credit score alone: the other part."""

    name = "risk_tiered"

    def value(self, cases: Cases) -> F32:
        """The chance of not paying."""
        return np.array(cases.risk)
