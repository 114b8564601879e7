"""Borrowers and firms: agents whose state is a row of a table."""

from __future__ import annotations

from typing import ClassVar

from sim.agents.tables import NO_JOB
from sim.core.mesa_agents import ColumnAgent


class Borrower(ColumnAgent):
    """A household with one or more accounts. Money attributes are in fen.

    ``wage`` and ``income`` (this week's) are fen a week; ``balance`` is all debts and
    ``days_past_due`` the worst account's; ``employer`` is a firm's row, -1 without
    work, -2 outside the modelled firms.
    """

    TABLE: ClassVar[str] = "borrowers"

    @property
    def at_work(self) -> bool:
        """Whether the borrower has a job."""
        return bool(self.employer != NO_JOB)


class Firm(ColumnAgent):
    """A firm of the supply network. Money attributes are in fen; ``sector`` is a number."""

    TABLE: ClassVar[str] = "firms"

    @property
    def sector_name(self) -> str:
        """Name of the firm's sector."""
        name: str = self.model.sectors[self.sector]
        return name
