"""Lenders: what their standards are measured against."""

from __future__ import annotations

import numpy as np

import sim

SMALL = {"borrowers": 2000, "firms": 150, "burn_in": 20}


def test_all_arms_measure_recovery_against_the_same_usual_level() -> None:
    start = sim.Ecosystem(rng=5, **SMALL)
    usual = start.state.lenders.normal_recovery.copy()
    assert (usual > 0).all()
    arms = [start.branch({"strategy": name}).run(15) for name in ("left_alone", "app_based")]
    for arm in arms:
        assert np.array_equal(arm.state.lenders.normal_recovery, usual)
    assert arms[1].state.lenders.recovery.mean() > arms[0].state.lenders.recovery.mean()


def test_standards_tighten_when_capital_is_lost_and_stay_when_the_channel_is_closed() -> None:
    start = sim.Ecosystem(rng=5, **SMALL)
    start.state.lenders.normal_recovery[:] *= 4  # recovery is a quarter of what it used to be
    opened, closed = (start.branch({"channels.lender_to_credit": state}).run(10) for state in (True, False))
    assert (opened.state.lenders.standard < start.state.lenders.standard - 0.01).all()
    assert np.array_equal(closed.state.lenders.standard, start.state.lenders.standard)
