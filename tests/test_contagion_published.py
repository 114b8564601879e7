"""Cascades from the same code beside published windows, shares and extents, epidemics and branching."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from sim.contagion.cascades import cascade
from sim.contagion.closed_forms import (
    borel_pmf,
    cascade_probability,
    cascade_window,
    final_size,
    offspring,
    vulnerable_degree,
)
from sim.contagion.loss_ranking import loss_cascades
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
