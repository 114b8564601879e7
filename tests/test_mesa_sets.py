"""Lazy sets answer as Mesa's own sets do, at the price of columns."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from typing import Any, NamedTuple

import mesa  # type: ignore[import-untyped,unused-ignore]
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesa.agent import AgentSet  # type: ignore[import-untyped,unused-ignore]

from sim.core.columns import F32, F64, I8, I64, Bool, empty
from sim.core.errors import SpecError
from sim.core.mesa_agents import ColumnAgent, ColumnAgentSet, ColumnModel

MILLION = 1_000_000


class People(NamedTuple):
    income: I64
    stress: F64
    trust: F32
    age_group: I8
    employed: Bool


class Person(ColumnAgent):
    TABLE = "people"

    @property
    def poor(self) -> bool:
        return bool(self.income < 50)

    def earn(self, amount: int) -> int:
        self.income += amount
        return int(self.income)


class Other(mesa.Agent):  # type: ignore[misc]
    pass


class Crowd(ColumnModel):
    """People, and one agent of another kind."""

    def __init__(self, people: int = 40) -> None:
        super().__init__(rng=5)
        number = np.arange(people)
        table = empty(People, people)
        table.income[:] = number * 7 % 101
        table.stress[:] = number / 3
        table.trust[:] = number / 7
        table.age_group[:] = number % 4
        table.employed[:] = number % 3 > 0
        self.register_table(Person, table)
        Other(self)


def persons(model: Crowd) -> ColumnAgentSet:
    agents = model.agents_by_type[Person]
    assert isinstance(agents, ColumnAgentSet)
    return agents


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


def is_third(person: Any) -> bool:
    return bool(person.row == 2)


def ordinary(agents: Any) -> AgentSet:
    """The same agents in Mesa's own set, which asks each for its attributes."""
    return AgentSet(list(agents), random=agents.random)


COLUMNS = ("income", "stress", "trust", "age_group", "employed")
FUNCTIONS = (sum, min, max, len, np.sum, np.mean, np.median, np.max, np.std, statistics.fmean, sorted)


@pytest.mark.parametrize("removed", [0, 7])
def test_sets_answer_as_mesas_own(crowd: Crowd, removed: int) -> None:
    lazy = persons(crowd)
    for person in lazy[5 : 5 + removed]:
        person.remove()
    loop = ordinary(lazy)
    assert len(lazy) == len(loop) == 40 - removed
    for name in COLUMNS:
        assert lazy.get(name) == loop.get(name)
        assert [type(v) for v in lazy.get(name)] == [type(v) for v in loop.get(name)]
        for func in FUNCTIONS:
            assert lazy.agg(name, func) == pytest.approx(loop.agg(name, func), rel=1e-12)
        for ascending in (True, False):
            assert list(lazy.sort(name, ascending)) == list(loop.sort(name, ascending))
    assert lazy.get(["income", "poor"]) == loop.get(["income", "poor"])
    assert lazy.get(["income", "x"], "default", 0) == loop.get(["income", "x"], "default", 0)
    assert lazy.get("poor", handle_missing="default") == loop.get("poor")
    assert lazy.agg("poor", sum) == loop.agg("poor", sum) > 0
    assert lazy.agg("income", [min, np.mean]) == loop.agg("income", [min, np.mean])
    assert list(lazy.sort(is_third)) == list(loop.sort(is_third))
    assert list(lazy.sort("poor")) == list(loop.sort("poor"))
    assert lazy.map("earn", 0) == loop.map("earn", 0) == loop.get("income")
    assert lazy.map(is_third) == loop.map(is_third)
    assert list(lazy) == list(reversed(list(reversed(lazy)))) == lazy.to_list() == list(lazy.copy())
    assert [lazy.index(a) for a in lazy] == list(range(len(lazy))) and lazy.count(lazy[-1]) == 1
    assert lazy[3:9:2] == list(loop)[3:9:2] and lazy[-1] is list(loop)[-1]
    with pytest.raises(IndexError):
        lazy[len(lazy)]
    with pytest.raises(ValueError, match="handle_missing"):
        lazy.get("income", handle_missing="maybe")


@pytest.mark.parametrize("at_most", [0, 3, 3.5, 0.25, 1.0, 500, float("inf")])
def test_select_cuts_as_mesas_own(crowd: Crowd, at_most: float) -> None:
    lazy, loop = persons(crowd), ordinary(persons(crowd))
    for kwargs in ({}, {"filter_func": lambda a: a.poor}, {"agent_type": Person}, {"agent_type": Other}):
        got = lazy.select(at_most=at_most, **kwargs)
        assert list(got) == list(loop.select(at_most=at_most, **kwargs))
        assert type(got) is AgentSet


def test_shuffles_are_mesas_own_for_the_same_random_state(crowd: Crowd) -> None:
    lazy, loop = persons(crowd), ordinary(persons(crowd))
    calls: tuple[list[Any], list[Any]] = ([], [])
    state = crowd.random.getstate()
    first = list(lazy.shuffle())
    lazy.shuffle_do(calls[0].append)
    crowd.random.setstate(state)
    assert first == list(loop.shuffle()) != list(lazy)
    loop.shuffle_do(calls[1].append)
    assert calls[0] == calls[1]


def test_do_and_set_change_every_row(crowd: Crowd) -> None:
    lazy = persons(crowd)
    before = np.array(lazy.get("income"))
    assert lazy.do("earn", 5) is lazy and lazy.shuffle_do("earn", amount=2) is lazy
    np.testing.assert_array_equal(crowd.tables["people"].income, before + 7)
    assert lazy.set("age_group", 3).agg("age_group", sum) == 3 * 40


def test_groupby_keeps_its_agents_alive_without_other_references(crowd: Crowd) -> None:
    groups = persons(crowd).groupby("age_group")
    gc.collect()
    assert groups.count() == {0: 10, 1: 10, 2: 10, 3: 10}
    assert groups.agg("income", sum) == {
        k: int(crowd.tables["people"].income[np.arange(40) % 4 == k].sum()) for k in range(4)
    }
    assert {k: len(v) for k, v in persons(crowd).groupby(is_third, result_type="list")} == {
        False: 39,
        True: 1,
    }


def test_column_and_where_are_the_fast_way(crowd: Crowd) -> None:
    lazy = persons(crowd)
    lazy[1].remove()
    income = lazy.column("income")
    assert income.tolist() == lazy.get("income") and len(income) == 39
    with pytest.raises(ValueError, match="read-only"):
        income[0] = 1
    chosen = lazy.where(income > 60)
    gc.collect()
    assert list(chosen) == [a for a in lazy if a.income > 60] != []
    with pytest.raises(SpecError, match="39 booleans"):
        lazy.where(np.ones(40, bool))
    with pytest.raises(SpecError, match="39 booleans"):
        lazy.where(np.arange(39))


def test_sums_of_whole_fen_never_wrap() -> None:
    crowd = Crowd()
    persons(crowd).set("income", 2**62)
    assert persons(crowd).agg("income", sum) == 40 * 2**62
    persons(crowd).set("income", -(2**63))
    assert persons(crowd).agg("income", sum) == -40 * 2**63
    persons(crowd).set("age_group", 127)
    assert persons(crowd).agg("age_group", [sum, np.sum]) == [40 * 127, 40 * 127]


@given(
    st.lists(st.sampled_from(["remove", "bring back", "pop"]), max_size=12), st.randoms(use_true_random=False)
)
def test_any_removals_keep_length_membership_and_order(actions: list[str], random: Any) -> None:
    lazy = persons(Crowd(people=6))
    everyone, kept = lazy.to_list(), set(range(6))
    for action in actions:
        row = random.randrange(6)
        if action == "remove":
            everyone[row].remove()
            kept.discard(row)
        elif action == "bring back":
            lazy.add(everyone[row])
            kept.add(row)
        elif kept:
            kept.discard(lazy.pop().row)
    assert [a.row for a in lazy] == sorted(kept) and len(lazy) == len(kept)
    assert [a in lazy for a in everyone] == [row in kept for row in range(6)]


@pytest.fixture(scope="module")
def city() -> Crowd:
    return Crowd(people=MILLION)


def seconds(work: Any) -> float:
    """The best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def reference_loop() -> int:
    total = 0
    for number in range(MILLION):
        total += number
    return total


def test_a_million_rows_register_in_a_fraction_of_a_python_loop_over_them() -> None:
    table = empty(People, MILLION)
    loop = seconds(reference_loop)
    assert seconds(lambda: ColumnModel().register_table(Person, table)) < loop
    tracemalloc.start()
    agents = ColumnModel().register_table(Person, table)
    register = tracemalloc.get_traced_memory()[1]
    person = agents[MILLION - 1]
    touched = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert person.unique_id == MILLION
    assert register < 2e6 and touched < 12e6


def test_aggregates_over_a_million_are_far_cheaper_than_a_loop(city: Crowd) -> None:
    loop, lazy = seconds(reference_loop), persons(city)
    assert seconds(lambda: lazy.agg("income", sum)) < loop / 4
    assert seconds(lambda: lazy.agg("income", [np.sum, np.mean])) < loop / 4
    assert seconds(lambda: lazy.set("age_group", 2)) < loop / 4
    assert seconds(lambda: lazy.select(at_most=10)) < loop / 4
    assert seconds(lambda: city.agents.select(agent_type=Other)) < loop / 4
    assert lazy.agg("income", sum) == int(city.tables["people"].income.sum())


def test_a_hundred_thousand_handles_take_little_room_each() -> None:
    lazy = persons(Crowd(people=100_000))
    tracemalloc.start()
    for _ in lazy:
        pass
    each = tracemalloc.get_traced_memory()[0] / 100_000
    tracemalloc.stop()
    assert each < 160
