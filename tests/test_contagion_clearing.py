"""Clearing: published vectors, closed forms, the linear programme, and what must hold in any system."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from sim.contagion.clearing import Clearing, clear

F64 = NDArray[np.float64]
ROOT = Path(__file__).parents[1]
VECTORS = ROOT.parent / "shared" / "validation" / "vectors.json"


def _random(generator: np.random.Generator, firms: int, density: float, cash: float) -> tuple[F64, F64]:
    """Debts of up to a few units and cash that covers about the share ``cash`` of them."""
    debts = generator.lognormal(0.0, 1.0, (firms, firms)) * (generator.random((firms, firms)) < density)
    np.fill_diagonal(debts, 0.0)
    return debts, debts.sum(axis=1) * generator.uniform(0.0, 2.0 * cash, firms)


def _heavy_tailed(firms: int, cash: float, seed: int) -> tuple[sparse.csr_array, F64]:
    """Ten suppliers a firm on average, few of them with most of the sales."""
    generator = np.random.default_rng(seed)
    debtor = np.repeat(np.arange(firms), generator.poisson(10, firms))
    pull = np.cumsum(np.minimum(generator.pareto(1.2, firms) + 0.1, firms / 100))
    creditor = np.searchsorted(pull, generator.random(len(debtor)) * pull[-1])
    other = debtor != creditor
    size = generator.lognormal(0.0, 2.0, firms)
    amount = generator.lognormal(0.0, 1.5, len(debtor)) * size[debtor]
    debts = sparse.csr_array((amount[other], (debtor[other], creditor[other])), shape=(firms, firms))
    return debts, np.asarray(debts.sum(axis=1)) * generator.lognormal(0.0, 0.6, firms) * cash


def _linear_programme(debts: F64, assets: F64) -> F64:
    """The payments whose sum is largest among those that firms can and must make at most."""
    owed = debts.sum(axis=1)
    share = debts / np.where(owed > 0.0, owed, 1.0)[:, None]
    found = linprog(
        -np.ones(len(owed)),
        A_ub=np.eye(len(owed)) - share.T,
        b_ub=assets,
        bounds=np.column_stack([np.zeros(len(owed)), owed]),
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    assert found.success
    return np.asarray(found.x)


def _reference(debts: F64, assets: F64, recovery: tuple[float, float] = (1.0, 1.0)) -> F64:
    """The greatest clearing vector algorithm (Rogers and Veraart 2013, section 3) with dense LU."""
    owed = debts.sum(axis=1)
    share = debts / np.where(owed > 0.0, owed, 1.0)[:, None]
    payments, defaulted = owed.copy(), np.zeros(len(owed), dtype=bool)
    while True:
        more = assets + share.T @ payments < owed * (1.0 - 1e-12)
        if not (more & ~defaulted).any():
            return payments
        defaulted |= more
        at = np.flatnonzero(defaulted)
        constant = recovery[0] * assets[at] + recovery[1] * debts[~defaulted][:, at].sum(axis=0)
        matrix = np.eye(len(at)) - recovery[1] * share[np.ix_(at, at)].T
        payments[at] = np.linalg.solve(matrix, constant)


def _iterated(debts: F64, assets: F64, outside: F64, senior: bool, recovery: tuple[float, float]) -> F64:
    """Payments by plain iteration of the definition from full payment down."""
    owed = debts.sum(axis=1)
    claims = owed + outside
    share = debts / np.where(owed > 0.0, owed, 1.0)[:, None]
    payments = owed.copy()
    for _ in range(20_000):
        receipts = share.T @ payments
        estate = recovery[0] * assets + recovery[1] * receipts
        rest = np.maximum(estate - outside, 0.0) if senior else estate * owed / np.maximum(claims, 1e-300)
        after = np.where(assets + receipts < claims * (1.0 - 1e-12), np.minimum(rest, owed), owed)
        if (after == payments).all():
            break
        payments = after
    return payments


def _unexplained(debts: sparse.csr_array, assets: F64, found: Clearing) -> float:
    """Largest relative gap between what firms pay and the smaller of debts and means."""
    owed = np.asarray(debts.sum(axis=1))
    receipts = debts.T @ np.divide(found.payments, owed, out=np.zeros_like(owed), where=owed > 0.0)
    due = np.minimum(owed, assets + receipts)
    return float((np.abs(due - found.payments) / np.where(owed > 0.0, owed, 1.0)).max())


# ---- closed forms -------------------------------------------------------------------------------


def test_two_firms_without_cash_that_owe_each_other_pay_in_full() -> None:
    """Eisenberg and Noe 2001, section 2.4: any common payment clears; the greatest is full payment."""
    found = clear([[0, 1], [1, 0]], [0, 0])
    assert found.payments == pytest.approx([1, 1], abs=1e-12)
    assert not found.defaulted.any()


def test_a_default_passes_down_a_chain() -> None:
    found = clear([[0, 100, 0], [0, 0, 100], [0, 0, 0]], [20, 60, 0])
    assert found.payments == pytest.approx([20, 80, 0], abs=1e-9)
    assert found.equity == pytest.approx([0, 0, 80], abs=1e-9)
    assert found.defaulted.tolist() == [True, True, False]


def test_outside_creditors_first_or_alike() -> None:
    """Three banks in a ring with outside creditors (Barucca et al. 2020, Mathematical Finance 30:1181)."""
    debts = [[0, 4, 0], [0, 0, 3], [2, 0, 0]]
    senior = clear(debts, [18, 18, 9], outside_liabilities=[17, 18, 8])
    assert senior.payments == pytest.approx([3, 3, 2], abs=1e-9)
    assert senior.equity == pytest.approx([-1, 0, 2], abs=1e-9)
    assert senior.outside_payments == pytest.approx([17, 18, 8], abs=1e-9)
    alike = clear(debts, [18, 18, 9], outside_liabilities=[17, 18, 8], outside_senior=False)
    assert alike.payments == pytest.approx([80 / 21, 3, 2], abs=1e-9)
    assert alike.equity == pytest.approx([-1, 17 / 21, 2], abs=1e-9)
    assert alike.outside_payments == pytest.approx([17 * 20 / 21, 18, 8], abs=1e-9)


def test_published_vectors() -> None:
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS} is absent: the same numbers stand in the tests above")
    systems = {v["id"]: v for v in json.loads(VECTORS.read_text()) if v["id"].startswith("EN")}

    def numbers(values: list[Any]) -> list[float]:
        return [float(Fraction(value)) for value in values]

    one, two, five = (systems[name] for name in ("EN1", "EN2", "EN5"))
    found = clear(one["inputs"]["L"], one["inputs"]["e"])
    assert found.payments == pytest.approx(one["expected"]["greatest"], abs=one["tol"])
    found = clear(two["inputs"]["L"], two["inputs"]["e"])
    assert found.payments == pytest.approx(two["expected"]["p"], abs=two["tol"])
    assert found.equity == pytest.approx(two["expected"]["equity"], abs=two["tol"])
    given, expected = five["inputs"], five["expected"]
    for order in ("senior", "paripassu"):
        found = clear(
            given["L"],
            given["outside_assets"],
            outside_liabilities=given["outside_liabilities"],
            outside_senior=order == "senior",
        )
        assert found.payments == pytest.approx(numbers(expected[f"{order}_interbank_p"]), abs=five["tol"])
        assert found.equity == pytest.approx(numbers(expected[f"{order}_equity"]), abs=five["tol"])


def test_the_smallest_debt_of_a_closed_ring_sets_its_payments() -> None:
    found = clear([[0, 3, 0], [0, 0, 2], [5, 0, 0]], [0, 0, 0])
    assert found.payments == pytest.approx([2, 2, 2], abs=1e-12)
    assert found.defaulted.tolist() == [True, False, True]


@pytest.mark.parametrize("firms", [2, 3, 40, 300])
@pytest.mark.parametrize("leak", [0.5, 1e-3, 1e-9, 1e-11])
def test_a_nearly_closed_ring_pays_its_true_share(firms: int, leak: float) -> None:
    """Firm 0 owes 1 along the ring and ``leak`` outside it, all that enters is .8 leak: shares are .8."""
    debts = sparse.lil_array((firms + 1, firms + 1))
    for firm in range(firms):
        debts[firm, (firm + 1) % firms] = 1.0
    debts[0, firms] = leak
    cash = np.zeros(firms + 1)
    cash[0] = 0.8 * leak
    found = clear(debts, cash)
    assert found.payments[1:firms] == pytest.approx(np.full(firms - 1, 0.8), rel=1e-12)
    assert found.equity[firms] == pytest.approx(0.8 * leak, rel=1e-12)


def test_senior_claims_can_leave_the_network_nothing() -> None:
    found = clear([[0, 10], [10, 0]], [0, 0], outside_liabilities=[1, 0])
    assert found.payments.tolist() == [0, 0]
    assert found.equity.tolist() == [-11, -10]
    # the one firm with cash pays on; what it pays meets the other's senior debt first
    found = clear([[0, 10], [10, 0]], [0, 4], outside_liabilities=[3, 0])
    assert found.payments == pytest.approx([7, 10], abs=1e-12)
    found = clear([[0, 10], [10, 0]], [0, 4], outside_liabilities=[5, 0])
    assert found.payments == pytest.approx([0, 4], abs=1e-12)
    assert found.outside_payments == pytest.approx([4, 0], abs=1e-12)


def test_recovery_rates_along_a_chain_by_hand() -> None:
    found = clear([[0, 10, 0], [0, 0, 10], [0, 0, 0]], [6, 3, 0], recovery=(0.5, 0.8))
    assert found.payments == pytest.approx([3.0, 0.5 * 3 + 0.8 * 3, 0.0], abs=1e-12)


def test_recovery_rates_turn_a_small_shortfall_into_a_large_one() -> None:
    """Firm 0 owes 10 to firm 1 and 1 to firm 2, firm 1 owes 10 back; firm 0 holds .5."""
    debts, cash = [[0, 10, 1], [10, 0, 0], [0, 0, 0]], [0.5, 0, 0]
    assert clear(debts, cash).payments == pytest.approx([5.5, 5, 0], abs=1e-12)
    first = 0.25 / (1 - 0.25 * 10 / 11)
    found = clear(debts, cash, recovery=(0.5, 0.5))
    assert found.payments == pytest.approx([first, 0.5 * first * 10 / 11, 0], abs=1e-12)
    # without the outside debt both solutions exist; the greatest is full payment (their section 3.1)
    assert clear([[0, 10], [10, 0]], [0, 0], recovery=(0.5, 0.5)).payments.tolist() == [10, 10]


# ---- against other methods ----------------------------------------------------------------------


def test_equals_the_linear_programme_on_200_random_systems() -> None:
    generator = np.random.default_rng(20010201)
    defaults = 0
    for _ in range(200):
        firms = int(generator.integers(2, 26))
        cash = float(generator.choice([0.05, 0.3, 0.8]))
        debts, assets = _random(generator, firms, float(generator.uniform(0.1, 0.8)), cash)
        dense = clear(debts, assets)
        assert dense.payments == pytest.approx(_linear_programme(debts, assets), abs=1e-8)
        assert clear(sparse.csr_array(debts), assets).payments == pytest.approx(dense.payments, abs=1e-10)
        defaults += int(dense.defaulted.sum())
    assert defaults > 500  # the systems are no trivial ones


@pytest.mark.parametrize("recovery", [(1.0, 1.0), (0.7, 0.9), (0.0, 1.0), (1.0, 0.3)])
def test_equals_fictitious_default_with_dense_factors(recovery: tuple[float, float]) -> None:
    generator = np.random.default_rng(7)
    largest = 0
    for firms, density in ((5, 0.5), (30, 0.2), (120, 0.08), (250, 0.03), (250, 0.01)):
        for cash in (0.01, 0.2, 0.6):
            debts, assets = _random(generator, firms, density, cash)
            found = clear(debts, assets, recovery=recovery)
            assert found.payments == pytest.approx(_reference(debts, assets, recovery), rel=1e-12, abs=1e-14)
            within = debts[np.ix_(found.defaulted, found.defaulted)]
            if within.size:
                largest = max(
                    largest, int(np.bincount(connected_components(within, connection="strong")[1]).max())
                )
    assert largest > 100  # components that are too large for dense elimination are among them


def _exact(
    debts: NDArray[np.int64], assets: NDArray[np.int64], defaulted: NDArray[np.bool_]
) -> list[Fraction]:
    """Payments of the firms in default in rational numbers (Gauss-Jordan)."""
    at = np.flatnonzero(defaulted).tolist()
    owed = [int(value) for value in debts.sum(axis=1)]
    full = debts[~defaulted].sum(axis=0)
    rows = [
        [Fraction(int(i == j)) - Fraction(int(debts[j, i]), owed[j]) for j in at]
        + [Fraction(int(assets[i] + full[i]))]
        for i in at
    ]
    for k in range(len(at)):
        pivot = next(r for r in range(k, len(at)) if rows[r][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for r in range(len(at)):
            if r != k and rows[r][k] != 0:
                rows[r] = [a - rows[r][k] * b for a, b in zip(rows[r], rows[k], strict=True)]
    return [row[-1] for row in rows]


def test_nearly_closed_systems_agree_with_rational_arithmetic() -> None:
    """Debts of up to 1e12 from which a debt of 1 leaves: dense LU would lose up to 12 digits."""
    generator = np.random.default_rng(17)
    compared = 0
    for _ in range(150):
        firms = int(generator.integers(2, 7))
        debts = generator.integers(0, 1000, (firms + 1, firms + 1)) * 10 ** int(generator.integers(0, 9))
        debts *= generator.random(debts.shape) < 0.7
        np.fill_diagonal(debts, 0)
        debts[firms], debts[:, firms] = 0, 0
        debts[generator.integers(firms), firms] = 1
        assets = np.zeros(firms + 1, dtype=np.int64)
        assets[generator.integers(firms)] = generator.integers(2)
        found = clear(debts, assets)
        exact = [float(value) for value in _exact(debts, assets, found.defaulted)]
        assert found.payments[found.defaulted] == pytest.approx(exact, rel=1e-14)
        compared += len(exact)
    assert compared > 300


@pytest.mark.parametrize("senior", [True, False])
@pytest.mark.parametrize("recovery", [(1.0, 1.0), (0.6, 0.8)])
def test_outside_creditors_agree_with_plain_iteration(senior: bool, recovery: tuple[float, float]) -> None:
    generator = np.random.default_rng(11)
    for firms, density in ((4, 0.6), (40, 0.2), (150, 0.06)):
        for burden in (0.1, 0.6, 1.5):
            debts, assets = _random(generator, firms, density, 0.4)
            outside = assets * generator.uniform(0.0, 2.0 * burden, firms)
            found = clear(
                debts, assets, outside_liabilities=outside, outside_senior=senior, recovery=recovery
            )
            expected = _iterated(debts, assets, outside, senior, recovery)
            assert found.payments == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_clusters_that_hardly_pay_each_other_lose_no_money() -> None:
    """Sweeps would take millions of rounds here; what enters must still reach the owners in the end."""
    generator = np.random.default_rng(3)
    blocks = []
    for _ in range(4):
        block = (generator.random((100, 100)) < 0.06) * generator.lognormal(0.0, 1.0, (100, 100))
        np.fill_diagonal(block, 0.0)
        blocks.append(block + block.T + np.roll(np.eye(100), 1, axis=1))
    debts = sparse.lil_array(sparse.block_diag([*blocks, [[0.0]]]))
    for cluster in range(4):
        debts[100 * cluster, (100 * cluster + 100) % 400] += 1e-4
        debts[(100 * cluster + 100) % 400, 100 * cluster] += 1e-4
    debts[0, 400] = 1e-4
    cash = np.zeros(401)
    cash[::5] = 1e-7
    found = clear(debts.tocsr(), cash)
    assert found.defaulted.sum() > 350
    assert found.equity.sum() == pytest.approx(cash.sum(), rel=1e-9)
    assert _unexplained(debts.tocsr(), cash, found) < 1e-14


@pytest.mark.parametrize("cash", [1.0, 0.2, 0.01])
def test_a_large_sparse_system_satisfies_its_definition(cash: float) -> None:
    debts, assets = _heavy_tailed(30_000, cash, 5)
    found = clear(debts, assets)
    assert 0.1 < found.defaulted.mean() < 0.95
    assert _unexplained(debts, assets, found) < 1e-13
    assert found.equity.sum() == pytest.approx(assets.sum(), rel=1e-12)


# ---- properties ---------------------------------------------------------------------------------

_systems = st.builds(
    lambda seed, firms, density, cash: _random(np.random.default_rng(seed), firms, density, cash),
    st.integers(0, 2**32 - 1),
    st.integers(1, 12),
    st.floats(0.05, 0.9),
    st.sampled_from([0.0, 0.05, 0.4, 0.9]),
)


@settings(max_examples=150, deadline=None)
@given(_systems, st.floats(0.0, 1.0))
def test_more_cash_means_more_payments_and_fewer_defaults(system: tuple[F64, F64], more: float) -> None:
    debts, assets = system
    poor, rich = clear(debts, assets), clear(debts, assets + more)
    assert (rich.payments >= poor.payments - 1e-12).all()
    assert (poor.defaulted | ~rich.defaulted).all()


@settings(max_examples=150, deadline=None)
@given(_systems)
def test_limited_liability_and_absolute_priority(system: tuple[F64, F64]) -> None:
    debts, assets = system
    found = clear(debts, assets)
    owed = debts.sum(axis=1)
    share = debts / np.where(owed > 0.0, owed, 1.0)[:, None]
    means = assets + share.T @ found.payments
    assert (found.payments <= means + 1e-12 * (1.0 + means)).all()
    kept = np.abs(found.equity) > 1e-9
    assert found.payments[kept] == pytest.approx(owed[kept], rel=1e-12)  # owners come last
    assert found.payments[found.defaulted] == pytest.approx(means[found.defaulted], rel=1e-10, abs=1e-12)
    assert (found.equity >= 0.0).all()
    assert found.equity.sum() == pytest.approx(assets.sum(), rel=1e-10, abs=1e-10)


@settings(max_examples=100, deadline=None)
@given(_systems, st.integers(0, 1000), st.sampled_from([1e-6, 0.37, 100.0, 1e9]))
def test_names_units_and_other_components_do_not_matter(
    system: tuple[F64, F64], seed: int, unit: float
) -> None:
    debts, assets = system
    found = clear(debts, assets)
    order = np.random.default_rng(seed).permutation(len(assets))
    moved = clear(debts[np.ix_(order, order)], assets[order])
    assert moved.payments == pytest.approx(found.payments[order], rel=1e-11, abs=1e-13)
    assert clear(debts * unit, assets * unit).payments == pytest.approx(
        found.payments * unit, rel=1e-11, abs=1e-13 * unit
    )
    other, cash = _random(np.random.default_rng(seed), 7, 0.5, 0.2)
    both = clear(sparse.block_diag([debts, other]), np.concatenate([assets, cash]))
    assert both.payments[: len(assets)].tobytes() == found.payments.tobytes()


@settings(max_examples=100, deadline=None)
@given(_systems, st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_payments_fall_with_recovery_rates(
    system: tuple[F64, F64], alpha: float, beta: float, part: float
) -> None:
    debts, assets = system
    full = clear(debts, assets).payments
    assert clear(debts, assets, recovery=(1.0, 1.0)).payments.tobytes() == full.tobytes()
    some = clear(debts, assets, recovery=(alpha, beta)).payments
    less = clear(debts, assets, recovery=(alpha * part, beta)).payments
    least = clear(debts, assets, recovery=(alpha * part, beta * part)).payments
    assert (some <= full + 1e-12).all()
    assert (less <= some + 1e-12).all()
    assert (least <= less + 1e-12).all()


def test_no_outside_creditors_and_none_given_pay_alike() -> None:
    debts, assets = _random(np.random.default_rng(9), 40, 0.2, 0.3)
    bare = clear(debts, assets)
    for senior in (True, False):
        given = clear(debts, assets, outside_liabilities=np.zeros(40), outside_senior=senior)
        assert given.payments == pytest.approx(bare.payments, rel=1e-13)
        assert np.maximum(given.equity, 0.0) == pytest.approx(bare.equity, rel=1e-12, abs=1e-12)
        assert (given.defaulted == (given.equity < 0.0)).all()


def test_rounding_defaults_no_firm_that_can_pay_exactly() -> None:
    generator = np.random.default_rng(13)
    for _ in range(50):
        debts = np.round(generator.uniform(0.0, 1.0, (60, 60)), 2) * (generator.random((60, 60)) < 0.3)
        np.fill_diagonal(debts, 0.0)
        gap = debts.sum(axis=1) - debts.sum(axis=0)  # to be covered in cash, rounded another way
        found = clear(debts, np.maximum(gap, 0.0))
        assert not found.defaulted.any()
        assert found.payments == pytest.approx(debts.sum(axis=1), rel=1e-15)
