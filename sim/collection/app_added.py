"""The traditional treatment with the self-service app beside it."""

from __future__ import annotations

from sim.collection.app_based import self_service
from sim.collection.cases import Capacity, Cases
from sim.collection.registry import register_strategy
from sim.collection.traditional import Traditional
from sim.collection.treatment import Treatment


@register_strategy("app_added")
class AppAdded:
    """Everything of ``traditional``, and app notices, plans and proof upload for those who have it."""

    name = "app_added"
    receivable_channel = "human"

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """Calls and visits as before; nobody loses a human attempt to the app."""
        return self_service(Traditional().decide(cases, capacity), cases)
