"""Measures of hand-made placements and weeks: known rates, medians, and true reasons for nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_model import seasoned

from sim.agents.tables import PlacementColumns
from sim.core.columns import empty
from sim.measures import MEASURES, RunRecord, compute_measures
from sim.measures.by_strategy import cured_by, matched_difference

EARLY, MIDDLE, LATE = 1, 2, 3
#: Nobody predicted.
NOTHING = np.zeros(0, np.float32), np.zeros(0, np.bool_)


def record(
    rows: list[dict[str, Any]],
    weeks: int = 60,
    series: list[dict[str, Any]] | None = None,
    predictions: Any = NOTHING,
) -> RunRecord:
    """A record with one placement a row; what is not said is a treated account of the common list."""
    q = empty(PlacementColumns, len(rows) + 5)  # tables are longer than what is used
    q.frozen[:] = True
    q.stage[:] = MIDDLE
    q.cured_after[:] = -1
    q.amount[:] = q.arrears[:] = 1000
    q.followed[: len(rows)] = 52
    for r, row in enumerate(rows):
        for name, value in row.items():
            getattr(q, name)[r] = value
    if series is None:
        series = [{"attempts": 1} for _ in range(weeks)]
    return RunRecord(
        placements=q,
        placements_used=len(rows),
        series=series,
        events=[],
        causes=[],
        borrowers=200,
        firms=50,
        weeks=weeks,
        discount_rate=0.05,
        sleep_base_rate=0.15,
        sleep_odds_ratio=1.8,
        normal_output=1000,
        due_predictions=predictions,
        late_predictions=predictions,
    )


def value(of: RunRecord, name: str) -> float | None:
    return MEASURES[name].compute(of).value


def reason(of: RunRecord, name: str) -> str:
    found = MEASURES[name].compute(of)
    assert found.value is None and found.reason
    return found.reason


CURED: list[dict[str, Any]] = [
    {"cured_after": 3},
    {"cured_after": 4},
    {"cured_after": 5, "amount": 6000},
    {"cured_after": 13},
    {"cured_after": 40},
    {},
    {},
    {"cured_after": 1, "hold_out": True},  # left alone: not counted
    {"cured_after": 1, "frozen": False},  # placed later: not on the common list
    {"cured_after": 2, "stage": EARLY},
    {"stage": EARLY},
]


def test_cure_rates_by_horizon_stage_and_balance() -> None:
    of = record(CURED)
    assert value(of, "cure_rate_30d") == pytest.approx(2 / 7)
    assert value(of, "cure_rate_90d") == pytest.approx(4 / 7)
    assert value(of, "cure_rate_180d") == pytest.approx(4 / 7)
    assert value(of, "cure_rate_360d") == pytest.approx(5 / 7)
    assert value(of, "cure_rate_90d_by_balance") == pytest.approx(9 / 12)
    assert value(of, "cure_rate_30d_early") == 0.5
    assert "stage late" in reason(of, "cure_rate_30d_late")


def test_who_was_not_followed_long_enough_does_not_count_unless_cured() -> None:
    of = record([{"followed": 10}, {"followed": 10, "cured_after": 8}, {}, {"cured_after": 2}])
    # the first may yet be cured: it is in no denominator of 90 days
    assert value(of, "cure_rate_90d") == pytest.approx(2 / 3)
    assert value(of, "cure_rate_30d") == pytest.approx(1 / 4)


def entry(week: int, **more: Any) -> dict[str, Any]:
    """A placement of the run itself, in a run whose last week is 60."""
    return {"frozen": False, "week": week, "followed": min(52, 60 - week), "open": week > 8, **more}


def test_entries_count_when_they_could_be_followed_whatever_became_of_them() -> None:
    of = record(
        [
            entry(10, cured_after=4, has_app=True, balance=400_000),
            entry(12, cured_after=20, balance=400_001),
            entry(13, cured_after=27, has_app=True, balance=400_000),
            entry(14),
            entry(34, cured_after=26),
            entry(35, cured_after=1),  # five weeks short of 180 days: neither cured nor uncured
            entry(40, cured_after=2),
            entry(20, cured_after=1, hold_out=True),
            entry(20, cured_after=1, stage=EARLY),
            {"cured_after": 1, "week": 0, "open": False},  # of the common list
        ]
    )
    assert value(of, "cure_rate_180d_on_entry") == pytest.approx(3 / 5)
    assert value(of, "cure_rate_180d_on_entry_with_app") == pytest.approx(1 / 2)
    assert value(of, "cure_rate_180d_on_entry_low_value") == pytest.approx(1 / 2)
    assert value(of, "cure_rate_30d_on_entry") == pytest.approx(3 / 7)
    assert value(of, "cure_rate_30d_on_entry_early") == 1.0
    assert "followed for 52 weeks" in reason(of, "cure_rate_360d_on_entry")
    assert "stage middle" in reason(record([{}]), "cure_rate_180d_on_entry")


def test_recovery_on_entry_counts_at_most_the_balance() -> None:
    of = record(
        [
            entry(5, stage=3, amount=1000, paid=300),
            entry(7, stage=3, amount=1000, paid=5000),
            entry(30, stage=3, amount=1000, paid=1000),  # not followed for a year
        ]
    )
    assert value(of, "recovery_rate_360d_on_entry_late") == pytest.approx(1300 / 2000)
    assert "charged_off" in reason(of, "recovery_rate_360d_on_entry_charged_off")


def test_parts_of_the_list_have_rates_of_their_own() -> None:
    low, high = 400_000, 400_001  # fen
    of = record(
        [
            {"cured_after": 5, "has_app": True, "balance": low, "by_person": True},
            {"has_app": True, "balance": high},
            {"cured_after": 30, "has_app": True, "balance": low},
            {"cured_after": 5, "balance": high, "by_person": True},
            {"cured_after": 5, "has_app": True, "balance": low, "stage": EARLY},
        ]
    )
    assert value(of, "cure_rate_180d_with_app") == pytest.approx(1 / 3)
    assert value(of, "cure_rate_180d_low_value") == pytest.approx(1 / 2)
    assert value(of, "low_value_by_machine") == pytest.approx(1 / 2)
    assert "low balance" in reason(record([{"balance": high}]), "low_value_by_machine")
    assert "with the app" in reason(record([{}]), "cure_rate_180d_with_app")


def test_bad_debt_is_what_was_overdue_and_did_not_come_in() -> None:
    rows: list[dict[str, Any]] = [
        {"paid": 900, "paid_180d": 250},  # later receipts come too late
        {"paid": 1500, "paid_180d": 1500},  # no more counts than was placed
        {"paid": 500, "paid_180d": -1, "followed": 12},  # closed before the horizon with what it had
    ]
    of = record(rows, series=[{"consumer_overdue_30_rate": 0.2}, {"consumer_overdue_30_rate": 0.9}])
    assert value(of, "recovery_rate_180d") == pytest.approx(1750 / 3000)
    assert value(of, "bad_debt_rate") == pytest.approx(0.2 * (1 - 1750 / 3000))


def test_predictions_are_scored_against_what_happened() -> None:
    made = np.array([0.1, 0.4, 0.35, 0.8], np.float32), np.array([False, False, True, True])
    of = record([{}], predictions=made)
    assert value(of, "prediction_auc") == value(of, "score_auc") == 0.75
    assert value(of, "prediction_accuracy") == 0.75
    assert value(of, "prediction_base_rate") == 0.5
    assert "nobody predicted" in reason(record([{}]), "prediction_brier")
    same = record([{}], predictions=(made[0], np.ones(4, np.bool_)))
    assert "the same happened" in reason(same, "prediction_auc")


def test_time_to_cure() -> None:
    of = record(CURED)
    # 3, 4, 5, 13, 40 and two not within 52
    assert value(of, "median_recovery_weeks") == 13
    assert value(of, "restricted_mean_recovery_weeks_52") == pytest.approx(
        (3 + 4 + 5 + 13 + 40 + 52 + 52) / 7
    )
    assert "fewer than half" in reason(record([{"cured_after": 3}, {}, {}]), "median_recovery_weeks")
    assert value(record([{"cured_after": 3}, {}]), "median_recovery_weeks") == 3


def test_direct_effect_is_treated_minus_held_out() -> None:
    rows: list[dict[str, Any]] = [
        {"cured_after": 5},
        {"cured_after": 5},
        {},
        {"hold_out": True},
        {"hold_out": True, "cured_after": 9},
    ]
    assert value(record(rows), "direct_effect_90d") == pytest.approx(2 / 3 - 1 / 2)
    assert "held out" in reason(record(rows[:3]), "direct_effect_90d")
    assert "treated" in reason(record(rows[3:]), "direct_effect_90d")
    quiet = record(rows, series=[{"attempts": 0}] * 60)
    assert "nobody was treated" in reason(quiet, "direct_effect_90d")


def test_recovery_counts_at_most_what_was_placed() -> None:
    rows: list[dict[str, Any]] = [{"paid": 500}, {"paid": 5000}, {"paid": 0, "stage": LATE, "amount": 2000}]
    assert value(record(rows), "recovery_rate") == pytest.approx(1500 / 4000)


@pytest.mark.parametrize(
    ("name", "weeks"),
    [
        ("cure_rate_30d", 4),
        ("cure_rate_90d", 13),
        ("cure_rate_180d", 26),
        ("cure_rate_360d", 52),
        ("recovery_rate", 52),
        ("median_recovery_weeks", 52),
        ("direct_effect_90d", 13),
    ],
)
def test_a_short_run_says_so(name: str, weeks: int) -> None:
    short, long = record([*CURED, {"hold_out": True}], weeks), record([*CURED, {"hold_out": True}], weeks + 1)
    assert f"{weeks} weeks" in reason(short, name)
    assert value(long, name) is not None


def test_nothing_placed_is_nothing_and_not_zero() -> None:
    nothing = record([])
    for name in MEASURES:
        if name.startswith(("cure_rate", "median", "restricted", "recovery")):
            assert "placed" in reason(nothing, name)


def weeks_of(**figures: list[Any]) -> RunRecord:
    count = len(next(iter(figures.values())))
    names = (
        "attempts",
        "contacted",
        "worked",
        "complaints_expected",
        "recovered_late",
        "collection_cost",
        "labour_cost",
        "promises_due",
        "promises_kept",
        "disputes",
        "violations",
        "fines",
        "digital",
        "failures",
        "charge_offs",
        "new_credit",
        "essentials_missed",
        "displaced_payments",
        "laid_off",
        "consumer_overdue_30_rate",
        "npl_ratio",
        "stress_mean",
        "long_late_stress",
        "trade_overdue_share",
        "receivable_days",
        "output",
    )
    series = [{name: figures.get(name, [0.0] * count)[w] for name in names} for w in range(count)]
    return record([], count, series)


def test_rates_of_conduct_and_cost() -> None:
    of = weeks_of(
        contacted=[100, 300],
        complaints_expected=[1, 1],
        recovered_late=[50_000, 150_000],
        collection_cost=[10_000, 30_000],
        labour_cost=[8_000, 2_000],
        worked=[1000, 1000],
        promises_due=[4, 0],
        promises_kept=[3, 0],
        violations=[2, 0],
        fines=[100_000, 0],
        digital=[100, 100],
    )
    assert value(of, "complaints_per_1000") == pytest.approx(5)
    assert value(of, "complaints_per_1000_borrowers") == pytest.approx(2 / 200 * 1000 * 26)
    assert value(of, "cost_per_100") == pytest.approx(20)
    assert value(of, "labour_cost_share") == pytest.approx(0.25)
    assert value(of, "contact_rate") == pytest.approx(0.2)
    assert value(of, "promise_kept_rate") == pytest.approx(0.75)
    assert value(of, "violations") == pytest.approx(2 / 200 * 1000 * 26)
    assert value(of, "fines") == pytest.approx(1000 / 200 * 26)
    assert value(of, "digital_share") == pytest.approx(0.5)
    week = 1.05 ** (1 / 52)
    assert value(of, "net_present_recovery") == pytest.approx((400 + 1200 / week) / 200)


def test_nobody_contacted_is_told() -> None:
    of = weeks_of(contacted=[0, 0])
    for name in ("complaints_per_1000", "dispute_rate", "digital_share"):
        assert "contacted" in reason(of, name)
    assert "nobody was tried" in reason(of, "contact_rate")
    assert "nothing was spent" in reason(of, "labour_cost_share")
    assert "nothing was received" in reason(of, "cost_per_100")
    assert value(of, "fines") == 0


def test_levels_are_means_of_the_last_year() -> None:
    of = weeks_of(trade_overdue_share=[0.9] * 8 + [0.1] * 26 + [0.3] * 26, output=[500] * 8 + [900] * 52)
    assert value(of, "trade_overdue_share") == pytest.approx(0.2)
    assert value(of, "output_index") == pytest.approx(90)


def test_firms() -> None:
    of = weeks_of(failures=[1.0] * 26, laid_off=[2.0] * 26)
    assert value(of, "firm_failures") == pytest.approx(26 / 50 * 100 * 2)
    assert value(of, "jobs_lost") == pytest.approx(52 / 200 * 1000 * 2)
    causes = {
        "cause_own": 0.3,
        "cause_orders": 0.1,
        "cause_inputs": 0.0,
        "cause_job": 0.0,
        "cause_credit": 0.0,
    }
    late = {**causes, "cause_late_receipts": 0.3, "cause_writeoff": 0.3, "week": 1, "agent": 1}
    own = {
        **late,
        "cause_own": 0.8,
        "cause_late_receipts": 0.1,
        "cause_writeoff": 0.0,
        "main_cause_agent": -1,
    }
    told = of._replace(events=[late, own])
    assert value(told, "failures_by_arrears") == pytest.approx(1 / 50 * 100 * 2)


def test_reproduction_number_counts_direct_failures_of_followed_firms() -> None:
    of = weeks_of(failures=[1.0] * 40)
    weeks = [0, 5, 30, 31]
    causes = [
        (0, "own", "none", -1, -1, 1.0),
        (1, "write_off", "firm", 7, 0, 0.6),  # counts
        (1, "own", "none", -1, -1, 0.4),
        (2, "write_off", "firm", 7, 0, 1.0),  # too late for the first
        (3, "lost_inputs", "firm", 8, 1, 0.5),  # within half a year of the second
        (3, "late_receipts", "firm", 9, -1, 0.5),  # by a firm that had not failed
    ]
    told = of._replace(events=[{"week": week} for week in weeks], causes=causes, weeks=40)
    # failures of weeks 0 and 5 are followed for 26 weeks, those of 30 and 31 are not
    assert value(told, "reproduction_number") == pytest.approx((0.6 + 0.5) / 2)
    assert "26 weeks" in reason(of, "reproduction_number")


def test_sleep_follows_the_odds_ratio() -> None:
    of = weeks_of(long_late_stress=[0.5] * 10)
    odds = 0.15 / 0.85 * 1.8
    assert value(of, "sleep_disorder_rate_over_180d") == pytest.approx(odds / (1 + odds))
    none = of._replace(series=[{**row, "long_late_stress": None} for row in of.series])
    assert "180 days" in reason(none, "sleep_disorder_rate_over_180d")


@pytest.mark.parametrize("name", list(MEASURES))
def test_every_measure_is_told_in_both_languages(name: str) -> None:
    measure = MEASURES[name]
    assert measure.id == name
    assert measure.unit
    for text in (measure.label, measure.definition):
        assert text.en.strip() and text.zh.strip()
        assert text.en != text.zh
        assert any("一" <= sign <= "鿿" for sign in text.zh)
        assert not any("一" <= sign <= "鿿" for sign in text.en)
    assert measure.better in ("higher", "lower", None)


def test_labels_are_unmistakable() -> None:
    for language in ("en", "zh"):
        labels = [getattr(measure.label, language) for measure in MEASURES.values()]
        assert len(set(labels)) == len(labels)


def test_before_the_first_week_everything_is_undefined() -> None:
    measured = seasoned().measures()
    assert set(measured) == set(MEASURES)
    assert {v.value for v in measured.values()} == {None}
    assert {v.reason for v in measured.values()} == {"no week has been measured"}


def test_measures_of_a_run_are_finite_or_have_a_reason() -> None:
    model = seasoned(population__borrowers=2000, population__firms=100).copy().run(54)
    measured = model.measures()
    for name, (number, why) in measured.items():
        assert (number is None) == bool(why), name
        assert number is None or math.isfinite(number), name
    shares = [
        v.value for name, v in measured.items() if MEASURES[name].unit == "share" and v.value is not None
    ]
    assert all(-1 <= share <= 1 for share in shares)
    curves = model.curves()
    for _, one in curves.groupby("stage"):
        assert one["recovered"].is_monotonic_increasing
        assert (one["recovered"] <= one["placed"]).all()
    q = model.placements
    early = q["frozen"] & ~q["hold_out"] & (q["stage"] == EARLY)
    by_hand = (q["cured_after"][early] > 0) & (q["cured_after"][early] <= 4)
    known = (q["followed"][early] >= 4) | by_hand
    assert measured["cure_rate_30d_early"].value == pytest.approx(by_hand[known].mean())


@settings(max_examples=60, deadline=None)
@given(
    cured=st.lists(st.integers(-1, 60).filter(bool), min_size=1, max_size=30),
    stage=st.sampled_from([EARLY, MIDDLE, LATE]),
)
def test_cure_grows_with_the_horizon(cured: list[int], stage: int) -> None:
    of = record([{"cured_after": c, "stage": stage} for c in cured])
    suffix = {EARLY: "_early", MIDDLE: "", LATE: "_late"}[stage]
    rates = [value(of, f"cure_rate_{horizon}{suffix}") for horizon in ("30d", "90d", "180d", "360d")]
    assert all(rate is not None for rate in rates)
    assert rates == sorted(rates)  # type: ignore[type-var]
    assert rates[-1] == pytest.approx(np.mean([0 < c <= 52 for c in cured]))


def test_all_measures_at_once() -> None:
    of = record([])
    assert set(compute_measures(of._replace(weeks=0))) == set(MEASURES)


def _app_users(paid_for_use: float) -> RunRecord:
    """App users among debts that mostly cure; of each kind, users are cured so much more often."""
    rows: list[dict[str, Any]] = []
    for kind, (users, others, cured) in enumerate(((200, 100, 0.6), (60, 240, 0.2))):
        for count, strategy, share in ((users, 1, cured + paid_for_use), (others, 0, cured)):
            for number in range(count):
                done = {"cured_after": 5} if number < round(share * count) else {}
                rows.append({"strategy": strategy, "balance": 1000 + 9000 * kind, **done})
    return record(rows)


def test_matching_takes_away_what_is_seen_and_leaves_the_effect() -> None:
    order = ["traditional", "app_based"]
    for effect in (0.0, 0.2):
        made = _app_users(effect)
        users, others = (
            cured_by(made, order, "app_based", others=other, horizon="90d", stage="middle").value
            for other in (False, True)
        )
        assert users is not None and others is not None and users - others > effect + 0.1, (
            "users are better off"
        )
        found = matched_difference(made, order, "app_based", horizon="90d", stage="middle")
        assert found.value == pytest.approx(effect, abs=0.005)


def test_matching_without_anybody_alike_says_so() -> None:
    rows = [{"strategy": 1, "balance": 1000}, {"strategy": 0, "balance": 9000}] * 20
    found = matched_difference(record(rows), ["a", "b"], "b", horizon="90d", stage="middle")
    assert found.value is None and found.reason is not None and "one like it" in found.reason
