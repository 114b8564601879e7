"""Strategy lab and policy lab: questions, repeating them, and journeys in a real browser."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from support_dashboard import at_rest, offered, seen

from dashboard import assumptions, caps, levers
from dashboard.views import policy, strategies
from dashboard.what_if import OUTCOMES, sweep_yaml
from sim.experiments.comparing import compare, planned
from sim.experiments.sweeps import sweep
from sim.experiments.what_if import tornado, tornado_spec
from sim.report.content import Content, gather
from sim.spec.changes import apply_changes, world_numbers
from sim.spec.loader import load_scenario, load_sweep
from sim.spec.rules import declared_rules
from sim.spec.strategy import JOIN

TINY: dict[str, object] = {"population.borrowers": 150, "population.firms": 50, "burn_in": 3}


def test_every_lever_is_a_possible_change_and_a_real_rule() -> None:
    known = declared_rules()
    for name, values in levers.LEVERS.items():
        for given in values:
            made = levers.setting(name, given)
            assert all(field.removeprefix("rules.") in known for field in made)
            apply_changes(load_scenario("baseline"), made)
            assert levers.in_words(name, given)


def test_an_assumption_moves_both_arms_and_stays_possible() -> None:
    values = {field.name: field.default for field in policy.fields()}
    values |= {"a_contact": "2", "attempts_per_week": "1", "borrowers": "500"}
    asked = policy.question(values)
    plan = planned("baseline", **asked)
    name = "collection.channels.human.contact"
    assert plan.scenario.world_changes[name] == assumptions.scaled("evidence", name, 2.0)
    assert all(arm.scenario.world_changes == plan.scenario.world_changes for arm in plan.arms.all)
    for number in assumptions.NUMBERS.values():
        _, low, high = world_numbers()[number]
        ends = assumptions.span("evidence", number)
        assert low <= ends[0] <= ends[1] <= ends[2] <= high and ends[0] < ends[2]


def test_all_shipped_strategies_and_modules_can_be_chosen() -> None:
    offered = strategies.offered()
    assert {"traditional", "app_based", "robot_only"} <= set(offered)
    assert f"app_based{JOIN}compliance_guard{JOIN}leave_alone" in {
        JOIN.join([name.split(JOIN)[0], *sorted(name.split(JOIN)[1:])]) for name in offered
    }
    assert "left_alone" not in offered  # the baseline of all


def test_a_question_over_the_cap_is_told_before_it_runs() -> None:
    values = {field.name: field.default for field in policy.fields()}
    asked = policy.question({**values, "attempts_per_week": "1"})
    assert caps.millions(planned("baseline", **asked)) < caps.MOST_MILLIONS
    large = policy.question({**values, "attempts_per_week": "1", "borrowers": "5000", "runs": 40})
    assert caps.millions(planned("baseline", **large)) > caps.MOST_MILLIONS


def run_command(text: str, folder: Path) -> dict[tuple[str, str, str], Any]:
    """Figures of a printed command line, run as it stands."""
    words = shlex.split(text)
    assert words[0] == "arrears"
    done = subprocess.run(
        [sys.executable, "-m", "arrears", *words[1:], "--json"], cwd=folder, capture_output=True, text=True,
        check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    rows = json.loads(done.stdout)["rows"]
    return {(row["world"], row["arm"], row["measure"]): (row["mean"], row["effect"]) for row in rows}


def figures(content: Content) -> dict[tuple[str, str, str], Any]:
    return {(row.world, row.arm, row.measure): (row.mean, row.effect) for row in content.rows}


def portfolio(path: Path) -> Path:
    """A small portfolio of a reader's own."""
    lines = ["account_id,balance,days_past_due,instalment"]
    lines += [f"a{n},{3000 + 10 * n},{(n * 7) % 120},{200 + n}" for n in range(160)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Content, Path]]:
    """One small comparison of each lab, as its page asks for it; the first on an uploaded portfolio."""
    folder = tmp_path_factory.mktemp("labs")
    one = {field.name: field.default for field in strategies.fields()}
    one |= {"strategies": ["traditional", "app_based+leave_alone"], "staff": 50, "weeks": 5, "runs": 2}
    file = portfolio(folder / "mine.csv")
    first = strategies.question(one, (file, None), None)
    two = {field.name: field.default for field in policy.fields()}
    two |= {"attempts_per_week": "1", "quiet": "21-8", "third_party_contact": "true", "a_jobs": "2",
            "start": "2026-01-01", "weeks": 5, "runs": 2}  # fmt: skip
    second = policy.question(two)
    found = {}
    for name, question in (("strategies", first), ("policy", second)):
        question["changes"] = {**question["changes"], **TINY}
        if name == "strategies":
            del question["changes"]["population.borrowers"]
        found[name] = (gather(compare("baseline", **question)), folder)
    return found


@pytest.mark.parametrize("lab", ["strategies", "policy"])
def test_the_printed_command_gives_the_same_figures(lab: str, asked: Any) -> None:
    content, folder = asked[lab]
    assert run_command(content.command, folder) == figures(content)


@pytest.mark.parametrize("lab", ["strategies", "policy"])
def test_the_printed_file_gives_the_same_figures(lab: str, asked: Any) -> None:
    content, folder = asked[lab]
    (folder / content.yaml_name).write_text(content.yaml, encoding="utf-8")
    assert run_command(content.yaml_command, folder) == figures(content)


@pytest.mark.parametrize("lab", ["strategies", "policy"])
def test_the_printed_python_gives_the_same_figures(lab: str, asked: Any) -> None:
    content, _ = asked[lab]
    space: dict[str, Any] = {}
    exec(content.python, space)
    assert figures(gather(space["result"])) == figures(content)


def test_the_file_of_a_tornado_is_the_sweep_that_was_shown(tmp_path: Path) -> None:
    arms = {"now": {}, "changed": {"rules.attempts_per_week": 1}}
    numbers = {"households.job_loss": assumptions.span("evidence", "households.job_loss")}
    spec = tornado_spec(arms, numbers, OUTCOMES, runs=2, weeks=3, changes=TINY)
    file = tmp_path / "tornado.yaml"
    file.write_text(sweep_yaml(spec), encoding="utf-8")
    again = load_sweep(file)
    assert again.model_dump() == spec.model_dump()
    shown, repeated = (tornado(sweep(one, executor="threads"), "stress_mean") for one in (spec, again))
    assert shown.equals(repeated) and len(shown) == 3 and shown["difference"].notna().all()


def csv_of(tab: Any, key: str) -> list[list[str]]:
    """The CSV that a chart's button gives."""
    with tab.expect_download() as waiting:
        tab.locator(f"[class*='st-key-csv-{key}'] button, [class*='st-key-csv.{key}'] button").first.click()
    data = Path(waiting.value.path()).read_bytes()
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.fixture(autouse=True)
def _patient(request: pytest.FixtureRequest) -> None:
    """Runs of the labs take minutes where many tests share two cores."""
    if "tab" in request.fixturenames:
        request.getfixturevalue("tab").set_default_timeout(240_000)


def view(tab: Any, name: str) -> None:
    tab.get_by_test_id("stButtonGroup").get_by_role("radio", name=name, exact=True).or_(
        tab.get_by_test_id("stButtonGroup").get_by_role("button", name=name, exact=True)
    ).first.click()


def test_three_strategies_are_compared_and_a_cell_shows_its_history(tab: Any, server: str) -> None:
    tab.goto(
        f"{server}/strategies?v=1&lang=en&strategies=traditional,ai_tiered,app_based%2Bleave_alone"
        "&borrowers=500&weeks=20&runs=2"
    )
    assert seen(tab.get_by_text("2 paired runs of 20 weeks"))
    assert seen(tab.get_by_text("Who wins, and where"))
    assert seen(tab.locator(".card").filter(has_text="Cured within 90 days").get_by_text("left alone"))
    view(tab, "Funnel")
    assert seen(tab.get_by_text("From placement to cure").first)
    rows = csv_of(tab, "strategies-funnel")
    assert rows[0] == ["world", "arm", "stage", "step", "accounts", "share"]
    assert {row[1] for row in rows[1:]} == {"traditional", "ai_tiered", "app_based+leave_alone"}
    view(tab, "Roll rates")
    history = tab.locator("[class*=st-key-chart-strategies-cell]")
    assert seen(history.get_by_text("31-60 days → 61-90 days"))
    matrix = tab.locator("[class*=st-key-chart-strategies-rolls]")
    cells = matrix.locator(".scatterlayer .trace").first.locator("path.point")
    cells.first.wait_for(state="attached")
    cells.nth(1).click(force=True)
    assert seen(history.get_by_text("current → 1-30 days"))
    view(tab, "Repeat it")
    assert seen(tab.get_by_text("arrears compare baseline --strategies").first)


def test_an_uploaded_portfolio_is_compared(tab: Any, server: str, tmp_path: Path) -> None:
    tab.goto(
        f"{server}/strategies?v=1&lang=zh&strategies=traditional,app_based&borrowers=500&weeks=10&runs=2"
    )
    assert seen(tab.get_by_text("2次配对运行").first)
    tab.get_by_text("自己的资产组合").first.click()
    offered(tab, portfolio(tmp_path / "mine.csv"))
    assert seen(tab.get_by_text("读取无误"))  # before this the button runs what was asked last
    at_rest(tab)
    tab.evaluate(HASTE)  # the second click interrupts the script before it has come to the button
    assert seen(tab.get_by_text("--portfolio mine.csv").first)


#: The button that runs, and the last view some thousandths of a second later.
HASTE = """() => {
    document.querySelector('[data-testid^=stBaseButton-primary]').click();
    setTimeout(() => [...document.querySelectorAll('[data-testid=stButtonGroup] button')].at(-1).click(), 5);
}"""


#: Cards whose content is wider than they are.
SPILLED = "cards => cards.filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
#: Titles of panels that lie over figures of an axis or over other titles.
CROSSED = """() => {
    const titles = [...document.querySelectorAll('.js-plotly-plot .infolayer .annotation-text')];
    const words = '.js-plotly-plot .xaxislayer-above text, .js-plotly-plot .legend text';
    const others = [...titles, ...document.querySelectorAll(words)];
    const over = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    return titles.filter(t => others.some(
        o => o !== t && over(t.getBoundingClientRect(), o.getBoundingClientRect()))).map(t => t.textContent);
}"""


#: Words of charts that a chart's edge cuts off.
CUT = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(chart => {
    const edge = chart.getBoundingClientRect();
    return [...chart.querySelectorAll('.main-svg text')].filter(one => {
        const box = one.getBoundingClientRect();
        return box.width > 0 && (box.left < edge.left - 1 || box.right > edge.right + 1
            || box.top < edge.top - 1 || box.bottom > edge.bottom + 1);
    }).map(one => one.textContent);
})"""


def test_a_rule_is_changed_with_a_clear_difference_and_one_without(tab: Any, server: str) -> None:
    tab.set_viewport_size({"width": 1024, "height": 768})  # a projector
    tab.goto(f"{server}/policy?v=1&lang=en&attempts_per_week=1&borrowers=500&weeks=30&runs=3")
    tab.get_by_test_id("stBaseButton-primary").first.click()
    assert seen(tab.get_by_text("3 paired runs of 30 weeks"))
    cards = tab.locator(".card")
    assert seen(cards.get_by_text("no clear difference").first)
    assert seen(cards.get_by_text("the run has 30 weeks").first)  # a long reason, inside its card
    assert cards.evaluate_all(SPILLED) == []
    tab.locator(".js-plotly-plot .infolayer .annotation-text").first.wait_for()
    at_rest(tab)
    assert tab.evaluate(CROSSED) == []
    view(tab, "Who gains, who loses")
    assert seen(tab.get_by_text("Resource costs").first)
    rows = csv_of(tab, "policy-gains-hardship")
    felt = next(row for row in rows if row[6] == "attempts" and row[4] == "all")
    low, high = float(felt[11]), float(felt[12])
    assert high < 0 and low <= float(felt[10]) <= high  # fewer attempts are felt, clearly
    at_rest(tab)
    assert cards.evaluate_all(SPILLED) == []
    view(tab, "Balance sheets")
    assert seen(tab.get_by_text("Balance sheets at the end: Changed rules"))
    at_rest(tab)
    assert tab.evaluate(CROSSED) == []
    view(tab, "Two levers")
    assert seen(tab.get_by_text("Lever across"))


def test_no_word_of_a_chart_is_cut_off_or_over_another(tab: Any, server: str) -> None:
    tab.set_viewport_size({"width": 1024, "height": 768})
    tab.set_default_timeout(240_000)  # two paired runs in each world
    both = "strategies=traditional,ai_tiered,app_based&worlds=report,evidence"
    tab.goto(f"{server}/strategies?v=1&lang=en&{both}&borrowers=500&weeks=60&runs=2")
    tab.locator(".card").first.wait_for()
    for name in ("Differences", "Runs won", "Liquidation", "Roll rates", "Funnel", "Week by week", "Sectors"):
        view(tab, name)
        tab.locator(".js-plotly-plot .main-svg").first.wait_for()
        at_rest(tab)
        assert tab.evaluate(CUT) == [], name
        assert tab.evaluate(CROSSED) == [], name
    tab.goto(f"{server}/?lang=en")
    tab.locator(".js-plotly-plot .main-svg").first.wait_for()
    for name in ("Strategy lab", "Policy lab"):
        tab.get_by_role("tab", name=name).click()
        at_rest(tab)
        assert tab.evaluate(CUT) == [], name


def test_a_question_over_the_cap_names_the_command(tab: Any, server: str) -> None:
    tab.goto(f"{server}/policy?v=1&lang=en&attempts_per_week=1&borrowers=5000&weeks=156&runs=40")
    assert seen(tab.get_by_text("a page runs at most"))
    assert seen(tab.get_by_text("arrears compare baseline --arm").first)


def test_the_scenario_file_is_plain_yaml() -> None:
    content = gather(planned("baseline", strategies=["traditional", "app_based"], changes=TINY))
    found = yaml.safe_load(content.yaml)
    assert found["population"]["borrowers"] == 150 and found["burn_in"] == 3


@pytest.mark.parametrize("width", [1100, 700])
def test_what_is_chosen_stays_inside_its_field(tab: Any, server: str, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(f"{server}/strategies?v=1&lang=en&strategies=traditional,ai_tiered,app_based,cloud_platform")
    tags = tab.locator("[data-testid=stMultiSelect] .react-aria-ComboBox [data-tag]")
    tags.nth(3).wait_for()
    at_rest(tab)  # fields grow when their choices are measured
    fields = tab.locator("[data-testid=stMultiSelect] .react-aria-ComboBox > [role=group]")
    edges = [fields.nth(number).bounding_box() for number in range(fields.count())]
    for number in range(tags.count()):
        box = tags.nth(number).bounding_box()
        assert any(
            edge["x"] <= box["x"] and box["x"] + box["width"] <= edge["x"] + edge["width"]
            and edge["y"] <= box["y"] and box["y"] + box["height"] <= edge["y"] + edge["height"]
            for edge in edges
        ), tags.nth(number).inner_text()  # fmt: skip
