"""Outbreaks: paired runs of the model, losses, reproduction numbers, vaccination, remedies, the page."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.core.errors import SpecError
from sim.experiments import outbreak, run_once
from sim.experiments.decomposition import decompose, remedies
from sim.experiments.outbreak_losses import (
    CHANNELS,
    LOSSES,
)
from sim.experiments.outbreak_result import Outbreak
from sim.experiments.reproduction import basic_reproduction
from sim.experiments.vaccination import vaccination
from sim.model import Ecosystem
from sim.report import outbreak_figures as figures
from sim.report.outbreak import outbreak_page
from sim.report.outbreak_content import OutbreakContent, gather_outbreak

SMALL = {"population.borrowers": 400, "population.firms": 120, "burn_in": 26}
WEEKS = 26


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
