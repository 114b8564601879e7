"""Sums of a week of all households."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.core.columns import I64


class HouseholdFlows(NamedTuple):
    """Sums of a week. Arrays by lender in fen (``to_owner``: by collector); ``totals`` by ``T_`` indices."""

    repaid: I64
    recovered: I64
    interest: I64
    lent: I64
    charged_off: I64
    late_repaid: I64  # part of repaid and recovered that came from accounts in arrears
    forgiven: I64  # balances on the books that settlements gave up
    to_owner: I64  # paid on debts that a collector bought
    totals: I64


T_BENEFITS, T_CONSUMPTION, T_FAMILY, T_BACKSTOP_WAGES, T_DISPLACED = 0, 1, 2, 3, 4
T_ESSENTIALS_MISSED, T_LOANS, T_HIRED, T_LOST_JOB, T_DUE = 5, 6, 7, 8, 9
T_PROMISES_DUE, T_PROMISES_KEPT, T_MOVED = 10, 11, 12
T_SETTLEMENTS_DUE, T_SETTLEMENTS_KEPT, T_SETTLED, T_FORGIVEN = 13, 14, 15, 16
TOTALS = 17


def household_flows(lenders: int, collectors: int = 1) -> HouseholdFlows:
    """Zeroed sums."""
    sizes = {"totals": TOTALS, "to_owner": collectors}
    return HouseholdFlows(**{n: np.zeros(sizes.get(n, lenders), np.int64) for n in HouseholdFlows._fields})
