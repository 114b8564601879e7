"""Shapley shares of a shortfall: closed forms of game theory and the properties that define them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sim.contagion.shapley import MAX_PLAYERS, shapley_shares, shapley_values
from sim.core.columns import F64
from sim.core.errors import SpecError

LOSSES = st.lists(st.integers(0, 10**12), min_size=1, max_size=7).filter(any)
DEPTH = st.floats(1e-6, 1.0)


def _game(players: int, value: object) -> F64:
    """Values of all coalitions from a function of the set of players."""
    sets = [frozenset(k for k in range(players) if index >> k & 1) for index in range(1 << players)]
    return np.array([value(s) for s in sets], dtype=float)  # type: ignore[operator]


def _by_orders(losses: list[int], shortfall: float) -> F64:
    """The definition: mean marginal contribution over all orders of joining."""
    reserve = sum(losses) - shortfall
    result = np.zeros(len(losses))
    orders = list(permutations(range(len(losses))))
    for order in orders:
        joined = 0.0
        for k in order:
            result[k] += max(0.0, joined + losses[k] - reserve) - max(0.0, joined - reserve)
            joined += losses[k]
    return result / len(orders) / shortfall


def test_glove_game() -> None:
    # Two left gloves, one right one, a pair is worth 1 (Shapley and Shubik 1969): 1/6, 1/6, 2/3.
    value = _game(3, lambda s: float(2 in s and bool(s & {0, 1})))
    assert shapley_values(value) == pytest.approx([1 / 6, 1 / 6, 2 / 3], abs=1e-15)


def test_airport_game_splits_each_stretch_among_its_users() -> None:
    # Littlechild and Owen, Management Science 20, 1973.
    costs = [8, 11, 13, 18]
    value = _game(4, lambda s: max((costs[k] for k in s), default=0))
    assert shapley_values(value) == pytest.approx([2, 3, 4, 9], abs=1e-13)


def test_apex_game_of_weighted_votes() -> None:
    # Votes 3, 1, 1, 1, quota 4: the large player decides unless it comes first, in 3 of 4 orders.
    value = _game(4, lambda s: float(sum((3, 1, 1, 1)[k] for k in s) >= 4))
    assert shapley_values(value) == pytest.approx([3 / 4, 1 / 12, 1 / 12, 1 / 12], abs=1e-15)


def test_many_games_at_once_and_the_empty_coalition() -> None:
    games = np.array([[0.0, 1, 2, 3], [5.0, 6, 7, 10]])
    assert shapley_values(games) == pytest.approx(np.array([[1, 2], [2, 3]]), abs=1e-15)


@pytest.mark.parametrize(("a", "b", "s"), [(60, 50, 70), (60, 50, 110), (60, 50, 10), (100, 1, 5)])
def test_two_channels(a: float, b: float, s: float) -> None:
    # phi_a = (v(ab) + v(a) - v(b)) / 2 with v(a) = max(0, s - b)
    expected = (s + max(0, s - b) - max(0, s - a)) / 2 / s
    assert shapley_shares([[a, b]], [s])[0] == pytest.approx([expected, 1 - expected], abs=1e-15)


def test_every_channel_that_could_have_saved_the_agent_has_the_same_share() -> None:
    shares = shapley_shares([[40, 900, 7, 70_000]], [7])
    assert shares[0] == pytest.approx([0.25] * 4, abs=1e-15)


def test_without_a_reserve_shares_are_pro_rata() -> None:
    losses = np.array([[5.0, 0, 3, 2], [1, 1, 1, 1]])
    assert shapley_shares(losses, losses.sum(axis=1)) == pytest.approx(
        losses / losses.sum(axis=1)[:, None], abs=1e-15
    )


def test_a_single_fen_out_of_billions_is_not_lost_to_rounding() -> None:
    losses = np.array([[4_000_000_000_000_00, 1, 3_000_000_000_000_00]], dtype=np.int64)
    assert shapley_shares(losses, np.array([1]))[0] == pytest.approx([1 / 3] * 3, abs=1e-15)


@given(LOSSES, DEPTH)
@settings(deadline=None)  # the first call may compile
def test_shares_are_shares(losses: list[int], depth: float) -> None:
    shares = shapley_shares([losses], [depth * sum(losses)])[0]
    assert (shares >= 0).all()
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)
    given_losses = np.array(losses)
    assert (shares[given_losses == 0] == 0).all()
    order = np.argsort(given_losses, kind="stable")
    assert (np.diff(shares[order]) >= -1e-12).all()
    same = np.diff(given_losses[order]) == 0
    assert np.abs(np.diff(shares[order])[same]).max(initial=0.0) < 1e-12


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5).filter(any), DEPTH)
@settings(max_examples=40, deadline=None)
def test_shares_are_the_mean_over_orders(losses: list[int], depth: float) -> None:
    shortfall = depth * sum(losses)
    assume(shortfall > 1e-3)
    assert shapley_shares([losses], [shortfall])[0] == pytest.approx(_by_orders(losses, shortfall), abs=1e-6)


@given(LOSSES, DEPTH, st.floats(1e-9, 1e9), st.randoms(use_true_random=False))
@settings(deadline=None)  # the first call may compile
def test_unit_and_order_of_channels_do_not_matter(losses, depth, unit, random) -> None:  # type: ignore[no-untyped-def]
    shortfall = depth * sum(losses)
    order = list(range(len(losses)))
    random.shuffle(order)
    base = shapley_shares([losses], [shortfall])[0]
    moved = shapley_shares([[losses[k] * unit for k in order]], [shortfall * unit])[0]
    assert moved == pytest.approx(base[order], abs=1e-11)


@given(LOSSES, DEPTH)
@settings(deadline=None)  # the first call may compile
def test_the_game_by_shares_and_by_values_is_one(losses: list[int], depth: float) -> None:
    shortfall = depth * sum(losses)
    assume(shortfall > 1)
    reserve = sum(losses) - shortfall
    value = _game(len(losses), lambda s: max(0.0, sum(losses[k] for k in s) - reserve))
    error = 1e-15 * sum(losses) / shortfall * 100
    assert shapley_shares([losses], [shortfall])[0] == pytest.approx(
        shapley_values(value) / value[-1], abs=max(1e-12, error)
    )


def test_rows_do_not_disturb_each_other() -> None:
    rng = np.random.default_rng(5)
    losses = rng.lognormal(8, 3, (200, 7)) * (rng.random((200, 7)) < 0.6)
    losses[:, 0] += 1.0
    shortfall = losses.sum(axis=1) * rng.uniform(0.01, 1, 200)
    together = shapley_shares(losses, shortfall)
    alone = np.vstack([shapley_shares(losses[row : row + 1], shortfall[row : row + 1]) for row in range(200)])
    assert np.array_equal(together, alone)


def test_no_row_gives_no_row() -> None:
    assert shapley_shares(np.zeros((0, 7)), np.zeros(0)).shape == (0, 7)


@pytest.mark.parametrize(
    ("losses", "shortfall", "says"),
    [
        ([[1, -1]], [1], r"losses\[0, 1\]: is -1"),
        ([[1, 1], [1, 2]], [1, 4], r"shortfall\[1\]: is 4 where losses sum to 3"),
        ([[1, 1]], [0], r"shortfall\[0\]: is 0"),
        ([[1, float("nan")]], [1], "not finite"),
        ([[1, 1]], [1, 1], "one number a row"),
        ([1, 1], [1], "has shape"),
        ([[1] * (MAX_PLAYERS + 1)], [1], "c from 1 to 10"),
        ([["much"]], [1], "not an array of numbers"),
    ],
)
def test_what_is_no_game_is_refused(losses: object, shortfall: object, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        shapley_shares(losses, shortfall)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [[0.0, 1, 2], [1.0], np.zeros((2, 2, 2)), np.zeros(2048)])
def test_what_is_no_set_of_coalitions_is_refused(values: object) -> None:
    with pytest.raises(SpecError, match="value_of_coalition"):
        shapley_values(values)  # type: ignore[arg-type]
