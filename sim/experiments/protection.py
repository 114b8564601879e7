"""Firms that are protected from a shock: named like one, or by what they sell to those it fells."""

from __future__ import annotations

import numpy as np

from sim.core.columns import I64
from sim.core.errors import SpecError
from sim.experiments.outbreak_market import Market, Place, hub_order
from sim.experiments.outbreak_shocks import FORMS, CountedFirms, Shock, count_in, read_shock

PROTECTED = "firm:ID, sector:NAME:SHARE, hub:N, random:N or exposed:N"


class Exposed(CountedFirms):
    """The firms that sell the largest share of their sales to firms which the shock fells.

    It is what tracing the contacts of a case (ring vaccination) is among people.
    """

    kind = "exposed"

    def choose(self, market: Market, seed: int) -> I64:
        """Living firms by falling exposure, then as hubs; :class:`SpecError` where nothing was felled."""
        if market.exposure is None:
            raise SpecError("protect", self.text, "no firm is made to fail", "together with a shock")
        order = hub_order(market)
        return np.sort(order[np.argsort(-market.exposure[order], kind="stable")][: self.count])


def needs_shock(given: str) -> bool:
    """Whether a protection says nothing without a shock."""
    return given.strip().partition(":")[0] == Exposed.kind


def read_protected(given: str, place: Place, source: str = "protect") -> Shock:
    """Whom a text protects. Raises :class:`SpecError` like
    :func:`sim.experiments.outbreak_shocks.read_shock`."""
    if needs_shock(given):
        found = Exposed(count_in(given.strip().partition(":")[2], given, source))
        found.check(place, source)
        return found
    try:
        return read_shock(given, place, source)
    except SpecError as error:
        allowed = PROTECTED if error.allowed == FORMS else error.allowed
        raise SpecError(error.source, error.field, error.problem, allowed) from None
