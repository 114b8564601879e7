"""Accounts in groups: cohorts, steps of the funnel, segments, roll rates month by month."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from test_model_measures import record

from sim.measures.groups import STEPS, cohorts, funnel_steps, segments
from sim.model import Ecosystem

TRIED, REACHED, TALKED, PROMISED, KEPT = STEPS.values()


def placed(week: int, **more: Any) -> dict[str, Any]:
    """A placement of the run itself; the last week of the run is 60, which has 60 measured weeks."""
    return {"frozen": False, "week": week, "followed": min(52, 60 - week), "open": week > 8, **more}


def test_a_cohort_has_a_line_only_where_all_of_it_was_followed() -> None:
    rows = [
        placed(1, amount=100, paid_30d=10, paid_90d=40, paid_180d=60, paid=80),
        placed(13, amount=100, paid_30d=30, paid_90d=30, paid_180d=30, paid=30),
        placed(40, amount=100, paid_30d=50, paid=50, paid_90d=-1, paid_180d=-1),
        placed(40, amount=100, paid_30d=50, hold_out=True),
    ]
    found = cohorts(record(rows)).set_index(["cohort", "weeks"])
    # the clock of the run begins at 1: week 1 is its week 0, week 13 its week 12
    assert found.loc[(0, 4), "recovered"] == 40 and found.loc[(0, 26), "recovered"] == 90
    assert found.loc[(39, 4), "placed"] == 100 and found.loc[(39, 4), "recovered"] == 50
    assert (39, 13) not in found.index and (0, 52) not in found.index


def test_steps_of_the_funnel_are_counted_once_an_account() -> None:
    rows = [
        {"steps": TRIED},
        {"steps": TRIED | REACHED | TALKED | PROMISED | KEPT, "cured_after": 9},
        {"steps": TRIED | REACHED | PROMISED},
        {"steps": KEPT, "cured_after": 2},  # a promise from before measurement
        {"steps": TRIED | REACHED, "hold_out": True},
    ]
    table = funnel_steps(record(rows))
    found = dict(zip(*table[table["stage"] == "middle"][["step", "accounts"]].T.values, strict=True))
    assert found == {
        "placed": 4, "tried": 3, "reached": 2, "talked": 1, "promised": 2, "kept": 1, "cured": 2,
        "cured_kept": 1, "cured_unreached": 1,
    }  # fmt: skip


def test_segments_part_the_common_list_by_age_and_size() -> None:
    rows = [
        {"balance": 400_000, "amount": 1000, "paid": 5000, "cost": 7},
        {"balance": 400_001, "amount": 1000, "paid": 300, "cost": 11},
        {"balance": 2_000_001, "amount": 1000, "cost": 13},
    ]
    table = segments(record(rows))
    found = table[table["stage"] == "middle"].set_index("size")
    assert found["paid"].to_dict() == {"small": 1000, "medium": 300, "large": 0}
    assert found["cost"].to_dict() == {"small": 7, "medium": 11, "large": 13}


@pytest.fixture(scope="module")
def year() -> Ecosystem:
    changes = {"population.borrowers": 1000, "population.firms": 60, "burn_in": 30}
    return Ecosystem("baseline", rng=3, changes=changes).run(56)


def test_groups_of_a_run_agree_with_its_measures(year: Ecosystem) -> None:
    groups, measures = year.groups(), year.measures()
    listed = groups["cohorts"][(groups["cohorts"]["cohort"] == -1) & (groups["cohorts"]["weeks"] == 52)]
    rate = listed["recovered"].sum() / listed["placed"].sum()
    assert rate == pytest.approx(measures["recovery_rate"].value)
    parts = groups["segments"]
    assert parts["paid"].sum() / parts["amount"].sum() == pytest.approx(measures["recovery_rate"].value)
    assert parts["cost"].sum() > 0
    funnel = groups["funnel"].groupby("step")["accounts"].sum()
    assert funnel["placed"] == parts["accounts"].sum() == listed["accounts"].sum()
    assert funnel["placed"] >= funnel["tried"] >= funnel["reached"] >= funnel["talked"] > 0
    assert funnel["promised"] >= funnel["kept"] > 0
    assert set(groups["cohorts"]["cohort"]) == {-1, 0, 13, 26, 39}


def test_moves_of_the_months_add_up_to_the_roll_rates(year: Ecosystem) -> None:
    history = year.groups()["roll_history"]
    assert history["week"].nunique() >= 12
    total = year.roll_rates().set_index(["from", "to"])["accounts"]
    summed: pd.Series[int] = history.groupby(["from", "to"])["accounts"].sum()
    assert summed.to_dict() == total[total > 0].to_dict()


def test_a_branch_goes_on_from_the_months_of_its_start(year: Ecosystem) -> None:
    twin = year.branch({})
    months = len(year.state.roll_months)
    twin.run(5)
    assert len(twin.state.roll_months) > months == len(year.state.roll_months)
