"""Rankings of firms by the harm that their failure would do, and the shipped chain reaction."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
from support_model import seasoned

from sim.model import Ecosystem


def test_the_ranking_is_sorted_and_every_firm_is_in_it() -> None:
    model = seasoned(population__firms=300, population__borrowers=400)
    table = model.super_spreaders()
    f = model.state.firms
    assert sorted(table["firm"]) == list(range(300))
    assert table["esri"].is_monotonic_decreasing
    share = table["weekly_sales"] / f.normal_sales.sum()
    assert (table["esri"] >= share - 1e-9).all()  # at least its own output is lost
    assert (table["felled"] >= 1).all() and (table["loss"] >= 0).all()
    assert table["converged"].mean() > 0.95


def test_the_worst_by_losses_harms_more_than_the_median_firm_in_the_model() -> None:
    start = seasoned(population__firms=300, population__borrowers=400)
    table = start.super_spreaders().sort_values("loss")
    extra = []
    usual = start.copy().run(26).series()["trade_written_off"].sum()
    for firm in (table["firm"].iloc[len(table) // 2], table["firm"].iloc[-1]):
        event = {"kind": "fail", "week": 0, "firm": int(firm)}
        extra.append(start.branch({"events": [event]}).run(26).series()["trade_written_off"].sum() - usual)
    assert extra[1] > 10 * max(1, extra[0])


def test_describe_lists_the_most_harmful_firms() -> None:
    command = [
        sys.executable,
        "-m",
        "arrears",
        "describe",
        "--firms",
        "100",
        "--super-spreaders",
        "3",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = json.loads(done.stdout)["super_spreaders"]
    assert len(rows) == 3
    assert rows[0]["esri"] >= rows[1]["esri"] >= rows[2]["esri"] > 0


def test_the_chain_reaction_starts_with_a_shock_only() -> None:
    start = Ecosystem("chain-reaction", rng=2, changes={"population.borrowers": 300})
    calm = start.copy().run(78)
    assert len(calm.state.events) == 0
    chosen = np.random.Generator(np.random.Philox(5)).choice(2000, 5, replace=False)
    shock = [{"kind": "fail", "week": 1, "firm": int(firm)} for firm in chosen]
    shocked = start.branch({"events": [*start.spec.model_dump()["events"], *shock]}).run(78)
    assert len(shocked.state.events) > 5 * len(shock)
