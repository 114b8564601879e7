"""Robust choice: regret, satisficing and the front against figures worked out by hand, and a small run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from calibration.charts import box_figure, tornado, trail_figure
from calibration.robust import Robust, pareto, regret, satisficing, undominated
from calibration.robust_table import front_figure, regret_figure
from sim.cli.entry import main
from sim.core.errors import SpecError

ROOMS = ("calibration.commands",)
OUTCOMES = ("recovery_rate_180d", "cost_per_100")


def hand_made() -> Robust:
    """Three arms at two points of two worlds; more recovery is better, less cost is better."""
    rows = [
        # world, point, arm: recovery, cost
        ("evidence", 0, "a", 0.4, 10.0), ("evidence", 0, "b", 0.5, 12.0), ("evidence", 0, "c", 0.3, 11.5),
        ("evidence", 1, "a", 0.4, 10.0), ("evidence", 1, "b", 0.5, 9.0), ("evidence", 1, "c", 0.5, 9.0),
        ("report", 0, "a", 0.6, 10.0), ("report", 0, "b", 0.2, 5.0), ("report", 0, "c", 0.6, 8.0),
        ("report", 1, "a", 0.6, 10.0), ("report", 1, "b", 0.7, 9.0), ("report", 1, "c", 0.6, 10.0),
    ]  # fmt: skip
    points = pd.DataFrame(rows, columns=["world", "point", "arm", *OUTCOMES])
    return Robust(points, OUTCOMES, ("a", "b", "c"), {"evidence": ("x",), "report": ("x",)})


def test_regret_is_what_the_best_arm_at_the_same_point_does_better() -> None:
    found = regret(hand_made(), "recovery_rate_180d").set_index("arm")
    assert found.loc["a", "mean"] == pytest.approx((0.1 + 0.1 + 0 + 0.1) / 4)
    assert found.loc["b", "worst"] == pytest.approx(0.4)
    assert found.loc["c", "best_share"] == 0.5
    assert list(found.index) == ["a", "c", "b"]  # the smallest worst regret first
    for row in found.itertuples():
        assert row.low <= row.mean <= row.high
    cost = regret(hand_made(), "cost_per_100").set_index("arm")  # the other direction is better
    assert cost.loc["b", "worst"] == pytest.approx(2.0)
    with pytest.raises(SpecError, match="no better direction"):
        regret(hand_made(), "prediction_base_rate")


def test_satisficing_counts_points_where_nothing_is_worse_than_under_the_first_arm() -> None:
    found = satisficing(hand_made()).set_index("arm")
    assert found.loc["b", "share"] == 0.5 and found.loc["c", "share"] == 0.75
    assert found.loc["b", "evidence"] == 0.5 and found.loc["c", "report"] == 1.0
    assert found.loc["c", "low"] < 0.75 < found.loc["c", "high"]


def test_the_front_holds_who_is_not_beaten_in_everything() -> None:
    found = pareto(hand_made(), OUTCOMES).set_index(["world", "arm"])
    evidence = found.loc["evidence"]
    assert evidence["front"].to_dict() == {"a": True, "b": True, "c": False}
    assert found.loc[("all", "a"), "front_share"] == pytest.approx(1 / 4)
    assert found.loc[("evidence", "b"), "front_share"] == 1.0


@given(some.lists(some.tuples(*[some.integers(0, 4)] * 3), min_size=1, max_size=12))
def test_an_arm_off_the_front_is_beaten_by_one_on_it(rows: list[tuple[int, int, int]]) -> None:
    values = np.array(rows, float)
    on = undominated(values)
    assert on.any()
    for row in values[~on]:
        assert any((other >= row).all() and (other > row).any() for other in values[on])


def test_strategies_are_compared_at_points_of_both_worlds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = tmp_path / "two.yaml"
    sweep.write_text(
        "schema_version: 1\nid: two\nscenario: baseline\nweeks: 30\nruns: 1\n"
        "changes: {population.borrowers: 400, population.firms: 50, burn_in: 10}\n"
        "arms: {traditional: {strategy: traditional}, app_based: {strategy: app_based}}\n"
        "outcomes: [recovery_rate_180d, cost_per_100, complaints_per_1000_borrowers]\n"
    )
    words = ["robust", str(sweep), "--points", "2", "--workers", "1", "--out", str(tmp_path / "o")]
    assert main([*words, "--lang", "zh"], ROOMS) == 0
    assert "稳健选择" in capsys.readouterr().out
    document = json.loads((tmp_path / "o" / "robust.json").read_text())
    assert document["points"] == 4 and document["worlds"].keys() == {"evidence", "report"}
    assert all("households.forgets" in " ".join(names) for names in document["varied"].values())
    charts = [regret_figure(document, "cost_per_100", "zh"), front_figure(document)]
    assert [len(chart.data) for chart in charts] == [2, 2]


def test_a_tornado_shows_the_strongest_number_above_and_a_box_lies_in_its_range() -> None:
    shares = [
        {"outcome": "npl_ratio", "field": field, "total": total, "low": total - 0.1, "high": total + 0.1}
        for field, total in (("world.products.renewal", 0.2), ("all other assumptions", 0.5))
    ]
    chart = tornado({"shares": shares, "screening": []}, "npl_ratio", "zh")
    assert chart is not None
    assert list(chart.data[0].y) == ["其余全部假设合计", "products.renewal"]
    assert list(chart.data[0].x) == [50.0, 20.0]
    assert tornado({"shares": [], "screening": []}, "npl_ratio") is None
    box = {"coverage": 0.8, "density": 0.9, "mass": 0.3,
           "bounds": [{"field": "world.x", "low": 2.0, "high": 3.0, "chance": 0.01}]}  # fmt: skip
    document = {"box": box, "ranges": {"world.x": [1.0, 5.0]}, "trail": [box]}
    drawn = box_figure(document)
    assert drawn is not None
    assert list(drawn.data[1].base) == [0.25] and list(drawn.data[1].x) == [0.25]
    assert trail_figure(document) is not None and trail_figure({"trail": [], "box": None}) is None
