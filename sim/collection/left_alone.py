"""No collection at all: the yardstick of every effect."""

from __future__ import annotations

from sim.collection.cases import Capacity, Cases
from sim.collection.registry import register_strategy
from sim.collection.treatment import Treatment


@register_strategy("left_alone")
class LeftAlone:
    """Attempts nothing; late borrowers pay, or not, of their own accord."""

    name = "left_alone"
    receivable_channel = None

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """An empty treatment."""
        return Treatment.nothing(cases.account.shape[0])
