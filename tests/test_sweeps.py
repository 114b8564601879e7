"""Sweeps: designs, what is run at each point, what comes of it, and faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import qmc

from sim.core.errors import SpecError
from sim.experiments import compare
from sim.experiments.design import points_of
from sim.experiments.run_table import RunTable
from sim.experiments.run_views import query
from sim.experiments.sweep_plan import plan_sweep
from sim.experiments.sweeps import stored_sweep, sweep
from sim.report.sweep import write_sweep_report
from sim.spec.loader import load_sweep, load_world, sweep_names
from sim.spec.sweep import Design, Range, SweepSpec

REACH = "world.collection.channels.human.reach_loss"
SPEC: dict[str, Any] = {
    "id": "small",
    "changes": {"population.borrowers": 400, "population.firms": 60, "burn_in": 4},
    "weeks": 8,
    "runs": 2,
    "design": {"kind": "sobol", "points": 8},
    "levers": {"strategy": {"values": ["traditional", "ai_tiered"]}},
    "uncertainties": {REACH: {"low": 0.002, "high": 0.1, "scale": "log"}, "weeks_late": None},
    "outcomes": ["contact_rate", "cost_per_100"],
}
SPEC["uncertainties"].pop("weeks_late")


def spec(**more: Any) -> SweepSpec:
    return SweepSpec.model_validate({**SPEC, **more})


class TestDesign:
    @given(low=st.floats(-1e6, 1e6), width=st.floats(1e-3, 1e6), share=st.floats(0, 1, exclude_max=True))
    def test_values_stay_inside(self, low: float, width: float, share: float) -> None:
        high = low + width
        value = Range(low=low, high=high).at(share)
        assert isinstance(value, float) and low <= value <= high

    @given(low=st.integers(-50, 50), width=st.integers(1, 9))
    def test_whole_numbers_are_equally_likely(self, low: int, width: int) -> None:
        one = Range(low=low, high=low + width, whole=True)
        steps = 600 * (width + 1)
        found = [one.at((step + 0.5) / steps) for step in range(steps)]
        assert {value: found.count(value) for value in set(found)} == {
            low + step: 600 for step in range(width + 1)
        }

    @given(low=st.floats(1e-6, 10), factor=st.floats(1.01, 1e6))
    def test_logarithmic_ranges_have_their_geometric_middle(self, low: float, factor: float) -> None:
        one = Range(low=low, high=low * factor, scale="log")
        assert one.at(0.5) == pytest.approx(low * factor**0.5)
        assert one.levels(3)[1] == pytest.approx(low * factor**0.5)
        assert one.levels(4)[0] == pytest.approx(low) and one.levels(4)[-1] == one.high

    def test_a_grid_crosses_everything(self) -> None:
        design = Design(kind="grid", levels=3)
        ranges = {
            "a": Range(values=["x", "y"]),
            "b": Range(low=0, high=1),
            "c": Range(low=1, high=2, whole=True),
        }
        found = points_of(design, ranges, 1)
        assert len(found) == 2 * 3 * 2 and found[0] == {"a": "x", "b": 0.0, "c": 1}
        assert {(point["a"], point["b"], point["c"]) for point in found} == {
            (a, b, c) for a in ("x", "y") for b in (0.0, 0.5, 1.0) for c in (1, 2)
        }

    @pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
    def test_samples_fill_every_stratum_once(self, kind: Any) -> None:
        ranges = {name: Range(low=0, high=1) for name in "abc"}
        found = np.array(
            [list(point.values()) for point in points_of(Design(kind=kind, points=32), ranges, 5)]
        )
        for column in found.T:
            assert sorted(np.floor(column * 32)) == list(range(32))
        rough = np.random.default_rng(1).random((32, 3))
        assert qmc.discrepancy(found) < qmc.discrepancy(rough)

    def test_more_sobol_points_keep_the_first(self) -> None:
        ranges = {name: Range(low=0, high=1) for name in "ab"}
        few = points_of(Design(points=8), ranges, 5)
        assert points_of(Design(points=32), ranges, 5)[:8] == few != points_of(Design(points=8), ranges, 6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep")


@pytest.fixture(scope="module")
def found(folder: Path) -> Any:
    return sweep(spec(), workers=1, store=folder)


def test_every_arm_runs_at_every_point_with_the_same_randomness(found: Any, folder: Path) -> None:
    runs = query(RunTable(folder), "SELECT * FROM runs")
    assert len(runs) == 8 * 2 * 2 and set(runs["arm"]) == {"traditional", "ai_tiered"}
    assert runs.groupby("run")["seed"].nunique().eq(1).all() and runs["seed"].nunique() == 2
    settings = {(row["point"], row["settings"]) for row in runs.to_dict("records")}
    assert len(settings) == 8 and found.runs[REACH].nunique() == 8
    for point, text in settings:
        assert found.runs.loc[found.runs["point"] == point, REACH].eq(json.loads(text)[REACH]).all()


def test_a_point_is_the_comparison_with_its_settings(found: Any) -> None:
    point = found.plan.settings[3]
    alone = compare(
        "baseline",
        {"traditional": {"strategy": "traditional"}, "ai_tiered": {"strategy": "ai_tiered"}},
        runs=2, weeks=8, workers=1, changes={**SPEC["changes"], **point},
    )  # fmt: skip
    for row in alone.results:
        if row["arm"] not in found.plan.arms:
            continue
        here = found.runs.query(f"point == 3 and run == {row['index']} and arm == '{row['arm']}'").iloc[0]
        assert here["contact_rate"] == row["measures"]["contact_rate"]
        assert here["cost_per_100"] == row["measures"]["cost_per_100"]


def test_many_numbers_are_varied_at_once_without_a_word_of_the_libraries() -> None:
    """As `arrears assumptions` does; pandas warned of each column that was added by itself."""
    numbers = [(name, number.value) for name, number in load_world("evidence").numbers() if number.value > 0]
    ranges = {f"world.{name}": {"low": value, "high": value * 1.0001} for name, value in numbers[:120]}
    many = sweep(
        spec(uncertainties=ranges, levers={}, runs=1, weeks=2, design={"kind": "sobol", "points": 2}),
        workers=1,
    )
    assert many.runs.shape == (2, 4 + len(ranges) + 2) and many.points.shape == (2, 3 + len(ranges) + 2)
    first = f"world.{numbers[0][0]}"
    assert many.runs[first].tolist() == [point[first] for point in many.plan.settings]


def test_summaries_agree_with_the_runs(found: Any) -> None:
    table = found.summary().set_index(["arm", "outcome"])
    means = found.runs.groupby(["point", "arm"])["contact_rate"].mean().unstack()
    row = table.loc["ai_tiered", "contact_rate"]
    assert row["mean"] == pytest.approx(means["ai_tiered"].mean()) and row["points"] == 8
    assert row["q50"] == pytest.approx(means["ai_tiered"].median())
    difference = means["ai_tiered"] - means["traditional"]
    assert row["difference"] == pytest.approx(difference.mean())
    assert row["difference_q95"] == pytest.approx(difference.quantile(0.95))
    cost = found.runs.groupby(["point", "arm"])["cost_per_100"].mean().unstack()
    cheaper = (cost["ai_tiered"] <= cost["traditional"]).mean()
    assert table.loc["ai_tiered", "cost_per_100"]["best"] == cheaper
    assert json.loads(found.to_json())["hash"] == found.plan.hash


def test_what_drives_an_outcome_is_found(found: Any) -> None:
    drivers = found.drivers().set_index(["arm", "outcome"])
    row = drivers.loc["traditional", "contact_rate"]
    assert row["field"] == REACH and row["rank_correlation"] < -0.9 and row["p_value"] < 0.01


def test_more_points_and_runs_extend_what_is_there(found: Any, folder: Path) -> None:
    more = sweep(spec(), points=16, runs=3, workers=1, store=folder)
    assert more.resumed == 16 and len(more.runs) == 16 * 3 * 2
    both = more.runs.merge(found.runs, on=["point", "run", "arm"], suffixes=("", "_old"))
    assert len(both) == 32 and (both["contact_rate"] == both["contact_rate_old"]).all()
    assert sweep(spec(), workers=1, store=folder).runs.equals(found.runs)


def test_workers_change_nothing(found: Any) -> None:
    assert sweep(spec(), workers=2, executor="processes").runs.equals(found.runs)
    assert sweep(spec(), workers=2).runs.equals(found.runs)


def test_levers_that_are_ranges_are_sampled_and_lists_are_crossed() -> None:
    plan = plan_sweep(
        spec(
            levers={
                "strategy": {"values": ["traditional", "app_based"]},
                "rules.attempts_per_week": {"values": [3, 7]},
                "collectors[0].effort": {"low": 0.5, "high": 1.0},
            }
        )
    )
    assert list(plan.arms) == ["traditional-3", "traditional-7", "app_based-3", "app_based-7"]
    assert set(plan.settings[0]) == {REACH, "collectors[0].effort"} and len(plan.keys) == 8 * 2


def test_named_arms_may_differ_in_several_fields() -> None:
    arms = {"now": {}, "more": {"strategy": "ai_tiered", "collectors[0].effort": 0.5}}
    found = sweep(spec(levers={}, arms=arms, design={"kind": "sobol", "points": 2}), workers=1)
    assert list(found.plan.arms) == ["now", "more"] and len(found.runs) == 2 * 2 * 2
    of_more = found.runs[found.runs["arm"] == "more"]
    assert (of_more["strategy"] == "ai_tiered").all() and (of_more["collectors[0].effort"] == 0.5).all()
    assert found.runs[found.runs["arm"] == "now"]["strategy"].isna().all()


def test_arms_and_levers_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match="together with levers"):
        spec(arms={"now": {}})


def test_listed_points_take_the_nth_value_of_every_list() -> None:
    lists = {REACH: {"values": [0.1, 0.2, 0.3]}, "collectors[0].effort": {"values": [1.0, 0.5, 0.7]}}
    plan = plan_sweep(spec(uncertainties=lists, design={"kind": "listed"}))
    assert [tuple(point.values()) for point in plan.settings] == [(0.1, 1.0), (0.2, 0.5), (0.3, 0.7)]


def test_the_worlds_own_interval_is_taken() -> None:
    name = "world.collection.agency_commission"
    plan = plan_sweep(spec(uncertainties={name: None}, worlds=["evidence", "report"]))
    values = [point[name] for point in plan.settings]
    assert 0.332 <= min(values) < 0.35 < max(values) <= 0.443


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"outcomes": ["contact_rat"]}, "did you mean 'contact_rate'"),
    ({"uncertainties": {"world.collection.nothing": {"low": 0, "high": 1}}}, "nothing"),
    ({"uncertainties": {"world.households.hiding": None}}, "has no interval of its own"),
    ({"uncertainties": {REACH: {"low": 0.5, "high": 7}}}, "out of range"),
    ({"levers": {"strategy": {"values": ["traditionl"]}}}, "did you mean 'traditional'"),
    ({"worlds": ["evidnce"]}, "did you mean 'evidence'"),
    ({"scenario": "baselin"}, "baseline"),
    (
        {
            "design": {"kind": "listed"},
            "uncertainties": {REACH: {"values": [0.1]}, "collectors[0].effort": {"values": [0.5, 1.0]}},
        },
        "values of one length",
    ),
    ({"levers": {"weeks": {"values": [4, 8]}}}, "weeks"),
    ({"levers": {"seed": {"low": 1, "high": 9, "whole": True}}}, "seed"),
]


@pytest.mark.parametrize(("change", "message"), FAULTS)
def test_faults_are_found_before_a_run(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as error:
        plan_sweep(spec(**change))
    assert message in str(error.value) and "\n" not in str(error.value)


VALUES = "values: [traditional, ai_tiered]"
FILE = """id: mine
levers:
  strategy: {values: [traditional, ai_tiered]}
outcomes: [contact_rate]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "design: {kind: sobol, points: 10}\n", "line 5, design.points: 10 is not a power of 2"),
        ("", "desing: {}\n", "line 5, desing: 'desing' is not a known field; did you mean 'design'?"),
        (VALUES, "low: 3", "has neither values nor both"),
        (VALUES, "low: 3, high: 2", "2 is not above low"),
        ("[contact_rate]", "[]", "outcomes"),
        (f"levers:\n  strategy: {{{VALUES}}}\n", "", "neither levers nor uncertainties"),
        ("", "runs: 0\n", "runs: 0"),
    ],
)
def test_a_wrong_file_is_one_sentence_with_its_line(
    cli: Any, tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FILE.replace(old, new) if old else FILE + new)
    for words in (("check", path), ("sweep", path)):
        said = cli(*words)
        assert said.returncode == 2 and message in said.stderr, said.stderr
        assert said.stderr.count("\n") == 1 and "mine.yaml" in said.stderr


def test_the_command_prints_its_table_and_writes_every_run(cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    changes = "changes: {population.borrowers: 400, population.firms: 60, burn_in: 4}\nweeks: 6\n"
    limits = f"uncertainties:\n  {REACH}: {{low: 0.002, high: 0.1, scale: log}}\ndesign: {{points: 4}}\n"
    path.write_text(FILE + changes + limits)
    assert "sobol of 4 points" in cli("check", path).stdout
    said = cli("sweep", path, "--out", tmp_path / "out", "--workers", 1)
    assert said.returncode == 0 and "Contact rate" in said.stdout, said.stderr
    lines = (tmp_path / "out" / "sweep.csv").read_text().splitlines()
    assert len(lines) == 1 + 4 * 2 and lines[0].startswith(f"world,point,run,arm,{REACH},contact_rate")
    again = cli("sweep", path, "--out", tmp_path / "out", "--json")
    assert json.loads(again.stdout)["arms"] == {
        "traditional": {"strategy": "traditional"},
        "ai_tiered": {"strategy": "ai_tiered"},
    }
    assert "4 of 4 starts were found finished" in again.stderr
    page = tmp_path / "page.html"
    made = cli("report", tmp_path / "out", "--to", page)
    assert made.returncode == 0, made.stderr
    assert "Outcomes over all points" in page.read_text("utf-8")
    wrong = cli("runs", "show", tmp_path / "out")
    assert wrong.returncode == 2 and "'sweep' has no arms to compare" in wrong.stderr
    zh = cli("sweep", path, "--out", tmp_path / "out", "--lang", "zh")
    assert "接通率" in zh.stdout


def test_a_sweep_is_read_again_without_running(found: Any, folder: Path) -> None:
    whole = sweep(spec(), points=16, runs=3, workers=1, store=folder)
    again = stored_sweep(RunTable(folder), whole.plan.hash[:8])
    assert again.runs.equals(whole.runs) and again.summary().equals(whole.summary())
    with pytest.raises(SpecError, match="is the beginning of none"):
        stored_sweep(RunTable(folder), "zz")


def test_the_report_shows_everything_in_a_browser(found: Any, browser: Any, tmp_path: Path) -> None:
    path = write_sweep_report(found, tmp_path / "report.html")
    page, faults, asked = browser.new_page(), [], []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("#spread .plot-container")
    assert page.locator("#spread .box").count() >= 1 and page.locator("#drivers .point").count() >= 16
    assert page.title() == "small"
    page.click("#language")
    assert "各方案在所有点上的结果" in page.inner_text("main")
    page.close()
    assert not faults and asked == [path.as_uri()]


@pytest.mark.parametrize("name", sweep_names())
def test_shipped_sweeps_can_be_planned(name: str) -> None:
    shipped = load_sweep(name)
    assert shipped.label is not None and shipped.description is not None
    points = shipped.design.points if shipped.uncertainties else 1  # commands that add numbers vary those
    assert len(plan_sweep(shipped).keys) == points * shipped.runs * len(shipped.worlds)
