"""Means, paired differences and their intervals."""

from __future__ import annotations

import math
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.experiments import mean_interval, paired_difference

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "coverage.py"
FINITE = st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 6))
MAYBE = st.one_of(st.none(), FINITE)


@given(st.lists(FINITE, min_size=2, max_size=30))
@settings(max_examples=60, deadline=None)
def test_interval_is_the_textbook_one(values: list[float]) -> None:
    found = mean_interval(values)
    assert found.n == len(values) and found.reason is None
    assert found.low is not None and found.mean is not None and found.high is not None
    assert found.low <= found.mean <= found.high
    if len(set(values)) > 1:
        low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
        scale = max(1e-9, max(map(abs, values)))
        assert found.low == pytest.approx(low, rel=1e-9, abs=1e-9 * scale)
        assert found.high == pytest.approx(high, rel=1e-9, abs=1e-9 * scale)


@given(st.lists(st.tuples(MAYBE, MAYBE), max_size=20))
@settings(max_examples=100, deadline=None)
def test_pairs_count_where_both_are_defined(pairs: list[tuple[float | None, float | None]]) -> None:
    new, old = [a for a, _ in pairs], [b for _, b in pairs]
    both = [a - b for a, b in pairs if a is not None and b is not None]
    found = paired_difference(new, old)
    assert found.n == len(both)
    if not both:
        assert found[:3] == (None, None, None) and found.reason
        return
    assert found.mean == pytest.approx(math.fsum(both) / len(both), rel=1e-9, abs=1e-9)
    assert (found.low is None) == (len(both) == 1)
    assert bool(found.reason) == (len(both) == 1 or len(both) < len(pairs))
    mirrored = paired_difference(old, new)
    assert mirrored.mean == -found.mean
    if found.low is not None:
        assert mirrored.high == pytest.approx(-found.low, rel=1e-9, abs=1e-9)


@given(st.lists(MAYBE, min_size=2, max_size=20))
@settings(max_examples=50, deadline=None)
def test_a_placebo_is_exactly_zero(values: list[float | None]) -> None:
    found = paired_difference(values, values)
    if found.n >= 2:
        assert found[:3] == (0.0, 0.0, 0.0)


def test_equal_values_have_an_interval_of_no_width() -> None:
    assert mean_interval([0.1, 0.1, 0.1])[:4] == (0.1, 0.1, 0.1, 3)


def test_the_reason_is_the_models_own() -> None:
    assert (
        mean_interval([None, None], ["nobody was placed", "nobody was placed"]).reason == "nobody was placed"
    )
    partly = mean_interval([1.0, 2.0, None], [None, None, "nobody was placed"])
    assert partly.mean == 1.5 and partly.reason == "undefined in 1 of 3 runs (nobody was placed)"
    single = mean_interval([3.0])
    assert single.mean == 3.0 and single.low is None and single.reason == "one run gives no interval"
    pair = paired_difference([1.0], [None], [], ["nothing recovered"], "left_alone")
    assert pair.mean is None and pair.reason == "in left_alone: nothing recovered"


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        paired_difference([1.0, 2.0], [1.0])


@pytest.mark.parametrize("runs", [5, 8, 20])
def test_nominal_intervals_cover_a_known_effect(runs: int) -> None:
    """Ensembles of paired runs with a shared start, noise in each arm and an effect that varies."""
    covered_share = runpy.run_path(str(BENCHMARK))["covered_share"]
    assert 0.93 <= covered_share(ensembles=400, runs=runs, seed=runs) <= 0.97
    assert 0.94 <= covered_share(ensembles=4_000, runs=runs, seed=100 + runs) <= 0.96
