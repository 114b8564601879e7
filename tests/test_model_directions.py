"""What a reader would expect of one change: paired over seeds, the 95 % interval excludes zero."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from support_model import Paired, on_two_threads, paired

from sim.model import Ecosystem

Figures = dict[str, float]

#: Firms: a change, and the weeks over which it is followed.
FIRM_ARMS: dict[str, tuple[dict[str, Any], int]] = {
    "base": ({}, 104),
    "no_collection": ({"receivables.scope": "none"}, 104),
    "later": ({"world.firms.large_buyer_discipline": 0.5}, 52),
    "lines": ({"world.firms.credit_line_weeks": 3.0}, 52),
    "compulsory": ({"levers.compulsory_payment_every": 4}, 52),
    "demand": ({"events": [{"kind": "demand", "week": 0, "weeks": 52, "change": -0.2}]}, 78),
}


def _firm_arms(world: str, arms: tuple[str, ...], seed: int) -> dict[str, list[Figures]]:
    """Weekly figures of each arm of one seed."""
    start = Ecosystem("baseline", world=world, rng=seed, borrowers=2000, firms=2000)
    found = {}
    for arm in arms:
        changes, weeks = FIRM_ARMS[arm]
        found[arm] = start.branch(changes).run(weeks).state.series
    return found  # type: ignore[return-value]


@functools.cache
def firm_arms(world: str) -> list[dict[str, list[Figures]]]:
    arms = tuple(FIRM_ARMS) if world == "evidence" else ("base", "later", "lines", "compulsory")
    seeds = range(1, 9 if world == "evidence" else 7)
    return on_two_threads(functools.partial(_firm_arms, world, arms), seeds)


def effect(world: str, arm: str, figure: str) -> Paired:
    """Mean weekly effect of an arm against the base, over the weeks the arm is followed."""
    weeks = FIRM_ARMS[arm][1]

    def mean(series: list[Figures]) -> float:
        return float(np.mean([row[figure] for row in series[:weeks]]))

    return paired([mean(run[arm]) - mean(run["base"]) for run in firm_arms(world)])


@pytest.mark.parametrize("world", ["evidence", "report"])
def test_large_buyers_paying_later_leave_more_overdue_trade_debt(world: str) -> None:
    assert effect(world, "later", "trade_overdue_share").low > 0


@pytest.mark.parametrize("world", ["evidence", "report"])
def test_smaller_credit_lines_fell_more_firms(world: str) -> None:
    assert effect(world, "lines", "failures").low > 0


@pytest.mark.parametrize("world", ["evidence", "report"])
def test_compulsory_payment_leaves_less_overdue_trade_debt(world: str) -> None:
    assert effect(world, "compulsory", "trade_overdue_share").high < 0


def test_collecting_for_small_creditors_of_large_debtors_saves_firms() -> None:
    assert effect("evidence", "no_collection", "failures").low > 0
    assert effect("evidence", "no_collection", "trade_overdue_share").low > 0


def test_a_loss_of_demand_raises_both_kinds_of_default() -> None:
    assert effect("evidence", "demand", "failures").low > 0
    assert effect("evidence", "demand", "consumer_overdue_30_rate").low > 0
    assert effect("evidence", "demand", "employment").high < 0
    assert effect("evidence", "demand", "output").high < 0


def _conduct(seed: int) -> dict[str, Figures]:
    """Eight weeks of many borrowers and few firms under three rule sets."""
    start = Ecosystem("baseline", rng=seed, borrowers=60_000, firms=100, burn_in=52)
    found = {}
    arms: Mapping[str, dict[str, Any]] = {
        "base": {},
        "cap": {"rules.attempts_per_week": 1},
        "no_rules": {"rules": "none"},
    }
    for arm, changes in arms.items():
        model = start.branch(changes).run(8)
        measured = model.measures()
        found[arm] = {
            name: float(measured[name].value or 0) for name in ("complaints_per_1000_borrowers", "violations")
        }
        cured = measured["cure_rate_30d_early"].value
        assert cured is not None
        found[arm]["early"] = cured
    return found


@functools.cache
def conduct() -> list[dict[str, Figures]]:
    return on_two_threads(_conduct, range(1, 11))


def conduct_effect(arm: str, figure: str) -> Paired:
    return paired([run[arm][figure] - run["base"][figure] for run in conduct()])


def test_a_cap_on_calls_means_fewer_complaints() -> None:
    assert conduct_effect("cap", "complaints_per_1000_borrowers").high < 0


def test_a_cap_on_calls_costs_no_clear_share_of_early_recovery() -> None:
    """One call a week reaches most whom calls persuade in the fitted world: a small effect, as in R25."""
    effect = conduct_effect("cap", "early")
    assert effect.low < 0 < effect.high
    assert effect.low > -0.03


def test_lifting_the_ban_on_third_parties_means_more_complaints() -> None:
    assert conduct_effect("no_rules", "complaints_per_1000_borrowers").low > 0
    # what nothing forbids cannot be broken
    assert all(run["no_rules"]["violations"] == 0 < run["base"]["violations"] for run in conduct())


def _two_collectors(first: float, rest: float) -> list[dict[str, Any]]:
    """One collector for lender 0, another for all others, with different effort."""
    common = {"kind": "in_house", "stages": ["early", "middle", "late", "charged_off"]}
    return [
        {**common, "name": "first", "lenders": [0], "capacity": 0.2, "effort": first},
        {**common, "name": "rest", "capacity": 0.8, "effort": rest},
    ]


def _displacement(seed: int) -> dict[tuple[float, float], Figures]:
    start = Ecosystem(
        "baseline", rng=seed, borrowers=20_000, firms=100, burn_in=52, collectors=_two_collectors(0, 0),
        changes={"world.products.second_account": 0.9, "world.products.third_account": 0.6},
    )  # fmt: skip
    found = {}
    for efforts in ((0.0, 0.0), (0.2, 0.0), (3.0, 0.0), (0.2, 1.0), (3.0, 1.0)):
        model = start.branch({"collectors": _two_collectors(*efforts)}).run(52)
        a = model.state.accounts
        others = a.lender != 0
        found[efforts] = {
            "displaced": float(model.series()["displaced_payments"].sum()),
            "others_paid": float(a.cumulative_paid[others].sum()),
            "others_late": float((a.days_past_due[others & ~a.charged_off] > 0).mean()),
            "own_late": float((a.days_past_due[~others & ~a.charged_off] > 0).mean()),
        }
    return found


@functools.cache
def displacement() -> list[dict[tuple[float, float], Figures]]:
    return on_two_threads(_displacement, range(1, 9))


def displaced(figure: str, harder: tuple[float, float], softer: tuple[float, float]) -> Paired:
    return paired([run[harder][figure] - run[softer][figure] for run in displacement()])


def test_collecting_harder_for_one_creditor_displaces_payments_to_another() -> None:
    assert displaced("displaced", (3.0, 0.0), (0.2, 0.0)).low > 0
    assert displaced("own_late", (3.0, 1.0), (0.2, 1.0)).high < 0
    assert displaced("others_late", (3.0, 1.0), (0.2, 1.0)).low > 0
    assert displaced("others_paid", (3.0, 1.0), (0.2, 1.0)).high < 0


def test_without_any_collector_at_work_nothing_is_displaced_by_one() -> None:
    assert [run[0.0, 0.0]["displaced"] for run in displacement()] == [0.0] * 8
