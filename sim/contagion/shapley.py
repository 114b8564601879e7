"""Exact Shapley shares of a shortfall of liquidity over the channels that drained it.

The Shapley value (Shapley, "A value for n-person games", in Contributions to the Theory of Games II,
Princeton, 1953) is a player's mean marginal contribution over all orders in which players can join.
Channels are few, so it is computed by enumeration of all coalitions, without sampling.
"""

from __future__ import annotations

from functools import cache
from math import factorial

import numpy as np
from numpy.typing import ArrayLike

from sim.core.columns import F64
from sim.core.errors import SpecError
from sim.core.kernel import kernel

#: Most players: 1,024 coalitions a row.
MAX_PLAYERS = 10

#: Relative excess of a shortfall over the sum of losses that counts as rounding.
TOLERANCE = 1e-9


def shapley_values(value_of_coalition: ArrayLike) -> F64:
    """Shapley values of any game, by enumeration.

    Parameters
    ----------
    value_of_coalition:
        Shape (2**c,) or, for many games, (m, 2**c), with c from 1 to 10. Player k is in coalition S
        when bit k of the index S is set; index 0 is the empty coalition.

    Returns
    -------
    F64
        Shape (c,) or (m, c). Values sum to that of the grand coalition less that of the empty one:

            phi_k = sum over S without k of |S|! (c - |S| - 1)! / c! (v(S and k) - v(S))

    Raises
    ------
    SpecError
        If a value is not finite or the number of coalitions is not a power of two in range.
    """
    given = _numbers(value_of_coalition, "shapley_values", "value_of_coalition")
    values = np.ascontiguousarray(np.atleast_2d(given))
    coalitions = values.shape[-1]
    players = coalitions.bit_length() - 1
    if given.ndim not in (1, 2) or coalitions != 1 << players or not 1 <= players <= MAX_PLAYERS:
        problem = f"has shape {given.shape}"
        allowed = f"(2**c,) or (m, 2**c) with c from 1 to {MAX_PLAYERS}"
        raise SpecError("shapley_values", "value_of_coalition", problem, allowed)
    result = np.zeros((len(values), players))
    _values(values, _weights(players), result)
    return result[0] if given.ndim == 1 else result


def shapley_shares(losses: ArrayLike, shortfall: ArrayLike) -> F64:
    """Each channel's share of a shortfall that their losses made together.

    The game: had only the channels S acted, the agent would lack what their losses exceed its reserve
    by, where the reserve is what all losses together used up before anything was lacking:

        v(S) = max(0, sum of losses in S - reserve),   reserve = sum of losses - shortfall

    Shares are Shapley values over v(all) = shortfall. So a channel without loss has none; a larger loss
    never has the smaller share; with no reserve shares are pro rata to losses; and where each loss alone
    is at least the shortfall (each could have saved the agent by its absence) all have the same share.

    Parameters
    ----------
    losses:
        Shape (m, c), c from 1 to 10: liquidity lost through each channel, not negative, any unit of money.
    shortfall:
        Shape (m,): liquidity lacking in the end, same unit; above 0 and at most the sum of the losses.

    Returns
    -------
    F64
        Shape (m, c), not negative, rows sum to one.

    Raises
    ------
    SpecError
        If a shape, a sign or a shortfall is out of these bounds.
    """
    lost = _numbers(losses, "shapley_shares", "losses")
    lacking = _numbers(shortfall, "shapley_shares", "shortfall")
    if lost.ndim != 2 or not 1 <= lost.shape[1] <= MAX_PLAYERS:
        problem = f"has shape {lost.shape}"
        raise SpecError("shapley_shares", "losses", problem, f"(m, c) with c from 1 to {MAX_PLAYERS}")
    if lacking.shape != lost.shape[:1]:
        problem = f"has shape {lacking.shape}"
        raise SpecError("shapley_shares", "shortfall", problem, f"one number a row, ({len(lost)},)")
    total = _checked_total(lost, lacking)
    # Only ratios enter: in units of the shortfall, sums neither overflow nor cancel.
    scaled = lost / np.minimum(lacking, total)[:, None]
    result = np.zeros(lost.shape)
    channels = lost.shape[1]
    _shares(np.ascontiguousarray(scaled), _weights(channels), np.empty(1 << channels), result)
    return result


def shares_of_one(losses: F64, shortfall: float) -> F64:
    """:func:`shapley_shares` of one agent, (c,), unchecked: losses and shortfall must be in bounds."""
    channels = len(losses)
    scaled = (losses / min(shortfall, losses.sum())).reshape(1, channels)
    result = np.zeros((1, channels))
    _shares(scaled, _weights(channels), np.empty(1 << channels), result)
    found: F64 = result[0]
    return found


def _checked_total(lost: F64, lacking: F64) -> F64:
    """Sums of the rows, once all signs and shortfalls are known to be in bounds."""
    negative = np.argwhere(lost < 0)
    if len(negative):
        row, channel = negative[0]
        problem = f"is {lost[row, channel]:g}"
        raise SpecError("shapley_shares", f"losses[{row}, {channel}]", problem, "0 or more")
    total: F64 = lost.sum(axis=1)
    wrong = np.flatnonzero(~((lacking > 0) & (lacking <= total * (1 + TOLERANCE))))
    if len(wrong):
        row = wrong[0]
        problem = f"is {lacking[row]:g} where losses sum to {total[row]:g}"
        raise SpecError("shapley_shares", f"shortfall[{row}]", problem, "above 0, at most that sum")
    return total


def _numbers(given: ArrayLike, source: str, field: str) -> F64:
    """The argument as float64; SpecError unless it holds finite numbers only."""
    try:
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise SpecError(source, field, "is not an array of numbers", "finite numbers") from None
    if not np.isfinite(numbers).all():
        raise SpecError(source, field, "holds a value that is not finite", "finite numbers")
    return numbers


@cache
def _weights(players: int) -> F64:
    """Weight of a coalition by its size: the share of orders in which just its members come first."""
    ways = [factorial(size) * factorial(players - size - 1) for size in range(players)]
    return np.array(ways, dtype=np.float64) / factorial(players)


@kernel
def _values(values, weights, result):  # type: ignore[no-untyped-def]
    players = result.shape[1]
    for row in range(values.shape[0]):
        for coalition in range(values.shape[1]):
            size = 0
            for player in range(players):
                size += (coalition >> player) & 1
            for player in range(players):
                if not (coalition >> player) & 1:
                    gain = values[row, coalition | (1 << player)] - values[row, coalition]
                    result[row, player] += weights[size] * gain


@kernel
def _shares(losses, weights, value, result):  # type: ignore[no-untyped-def]
    """Shapley shares by coalitions T of channels that did *not* act, losses in units of the shortfall.

    The value of the rest is then max(0, 1 - sum of losses in T): no small difference of large sums.
    The weight of T is that of its complement without the player, since weights are symmetric in size.
    ``value`` holds 2**c numbers of scratch.
    """
    players = losses.shape[1]
    for row in range(losses.shape[0]):
        value[0] = 0.0
        for player in range(players):
            for coalition in range(1 << player):
                value[coalition | (1 << player)] = value[coalition] + losses[row, player]
        for coalition in range(1 << players):
            value[coalition] = max(0.0, 1.0 - value[coalition])
        for coalition in range(1 << players):
            if value[coalition] == 0.0:
                continue  # nor is anything left when one more channel is absent
            size = 0
            for player in range(players):
                size += (coalition >> player) & 1
            for player in range(players):
                if not (coalition >> player) & 1:
                    drop = value[coalition] - value[coalition | (1 << player)]
                    result[row, player] += weights[size] * drop
