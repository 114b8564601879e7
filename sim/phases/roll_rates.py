"""Roll rates: how accounts move between buckets of lateness from one end of a month to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.core.calendar import month_of
from sim.core.columns import I64, U8
from sim.core.kernel import kernel, kernel_step

if TYPE_CHECKING:
    from sim.phases.state import State

#: Buckets by days past due at the end of a month; accounts that owe nothing are closed.
BUCKETS = ("current", "1-30", "31-60", "61-90", "91-180", "181+", "charged_off", "closed")
_LAST_DAY = (0, 30, 60, 90, 180)
CHARGED_OFF, CLOSED = 6, 7


@kernel_step
def bucket_of(days, charged_off, balance):  # type: ignore[no-untyped-def]
    """The bucket of an account."""
    if balance == 0:
        return CLOSED
    if charged_off:
        return CHARGED_OFF
    bucket = 0
    for last in _LAST_DAY:
        bucket += days > last
    return bucket


@kernel
def _now(days, charged_off, balance, found):  # type: ignore[no-untyped-def]
    """The bucket of every account now, into ``found``."""
    for x in range(balance.shape[0]):
        found[x] = bucket_of(days[x], charged_off[x], balance[x])


@kernel
def _moves(before, generation_before, balance_before, now, generation, moved):  # type: ignore[no-untyped-def]
    """Accounts and their balances at the beginning, fen, by the move from bucket to bucket, into ``moved``.

    An account whose row holds another loan by now has closed.
    """
    for x in range(now.shape[0]):
        if before[x] != CLOSED:
            reached = now[x] if generation[x] == generation_before[x] else CLOSED
            move = before[x] * len(BUCKETS) + reached
            moved[0, move] += 1
            moved[1, move] += balance_before[x]


def record_rolls(state: State) -> None:
    """At the end of a month: count where the accounts of its beginning are, and note where all are."""
    if state.week < -1 or month_of(state.clock) == month_of(state.clock + 1):
        return
    a = state.accounts
    now: U8 = np.empty(len(a.balance), np.uint8)
    _now(a.days_past_due, a.charged_off, a.balance, now)
    if len(state.roll_bucket) == len(now):
        moved: I64 = np.zeros((2, len(BUCKETS) ** 2), np.int64)
        _moves(state.roll_bucket, state.roll_generation, state.roll_balance, now, a.generation, moved)
        state.rolls = state.rolls + moved
        month = np.concatenate([np.array([state.week], np.int64), moved[0]])
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
