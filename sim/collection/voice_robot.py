"""A voice robot that reads the borrower's state works small debts, people the others."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.collection.cases import Capacity, Cases
from sim.collection.names import GENTLE, HUMAN, MIDDLE, ROBOT, TEXT
from sim.collection.registry import register_strategy
from sim.collection.selection import open_cases
from sim.collection.treatment import Treatment

#: Balances of at most so much, fen, are low-value debts and the robot's (assumption).
LOW_VALUE: Final = 400_000
#: Calls of the robot, and of people where they work, a week (assumptions).
ROBOT_CALLS: Final = 4
DIALS: Final = 4
#: Attempts and weeks without a payment after which people take a case over (assumptions).
PATIENCE_ATTEMPTS: Final = 60
PATIENCE_WEEKS: Final = 13


@register_strategy("voice_robot")
class VoiceRobot:
    """The robot calls, listens for the borrower's state and chooses its tone: gentle but firm.

    Debts of high value, and small ones that the robot tried long in vain, go to people.
    """

    name = "voice_robot"
    receivable_channel = "digital"

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """Robot calls that read the state for small debts, calls of people for the rest."""
        treatment = Treatment.nothing(cases.account.shape[0])
        asked = open_cases(cases)
        tried = (cases.attempts_made >= PATIENCE_ATTEMPTS) & (cases.weeks_since_payment >= PATIENCE_WEEKS)
        people = (cases.balance > LOW_VALUE) | tried
        treatment.use(TEXT, 1, where=~cases.on_plan)
        treatment.use(ROBOT, ROBOT_CALLS, where=asked & ~people)
        treatment.use(HUMAN, DIALS, where=asked & people, priority=cases.balance.astype(np.float32))
        treatment.tone[~people] = GENTLE
        treatment.reads_state = ~people
        treatment.offer_plan = cases.stage >= MIDDLE
        return treatment
