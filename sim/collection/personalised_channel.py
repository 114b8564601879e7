"""The channel by age: messenger for the young, text for the middle-aged, post for the old."""

from __future__ import annotations

from typing import Final

from sim.collection.cases import Capacity, Cases
from sim.collection.names import FIRM, HUMAN, LETTER, MESSENGER, MIDDLE, TEXT
from sim.collection.registry import register_strategy
from sim.collection.selection import open_cases
from sim.collection.treatment import Treatment

#: Messages a week, and dials a week for debts over 30 days late (assumptions).
MESSAGES: Final = 3
DIALS: Final = 2
#: Weeks without a contact after which an old borrower gets a letter (assumption).
UNREACHED: Final = 4
YOUNG, MIDDLE_AGED, OLD = 0, 1, 2


def follow_up(treatment: Treatment, cases: Cases) -> Treatment:
    """Two calls a week for debts over 30 days late, and plans: the same in both strategies here."""
    late = open_cases(cases) & (cases.stage >= MIDDLE)
    treatment.use(HUMAN, DIALS, where=late, priority=cases.balance.astype("float32"), tone=FIRM)
    treatment.offer_plan = cases.stage >= MIDDLE
    return treatment


@register_strategy("personalised_channel")
class PersonalisedChannel:
    """Messages where each age group reads them, with a small follow-up by people."""

    name = "personalised_channel"
    receivable_channel = "digital"

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """Messenger for the young, text for the middle-aged, a letter and texts for the old."""
        treatment = Treatment.nothing(cases.account.shape[0])
        asked = open_cases(cases)
        young, old = cases.age_group == YOUNG, cases.age_group == OLD
        # who has no messenger gets the same by text
        by_messenger = young & cases.has_app
        treatment.use(MESSENGER, MESSAGES, where=asked & by_messenger)
        treatment.use(TEXT, MESSAGES, where=asked & ~by_messenger & ~old)
        treatment.use(TEXT, MESSAGES - 1, where=asked & old)
        treatment.use(LETTER, 1, where=asked & old & (cases.weeks_since_contact >= UNREACHED))
        return follow_up(treatment, cases)


@register_strategy("single_channel")
class SingleChannel:
    """The same number of messages by text for everybody: the yardstick of ``personalised_channel``."""

    name = "single_channel"
    receivable_channel = "digital"

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """Texts for all, and the same follow-up."""
        treatment = Treatment.nothing(cases.account.shape[0])
        treatment.use(TEXT, MESSAGES, where=open_cases(cases))
        return follow_up(treatment, cases)
