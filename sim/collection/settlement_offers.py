"""Settlements: what may be forgiven, and a module that offers it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from sim.collection.cases import Capacity, Cases
from sim.collection.modules import Module, register_module
from sim.collection.names import CHARGED_OFF
from sim.collection.treatment import Treatment

#: Discounts offered within a year of the last payment due, and later (assumption).
DISCOUNT: Final = 0.3
DISCOUNT_OLD: Final = 0.5
OLD_DAYS: Final = 365


def within_allowance(treatment: Treatment, cases: Cases, most: float, most_late: float) -> Treatment:
    """The treatment with its discounts cut to what the lender allows: ``most`` of the balance once it is
    charged off, ``most_late`` before; 0: no settlement."""
    if not treatment.settlement.any():
        return treatment
    allowed = np.where(cases.stage == CHARGED_OFF, most, most_late)
    offered = np.minimum(treatment.settlement, allowed).astype(np.float32)
    return replace(treatment, settlement=offered)


@register_module("settlement_offers")
class SettlementOffers(Module):
    """Offers to close charged-off accounts for a part of the balance, the older the smaller a part."""

    def adjust(self, treatment: Treatment, cases: Cases, capacity: Capacity) -> Treatment:
        """A discount of .3, and .5 for debts over a year late; debts on the books get none."""
        discount = np.where(cases.days_past_due > OLD_DAYS, DISCOUNT_OLD, DISCOUNT)
        treatment.settlement = np.where(cases.stage == CHARGED_OFF, discount, 0.0).astype(np.float32)
        return treatment
