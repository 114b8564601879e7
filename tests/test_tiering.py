"""Tiering against its parts, at equal staff, with real and with shuffled scores."""

from __future__ import annotations

import numpy as np
import pytest
from support_model import on_two_threads, paired

from arrears import Ecosystem
from sim.phases.choice import strategy_of
from sim.phases.learning import learned_risk

ARMS = {
    "both": {"strategy": "ai_tiered"},
    "amount": {"strategy": "amount_tiered"},
    "risk": {"strategy": "risk_tiered"},
    "shuffled": {"strategy": "ai_tiered", "prediction.shuffle": True},
}
SEEDS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def results() -> dict[str, dict[str, list[float]]]:
    def run(seed: int) -> dict[str, dict[str, float]]:
        sizes = {"population.borrowers": 6000, "population.firms": 100, "burn_in": 60}
        start = Ecosystem("baseline", rng=seed, changes=sizes)
        found = {}
        for name, changes in ARMS.items():
            model = start.branch(changes).run(52)
            value = model.measures()["net_present_recovery"].value
            assert value is not None
            series = model.series()
            found[name] = {"net": value, "cost": float(series["collection_cost"].sum())}
        return found

    runs = on_two_threads(run, SEEDS)
    return {name: {key: [one[name][key] for one in runs] for key in ("net", "cost")} for name in ARMS}


def test_all_ways_of_tiering_cost_the_same(results: dict[str, dict[str, list[float]]]) -> None:
    base = np.array(results["both"]["cost"])
    for name in ("amount", "risk", "shuffled"):
        assert np.abs(np.array(results[name]["cost"]) / base - 1).max() < 0.1, name


def test_the_value_of_information_has_an_interval(results: dict[str, dict[str, list[float]]]) -> None:
    """Net recovery with real less with shuffled scores, and against each part: real differences, whose
    sign is a finding and not asserted."""
    for name in ("shuffled", "amount", "risk"):
        gain = paired([a - b for a, b in zip(results["both"]["net"], results[name]["net"], strict=True)])
        assert gain.low < gain.mean < gain.high
        # tiers decide who calls whom: at most some per cent of what comes in
        assert max(abs(gain.low), abs(gain.high)) < 0.25 * np.mean(results["both"]["net"])


def test_shuffled_scores_say_nothing_about_the_case() -> None:
    sizes = {"population.borrowers": 6000, "population.firms": 100, "burn_in": 60}
    start = Ecosystem("baseline", rng=1, changes=sizes)
    k = np.flatnonzero(start.state.accounts.collector >= 0).astype(np.int32)
    k = k[start.state.accounts.collector[k] == 1]
    scores = {}
    for shuffle in (False, True):
        state = start.branch({"strategy": "ai_tiered", "prediction.shuffle": shuffle}).state
        found = learned_risk(state, 1, strategy_of(state, 1), k)
        assert found is not None
        scores[shuffle] = found
    assert np.array_equal(np.sort(scores[True]), np.sort(scores[False]))
    late = start.state.accounts.days_past_due[k]
    assert abs(np.corrcoef(scores[False], late)[0, 1]) > 0.4
    assert abs(np.corrcoef(scores[True], late)[0, 1]) < 4 / np.sqrt(len(k))
