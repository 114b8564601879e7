"""Cascades: by definition, alone and all together, to the bit on any number of threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sim.contagion.cascades import cascade, loss_book
from sim.contagion.graphs import claims_csr
from sim.contagion.loss_ranking import all_cascades, loss_cascades
from sim.core.errors import SpecError


def by_definition(
    claims: np.ndarray, equity: np.ndarray, seeds: list[int], strict: bool, slack: float
) -> tuple[np.ndarray, np.ndarray]:
    """Failed firms and rounds by full passes."""
    failed = np.zeros(len(equity), bool)
    rounds = np.full(len(equity), -1)
    failed[seeds], rounds[seeds] = True, 0
    for number in range(1, len(equity) + 1):
        loss = claims @ failed
        over = loss > equity + slack if strict else loss >= equity - slack
        new = over & (loss > 0) & ~failed
        failed, rounds[new] = failed | new, number
    return failed, rounds


def economy(seed: int, whole: bool) -> tuple[np.ndarray, np.ndarray]:
    """Random claims and what firms can bear: small whole numbers, so that ties are common, or tenths."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    claims = rng.integers(1, 9, (n, n)) * (rng.random((n, n)) < rng.uniform(0, 4) / n)
    equity = rng.integers(-1, 14, n)
    return (claims, equity) if whole else (claims * 0.1, equity * 0.1)


SEEDS = st.integers(0, 10**6)


@settings(max_examples=150, deadline=None)
@given(seed=SEEDS, whole=st.booleans(), strict=st.booleans(), as_sparse=st.booleans())
def test_definition_with_ties(seed: int, whole: bool, strict: bool, as_sparse: bool) -> None:
    claims, equity = economy(seed, whole)
    n = len(equity)
    seeds = np.flatnonzero(np.random.default_rng(seed).random(n) < 0.15).tolist()
    found = cascade(sparse.lil_array(claims) if as_sparse else claims, equity, seeds, strict=strict)
    failed, rounds = by_definition(claims, equity, seeds, strict, 0 if whole else 1e-7)
    assert found.failed.tolist() == failed.tolist()
    assert found.round.tolist() == rounds.tolist()
    mask = np.isin(np.arange(n), seeds)
    assert np.array_equal(cascade(claims, equity, mask, strict=strict).failed, found.failed)


@settings(max_examples=80, deadline=None)
@given(seed=SEEDS, whole=st.booleans(), strict=st.booleans())
def test_properties(seed: int, whole: bool, strict: bool) -> None:
    claims, equity = economy(seed, whole)
    rng = np.random.default_rng(seed)
    n = len(equity)
    seeds = rng.choice(n, min(n, 2), replace=False)
    failed, rounds = cascade(claims, equity, seeds, strict=strict)
    assert not cascade(claims, equity, [], strict=strict).failed.any()
    assert np.array_equal(failed, rounds >= 0)
    order = rng.permutation(n)
    moved = cascade(claims[np.ix_(order, order)], equity[order], np.argsort(order)[seeds], strict=strict)
    assert np.array_equal(moved.round, rounds[order])
    unit = cascade(claims * 7, equity * 7, seeds, strict=strict)
    assert np.array_equal(unit.round, rounds)
    two = cascade(sparse.block_diag([claims, claims]), np.tile(equity, 2), seeds, strict=strict)
    assert np.array_equal(two.round, np.append(rounds, np.full(n, -1)))
    for weaker in (
        cascade(claims, equity - 1, seeds, strict=strict),
        cascade(claims * 2, equity, seeds, strict=strict),
        cascade(claims, equity, rng.integers(0, n, 2).tolist() + seeds.tolist(), strict=strict),
        cascade(claims, equity, seeds, strict=False),
    ):
        assert (weaker.failed >= failed).all()
    assert (cascade(claims, equity, seeds, strict=strict, lgd=0.6).failed <= failed).all()
    assert np.array_equal(cascade(claims, equity, seeds, strict=strict, lgd=0).failed, rounds == 0)


@pytest.mark.parametrize(("strict", "falls"), [(True, False), (False, True)])
@pytest.mark.parametrize("unit", [1.0, 0.01, 1e9, 1 / 3])
def test_a_loss_at_the_limit_is_decided_as_real_numbers_would(strict: bool, falls: bool, unit: float) -> None:
    for debtors in range(1, 40):
        claims = np.zeros((debtors + 1, debtors + 1))
        claims[0, 1:] = 0.2 * unit / debtors
        limit = sum([0.2 * unit / debtors] * (debtors // 2 + 1))  # rounded otherwise than the product
        for capital in (limit, 0.2 * unit * (debtors // 2 + 1) / debtors):
            equity = np.append(capital, np.ones(debtors) * unit)
            seeds = range(1, debtors // 2 + 2)
            assert cascade(claims, equity, list(seeds), strict=strict).failed[0] == falls
    claims = np.zeros((6, 6))
    claims[0, 1:] = 0.2 / 5  # capital 4 %, a fifth of 20 %
    assert cascade(claims, np.full(6, 0.04), 1, strict=strict).failed[0] == falls


def test_whole_amounts_are_decided_to_the_fen() -> None:
    large = 2**60 + 1  # no float64 tells it from its neighbours
    claims = np.array([[0, large - 1, 1], [0, 0, 0], [0, 0, 0]])
    for equity, strict, falls in [
        (large, True, False), (large - 1, True, True), (large, False, True), (large + 1, False, False)
    ]:  # fmt: skip
        book = np.array([equity, 0, 0])
        assert cascade(claims, book, [1, 2], strict=strict).failed[0] == falls


def test_loss_given_default_by_debtor() -> None:
    claims = np.array([[0, 10, 10], [0, 0, 0], [0, 0, 0]])
    equity = np.array([9, 1, 1])
    assert cascade(claims, equity, [1]).failed.tolist() == [True, True, False]
    assert cascade(claims, equity, [1], lgd=[1, 0.8, 1]).failed.tolist() == [False, True, False]
    assert cascade(claims, equity, [1], lgd=0.9).failed.tolist() == [False, True, False]
    assert cascade(claims, equity, [1], lgd=0.9, strict=False).failed.tolist() == [True, True, False]


def test_a_firm_without_equity_stands_until_it_loses() -> None:
    claims = np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    for strict in (True, False):
        found = cascade(claims, [-5, 3, -5], [1], strict=strict)
        assert found.round.tolist() == [1, 0, -1]


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("not square", {"exposures": np.ones((2, 3))}, "exposures: has the shape"),
    ("negative", {"exposures": -np.ones((2, 2))}, "exposures: holds the amount -1.0"),
    ("overflow", {"exposures": np.full((2, 2), 2**60)}, "amounts beyond 2..61 in all"),
    ("seed", {"seeds": [5]}, "seeds: names the firm 5"),
    ("seed kind", {"seeds": [0.5]}, "seeds: is an array of float64"),
    ("lgd", {"lgd": 1.2}, r"lgd\[0\]: is 1.2"),
    ("equity", {"equity": [1, np.inf]}, "equity: holds infinite"),
]


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_input_is_one_sentence(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"exposures": np.ones((2, 2)), "equity": [1, 1], "seeds": [0], **change}
    with pytest.raises(SpecError, match=message):
        cascade(**arguments)
    with pytest.raises(SpecError, match=message):
        loss_cascades(**arguments)


# -- all firms at once --------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(seed=SEEDS, whole=st.booleans(), strict=st.booleans(), lgd=st.sampled_from([1.0, 0.7]))
def test_all_cascades_equal_each_cascade(seed: int, whole: bool, strict: bool, lgd: float) -> None:
    claims, equity = economy(seed, whole)
    n = len(equity)
    jobs = np.random.default_rng(seed).integers(0, 50, n)
    each = [cascade(claims, equity, firm, strict=strict, lgd=lgd).failed for firm in range(n)]
    chosen = np.flatnonzero(np.random.default_rng(seed).random(n) < 0.4)
    for threads in (1, 2):
        for share in (True, False):
            options: dict[str, Any] = {
                "strict": strict,
                "lgd": lgd,
                "threads": threads,
                "share_closures": share,
            }
            found = loss_cascades(claims, equity, weights=jobs, **options)
            assert found.failed.tolist() == [int(failed.sum()) for failed in each]
            assert found.loss.tolist() == [int(jobs[failed].sum()) for failed in each]
            lost = loss_cascades(claims, equity, **options).loss
            written_off = [lgd * claims[:, failed].sum() for failed in each]
            np.testing.assert_allclose(lost, written_off, rtol=1e-12)
            some = loss_cascades(claims, equity, weights=jobs, seeds=chosen, **options)
            assert np.array_equal(some.failed[chosen], found.failed[chosen])
            assert some.failed.sum() == found.failed[chosen].sum()


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, whole=st.booleans(), least=st.integers(1, 30))
def test_large_cascades_that_contain_each_other_are_told_right(seed: int, whole: bool, least: int) -> None:
    claims, equity = economy(seed, whole)
    each = [int(cascade(claims, equity, firm).failed.sum()) for firm in range(len(equity))]
    with pytest.MonkeyPatch.context() as patch:  # else small economies have no large cascades
        patch.setattr("sim.contagion.loss_ranking._LEAST", least)
        for threads in (1, 2):
            assert loss_cascades(claims, equity, threads=threads).failed.tolist() == each


@pytest.mark.parametrize("rings", [(2_000,), (400, 4_000), (4_000, 400)])
def test_a_cascade_that_many_firms_set_off_is_not_followed_for_each(rings: tuple[int, ...]) -> None:
    """Each of 200 firms breaks two others for each ring, which only together break the first of it.

    Everybody can bear a loss of 1. A smaller ring must not hide a larger one.
    """
    starters, links, places = 200, [], []
    n = starters
    for ring in rings:
        first = n + 2 * starters
        for k in range(starters):
            pair = n + 2 * k, n + 2 * k + 1
            links += [(k, member, 2) for member in pair] + [(member, first, 1) for member in pair]
        links += [(first + k, first + (k + 1) % ring, 2) for k in range(ring)]
        places.append(slice(first, first + ring))
        n = first + ring
    debtor, creditor, claim = np.array(links).T
    claims = sparse.csr_array((claim, (creditor, debtor)), shape=(n, n))
    book = loss_book(claims_csr("test", "claims", claims), np.ones(n, np.int64), np.ones(n), True)
    found, visited = all_cascades(book, np.ones(n, np.int64), np.arange(n), 1, True)
    assert (found.failed[:starters] == 1 + 2 * len(rings) + sum(rings)).all()
    for ring, place in zip(rings, places, strict=True):
        assert (found.failed[place] == ring).all()
    assert visited < starters * max(rings) / 4


@pytest.mark.parametrize(("fragility", "largest"), [(0.02, 1_200), (0.2, 1_000), (0.3, 500), (1.0, 5)])
def test_threads_and_shared_closures_agree_to_the_bit(fragility: float, largest: int) -> None:
    rng = np.random.default_rng(3)
    n, links = 1_500, 9_000
    popular = rng.pareto(1.2, n) + 1
    ends = rng.choice(n, links, p=popular / popular.sum()), rng.integers(0, n, links)
    claims = sparse.csr_array((rng.integers(1, 10**6, links), ends), shape=(n, n))
    equity = (fragility * rng.lognormal(0, 1, n) * np.asarray(claims.sum(axis=1)).ravel()).astype(np.int64)
    one = loss_cascades(claims, equity)
    assert one.failed.max() >= largest  # from local to system-wide
    assert one.loss.dtype == np.int64
    for options in ({"threads": 2}, {"share_closures": False}, {"threads": 2, "share_closures": False}):
        other = loss_cascades(claims, equity, **options)
        assert np.array_equal(other.failed, one.failed) and np.array_equal(other.loss, one.loss)
    fractions = [loss_cascades(claims, equity, lgd=0.9, threads=threads) for threads in (1, 2)]
    assert fractions[0].loss.tobytes() == fractions[1].loss.tobytes()
    for firm in rng.integers(0, n, 20):
        assert cascade(claims, equity, firm).failed.sum() == one.failed[firm]


def test_a_long_chain_is_no_square() -> None:
    n = 200_000
    place = np.random.default_rng(0).permutation(n)
    claims = sparse.csr_array((np.full(n - 1, 2), (place[1:], place[:-1])), shape=(n, n))
    found = loss_cascades(claims, np.ones(n, np.int64))  # 2e10 failures in all
    assert np.array_equal(found.failed[place], np.arange(n, 0, -1))
    assert np.array_equal(found.loss[place], 2 * np.arange(n - 1, -1, -1))


WITHOUT_COMPILER = """
import json, numpy as np
from sim.contagion.cascades import cascade, loss_book
from sim.contagion.debt_rank import debtrank
from sim.contagion.graphs import claims_csr
from sim.contagion.loss_ranking import all_cascades, loss_cascades
rng = np.random.default_rng(2)
claims = rng.integers(1, 9, (60, 60)) * (rng.random((60, 60)) < 0.04)
equity = rng.integers(0, 12, 60)
ranking = loss_cascades(claims, equity, threads=2)
found = [cascade(claims, equity, [3, 8]).round, ranking.failed, ranking.loss]
for differential in (True, False):
    found.append(debtrank(claims, equity, np.arange(60) / 100, differential=differential))
print(json.dumps([column.tolist() for column in found]))
"""


def test_compiled_and_plain_kernels_agree() -> None:
    root = Path(__file__).parents[1]
    said = []
    for off in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": off, "PYTHONPATH": str(root)}
        command = [sys.executable, "-W", "error", "-c", WITHOUT_COMPILER]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=root, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        said.append(json.loads(done.stdout))
    for compiled, plain in zip(*said, strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=0, atol=1e-12)
    assert max(said[0][1]) > 10
