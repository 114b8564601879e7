"""Reproduction numbers and thresholds: closed forms, simulated branching, coverage of intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, csr_matrix, random_array

from sim.contagion.intervals import offspring_interval
from sim.contagion.reproduction import (
    generation_growth,
    leading_eigenvector,
    loss_next_generation,
    next_generation_matrix,
    reproduction_interval,
    reproduction_number,
)
from sim.contagion.threshold import herd_immunity_threshold
from sim.contagion.tree import InfectionTree
from sim.core.columns import F64, I64
from sim.core.errors import SpecError

# --- spectral radius and leading eigenvector ---------------------------------------------------------


@pytest.mark.parametrize(
    ("matrix", "radius"),
    [
        ([[0.7]], 0.7),
        ([[0, 0], [0, 0]], 0.0),
        ([[0, 4], [1, 0]], 2.0),  # two types that only beget each other: the geometric mean
        ([[0, 1e8], [1e-8, 0]], 1.0),
        ([[1, 1], [0, 1]], 1.0),  # not diagonalisable
        ([[0.5, 9, 9], [0, 0.2, 9], [0, 0, 0.4]], 0.5),
        ([[2, 1], [1, 2]], 3.0),
    ],
)
def test_radius_closed_forms(matrix: list[list[float]], radius: float) -> None:
    assert reproduction_number(matrix) == pytest.approx(radius, rel=1e-14, abs=0)
    assert reproduction_number(csr_matrix(matrix)) == reproduction_number(matrix)


def test_types_that_mix_in_proportion() -> None:
    # Rank one, K = a b': the only eigenvalue is b'a, the eigenvector a (Diekmann et al. 1990).
    rng = np.random.default_rng(1)
    a, b = rng.random(50), rng.random(50)
    matrix = np.outer(a, b)
    assert reproduction_number(matrix) == pytest.approx(a @ b, rel=1e-12)
    assert leading_eigenvector(matrix) == pytest.approx(a / a.sum(), rel=1e-9)


@pytest.mark.parametrize("n", [2, 9, 40, 400])
def test_no_way_back_is_exactly_zero(n: int) -> None:
    matrix = np.triu(np.ones((n, n)), 1)
    shuffled = np.random.default_rng(n).permutation(n)
    assert reproduction_number(matrix[np.ix_(shuffled, shuffled)]) == 0.0
    assert matrix @ leading_eigenvector(matrix) == pytest.approx(np.zeros(n), abs=0)


@pytest.mark.parametrize("n", [7, 301, 1000])
def test_one_cycle_is_the_geometric_mean(n: int) -> None:
    # All eigenvalues of a cycle have the same modulus, and close to the largest lie many others.
    weights = np.random.default_rng(n).uniform(0.5, 2.0, n)
    rows = np.arange(n)
    cycle = csr_array((weights, ((rows + 1) % n, rows)), shape=(n, n))
    assert reproduction_number(cycle) == pytest.approx(np.exp(np.log(weights).mean()), rel=1e-9)


@pytest.mark.parametrize(("n", "density"), [(60, 0.05), (250, 0.02), (900, 0.004), (900, 0.0012)])
def test_sparse_agrees_with_all_eigenvalues(n: int, density: float) -> None:
    matrix = random_array((n, n), density=density, rng=np.random.default_rng(n), format="csr")
    radius = reproduction_number(matrix)
    assert radius == pytest.approx(np.abs(np.linalg.eigvals(matrix.toarray())).max(), rel=1e-8, abs=1e-8)
    vector = leading_eigenvector(matrix)
    assert (vector >= 0).all() and vector.sum() == pytest.approx(1)
    assert matrix @ vector == pytest.approx(radius * vector, abs=1e-10)


def test_large_is_the_same_each_time() -> None:
    matrix = random_array((20_000, 20_000), density=2e-4, rng=np.random.default_rng(3), format="csr")
    assert reproduction_number(matrix) == reproduction_number(matrix.copy())
    # In- and out-strength are independent here, so the radius is near the mean strength, 4 * 1/2.
    assert reproduction_number(matrix) == pytest.approx(2.0, abs=0.05)


@st.composite
def _matrices(draw: st.DrawFn) -> F64:
    """Sparse non-negative matrices of up to 7 types, often reducible, with repeated values."""
    n = draw(st.integers(1, 7))
    entry = st.one_of(st.just(0.0), st.just(0.0), st.sampled_from([0.5, 1.0, 2.0]), st.floats(0.01, 5))
    return np.array(draw(st.lists(entry, min_size=n * n, max_size=n * n))).reshape(n, n)


@given(_matrices())
@settings(deadline=None)
def test_vector_and_radius_belong_together(matrix: F64) -> None:
    radius, vector = reproduction_number(matrix), leading_eigenvector(matrix)
    assert (vector >= 0).all() and vector.sum() == pytest.approx(1)
    assert matrix @ vector == pytest.approx(radius * vector, abs=1e-7 * (1 + radius))
    totals = matrix.sum(axis=0)
    assert radius <= totals.max() * (1 + 1e-12) and radius >= totals.min() * (1 - 1e-12)


@given(_matrices(), st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_unit_order_direction_and_more_offspring(matrix: F64, factor: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(matrix))
    radius = reproduction_number(matrix)
    assert reproduction_number(matrix[np.ix_(order, order)]) == pytest.approx(radius, rel=1e-9)
    assert reproduction_number(matrix * factor) == pytest.approx(radius * factor, rel=1e-9)
    assert reproduction_number(matrix.T) == pytest.approx(radius, rel=1e-9)
    assert reproduction_number(matrix + rng.random(matrix.shape)) >= radius * (1 - 1e-12)


@pytest.mark.parametrize(
    "matrix",
    [[[1, 2]], [], [[-0.1]], [[float("nan")]], [[float("inf")]], [1.0], "R", csr_array(np.ones((2, 3)))],
)
def test_what_is_no_next_generation_matrix(matrix: object) -> None:
    with pytest.raises(SpecError, match="next_generation"):
        reproduction_number(matrix)
    with pytest.raises(SpecError, match="next_generation"):
        leading_eigenvector(matrix)


# --- matrices estimated from offspring ---------------------------------------------------------------

#: Large firms pull many small ones down, small ones some small ones.
TRUE = np.array([[0.2, 0.1, 0.6], [0.1, 0.3, 1.0], [0.0, 0.1, 0.5]])


def _offspring(rng: np.random.Generator, seeds: int) -> tuple[F64, I64]:
    types = np.repeat(np.arange(3), seeds)
    return rng.poisson(TRUE[:, types].T).astype(float), types


def test_matrix_columns_are_means_over_seeds() -> None:
    offspring = [[1, 0], [0, 2], [3, 0], [9, 9]]
    matrix = next_generation_matrix(offspring, [0, 0, 1, -1], 2)
    assert matrix.tolist() == [[0.5, 3.0], [1.0, 0.0]]
    estimate = reproduction_interval(offspring, [0, 0, 1, -1], 2)
    assert estimate.value == pytest.approx(reproduction_number(matrix))


def test_matrix_of_a_tree_leaves_out_seeds_not_followed() -> None:
    causes = pd.DataFrame(
        [
            (0, "own", "none", -1, -1, 1.0),
            (1, "write_off", "firm", 0, 0, 0.8),
            (1, "own", "none", -1, -1, 0.2),
            (2, "lost_inputs", "firm", 1, 1, 1.0),
            (3, "write_off", "firm", 2, 2, 1.0),
        ],
        columns=["event", "channel", "kind", "agent", "parent", "share"],
    )
    events = pd.DataFrame({"week": [0, 3, 5, 30], "kind": "firm", "agent": range(4)})
    tree = InfectionTree(events, causes, last_week=30)
    # Event 2 (week 5) and 3 are followed for less than 26 weeks.
    matrix = next_generation_matrix(tree, [0, 1, 0, 1], 2)
    assert matrix == pytest.approx(np.array([[0, 1.0], [0.8, 0]]))
    estimate = reproduction_interval(tree, [0, 1, 0, 1], 2, runs=[7, 8, 7, 7], draws=100)
    assert estimate.value == pytest.approx(np.sqrt(0.8))


def test_interval_of_the_radius_covers_it() -> None:
    radius = reproduction_number(TRUE)
    rng = np.random.default_rng(71)
    hits = 0
    for trial in range(120):
        offspring, types = _offspring(rng, 150)
        estimate = reproduction_interval(offspring, types, 3, draws=200, seed=trial)
        assert estimate.low is not None and estimate.high is not None
        hits += estimate.low <= radius <= estimate.high
    assert hits >= 107  # nominal 114 of 120, less three binomial standard deviations (2.4 each)


def test_runs_that_share_a_shock_need_runs_as_clusters() -> None:
    rng = np.random.default_rng(72)
    shock = rng.gamma(2.0, 0.5, 40)  # mean one, sd .71
    runs = np.repeat(np.arange(40), 30)
    types = np.tile([0, 1, 2], 400)
    offspring = rng.poisson(TRUE[:, types].T * shock[runs][:, None]).astype(float)
    wide = reproduction_interval(offspring, types, 3, runs=runs)
    narrow = reproduction_interval(offspring, types, 3)
    assert wide.low is not None and wide.high is not None
    assert narrow.low is not None and narrow.high is not None
    assert wide.low <= reproduction_number(TRUE) <= wide.high
    # Runs: 1.96 * R * sd / sqrt(40) each way, .28 in all; seeds alone give about half of it.
    assert wide.high - wide.low == pytest.approx(0.28, abs=0.05)
    assert narrow.high - narrow.low < 0.18


def test_draws_are_keyed_and_one_run_has_no_interval() -> None:
    offspring, types = _offspring(np.random.default_rng(73), 40)
    one = reproduction_interval(offspring, types, 3, draws=100, seed=4)
    same = reproduction_interval(offspring, types, 3, draws=100, seed=4)
    other = reproduction_interval(offspring, types, 3, draws=100, seed=5)
    assert np.array_equal(one.draws, same.draws) and not np.array_equal(one.draws, other.draws)
    alone = reproduction_interval(offspring, types, 3, runs=np.zeros(120, dtype=int))
    assert (alone.low, alone.high, alone.reason) == (None, None, "one run gives no interval")
    assert alone.value == one.value


@pytest.mark.parametrize(
    ("offspring", "types", "n_types", "says"),
    [
        ([[1, 0]], [0], 2, "type 1 has no seed"),
        ([[1, 0], [0, 1]], [0, 2], 2, "unknown type"),
        ([[1], [0]], [0, 1], 2, "has shape"),
        ([[-1, 0], [0, 0]], [0, 1], 2, "negative"),
        ([[1, 0], [0, 0]], [0.5, 1], 2, "whole numbers"),
    ],
)
def test_seeds_that_do_not_fit(offspring: object, types: object, n_types: int, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        next_generation_matrix(offspring, types, n_types)  # type: ignore[arg-type]


# --- growth over generations -------------------------------------------------------------------------


def _masses(rng: np.random.Generator, mean: float, runs: int, seeds: int = 5) -> F64:
    masses = np.full((runs, 6), float(seeds))
    for generation in range(1, 6):
        masses[:, generation] = rng.poisson(mean * masses[:, generation - 1])
    return masses


def test_growth_by_hand() -> None:
    estimate = generation_growth([[1, 2, 4, 2, 1], [1, 1, 4, 9], [1]])
    assert estimate.value == pytest.approx(np.sqrt(1 / 8))
    assert generation_growth([[1, 2, 4, 3]] * 3, first=1, last=3).value == pytest.approx(np.sqrt(1.5))


@pytest.mark.parametrize("mean", [0.6, 1.4])
def test_interval_of_growth_covers_the_mean_offspring(mean: float) -> None:
    rng = np.random.default_rng(81)
    hits = 0
    for trial in range(120):
        estimate = generation_growth(_masses(rng, mean, 100), draws=200, seed=trial)
        assert estimate.low is not None and estimate.high is not None
        hits += estimate.low <= mean <= estimate.high
    assert hits >= 107  # as above


def test_growth_that_cannot_be_told() -> None:
    died = generation_growth([[1, 3], [1, 2]])
    assert died.value is None and died.reason == "no run reached generation 2"
    stopped = generation_growth([[1, 3, 2], [1, 2, 1]])
    assert stopped.value == 0.0 and stopped.high is None and stopped.reason == "no run reached generation 4"
    single = generation_growth([[1, 1, 1, 1, 1]])
    assert (single.value, single.low, single.reason) == (1.0, None, "one run gives no interval")
    for bad in ([[1, -1, 2]], [[[1.0]]], [[1, float("nan")]]):
        with pytest.raises(SpecError, match="masses"):
            generation_growth(bad)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="first < last"):
        generation_growth([[1, 1]], 2, 2)
    with pytest.raises(SpecError, match="draws"):
        generation_growth(np.ones((3, 6)), draws=5)


# --- a loss cascade on a heterogeneous network -------------------------------------------------------


def _hub_network(n: int, seed: int) -> csr_array:
    """Directed configuration graph; a tenth of the firms are hubs with 20 links each way, others 3."""
    rng = np.random.default_rng(seed)
    degree = np.where(rng.random(n) < 0.1, 20, 3)
    creditor = np.repeat(np.arange(n), rng.poisson(degree))
    debtor = np.repeat(np.arange(n), rng.poisson(degree))
    links = min(len(creditor), len(debtor))
    creditor, debtor = rng.permutation(creditor)[:links], rng.permutation(debtor)[:links]
    pairs = np.unique(creditor * n + debtor)
    creditor, debtor = pairs // n, pairs % n
    other = creditor != debtor
    claims = rng.uniform(0.5, 1.5, other.sum())
    return csr_array((claims, (creditor[other], debtor[other])), shape=(n, n))


def _cascade(claims: csr_array, rate: float, seeds: I64, rng: np.random.Generator) -> F64:
    """Failures in rounds 0 to 4 of each seed's cascade, with exponential reserves drawn anew."""
    hits, n = claims.tocsc(), claims.shape[0]
    sizes = np.zeros((len(seeds), 5))
    for run, seed in enumerate(seeds):
        reserve, loss = rng.exponential(1 / rate, n), np.zeros(n)
        failed, new = np.zeros(n, dtype=bool), np.array([seed])
        failed[seed] = True
        for step in range(5):
            sizes[run, step] = len(new)
            owed = [slice(hits.indptr[j], hits.indptr[j + 1]) for j in new]
            for part in owed:
                loss[hits.indices[part]] += hits.data[part]
            reached = np.unique(np.concatenate([hits.indices[part] for part in owed] or [new]))
            new = reached[(loss[reached] > reserve[reached]) & ~failed[reached]]
            failed[new] = True
    return sizes


@pytest.mark.parametrize(("rate", "supercritical"), [(0.05, False), (0.15, True)])
def test_radius_is_the_simulated_growth_where_mean_offspring_is_not(rate: float, supercritical: bool) -> None:
    n, runs = 20_000, 1_500
    claims = _hub_network(n, 91)
    matrix = loss_next_generation(claims, rate)
    radius, leading = reproduction_number(matrix), leading_eigenvector(matrix)
    assert (radius > 1) == supercritical
    mean_offspring = float(matrix.sum()) / n
    assert mean_offspring < 0.6 * radius  # a random seed says 'dies out' of either economy
    assert mean_offspring < 1
    rng = np.random.default_rng(92)
    settled = _cascade(claims, rate, rng.choice(n, runs, p=leading), rng)
    for generation in range(1, 5):
        error = settled[:, generation].std() / np.sqrt(runs)
        assert abs(settled[:, generation].mean() - radius**generation) < 4 * error
    for masses in (settled, _cascade(claims, rate, rng.choice(n, runs), rng)):
        growth = generation_growth(masses, interval=0.99)
        assert growth.low is not None and growth.high is not None
        assert growth.low <= radius <= growth.high
    first = _cascade(claims, rate, rng.choice(n, runs), rng)[:, 1]
    assert abs(first.mean() - mean_offspring) < 4 * first.std() / np.sqrt(runs)
    assert first.mean() < 0.7 * radius


def test_leading_seeds_grow_by_the_radius_in_every_generation() -> None:
    matrix = loss_next_generation(_hub_network(500, 93), 0.2)
    radius, mass = reproduction_number(matrix), leading_eigenvector(matrix)
    for generation in range(1, 6):
        mass = matrix @ mass
        assert mass.sum() == pytest.approx(radius**generation, rel=1e-8)


def test_loss_matrix_of_any_law_of_reserves() -> None:
    claims = np.array([[0, 2.0, 0], [4, 0, 1], [0, 0, 0]])
    exponential = loss_next_generation(claims, [0.5, 0.1, 3.0], lgd=0.5).toarray()
    expected = [[0, 1 - np.exp(-0.5), 0], [1 - np.exp(-0.2), 0, 1 - np.exp(-0.05)], [0, 0, 0]]
    assert exponential == pytest.approx(np.array(expected))
    # Reserves uniform between 0 and 3 for firm 0, and 0 and 8 for the others.
    top = np.array([3.0, 8.0, 8.0])
    uniform = loss_next_generation(claims, lambda loss, firm: np.clip(1 - loss / top[firm], 0, 1))
    assert uniform.toarray() == pytest.approx(np.array([[0, 2 / 3, 0], [1 / 2, 0, 1 / 8], [0, 0, 0]]))


@pytest.mark.parametrize(
    ("claims", "survival", "lgd", "says"),
    [
        ([[1, 0], [0, 0]], 1.0, 1.0, "a claim on itself"),
        ([[0, -1], [0, 0]], 1.0, 1.0, "exposures: holds -1"),
        ([[0, 1], [0, 0]], 0.0, 1.0, "rates above 0"),
        ([[0, 1], [0, 0]], [1.0, 1, 1], 1.0, "rates above 0"),
        ([[0, 1], [0, 0]], lambda loss, firm: loss + 1.5, 1.0, "a probability"),
        ([[0, 1], [0, 0]], 1.0, 1.5, "lgd: is 1.5"),
    ],
)
def test_loss_matrices_that_cannot_be(claims: object, survival: object, lgd: float, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        loss_next_generation(claims, survival, lgd=lgd)  # type: ignore[arg-type]


# --- interval of a cohort ----------------------------------------------------------------------------


def test_a_cohort_without_children_still_has_an_upper_end() -> None:
    # With no event seen in n, the exact Poisson upper end is -ln(.025) / n.
    assert offspring_interval(np.zeros(20)) == pytest.approx((0.0, -np.log(0.025) / 20))
    assert np.isnan(offspring_interval([])).all()


def test_whole_children_have_the_exact_poisson_interval() -> None:
    # Ten children, not over-dispersed: chi-square quantiles (Garwood, Biometrika 28, 1936).
    low, high = offspring_interval(np.ones(10))
    assert (low * 10, high * 10) == pytest.approx((4.7954, 18.3904), abs=1e-4)


@pytest.mark.parametrize(("mean", "dispersion"), [(0.3, np.inf), (0.8, np.inf), (0.8, 0.5), (1.5, 1.0)])
def test_cohort_interval_covers(mean: float, dispersion: float) -> None:
    # Offspring Poisson or negative binomial (a few super-spreaders), cohorts of 40.
    rng = np.random.default_rng(101)
    personal = np.full((1000, 40), mean)
    if np.isfinite(dispersion):
        personal = rng.gamma(dispersion, mean / dispersion, (1000, 40))
    inside = [low <= mean <= high for low, high in map(offspring_interval, rng.poisson(personal))]
    assert np.mean(inside) >= 0.92


# --- herd immunity -----------------------------------------------------------------------------------

GRID = np.linspace(0, 1, 11)


@given(st.floats(1.05, 8), st.floats(0.2, 1))
@settings(deadline=None)
def test_threshold_of_random_protection(r0: float, effect: float) -> None:
    # R(c) = R_0 (1 - c e) crosses one at (1 - 1 / R_0) / e (Smith, Lancet 1970; Anderson and May 1991).
    found = herd_immunity_threshold(GRID, [r0 * (1 - GRID * effect)])
    expected = (1 - 1 / r0) / effect
    if expected <= 1 - 1e-9:
        assert found.value == pytest.approx(expected, abs=1e-9)
        assert found.low == pytest.approx(expected) and found.reason is None
    elif expected > 1 + 1e-9:
        assert found == (None, None, None, "R stays above one at all coverages up to 100%")


def _noisy(r0: float, effect: float, noise: float, seed: int = 111) -> F64:
    rng = np.random.default_rng(seed)
    level = r0 * np.exp(rng.normal(0, 0.1, (400, 1)))
    return np.maximum(level * (1 - GRID * effect) + rng.normal(0, noise, (400, 11)), 0.0)


def test_threshold_has_an_interval_around_it() -> None:
    found = herd_immunity_threshold(GRID, _noisy(2.0, 0.9, 0.03))
    assert found.value is not None and found.low is not None and found.high is not None
    assert found.value == pytest.approx(0.5 / 0.9, abs=0.03)
    # R_0 from 2 * exp(-.196) to 2 * exp(.196) gives crossings from .435 to .654.
    assert found.low == pytest.approx(0.435, abs=0.03) and found.high == pytest.approx(0.654, abs=0.03)
    assert found.reason is None


def test_no_threshold_where_treatment_is_too_weak() -> None:
    found = herd_immunity_threshold(GRID, _noisy(3.0, 0.3, 0.03))
    assert (found.value, found.high) == (None, None)
    assert found.reason == "R stays above one at all coverages up to 100%"


def test_no_threshold_where_none_is_needed() -> None:
    found = herd_immunity_threshold(GRID, _noisy(0.6, 0.5, 0.02))
    assert found == (None, None, None, "R is below one already without coverage")
    late = herd_immunity_threshold(GRID[2:], _noisy(0.6, 0.5, 0.02)[:, 2:])
    assert late.reason == "R is below one already at a coverage of 20%"


def test_treatment_that_harms_is_called_so() -> None:
    found = herd_immunity_threshold(GRID, [0.8 + 0.5 * GRID])
    assert found.value is None
    assert found.reason == "R is below one already without coverage, and not below one at 40%"
    dip = herd_immunity_threshold([0, 0.5, 1], [[1.5, 0.9, 1.4]])
    assert dip.value is None
    assert dip.reason == "R stays above one at all coverages up to 100% on average, though not at 50% alone"


def test_open_ends_are_none_and_said() -> None:
    upper = herd_immunity_threshold(GRID, _noisy(1.25, 0.25, 0.0))
    assert upper.value is not None and upper.low is not None and upper.high is None
    assert upper.reason is not None and "no upper end: R stays above one in" in upper.reason
    lower = herd_immunity_threshold(GRID, _noisy(1.08, 0.9, 0.0))
    assert lower.value is not None and lower.low is None and lower.high is not None
    assert lower.reason is not None and "no lower end: R is below one already without" in lower.reason
    rare = herd_immunity_threshold(GRID, _noisy(1.45, 0.25, 0.0))
    assert (rare.value, rare.high) == (None, None) and rare.low is not None


def test_a_given_curve_and_exactly_one() -> None:
    assert herd_immunity_threshold([0, 1], [[1.0, 0.5]]).value == 0.0
    found = herd_immunity_threshold([0, 1], [[1.6, 0.6]], curve=[1.5, 0.5])
    assert found.value == pytest.approx(0.5) and found.low == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("coverage", "draws", "says"),
    [
        ([0.5], [[1.0]], "coverage"),
        ([0.5, 0.2], [[1.0, 1.0]], "rising"),
        ([0, 1.2], [[1.0, 1.0]], "from 0 to 1"),
        ([0, 1], [[1.0]], "draws: has shape"),
        ([0, 1], np.zeros((0, 2)), "draws: has shape"),
        ([0, 1], [[1.0, float("nan")]], "no R"),
        ([0, 1], [[1.0, -1.0]], "no R"),
    ],
)
def test_thresholds_of_nothing(coverage: object, draws: object, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        herd_immunity_threshold(coverage, draws)  # type: ignore[arg-type]
