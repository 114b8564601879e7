"""DebtRank: published vectors, the closed form where no cap binds, and properties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sim.contagion.debt_rank import debtrank, debtrank_index
from sim.core.errors import ArrearsError, SpecError

VECTORS = Path(__file__).parents[1].parent / "shared" / "validation" / "vectors.json"

#: A ring of three in which each loses half of its debtor's relative loss; Battiston et al. (2012) and
#: Bardoscia et al. (2015) give the two ends for a first loss of .4 at one firm.
RING = np.array([[0, 0, 0.5], [0.5, 0, 0], [0, 0.5, 0]])
FIRST = np.array([0.4, 0, 0])


def world(seed: int, leverage: float = 0.9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random claims, unequal equities and a shock; row sums of Lambda are at most ``leverage``."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 25))
    claims = rng.lognormal(0, 2, (n, n)) * (rng.random((n, n)) < 0.4)
    np.fill_diagonal(claims, 0)
    equity = (claims.sum(axis=1) + 0.01) / (leverage * rng.uniform(0.1, 1, n))
    return claims, equity, rng.random(n) * (rng.random(n) < 0.5)


def rounds_of_the_paper(
    claims: np.ndarray, equity: np.ndarray, shock: np.ndarray
) -> tuple[np.ndarray, float]:
    """The differential rule as printed, 3,000 rounds; also the largest step of the last round."""
    leverage = claims / equity[:, None]
    h, last = shock.copy(), np.zeros_like(shock)
    for _ in range(3_000):
        h, last = np.minimum(1, h + leverage @ (h - last)), h
    return h, float((h - last).max())


def states_of_the_paper(claims: np.ndarray, equity: np.ndarray, shock: np.ndarray) -> np.ndarray:
    """The original rule as printed: undistressed, distressed for one round, inactive."""
    impact = np.minimum(1, claims / equity[:, None])
    h = shock.copy()
    state = np.where(h > 0, "D", "U")
    while (state == "D").any():
        distressed = state == "D"
        h = np.minimum(1, h + impact @ np.where(distressed, h, 0))
        state = np.where(distressed, "I", np.where((state == "U") & (h > 0), "D", state))
    return h


def test_published_ends_of_both_rules() -> None:
    equal = np.ones(3)
    once = debtrank(RING, equal, FIRST, differential=False)
    np.testing.assert_allclose(once, [0.45, 0.2, 0.1], rtol=0, atol=1e-14)
    assert debtrank_index(once, FIRST) == pytest.approx(0.35 / 3, abs=1e-14)
    np.testing.assert_allclose(debtrank(RING, equal, FIRST), np.array([16, 8, 4]) / 35, rtol=0, atol=1e-14)


def test_vectors_file() -> None:
    if not VECTORS.exists():
        pytest.skip(f"no vectors at {VECTORS}")
    for case in json.loads(VECTORS.read_text(encoding="utf-8")):
        if not case["id"].startswith("DR"):
            continue
        leverage, first = np.array(case["inputs"]["Lambda"], float), np.array(case["inputs"]["h0"], float)
        want, equity = case["expected"], np.full(first.size, 7.0)
        ends = {
            "original_h": debtrank(leverage * 7, equity, first, differential=False),
            "differential_h": debtrank(leverage * 7, equity, first),
        }
        for name, h in ends.items():
            parts = [str(value).partition("/") for value in want[name]]
            numbers = [float(a) / float(b or 1) for a, _, b in parts]
            np.testing.assert_allclose(h, numbers, rtol=0, atol=case["tol"])
        index = debtrank_index(ends["original_h"], first)
        assert index == pytest.approx(want["original_R_equal_weights"], abs=case["tol"])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), sparse_input=st.booleans())
def test_no_cap_means_the_linear_system_with_any_equities(seed: int, sparse_input: bool) -> None:
    claims, equity, shock = world(seed)
    system = np.eye(shock.size) - claims / equity[:, None]
    exact = np.linalg.solve(system, shock)
    shock = shock * (0.99 / max(exact.max(), 1e-9))
    shock = np.minimum(shock, 1)
    exact = np.linalg.solve(system, shock)
    given_claims = sparse.coo_matrix(claims) if sparse_input else claims
    np.testing.assert_allclose(debtrank(given_claims, equity, shock), exact, rtol=0, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), leverage=st.floats(0.2, 8))
def test_both_rules_as_printed_with_caps(seed: int, leverage: float) -> None:
    claims, equity, shock = world(seed, leverage)
    h = debtrank(claims, equity, shock)
    np.testing.assert_allclose(h, np.minimum(1, shock + claims / equity[:, None] @ h), rtol=0, atol=1e-12)
    printed, step = rounds_of_the_paper(claims, equity, shock)
    assert (h >= printed - 1e-12).all()
    if step < 1e-14:  # the printed rounds have come to rest
        np.testing.assert_allclose(h, printed, rtol=0, atol=1e-10)
    once = debtrank(claims, equity, shock, differential=False)
    np.testing.assert_allclose(once, states_of_the_paper(claims, equity, shock), rtol=0, atol=1e-12)
    assert (once <= h + 1e-12).all()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), differential=st.booleans())
def test_properties(seed: int, differential: bool) -> None:
    claims, equity, shock = world(seed, 2.0)
    n = shock.size
    h = debtrank(claims, equity, shock, differential=differential)
    assert (h >= shock).all() and (h <= 1).all()
    order = np.random.default_rng(seed).permutation(n)
    moved = debtrank(claims[np.ix_(order, order)], equity[order], shock[order], differential=differential)
    np.testing.assert_allclose(moved, h[order], rtol=0, atol=1e-12)
    unit = debtrank(claims * 6.5, equity * 6.5, shock, differential=differential)
    np.testing.assert_allclose(unit, h, rtol=0, atol=1e-12)
    assert not debtrank(claims, equity, np.zeros(n), differential=differential).any()
    two = sparse.block_diag([claims, claims])
    beside = debtrank(two, np.tile(equity, 2), np.append(shock, np.zeros(n)), differential=differential)
    np.testing.assert_array_equal(beside, np.append(h, np.zeros(n)))
    if differential:  # the original rule is not monotone: who is hit early passes on less
        more = debtrank(claims, equity, np.minimum(1, shock * 1.3))
        assert (more >= h - 1e-12).all()
        assert (debtrank(claims, equity * 1.2, shock) <= h + 1e-12).all()


def test_terms_of_the_index_add_up() -> None:
    claims, equity, shock = world(5)
    values = np.arange(1.0, shock.size + 1)
    for differential in (True, False):
        h = debtrank(claims, equity, shock, differential=differential)
        terms = debtrank(claims, equity, shock, differential=differential, weights=values)
        assert terms.sum() == pytest.approx(debtrank_index(h, shock, values), abs=1e-14)
        assert terms.sum() == pytest.approx(((h - shock) * values).sum() / values.sum(), abs=1e-14)


@pytest.mark.parametrize("differential", [True, False])
@pytest.mark.parametrize("none_left", [0, -3])
def test_a_firm_without_equity_is_the_limit_of_small_equity(none_left: int, differential: bool) -> None:
    claims = np.array([[0, 0, 0], [1, 0, 0], [0, 4, 0]])  # 1 holds a claim on 0, 2 on 1
    equity = np.array([10, none_left, 8])
    assert not debtrank(claims, equity, [0, 0, 0], differential=differential).any()
    h = debtrank(claims, equity, [0.1, 0, 0], differential=differential)
    np.testing.assert_allclose(h, [0.1, 1, 0.5] if differential else [0.1, 0.1, 0.05], rtol=0, atol=1e-15)
    limit = debtrank(claims, np.array([10, 1e-9, 8]), [0.1, 0, 0], differential=differential)
    np.testing.assert_allclose(h, limit, rtol=0, atol=1e-12)


def test_loops_that_hardly_leak_still_end() -> None:
    ring = np.roll(np.eye(50), 1, axis=0)
    slow = 1 - 1e-7
    shock = np.zeros(50)
    shock[0] = 1e-9
    h = debtrank(ring * slow, np.ones(50), shock)
    exact = np.linalg.solve(np.eye(50) - ring * slow, shock)
    np.testing.assert_allclose(h, exact, rtol=1e-8)
    growing = debtrank(ring * 1.05, np.ones(50), shock)
    np.testing.assert_array_equal(growing, np.ones(50))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(ArrearsError, match="leak too little"):
        patch.setattr("sim.contagion.debt_rank.LARGEST_WORK", 1e5)
        debtrank(ring, np.ones(50), shock)
    shock[0] = 0.01
    np.testing.assert_array_equal(debtrank(ring, np.ones(50), shock), np.ones(50))


@pytest.mark.parametrize("differential", [True, False])
def test_long_chains_and_small_shocks(differential: bool) -> None:
    n = 3_000
    chain = sparse.diags_array([np.full(n - 1, 4.0)], offsets=[-1])  # each holds a claim on the one before
    shock = np.zeros(n)
    shock[0] = 0.25
    h = debtrank(chain, np.full(n, 4.0), shock, differential=differential)
    np.testing.assert_array_equal(h, np.full(n, 0.25))
    claims, equity, shock = world(8)
    whole = debtrank(claims, equity, shock * 1e-3, differential=differential)
    small = debtrank(claims, equity, shock * 1e-12, differential=differential)
    np.testing.assert_allclose(small, whole * 1e-9, rtol=1e-12)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("not square", {"exposures": np.ones((2, 3))}, r"exposures: has the shape \(2, 3\)"),
    ("negative", {"exposures": -RING}, "exposures: holds the amount -0.5"),
    ("undefined", {"exposures": np.full((3, 3), np.nan)}, "infinite or undefined"),
    ("text", {"exposures": np.array([["a", "b"], ["c", "d"]])}, "exposures: holds"),
    ("equity length", {"equity": [1, 2]}, "equity: has the shape"),
    ("shock range", {"shock": [0, 1.5, 0]}, r"shock\[1\]: is 1.5"),
    ("weights", {"weights": [0, 0, 0]}, "weights: are negative or all zero"),
]


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_input_is_one_sentence(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"exposures": RING, "equity": np.ones(3), "shock": FIRST, **change}
    with pytest.raises(SpecError, match=message):
        debtrank(**arguments)


def test_input_is_left_alone() -> None:
    claims = sparse.csr_matrix(([1.0, 2.0, 0.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    data, shock = claims.data.copy(), np.array([0.0, 0.2])
    h = debtrank(claims, [10, 10], shock)
    assert h.tolist() == pytest.approx([0.06, 0.2])
    assert np.array_equal(claims.data, data) and shock.tolist() == [0.0, 0.2]
