"""Set-off of cycles of debts and netting of offers, to the fen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from sim.contagion.clearing import clear
from sim.contagion.debt_cycles import set_off
from sim.contagion.net_payments import netting
from sim.core.errors import SpecError

I64 = NDArray[np.int64]
Links = tuple[I64, NDArray[np.int32], I64]


def _links(matrix: sparse.csr_array) -> Links:
    return (
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        np.floor(matrix.data).astype(np.int64),
    )


def _random(seed: int, firms: int, degree: float, scale: float = 100_000.0) -> Links:
    """A random network of debts without debts to oneself, amounts of very different size."""
    generator = np.random.default_rng(seed)
    debtor = np.repeat(np.arange(firms), generator.poisson(degree, firms))
    creditor = generator.integers(0, firms, len(debtor))
    other = debtor != creditor
    amount = np.floor(generator.lognormal(0.0, 1.5, len(debtor)) * scale)
    return _links(sparse.csr_array((amount[other], (debtor[other], creditor[other])), shape=(firms, firms)))


def _debtor(start: I64) -> I64:
    return np.repeat(np.arange(len(start) - 1), np.diff(start))


def _by(index: I64 | NDArray[np.int32], amount: I64, firms: int) -> I64:
    sums = np.zeros(firms, dtype=np.int64)
    np.add.at(sums, index, amount)
    return sums


def _matrix(links: Links) -> sparse.csr_array:
    start, creditor, amount = links
    firms = len(start) - 1
    return sparse.csr_array((amount.astype(np.float64), creditor, start), shape=(firms, firms))


_systems = st.builds(
    _random,
    st.integers(0, 2**32 - 1),
    st.integers(1, 15),
    st.floats(0.5, 6.0),
    st.sampled_from([3.0, 1e4, 1e10]),
)


# ---- set-off ------------------------------------------------------------------------------------


def test_a_ring_cancels_its_smallest_debt() -> None:
    cancelled = set_off(np.array([0, 1, 2, 3]), np.array([1, 2, 0]), np.array([500, 300, 700]))
    assert cancelled.tolist() == [300, 300, 300]


def test_debts_without_a_cycle_stay() -> None:
    cancelled = set_off(np.array([0, 2, 3, 3]), np.array([1, 2, 2]), np.array([500, 300, 700]))
    assert cancelled.tolist() == [0, 0, 0]


@settings(max_examples=200, deadline=None)
@given(_systems)
def test_no_net_position_moves_and_no_cycle_is_left(links: Links) -> None:
    start, creditor, amount = links
    firms = len(start) - 1
    before = amount.copy()
    cancelled = set_off(start, creditor, amount)
    assert (amount == before).all()
    assert (cancelled >= 0).all()
    assert (cancelled <= amount).all()
    assert (_by(_debtor(start), cancelled, firms) == _by(creditor, cancelled, firms)).all()
    rest = _matrix((start, creditor, amount - cancelled))
    rest.eliminate_zeros()
    assert connected_components(rest, connection="strong")[0] == firms


def _most(links: Links) -> float:
    """The largest sum that can be cancelled: a circulation within the debts, by linear programme."""
    start, creditor, amount = links
    count = len(amount)
    rows = np.concatenate([_debtor(start), creditor])
    signs = np.concatenate([np.ones(count), -np.ones(count)])
    columns = np.tile(np.arange(count), 2)
    balance = sparse.csr_array((signs, (rows, columns)), shape=(len(start) - 1, count))
    bounds = np.column_stack([np.zeros(count), amount])
    found = linprog(
        -np.ones(count), A_eq=balance, b_eq=np.zeros(len(start) - 1), bounds=bounds, method="highs"
    )
    assert found.success
    return float(-found.fun)


def test_reaches_most_of_what_could_be_cancelled() -> None:
    shares = []
    for seed in range(40):
        links = _random(seed, 12 + 8 * (seed % 5), 3.0)
        most = _most(links)
        cancelled = float(set_off(*links).sum())
        assert cancelled <= most * (1.0 + 1e-9) + 1.0
        shares.append(cancelled / most)
    assert np.mean(shares) > 0.85


def test_set_off_does_not_depend_on_threads() -> None:
    links = _random(1, 3000, 8.0)
    alone = set_off(*links)
    with ThreadPoolExecutor(2) as pool:
        assert all((found == alone).all() for found in pool.map(lambda _: set_off(*links), range(4)))


# ---- netting ------------------------------------------------------------------------------------


def _check(links: Links, available: I64, payment: I64) -> tuple[I64, I64, I64]:
    """Check what holds to the fen; returns what each firm offered, spent and had."""
    start, supplier, offers = links
    firms = len(available)
    buyer = _debtor(start)
    offered, spent = _by(buyer, offers, firms), _by(buyer, payment, firms)
    means = np.maximum(available + _by(supplier, payment, firms), 0)
    assert payment.dtype == np.int64
    assert (payment >= 0).all()
    assert (payment <= offers).all()
    assert (spent <= means).all()
    assert (spent[means >= offered] == offered[means >= offered]).all()
    short = spent < offered
    for e in np.flatnonzero(short[buyer]):
        i = buyer[e]
        assert payment[e] <= int(offers[e]) * int(means[i]) // int(offered[i])
    return offered, spent, means


@settings(max_examples=200, deadline=None)
@given(_systems, st.integers(0, 1000), st.sampled_from([0.0, 0.01, 0.3, 1.0]))
def test_nobody_pays_what_he_has_not(links: Links, seed: int, cash: float) -> None:
    start, _, offers = links
    firms = len(start) - 1
    generator = np.random.default_rng(seed)
    offered = _by(_debtor(start), offers, firms)
    available = np.floor(generator.uniform(-0.2, 2.0, firms) * cash * offered).astype(np.int64)
    _check(links, available, netting(*links, available))


@pytest.mark.parametrize("cash", [0.6, 0.1, 0.003])
def test_rounds_down_pro_rata_and_stays_near_the_real_valued_vector(cash: float) -> None:
    links = _random(4, 2000, 8.0)
    start, _, offers = links
    buyer = _debtor(start)
    offered = _by(buyer, offers, 2000)
    noise = np.random.default_rng(5).lognormal(0.0, 0.6, 2000)
    available = np.floor(offered * cash * noise).astype(np.int64)
    payment = netting(*links, available)
    offered, spent, means = _check(links, available, payment)
    short = (spent < offered)[buyer]
    exact = [
        int(o) * int(means[i]) // int(offered[i]) for o, i in zip(offers[short], buyer[short], strict=True)
    ]
    assert payment[short].tolist() == exact
    true = clear(_matrix(links), available)
    lost = true.payments - spent
    assert (lost > -1e-3).all()
    # a fen a rounded link at most, half of one on average, and again on each passage through the network
    passages = true.payments[true.defaulted].sum() / max(float(available[true.defaulted].sum()), 1.0)
    assert lost.sum() < short.sum() * max(passages, 1.0)


@pytest.mark.parametrize("cash", [1, 10, 333, 800])
def test_a_closed_loop_pays_its_true_share(cash: int) -> None:
    """Three firms owe 10,000 yuan each, .1 % of it outside the loop: they pay 1,000 times their cash."""
    start, supplier = np.array([0, 2, 4, 6, 6]), np.array([1, 3, 2, 3, 0, 3])
    offers = np.array([999_000, 1_000] * 3)
    available = np.array([cash, cash, cash, 0])
    payment = netting(start, supplier, offers, available)
    links = (start.astype(np.int64), supplier.astype(np.int32), offers.astype(np.int64))
    _, spent, _ = _check(links, available, payment)
    assert spent[:3].tolist() == [1_000 * cash] * 3


@pytest.mark.parametrize("cash", [[0, 0, 0], [7, 0, 0]])
def test_a_closed_ring_without_cash_pays(cash: list[int]) -> None:
    ring = np.array([0, 1, 2, 3]), np.array([1, 2, 0])
    available = np.array(cash)
    assert netting(*ring, np.array([1_000_000] * 3), available).tolist() == [1_000_000] * 3
    payment = netting(*ring, np.array([1_000_000, 999_999, 1_000_000]), available)
    assert payment[1] == 999_999
    assert payment[0] >= 999_999


def test_missing_cash_is_filled_from_receipts_first() -> None:
    payment = netting(
        np.array([0, 1, 2, 2]), np.array([1, 2]), np.array([500, 400]), np.array([500, -200, 0])
    )
    assert payment.tolist() == [500, 300]


def test_netting_does_not_depend_on_threads() -> None:
    links = _random(1, 3000, 8.0)
    available = np.full(3000, 20_000)
    alone = netting(*links, available)
    with ThreadPoolExecutor(2) as pool:
        assert all(
            (found == alone).all() for found in pool.map(lambda _: netting(*links, available), range(4))
        )


# ---- inputs -------------------------------------------------------------------------------------


def _net(start: I64, creditor: I64, amount: I64) -> I64:
    return netting(start, creditor, amount, np.zeros(len(start) - 1, dtype=np.int64))


@pytest.mark.parametrize("function", [set_off, _net])
@pytest.mark.parametrize(
    ("start", "creditor", "amount", "named"),
    [
        ([0, 1, 1], [1], [-5], "amount"),
        ([0, 1, 1], [1], [5, 6], "amount"),
        ([0, 1, 1], [1], [0.5], "amount"),
        ([0, 1, 1], [2], [5], "creditor"),
        ([0, 1, 1], [-1], [5], "creditor"),
        ([0, 1, 2], [1], [5], "start"),
        ([1, 1, 1], [1], [5], "start"),
        ([0, 2, 1], [1], [5], "start"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    function: Callable[..., I64], start: list[int], creditor: list[int], amount: list[float], named: str
) -> None:
    with pytest.raises(SpecError) as caught:
        function(np.array(start), np.array(creditor), np.array(amount))
    assert caught.value.field == named


def test_cash_must_be_whole_fen_for_each_firm() -> None:
    one = np.array([0, 1, 1]), np.array([1]), np.array([5])
    for wrong in (np.array([1]), np.array([0.5, 1.0])):
        with pytest.raises(SpecError, match="available"):
            netting(*one, wrong)
    with pytest.raises(SpecError, match=r"2\*\*53"):
        netting(*one, np.array([2**53, 0]))
