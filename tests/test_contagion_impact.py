"""Systemic impact: published vector, hand-solved chains, dense rounds as reference, properties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sim.contagion.impact import Impact, systemic_impact
from sim.contagion.leontief import leontief_output
from sim.core.errors import SpecError
from sim.network.generate import generate
from sim.network.sector_table import load_sector_table

VECTORS = Path(__file__).parents[1].parent / "shared" / "validation" / "vectors.json"
PRODUCTIONS: tuple[Any, ...] = ("linear", "mixed", "leontief")
REPLACEABILITIES = ("none", "sector")
SETTINGS = [(p, r) for p in PRODUCTIONS for r in REPLACEABILITIES]

# Diem et al. 2022, Scientific Reports 12:7719, figure 1: supplier, buyer, counted from 1
EDGES = [(2, 1), (2, 3), (3, 7), (6, 7), (7, 4), (7, 11), (8, 11), (9, 5), (9, 10), (10, 7)]
SECTOR = [1, 2, 1, 3, 4, 2, 4, 1, 2, 3, 5]
ESRI = [0.1, 0.366667, 0.266667, 0.35, 0.1, 0.166667, 0.7, 0.1, 0.366667, 0.266667, 0.45]
DOWN = [0, 0.366667, 0.166667, 0, 0, 0.166667, 0.2, 0.1, 0.366667, 0.166667, 0]
UP = [0.1, 0.2, 0.2, 0.35, 0.1, 0.1, 0.7, 0.1, 0.2, 0.2, 0.45]


def matrix(firms: int, *sales: tuple[int, int, float]) -> np.ndarray:
    """W from (supplier, buyer, amount), counted from 0."""
    found = np.zeros((firms, firms))
    for supplier, buyer, amount in sales:
        found[supplier, buyer] += amount
    return found


def dense(
    W: np.ndarray,
    sector: np.ndarray,
    seed: int,
    final: np.ndarray,
    essential: np.ndarray,
    replace: bool,
    rounds: int = 20_000,
) -> tuple[np.ndarray, np.ndarray]:
    """Losses (down, up) by synchronous rounds from full production, straight from the definition."""
    n = len(W)
    sold, bought = W.sum(1), W.sum(0)
    down, up = np.zeros(n), np.zeros(n)
    down[seed] = up[seed] = 1.0
    buys = np.divide(W, bought, out=np.zeros_like(W), where=bought > 0)
    total = (sold + final)[:, None]
    orders = np.divide(W, total, out=np.zeros_like(W), where=total > 0)
    kinds = np.unique(sector)
    by_kind = []
    for k in kinds:
        inside = W[sector == k].sum(0)
        by_kind.append(np.divide(W, inside, out=np.zeros_like(W), where=inside > 0))
    for _ in range(rounds):
        sigma = np.ones(n)
        if replace:
            for k in kinds:
                living = (sold * (1 - down))[sector == k].sum()
                own = sold[sector == k]
                sigma[sector == k] = np.minimum(
                    1.0, np.divide(own, living, out=np.ones_like(own), where=living > own)
                )
        felt = sigma * down
        free = ~essential[np.ix_(sector, sector)]
        worst = [(felt[:, None] * buys * free).sum(0)]
        for k, share in zip(kinds, by_kind, strict=True):
            rows = (sector == k)[:, None] & ~free
            worst.append((felt[:, None] * share * rows).sum(0))
        new_down = np.minimum(1.0, np.max(worst, axis=0))
        new_up = orders @ up
        new_down[seed] = new_up[seed] = 1.0
        still = max(np.abs(new_down - down).max(), np.abs(new_up - up).max()) < 1e-14
        down, up = new_down, new_up
        if still:
            break
    return down, up


def expected(
    W: np.ndarray, sector: np.ndarray, final: np.ndarray, production: str, replaceability: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Index and halves of all firms by :func:`dense`."""
    many = sector.max() + 1
    essential = {
        "linear": np.zeros((many, many), dtype=bool),
        "leontief": np.ones((many, many), dtype=bool),
        "mixed": ~np.eye(many, dtype=bool),
    }[production]
    weight = (W.sum(1) + final) / (W.sum() + final.sum())
    rows = []
    for seed in range(len(W)):
        down, up = dense(W, sector, seed, final, essential, replaceability == "sector")
        rows.append((weight @ np.maximum(down, up), weight @ down, weight @ up))
    esri, down, up = np.array(rows).T
    return esri, down, up


def random_network(seed: int, n: int, links: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Heavy-tailed sales over random links, sectors, and final sales of all firms."""
    rng = np.random.default_rng(seed)
    W = np.zeros((n, n))
    supplier, buyer = rng.integers(0, n, (2, n * links))
    W[supplier, buyer] = rng.pareto(1.5, n * links) + 0.1
    np.fill_diagonal(W, 0.0)
    W[:, rng.random(n) < 0.3] = 0.0  # firms that buy nothing
    return W, rng.integers(0, 4, n), (0.2 + rng.random(n)) * (W.sum(1) + 1.0)


def same(left: Impact, right: Impact) -> bool:
    names = ("esri", "down", "up", "converged", "remaining", "stages", "visits")
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in names)


def test_published_example() -> None:
    W = matrix(11, *((a - 1, b - 1, 1.0) for a, b in EDGES))
    found = systemic_impact((W, SECTOR))
    np.testing.assert_allclose(found.esri, ESRI, atol=1e-6)
    np.testing.assert_allclose(found.down, DOWN, atol=1e-6)
    np.testing.assert_allclose(found.up, UP, atol=1e-6)
    assert found.converged.all()
    assert (found.remaining == 0.0).all()


def test_vector_file() -> None:
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS} is not there")
    vectors: dict[str, Any] = {v["id"]: v for v in json.loads(VECTORS.read_text(encoding="utf-8"))}
    vector = vectors["ESRI-none-linear"]
    edges = vector["inputs"]["sales_edges_1based_weight1"]
    W = sparse.csr_array(matrix(11, *((a - 1, b - 1, 1.0) for a, b in edges)))
    found = systemic_impact((W, vector["inputs"]["sector"]), tol=1e-4)
    for name in ("ESRI", "down", "up"):
        np.testing.assert_allclose(getattr(found, name.lower()), vector["expected"][name], atol=vector["tol"])
    vector = vectors["LEONTIEF"]
    output = leontief_output(**vector["inputs"])
    np.testing.assert_allclose(output.inverse, vector["expected"]["inverse"], atol=vector["tol"])
    np.testing.assert_allclose(output.output, vector["expected"]["x"], atol=vector["tol"])
    np.testing.assert_allclose(output.new_output, vector["expected"]["x_new"], atol=vector["tol"])


def test_leontief_model() -> None:
    """Miller & Blair 2009, chapter 2."""
    found = leontief_output([[150, 500], [200, 100]], [350, 1700], [600, 1500])
    np.testing.assert_allclose(
        found.inverse, [[1.2541254125, 0.3300330033], [0.2640264026, 1.1221122112]], atol=1e-8
    )
    np.testing.assert_allclose(found.output, [1000, 2000], atol=1e-8)
    np.testing.assert_allclose(found.new_output, [1247.5247524752, 1841.5841584158], atol=1e-8)
    with pytest.raises(SpecError, match="no inverse"):
        leontief_output([[0, 5], [5, 0]], [0, 0], [1, 1])


def test_chain_by_hand() -> None:
    """0 sells 3 to 1 and 1 to 2; 1 sells 2 to 2; sales 4, 2, 0 and final sales 0, 2, 4: weights 1/3 each."""
    W = matrix(3, (0, 1, 3.0), (0, 2, 1.0), (1, 2, 2.0))
    found = systemic_impact((W, [0, 1, 2]), final_demand=[0.0, 2.0, 4.0])
    # 0 fails: 1 loses all inputs; 2 loses 1/3 from 0 and 2/3 from 1
    # 2 fails: 1 loses 2 of 4 sales; 0 loses 1 of 4 and 3/4 x 1/2
    np.testing.assert_allclose(found.down, [1.0, 1 / 3 + 2 / 9, 1 / 3], atol=1e-12)
    np.testing.assert_allclose(found.up, [1 / 3, 1 / 3 + 1 / 4, 1 / 3 + 1 / 6 + 5 / 24], atol=1e-12)
    np.testing.assert_allclose(found.esri, [1.0, 1 / 3 + 1 / 4 + 2 / 9, 1 / 3 + 1 / 6 + 5 / 24], atol=1e-12)


@pytest.mark.parametrize(("production", "lost"), [("linear", 0.5 * 0.5), ("mixed", 0.5), ("leontief", 0.5)])
def test_production_functions_by_hand(production: str, lost: float) -> None:
    """Buyer 3 takes 1 + 1 from two firms of sector 0 and 2 from sector 1; one of sector 0 fails."""
    W = matrix(4, (0, 3, 1.0), (1, 3, 1.0), (2, 3, 2.0))
    essential = np.array([[False, False, True], [False, False, False], [False, False, False]])
    given_essential = essential if production == "mixed" else None
    found = systemic_impact(
        (W, [0, 0, 1, 2]),
        firms=[0, 2],
        production=production,  # type: ignore[arg-type]
        final_demand=[0, 0, 0, 4.0],
        essential=given_essential,
    )
    other = {"linear": 0.5, "mixed": 0.5, "leontief": 1.0}[production]  # non-essential: half of all inputs
    np.testing.assert_allclose(found.down, [1 / 8 + 0.5 * lost, 2 / 8 + 0.5 * other], atol=1e-12)


def test_leontief_chain_passes_the_whole_loss() -> None:
    """Firm 1 needs 0 (a tenth of its inputs) and 2; 3 needs 1: all fail with 0."""
    W = matrix(4, (0, 1, 1.0), (2, 1, 9.0), (1, 3, 10.0))
    sector = [0, 1, 2, 3]
    leontief = systemic_impact((W, sector), firms=0, production="leontief", final_demand=[0, 0, 0, 20.0])
    linear = systemic_impact((W, sector), firms=0, final_demand=[0, 0, 0, 20.0])
    np.testing.assert_allclose(leontief.down, (1 + 10 + 20) / 40, atol=1e-12)
    np.testing.assert_allclose(linear.down, (1 + 0.1 * 10 + 0.1 * 20) / 40, atol=1e-12)


def test_mixed_may_lose_less_than_linear() -> None:
    """The generalised Leontief function takes the worse of two losses where the linear one adds them.

    0 gives a fifth of the inputs of 1 and two fifths of those of 2; 3 takes half its inputs from each.
    """
    W = matrix(5, (0, 1, 2.0), (4, 1, 8.0), (0, 2, 4.0), (4, 2, 6.0), (1, 3, 10.0), (2, 3, 10.0))
    essential = np.zeros((5, 5), dtype=bool)
    essential[1, 3] = True
    final = [0, 0, 0, 60.0, 0]
    first_round = (6 + 0.2 * 10 + 0.4 * 10) / 100
    linear = systemic_impact((W, range(5)), firms=0, final_demand=final)
    np.testing.assert_allclose(linear.down, first_round + 0.3 * 0.6, atol=1e-12)
    mixed = systemic_impact(
        (W, range(5)), firms=0, final_demand=final, production="mixed", essential=essential
    )
    np.testing.assert_allclose(mixed.down, first_round + 0.2 * 0.6, atol=1e-12)
    leontief = systemic_impact((W, range(5)), firms=0, final_demand=final, production="leontief")
    assert leontief.down == pytest.approx((6 + 10 + 10 + 60) / 100)  # each needs 0 and has no other of it


def test_sector_replaceability_by_hand() -> None:
    """Two makers of sector 0 with sales 1 and 3, each with a buyer of its own.

    When the small one fails the other can make 3: sigma = 1/3. When the large one fails
    sigma = 3/1, cut to 1.
    """
    W = matrix(4, (0, 2, 1.0), (1, 3, 3.0))
    final = [0, 0, 4.0, 4.0]
    found = systemic_impact((W, [0, 0, 1, 2]), replaceability="sector", final_demand=final)
    np.testing.assert_allclose(found.down[:2], [1 / 12 + 4 / 12 / 3, 3 / 12 + 4 / 12], atol=1e-9)
    alone = systemic_impact((W, [0, 3, 1, 2]), replaceability="sector", final_demand=final)
    np.testing.assert_allclose(alone.down[:2], [1 / 12 + 4 / 12, 3 / 12 + 4 / 12], atol=1e-9)


def test_final_demand_dilutes() -> None:
    """A supplier with final sales f loses 1 / (1 + f) when its only buyer fails."""
    W = matrix(2, (0, 1, 1.0))
    for f in (0.0, 0.5, 3.0):
        found = systemic_impact((W, [0, 1]), firms=1, final_demand=[f, 1.0])
        np.testing.assert_allclose(found.up, (1.0 + 1.0) / (2.0 + f), atol=1e-12)
        multiple = systemic_impact((W, [0, 1]), firms=1, final_demand=f)
        np.testing.assert_allclose(multiple.up, 1.0 / (1.0 + f), atol=1e-12)


def test_upstream_is_the_demand_reduction_of_the_leontief_model() -> None:
    """Take the failed firm's purchases out of the table: output falls as (I - A)^-1 says."""
    W, sector, final = random_network(3, 12)
    seed = int(W.sum(0).argmax())
    output = W.sum(1) + final
    rest = np.arange(12) != seed
    coefficients = W[np.ix_(rest, rest)] / output[rest]
    lost = np.linalg.solve(np.eye(11) - coefficients, W[rest, seed])
    found = systemic_impact((W, sector), firms=seed, final_demand=final, tol=1e-9)
    np.testing.assert_allclose(found.up, (output[seed] + lost.sum()) / output.sum(), rtol=1e-8)
    # the same by the shipped table model: buyer's final demand in place of the failed firm's orders
    flows, demand = W[np.ix_(rest, rest)], final[rest] + W[rest, seed]
    table = leontief_output(flows, demand, final[rest])
    np.testing.assert_allclose(lost, table.output - table.new_output, rtol=1e-9)


def test_without_final_demand_a_circle_is_flagged() -> None:
    """In a closed circle the demand that is lost never leaks out: the index has no finite-time answer."""
    rng = np.random.default_rng(8)
    n = 300
    W = np.zeros((n, n))
    for buyer in range(n):
        W[rng.integers(0, n, 4), buyer] = rng.pareto(1.5, 4) + 0.1
    W[np.arange(n), (np.arange(n) + 1) % n] = 1.0
    np.fill_diagonal(W, 0.0)
    sector = rng.integers(0, 5, n)
    coarse, fine = (
        systemic_impact((W, sector), replaceability="sector", tol=tol, firms=range(20)) for tol in (0.3, 1e-2)
    )
    assert not coarse.converged.any()
    assert not fine.converged.any()
    assert (fine.remaining == 1.0 - fine.esri).all()
    leaking = systemic_impact((W, sector), replaceability="sector", final_demand=0.5, firms=range(20))
    assert leaking.converged.all()
    assert leaking.up.mean() < 0.2 * fine.up.mean()


@pytest.mark.parametrize("firms", [100, 600])
@pytest.mark.parametrize(("production", "replaceability"), SETTINGS)
def test_tolerance_means_what_it_says(firms: int, production: str, replaceability: str) -> None:
    W, sector, final = random_network(firms, firms)
    chosen = np.arange(0, firms, max(1, firms // 60))
    options: dict[str, Any] = {
        "production": production,
        "replaceability": replaceability,
        "final_demand": final,
        "firms": chosen,
    }
    exact = systemic_impact((W, sector), tol=1e-9, **options)
    assert exact.converged.mean() > 0.9
    for tol in (0.2, 1e-2):
        found = systemic_impact((W, sector), tol=tol, **options)
        sure = found.converged & exact.converged
        assert sure.mean() > 0.9
        assert (found.esri <= exact.esri * (1 + 1e-9)).all()
        assert (exact.esri <= found.esri * (1 + tol) + 1e-12)[sure].all()
        assert (exact.esri <= found.esri + found.remaining + 1e-9)[sure].all()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 14),
    setting=st.sampled_from(SETTINGS),
    links=st.integers(1, 4),
)
def test_equals_synchronous_rounds(seed: int, n: int, setting: tuple[str, str], links: int) -> None:
    W, sector, final = random_network(seed, n, links)
    production, replaceability = setting
    options: dict[str, Any] = {"production": production, "replaceability": replaceability}
    found = systemic_impact((W, sector), final_demand=final, tol=1e-7, **options)
    esri, down, up = expected(W, sector, final, production, replaceability)
    for value, limit in ((found.esri, esri), (found.down, down), (found.up, up)):
        assert (value <= limit + 1e-9).all()
        assert (limit <= value + 1e-7 * found.esri + 1e-9)[found.converged].all()
    assert (found.esri + found.remaining >= esri - 1e-9)[found.converged].all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), setting=st.sampled_from(SETTINGS))
def test_properties(seed: int, setting: tuple[str, str]) -> None:
    W, sector, final = random_network(seed, 30)
    options: dict[str, Any] = {"production": setting[0], "replaceability": setting[1], "tol": 1e-9}
    found = systemic_impact((W, sector), final_demand=final, **options)
    share = (W.sum(1) + final) / (W.sum() + final.sum())
    slack = 1e-12
    assert (found.down >= share - slack).all()
    assert (found.up >= share - slack).all()
    assert (np.maximum(found.down, found.up) <= found.esri + slack).all()
    assert (found.esri <= found.down + found.up + slack).all()
    assert (found.esri <= 1.0).all()
    order = np.random.default_rng(seed).permutation(30)
    moved = systemic_impact((W[np.ix_(order, order)], sector[order]), final_demand=final[order], **options)
    sure = found.converged[order] & moved.converged
    np.testing.assert_allclose(moved.esri[sure], found.esri[order][sure], rtol=1e-8)
    unit = systemic_impact((W * 1024.0, sector), final_demand=final * 1024.0, **options)
    assert same(unit, found)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), replaceability=st.sampled_from(REPLACEABILITIES))
def test_leontief_loses_most(seed: int, replaceability: Any) -> None:
    W, sector, final = random_network(seed, 25)
    linear, mixed, leontief = (
        systemic_impact(
            (W, sector), production=p, replaceability=replaceability, final_demand=final, tol=1e-9
        )
        for p in ("linear", "mixed", "leontief")
    )
    np.testing.assert_array_less(linear.down, leontief.down + 1e-9 + leontief.remaining)
    np.testing.assert_array_less(mixed.down, leontief.down + 1e-9 + leontief.remaining)
    assert np.array_equal(linear.up, leontief.up) or np.allclose(linear.up, leontief.up, rtol=1e-8)


def test_mixed_covers_both_extremes() -> None:
    W, sector, final = random_network(5, 40)
    for value, production in ((False, "linear"), (True, "leontief")):
        mixed = systemic_impact(
            (W, sector), production="mixed", essential=np.full((4, 4), value), final_demand=final
        )
        pure = systemic_impact((W, sector), production=production, final_demand=final)  # type: ignore[arg-type]
        np.testing.assert_allclose(mixed.esri, pure.esri, rtol=1e-2)
        np.testing.assert_allclose(mixed.down, pure.down, rtol=1e-2)


def test_isolated_parts() -> None:
    W, sector, final = random_network(11, 20)
    both = np.zeros((41, 41))
    both[:20, :20] = both[20:40, 20:40] = W
    sectors, finals = np.concatenate((sector, sector + 4, [8])), np.concatenate((final, final, [7.0]))
    found = systemic_impact((both, sectors), final_demand=finals, tol=1e-6)
    alone = systemic_impact((W, sector), final_demand=final, tol=1e-6)
    total = both.sum() + finals.sum()
    np.testing.assert_allclose(found.esri[40], 7.0 / total, rtol=1e-12)
    part = (W.sum() + final.sum()) / total
    np.testing.assert_allclose(found.esri[:20], alone.esri * part, rtol=1e-6)
    np.testing.assert_allclose(found.esri[:20], found.esri[20:40], rtol=1e-6)


@pytest.mark.parametrize("replaceability", REPLACEABILITIES)
def test_threads_and_choice_of_firms_change_nothing(replaceability: Any) -> None:
    network = generate(600, 5.0, 4, load_sector_table())
    one = systemic_impact(network, replaceability=replaceability, threads=1, tol=0.1)
    two = systemic_impact(network, replaceability=replaceability, threads=2, tol=0.1)
    assert same(one, two)
    chosen = np.array([599, 3, 3, 250])
    few = systemic_impact(network, replaceability=replaceability, firms=chosen, tol=0.1)
    assert np.array_equal(few.esri, one.esri[chosen])
    assert systemic_impact(network, firms=[]).esri.shape == (0,)


def test_network_and_matrix_agree() -> None:
    network = generate(400, 5.0, 2, load_sector_table())
    W = sparse.coo_array(
        (network.weekly_amount, (network.supplier, network.buyer())), shape=(network.firms, network.firms)
    )
    loaded = systemic_impact(network, tol=0.1)
    assert same(loaded, systemic_impact((W, network.sector), final_demand=network.final_sales, tol=0.1))
    assert same(
        loaded, systemic_impact((W.toarray(), network.sector), final_demand=network.final_sales, tol=0.1)
    )
    goods = np.arange(22) < 14  # agriculture to construction in the shipped table
    options: dict[str, Any] = {"production": "mixed", "replaceability": "sector", "tol": 0.1}
    by_hand = systemic_impact(network, essential=goods[:, None] & goods, **options)
    assert same(by_hand, systemic_impact(network, **options))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"production": "cobb"}, "production"),
        ({"replaceability": "some"}, "replaceability"),
        ({"tol": 0.0}, "tol"),
        ({"tol": float("nan")}, "tol"),
        ({"threads": 0}, "threads"),
        ({"firms": [2]}, "firms"),
        ({"firms": [-1]}, "firms"),
        ({"firms": [0.5]}, "firms"),
        ({"final_demand": -1.0}, "final_demand"),
        ({"final_demand": [1.0]}, "final_demand"),
        ({"final_demand": [1.0, float("inf")]}, "final_demand"),
        ({"essential": np.ones((2, 2), dtype=bool)}, "essential"),
        ({"production": "mixed", "essential": np.ones((2, 2))}, "essential"),
        ({"network": (np.ones((2, 3)), [0, 1])}, "W"),
        ({"network": (np.array([[0.0, -1.0], [0.0, 0.0]]), [0, 1])}, "W"),
        ({"network": (np.array([[0.0, np.nan], [0.0, 0.0]]), [0, 1])}, "W"),
        ({"network": (np.ones((2, 2)), [0])}, "sector"),
        ({"network": (np.ones((2, 2)), [0, -1])}, "sector"),
        ({"network": (np.zeros((2, 2)), [0, 1])}, "network"),
        ({"network": "net.csv"}, "network"),
    ],
)
def test_bad_input_says_what_is_wrong(wrong: dict[str, Any], field: str) -> None:
    arguments = {"network": (matrix(2, (0, 1, 1.0)), [0, 1]), **wrong}
    network = arguments.pop("network")
    with pytest.raises(SpecError) as caught:
        systemic_impact(network, **arguments)
    assert caught.value.field == field
