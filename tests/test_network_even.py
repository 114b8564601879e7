"""The even network: what it promises, and what it refuses."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.errors import SpecError
from sim.model import Ecosystem
from sim.network.even import MOST_TO_FIRMS, even_network
from sim.network.generate import generate
from sim.network.sector_table import load_sector_table
from sim.network.supply import SupplyNetwork

TABLE = load_sector_table()
WEEKLY = 16_000_000  # fen


def made(firms: int, degree: float, seed: int) -> SupplyNetwork:
    return even_network(firms, degree, seed, TABLE, WEEKLY)


def digest(network: SupplyNetwork) -> str:
    return hashlib.sha256(b"".join(network.digest_parts())).hexdigest()


@settings(max_examples=40, deadline=None)
@given(firms=st.integers(50, 800), part=st.floats(0, 1), seed=st.integers(0, 2**40))
def test_a_sound_network_at_every_size(firms: int, part: float, seed: int) -> None:
    degree = 1 + part * (firms / 8 - 1)
    network = made(firms, degree, seed)
    network.check()
    suppliers = np.diff(network.buyer_start)
    assert (suppliers >= 1).all() and (suppliers <= firms // 4).all()
    buyer = np.repeat(np.arange(firms), suppliers)
    assert (network.supplier != buyer).all()
    assert len(np.unique(buyer * firms + network.supplier)) == len(buyer)
    assert (network.final_sales >= 0).all() and (network.weekly_amount >= 1).all()


@pytest.mark.parametrize("degree", [1.0, 1.5, 3.0, 5.0, 10.0])
def test_mean_degree_is_what_was_asked(degree: float) -> None:
    # the standard error of the mean of 3,000 geometric numbers is below degree / 54; some links drawn
    # twice count once, the more the denser the network
    found = np.mean([np.diff(made(3_000, degree, seed).buyer_start).mean() for seed in range(4)])
    assert found == pytest.approx(degree, rel=0.04)


@pytest.mark.parametrize("seed", range(4))
def test_firms_are_much_alike(seed: int) -> None:
    network = made(2_000, 3, seed)
    spread = np.log(network.weekly_sales).std()
    assert 0.3 < spread < 1 < np.log(generate(2_000, 3, seed, TABLE).weekly_sales).std()
    assert network.weekly_sales.max() < 0.02 * network.weekly_sales.sum()
    sold = network.weekly_sales - network.final_sales
    # firms grow until they can make what others buy from them, but for the last round
    assert np.mean(sold <= (MOST_TO_FIRMS + 1e-6) * network.weekly_sales) > 0.99
    # ties of trade that matter: most firms sell a good part of their output to one customer
    largest = np.zeros(2_000)
    np.maximum.at(largest, network.supplier, network.weekly_amount)
    assert np.median((largest / network.weekly_sales)[sold > 0]) > 0.1


def test_a_seed_makes_one_network() -> None:
    assert digest(made(400, 3, 7)) == digest(made(400, 3, 7))
    assert len({digest(made(400, 3, seed)) for seed in range(6)}) == 6


def test_sectors_follow_their_firm_counts() -> None:
    network = made(20_000, 3, 1)
    shares = np.bincount(network.sector, minlength=len(TABLE.sectors)) / 20_000
    wanted = TABLE.unit_shares / TABLE.unit_shares.sum()
    # four standard errors
    assert (np.abs(shares - wanted) < 4 * np.sqrt(wanted / 20_000) + 1e-3).all()


def test_too_many_suppliers_are_refused() -> None:
    assert made(80, 10, 1).firms == 80
    with pytest.raises(SpecError, match=r"mean_degree.*10\.1 for 80 firms.*1 to 10") as error:
        made(80, 10.1, 1)
    assert "\n" not in str(error.value)


def test_the_model_runs_on_it() -> None:
    sizes = {"population.firms": 300, "population.borrowers": 300, "population.mean_degree": 3, "burn_in": 8}
    even, measured = (
        Ecosystem("baseline", rng=1, changes={**sizes, "network.shape": shape})
        for shape in ("even", "measured")
    )
    spread = [np.log(model.state.firms.normal_sales).std() for model in (even, measured)]
    assert spread[0] < 1 < spread[1]
    even.run(12)
    even.ledger.check()
    assert even.series()["output"].min() > 0.8 * even.state.firms.normal_sales.sum()
