"""Keyed randomness: known answers, uniformity, independence of rows, streams and draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.core.rng import normal_rows, philox, stream, uniform_rows, uniforms

#: Known answers of Random123 for Philox4x32-10: (counter, key, result).
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF,) * 4,
        (0xFFFFFFFF,) * 2,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]

SEEDS = st.integers(0, 2**63 - 1)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_known_answers(counter: tuple[int, ...], key: tuple[int, ...], expected: tuple[int, ...]) -> None:
    words = philox(*(np.uint64(x) for x in (*counter, *key)))
    assert tuple(int(word) for word in words) == expected


def test_a_draw_is_the_philox_word_of_its_counter() -> None:
    key = stream(7, "households.people")
    low, high = np.uint64(key & np.uint64(0xFFFFFFFF)), np.uint64(int(key) >> 32)
    slot = 2**32 + 5
    words = philox(*(np.uint64(x) for x in (5, 1, 300, 2)), low, high)
    assert uniforms(key, 300, slot, 2) == tuple((int(word) + 0.5) / 2**32 for word in words)


def test_the_key_is_a_hash_of_seed_and_name() -> None:
    keys = {int(stream(seed, name)) for seed in range(200) for name in ("a", "b", "trade.demand")}
    assert len(keys) == 600
    assert stream(1, "a") == stream(1, "a")


@pytest.mark.parametrize("name", ["trade.demand", "households.accounts", "borrowers.types"])
def test_uniform_and_normal(name: str) -> None:
    u = uniform_rows(11, name, 50_000)
    assert (u > 0).all() and (u < 1).all()
    for column in u.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-4
    assert np.abs(np.corrcoef(u.T) - np.eye(4)).max() < 0.025
    assert stats.kstest(normal_rows(11, name, 50_000), "norm").pvalue > 1e-4


def test_consecutive_slots_and_weeks_are_uncorrelated() -> None:
    slots = uniform_rows(3, "trade.demand", 50_000)[:, 0]
    assert abs(np.corrcoef(slots[1:], slots[:-1])[0, 1]) < 0.025
    weeks = np.array([uniforms(stream(3, "trade.demand"), week, 17, 0)[0] for week in range(5000)])
    assert stats.kstest(weeks, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(weeks[1:], weeks[:-1])[0, 1]) < 0.07


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, rows=st.integers(1, 300), more=st.integers(0, 300), week=st.integers(0, 5000))
def test_a_row_is_the_same_whatever_the_number_of_rows(seed: int, rows: int, more: int, week: int) -> None:
    few, many = (uniform_rows(seed, "x", n, week) for n in (rows, rows + more))
    assert np.array_equal(few, many[:rows])
    assert np.array_equal(
        normal_rows(seed, "x", rows, week), normal_rows(seed, "x", rows + more, week)[:rows]
    )


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, week=st.integers(0, 2**20), slot=st.integers(0, 2**40), draw=st.integers(0, 100))
def test_every_part_of_the_address_matters(seed: int, week: int, slot: int, draw: int) -> None:
    key = stream(seed, "x")
    numbers = [
        uniforms(key, week, slot, draw),
        uniforms(key, week + 1, slot, draw),
        uniforms(key, week, slot + 1, draw),
        uniforms(key, week, slot, draw + 1),
        uniforms(stream(seed, "y"), week, slot, draw),
        uniforms(stream(seed + 1, "x"), week, slot, draw),
    ]
    assert len(set(numbers)) == len(numbers)
    assert uniforms(key, week, slot, draw) == numbers[0]


def test_streams_and_seeds_are_independent() -> None:
    columns = [uniform_rows(seed, name, 20_000)[:, 0] for seed in (1, 2) for name in ("a", "b", "c")]
    assert np.abs(np.corrcoef(columns) - np.eye(6)).max() < 0.035
