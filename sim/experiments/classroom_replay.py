"""A classroom's weeks once more under another rule, with the same choices; and what a game looks like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.core.columns import I64, U8, Bool
from sim.experiments.classroom import RULES, Game, Rule, net_worth, play
from sim.experiments.classroom_market import Market
from sim.experiments.outbreak_runs import Tables
from sim.experiments.recording import FAILED, HEALTHY, STRAINED, Recording


class Figures(NamedTuple):
    """Sums of a game; money in fen.

    ``arrears_end``, ``arrears_peak``: owed late after the last week, and most after any; ``closed``: firms;
    ``wages_owed``: at the end; ``sold_share``: of what households would have bought; ``paid``: by firms to
    firms; ``cancelled``: debts set off without cash.
    """

    arrears_end: int
    arrears_peak: int
    closed: int
    wages_owed: int
    sold_share: float
    paid: int
    cancelled: int


def arrears(game: Game) -> I64:
    """Owed late after each settled week, and before the first (0), (weeks + 1, m), fen."""
    late = [np.zeros_like(game.market.weekly), *(week.after.due for week in game.settled)]
    return np.array(late)


def states(game: Game) -> U8:
    """Numbers of :data:`sim.experiments.recording.STATES` before the first week and after each, (weeks + 1,
    n).

    Short of cash is who owes wages, or is late with more than a tenth of a week's bills.
    """
    found = np.full((len(game.settled) + 1, game.market.firms), HEALTHY, np.uint8)
    for row, week in enumerate(game.settled, 1):
        late, bills = np.zeros((2, game.market.firms), np.int64)
        np.add.at(late, game.market.debtor, week.after.due)
        np.add.at(bills, game.market.debtor, game.market.weekly)
        strained = (week.after.wages_owed > 0) | (late * 10 > bills)
        found[row] = np.select([week.after.closed, strained], [FAILED, STRAINED], HEALTHY)
    return found


def figures(game: Game) -> Figures:
    """The sums of a game so far."""
    late = arrears(game).sum(axis=1)
    weeks = len(game.opened)
    wanted = int(game.market.final[:weeks].sum())
    return Figures(
        arrears_end=int(late[-1]),
        arrears_peak=int(late.max()),
        closed=int(game.now.closed.sum()),
        wages_owed=int(game.now.wages_owed.sum()),
        sold_share=sum(int(week.sold.sum()) for week in game.opened) / wanted if wanted else 0.0,
        paid=sum(int(week.paid.sum()) for week in game.settled),
        cancelled=sum(int(week.cancelled.sum()) for week in game.settled),
    )


def replay(market: Market, choices: Sequence[Bool]) -> dict[Rule, Game]:
    """The same weeks and choices under every rule; ``as_played`` is what was played."""
    return {rule: play(market, choices, rule) for rule in RULES}


def worth_by_rule(games: dict[Rule, Game], firm: int) -> dict[Rule, int]:
    """What a firm is worth at the end under each rule, fen."""
    return {rule: int(net_worth(game.market, game.now)[firm]) for rule, game in games.items()}


def recording(game: Game, names: Sequence[str]) -> Recording:
    """The game as a recording that the canvas shows; ``names`` of firms take the place of sectors."""
    market = game.market
    sales = np.zeros(market.firms, np.int64)
    np.add.at(sales, market.creditor, market.weekly)
    return Recording(
        sectors=tuple(names),
        sector=np.arange(market.firms, dtype=np.int16),
        weekly_sales=sales + market.final[0],
        buyer=market.debtor,
        supplier=market.creditor,
        states=states(game),
        overdue=arrears(game),
        reproduction=pd.DataFrame({"week": [], "cases": [], "offspring": []}),
        weekly_amount=market.weekly,
        tables=Tables(pd.DataFrame(), pd.DataFrame(), pd.DataFrame()),
    )
