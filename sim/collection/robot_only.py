"""A voice robot works every case and nobody takes over: the arm of trials of machines against people."""

from __future__ import annotations

from sim.collection.cases import Capacity, Cases
from sim.collection.names import MIDDLE, ROBOT, TEXT
from sim.collection.registry import register_strategy
from sim.collection.selection import open_cases
from sim.collection.treatment import Treatment
from sim.collection.voice_robot import ROBOT_CALLS


@register_strategy("robot_only")
class RobotOnly:
    """The same calls for all, by machine, without reading the borrower's state."""

    name = "robot_only"
    receivable_channel = "digital"

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """Messages and robot calls to everybody in arrears, plans from 31 days on."""
        treatment = Treatment.nothing(cases.account.shape[0])
        treatment.use(TEXT, 1, where=~cases.on_plan)
        treatment.use(ROBOT, ROBOT_CALLS, where=open_cases(cases))
        treatment.offer_plan = cases.stage >= MIDDLE
        return treatment
