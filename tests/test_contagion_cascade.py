"""Cascades: definition, published windows and extents, epidemics and branching from the same code."""

from __future__ import annotations

import json
import math
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
from sim.contagion.closed_forms import (
    borel_pmf,
    cascade_probability,
    cascade_window,
    final_size,
    offspring,
    vulnerable_degree,
)
from sim.contagion.graphs import claims_csr
from sim.contagion.loss_ranking import all_cascades, loss_cascades
from sim.core.errors import SpecError

VECTORS = Path(__file__).parents[1].parent / "shared" / "validation" / "vectors.json"

#: Gai and Kapadia (2010) set-up, 1,000 banks, capital 4 %, claims 20 %, one random default, 1,600 runs:
#: mean degree -> share of runs with more than 5 % failed, strict and weak; share failed in these.
GAI_KAPADIA = {
    1.5: (0.518, 0.553, 0.577),
    3.0: (0.776, 0.891, 0.94),
    5.0: (0.495, 0.836, 0.993),
    6.0: (0.184, 0.72, 0.9975),
    7.0: (0.018, 0.405, 0.999),
    7.5: (0.003, 0.268, 0.9995),
    8.0: (0.0, 0.127, 0.9996),
}
PUBLISHED_RUNS = 1_600

#: Watts (2002) set-up, threshold .18, 10,000 nodes, one seed, 150 runs: share of global cascades, size.
WATTS_SHARE = {1.5: 0.633, 2.0: 0.72, 3.0: 0.9, 4.0: 0.88, 5.0: 0.68, 5.5: 0.393, 6.0: 0.053}
WATTS_SIZE = {2.0: 0.798, 3.0: 0.9405, 4.0: 0.98, 5.0: 0.9931}
WATTS_RUNS = 150


def directed_graph(rng: np.random.Generator, n: int, z: float) -> sparse.csr_array:
    """Poisson graph: every ordered pair is linked with probability z / (n - 1)."""
    links = rng.binomial(n * (n - 1), z / (n - 1))
    places = rng.choice(n * (n - 1), links, replace=False) if n <= 2_000 else None
    if places is None:  # large graphs: pairs may repeat, which is rare enough to leave out
        places = np.unique(rng.integers(0, n * (n - 1), links))
    row, rest = places // (n - 1), places % (n - 1)
    column = rest + (rest >= row)
    return sparse.csr_array((np.ones(row.size), (row, column)), shape=(n, n))


def undirected_graph(rng: np.random.Generator, n: int, z: float) -> sparse.csr_array:
    """Poisson graph with about n z / 2 undirected links."""
    pairs = rng.integers(0, n, (rng.poisson(n * z / 2), 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    once = sparse.csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    both = once + once.T
    both.data[:] = 1.0
    return both


def split_evenly(links: sparse.csr_array, total: float) -> sparse.csr_array:
    """Each firm's claims of ``total``, the same on each debtor."""
    degree = np.diff(links.indptr)
    amounts = np.repeat(total / np.maximum(degree, 1), degree)
    return sparse.csr_array((amounts, links.indices, links.indptr), shape=links.shape)


def same_share(found: float, runs: int, published: float, published_runs: int) -> bool:
    """Within three binomial standard deviations of two samples; half a run where none or all happened."""
    p = (found * runs + published * published_runs) / (runs + published_runs)
    spread = math.sqrt(p * (1 - p) * (1 / runs + 1 / published_runs))
    return abs(found - published) <= 3 * spread + 0.5 / published_runs


def same_size(found: list[float], published: float, published_count: float) -> bool:
    """Means of two samples within three standard errors, and half of the last printed digit."""
    digits = len(str(published).partition(".")[2])
    error = np.std(found, ddof=1) * math.sqrt(1 / len(found) + 1 / published_count)
    return abs(float(np.mean(found)) - published) <= 3 * error + 0.5 * 10.0**-digits


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


def test_a_cascade_that_many_firms_set_off_is_not_followed_for_each() -> None:
    """Each of 200 firms breaks two others, which only together break the first of a ring of 2,000."""
    starters, ring = 200, 2_000
    own, first = np.arange(starters), 3 * starters
    links = [  # debtor, creditor, claim; everybody can bear a loss of 1
        *((k, starters + 2 * k + side, 2) for k in own for side in (0, 1)),
        *((starters + 2 * k + side, first, 1) for k in own for side in (0, 1)),
        *((first + k, first + (k + 1) % ring, 2) for k in range(ring)),
    ]
    debtor, creditor, claim = np.array(links).T
    n = first + ring
    claims = sparse.csr_array((claim, (creditor, debtor)), shape=(n, n))
    book = loss_book(claims_csr("test", "claims", claims), np.ones(n, np.int64), np.ones(n), True)
    found, visited = all_cascades(book, np.ones(n, np.int64), np.arange(n), 1, True)
    assert (found.failed[:starters] == 3 + ring).all() and (found.failed[first:] == ring).all()
    assert visited < starters * ring / 4


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


# -- published windows, shares and sizes --------------------------------------------------------------


def test_windows() -> None:
    for capital, strict, roots in [
        (0.03, True, (1.0006, 9.097)),
        (0.04, True, (1.0207, 5.7647)),
        (0.04, False, (1.0037, 7.4771)),
        (0.05, True, (1.1141, 3.8631)),
    ]:
        window = cascade_window(vulnerable_degree(capital, 0.2, strict=strict))
        assert window == pytest.approx(roots, abs=1e-4)
    degree = vulnerable_degree(0.18, 1.0, strict=False)
    watts = cascade_window(degree, directed=False)
    assert watts == pytest.approx((1.0207, 5.7647), abs=1e-4)
    assert watts is not None and offspring(watts[0], degree, directed=False) == pytest.approx(1, abs=1e-12)
    assert cascade_window(1) is None and cascade_window(2, directed=False) is None


def test_cascade_probabilities() -> None:
    strict = {1.5: 0.512, 3: 0.78, 5: 0.447, 6: 0, 7: 0}
    weak = {1.5: 0.564, 3: 0.885, 5: 0.844, 6: 0.696, 7: 0.327, 7.5: 0, 8: 0}
    watts = {1.5: 0.5489, 2: 0.7542, 3: 0.8735, 4: 0.8653, 5: 0.6953, 5.5: 0.3761, 6: 0}
    for z, chance in strict.items():
        assert cascade_probability(z, 4) == pytest.approx(chance, abs=6e-4)
    for z, chance in weak.items():
        assert cascade_probability(z, 5) == pytest.approx(chance, abs=6e-4)
    for z, chance in watts.items():
        assert cascade_probability(z, 5, directed=False) == pytest.approx(chance, abs=6e-5)


@pytest.mark.parametrize("z", GAI_KAPADIA)
def test_gai_kapadia_shares_and_extents(z: float) -> None:
    rng = np.random.default_rng(round(10 * z))
    n, runs = 1_000, 500
    counts: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(runs):
        claims, seed = split_evenly(directed_graph(rng, n, z), 0.2), int(rng.integers(n))
        for strict, sizes in counts.items():
            failed = cascade(claims, np.full(n, 0.04), seed, strict=strict).failed
            sizes.append(float(failed.mean()))
    strict_share, weak_share, extent = GAI_KAPADIA[z]
    for strict, published in ((True, strict_share), (False, weak_share)):
        large = [size for size in counts[strict] if size > 0.05]
        assert same_share(len(large) / runs, runs, published, PUBLISHED_RUNS), (strict, len(large) / runs)
        if len(large) > 20:
            assert same_size(large, extent, published * PUBLISHED_RUNS), (strict, np.mean(large))


@pytest.mark.parametrize("z", WATTS_SHARE)
def test_watts_shares_and_sizes(z: float) -> None:
    rng = np.random.default_rng(round(100 * z))
    n, runs = 10_000, 150
    sizes = []
    for _ in range(runs):
        claims = split_evenly(undirected_graph(rng, n, z), 1.0)
        sizes.append(cascade(claims, np.full(n, 0.18), int(rng.integers(n)), strict=False).failed.mean())
    large = [size for size in sizes if size > 0.05]
    assert same_share(len(large) / runs, runs, WATTS_SHARE[z], WATTS_RUNS)
    if z in WATTS_SIZE:
        assert same_size(large, WATTS_SIZE[z], WATTS_SHARE[z] * WATTS_RUNS), np.mean(large)


# -- epidemics and branching ------------------------------------------------------------------------


def outbreaks(rng: np.random.Generator, n: int, r0: float) -> np.ndarray:
    """Size of the outbreak from each firm where each link is drawn once and passes for certain."""
    return loss_cascades(directed_graph(rng, n, r0), np.zeros(n)).failed


def within_error(values: list[float], expected: float) -> bool:
    """Mean of independent graphs within four standard errors."""
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    return abs(float(np.mean(values)) - expected) <= 4 * error


def test_final_size_solves_its_equation() -> None:
    published = {
        1.1: 0.1761341436, 1.25: 0.3713702035, 1.5: 0.5828116439, 2: 0.79681213,
        2.5: 0.8926447536, 3: 0.9404797907,
    }  # fmt: skip
    for r0, size in published.items():
        assert final_size(r0) == pytest.approx(size, abs=1e-9)
    for r0 in (1 + 1e-6, 1.01, 7.0, 40.0):
        assert final_size(r0) > 0
        assert final_size(r0) == pytest.approx(-math.expm1(-r0 * final_size(r0)), rel=1e-9)
    assert final_size(1 + 1e-6) == pytest.approx(2e-6, rel=1e-4)
    assert final_size(0) == final_size(1) == 0
    with pytest.raises(SpecError, match="r0: is -1"):
        final_size(-1)


@pytest.mark.parametrize("r0", [1.5, 2.0, 3.0])
def test_large_outbreaks_have_the_final_size_and_its_probability(r0: float) -> None:
    rng = np.random.default_rng(round(r0 * 10))
    n, chance, size = 20_000, [], []
    for _ in range(12):
        reached = outbreaks(rng, n, r0)
        large = reached > 0.1 * n
        chance.append(float(large.mean()))
        size.append(float(reached[large].mean()) / n)
    x = final_size(r0)  # the spread of the giant component is known (Stepanov 1970)
    error = math.sqrt(x * (1 - x) / n / len(size)) / (1 - r0 * (1 - x))
    assert abs(np.mean(chance) - x) <= 4 * error and abs(np.mean(size) - x) <= 4 * error


def test_borel_law() -> None:
    for mu, first in [(0.5, (0.6065306597, 0.1839397206, 0.0836738101)),
                      (0.8, (0.4493289641, 0.1615172144, 0.0870892352))]:  # fmt: skip
        np.testing.assert_allclose(borel_pmf([1, 2, 3], mu), first, rtol=0, atol=1e-10)
        sizes = np.arange(1, 3_000)
        law = borel_pmf(sizes, mu)
        mean = float(law @ sizes)
        assert law.sum() == pytest.approx(1, abs=1e-12)
        assert mean == pytest.approx(1 / (1 - mu), rel=1e-12)
        assert float(law @ (sizes - mean) ** 2) == pytest.approx(mu / (1 - mu) ** 3, rel=1e-10)
    for sizes, mu in (([0], 0.5), ([1.5], 0.5), ([1], 0.0), ([1], 1.5)):
        with pytest.raises(SpecError, match="borel_pmf"):
            borel_pmf(sizes, mu)


@pytest.mark.parametrize("mu", [0.5, 0.8])
def test_small_cascades_follow_the_borel_law(mu: float) -> None:
    rng = np.random.default_rng(round(mu * 10))
    runs = [outbreaks(rng, 40_000, mu).astype(np.int64) for _ in range(25)]
    for size, chance in zip((1, 2, 3), borel_pmf([1, 2, 3], mu), strict=True):
        assert within_error([float((run == size).mean()) for run in runs], chance)
    mean = 1 / (1 - mu)
    assert within_error([float(run.mean()) for run in runs], mean)
    assert within_error([float(((run - mean) ** 2).mean()) for run in runs], mu / (1 - mu) ** 3)


def test_vectors_file() -> None:
    if not VECTORS.exists():
        pytest.skip(f"no vectors at {VECTORS}")
    cases = {case["id"]: case for case in json.loads(VECTORS.read_text(encoding="utf-8"))}
    for r0, size in cases["FINALSIZE"]["expected"].items():
        assert final_size(float(r0)) == pytest.approx(size, abs=cases["FINALSIZE"]["tol"])
    for name, want in cases["BOREL"]["expected"].items():
        law = borel_pmf([1, 2, 3], float(name.removeprefix("mu=")))
        np.testing.assert_allclose(law, [want["P1"], want["P2"], want["P3"]], rtol=0, atol=1e-10)
    for name, roots in cases["GK"]["expected"]["window_roots"].items():
        capital, _, weak = name.partition("%")
        degree = vulnerable_degree(float(capital) / 100, 0.2, strict=weak.strip() != "weak")
        assert cascade_window(degree) == pytest.approx(roots, abs=1e-4)
    for z, row in cases["GK"]["expected"]["by_z"].items():
        assert GAI_KAPADIA[float(z)] == (row[0], row[2], row[4])
        assert cascade_probability(float(z), 4) == pytest.approx(row[1], abs=6e-4)
        assert cascade_probability(float(z), 5) == pytest.approx(row[3], abs=6e-4)
    watts = cases["WATTS"]
    degree = vulnerable_degree(watts["inputs"]["phi"], 1.0, strict=False)
    assert cascade_window(degree, directed=False) == pytest.approx(
        watts["expected"]["window_roots"], abs=1e-4
    )
    for z, chance in watts["expected"]["theory_P"].items():
        assert cascade_probability(float(z), degree, directed=False) == pytest.approx(chance, abs=6e-5)
    assert {float(z): share for z, share in watts["expected"]["mc_P"].items()} == WATTS_SHARE
    assert {float(z): size for z, size in watts["expected"]["size_given_global"].items()} == WATTS_SIZE
