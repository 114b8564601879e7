"""Differences of small tables, who wins, segments better left alone: hand-made runs with known answers."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from sim.experiments.arms import read_arms
from sim.experiments.comparison import Comparison
from sim.experiments.statistics import t_quantile
from sim.experiments.sweep_plan import plan_sweep
from sim.experiments.sweeps import Sweep
from sim.experiments.tasks import RunRow
from sim.experiments.what_if import threshold, threshold_spec, tornado, tornado_spec
from sim.experiments.winners import verdicts
from sim.report.account_figures import cohorts, funnel, roll_cell, spared
from sim.report.content import Content, gather
from sim.report.figures import pareto_front, tradeoff
from sim.report.policy_figures import balance_sheet, difference_over_time, gains_by_group, gains_by_sector
from sim.report.what_if_figures import threshold as threshold_map
from sim.spec.loader import load_scenario, load_world

STAGES = ("early", "middle")


def row(world: str, index: int, arm: str, level: float, **more: Any) -> RunRow:
    """A run whose every figure follows from one number."""
    rates = {"recovery_rate": 0.1 + level / 100, "cost_per_100": 20 - level, "complaints_per_1000": level}
    given: dict[str, Any] = {
        "world": world, "point": 0, "index": index, "arm": arm, "strategy": None, "seed": index, "weeks": 2,
        "own_start": False, "settings": {}, "digest": "", "seconds": 0.0, "start_seconds": 0.0,
        "measures": rates, "reasons": {},
        "series": {"week": [0, 1], "complaints": [level, 2 * level], "employment": [None, 0.1]},
        "curves": {}, "cures": {}, "roll_rates": {}, "reproduction": {},
        "sectors": {"sector": ["mining", "food"], "failures": [level, 0], "overdue_receivables": [100, 200],
                    "overdue_payables": [5, 6]},
        "hardship": {"by": ["all", "collector"], "group": ["all", "x"], "borrowers": [10, 5],
                     "received_late": [1000 * level, 1], "displaced_payments": [0, 0],
                     "collection_cost": [50, 1], "stress_mean": [0.5, None], "trust_mean": [0.5, 0.5],
                     "essentials_missed": [20, 0], "attempts": [30, 0], "over_180d": [1, 0]},
        "groups": {
            "segments": {"stage": list(STAGES), "size": ["small", "small"], "accounts": [10, 5],
                         "amount": [5000, 5000], "paid": [int(1000 * level), 400], "cost": [100, 900]},
            "funnel": {"stage": ["early", "early", "early"], "step": ["placed", "tried", "cured"],
                       "accounts": [10, 8, int(level)]},
            "cohorts": {"cohort": [-1, -1], "stage": ["early", "middle"], "weeks": [4, 4],
                        "accounts": [10, 5], "placed": [1000, 500], "recovered": [int(100 * level), 0]},
            "roll_history": {"week": [3, 3, 7], "from": ["1-30"] * 3, "to": ["current", "31-60", "31-60"],
                             "accounts": [6, 2, 5]},
        },
        "matrices": {
            "balance_sheet": {"row": ["money", "net worth"], "firms": [int(100 * level), -int(100 * level)],
                              "sum": [0, 0]},
            "flows": {"row": ["fines"], "collectors": [-int(10 * level)], "government": [int(10 * level)]},
        },
        "failures": {},
    }  # fmt: skip
    return {**given, **more}  # type: ignore[typeddict-item]


def compared(levels: dict[str, dict[str, list[float]]], alone: bool = False) -> Comparison:
    """A comparison of arms whose level in each run of each world is given."""
    scenario = load_scenario("baseline")
    names = list(next(iter(levels.values())))
    worlds = [load_world(world) for world in levels]
    arms = read_arms(
        scenario,
        {
            name: {"strategy": name} if alone else {"rules.attempts_per_week": n + 1}
            for n, name in enumerate(names)
        },
        None,
        worlds,
    )
    rows = [
        row(world, index, arm, level)
        for world, by_arm in levels.items()
        for arm, given in by_arm.items()
        for index, level in enumerate(given)
    ]
    runs = len(rows) // len(names) // len(levels)
    return Comparison(scenario, None, tuple(levels), arms, runs, "0" * 64, rows)


TWO = {"evidence": {"now": [1.0, 2.0, 3.0], "changed": [2.0, 3.0, 7.0]}}


def test_a_week_has_the_mean_difference_with_students_interval() -> None:
    table = compared(TWO).weekly_differences
    found = table[(table["figure"] == "complaints") & (table["week"] == 1)].iloc[0]
    # differences of week 1: 2, 2, 8
    assert found["difference"] == pytest.approx(4.0)
    half = t_quantile(2) * (12.0 / 3) ** 0.5
    assert (found["low"], found["high"]) == (pytest.approx(4 - half), pytest.approx(4 + half))
    assert table[(table["figure"] == "employment") & (table["week"] == 0)]["difference"].isna().all()
    equal = table[(table["figure"] == "employment") & (table["week"] == 1)].iloc[0]
    assert equal["difference"] == equal["low"] == equal["high"] == 0
    assert set(table["arm"]) == {"changed"}


def test_gains_of_borrowers_are_each_and_those_of_others_are_sums() -> None:
    table = compared(TWO).gains.set_index(["party", "by", "group", "item"])
    paid = table.loc[("borrowers", "all", "all", "received_late")]
    assert paid["difference"] == pytest.approx(2000 / 10) and paid["kind"] == "transfer"
    assert table.loc[("government", "all", "all", "fines")]["difference"] == pytest.approx(20)
    assert table.loc[("collectors", "all", "all", "fines")]["difference"] == pytest.approx(-20)
    assert table.loc[("borrowers", "all", "all", "stress_mean")]["kind"] == "hardship"
    assert table.loc[("firms", "sector", "mining", "failures")]["difference"] == pytest.approx(2)
    assert table.loc[("firms", "all", "all", "failures")]["base"] == pytest.approx(2)
    assert table.loc[("borrowers", "all", "all", "collection_cost")]["kind"] == "resource"
    assert ("borrowers", "collector", "x", "received_late") not in table.index


def test_balance_sheets_before_after_and_between() -> None:
    table = compared(TWO).balance_sheets.set_index(["arm", "row", "sector"])
    assert table.loc[("now", "money", "firms"), "value"] == pytest.approx(200)
    assert table.loc[("changed", "money", "firms"), "value"] == pytest.approx(400)
    assert table.loc[("changed", "money", "firms"), "difference"] == pytest.approx(200)
    assert pd.isna(table.loc[("now", "money", "firms"), "difference"])
    sums = table.reset_index().groupby(["arm", "sector"])["value"].sum()
    assert sums.abs().max() == 0


ALONE = {"evidence": {"traditional": [2.0, 2.0], "left_alone": [1.0, 1.0]}}


def test_segments_whose_work_costs_more_than_it_brings_are_better_left_alone() -> None:
    found = compared(ALONE, alone=True).spared.set_index("stage")
    early, middle = found.loc["early"], found.loc["middle"]
    # early: 1,000 fen more on 10 accounts, work of 100; middle: nothing more on 5 accounts, work of 900
    assert (early["more"], early["cost"], early["net"]) == (100, 10, 90)
    assert middle["net"] == -180 and middle["high"] < 0
    assert compared(TWO).spared.empty


def test_accounts_of_all_runs_are_pooled() -> None:
    found = compared(TWO)
    steps = found.funnel.set_index(["arm", "stage", "step"])
    assert steps.loc[("changed", "all", "cured"), "share"] == pytest.approx(12 / 30)
    part = found.cohorts.set_index(["arm", "cohort", "stage"])
    assert part.loc[("now", -1, "all"), "share"] == pytest.approx(600 / 4500)
    moves = found.roll_history.set_index(["arm", "week", "to"])
    assert moves.loc[("now", 3, "current"), "share"] == pytest.approx(0.75)


def opaque(chart: go.Figure) -> bool:
    """Whether cells hide the page: the colour of their words is chosen for a cell on white."""
    return all(re.fullmatch("#[0-9A-Fa-f]{6}", colour) for _, colour in chart.data[0].colorscale)


def test_every_figure_of_the_labs_is_drawn_in_both_languages() -> None:
    policy, strategy = gather(compared(TWO)), gather(compared(ALONE, alone=True))
    for lang in ("en", "zh"):
        for chart in (
            cohorts(policy, lang),
            funnel(policy, lang),
            roll_cell(policy, "1-30", "31-60", lang),
            spared(strategy, lang),
            difference_over_time(policy, lang),
            balance_sheet(policy, "changed", lang, True),
            gains_by_group(policy, "received_late", lang),
            gains_by_sector(policy, "failures", lang),
        ):
            assert chart is not None and len(chart.data) > 0
    sheet = balance_sheet(policy, "changed", "en", True)
    assert sheet is not None and opaque(sheet)
    history = roll_cell(policy, "1-30", "31-60")
    assert history is not None and list(history.data[0].y) == [25, 100]


def test_who_wins_in_both_worlds_wins_and_who_wins_in_the_reports_alone_is_a_sales_claim() -> None:
    # higher level: more recovered, cheaper, so "b" wins both; in evidence the runs disagree on "c"
    both = compared({w: {"a": [1.0, 2.0, 3.0], "b": [5.0, 6.2, 7.1]} for w in ("report", "evidence")})
    told = verdicts(both.winners).set_index("measure")
    assert told.loc["recovery_rate", "verdict"] == "everywhere" and told.loc["recovery_rate", "arm"] == "b"
    claim = compared(
        {
            "report": {"a": [1.0, 2.0, 3.0], "b": [5.0, 6.2, 7.1]},
            "evidence": {"a": [1.0, 9.0, 3.0], "b": [5.0, 2.0, 7.1]},
        }
    )
    told = verdicts(claim.winners).set_index("measure")
    assert told.loc["recovery_rate", "verdict"] == "report_only"
    differ = compared(
        {"report": {"a": [1.0, 2.0], "b": [5.0, 6.1]}, "evidence": {"a": [5.0, 6.1], "b": [1.0, 2.0]}}
    )
    assert verdicts(differ.winners).set_index("measure").loc["recovery_rate", "verdict"] == "differ"
    one = compared({"report": {"a": [1.0, 2.0], "b": [5.0, 6.1]}})
    assert verdicts(one.winners).set_index("measure").loc["recovery_rate", "verdict"] == "one_only"
    open_ = compared({"report": {"a": [1.0, 9.0], "b": [5.0, 3.0]}})
    assert verdicts(open_.winners).set_index("measure").loc["recovery_rate", "verdict"] == "open"


def test_the_front_holds_whom_nobody_beats() -> None:
    # a higher level recovers more and costs less but brings complaints: both are on the front
    content: Content = gather(compared(TWO))
    assert pareto_front(content, "evidence") == ("now", "changed")
    worse = compared(TWO)
    for one in worse.results:
        one["measures"]["complaints_per_1000"] = 1.0
    content = gather(worse)
    assert pareto_front(content, "evidence") == ("changed",)
    drawn = tradeoff(content)
    assert drawn is not None and "Pareto" in str(drawn.data[-1].name) and len(drawn.data[-1].x) == 1


NUMBERS = {"households.job_loss": (0.0001, 0.0002, 0.0004), "firms.late_share": (0.1, 0.2, 0.3)}


def test_a_tornado_sets_one_assumption_after_the_other_for_both_arms() -> None:
    arms = {"now": {}, "changed": {"rules.attempts_per_week": 1}}
    plan = plan_sweep(tornado_spec(arms, NUMBERS, ["recovery_rate"], runs=2, weeks=4))
    jobs, late = "world.households.job_loss", "world.firms.late_share"
    assert [(point[jobs], point[late]) for point in plan.settings] == [
        (0.0002, 0.2), (0.0001, 0.2), (0.0004, 0.2), (0.0002, 0.1), (0.0002, 0.3)
    ]  # fmt: skip
    gap = [1.0, 0.5, 1.5, -3.0, 5.0]
    runs = pd.DataFrame(
        [
            {"world": "evidence", "point": p, "run": r, "arm": arm, **plan.settings[p],
             "recovery_rate": r + (gap[p] + r / 10 if arm == "changed" else 0.0)}
            for p in range(5) for r in range(2) for arm in arms
        ]
    )  # fmt: skip
    table = tornado(Sweep(plan, runs), "recovery_rate")
    # the late payers move the difference most, so they come first after 'as set'
    assert list(table["number"]) == ["", *["firms.late_share"] * 2, *["households.job_loss"] * 2]
    assert list(table["end"]) == ["", "low", "high", "low", "high"]
    assert table["difference"].tolist() == pytest.approx([1.05, -2.95, 5.05, 0.55, 1.55])
    assert table["value"].tolist()[1:] == [0.1, 0.3, 0.0001, 0.0004]


def test_a_map_of_two_levers_has_a_cell_for_each_pair() -> None:
    levers = {"rules.attempts_per_week": [None, 1], "rules.breathing_space_days": [30, 60, 90]}
    plan = plan_sweep(threshold_spec({"rules": "none"}, levers, ["recovery_rate"], runs=2, weeks=4))
    assert list(plan.arms) == ["now", *(f"cell-{n}" for n in range(6))]
    runs = pd.DataFrame(
        [
            {"world": "evidence", "point": 0, "run": r, "arm": arm, "recovery_rate": float(place + r * place)}
            for r in range(2) for place, arm in enumerate(plan.arms)
        ]
    )  # fmt: skip
    table = threshold(Sweep(plan, runs), "recovery_rate", list(levers))
    assert table["difference"].tolist() == pytest.approx([1.5 * n for n in range(1, 7)])
    assert table["rules.breathing_space_days"].tolist() == [30, 60, 90] * 2
    across, up = levers
    chart = threshold_map(table, (across, up), "share", "en", lambda lever, value: f"{value}")
    assert chart is not None and opaque(chart)
    assert sum(len(line) for line in chart.data[0].z) == 6
