"""Comparisons, single runs and twins of the model itself, at a small size."""

from __future__ import annotations

import json
import math
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from sim.collection.cases import Capacity, Cases
from sim.collection.registry import register_strategy, strategy
from sim.collection.treatment import Treatment
from sim.experiments import Comparison, compare, run_once, twin
from sim.measures import MEASURES
from sim.model import Ecosystem

SMALL = {"population.borrowers": 500, "population.firms": 100, "weeks": 13, "burn_in": 13}


@register_strategy("test_own")
class Own:
    """A user's own strategy, which other processes have to import."""

    name: str

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        return strategy("traditional").decide(cases, capacity)


def small(*args: Any, **more: Any) -> Comparison:
    arguments: dict[str, Any] = {"changes": SMALL, "runs": 2, "workers": 1}
    return compare("baseline", *args, **{**arguments, **more})


def plain(result: Comparison) -> list[dict[str, object]]:
    return [{name: value for name, value in row.items() if "seconds" not in name} for row in result.results]


@pytest.fixture(scope="module")
def strategies() -> Comparison:
    return small(strategies=["traditional", "ai_tiered", "app_based"], worlds=("evidence", "report"), runs=3)


def test_every_measure_is_finite_or_null_with_a_reason(strategies: Comparison) -> None:
    document = json.loads(strategies.to_json())
    assert len(document["rows"]) == 2 * 3 * len(strategies.measures)
    assert set(strategies.measures) <= set(MEASURES)
    for row in document["rows"]:
        assert row["unit"]
        for name in ("mean", "low", "high", "effect", "effect_low", "effect_high"):
            assert row["reason"] if row[name] is None else math.isfinite(row[name])
    assert all(row["effect"] for row in document["rows"] if row["measure"] == "net_present_recovery")


def test_arms_differ_and_worlds_differ(strategies: Comparison) -> None:
    digests = [row["digest"] for row in strategies.results]
    assert len(digests) == 2 * 3 * 4 == len(set(digests))
    assert {row["own_start"] for row in strategies.results} == {False}


def test_tables_of_the_model(strategies: Comparison) -> None:
    assert sorted(strategies.series["week"]) == sorted(list(range(13)) * 2 * 4)
    assert {"consumer_overdue_30_rate", "trade_overdue_share"} <= set(strategies.series.columns)
    assert {"world", "arm", "stage", "weeks", "placed", "recovered", "share"} == set(
        strategies.curves.columns
    )
    shares = strategies.curves["share"].dropna()
    assert len(shares) and shares.between(0, 1).all()
    again = pickle.loads(pickle.dumps(strategies))
    assert again.to_json() == strategies.to_json()


def test_inline_threads_and_processes_give_the_same() -> None:
    arguments: dict[str, Any] = {"strategies": ["app_based", "test_own"], "worlds": ("evidence", "report")}
    inline = small(**arguments)
    threads = small(workers=2, **arguments)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        processes = small(executor=pool, **arguments)
    assert plain(threads) == plain(inline) == plain(processes)
    assert threads.to_json() == inline.to_json() == processes.to_json()


def test_a_placebo_changes_nothing_at_all() -> None:
    found = small({"now": {}, "same": {"rules": "china-2023"}, "again": {"burn_in": 13}})
    for row in found.rows:
        if row.arm != "now" and row.pairs > 1:
            assert (row.effect, row.effect_low, row.effect_high) == (0, 0, 0)
    by_run = [{row["digest"] for row in found.results if row["index"] == index} for index in range(2)]
    assert [len(digests) for digests in by_run] == [1, 1]
    # a start of its own, with the same seed, is the start that the others share
    assert [row["own_start"] for row in found.results] == [False, False, True] * 2


def test_a_change_of_the_population_has_its_own_start() -> None:
    found = small({"now": {}, "more": {"population.borrowers": 600}}, runs=1)
    assert [row["own_start"] for row in found.results] == [False, True]


def test_run_once_is_the_model_run_with_the_seed_of_the_scenario() -> None:
    found = run_once("baseline", changes=SMALL, seed=11)
    model = Ecosystem("baseline", changes=SMALL, rng=11)
    measured = model.run(13).measures()
    assert found.results[0]["digest"] == model.digest()
    for row in found.rows:
        assert row.mean == measured[row.measure].value


def test_a_twin_differs_by_its_change_alone() -> None:
    same = twin("baseline", {}, changes=SMALL, seed=11)
    assert same.base["digest"] == same.changed["digest"]
    assert (same.difference["difference"].dropna() == 0).all() and not same.series.to_numpy().any()
    other = twin("baseline", {"strategy": "left_alone"}, changes=SMALL, seed=11)
    assert other.base["digest"] == same.base["digest"] != other.changed["digest"]
    gap = other.difference.set_index("measure")["difference"]
    assert gap["cost_per_100"] < 0 and gap["violations"] <= 0
    assert len(other.series) == 13
