"""Roll rates: how accounts move between buckets of lateness from one end of a month to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.core.calendar import month_of
from sim.core.columns import I64, U8

if TYPE_CHECKING:
    from sim.phases.state import State

#: Buckets by days past due at the end of a month; accounts that owe nothing are closed.
BUCKETS = ("current", "1-30", "31-60", "61-90", "91-180", "181+", "charged_off", "closed")
_LAST_DAY = np.array([0, 30, 60, 90, 180], np.int16)
CHARGED_OFF, CLOSED = 6, 7


def buckets(state: State) -> U8:
    """The bucket of every account now."""
    a = state.accounts
    found = np.searchsorted(_LAST_DAY, a.days_past_due).astype(np.uint8)
    found[a.charged_off] = CHARGED_OFF
    found[a.balance == 0] = CLOSED
    return found


def record_rolls(state: State) -> None:
    """At the end of a month: count where the accounts of its beginning are, and note where all are.

    An account whose row holds another loan by now has closed.
    """
    if state.week < -1 or month_of(state.clock) == month_of(state.clock + 1):
        return
    a, now = state.accounts, buckets(state)
    if len(state.roll_bucket) == len(now):
        reached = np.where(state.roll_generation == a.generation, now, CLOSED)
        pair = state.roll_bucket.astype(np.int64) * len(BUCKETS) + reached
        size = len(BUCKETS) ** 2
        known = state.roll_bucket != CLOSED
        counts = np.bincount(pair[known], minlength=size)
        sums: I64 = np.zeros(size, np.int64)
        np.add.at(sums, pair[known], state.roll_balance[known])
        state.rolls = state.rolls + np.stack([counts, sums])
        month = np.concatenate([np.array([state.week], np.int64), counts])
        state.roll_months = np.vstack([state.roll_months, month])
    state.roll_bucket = now
    state.roll_generation, state.roll_balance = a.generation.copy(), a.balance.copy()


def roll_rates(state: State) -> pd.DataFrame:
    """Moves of accounts from one end of a month to the next, over all measured months.

    Columns ``from`` and ``to`` (of :data:`BUCKETS`), ``accounts`` (moves), ``balance`` (fen, at the
    beginning). Accounts that are closed at the beginning are left out.
    """
    names = [(start, end) for start in BUCKETS for end in BUCKETS]
    table = pd.DataFrame(names, columns=["from", "to"])
    table["accounts"], table["balance"] = state.rolls
    return table[table["from"] != "closed"].reset_index(drop=True)


def roll_history(state: State) -> pd.DataFrame:
    """Moves of accounts month by month: columns ``week`` (the month's last), ``from``, ``to``, ``accounts``.

    Moves that no account made, and accounts closed at the beginning, are left out.
    """
    months, moves = np.nonzero(state.roll_months[:, 1:])
    start, end = moves // len(BUCKETS), moves % len(BUCKETS)
    table = pd.DataFrame(
        {
            "week": state.roll_months[months, 0],
            "from": np.array(BUCKETS)[start],
            "to": np.array(BUCKETS)[end],
            "accounts": state.roll_months[months, moves + 1],
        }
    )
    return table[table["from"] != "closed"].reset_index(drop=True)
