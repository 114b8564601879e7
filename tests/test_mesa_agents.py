"""Column-backed agents live beside Mesa's own in one model."""

from __future__ import annotations

import copy
import gc
import pickle
import warnings
import weakref
from typing import Any, NamedTuple

import mesa  # type: ignore[import-untyped,unused-ignore]
import numpy as np
import pytest
from mesa.agent import AgentSet  # type: ignore[import-untyped,unused-ignore]

from sim.core.columns import F32, F64, I8, I32, I64, Bool, empty
from sim.core.errors import SpecError
from sim.core.mesa_agents import ColumnAgent, ColumnAgentSet, ColumnModel


class People(NamedTuple):
    income: I64
    stress: F64
    trust: F32
    age_group: I8
    employed: Bool


class Plants(NamedTuple):
    cash: I64
    sector: I32
    alive: Bool


class Person(ColumnAgent):
    TABLE = "people"

    @property
    def poor(self) -> bool:
        return bool(self.income < 50)

    def earn(self, amount: int) -> int:
        self.income += amount
        return int(self.income)


class Plant(ColumnAgent):
    TABLE = "plants"

    @property
    def sector_name(self) -> str:
        return ("farming", "mining", "trade")[self.sector]

    @property
    def cash_yuan(self) -> float:
        return float(self.cash / 100)

    @cash_yuan.setter
    def cash_yuan(self, value: float) -> None:
        self.cash = round(value * 100)


class Bank(mesa.Agent):  # type: ignore[misc]
    def __init__(self, model: Any, capital: int) -> None:
        super().__init__(model)
        self.capital = capital


class Watcher(mesa.Agent):  # type: ignore[misc]
    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.seen = 0

    def step(self) -> None:
        self.seen = self.model.agents_by_type[Plant].agg("cash", sum)


class Town(ColumnModel):
    """Two banks, then people, then plants; every step each plant gains one fen."""

    def __init__(self, people: int = 40, plants: int = 10, rng: Any = None) -> None:
        super().__init__(rng=rng)
        for capital in (500, 700):
            Bank(self, capital)
        table = empty(People, people)
        number = np.arange(people)
        table.income[:] = number * 7 % 101
        table.stress[:] = number / 3
        table.trust[:] = number / 7
        table.age_group[:] = number % 4
        table.employed[:] = number % 3 > 0
        self.register_table(Person, table)
        works = empty(Plants, plants)
        works.cash[:] = np.arange(plants) * 100
        works.sector[:] = np.arange(plants) % 3
        works.alive[:] = True
        self.register_table(Plant, works)
        self.datacollector = mesa.DataCollector(
            model_reporters={"cash": lambda m: m.agents_by_type[Plant].agg("cash", sum)},
            agenttype_reporters={Bank: {"capital": "capital"}},
        )

    def step(self) -> None:
        self.tables["plants"].cash[:] += 1
        self.datacollector.collect(self)


def persons(model: Town) -> ColumnAgentSet:
    agents = model.agents_by_type[Person]
    assert isinstance(agents, ColumnAgentSet)
    return agents


@pytest.fixture
def town() -> Town:
    return Town(rng=5)


def test_columns_read_as_python_scalars_of_the_row(town: Town) -> None:
    person = persons(town)[13]
    values = (person.income, person.stress, person.age_group, person.employed)
    assert values == (91, 13 / 3, 1, True)
    assert [type(value) for value in values] == [int, float, int, bool]
    assert isinstance(person, mesa.Agent) and person.model is town and person.row == 13


def test_writing_goes_into_the_column_and_back(town: Town) -> None:
    person = persons(town)[3]
    person.income = 12_345
    person.employed = False
    assert town.tables["people"].income[3] == 12_345
    assert not town.tables["people"].employed[3]
    town.tables["people"].income[3] = 6
    assert person.income == 6


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("income", 1.5, "whole number"),
        ("income", True, "whole number"),
        ("income", 2**63, "whole number"),
        ("income", "9", "whole number"),
        ("age_group", 128, "from -128 to 127"),
        ("employed", 1, "True or False"),
        ("stress", float("nan"), "finite"),
        ("stress", float("inf"), "finite"),
        ("trust", 1e39, "finite"),
        ("stress", 10**400, "finite"),
        ("stress", np.float32("inf"), "finite"),
        ("stress", np.zeros(2), "finite"),
    ],
)
def test_a_value_of_another_kind_or_range_is_refused(
    town: Town, field: str, value: Any, allowed: str
) -> None:
    before = copy.deepcopy(town.tables["people"])
    with pytest.raises(SpecError, match=allowed) as one:
        setattr(persons(town)[0], field, value)
    with pytest.raises(SpecError, match=allowed):
        persons(town).set(field, value)
    assert field in str(one.value)
    for name, column in before._asdict().items():
        np.testing.assert_array_equal(column, getattr(town.tables["people"], name))


def test_numpy_scalars_are_values_too(town: Town) -> None:
    person = persons(town)[0]
    person.income, person.employed, person.stress = np.int32(8), np.bool_(True), np.float32(0.5)
    assert (person.income, person.employed, person.stress) == (8, True, 0.5)
    person.stress = 2
    assert person.stress == 2.0 and type(person.stress) is float


def test_undeclared_attributes_are_refused_with_the_known_names(town: Town) -> None:
    person = persons(town)[0]
    known = "income, stress, trust, age_group, employed"
    with pytest.raises(AttributeError, match=f"'incom'; columns: {known}"):
        person.incom = 3
    with pytest.raises(AttributeError, match=f"'wealth'; columns: {known}"):
        _ = person.wealth
    with pytest.raises(AttributeError, match=known):
        persons(town).set("wealth", 1)
    with pytest.raises(AttributeError, match=known):
        persons(town).column("wealth")
    for fixed in ("model", "unique_id", "row"):
        with pytest.raises(AttributeError):
            setattr(person, fixed, 1)
    assert not hasattr(person, "wealth") and {"income", "earn", "row"} <= set(dir(person))


def test_properties_positions_and_methods_of_a_subclass_work(town: Town) -> None:
    plant = town.agents_by_type[Plant][4]
    assert (plant.sector_name, plant.cash_yuan) == ("mining", 4.0)
    plant.cash_yuan = 7.25
    assert plant.cash == 725
    town.agents_by_type[Plant].set("cash_yuan", 2.5)
    assert town.agents_by_type[Plant].get("cash") == [250] * 10
    assert plant.pos is None
    plant.pos = (2, 3)
    assert town.agents_by_type[Plant][4].pos == (2, 3) and town.agents_by_type[Plant][5].pos is None
    assert plant.random is town.random and plant.rng is town.rng


def test_a_row_is_one_object_and_is_not_made_by_hand(town: Town) -> None:
    assert persons(town)[2] is persons(town)[2] is list(persons(town).select(at_most=3))[2]
    with pytest.raises(TypeError, match="row of the table 'people'"):
        Person(town)


def test_all_kinds_live_in_one_model(town: Town) -> None:
    watcher = Watcher(town)
    assert town.agent_types == [Bank, Person, Plant, Watcher]
    assert isinstance(town.agents, AgentSet) and len(town.agents) == 2 + 40 + 10 + 1
    assert watcher in town.agents and persons(town)[0] in town.agents
    assert {type(a) for a in town.agents} == {Bank, Person, Plant, Watcher}
    ids = town.agents.get("unique_id")
    assert sorted(ids) == list(range(1, 54)) and watcher.unique_id == 53
    assert persons(town).get("unique_id") == list(range(3, 43))
    assert list(town.agents) == town.agents[:] and town.agents[-1] is town.agents_by_type[Plant][9]
    with pytest.raises(IndexError):
        town.agents[53]
    watcher.step()
    assert watcher.seen == 4500
    watcher.remove()
    assert watcher not in town.agents and len(town.agents) == 52


def test_the_model_wide_set_selects_groups_and_aggregates(town: Town) -> None:
    agents = town.agents
    assert list(agents.select(agent_type=Plant)) == list(town.agents_by_type[Plant])
    assert len(agents.select(lambda a: a.cash >= 500, agent_type=Plant)) == 5
    assert agents.select(agent_type=Bank).agg("capital", sum) == 1200
    assert agents.groupby(type).count() == {Bank: 2, Person: 40, Plant: 10}
    assert agents.get("cash", handle_missing="default", default_value=0)[-10:] == list(range(0, 1000, 100))
    assert agents.agg("unique_id", max) == 52
    with pytest.raises(AttributeError):
        agents.get("cash")
    assert len(agents.shuffle()) == len(agents.copy()) == len(agents & agents) == 52
    met: list[Any] = []
    agents.shuffle_do(met.append)
    assert set(map(id, met)) == set(map(id, agents)) and agents.set("pos", (1, 1)) is agents
    assert {a.pos for a in agents} == {(1, 1)}


def test_data_collector_reports_plain_and_column_kinds(town: Town) -> None:
    town.datacollector = mesa.DataCollector(
        model_reporters={"cash": lambda m: m.agents_by_type[Plant].agg("cash", sum)},
        agent_reporters={"number": "unique_id"},
        agenttype_reporters={Bank: {"capital": "capital"}, Plant: {"cash": "cash"}},
    )
    for _ in range(3):
        town.step()
    assert town.datacollector.get_model_vars_dataframe()["cash"].tolist() == [4510, 4520, 4530]
    banks = town.datacollector.get_agenttype_vars_dataframe(Bank)
    assert banks["capital"].tolist() == [500, 700] * 3
    assert town.datacollector.get_agenttype_vars_dataframe(Plant)["cash"].sum() == 4510 + 4520 + 4530
    assert len(town.datacollector.get_agent_vars_dataframe()) == 3 * 52


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_are_whole_and_independent(again: Any) -> None:
    town = Town(rng=3)
    town.datacollector = None
    town.friend = persons(town)[7]
    town.friend.pos = (4, 4)
    town.chosen = persons(town).select(lambda a: a.poor)
    persons(town)[9].remove()
    twin = again(town)
    assert twin.friend is persons(twin)[7] and twin.friend.model is twin and twin.friend.pos == (4, 4)
    assert len(persons(twin)) == 39 and len(twin.agents) == len(town.agents) == 51
    assert [a.row for a in twin.chosen] == [a.row for a in town.chosen]
    twin.friend.income = 1_000_000
    twin.agents_by_type[Bank].set("capital", 0)
    assert town.friend.income == 49 and persons(twin).agg("income", max) == 1_000_000
    assert town.agents_by_type[Bank].agg("capital", sum) == 1200
    persons(twin)[0].remove()
    assert len(persons(town)) == 39
    assert Watcher(twin).unique_id == Watcher(town).unique_id == 53
    assert twin.random.random() == town.random.random()
    assert persons(twin)[1] not in persons(town)


def test_stepping_a_copy_leaves_the_original_alone() -> None:
    town = Town(rng=3)
    twin = copy.deepcopy(town)
    twin.step()
    assert twin.tables["plants"].cash.sum() == 4510 and town.tables["plants"].cash.sum() == 4500


def test_two_models_side_by_side_share_nothing() -> None:
    one, two = Town(people=5), Town(people=9)
    persons(one).set("income", 1)
    assert persons(two).agg("income", max) > 1
    assert Watcher(one).unique_id == 2 + 5 + 10 + 1 and Watcher(two).unique_id == 2 + 9 + 10 + 1
    assert persons(one)[0] not in two.agents and persons(one)[0] is not persons(two)[0]


def test_a_dropped_model_is_freed_with_its_handles() -> None:
    town = Town()
    town.step()
    agents = list(town.agents)
    gone = [
        weakref.ref(town),
        weakref.ref(agents[0]),
        weakref.ref(agents[-1]),
        weakref.ref(town.tables["people"][0]),
    ]
    del town, agents
    gc.collect()
    assert [ref() for ref in gone] == [None] * 4


@pytest.mark.parametrize("processes", [1, 2])
def test_batch_run_of_unmodified_mesa(processes: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Mesa prefers rng to iterations
        rows = mesa.batch_run(
            PlainTown,
            {"people": [5, 8], "plants": 4},
            number_processes=processes,
            iterations=2,
            max_steps=3,
            display_progress=False,
        )
    finals = sorted((row["people"], row["iteration"], row["Step"], row["cash"]) for row in rows)
    # Mesa 3.3 counts one step more than it is asked for
    assert [final[:2] for final in finals] == [(5, 0), (5, 1), (8, 0), (8, 1)]
    assert {final[3] for final in finals} in ({612}, {616})


class PlainTown(Town):
    def __init__(self, people: int = 40, plants: int = 10, rng: Any = None) -> None:
        super().__init__(people, plants, rng)
        self.datacollector = mesa.DataCollector(model_reporters={"cash": "total_cash"})

    @property
    def total_cash(self) -> int:
        return int(self.agents_by_type[Plant].agg("cash", sum))


def test_the_seed_is_rng_only() -> None:
    assert Town(rng=11).random.random() == Town(rng=11).random.random() != Town(rng=12).random.random()
    with pytest.raises(TypeError):
        ColumnModel(seed=4)  # type: ignore[call-arg]


class Uneven(NamedTuple):
    a: I64
    b: I64


class Taken(NamedTuple):
    model: I64


class Nameless(ColumnAgent):
    pass


class Other(ColumnAgent):
    TABLE = "other"


def test_impossible_tables_are_refused_with_a_reason(town: Town) -> None:
    with pytest.raises(SpecError, match=r"\[2, 3\] rows"):
        town.register_table(Other, Uneven(np.zeros(2, np.int64), np.zeros(3, np.int64)))
    square = np.zeros((2, 2), np.int64)
    with pytest.raises(SpecError, match="2-dimensional"):
        town.register_table(Other, Uneven(square, square))
    text: Any = np.array(["a", "b"])
    with pytest.raises(SpecError, match="<U1"):
        town.register_table(Other, Uneven(text, text))
    with pytest.raises(SpecError, match="every agent has"):
        town.register_table(Other, empty(Taken, 3))
    with pytest.raises(SpecError, match="TABLE"):
        town.register_table(Nameless, empty(Uneven, 3))
    with pytest.raises(SpecError, match="registered already"):
        town.register_table(Person, empty(People, 3))
    assert town.agent_types == [Bank, Person, Plant]


def test_an_empty_table_is_a_set_like_any_other() -> None:
    lazy = persons(Town(people=0))
    assert len(lazy) == 0 and list(lazy) == [] and lazy.agg("income", sum) == 0
    assert list(lazy.select()) == list(lazy.sort("income")) == list(lazy.shuffle()) == []
    with pytest.raises(ValueError, match=r"empty|arg|zero-size"):
        lazy.agg("income", max)


def test_the_register_cannot_be_changed_in_place(town: Town) -> None:
    for agents in (town.agents, persons(town)):
        for method in (agents.shuffle, agents.select):
            with pytest.raises(TypeError, match="in place"):
                method(inplace=True)
        with pytest.raises(TypeError, match="in place"):
            agents.sort("unique_id", inplace=True)
    with pytest.raises(TypeError, match="not a row"):
        persons(town).add(town.agents_by_type[Plant][0])
    with pytest.raises(TypeError, match="created"):
        town.agents.add(persons(town)[0])
    with pytest.raises(TypeError, match=r"agent\.remove"):
        town.agents.discard(persons(town)[0])
    with pytest.raises(AttributeError):
        town.agents = []


def test_removing_twice_is_quiet_and_others_stay(town: Town) -> None:
    lazy = persons(town)
    gone = lazy[4]
    gone.remove()
    gone.remove()
    assert gone not in lazy and gone not in town.agents and len(town.agents) == 2 + 39 + 10
    assert lazy[4].row == 5 and gone.income == 28
    with pytest.raises(KeyError):
        lazy.remove(gone)
    seen: list[int] = []

    def last_goes(person: Any) -> None:
        seen.append(person.row)
        lazy[-1].remove()

    lazy.do(last_goes)
    rows = [row for row in range(40) if row != 4]
    assert seen == rows[:20] and [a.row for a in lazy] == rows[:19]
    town.remove_all_agents()
    assert len(town.agents) == 0 and list(town.agents) == [] and lazy.agg("income", sum) == 0
