"""Lenders, collectors and regulators: few, so each is an object of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mesa

if TYPE_CHECKING:
    from sim.phases.state import State


class _Institution(mesa.Agent):  # type: ignore[misc]
    """An agent that reads its figures from the state of its model."""

    def __init__(self, model: Any, number: int) -> None:
        super().__init__(model)
        self.number = number

    @property
    def _state(self) -> State:
        state: State = self.model.state
        return state


class Lender(_Institution):
    """A bank: lends to borrowers and firms, provisions, sets standards."""

    @property
    def capital(self) -> int:
        """Own funds after provisions, fen."""
        return int(self._state.lenders.capital[self.number])

    @property
    def npl_ratio(self) -> float:
        """Balance 91 to 180 days late over the book of household loans."""
        return float(self._state.lenders.npl_ratio[self.number])

    @property
    def standard(self) -> float:
        """Lending standard: 1 is usual, below it fewer new loans and shorter firm lines."""
        return float(self._state.lenders.standard[self.number])

    @property
    def household_loans(self) -> int:
        """Loans to borrowers on the books, fen."""
        return int(self._state.lenders.household_loans[self.number])

    @property
    def firm_loans(self) -> int:
        """Drawn lines of firms, fen."""
        return int(self._state.lenders.firm_loans[self.number])


class Collector(_Institution):
    """Works overdue accounts: in-house or agency. Sums are since measurement began."""

    @property
    def name(self) -> str:
        """Its name in the scenario."""
        return self._state.spec.collectors[self.number].name

    @property
    def kind(self) -> str:
        """``in_house`` or ``agency``."""
        return self._state.spec.collectors[self.number].kind

    @property
    def strategy(self) -> str:
        """The strategy it follows."""
        state = self._state
        own = state.adopted.get(self.number, state.spec.collectors[self.number].strategy)
        return state.spec.strategy or own

    @property
    def complaints(self) -> int:
        """Complaints about it."""
        return int(self._state.collectors.complaints[self.number])

    @property
    def violations(self) -> int:
        """Times it broke a rule."""
        return int(self._state.collectors.violations[self.number])

    @property
    def suspended(self) -> bool:
        """Whether its licence is suspended this week."""
        return bool(self._state.collectors.suspended_until[self.number] > self._state.clock)

    @property
    def staff_lost(self) -> float:
        """Share of its staff that enforcement took away and that is not hired again yet."""
        return float(self._state.collectors.staff_lost[self.number])

    @property
    def fines(self) -> int:
        """Fines it paid, fen."""
        return int(self._state.collectors.fines[self.number])

    @property
    def breaches(self) -> int:
        """Leaks of data that it held."""
        return int(self._state.collectors.breaches[self.number])

    @property
    def social_pressure(self) -> float:
        """Complaints over their normal number, less one, smoothed; 0 unless the scenario opens this way."""
        return float(self._state.collectors.social_pressure[self.number])

    @property
    def recovered(self) -> int:
        """Money received on accounts placed with it, fen."""
        return int(self._state.collectors.recovered[self.number])

    @property
    def cost(self) -> int:
        """What its work cost, fen."""
        return int(self._state.collectors.cost[self.number])


class Regulator(_Institution):
    """Keeps the rules in force and sanctions what it finds."""

    @property
    def rules(self) -> str:
        """Id of the rule set in force."""
        return self._state.rules.id

    @property
    def fines(self) -> int:
        """Fines imposed on collectors since measurement began, fen."""
        return int(self._state.collectors.fines.sum())
