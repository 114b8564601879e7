"""Collectors that copy better earners: off by default, real when asked for."""

from __future__ import annotations

import pytest

import sim
from sim.phases.adaptation import earnings

SMALL = {"borrowers": 2000, "firms": 150, "burn_in": 8}
RIVALS = [
    {
        "name": "callers", "kind": "agency", "strategy": "traditional", "lenders": [0, 1],
        "stages": ["early", "middle", "late", "charged_off"],
        "contract": {"kind": "commission", "rate": 0.01},  # so badly paid that one week cannot turn it
    },
    {
        "name": "app", "kind": "agency", "strategy": "app_based", "lenders": [2, 3, 4],
        "stages": ["early", "middle", "late", "charged_off"], "contract": {"kind": "commission"},
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def rivals() -> sim.Ecosystem:
    return sim.Ecosystem(rng=3, changes={"collectors": RIVALS}, **SMALL)


def strategies(model: sim.Ecosystem) -> list[str]:
    return [collector.strategy for collector in model.collectors]


def test_nobody_changes_strategy_unless_asked(rivals: sim.Ecosystem) -> None:
    assert strategies(rivals.branch({}).run(30)) == ["traditional", "app_based"]


def test_the_poorer_collector_copies_the_richer_one_at_the_next_look(rivals: sim.Ecosystem) -> None:
    model = rivals.branch({"adaptation.enabled": True, "adaptation.imitation": 1.0})
    model.run(12)
    earned = earnings(model.state)
    assert strategies(model) == ["traditional", "app_based"]
    model.run(1)
    assert earned[1] > 1.5 * abs(earned[0])
    assert strategies(model) == ["app_based", "app_based"]


def test_a_pinned_strategy_stays(rivals: sim.Ecosystem) -> None:
    model = rivals.branch({"adaptation.enabled": True, "adaptation.imitation": 1.0, "strategy": "ai_tiered"})
    assert strategies(model.run(27)) == ["ai_tiered", "ai_tiered"]
