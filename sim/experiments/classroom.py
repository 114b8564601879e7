"""The classroom's game: each week every firm chooses which creditors it pays; the rest follows.

A pure state machine in whole fen. A week opens (bills fall due, households buy, wages are paid), then the
firms choose, then debts are settled under a rule. The rules are those of the weekly model: payment from
cash at hand in proportion, set-off of circles (:func:`sim.contagion.set_off`), clearing of all offers at
once (:func:`sim.contagion.netting`), compulsory payment of what is due, and a cap on payment terms. The
same choices under another rule differ through the rule alone: nothing is drawn during a game.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np

from sim.contagion import netting, set_off
from sim.core.columns import I32, I64, Bool
from sim.core.errors import SpecError, unknown_name
from sim.experiments.classroom_market import TERMS, Market

Rule = Literal["as_played", "set_off", "clearing", "compulsory", "term_cap"]
RULES: tuple[Rule, ...] = get_args(Rule)
#: A supplier stops delivering while it is owed more than so many weeks' bills beyond the due date
#: (assumption).
PATIENCE = 2
#: A firm closes once it has owed wages at the opening of so many weeks in a row (assumption).
MISSED_WEEKS = 3
#: Longest payment terms under the cap, weeks; orders of before keep theirs.
TERM_CAP = 2


class State(NamedTuple):
    """A week after its opening, before anybody pays; money in fen.

    ``week``: from 1; ``cash``, ``wages_owed``, ``missed`` (weeks in a row with wages owed), ``closed``: (n,);
    ``due``: owed and payable now, (m,); ``coming``: falls due in 1, 2, ... weeks, (m, longest terms);
    ``delivered``: whether each link traded this week, (m,); ``sold``: what households bought, (n,);
    ``outside``: money of households, which pay and are paid.
    """

    week: int
    cash: I64
    wages_owed: I64
    missed: I64
    closed: Bool
    due: I64
    coming: I64
    delivered: Bool
    sold: I64
    outside: int


class Settlement(NamedTuple):
    """How a week ended: ``choices``, what was ``paid`` and what ``cancelled`` without cash, (m,);
    ``after``: the state before the next week opens."""

    choices: Bool
    paid: I64
    cancelled: I64
    after: State


def opening(market: Market, rule: Rule = "as_played") -> State:
    """Week 1: bills of the weeks before are on their way, nothing is late."""
    coming = np.zeros((len(market.weekly), max(TERMS)), np.int64)
    for weeks in range(1, max(TERMS) + 1):
        coming[:, weeks - 1] = np.where(market.terms >= weeks, market.weekly, 0)
    zeros = np.zeros(market.firms, np.int64)
    nothing = np.zeros(len(market.weekly), np.int64)
    before = State(
        0, market.cash.copy(), zeros, zeros, zeros > 0, nothing, coming, nothing == 0, zeros, 0
    )  # fmt: skip
    return open_week(market, before, rule)


def open_week(market: Market, last: State, rule: Rule = "as_played") -> State:
    """The week after ``last``: bills fall due, suppliers deliver or not, households buy, wages are paid."""
    if last.week >= market.weeks:
        raise SpecError("classroom", "week", f"week {last.week + 1} is not played", f"1 to {market.weeks}")
    closed = last.closed
    trades: Bool = ~closed[market.debtor] & ~closed[market.creditor]
    trades &= last.due <= PATIENCE * market.weekly
    due = last.due + last.coming[:, 0]
    coming = np.concatenate([last.coming[:, 1:], np.zeros((len(due), 1), np.int64)], axis=1)
    terms = np.minimum(market.terms, TERM_CAP) if rule == "term_cap" else market.terms
    coming[np.arange(len(due)), terms - 1] += np.where(trades, market.weekly, 0)
    sold = _sold(market, trades, market.final[last.week])
    sold[closed] = 0
    owed = last.wages_owed + np.where(closed, 0, market.wages)
    wages = np.minimum(owed, last.cash + sold)
    owed = owed - wages
    missed = np.where(owed > 0, last.missed + 1, 0)
    return State(
        week=last.week + 1,
        cash=last.cash + sold - wages,
        wages_owed=owed,
        missed=missed,
        closed=closed | (missed >= MISSED_WEEKS),
        due=due,
        coming=coming,
        delivered=trades,
        sold=sold,
        outside=last.outside - int(sold.sum()) + int(wages.sum()),
    )


def _sold(market: Market, trades: Bool, final: I64) -> I64:
    """Sales to households shrink in proportion to deliveries that are missing, rounded down."""
    normal = _by(market.debtor, market.weekly, market.firms)
    got = _by(market.debtor, np.where(trades, market.weekly, 0), market.firms)
    return np.where(normal > 0, final * got // np.maximum(1, normal), final)


def settle(market: Market, state: State, choices: Bool, rule: Rule = "as_played") -> Settlement:
    """Firms pay, each creditor that they chose, as far as cash goes.

    Parameters
    ----------
    choices:
        (m,) whether the debtor pays on this link. Under ``compulsory`` all that is due is paid, whatever
        was chosen.
    rule:
        One of :data:`RULES`.

    Who is short of cash divides it in proportion, each link rounded down. Receipts can be spent next week,
    but under ``clearing`` at once. Raises :class:`SpecError` for an unknown rule and choices of another
    shape.
    """
    check_rule(rule)
    if choices.shape != market.weekly.shape or choices.dtype != np.bool_:
        problem = f"have shape {choices.shape} and type {choices.dtype}"
        raise SpecError("classroom", "choices", problem, f"{len(market.weekly)} of true and false")
    cancelled = np.zeros_like(state.due)
    if rule == "set_off":
        cancelled = set_off(market.start, market.creditor, state.due)
    due = state.due - cancelled
    offers = due if rule == "compulsory" else np.where(choices, due, 0)
    if rule == "clearing":
        paid = netting(market.start, market.creditor, offers, state.cash)
    else:
        paid = _from_cash(market, offers, state.cash)
    cash = state.cash - _by(market.debtor, paid, market.firms) + _by(market.creditor, paid, market.firms)
    return Settlement(choices, paid, cancelled, state._replace(cash=cash, due=due - paid))


def _from_cash(market: Market, offers: I64, cash: I64) -> I64:
    offered = _by(market.debtor, offers, market.firms)
    enough = (cash >= offered)[market.debtor]
    share = offers * cash[market.debtor] // np.maximum(1, offered)[market.debtor]
    return np.where(enough, offers, share)


def _by(firm: I32, amount: I64, firms: int) -> I64:
    found = np.zeros(firms, np.int64)
    np.add.at(found, firm, amount)
    return found


def check_rule(rule: str) -> None:
    """Raises :class:`SpecError` for a rule that does not exist."""
    if rule not in RULES:
        raise SpecError("classroom", "rule", *unknown_name(rule, RULES, "rule"))


def net_worth(market: Market, state: State) -> I64:
    """Cash and claims less debts and wages owed, (n,), fen; what a week earns or costs, paid or not."""
    owed = state.due + state.coming.sum(axis=1)
    claims, debts = (_by(firm, owed, market.firms) for firm in (market.creditor, market.debtor))
    return state.cash + claims - debts - state.wages_owed


class Game(NamedTuple):
    """Weeks played under a rule: the opening of each week, how it was settled, and the week now open, if
    any.
    """

    market: Market
    rule: Rule
    opened: tuple[State, ...]
    settled: tuple[Settlement, ...]

    @property
    def now(self) -> State:
        """The week that is open, or how the last one ended."""
        return self.opened[-1] if len(self.opened) > len(self.settled) else self.settled[-1].after

    @property
    def over(self) -> bool:
        """Whether all weeks are played."""
        return len(self.settled) == self.market.weeks


def begin(market: Market, rule: Rule = "as_played") -> Game:
    """A game in week 1."""
    check_rule(rule)
    return Game(market, rule, (opening(market, rule),), ())


def advance(game: Game, choices: Bool) -> Game:
    """The open week is settled and the next one opens; :class:`SpecError` once the game is over."""
    if game.over:
        raise SpecError("classroom", "week", "the game is over", f"{game.market.weeks} weeks")
    done = settle(game.market, game.opened[-1], choices, game.rule)
    settled = (*game.settled, done)
    if len(settled) == game.market.weeks:
        return game._replace(settled=settled)
    return game._replace(
        settled=settled, opened=(*game.opened, open_week(game.market, done.after, game.rule))
    )


def play(market: Market, choices: Sequence[Bool], rule: Rule = "as_played") -> Game:
    """The weeks of ``choices``, one (m,) vector each, under a rule."""
    game = begin(market, rule)
    for week in choices:
        game = advance(game, week)
    return game
