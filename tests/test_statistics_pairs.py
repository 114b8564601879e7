"""Intervals, wins, many comparisons and runs saved: closed forms, hand-worked examples, coverage."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.experiments import compare
from sim.experiments.inference import pooled_roll_rates, reproduction_over_time, survival
from sim.experiments.paired import bootstrap_interval, holm, p_value, quantiles, runs_saved, share_won
from sim.experiments.statistics import mean_interval
from sim.model import Ecosystem
from sim.phases.roll_rates import BUCKETS


def test_the_bootstrap_covers_as_often_as_it_says_and_follows_skewed_values() -> None:
    generator = np.random.default_rng(5)
    student = boot = above = 0
    trials = 300
    for _ in range(trials):
        values = generator.exponential(size=30).tolist()
        low, high = bootstrap_interval(values)
        assert low is not None and high is not None
        mean = sum(values) / 30
        boot += low <= 1.0 <= high
        above += high - mean > mean - low
        found = mean_interval(values)
        assert found.low is not None and found.high is not None
        student += found.low <= 1.0 <= found.high
    assert 0.88 <= boot / trials <= 0.98 and 0.88 <= student / trials <= 0.98
    assert above > 0.95 * trials  # longer to the side of the long tail, which Student's cannot be


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=5, max_size=20))
@example([1, 941, 941, 0, 0])  # the mean of five .941 is .9410000000000001
def test_the_bootstrap_stays_inside_the_values_and_repeats_itself(whole: list[int]) -> None:
    values = [value / 1000 for value in whole]
    low, high = bootstrap_interval(values)
    assert low is not None and high is not None
    assert min(values) <= low <= high <= max(values)
    assert bootstrap_interval(values) == (low, high)


def test_few_or_equal_values() -> None:
    assert bootstrap_interval([1.0, 2.0, 3.0, 4.0]) == (None, None)
    assert bootstrap_interval([0.3] * 7) == (0.3, 0.3)
    assert p_value([2.0, 2.0]) == 0.0 and p_value([0.0, 0.0]) == 1.0 and p_value([1.0]) is None


def test_wilson_intervals_of_wins() -> None:
    # Wilson's ends for 7 of 10, by his formula
    z, n, p = 1.959963984540054, 10, 0.7
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    found = share_won([1.0] * 7 + [-2.0] * 3, "higher")
    assert found.share == 0.7
    assert (found.low, found.high) == (pytest.approx(middle - half), pytest.approx(middle + half))
    mirrored = share_won([1.0] * 7 + [-2.0] * 3, "lower")
    assert mirrored.share == pytest.approx(0.3) and mirrored.high == pytest.approx(1 - (middle - half))
    ties = share_won([0.0] * 9, "higher")
    assert ties.share == 0.5 and ties.low is not None and ties.high is not None
    assert ties.low < 0.5 < ties.high and ties.low == pytest.approx(1 - ties.high)
    assert share_won([1.0], None) == (None, None, None)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, None, 0.005]) == pytest.approx([0.03, 0.06, 0.06, None, 0.02], nan_ok=True)
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == []


def test_student_p_values_agree_with_their_interval() -> None:
    generator = np.random.default_rng(2)
    for _ in range(200):
        values = generator.normal(0.4, 1, 12).tolist()
        found, p = mean_interval(values), p_value(values)
        assert found.low is not None and found.high is not None and p is not None
        assert (p < 0.05) == (found.low > 0 or found.high < 0)


@pytest.mark.parametrize("common", [0.0, 0.5, 0.9])
def test_runs_saved_by_a_known_correlation(common: float) -> None:
    generator = np.random.default_rng(4)
    shared, n = generator.normal(size=40_000), 40_000
    a, b = (math.sqrt(common) * shared + math.sqrt(1 - common) * generator.normal(size=n) for _ in range(2))
    assert runs_saved(a.tolist(), b.tolist()) == pytest.approx(1 / (1 - common), rel=0.05)


def test_runs_saved_at_the_ends() -> None:
    assert runs_saved([1.0, 2.0, 5.0], [2.0, 3.0, 6.0]) == math.inf
    assert runs_saved([1.0, 1.0], [2.0, 2.0]) is None and runs_saved([1.0], [2.0]) is None


def test_quantiles_need_enough_runs() -> None:
    values = [float(value) for value in range(1, 21)]
    assert quantiles(values, (0.05, 0.5, 0.95)) == pytest.approx([1.95, 10.5, 19.05])
    assert quantiles(values[:19], (0.05, 0.25, 0.5)) == [None, pytest.approx(5.5), pytest.approx(10.0)]
    assert quantiles([3.0], (0.5,)) == [None]


def cured(*tables: list[int], placed: int) -> Any:
    return [
        {
            "world": "w",
            "arm": "a",
            "cures": {
                "stage": ["middle"] * len(found),
                "weeks": list(range(len(found))),
                "placed": [placed] * len(found),
                "cured": found,
            },
        }
        for found in tables
    ]


def test_survival_by_hand() -> None:
    one = survival(cured([0, 2, 2, 5], placed=10))
    assert one["share"].tolist() == pytest.approx([1.0, 0.8, 0.8, 0.5])
    assert one["low"].iloc[3] < 0.5 < one["high"].iloc[3] and one["accounts"].iloc[0] == 10
    # Greenwood on the log-log scale at 5 of 10 cured, two steps: by the formula
    variance = 2 / (10 * 8) + 3 / (8 * 5)
    theta = 1.959963984540054 * math.sqrt(variance) / math.log(0.5)
    assert one["low"].iloc[3] == pytest.approx(0.5 ** math.exp(-theta))
    several = survival(cured([0, 2, 2, 5], [0, 0, 4, 5], [0, 1, 3, 8], placed=10))
    assert several["share"].tolist() == pytest.approx([1.0, 27 / 30, 21 / 30, 12 / 30])
    ends = mean_interval([0.5, 0.5, 0.2])
    assert several["low"].iloc[3] == pytest.approx(max(0.0, ends.low or 0.0))
    assert survival(cured([0, 0], placed=0)).empty


SIZE = {"population.borrowers": 800, "population.firms": 100, "burn_in": 8}


def test_roll_rates_account_for_every_account() -> None:
    model = Ecosystem("baseline", rng=4, changes=SIZE).run(4)  # to the end of the first month
    state = model.state
    before = state.roll_bucket.copy()
    rolled = model.roll_rates()["accounts"].sum()
    model.run(4)
    table = model.roll_rates()
    assert table["accounts"].sum() - rolled == (before != BUCKETS.index("closed")).sum() > 0
    starts = {bucket: int((before == place).sum()) for place, bucket in enumerate(BUCKETS[:-1])}
    moved = table.groupby("from")["accounts"].sum()
    assert moved["current"] >= starts["current"] > 0
    # nobody becomes later than time allows, and what is charged off stays so or is closed
    assert not table.query("`from` == 'current' and to in ('61-90', '91-180', '181+')")["accounts"].any()
    later = table.query("`from` == 'charged_off'")
    assert set(later.loc[later["accounts"] > 0, "to"]) <= {"charged_off", "closed"}


def test_roll_rates_pooled_over_runs_sum_to_one() -> None:
    found = compare("baseline", strategies=["traditional"], runs=3, weeks=18, workers=1, changes=SIZE)
    table = found.roll_rates
    sums = table.groupby(["world", "arm", "from"])["share"].sum(min_count=1).dropna()
    assert len(sums) >= 8 and sums.round(12).eq(1.0).all()
    hand = sum(
        dict(zip(zip(r["from"], r["to"], strict=True), r["accounts"], strict=True))["current", "1-30"]
        for r in (row["roll_rates"] for row in found.results if row["arm"] == "traditional")
    )
    cell = table.query("arm == 'traditional' and `from` == 'current' and to == '1-30'")["accounts"]
    assert cell.item() == pytest.approx(hand / 3) and hand > 0
    pd.testing.assert_frame_equal(pooled_roll_rates(found.results), table)


def test_reproduction_by_quarter_adds_up_to_the_measure() -> None:
    events = [{"kind": "fail", "week": 2, "firm": firm} for firm in range(12)]
    found = compare(
        "chain-reaction", {"now": {}}, runs=2, weeks=60, workers=1, changes={**SIZE, "events": events}
    )
    for row in found.results:
        table = row["reproduction"]
        assert sum(table["cases"]) >= 12
        expected = sum(table["offspring"]) / sum(table["cases"])
        assert row["measures"]["reproduction_number"] == pytest.approx(expected)
    pooled = reproduction_over_time(found.results)
    first = pooled[pooled["week"] == 0].iloc[0]
    assert first["cases"] == sum(row["reproduction"]["cases"][0] for row in found.results)
    assert first["low"] <= first["value"] <= first["high"]


def test_a_comparison_says_how_sure_it_is() -> None:
    found = compare(
        "baseline", {"now": {}, "same": {}, "app": {"strategy": "app_based"}}, runs=6, weeks=10, workers=1,
        changes=SIZE,
    )  # fmt: skip
    table = found.sureness.set_index(["arm", "measure"])
    paired = found.paired("app", "now").set_index("measure")
    for measure in ("contact_rate", "cost_per_100", "stress_mean"):
        row = table.loc["app", measure]
        for name in ("difference", "low", "high", "n"):
            assert row[name] == pytest.approx(paired.loc[measure, name])
        assert row["p_holm"] >= row["p"]
    same = table.loc["same"]
    assert same["p"].eq(1.0).all() and same["difference"].eq(0.0).all() and same["won"].dropna().eq(0.5).all()
    assert len(found.quantiles) == len(found.measures) * 3
