"""Outbreaks: choice of firms, the tree of firms, losses by channel, paired runs of the model."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.contagion.tree import InfectionTree
from sim.core.errors import SpecError
from sim.experiments import outbreak, run_once
from sim.experiments.decomposition import decompose, finding, remedies
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
from sim.experiments.outbreak_result import Outbreak
from sim.experiments.outbreak_shocks import (
    Hubs,
    NamedFirms,
    RandomFirms,
    SectorShare,
    read_rescue,
    read_shock,
)
from sim.experiments.reproduction import basic_reproduction
from sim.experiments.statistics import ratio_interval
from sim.experiments.vaccination import vaccination
from sim.model import Ecosystem
from sim.report import outbreak_figures as figures
from sim.report.outbreak import outbreak_page
from sim.report.outbreak_content import OutbreakContent, gather_outbreak
from sim.report.outbreak_tree import MOST_DRAWN, draw_tree

SMALL = {"population.borrowers": 400, "population.firms": 120, "burn_in": 26}
WEEKS = 26
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


# -- the model ------------------------------------------------------------------------------------
def small(shock: str | None = "hub:3", **more: Any) -> Outbreak:
    arguments: dict[str, Any] = {"changes": SMALL, "weeks": WEEKS, "seed": 5, "workers": 1}
    return outbreak("baseline", shock, **{**arguments, **more})


@pytest.fixture(scope="module")
def found() -> Outbreak:
    return small(runs=3, workers=2, rescue=["7"])


@pytest.fixture(scope="module")
def content(found: Outbreak) -> OutbreakContent:
    return gather_outbreak(found)


def test_branches_are_the_model_run_by_hand(found: Outbreak) -> None:
    firms = found.results[0].shocked
    assert len(firms) == 3
    changes = {**SMALL, "weeks": WEEKS, "seed": 5}
    model = Ecosystem("baseline", changes=changes, rng=5)
    felled = [{"kind": "fail", "week": 0, "firm": int(firm)} for firm in firms]
    shocked = model.branch({"events": felled}).run()
    assert found.twin.changed["digest"] == shocked.digest()
    assert found.twin.base["digest"] == model.run().digest()
    alone = run_once("baseline", changes=SMALL, weeks=WEEKS, seed=5)
    assert found.twin.base["digest"] == alone.results[0]["digest"]


def test_more_runs_and_other_workers_leave_the_first_runs_as_they_are(found: Outbreak) -> None:
    again = small(runs=2, by_channel=False, rescue=["7"])
    for mine, theirs in zip(again.results, found.results, strict=False):
        assert mine.seed == theirs.seed and mine.shocked.tolist() == theirs.shocked.tolist()
        for row in mine.rows:
            assert row["digest"] == theirs.row(row["arm"])["digest"]


def test_processes_give_what_this_process_gives() -> None:
    arguments: dict[str, Any] = {"runs": 2, "by_channel": False}
    inline = small("random:3", **arguments)
    processes = small("random:3", executor="processes", **{**arguments, "workers": 2})
    assert inline.to_json() == processes.to_json()
    assert inline.tree.edges.equals(processes.tree.edges)


def test_the_curve_adds_up(found: Outbreak) -> None:
    curve = found.curve
    assert curve["week"].tolist() == list(range(WEEKS))
    for end in ("", "_base"):
        total = curve[f"healthy{end}"] + curve[f"strained{end}"] + curve[f"failed{end}"]
        assert total.to_numpy() == pytest.approx(SMALL["population.firms"])
        so_far = curve[f"failures{end}"].cumsum()
        assert curve[f"failures_so_far{end}"].to_numpy() == pytest.approx(so_far.to_numpy())
    assert curve["failures_difference"].iloc[0] >= 3
    gap = curve["output"] - curve["output_base"]
    assert curve["output_difference"].to_numpy() == pytest.approx(gap.to_numpy())
    assert (curve["output_low"] <= curve["output_high"]).all()


def test_generations_start_with_the_shock_and_end(found: Outbreak) -> None:
    for tree, seeds, (firms, place) in zip(found.firm_trees, found.seeds, found.generations, strict=True):
        assert firms["firms"].iloc[0] == 3 == len(seeds)
        totals = tree.tree.generations(seeds).totals
        assert firms["firms"].to_numpy() == pytest.approx(totals[: len(firms)])
        assert firms["firms"].sum() <= len(tree.tree) + 1e-9
        assert (place[seeds] == 0).all()
    table = found.reproduction.generations
    one, two = (float(table["firms"].iloc[k]) for k in (0, 1))
    assert table["R"].iloc[0] == pytest.approx(two / one)
    known = table[table["generation"] >= 0]
    assert table["extra_failures"].sum() == pytest.approx(len(found.infected) / 3)
    assert known["generation"].tolist() == list(range(len(known)))


def test_infected_firms_fail_with_the_shock_only(found: Outbreak) -> None:
    infected = found.infected
    assert infected["traced"].between(0, 1 + 1e-9).all()
    for run, frame in infected.groupby("run"):
        result = found.results[int(str(run))]
        assert not set(frame["row"]) & set(result.shocked.tolist())
        base = result.tables["base"].events
        assert not set(frame["row"]) & set(base.loc[base["kind"] == "firm", "agent"])


def test_with_all_channels_closed_only_the_shocked_firms_fail() -> None:
    closed = small("random:8", channels="none", runs=2)
    assert closed.by_channel is None and closed.channels == ()
    assert all(len(d.extra) == 0 == len(d.averted) for d in closed.defaults)
    assert len(closed.infected) == 0
    table = closed.reproduction
    assert table.seeds.mean == 0 and len(table.generations) == 1


def test_closing_all_leaves_the_direct_loss(found: Outbreak) -> None:
    table = found.by_channel
    assert table is not None
    failures = table[table["loss"] == "failures"].set_index("part")["mean"]
    assert failures["closed"] == 3
    assert failures["contagion"] == pytest.approx(failures["open"] - 3)
    closing = table[(table["loss"] == "jobs_lost") & (table["part"] == "closing")].set_index("channel")
    opened = table[(table["loss"] == "jobs_lost") & (table["part"] == "open")]["mean"].iloc[0]
    assert closing.loc["layoffs", "mean"] == opened, "nobody is laid off where lay-offs are made good"


def test_one_open_channel_is_its_own_remainder() -> None:
    one = small(channels=["write_off"], runs=2)
    assert one.by_channel is not None and set(one.plan.arms.names) == {
        "base", "shocked", "base_closed", "shocked_closed",
    }  # fmt: skip
    rest = one.by_channel[one.by_channel["part"] == "interaction"]
    assert (rest["mean"] == 0).all()


def test_a_rescued_firm_is_not_felled(found: Outbreak) -> None:
    firm = int(found.results[0].shocked[0])
    saved = small("hub:3", rescue=[firm], by_channel=False)
    effect = saved.rescue_effect
    assert effect is not None
    events = saved.results[0].tables["rescued"].events
    assert firm not in set(events.loc[events["kind"] == "firm", "agent"])
    only = small(f"firm:{firm}", rescue=[f"firm:{firm}"], by_channel=False)
    base, rescued = only.results[0].row("base"), only.results[0].row("rescued")
    assert rescued["failures"] == base["failures"], "nothing is left of the shock"
    assert rescued["series"] == base["series"]


def test_the_loss_of_a_default_is_told_by_preventing_it(found: Outbreak) -> None:
    events = found.results[0].tables["base"].events
    firms = events[(events["kind"] == "firm") & (events["week"] >= 0)]
    firm, week = (int(firms[name].iloc[0]) for name in ("agent", "week"))
    prevented = small(None, rescue=[firm], by_channel=False)
    assert prevented.shock is None and prevented.twin.changed["digest"] == found.twin.base["digest"]
    tree = prevented.firm_trees[0].tree
    assert tree.events.loc[prevented.seeds[0], ["agent", "week"]].to_numpy().tolist() == [[firm, week]]
    assert (prevented.curve["failures_so_far_difference"].iloc[:week] == 0).all()
    assert prevented.curve["failures_difference"].iloc[week] >= 1


def test_impossible_calls_are_refused() -> None:
    for arguments, part in (
        ({"shock": None}, "nothing is shocked"),
        ({"shock_week": WEEKS}, f"0 to {WEEKS - 1}"),
        ({"shock_week": True}, "not in the run"),
        ({"shock": "firm:120"}, "0 to 119"),
        ({"runs": 0}, "runs"),
        ({"rescue": ["firm:500"]}, "0 to 119"),
    ):
        with pytest.raises(SpecError, match=part):
            small(**{"shock": "hub:1", **arguments})


def test_a_users_network_is_shocked_by_its_names(tmp_path: Path) -> None:
    links = ["buyer,supplier,weekly_amount"]
    links += [f"F{i},F{(7 * i + k) % 60},{1000 + 10 * i}" for i in range(60) for k in (1, 2, 5)]
    path = tmp_path / "links.csv"
    path.write_text("\n".join(dict.fromkeys(links)) + "\n")
    sizes = {"population.borrowers": 100, "burn_in": 4}
    done = outbreak("baseline", "firm:F7", network=path, weeks=6, changes=sizes, by_channel=False, workers=1)
    row = int(done.results[0].shocked[0])
    assert done.names([row]) == ["F7"] and done.place.firms == 60
    document = json.loads(done.to_json())
    assert document["shock"] == {"text": "firm:F7", "week": 0, "firms": [["F7"]]}


def test_the_document_is_plain_and_complete(found: Outbreak) -> None:
    document = json.loads(json.dumps(found.document(), allow_nan=False))
    assert (
        document["schema"] == 1 and document["runs"] == 3 and re.fullmatch("[0-9a-f]{64}", document["hash"])
    )
    assert {row["arm"] for row in document["rows"]} == {"base", "shocked", "rescued"}
    assert document["shock"]["text"] == "hub:3" and document["rescued"] == ["7"]
    lines = {line["name"]: line for line in document["headline"]}
    assert lines["shocked_firms"]["mean"] == 3 and "failures_averted" in lines
    further = lines["extra_failures"]["mean"] - lines["averted_failures"]["mean"]
    assert lines["further_failures"]["mean"] == pytest.approx(further)
    assert len(document["losses_by_channel"]) == len(LOSSES) * (4 + len(CHANNELS))
    other = dataclasses.replace(found, shock="hub:4")
    assert other.hash != found.hash


def test_the_page_shows_everything_in_both_languages_and_loads_nothing(content: OutbreakContent) -> None:
    text = outbreak_page(content)
    assert "<script src" not in text and "</html>" in text and "hub:3" in text
    for part in ("headline.R", "by_channel", "top_infected", "sector_map"):
        for lang in ("en", "zh"):
            assert getattr(figures.WORDS[part], lang) in text
    shown = json.loads(re.search(r'id="figures">(.*?)</script>', text, re.S)[1])  # type: ignore[index]
    assert {"epidemic_curve", "reproduction", "tree", "channel_losses", "sector_map"} == set(shown)
    assert "arrears outbreak baseline --shock hub:3" in text and "arrears.outbreak(" in text


def test_names_of_the_user_stay_text_on_the_page(content: OutbreakContent) -> None:
    nasty = "</script><img src=x onerror=window.hurt=1>"
    infected = content.infected.assign(firm=nasty)
    page = outbreak_page(dataclasses.replace(content, infected=infected, firms=(nasty,), rescued=(nasty,)))
    assert nasty not in page and "&lt;img" in page


def test_a_single_run_has_a_report_too() -> None:
    page = outbreak_page(gather_outbreak(small("random:1", by_channel=False)))
    assert figures.word("one_run", "en") in page


# -- decomposition, R_0, vaccination -------------------------------------------------------------
def test_total_losses_are_decomposed() -> None:
    done = decompose("baseline", alone=False, runs=2, changes=SMALL, weeks=WEEKS, workers=2)
    assert done.shock is None and done.runs == 2
    for loss in LOSSES:
        mine = done.of(loss)
        parts = mine.groupby("part")["mean"].sum()
        assert parts["contagion"] == pytest.approx(parts["open"] - parts["closed"])
        assert parts["contagion"] == pytest.approx(parts["closing"] + parts["interaction"])
    with pytest.raises(SpecError, match="not decomposed"):
        done.of("tears")


def test_the_loss_of_a_shock_is_decomposed_as_in_its_outbreak() -> None:
    arguments: dict[str, Any] = {"runs": 2, "changes": SMALL, "weeks": 10, "seed": 5, "workers": 2}
    done = decompose("baseline", "hub:3", alone=False, **arguments)
    table = small(**arguments).by_channel
    assert table is not None and done.shock == "hub:3"
    pd.testing.assert_frame_equal(done.table, table)


def test_reproduction_number_of_a_scenario() -> None:
    done = basic_reproduction(
        "baseline", seeds=4, follow_up_weeks=20, draws=100, runs=3, changes=SMALL, weeks=60, workers=2
    )
    assert done.number.value is not None and done.number.value >= 0
    assert done.matrix.shape == (len(done.types),) * 2 and (done.matrix >= 0).all()
    assert done.leading.sum() == pytest.approx(1.0)
    assert done.masses.loc[0, ["random", "leading"]].tolist() == [4.0, 4.0]
    assert list(done.table()["R"])[:1] == [done.number.value]
    assert done.agree in (True, False, None)
    if len(done.types) == 1:
        assert done.number.value == pytest.approx(float(done.matrix[0, 0]))
    with pytest.raises(SpecError, match="more than 52"):
        basic_reproduction("baseline", changes=SMALL, weeks=52)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"coverage": [0.5]}, "two or more rising"),
        ({"coverage": [0.5, 0.2]}, "two or more rising"),
        ({"coverage": [0.0, 1.5]}, "two or more rising"),
        ({"coverage": [0.0, math.nan]}, "two or more rising"),
        ({"targeting": ["hubs"]}, "did you mean 'hub'"),
        ({"targeting": []}, "each way once"),
        ({"targeting": ["hub", "hub"]}, "each way once"),
    ],
)
def test_wrong_grids_of_coverage_are_refused(arguments: dict[str, Any], part: str) -> None:
    with pytest.raises(SpecError, match=part):
        vaccination("baseline", **arguments)


def test_vaccination_gives_r_by_coverage_and_a_threshold_or_why_not() -> None:
    done = vaccination(
        "baseline",
        coverage=(0.0, 1.0),
        targeting=("random", "hub"),
        seeds=4,
        follow_up_weeks=20,
        draws=100,
        runs=3,
        changes=SMALL,
        weeks=60,
        workers=2,
    )
    assert done.table[["targeting", "coverage"]].to_numpy().tolist() == [
        ["random", 0.0], ["random", 1.0], ["hub", 0.0], ["hub", 1.0],
    ]  # fmt: skip
    none = done.table[done.table["coverage"] == 0]
    assert none["R"].nunique() == 1 and (none["effect"] == 0).all()
    for way in ("random", "hub"):
        assert done.draws[way].shape == (100, 2)
        assert "herd-immunity threshold" in done.statement(way)
        assert done.thresholds[way].value is not None or done.thresholds[way].reason


def test_remedies_say_what_they_found() -> None:
    done = remedies("baseline", every=4, runs=3, changes=SMALL, weeks=WEEKS, workers=2)
    table = done.table
    assert set(table["remedy"]) == {"set_off", "netting", "compulsory_payment"}
    assert set(table["measure"]) == {"trade_overdue_share", "firm_failures", "jobs_lost"}
    for row in table.to_dict("records"):
        holds = row["low"] <= 0 <= row["high"]
        assert row["finding"].startswith("no effect found") == holds
        assert row["half_width"] == pytest.approx((row["high"] - row["low"]) / 2)
