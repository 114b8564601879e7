"""The classroom's game: money to the fen, choices that count, and rules that alone make the difference."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.columns import I64, Bool
from sim.core.errors import SpecError
from sim.experiments.classroom import (
    MISSED_WEEKS,
    PATIENCE,
    RULES,
    Game,
    Rule,
    advance,
    begin,
    net_worth,
    play,
    settle,
)
from sim.experiments.classroom_market import FIRMS, SHAPES, SPELLS, Market, Setup, market, seats
from sim.experiments.classroom_replay import arrears, figures, recording, replay, states
from sim.experiments.recording import FAILED, STRAINED

SETUPS = st.builds(
    Setup,
    firms=st.integers(*FIRMS),
    shape=st.sampled_from(SHAPES),
    weeks=st.integers(4, 12),
    spell=st.sampled_from(SPELLS),
    seed=st.integers(0, 1000),
)


def drawn(setup: Setup, seed: int, pay: float) -> list[Bool]:
    """Choices of all weeks, each creditor paid with probability ``pay``."""
    generator = np.random.default_rng(seed)
    links = len(market(setup).weekly)
    return [generator.random(links) < pay for _ in range(setup.weeks)]


def everything(setup: Setup) -> list[Bool]:
    return drawn(setup, 0, 1.1)


def _by(firm: np.ndarray, amount: I64, firms: int) -> I64:  # type: ignore[type-arg]
    found = np.zeros(firms, np.int64)
    np.add.at(found, firm, amount)
    return found


@settings(max_examples=30, deadline=None)
@given(SETUPS, st.integers(0, 10**6), st.sampled_from([0.0, 0.3, 0.7, 1.1]), st.sampled_from(RULES))
def test_no_fen_appears_or_vanishes_and_nobody_has_less_than_nothing(
    setup: Setup, seed: int, pay: float, rule: Rule
) -> None:
    economy = market(setup)
    money = int(economy.cash.sum())
    for state in _all_states(play(economy, drawn(setup, seed, pay), rule)):
        assert int(state.cash.sum()) + state.outside == money
        for amount in (state.cash, state.due, state.coming, state.wages_owed, state.sold):
            assert (amount >= 0).all()


def _all_states(game: Game) -> list:  # type: ignore[type-arg]
    return [*game.opened, *(week.after for week in game.settled)]


@settings(max_examples=20, deadline=None)
@given(SETUPS, st.integers(0, 10**6), st.sampled_from([0.2, 0.8]), st.sampled_from(RULES))
def test_debts_change_by_deliveries_payments_and_set_off_alone(
    setup: Setup, seed: int, pay: float, rule: Rule
) -> None:
    economy = market(setup)
    game = play(economy, drawn(setup, seed, pay), rule)
    owed = [state.due + state.coming.sum(axis=1) for state in game.opened]
    for week in range(1, len(owed)):
        done = game.settled[week - 1]
        bought = np.where(game.opened[week].delivered, economy.weekly, 0)
        assert (owed[week] == owed[week - 1] - done.paid - done.cancelled + bought).all()


@settings(max_examples=20, deadline=None)
@given(SETUPS, st.integers(0, 10**6), st.sampled_from(RULES))
def test_a_choice_counts(setup: Setup, seed: int, rule: Rule) -> None:
    """Who was not chosen gets nothing, but where the rule takes the choice away."""
    choices = drawn(setup, seed, 0.5)
    for asked, week in zip(choices, play(market(setup), choices, rule).settled, strict=True):
        if rule != "compulsory":
            assert (week.paid[~asked] == 0).all()


@settings(max_examples=20, deadline=None)
@given(SETUPS, st.integers(0, 10**6))
def test_the_same_choices_give_the_same_game_and_the_replay_repeats_what_was_played(
    setup: Setup, seed: int
) -> None:
    choices = drawn(setup, seed, 0.6)
    game = begin(market(setup))
    for week in choices:
        game = advance(game, week)
    again = replay(market(setup), choices)["as_played"]
    for one, other in zip(_all_states(game), _all_states(again), strict=True):
        for left, right in zip(one, other, strict=True):
            assert np.array_equal(left, right)


@settings(max_examples=20, deadline=None)
@given(SETUPS, st.integers(0, 10**6))
def test_set_off_moves_no_net_position_and_no_cash(setup: Setup, seed: int) -> None:
    economy = market(setup)
    game = play(economy, drawn(setup, seed, 0.4), "set_off")
    for week in game.settled:
        owes, is_owed = (
            _by(firm, week.cancelled, setup.firms) for firm in (economy.debtor, economy.creditor)
        )
        assert (owes == is_owed).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(*FIRMS), st.sampled_from(SPELLS), st.integers(0, 10**6))
def test_set_off_does_nothing_in_a_chain(firms: int, spell: str, seed: int) -> None:
    setup = Setup(firms, "chain", 8, spell, 3)  # type: ignore[arg-type]
    games = replay(market(setup), drawn(setup, seed, 0.5))
    assert figures(games["set_off"]) == figures(games["as_played"])


def test_without_a_bad_spell_and_with_everybody_paying_nothing_is_late() -> None:
    for shape in SHAPES:
        setup = Setup(30, shape, 10, "none", 4)
        found = figures(play(market(setup), everything(setup)))
        assert (found.arrears_peak, found.closed, found.wages_owed, found.sold_share) == (0, 0, 0, 1.0)


def test_arrears_travel_from_a_firm_that_is_hit_to_firms_that_are_not() -> None:
    setup = Setup(12, "ring", 10, "hard", 3)
    economy = market(setup)
    hit = economy.final[3] < economy.final[0]
    game = play(economy, everything(setup))
    late = states(game) == STRAINED
    first = np.argmax(late | (states(game) == FAILED), axis=0)
    assert hit.any() and not hit.all()
    assert late[:, ~hit].any()  # though everybody pays all they can
    assert first[hit].min() <= first[~hit][first[~hit] > 0].min()


@pytest.mark.parametrize("seed", range(8))
def test_where_pupils_delay_set_off_leaves_a_fraction_of_the_arrears_of_a_ring(seed: int) -> None:
    """What teachers are told in docs/classroom.md."""
    setup = Setup(30, "ring", 10, "mild", seed)
    games = replay(market(setup), drawn(setup, seed, 0.5))
    assert figures(games["set_off"]).arrears_end * 4 < figures(games["as_played"]).arrears_end
    assert figures(games["set_off"]).closed <= figures(games["as_played"]).closed


def test_who_is_short_divides_cash_in_proportion() -> None:
    setup = Setup(6, "ring", 4, "none", 0)
    economy = market(setup)
    state = begin(economy).opened[0]._replace(cash=np.full(6, 500_001))
    done = settle(economy, state, np.ones(12, np.bool_))
    due = state.due[:2]
    assert due.sum() > 500_001
    assert done.paid[:2].tolist() == [int(one) * 500_001 // int(due.sum()) for one in due]


def test_who_waits_too_long_stops_delivering_and_delivers_again_once_paid() -> None:
    setup = Setup(6, "ring", 8, "none", 0)
    economy = market(setup)
    links = np.arange(len(economy.weekly))
    game = begin(economy)
    while game.now.delivered[0]:  # firm 0 never pays the creditor of link 0
        assert game.now.due[0] <= (PATIENCE + 1) * economy.weekly[0]
        game = advance(game, links != 0)
    assert game.settled[-1].after.due[0] > PATIENCE * economy.weekly[0]
    assert game.now.sold[0] < economy.final[0, 0]
    assert (game.now.sold[1:] == economy.final[0, 1:]).all()
    while not game.over and not game.now.delivered[0]:
        game = advance(game, links == 0)
    assert game.now.delivered[0] and game.now.sold[0] == economy.final[0, 0]


def test_a_firm_that_cannot_pay_wages_for_weeks_closes_and_trades_no_more() -> None:
    setup = Setup(6, "ring", 10, "none", 0)
    economy = market(setup)._replace(cash=np.zeros(6, np.int64))
    final = economy.final.copy()
    final[:, 2] = 0
    economy = economy._replace(final=final)
    game = play(economy, [np.zeros(12, np.bool_)] * 10)  # nobody pays anybody
    closed = [bool(state.closed[2]) for state in game.opened]
    assert closed.index(True) == MISSED_WEEKS - 1
    after = game.opened[MISSED_WEEKS]
    assert not after.delivered[(economy.debtor == 2) | (economy.creditor == 2)].any()
    assert after.sold[2] == 0
    owed = game.opened[MISSED_WEEKS - 1].wages_owed[2]
    assert after.wages_owed[2] == owed  # no wages once it is closed


def test_net_worth_counts_each_claim_once() -> None:
    setup = Setup(9, "ring", 6, "mild", 5)
    economy = market(setup)
    game = play(economy, drawn(setup, 1, 0.5))
    for state in game.opened:
        assert net_worth(economy, state).sum() == state.cash.sum() - state.wages_owed.sum()
    before, after = game.opened[-1], game.settled[-1].after
    assert (net_worth(economy, before) == net_worth(economy, after)).all()  # paying makes nobody richer


def test_a_recording_shows_the_arrears_of_the_game() -> None:
    setup = Setup(9, "ring", 6, "hard", 5)
    game = play(market(setup), drawn(setup, 2, 0.4))
    seen = recording(game, [f"firm {i}" for i in range(9)])
    assert seen.weeks == 6 and seen.states.shape == (7, 9)
    assert (seen.overdue == arrears(game)).all() and seen.overdue[-1].sum() == figures(game).arrears_end > 0


def test_every_pupil_of_a_room_has_somebody_to_pay() -> None:
    for firms in (FIRMS[0], 7, FIRMS[1]):
        for shape in SHAPES:
            setup = Setup(firms, shape)
            bills = np.diff(market(setup).start)
            assert (bills[: seats(setup)] > 0).all()
            assert len(set(zip(*_ends(market(setup)), strict=True))) == len(market(setup).weekly)


def _ends(economy: Market) -> tuple[list[int], list[int]]:
    return economy.debtor.tolist(), economy.creditor.tolist()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("firms", 3),
        ("firms", 37),
        ("firms", 7.5),
        ("weeks", 21),
        ("shape", "star"),
        ("spell", "x"),
        ("seed", -1),
    ],
)
def test_a_setup_outside_its_limits_is_refused(field: str, value: object) -> None:
    with pytest.raises(SpecError) as caught:
        Setup(**{**asdict(Setup()), field: value})
    assert caught.value.field == field


def test_choices_that_do_not_fit_and_weeks_that_are_not_played_are_refused() -> None:
    setup = Setup(5, weeks=4)
    with pytest.raises(SpecError, match="choices"):
        play(market(setup), [np.ones(3, np.bool_)])
    with pytest.raises(SpecError, match="over"):
        play(market(setup), [np.ones(10, np.bool_)] * 5)
    with pytest.raises(SpecError, match="rule"):
        begin(market(setup), "none")  # type: ignore[arg-type]
