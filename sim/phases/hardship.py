"""Hardship of a run by group: what collection took, what it cost and what it did to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.core.columns import I32, Bool
from sim.core.kernel import kernel
from sim.measures.weekly import sleep_prevalence
from sim.phases.choice import strategy_name

if TYPE_CHECKING:
    from sim.phases.state import State

AGES: Final = ("young", "middle", "old")
INCOMES: Final = ("low", "middle", "high")
NONE: Final = "none"
#: Days late from which prevalence of sleep disorder is reported.
LONG_LATE: Final = 180
#: Columns of the table that are sums over borrowers, with the column of borrowers that they add up.
SUMS: Final = {
    "received_late": "paid_late",
    "displaced_payments": "displaced",
    "collection_cost": "collection_cost",
    "essentials_missed": "essentials_missed",
    "attempts": "attempts_felt",
    "complaints": "complaints",
    "numbers_blocked": "blocks",
    "moved": "moved",
    "breaches": "breaches",
}


@kernel
def _worst_collector(b, a, out):  # type: ignore[no-untyped-def]
    """Collector of each borrower's latest account in arrears, -1 none."""
    for i in range(b.cash.shape[0]):
        out[i] = -1
        worst = 0
        for k in range(b.first_account[i], b.first_account[i] + b.accounts[i]):
            if a.balance[k] > 0 and a.days_past_due[k] > worst:
                worst = a.days_past_due[k]
                out[i] = a.collector[k]


def hardship(state: State) -> pd.DataFrame:
    """Transfers, resource costs and hardship of borrowers by group, side by side and never summed.

    One row a group of each grouping in column ``by``: ``all``; ``age_group``; ``income`` (thirds of the
    wage); ``collector`` and ``strategy`` (of the latest account in arrears at the end, ``none`` without
    one). Borrowers without a wage are left out.

    Columns
    -------
    by, group, borrowers, late, over_180d:
        The group; borrowers in it, those in arrears, those over 180 days late, at the end.
    received_late, displaced_payments:
        Transfers, fen: received on accounts in arrears, and missed elsewhere because of it.
    collection_cost:
        Resource cost of contacts with the group about late accounts, fen; without bought data and
        reminders before the due date.
    stress_mean, trust_mean:
        At the end, 0 to 1.
    sleep_disorder:
        Expected prevalence among those over 180 days late at the end (:func:`sleep_prevalence`); missing
        where there are none.
    essentials_missed:
        Weeks without enough for essentials.
    attempts, attempts_per_borrower, complaints, numbers_blocked, moved, breaches:
        Counts of the group since measurement began; a breach counts once for each borrower.
    """
    b = state.borrowers
    rows = []
    people = b.wage > 0
    for by, (numbers, names) in _groupings(state, people).items():
        for number, name in enumerate(names):
            rows.append({"by": by, "group": name, **_row(state, people & (numbers == number))})
    return pd.DataFrame(rows)


def _groupings(state: State, people: Bool) -> dict[str, tuple[NDArray[np.integer], tuple[str, ...]]]:
    """For each grouping the number of every borrower's group, and the names of the groups."""
    b, count = state.borrowers, len(state.spec.collectors)
    worst: I32 = np.empty(len(b.cash), np.int32)
    _worst_collector(b, state.accounts, worst)
    collectors = (*(collector.name for collector in state.spec.collectors), NONE)
    followed = [strategy_name(state, number) for number in range(count)]
    strategies = (*dict.fromkeys(followed), NONE)
    strategy_of_worst = np.array([strategies.index(name) for name in followed] + [len(strategies) - 1])
    thirds = np.quantile(b.wage[people], (1 / 3, 2 / 3)) if people.any() else np.zeros(2)
    return {
        "all": (np.zeros(len(b.cash), np.int32), ("all",)),
        "age_group": (b.age_group, AGES),
        "income": (np.digitize(b.wage, thirds), INCOMES),
        "collector": (np.where(worst < 0, count, worst), collectors),
        "strategy": (strategy_of_worst[worst], strategies),
    }


def _row(state: State, chosen: Bool) -> dict[str, float | int | None]:
    b, numbers = state.borrowers, state.world.households
    people = int(np.count_nonzero(chosen))
    long_late = chosen & (b.days_past_due > LONG_LATE)
    sums = {name: int(getattr(b, column)[chosen].sum(dtype=np.int64)) for name, column in SUMS.items()}
    sleep = None
    if long_late.any():
        stress = float(b.stress[long_late].mean(dtype=np.float64))
        sleep = sleep_prevalence(stress, numbers.sleep_base_rate.value, numbers.sleep_odds_ratio.value)
    transfers = ("received_late", "displaced_payments", "collection_cost")
    return {
        "borrowers": people,
        "late": int(np.count_nonzero(chosen & (b.days_past_due > 0))),
        "over_180d": int(np.count_nonzero(long_late)),
        **{name: sums.pop(name) for name in transfers},
        "stress_mean": float(b.stress[chosen].mean(dtype=np.float64)) if people else None,
        "trust_mean": float(b.trust[chosen].mean(dtype=np.float64)) if people else None,
        "sleep_disorder": sleep,
        **sums,
        "attempts_per_borrower": sums["attempts"] / people if people else None,
    }
