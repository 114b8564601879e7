"""Parts of an outbreak: choice of firms, losses by channel, the tree of firms, types of firms."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.contagion.tree import InfectionTree
from sim.core.errors import SpecError
from sim.experiments.decomposition import finding
from sim.experiments.firm_tree import firm_tree
from sim.experiments.firm_types import TYPES, TypedFirms, merge_types, types_of
from sim.experiments.outbreak_curves import generation_masses
from sim.experiments.outbreak_losses import (
    CHANNELS,
    LOSSES,
    decomposition,
    read_channels,
)
from sim.experiments.outbreak_market import Market, Place, hub_order
from sim.experiments.outbreak_shocks import (
    Hubs,
    NamedFirms,
    RandomFirms,
    SectorShare,
    read_rescue,
    read_shock,
)
from sim.experiments.statistics import ratio_interval
from sim.report.outbreak_tree import MOST_DRAWN, draw_tree

PLACE = Place(6, ("farms", "mills"), None)
NAMED = Place(3, ("farms", "mills"), ("Old Mill", "A,B", "C"))


def market(**changes: Any) -> Market:
    """Six firms, the last of which has failed."""
    made = Market(
        sectors=("farms", "mills"),
        sector=np.array([0, 0, 0, 1, 1, 1], np.int16),
        alive=np.array([True, True, True, True, True, False]),
        customers=np.array([0, 3, 1, 2, 0, 9]),
        suppliers=np.array([1, 0, 2, 1, 0, 9]),
        weekly_trade=np.array([10, 20, 30, 40, 0, 99]),
        weekly_sales=np.array([1, 2, 3, 4, 5, 6]),
        employees=np.zeros(6, np.int32),
    )
    return made._replace(**changes)


# -- shocks ---------------------------------------------------------------------------------------
FAULTS = {
    "hubs:3": "did you mean 'hub'",
    "hub": "cut short",
    "hub:": "cut short",
    "hub:0": "1 to 6",
    "hub:seven": "not a number of firms",
    "hub:7": "1 to 6",
    "random:-1": "not a number of firms",
    "firm:6": "0 to 5",
    "firm:-1": "0 to 5",
    "firm:²": "0 to 5",
    "firm:1,1": "given twice",
    "sector:farms": "has no share",
    "sector:farm:0.5": "did you mean 'farms'",
    "sector:farms:1.5": "at most 1",
    "sector:farms:0": "above 0",
    "sector:farms:nan": "not a number",
    "sector:farms:some": "not a number",
}


@pytest.mark.parametrize("text", FAULTS)
def test_wrong_shocks_are_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(SpecError, match=re.escape(FAULTS[text])) as caught:
        read_shock(text, PLACE)
    assert "\n" not in str(caught.value) and "allowed" in str(caught.value)


def test_a_shock_keeps_its_text_and_may_be_an_object() -> None:
    for text in ("firm:1,4", "sector:mills:0.5", "hub:2", "random:3"):
        assert read_shock(text, PLACE).text == text
    assert read_shock(Hubs(2), PLACE) == read_shock("hub:2", PLACE)
    with pytest.raises(SpecError, match="not a shock"):
        read_shock(3, PLACE)  # type: ignore[arg-type]


def test_firms_of_a_users_network_have_their_own_names() -> None:
    assert read_rescue(["firm:A,B", "C"], NAMED) == (1, 2)
    assert read_rescue("firm:C,Old Mill", NAMED) == (2, 0)
    chosen = read_shock("firm:A,B", NAMED)
    assert isinstance(chosen, NamedFirms) and chosen.rows == (1,)
    with pytest.raises(SpecError, match="did you mean 'Old Mill'"):
        read_shock("firm:Old Mil", NAMED)
    with pytest.raises(SpecError, match="not a firm"):
        read_rescue(["hub:3"], PLACE)


def test_hubs_have_most_links_then_most_trade() -> None:
    # links 1 3 3 3 0: of the three with three, trade decides; the failed firm does not count
    assert hub_order(market()).tolist() == [3, 2, 1, 0, 4]
    assert Hubs(2).choose(market(), 1).tolist() == [2, 3]


def test_a_dead_firm_cannot_be_shocked() -> None:
    shock = read_shock("firm:5", PLACE)
    with pytest.raises(SpecError, match="failed before the shock"):
        shock.choose(market(), 1)
    assert read_shock("firm:3,1", PLACE).choose(market(), 1).tolist() == [1, 3]


@settings(deadline=None)
@given(seed=st.integers(0, 2**40), count=st.integers(1, 4))
def test_random_choices_are_nested_alive_and_keyed(seed: int, count: int) -> None:
    few, more = (set(RandomFirms(n).choose(market(), seed).tolist()) for n in (count, count + 1))
    assert few < more and len(few) == count and 5 not in more
    assert set(RandomFirms(count).choose(market(), seed).tolist()) == few
    part, whole = (set(SectorShare("farms", x).choose(market(), seed).tolist()) for x in (0.4, 1.0))
    assert len(part) == 1 and part < whole == {0, 1, 2}


def test_random_choice_is_even() -> None:
    drawn = np.bincount([int(RandomFirms(1).choose(market(), seed)[0]) for seed in range(2000)], minlength=6)
    assert drawn[5] == 0
    assert np.abs(drawn[:5] - 400).max() < 3.5 * math.sqrt(2000 * 0.2 * 0.8)


def test_channels_are_read_in_their_own_order() -> None:
    assert read_channels(None) == read_channels("all") == CHANNELS and len(CHANNELS) == 8
    assert read_channels("none") == ()
    assert (
        read_channels("layoffs, write_off")
        == ("write_off", "layoffs")
        == read_channels(["layoffs", "write_off"])
    )
    for wrong, part in (("layofs", "did you mean 'layoffs'"), ("layoffs,layoffs", "given twice")):
        with pytest.raises(SpecError, match=part):
            read_channels(wrong)


# -- losses by channel ----------------------------------------------------------------------------
def settings_of(direct: list[float], parts: dict[str, list[float]], joint: float) -> dict[str, Any]:
    """Runs whose losses add up over open channels, and ``joint`` more where all are open."""

    def values(opened: set[str]) -> dict[str, list[float]]:
        total = np.array(direct) + sum(np.array(parts[name]) for name in opened if name in parts)
        extra = joint if len(opened) == len(CHANNELS) else 0.0
        return {loss: (total + extra).tolist() for loss in LOSSES}

    everything = set(CHANNELS)
    made = {"open": values(everything), "closed": values(set())}
    made |= {f"without_{name}": values(everything - {name}) for name in CHANNELS}
    return made | {f"only_{name}": values({name}) for name in CHANNELS}


def parts_of(table: pd.DataFrame) -> pd.Series[float]:
    """Means of the failures by (part, channel)."""
    return table[table["loss"] == "failures"].fillna({"channel": ""}).set_index(["part", "channel"])["mean"]


def test_what_channels_do_alone_adds_up_and_the_rest_is_interaction() -> None:
    parts = {"write_off": [3.0, 5.0, 4.0], "layoffs": [1.0, 1.0, 1.0]}
    found = decomposition(settings_of([10.0, 20.0, 30.0], parts, 0.0))
    mine = parts_of(found)
    assert mine["open", ""] == 25 and mine["closed", ""] == 20 and mine["contagion", ""] == 5
    assert mine["closing", "write_off"] == mine["opening", "write_off"] == 4
    assert mine["closing", "layoffs"] == 1 and mine["interaction", ""] == 0
    # 2 that need all channels: each closing wins them, and the remainder takes the repetitions back
    joint = decomposition(settings_of([10.0, 20.0, 30.0], parts, 2.0))
    mine = parts_of(joint)
    assert mine["contagion", ""] == 7 and mine["closing", "late_receipts"] == 2
    assert mine["interaction", ""] == pytest.approx(7 - (4 + 1 + 8 * 2))
    assert mine["opening", "late_receipts"] == 0


def test_shares_are_given_only_where_there_is_contagion() -> None:
    sure = decomposition(settings_of([1.0, 2.0, 3.0], {"write_off": [3.0, 5.0, 4.0]}, 0.0))
    assert sure.loc[(sure["part"] == "closing") & (sure["channel"] == "write_off"), "share"].tolist() == (
        [1.0] * len(LOSSES)
    )
    unsure = decomposition(settings_of([1.0, 2.0, 3.0], {"write_off": [3.0, -5.0, 1.0]}, 0.0))
    assert unsure["share"].isna().all()


def test_ratio_intervals() -> None:
    exact = ratio_interval([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    assert (exact.mean, exact.low, exact.high) == (2.0, 2.0, 2.0)
    # equal denominators: the interval of a mean; Student's quantile with 2 degrees is 4.302653
    found = ratio_interval([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    assert found.high == pytest.approx(2 + 4.302653 / math.sqrt(3), abs=1e-6)
    assert found.low == 0.0, "masses are never below zero"
    assert ratio_interval([1.0], [2.0])[:3] == (0.5, None, None)
    assert ratio_interval([1.0, 0.0], [2.0, 0.0])[:3] == (0.5, None, None)
    assert ratio_interval([0.0], [0.0]).mean is None and ratio_interval([0.0], [0.0]).reason


# -- the tree of firms ----------------------------------------------------------------------------
def made_tree(rows: list[tuple[int, str, int, float]], kinds: str) -> InfectionTree:
    """A tree from (child, channel, parent, share) with own shares filled in; f is a firm, b a borrower."""
    left = np.ones(len(kinds))
    for child, _, _, share in rows:
        left[child] -= share
    own = [(child, "own", -1, share) for child, share in enumerate(left) if share > 1e-12]
    causes = pd.DataFrame([*rows, *own], columns=["event", "channel", "parent", "share"])
    causes["kind"] = ["none" if parent < 0 else "firm" for parent in causes["parent"]]
    causes["agent"] = -1
    events = pd.DataFrame(
        {
            "week": range(len(kinds)),
            "kind": ["firm" if kind == "f" else "borrower" for kind in kinds],
            "agent": range(100, 100 + len(kinds)),
            "sector": "mills",
        }
    )
    return InfectionTree(events, causes, last_week=len(kinds) + 200)


def test_households_pass_on_but_are_not_counted() -> None:
    # firm 0 -> borrower 1 (.8) -> borrower 2 (.5) -> firm 3 (.5 through its bank), and 0 -> 3 directly (.1)
    tree = made_tree(
        [
            (1, "layoffs", 0, 0.8),
            (2, "lender_to_credit", 1, 0.5),
            (3, "lender_to_credit", 2, 0.5),
            (3, "lender_to_credit", 1, 0.2),
            (3, "write_off", 0, 0.1),
        ],
        "fbbf",
    )
    found = firm_tree(tree)
    assert found.events.tolist() == [0, 3]
    edges = found.tree.edges.set_index("channel")["share"]
    assert edges["write_off"] == pytest.approx(0.1)
    assert edges["lender_to_credit"] == pytest.approx(0.8 * 0.5 * 0.5 + 0.8 * 0.2)
    shares = found.tree.shares
    assert shares[shares["child"] == 1]["share"].sum() == pytest.approx(1.0)
    assert found.tree.own_share[1] == pytest.approx(0.2), "its own share stays its own"
    firms, place = generation_masses(found, np.array([0]))
    assert firms["firms"].tolist() == pytest.approx([1.0, 0.46])
    assert firms["borrowers"].iloc[0] == pytest.approx(0.8 + 0.8 * 0.5)
    assert place.tolist() == [0, 1]


@given(st.data())
def test_the_tree_of_firms_keeps_all_that_leads_back_to_seeds(data: st.DataObject) -> None:
    kinds = "f" + "".join(data.draw(st.lists(st.sampled_from("fb"), min_size=1, max_size=12)))
    rows = []
    for child in range(1, len(kinds)):
        above = data.draw(st.lists(st.integers(0, child - 1), unique=True, max_size=3))
        rows += [(child, "write_off", parent, 0.9 / len(above)) for parent in above]
    tree = made_tree(rows, kinds)
    found = firm_tree(tree)
    seeds = np.array([0])
    mass = found.tree.generations(seeds).mass
    assert mass == pytest.approx(tree.generations(seeds).mass[found.events])
    # each borrower's mass is what firms with mass hand to it
    assert mass @ found.carried == pytest.approx(
        np.where(np.array(list(kinds)) == "b", tree.generations(seeds).mass, 0.0)
    )
    assert found.tree.traced_share is not None and found.tree.dropped == 0


def test_a_drawing_places_children_right_of_their_largest_parent() -> None:
    tree = made_tree(
        [
            (1, "write_off", 0, 0.7),
            (2, "write_off", 0, 0.3),
            (2, "write_off", 1, 0.6),
            (4, "write_off", 3, 0.9),
        ],
        "fffff",
    )
    nodes, lines = draw_tree(tree, np.array([0]), np.array([0, 1, 2, -1, -1]))
    assert nodes["event"].tolist() == [0, 1, 2], "what does not lead back to the seed is not drawn"
    assert nodes["x"].tolist() == [0, 1, 2]
    assert len(lines) == 2 and (lines["x1"] - lines["x0"] == 1).all()
    many = made_tree([(child, "write_off", 0, 0.9) for child in range(1, 500)], "f" * 500)
    nodes, _ = draw_tree(many, np.array([0]), np.full(500, 1))
    assert len(nodes) == MOST_DRAWN and 0 in nodes["event"].to_numpy()
    assert nodes["y"].is_unique or nodes.loc[nodes["event"] != 0, "y"].is_unique


# -- types of firms -------------------------------------------------------------------------------
def test_types_are_by_sales_and_links() -> None:
    large = market(weekly_sales=np.array([1, 1, 1, 1, 9, 9]))
    assert types_of(large).tolist()[4:] == [2, 3]
    assert set(types_of(market()).tolist()) <= set(range(len(TYPES)))


def test_rare_types_join_their_neighbours() -> None:
    assert merge_types(np.array([50.0, 20.0, 30.0, 12.0]))[0].tolist() == [0, 1, 2, 3]
    number, names = merge_types(np.array([50.0, 2.0, 30.0, 3.0]))
    assert number.tolist() == [0, 0, 1, 1] and names == ("small or small hub", "large or large hub")
    number, names = merge_types(np.array([50.0, 12.0, 1.0, 2.0]))
    assert number.tolist() == [0, 1, 0, 0]
    assert merge_types(np.zeros(4))[1] == ("any",)


def test_typed_seeds_have_the_types_asked_for() -> None:
    names = market()
    kinds = types_of(names)
    for kind in set(kinds[names.alive].tolist()):
        chosen = TypedFirms(1, tuple(float(k == kind) for k in range(4))).choose(names, 7)
        assert kinds[chosen].tolist() == [kind] and names.alive[chosen].all()
    assert TypedFirms(5, (1.0, 0.0, 0.0, 0.0)).choose(names, 7).tolist() == [0, 1, 2, 3, 4]


def test_findings_in_words() -> None:
    row = {"difference": 0.5, "low": -0.1, "high": 1.1}
    assert finding(row) == "no effect found, half-width 0.6"
    assert (
        finding({**row, "low": 0.2}) == "higher"
        and finding({**row, "difference": -1, "high": -1}) != "higher"
    )
    assert finding({**row, "low": math.nan}) == "one run, no interval"
    assert finding({**row, "difference": math.nan}) == "not defined"
