"""What collection does to people and what they do back: ways that can be closed, and who bears it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support_model import snapshot
from typer.testing import CliRunner

from arrears import Ecosystem
from sim.cli.app import app
from sim.collection import Capacity, Cases, Treatment, funnel_parameters, register_strategy
from sim.measures.weekly import sleep_prevalence
from sim.spec.loader import load_world
from sim.spec.scenario import HarmSpec

SMALL = {"population.borrowers": 3000, "population.firms": 100, "burn_in": 30}
HARSH = {"strategy": "traditional", "rules": "none"}
#: Arrears weigh on people at once.
HEAVY = {"world.households.stress_from_arrears": 0.5}
#: Numbers that act only through ways that are closed by default.
ASLEEP = {
    "world.households.stress_avoidance": 1.0,
    "world.households.moving": 1.0,
    "world.households.trust_payment": 5.0,
    "world.households.trust_complaints": 5.0,
    "world.collection.third_party_raises": 1.0,
    "world.collection.third_party_lowers": 1.0,
    "world.supervision.social_pressure_normal": 0.0,
    "world.supervision.social_pressure_level": 0.0,
    "world.supervision.social_pressure_response": 1.0,
    "world.supervision.fine_per_breach": 1e6,
}
COMPLAINTS = {f"world.collection.channels.{name}.complaints": 20_000.0 for name in ("human", "field")}


@register_strategy("test_asks_relatives")
class AsksRelatives:
    """Calls everybody and turns to third parties at once."""

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        treatment = Treatment.nothing(len(cases.account)).use("human", 5)
        treatment.third_party[:] = True
        return treatment


@pytest.fixture(scope="module")
def start() -> Ecosystem:
    return Ecosystem("baseline", rng=3, changes=SMALL)


def after(start: Ecosystem, weeks: int, *changes: dict[str, Any]) -> Ecosystem:
    return start.branch({name: value for part in changes for name, value in part.items()}).run(weeks)


def total(model: Ecosystem, name: str) -> float:
    return float(model.series()[name].sum())


def test_numbers_behind_closed_ways_change_nothing(start: Ecosystem) -> None:
    assert after(start, 8, HARSH).digest() == after(start, 8, HARSH, ASLEEP).digest()


def test_trust_moves_nothing_but_itself_while_its_way_is_closed(start: Ecosystem) -> None:
    usual = after(start, 8, HARSH)
    other = after(start, 8, HARSH, {"world.households.trust_loss": 1.0, "world.households.trust_fading": 0.5})
    one, two = snapshot(usual), snapshot(other)
    assert {name for name in one if one[name].tobytes() != two[name].tobytes()} == {"borrowers.trust"}
    figures = usual.series().compare(other.series())
    assert {name for name, _ in figures.columns} == {"trust_mean"}


def test_the_stressed_answer_less_where_that_way_is_open(start: Ecosystem) -> None:
    usual = after(start, 1, HARSH, HEAVY)
    avoiding = after(start, 1, HARSH, HEAVY, {"harm.stress_to_reach": True})
    clock = start.state.clock
    reached, still = (m.state.accounts.last_contact_week == clock for m in (usual, avoiding))
    assert not (still & ~reached).any() and 0 < still.sum() < reached.sum()
    ways = after(start, 12, HARSH, HEAVY), after(start, 12, HARSH, HEAVY, {"harm.stress_to_reach": True})
    rates = [model.measures()["contact_rate"].value for model in ways]
    assert rates[1] < 0.95 * rates[0]  # type: ignore[operator]


def test_where_nobody_avoids_the_open_way_changes_nothing(start: Ecosystem) -> None:
    calm = {"world.households.stress_avoidance": 0.0}
    assert after(start, 6).digest() == after(start, 6, calm, {"harm.stress_to_reach": True}).digest()


def test_stress_keeps_people_out_of_work_unless_that_way_is_closed(start: Ecosystem) -> None:
    trouble = {**HEAVY, "world.households.stress_job_penalty": 1.0, "world.households.job_loss": 0.02}
    held = after(start, 20, trouble)
    free = after(start, 20, trouble, {"harm.stress_to_work": False})
    no_penalty = after(start, 20, trouble, {"world.households.stress_job_penalty": 0.0})
    assert free.digest() == no_penalty.digest()
    assert total(free, "employment") > total(held, "employment")


def test_gentle_service_earns_trust_and_harshness_loses_it(start: Ecosystem) -> None:
    alone, app_based, harsh = (
        after(start, 26, {"strategy": name, "rules": "none"}).measures()["trust_mean"].value or 0
        for name in ("left_alone", "app_based", "traditional")
    )
    assert harsh < alone < app_based
    patient = {"world.households.trust_gain": 0.0, "world.households.trust_loss": 0.0}
    assert after(start, 3, HARSH, patient).series()["trust_mean"].iloc[-1] > harsh


def test_third_parties_cost_trust(start: Ecosystem) -> None:
    kept = after(start, 13, HARSH, {"rules.third_party_contact": False, "world.collection.over_cap_rate": 0})
    assert kept.measures()["trust_mean"].value > after(start, 13, HARSH).measures()["trust_mean"].value  # type: ignore[operator]


def test_trust_returns_to_its_start_at_its_speed(start: Ecosystem) -> None:
    model = start.branch({"strategy": "left_alone"})
    model.state.borrowers.trust[:] = 0.9
    model.run(10)
    usual, speed = (getattr(model.world.households, f"trust_{x}").value for x in ("start", "fading"))
    expected = usual + (0.9 - usual) * (1 - speed) ** 10
    assert model.state.borrowers.trust == pytest.approx(expected, rel=1e-5)


def trusting(start: Ecosystem, trust: float, **more: Any) -> Ecosystem:
    changes = {
        "harm.trust_to_conduct": True,
        "world.households.trust_payment": 2.0,
        "world.households.trust_complaints": 4.0,
        "world.households.trust_fading": 0.0,
        "world.households.trust_gain": 0.0,
        "world.households.trust_loss": 0.0,
    }
    model = start.branch({**changes, **more})
    model.state.borrowers.trust[:] = trust
    return model.run(8)


def test_trust_acts_on_payments_and_complaints_where_that_way_is_open(start: Ecosystem) -> None:
    poor, rich = (trusting(start, trust, strategy="left_alone") for trust in (0.0, 1.0))
    assert total(rich, "recovered_late") > total(poor, "recovered_late")
    poor, rich = (trusting(start, trust, strategy="traditional", **COMPLAINTS) for trust in (0.0, 1.0))
    assert total(rich, "complaints") < 0.7 * total(poor, "complaints")
    usual = trusting(start, 0.5, strategy="traditional")
    shut = trusting(start, 0.5, strategy="traditional", **{"harm.trust_to_conduct": False})
    assert usual.digest() == shut.digest()


def test_measured_complaints_are_those_that_the_attempts_bring_on_average(start: Ecosystem) -> None:
    model = after(start, 26, HARSH, COMPLAINTS)
    drawn, expected = total(model, "complaints"), total(model, "complaints_expected")
    assert expected > 1000
    assert abs(drawn - expected) < 4 * expected**0.5  # a sum of rare events varies by its mean at most
    measured = model.measures()
    contacted = total(model, "contacted")
    assert measured["complaints_per_1000"].value == pytest.approx(1000 * expected / contacted)
    assert measured["complaints_per_1000_borrowers"].value == pytest.approx(1000 * expected / 3000 * 52 / 26)


def test_a_rule_is_paired_by_what_complaints_it_brings_not_by_their_luck(start: Ecosystem) -> None:
    """The law moves calls between weeks, and with them whose complaint is drawn: the measure stays."""
    now, law = (after(start, 52, more) for more in ({}, {"rules": "us-regulation-f"}))
    assert 0 < total(now, "complaints") < 100  # few: one more or less is per cents of them
    rise = total(law, "complaints_expected") / total(now, "complaints_expected") - 1
    assert 0 < abs(rise) < 0.1


def test_the_sign_of_third_party_contact_is_a_choice(start: Ecosystem) -> None:
    raises, none, lowers, world = (
        after(start, 1, {"strategy": "test_asks_relatives", "rules": "none", "harm.third_party": sign})
        for sign in ("raises", "none", "lowers", "world")
    )
    clock = start.state.clock
    up, same, down = (m.state.accounts.promise_week == clock + 1 for m in (raises, none, lowers))
    assert down.sum() < same.sum() < up.sum()
    assert not (down & ~same).any() and not (same & ~up).any()
    # 'evidence' takes no effect, since the two studies disagree
    assert world.digest() == none.digest()


def test_the_magnitudes_are_those_of_the_two_studies() -> None:
    for name in ("evidence", "report"):
        world = load_world(name)
        assert world.collection.third_party_raises.source == "C23"
        assert world.collection.third_party_lowers.source == "C24"
        pressures = [
            funnel_parameters(world, harm=HarmSpec(third_party=sign)).third_party_pressure  # type: ignore[arg-type]
            for sign in ("raises", "none", "lowers", "world")
        ]
        assert pressures == pytest.approx([1.5, 1.0, 0.7, world.collection.third_party_pressure.value])


def test_pressure_makes_people_move_where_that_way_is_open(start: Ecosystem) -> None:
    usual = after(start, 13, HARSH, HEAVY)
    pressed = after(start, 13, HARSH, HEAVY, {"harm.pressure_to_moving": True})
    assert total(pressed, "moved") > 1.2 * total(usual, "moved") > 0
    assert pressed.measures()["contact_rate"].value < usual.measures()["contact_rate"].value  # type: ignore[operator]
    still = {"harm.pressure_to_moving": True, "world.households.moving": 0.0}
    assert after(start, 13, HARSH, HEAVY, still).digest() == usual.digest()


def test_the_part_of_numbers_that_attempts_cost_is_blocked() -> None:
    wearing = {f"world.collection.channels.{c}.reach_loss": 0.03 for c in ("human", "text")}
    changes = {**SMALL, **HARSH, **wearing, "burn_in": 0, "world.households.reach_halving": 0.0}
    model = Ecosystem("baseline", rng=4, changes=changes).run(40)
    b = model.state.borrowers
    reach = b.phone_reach[b.phone_reach > 0].astype(np.float64)
    kept = np.count_nonzero((b.blocked & 1 == 0) & (b.phone_reach > 0))
    assert reach.sum() < 0.9 * len(reach)
    assert abs(kept - reach.sum()) < 4 * np.sqrt((reach * (1 - reach)).sum())
    assert total(model, "numbers_blocked") == int(b.blocks.sum()) >= len(reach) - kept


def test_social_media_restrain_a_collector_that_many_complain_about(start: Ecosystem) -> None:
    loud = {**HARSH, **COMPLAINTS}
    usual = after(start, 13, loud)
    restrained = after(start, 13, loud, {"harm.social_pressure": True})
    calls, fewer = (int(m.state.accounts.person_attempts.sum()) for m in (usual, restrained))
    before = int(start.state.accounts.person_attempts.sum())
    assert fewer - before < 0.9 * (calls - before)
    assert max(c.social_pressure for c in restrained.collectors) > 0.5
    assert all(c.social_pressure == 0 for c in usual.collectors)


def test_without_complaints_or_response_social_media_change_nothing(start: Ecosystem) -> None:
    harmless = {f"world.collection.channels.{c}.complaints": 0.0 for c in ("human", "field", "text", "robot")}
    quiet = {**HARSH, **harmless}
    assert after(start, 6, quiet).digest() == after(start, 6, quiet, {"harm.social_pressure": True}).digest()


def test_social_media_bring_inspections(start: Ecosystem) -> None:
    strict = {
        **COMPLAINTS, "strategy": "traditional", "rules.attempts_per_week": 2,
        "rules.inspection_rate": 0.05, "world.supervision.complaint_finds": 0.0,
        "world.supervision.social_pressure_response": 0.0,
    }  # fmt: skip
    usual = after(start, 26, strict)
    watched = after(start, 26, strict, {"harm.social_pressure": True})
    assert total(watched, "violations") == total(usual, "violations")
    assert total(watched, "violations_found") > total(usual, "violations_found")


@pytest.mark.parametrize(("stress", "share"), [(0.0, 0.15), (0.5, 0.240), (1.0, 0.361)])
def test_sleep_disorder_has_its_closed_form(stress: float, share: float) -> None:
    h = load_world("evidence").households
    found = sleep_prevalence(stress, h.sleep_base_rate.value, h.sleep_odds_ratio.value)
    assert found == pytest.approx(share, abs=0.0005)


def test_hardship_by_group_sums_to_the_totals_of_the_run(start: Ecosystem) -> None:
    model = after(start, 26, {"rules": "none"})
    table = model.hardship()
    assert set(table["by"]) == {"all", "age_group", "income", "collector", "strategy"}
    totals = {
        "received_late": "recovered_late",
        "displaced_payments": "displaced_payments",
        "collection_cost": "collection_cost",
        "essentials_missed": "essentials_missed",
        "attempts": "attempts",
        "complaints": "complaints",
        "numbers_blocked": "numbers_blocked",
        "moved": "moved",
    }
    for by, part in table.groupby("by"):
        assert part["borrowers"].sum() == 3000, by
        for column, weekly in totals.items():
            assert part[column].sum() == total(model, weekly), (by, column)
        weights = part["borrowers"].to_numpy()
        for column in ("stress_mean", "trust_mean"):
            mean = float((part[column].fillna(0) * weights).sum() / weights.sum())
            assert mean == pytest.approx(model.series()[column].iloc[-1], rel=1e-6)
    late = table[table["by"] == "collector"].set_index("group")
    assert late.loc["none", "late"] < late["late"].sum() / 2
    assert (late["sleep_disorder"].isna() == (late["over_180d"] == 0)).all()


def test_a_run_writes_its_hardship(tmp_path: Path) -> None:
    given = ["--set", "population.borrowers=400", "--set", "population.firms=80", "--set", "burn_in=10"]
    made = CliRunner().invoke(app, ["run", "--weeks", "4", "--seed", "1", *given, "--out", str(tmp_path)])
    assert made.exit_code == 0, made.output
    table = pd.read_csv(tmp_path / "hardship.csv")
    assert table.loc[0, "by"] == "all" and table.loc[0, "borrowers"] == 400
    assert table[table["by"] == "age_group"]["attempts"].sum() == table.loc[0, "attempts"]
