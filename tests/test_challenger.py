"""Champion and challenger by random split, results by strategy in one run, and selection."""

from __future__ import annotations

import numpy as np
import pytest

from sim.core.errors import SpecError
from sim.experiments.selection import selection_effect
from sim.measures.by_strategy import difference_interval, wilson
from sim.model import Ecosystem
from sim.phases.assignment import challenged

SMALL = {"population.borrowers": 3000, "population.firms": 100, "burn_in": 30}


def challenge(strategy: str = "left_alone", share: float = 0.5) -> dict[str, object]:
    return {f"collectors[{n}].challenger": {"strategy": strategy, "share": share} for n in (0, 1)}


@pytest.fixture(scope="module")
def start() -> Ecosystem:
    return Ecosystem("baseline", rng=3, changes=SMALL)


@pytest.fixture(scope="module")
def half(start: Ecosystem) -> Ecosystem:
    return start.branch(challenge()).run(16)


def test_the_split_is_each_accounts_own_and_lasts(start: Ecosystem) -> None:
    state = start.branch(challenge(share=0.4)).state
    k = np.arange(len(state.accounts.balance), dtype=np.int32)
    first = challenged(state, 0, k)
    assert first.mean() == pytest.approx(0.4, abs=0.03)
    assert (challenged(state, 0, k[7::13]) == first[7::13]).all()  # whoever else is there
    state.clock += 30
    assert (challenged(state, 0, k) == first).all()
    larger = challenged(start.branch(challenge(share=0.7)).state, 0, k)
    assert (larger | ~first).all()


def test_one_more_account_moves_nobody(start: Ecosystem) -> None:
    wide = Ecosystem("baseline", rng=3, changes={**SMALL, "population.borrowers": 3100, "burn_in": 0})
    k = np.arange(1000, dtype=np.int32)
    changes = challenge()
    assert (
        challenged(wide.branch(changes).state, 1, k) == challenged(start.branch(changes).state, 1, k)
    ).all()


def test_accounts_of_a_challenger_that_does_nothing_are_left_alone(half: Ecosystem) -> None:
    state, a = half.state, half.state.accounts
    k = np.flatnonzero((a.collector == 1) & (a.placed_stage > 0)).astype(np.int32)
    mine = challenged(state, 1, k)
    recent = a.last_contact_week[k] >= state.clock - 12
    assert not recent[mine].any()
    assert recent[~mine].any()


def test_results_tell_champion_and_challenger_apart(half: Ecosystem) -> None:
    table = half.strategy_results("90d")
    mine = table[(table["collector"] == "in_house") & (table["stage"] == "early")].set_index("strategy")
    assert list(mine.index) == ["traditional", "left_alone"]
    champion, other = mine.iloc[0], mine.iloc[1]
    q = half.placements
    listed = q["frozen"] & ~q["hold_out"] & (q["stage"] == 1)
    assert champion["placed"] + other["placed"] <= listed.sum()
    assert other["difference"] == pytest.approx(other["cure_rate"] - champion["cure_rate"])
    assert other["low"] < other["difference"] < other["high"]
    assert other["against"] == "traditional"
    assert half.strategy_results("180d").empty  # not yet observed


def test_doing_nothing_cures_fewer_of_the_middle_debts() -> None:
    cures = {"traditional": [0, 0], "left_alone": [0, 0]}
    for seed in (1, 2):
        model = Ecosystem("baseline", rng=seed, changes={**SMALL, "population.borrowers": 6000})
        table = model.branch(challenge()).run(14).strategy_results()
        for row in table[table["stage"] == "middle"].to_dict("records"):
            cures[row["strategy"]][0] += row["cured"]
            cures[row["strategy"]][1] += row["placed"]
    rates = {name: cured / placed for name, (cured, placed) in cures.items()}
    assert rates["left_alone"] < rates["traditional"] - 0.1


def test_a_challenger_with_all_accounts_is_the_champion_and_one_with_none_is_nobody(start: Ecosystem) -> None:
    whole, own = (
        start.branch(changes).run(6)
        for changes in (
            challenge("ai_tiered", 1.0),
            {f"collectors[{n}].strategy": "ai_tiered" for n in (0, 1)},
        )
    )
    assert whole.digest() == own.digest()
    none = start.branch(challenge("ai_tiered", 0.0)).run(6)
    assert none.digest() == start.branch({}).run(6).digest()


def test_an_unknown_challenger_is_refused(start: Ecosystem) -> None:
    with pytest.raises(SpecError, match="did you mean 'ai_tiered'"):
        Ecosystem("baseline", rng=3, changes={**SMALL, "burn_in": 0, **challenge("ai_teired")})


def test_intervals_are_those_of_the_literature() -> None:
    """Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10, examples (a) and (c)."""
    assert difference_interval((56, 48), (70, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert difference_interval((9, 3), (10, 10)) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_who_chose_the_app_succeeds_more_often_than_who_got_it_by_chance() -> None:
    found = selection_effect(
        "baseline", "app_based", stage="early", horizon="30d", runs=3, seed=1,
        changes={**SMALL, "population.borrowers": 6000},
    )  # fmt: skip
    runs = found.runs
    assert (runs["users who chose"] > runs["users by chance"]).all()
    assert (runs["users who chose"] - runs["others beside them"]).tolist() == pytest.approx(
        runs["apparent effect"].tolist()
    )
    assert (runs["apparent effect"] - runs["effect by chance"]).tolist() == pytest.approx(
        runs["selection"].tolist()
    )
    assert found.selection.mean is not None and found.selection.mean > 0


def test_a_horizon_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SpecError, match="60d"):
        selection_effect("baseline", horizon="60d", runs=1)
