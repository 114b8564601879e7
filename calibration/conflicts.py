"""Claims of one report that arithmetic ties together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from calibration.claims import Claim


class Conflict(NamedTuple):
    """Some claims, whether they can hold at once, and the figure that they imply.

    ``needed``: what the others imply for ``of``; ``claimed``: what the report says of it.
    """

    name: str
    claims: tuple[str, ...]
    of: str
    needed: float
    claimed: float
    possible: bool


def bad_debt(claims: Mapping[str, Claim]) -> Conflict:
    """A fifth overdue that becomes bad debt of 8 % has recovered 60 %; before a rise by 35 % it was 44 %.

    Overdue share x (1 - recovered) = bad debt, so recovered = 1 - S20 / S18, and before the rise
    recovered / (1 + S19), which S01 says is at most 30 %.
    """
    after = 1 - claims["S20"].value / claims["S18"].value
    before = after / (1 + claims["S19"].value)
    most = claims["S01"].value
    return Conflict("bad_debt", ("S01", "S18", "S19", "S20"), "S01", before, most, before <= most)


def overdue_npl(claims: Mapping[str, Claim]) -> Conflict:
    """At least so many loans are non-performing where so many are overdue and so few are cured.

    Accounts leave at charge-off after 26 weeks and count as non-performing from the 14th on. If at most the
    share S01 is cured, 1 - S01 of all stay 26 weeks, 13 of them non-performing, and nobody stays longer: at
    least (1 - S01) 13 / 26 of the overdue stock is non-performing (equal balances).
    """
    least = claims["S10"].value * (1 - claims["S01"].value) * 13 / 26
    most = claims["S14"].value + claims["S14"].near
    return Conflict("overdue_npl", ("S01", "S10", "S14"), "S14", least, claims["S14"].value, least <= most)


CONFLICTS: dict[str, Callable[[Mapping[str, Claim]], Conflict]] = {
    "bad_debt": bad_debt,
    "overdue_npl": overdue_npl,
}
