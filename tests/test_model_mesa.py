"""The real model inside Mesa: batch runs, collected frames, agent sets, pickle and deepcopy."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import mesa
import numpy as np
import pytest
from support_model import seasoned

from sim.agents.institutions import Collector, Lender, Regulator
from sim.agents.people import Borrower, Firm
from sim.core.errors import SpecError
from sim.model import REPORTED, Ecosystem

SMALL: dict[str, Any] = {"borrowers": 300, "firms": 60, "weeks": 5, "burn_in": 2}


@pytest.fixture(scope="module")
def model() -> Ecosystem:
    return seasoned().copy().run(4)


def batch(number_processes: int = 1) -> list[dict[str, Any]]:
    parameters = {"scenario": "baseline", "strategy": ["traditional", "app_based"], **SMALL}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer versions warn of their own renamed argument
        found: list[dict[str, Any]] = mesa.batch_run(
            Ecosystem, parameters, iterations=2, number_processes=number_processes, data_collection_period=1,
            display_progress=False,
        )  # fmt: skip
    return found


def test_a_seed_means_the_same_by_either_name() -> None:
    by_name: tuple[dict[str, Any], ...] = ({"seed": 7}, {"changes": {"seed": 7}}, {"seed": 7, "rng": 7})
    runs = [Ecosystem("baseline", **name, **SMALL) for name in by_name]
    assert {run.seed for run in runs} == {7} and len({run.digest() for run in runs}) == 1
    assert Ecosystem(rng=7, **SMALL).run().measures() == runs[0].run().measures()
    assert Ecosystem(**SMALL).seed != Ecosystem(**SMALL).seed  # drawn
    with pytest.raises(SpecError, match=r"Ecosystem, seed: 7 is given together with rng=8"):
        Ecosystem(rng=8, seed=7, **SMALL)


def test_batch_run() -> None:
    rows = batch()
    assert {row["strategy"] for row in rows} == {"traditional", "app_based"}
    assert {row["RunId"] for row in rows} == set(range(4))
    for run in range(4):
        mine = [row for row in rows if row["RunId"] == run]
        assert [row["week"] for row in mine] == [0, 1, 2, 3, 4]  # the model itself says when it ends
        assert set(REPORTED) <= set(mine[-1])
    # iterations differ, as their seeds do
    last = [row["output"] for row in rows if row["week"] == 4 and row["strategy"] == "app_based"]
    assert len(set(last)) == 2


def test_collected_frame(model: Ecosystem) -> None:
    frame = model.datacollector.get_model_vars_dataframe()
    assert frame.columns.tolist() == list(REPORTED)
    assert frame["week"].tolist() == [0, 1, 2, 3]
    series = model.series()
    for name in REPORTED:
        assert frame[name].tolist() == series[name].tolist()
    assert (frame["output"] > 0).all()


def test_agents_of_every_kind(model: Ecosystem) -> None:
    kinds = {kind: len(agents) for kind, agents in model.agents_by_type.items()}
    assert kinds == {Borrower: 400, Firm: 80, Lender: 5, Collector: 2, Regulator: 1}
    assert len(model.agents) == sum(kinds.values())
    assert set(model.agent_types) == set(kinds)
    assert [agent.name for agent in model.collectors] == ["in_house", "agency"]
    assert (
        sum(lender.household_loans for lender in model.lenders) == model.state.lenders.household_loans.sum()
    )
    (regulator,) = model.regulators
    assert (regulator.rules, regulator.fines) == ("china-2023", model.state.collectors.fines.sum())


def test_sets_agree_with_the_columns(model: Ecosystem) -> None:
    b, f = model.state.borrowers, model.state.firms
    assert model.borrowers.get("cash") == b.cash.tolist()
    late = model.borrowers.select(lambda agent: agent.days_past_due > 0)
    assert len(late) == np.count_nonzero(b.days_past_due > 0) > 0
    assert model.firms.agg("cash", sum) == f.cash.sum()
    by_sector = model.firms.groupby("sector").agg("sales", sum)
    assert by_sector == {s: f.sales[f.sector == s].sum() for s in np.unique(f.sector)}
    richest = model.firms.select(at_most=3, filter_func=lambda agent: agent.alive)
    assert len(richest) == 3
    everyone = model.agents.select(agent_type=Borrower)
    assert sum(agent.at_work for agent in everyone) == np.count_nonzero(b.employer != -1)
    employed = [agent for agent in model.borrowers if agent.employer >= 0]
    assert {model.firms[int(agent.employer)].sector_name for agent in employed} <= set(model.sectors)


def test_a_user_may_write_through_an_agent(model: Ecosystem) -> None:
    twin = model.copy()
    agent = twin.borrowers[5]
    agent.stress = 0.5
    assert twin.state.borrowers.stress[5] == 0.5
    assert model.state.borrowers.stress[5] != 0.5
    twin.borrowers.set("stress", 0.25)
    assert (twin.state.borrowers.stress == 0.25).all()


@pytest.mark.parametrize("how", ["pickle", "deepcopy"])
def test_travellers_go_on_alike(model: Ecosystem, how: str) -> None:
    here = model.copy()
    there = pickle.loads(pickle.dumps(here)) if how == "pickle" else copy.deepcopy(here)
    assert there.digest() == here.digest()
    here.run(3), there.run(3)
    assert there.digest() == here.digest() != model.digest()
    assert there.series().equals(here.series())
    assert len(there.agents) == len(here.agents)
    there.ledger.check()


def test_views_of_accounts_and_links_are_read_only(model: Ecosystem) -> None:
    for table in (model.accounts, model.links, model.placements):
        for column in table.values():
            with pytest.raises(ValueError, match="read-only"):
                column[:1] = 0
    assert len(model.placements["account"]) == model.state.placements_used > 0


def test_stopping_is_the_scenarios() -> None:
    run = Ecosystem("baseline", rng=1, **SMALL)
    assert run.running and run.week == 0
    run.run()
    assert (run.week, run.running, run.steps) == (5, False, 5)
    assert run.run(2).week == 7
