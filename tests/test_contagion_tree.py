"""The infection tree: hand-made trees, forests with a known law, censoring, and files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.contagion.tree import InfectionTree
from sim.contagion.tree_files import write_graphml, write_parquet
from sim.core.columns import I64
from sim.core.errors import SpecError

VECTORS = Path(__file__).parents[1].parent / "shared" / "validation" / "vectors.json"
CHANNELS = ["late_receipts", "write_off", "cancelled_orders", "lost_inputs", "layoffs"]

Cause = tuple[int, str, str, int, int, float]


def _causes(rows: list[Cause]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["event", "channel", "kind", "agent", "parent", "share"])


def _events(week: list[int] | I64, kind: str = "firm") -> pd.DataFrame:
    count = len(week)
    return pd.DataFrame({"week": week, "kind": kind, "agent": np.arange(count), "sector": None})


def _losses(rows: list[tuple[int, int, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["week", "lender", "event", "loss"])


class Forest(NamedTuple):
    """Weeks and the one parent (-1: root) of each event, in the order of weeks."""

    week: I64
    parent: I64

    def tree(self, last_week: int | None = None) -> InfectionTree:
        count, caused = len(self.week), self.parent >= 0
        channel, kind = np.where(caused, "write_off", "own"), np.where(caused, "firm", "none")
        columns = {"event": np.arange(count), "channel": channel, "kind": kind, "agent": self.parent}
        causes = pd.DataFrame({**columns, "parent": self.parent, "share": 1.0})
        return InfectionTree(_events(self.week), causes, last_week=last_week)


def _forest(seed: int, roots: int, mean: float, weeks: int = 1, lag: int = 9) -> Forest:
    """Galton-Watson trees: roots over ``weeks``, Poisson offspring 0 to ``lag - 1`` weeks later."""
    rng = np.random.default_rng(seed)
    week = rng.integers(0, weeks, roots)
    parent = np.full(roots, -1)
    current = np.arange(roots)
    while len(current):
        children = np.repeat(current, rng.poisson(mean, len(current)))
        current = np.arange(len(week), len(week) + len(children))
        week = np.append(week, week[children] + rng.integers(0, lag, len(children)))
        parent = np.append(parent, children)
    order = np.argsort(week, kind="stable")
    place = np.argsort(order)
    return Forest(week[order], np.where(parent[order] >= 0, place[parent[order]], -1))


#   0 --.6--> 1 --.5--> 3
#   0 ------.2--------> 3      2 is caused by nobody, 3 partly by a firm that never failed
DIAMOND = _causes(
    [
        (0, "own", "none", -1, -1, 1.0),
        (1, "own", "none", -1, -1, 0.4),
        (1, "write_off", "firm", 0, 0, 0.35),
        (1, "cancelled_orders", "firm", 0, 0, 0.25),
        (2, "own", "none", -1, -1, 1.0),
        (3, "own", "none", -1, -1, 0.1),
        (3, "write_off", "firm", 1, 1, 0.5),
        (3, "late_receipts", "firm", 9, -1, 0.2),
        (3, "late_receipts", "firm", 0, 0, 0.2),
    ]
)


def _diamond() -> InfectionTree:
    return InfectionTree(_events([0, 2, 2, 5]), DIAMOND)


def test_diamond_by_hand() -> None:
    tree = _diamond()
    assert len(tree) == 4 and tree.dropped == 0
    assert list(tree.edges.columns) == ["parent", "child", "channel", "share"]
    assert len(tree.edges) == 4 and (tree.edges["parent"] < tree.edges["child"]).all()
    assert tree.endogenous_share == pytest.approx((0.6 + 0.9) / 4)
    assert tree.traced_share == pytest.approx((0.6 + 0.7) / 4)
    assert tree.endogenous_by_channel.to_dict() == pytest.approx(
        {"write_off": 0.85 / 4, "cancelled_orders": 0.25 / 4, "late_receipts": 0.4 / 4}
    )
    assert tree.offspring == pytest.approx([0.8, 0.5, 0, 0])
    assert tree.offspring_within(2) == pytest.approx([0.6, 0, 0, 0])


def test_diamond_generations_and_sizes() -> None:
    tree = _diamond()
    after = tree.generations([0])
    assert after.totals == pytest.approx([1.0, 0.6 + 0.2, 0.6 * 0.5])
    assert after.mass == pytest.approx([1.0, 0.6, 0.0, 0.5])
    sizes = tree.cascade_sizes()
    assert sizes["size"].tolist() == pytest.approx([1 + 0.6 * 1.5 + 0.2, 1.5, 1, 1])
    assert sizes["root_share"].tolist() == pytest.approx([1, 0.4, 1, 0.1])
    assert sizes["untraced_share"].tolist() == pytest.approx([0, 0, 0, 0.2])


def test_diamond_main_parents() -> None:
    forest = _diamond().main_parent
    assert forest["parent"].tolist() == [-1, 0, -1, 1]
    assert forest["share"].tolist() == pytest.approx([0, 0.6, 0, 0.5])
    assert forest["depth"].tolist() == [0, 1, 0, 2]
    assert forest["root"].tolist() == [0, 0, 2, 0]


def test_the_earlier_of_two_equal_parents_is_the_main_one() -> None:
    causes = _causes(
        [(0, "own", "none", -1, -1, 1.0), (1, "own", "none", -1, -1, 1.0)]
        + [(2, "write_off", "firm", k, k, 0.5) for k in (1, 0)]
    )
    assert InfectionTree(_events([0, 0, 0]), causes).main_parent["parent"].tolist() == [-1, -1, 0]


def test_a_seed_takes_no_mass_from_another_seed() -> None:
    after = _diamond().generations([0, 1])
    assert after.totals == pytest.approx([2.0, 0.2 + 0.5])
    assert after.mass == pytest.approx([1.0, 1.0, 0.0, 0.7])


def test_causes_out_of_order_are_dropped_and_counted() -> None:
    # Events 1 and 2 of one week blame each other; only the earlier can have caused the later.
    causes = _causes(
        [
            (0, "own", "none", -1, -1, 1.0),
            (1, "write_off", "firm", 2, 2, 1.0),
            (2, "write_off", "firm", 1, 1, 0.7),
            (2, "lost_inputs", "firm", 2, 2, 0.3),
        ]
    )
    tree = InfectionTree(_events([0, 3, 3]), causes)
    assert tree.dropped == 2
    assert tree.edges[["parent", "child"]].to_numpy().tolist() == [[1, 2]]
    assert tree.traced_share == pytest.approx(0.7 / 3)
    assert tree.endogenous_share == pytest.approx(2 / 3)
    assert nx.is_directed_acyclic_graph(tree.to_networkx())


# --- shares that came through a lender ---------------------------------------------------------------


def _credit(lost: pd.DataFrame | None, memory_weeks: int = 10) -> InfectionTree:
    """Four defaults; the last, in week 10, lost half of its liquidity as lender 5 cut its credit."""
    causes = _causes(
        [(k, "own", "none", -1, -1, 1.0) for k in range(3)]
        + [(3, "own", "none", -1, -1, 0.5), (3, "lender_to_credit", "lender", 5, -1, 0.5)]
    )
    return InfectionTree(_events([0, 4, 8, 10]), causes, lost, memory_weeks=memory_weeks)


def _traced(tree: InfectionTree) -> dict[int, float]:
    return {int(row.parent): float(row.share) for row in tree.edges.itertuples()}


def test_lender_shares_go_to_its_recent_losses() -> None:
    # Ages 6 and 2 of 10 weeks: weights 100 * .4 and 50 * .8. Lender 6, and week 0 at age 10, do not count.
    lost = _losses([(0, 5, 0, 10**6), (4, 5, 1, 100), (8, 5, 2, 50), (8, 6, 0, 10**6)])
    tree = _credit(lost)
    assert _traced(tree) == pytest.approx({1: 0.25, 2: 0.25})
    assert set(tree.edges["channel"]) == {"lender_to_credit"}


def test_losses_of_unknown_cause_keep_their_part_of_the_share() -> None:
    lost = _losses([(8, 5, -1, 150), (8, 5, 2, 50)])
    tree = _credit(lost)
    assert _traced(tree) == pytest.approx({2: 0.125})
    assert tree.endogenous_share == pytest.approx(0.5 / 4)


def test_a_lender_is_not_hurt_by_what_comes_later() -> None:
    # Lender 5 lost by the child's own default in its week, and by another one a week on.
    lost = _losses([(10, 5, 3, 999), (11, 5, 2, 999), (9, 5, 1, 1)])
    assert _traced(_credit(lost)) == pytest.approx({1: 0.5})


@pytest.mark.parametrize("lost", [None, _losses([(0, 5, 0, 10)]), _losses([(9, 5, 0, 0)])])
def test_what_cannot_be_resolved_stays_with_the_lender(lost: pd.DataFrame | None) -> None:
    tree = _credit(lost)
    assert len(tree.edges) == 0 and tree.dropped == 0
    assert tree.endogenous_share == pytest.approx(0.5 / 4)
    kept = tree.shares[tree.shares["channel"] == "lender_to_credit"]
    assert kept[["parent", "share"]].to_numpy().tolist() == [[-1, 0.5]]


# --- properties of any tree --------------------------------------------------------------------------


@st.composite
def _trees(draw: st.DrawFn) -> InfectionTree:
    """Random shares over own, known and unknown parents, in the wrong order at times, and lenders."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 30))
    week = np.sort(rng.integers(0, 12, count))
    rows: list[Cause] = []
    for event in range(count):
        parts = rng.dirichlet(np.ones(4))
        rows.append((event, "own", "none", -1, -1, parts[0]))
        rows.append((event, "lender_to_credit", "lender", int(rng.integers(0, 2)), -1, parts[3]))
        for share in parts[1:3]:
            parent = int(rng.integers(-1, count))
            rows.append((event, str(rng.choice(CHANNELS)), "firm", parent, parent, share))
    lost = [
        (int(week[e]), int(rng.integers(0, 2)), int(e), int(rng.integers(0, 500))) for e in range(0, count, 2)
    ]
    lost += [(int(rng.integers(0, 12)), 0, -1, 100)]
    return InfectionTree(_events(week), _causes(rows), _losses(lost), memory_weeks=6)


@given(_trees())
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_or_counted_twice(tree: InfectionTree) -> None:
    total = tree.shares.groupby("child")["share"].sum()
    assert total.to_numpy() == pytest.approx(np.ones(len(tree)), abs=1e-12)
    parent, child = tree.edges["parent"].to_numpy(), tree.edges["child"].to_numpy()
    assert (parent < child).all() and (tree.week[parent] <= tree.week[child]).all()
    assert tree.traced_share is not None and tree.endogenous_share is not None
    assert tree.traced_share <= tree.endogenous_share + 1e-12
    assert tree.endogenous_by_channel.sum() == pytest.approx(tree.endogenous_share)
    # Watched from end to end, mean offspring is the traced share, whatever the tree.
    assert tree.offspring.mean() == pytest.approx(tree.traced_share)
    sizes = tree.cascade_sizes()
    belongs = ((sizes["root_share"] + sizes["untraced_share"]) * sizes["size"]).sum()
    assert belongs == pytest.approx(len(tree))


@given(_trees(), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_generations_add_up_to_cascade_sizes(tree: InfectionTree, seed: int) -> None:
    size = tree.cascade_sizes()["size"].to_numpy()
    one = int(np.random.default_rng(seed).integers(len(tree)))
    after = tree.generations([one])
    assert after.totals.sum() == pytest.approx(size[one])
    assert after.mass.sum() == pytest.approx(size[one])
    assert after.mass.max() <= 1 + 1e-12
    everything = tree.generations(np.arange(len(tree)))
    assert everything.totals.tolist() == [len(tree)]


# --- forests with a known law ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mu", "mean", "variance", "p1", "p2", "p3"),
    [
        (0.5, 2.0, 4.0, 0.6065306597, 0.1839397206, 0.0836738101),
        (0.8, 5.0, 100.0, 0.4493289641, 0.1615172144, 0.0870892352),
    ],
)
def test_cascade_sizes_follow_borel(
    mu: float, mean: float, variance: float, p1: float, p2: float, p3: float
) -> None:
    """Borel 1942, Otter 1949: P(n) = exp(-mu n) (mu n)^(n - 1) / n!, mean 1 / (1 - mu)."""
    roots = 20_000
    tree = _forest(11, roots, mu).tree()
    sizes = tree.cascade_sizes()
    of_roots = sizes.loc[sizes["root_share"] == 1, "size"]
    assert len(of_roots) == roots
    assert abs(of_roots.mean() - mean) < 4 * math.sqrt(variance / roots)
    law = tree.cascade_size_distribution()
    assert law["probability"].sum() == pytest.approx(1) and law["at_least"].iloc[0] == pytest.approx(1)
    for n, p in enumerate((p1, p2, p3)):
        assert law["size"].iloc[n] == pytest.approx(n + 1)
        assert abs(law["probability"].iloc[n] - p) < 4 * math.sqrt(p * (1 - p) / roots)


def test_borel_as_in_the_validation_file() -> None:
    if not VECTORS.exists():
        pytest.skip("validation/vectors.json is not beside this checkout")
    vectors = {entry["id"]: entry for entry in json.loads(VECTORS.read_text(encoding="utf-8"))}
    for name, expected in vectors["BOREL"]["expected"].items():
        law = _forest(12, 20_000, float(name.removeprefix("mu="))).tree().cascade_size_distribution()
        found = law["probability"].to_numpy()
        for n in (1, 2, 3):
            p = expected[f"P{n}"]
            assert abs(found[n - 1] - p) < 4 * math.sqrt(p * (1 - p) / 20_000)
        deviation = (law["size"] * law["probability"]).sum() - expected["mean"]
        assert abs(deviation) < 4 * math.sqrt(expected["var"] / 20_000)


@pytest.mark.parametrize("mu", [0.4, 1.3])
def test_generations_grow_by_the_mean_offspring(mu: float) -> None:
    # Of one seed, generation g has mean mu^g and variance mu^g (1 + mu + ... + mu^(g - 1)).
    seeds = 4_000
    rng = np.random.default_rng(21)
    week, parent, current = [0] * seeds, [-1] * seeds, list(range(seeds))
    for generation in range(1, 5):
        children = np.repeat(current, rng.poisson(mu, len(current)))
        current = list(range(len(week), len(week) + len(children)))
        week += [generation] * len(children)
        parent += children.tolist()
    totals = Forest(np.array(week), np.array(parent)).tree().generations(np.arange(seeds)).totals
    for generation in range(1, 5):
        spread = mu**generation * sum(mu**k for k in range(generation))
        assert abs(totals[generation] / seeds - mu**generation) < 4 * math.sqrt(spread / seeds)


def test_cohorts_find_the_offspring_and_leave_out_what_is_not_yet_seen() -> None:
    mu, weeks, lag = 0.6, 400, 9
    forest = _forest(31, 8_000, mu, weeks, lag)
    seen = forest.week < weeks
    # The record ends at week 399: later events are unknown, so late cohorts lack children.
    cut = Forest(forest.week[seen], forest.parent[seen])
    table = cut.tree(last_week=weeks - 1).reproduction(cohort_weeks=4, follow_up_weeks=lag)
    assert table["events"].sum() == seen.sum()
    assert table["week"].tolist() == list(range(0, weeks, 4))
    done = table[table["complete"]]
    assert done["week"].max() == 384  # cohort 384-387 is followed until week 396, the next until 400
    pooled = np.average(done["R"], weights=done["events"])
    assert abs(pooled - mu) < 4 * math.sqrt(mu / done["events"].sum())
    inside = ((done["low"] <= mu) & (mu <= done["high"])).mean()
    assert inside >= 0.9  # nominal .95 of 97 cohorts: fewer than .9 has a chance of about one in fifty
    last = table.iloc[-1]
    assert not last["complete"] and last["high"] < mu


def test_steady_state_reproduction_is_the_traced_endogenous_share() -> None:
    """Between a warm start and a followed end, mean offspring and share caused by others agree."""
    mu, weeks, lag = 0.7, 600, 5
    forest = _forest(41, 12_000, mu, weeks, lag)
    middle = (forest.week >= 150) & (forest.week < 550)
    tree = forest.tree(last_week=int(forest.week.max()))
    caused = float((1 - tree.own_share)[middle].mean())
    born = float(tree.offspring[middle].mean())
    deviation = math.sqrt(mu / middle.sum())
    assert abs(born - mu) < 4 * deviation
    assert abs(caused - mu) < 4 * deviation / (1 - mu)  # shares of one family come together
    assert abs(born - caused) < 4 * 2 * deviation


def test_a_record_that_starts_late_lowers_the_traced_share_alone() -> None:
    forest = _forest(51, 5_000, 0.7, 300, 20)
    late = np.flatnonzero(forest.week >= 150)
    parent = forest.parent[late] - late[0]
    rows = [
        (k, "write_off", "firm", 0, int(max(p, -1)), 1.0) if caused else (k, "own", "none", -1, -1, 1.0)
        for k, (p, caused) in enumerate(zip(parent, forest.parent[late] >= 0, strict=True))
    ]
    tree = InfectionTree(_events(forest.week[late]), _causes(rows))
    assert tree.traced_share is not None and tree.endogenous_share is not None
    assert tree.endogenous_share - tree.traced_share > 0.01
    assert tree.endogenous_share == pytest.approx((forest.parent[late] >= 0).mean())


def test_parents_of_one_kind_and_empty_cohorts() -> None:
    events = _events([0, 1, 1, 9])
    events["kind"] = ["firm", "borrower", "firm", "borrower"]
    causes = _causes(
        [
            (0, "own", "none", -1, -1, 1.0),
            (1, "layoffs", "firm", 0, 0, 1.0),
            (2, "own", "none", -1, -1, 1.0),
            (3, "layoffs", "firm", 2, 2, 1.0),
        ]
    )
    tree = InfectionTree(events, causes, last_week=40)
    firms = tree.reproduction(4, 26, kind="firm")
    assert firms["events"].tolist() == [2, 0, 0] and firms["R"].iloc[0] == 1.0
    assert np.isnan(firms.loc[1:, ["R", "low", "high"]].to_numpy(dtype=float)).all()
    assert tree.reproduction(4, 5, kind="firm")["R"].iloc[0] == 0.5
    borrowers = tree.reproduction(4, 26, kind="borrower")
    assert borrowers["R"].iloc[0] == 0 and borrowers["low"].iloc[0] == 0 and borrowers["high"].iloc[0] > 1
    assert tree.complete(32).tolist() == [True, True, True, False]


def test_offspring_by_type() -> None:
    found = _diamond().offspring_by_type([0, 1, -1, 1], 2)
    assert found == pytest.approx(np.array([[0, 0.8], [0, 0.5], [0, 0], [0, 0]]))
    with pytest.raises(SpecError, match=r"row 3, type: is 2"):
        _diamond().offspring_by_type([0, 1, -1, 2], 2)


# --- files -------------------------------------------------------------------------------------------


def test_graphml_is_read_back_by_networkx(tmp_path: Path) -> None:
    tree = _forest(61, 30, 0.8, 20).tree()
    path = write_graphml(tree, tmp_path / "new" / "tree.graphml")
    graph, told = nx.read_graphml(path, node_type=int), tree.to_networkx()
    assert graph.is_directed()
    assert dict(graph.nodes(data=True)) == dict(told.nodes(data=True))
    assert {(a, b): d for a, b, d in graph.edges(data=True)} == {
        (a, b): d for a, b, d in told.edges(data=True)
    }
    assert [p.name for p in path.parent.iterdir()] == ["tree.graphml"]


def test_graph_edges_say_which_channels_they_have() -> None:
    events = _events([0, 2, 2, 5])
    events["sector"] = ["trade", None, float("nan"), "construction"]
    graph = InfectionTree(events, DIAMOND).to_networkx()
    assert graph.edges[0, 1] == pytest.approx(
        {"share": 0.6, "channel": "write_off", "share_write_off": 0.35, "share_cancelled_orders": 0.25}
    )
    assert [graph.nodes[k]["sector"] for k in range(4)] == ["trade", "", "", "construction"]
    assert graph.nodes[1]["own_share"] == pytest.approx(0.4) and graph.nodes[1]["week"] == 2


def test_parquet_is_read_back(tmp_path: Path) -> None:
    tree = _diamond()
    nodes, edges = write_parquet(tree, tmp_path / "tables")
    write_parquet(tree, tmp_path / "tables")  # over the old files
    assert {p.name for p in (tmp_path / "tables").iterdir()} == {"nodes.parquet", "edges.parquet"}
    pd.testing.assert_frame_equal(pd.read_parquet(edges), tree.edges, check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_parquet(nodes), tree.node_table(), check_dtype=False)


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("stays")
    with pytest.raises(SpecError, match="cannot be written"):
        write_parquet(_diamond(), tmp_path / "file")
    with pytest.raises(SpecError, match="it is a folder"):
        write_graphml(_diamond(), tmp_path)
    assert (tmp_path / "file").read_text() == "stays"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_record_without_defaults(tmp_path: Path) -> None:
    tree = InfectionTree(_events([]), _causes([]), _losses([]))
    assert len(tree) == 0 and tree.endogenous_share is None and tree.traced_share is None
    assert len(tree.reproduction()) == 0 and len(tree.cascade_sizes()) == 0
    assert len(tree.cascade_size_distribution()) == 0 and len(tree.main_parent) == 0
    assert tree.generations([]).totals.tolist() == [0.0]
    assert len(nx.read_graphml(write_graphml(tree, tmp_path / "empty.graphml"))) == 0
    assert len(pd.read_parquet(write_parquet(tree, tmp_path)[1])) == 0


# --- refusals ----------------------------------------------------------------------------------------


def _own(count: int) -> pd.DataFrame:
    return _causes([(k, "own", "none", -1, -1, 1.0) for k in range(count)])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"share": 0.5}, "event 2: has shares that sum to 0.5"),
        ({"share": -0.1}, "row 2, share: is -0.1"),
        ({"event": 3}, r"row 2, event: is 3; allowed: a whole number from 0 to 2"),
        ({"event": 1}, "sum to"),
        ({"parent": 7}, "row 2, parent: is 7"),
        ({"parent": 1}, "own share with a cause"),
        ({"parent": 0.5}, "row 2, parent: is 0.5"),
        ({"kind": "moon"}, "row 2, kind: is 'moon'"),
    ],
)
def test_causes_that_cannot_be(change: dict[str, object], says: str) -> None:
    causes = _own(3).astype(object)
    for column, value in change.items():
        causes.loc[2, column] = value
    with pytest.raises(SpecError, match=says):
        InfectionTree(_events([0, 1, 1]), causes)


@pytest.mark.parametrize("table", ["week", "kind", "agent"])
def test_missing_columns_of_events(table: str) -> None:
    with pytest.raises(SpecError, match=f"events, {table}: is missing"):
        InfectionTree(_events([0]).drop(columns=table), _own(1))


def test_events_out_of_order_and_other_arguments() -> None:
    with pytest.raises(SpecError, match="row 2, week: is 1 after week 4"):
        InfectionTree(_events([0, 4, 1]), _own(3))
    with pytest.raises(SpecError, match="does not count the rows"):
        InfectionTree(_events([0, 4]).set_index(pd.Index([1, 0])), _own(2))
    with pytest.raises(SpecError, match="memory_weeks"):
        InfectionTree(_events([0]), _own(1), memory_weeks=0)
    with pytest.raises(SpecError, match="before the last event in week 4"):
        InfectionTree(_events([0, 4]), _own(2), last_week=3)
    with pytest.raises(SpecError, match="event twice"):
        InfectionTree(_events([0, 4]), _own(2)).generations([1, 1])
    with pytest.raises(SpecError, match="seed: is 2"):
        InfectionTree(_events([0, 4]), _own(2)).generations([2])
    with pytest.raises(SpecError, match="row 0, loss: is -5"):
        _credit(_losses([(1, 5, 0, -5)]))
    with pytest.raises(SpecError, match="lender_losses, loss: is missing"):
        _credit(_losses([(1, 5, 0, 5)]).drop(columns="loss"))
