"""Rules in a run: dates and events, fines, licences, lost staff, breathing space, frozen interest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support_model import on_two_threads, paired

from arrears import Ecosystem
from sim.agents.institutions import Collector
from sim.collection import Module, modules, register_module
from sim.core.errors import SpecError
from sim.phases.sanctions import staff_present
from sim.phases.staff import capacity_of
from sim.spec.loader import rule_set_names

#: Both collectors are paid their costs, the agency with a margin, so that both have a turnover.
SMALL = {
    "population.borrowers": 3000,
    "population.firms": 100,
    "burn_in": 30,
    "collectors[1].contract": {"kind": "fee", "rate": 0.1},
}
#: Every week is inspected, every inspection finds, and people break rules often.
WATCHED = {
    "rules.third_party_contact": False,
    "rules.inspection_rate": 1.0,
    "world.supervision.inspection_finds": 1.0,
    "world.collection.over_cap_rate": 0.5,
}
IN_HOUSE, AGENCY = 0, 1


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules._modules, "_classes", dict(modules._modules._classes))


@pytest.fixture(scope="module")
def start() -> Ecosystem:
    return Ecosystem("baseline", rules="none", rng=3, changes=SMALL)


def attempts_by_week(model: Ecosystem, weeks: int) -> list[list[int]]:
    """Attempts of each collector in each of the next weeks."""
    found, before = [], model.state.collectors.attempts.copy()
    for _ in range(weeks):
        model.step()
        found.append((model.state.collectors.attempts - before).tolist())
        before = model.state.collectors.attempts.copy()
    return found


def rule_file(folder: Path, rules: str) -> str:
    path = folder / "strict.yaml"
    path.write_text(f"id: strict\nlabel: {{en: Strict, zh: 严}}\njurisdiction: XX\n{rules}", encoding="utf-8")
    return str(path)


def silence(folder: Path, day: str = "") -> str:
    """A rule set under which nobody is called."""
    dated = f"in_force: {day}, " if day else ""
    return rule_file(folder, f"attempts_per_week: {{value: 0, unit: 1/week, {dated}source: assumption}}\n")


# -- when a rule begins ---------------------------------------------------------------------------
def test_rules_change_in_mid_run_by_event(start: Ecosystem, tmp_path: Path) -> None:
    event = {"kind": "rules", "week": 3, "rules": silence(tmp_path)}
    free, strict = start.branch({}).run(5).series(), start.branch({"events": [event]}).run(5).series()
    pd.testing.assert_frame_equal(free.iloc[:3], strict.iloc[:3])
    assert (strict["labour_cost"].iloc[3:] < free["labour_cost"].iloc[3:]).all()
    people = {"world.collection.over_cap_rate": 0.0, "events": [event]}
    assert (
        start.branch(people).run(5).series()["labour_cost"].iloc[3:] < 0.2 * free["labour_cost"].iloc[3:]
    ).all()


def test_the_same_file_bites_when_its_day_comes(start: Ecosystem, tmp_path: Path) -> None:
    """The run begins on Monday, 5 January 2026; the week of 2 February is the first under the rule."""
    law = {"rules": silence(tmp_path, "2026-01-30"), "world.collection.over_cap_rate": 0.0}
    free = start.branch({"world.collection.over_cap_rate": 0.0}).run(6).series()
    dated = start.branch(law | {"start": "2026-01-05"})
    in_force = []
    for _ in range(6):
        dated.step()
        in_force.append(dated.rules.attempts_per_week is not None)
    assert in_force == [False] * 4 + [True] * 2
    cost = dated.series()["labour_cost"]
    pd.testing.assert_series_equal(cost.iloc[:4], free["labour_cost"].iloc[:4])
    assert (cost.iloc[4:] < 0.2 * free["labour_cost"].iloc[4:]).all()
    undated = start.branch(law).run(1).series()["labour_cost"]
    assert undated.iloc[0] < 0.2 * free["labour_cost"].iloc[0]


def test_a_branch_uses_the_rule_set_it_names(start: Ecosystem) -> None:
    assert start.rules.id == "none"
    for name in ("china-2023", "china-2026", "none"):
        assert start.branch({"rules": name}).rules.id == name
    assert start.branch({"rules.attempts_per_day": 3}).rules.id == "none"


@pytest.mark.parametrize("day", ["0001-01-01", "2023-02-30", "soon", 3])
def test_an_impossible_day_is_told(start: Ecosystem, day: object) -> None:
    with pytest.raises(SpecError, match=r"start.*(out of range|is not a date).*(1900-01-01|such as)"):
        start.branch({"start": day})


def test_rules_that_cannot_bite_change_nothing(start: Ecosystem) -> None:
    toothless = {
        "attempts_per_day": 1000, "attempts_per_week": 7000, "electronic_messages_per_week": 7000,
        "call_pause_days": 0, "pause_after_contact_days": 0, "breathing_space_days": 0,
        "interest_freeze_days": 30_000, "forbearance_required": False, "plan_offer_required": False,
        "licence_required": True, "licence_suspension_violations": 1, "licence_suspension_weeks": 52,
        "enforcement_capacity_loss": 0.9, "data_misuse_fine_share": 0.5, "data_misuse_fine_ceiling": 1e9,
        "inspection_rate": 1.0, "fine_per_violation": 1e6, "field_visits": True, "third_party_contact": True,
    }  # fmt: skip
    bound = start.branch({f"rules.{name}": value for name, value in toothless.items()}).run(8)
    assert bound.digest() == start.branch({}).run(8).digest()


# -- fines ----------------------------------------------------------------------------------------
def fined(start: Ecosystem, weeks: int = 4, **rules: float) -> tuple[list[int], Ecosystem]:
    """Fines of each collector after some weeks, fen."""
    model = start.branch(WATCHED | {f"rules.{name}": value for name, value in rules.items()}).run(weeks)
    return model.state.collectors.fines.tolist(), model


def test_misuse_of_data_costs_a_share_of_turnover() -> None:
    """With no year before, turnover is what the collector was paid up to the week of the finding."""
    fresh = Ecosystem("baseline", rules="none", rng=5, changes=SMALL | {"burn_in": 0} | WATCHED)
    share = fresh.branch({"rules.data_misuse_fine_share": 0.05})
    paid: np.ndarray = np.zeros(2, np.int64)
    expected = np.zeros(2, np.int64)
    for _ in range(20):
        share.step()
        paid = share.state.collectors.commission
        first = (share.state.collectors.violations_found > 0) & (expected == 0)
        expected[first] = (0.05 * paid[first]).astype(np.int64)
    assert expected[AGENCY] > 0
    assert share.state.collectors.fines.tolist() == expected.tolist()


def test_the_ceiling_bounds_the_fine(start: Ecosystem) -> None:
    low, _ = fined(start, data_misuse_fine_share=0.05)
    twice, _ = fined(start, data_misuse_fine_share=0.10)
    assert low[AGENCY] > 0 and abs(twice[AGENCY] - 2 * low[AGENCY]) <= 1
    above, _ = fined(start, data_misuse_fine_share=0.05, data_misuse_fine_ceiling=low[AGENCY] / 100 + 1)
    below, _ = fined(start, data_misuse_fine_share=0.05, data_misuse_fine_ceiling=low[AGENCY] / 200)
    assert above == low
    assert below[AGENCY] == round(low[AGENCY] / 2)


def test_misuse_is_fined_once_a_year_and_not_twice_for_the_same(start: Ecosystem) -> None:
    fines, model = fined(start, 12, data_misuse_fine_share=0.05, fine_per_violation=1e6)
    series = model.series()
    assert series["violations_found"].astype(bool).sum() > 3
    assert series["misuse_fines"].astype(bool).sum() <= 2  # once for each collector
    assert sum(fines) == series["misuse_fines"].sum() == series["fines"].sum() > 0
    fixed, model = fined(start, 12, fine_per_violation=1.5)
    assert sum(fixed) == 150 * model.series()["violations_found"].sum() > 0


def test_holding_a_forbidden_data_source_is_misuse(start: Ecosystem) -> None:
    @register_module("reads_telecom")
    class ReadsTelecom(Module):
        sources = ("telecom",)

    users = {"strategy": "left_alone+reads_telecom"} | WATCHED | {"world.collection.over_cap_rate": 1.0}
    forbidden = {"rules.data_telecom": False, "rules.data_misuse_fine_share": 0.05}
    kept = start.branch(users | forbidden).run(2)
    series = kept.series()
    assert (series["violations_data_source"] == 2).all() and (series["violations"] == 2).all()
    assert series["misuse_fines"].iloc[0] > 0 == series["misuse_fines"].iloc[1]
    for free in ({"rules.data_telecom": True}, {"strategy": "left_alone+reads_telecom+compliance_guard"}):
        assert start.branch(users | forbidden | free).run(2).series()["violations"].sum() == 0


def test_violations_are_counted_by_kind(start: Ecosystem) -> None:
    _, model = fined(start, 4, attempts_per_week=2)
    series = model.series()
    kinds = [name for name in series if name.startswith("violations_") and name != "violations_found"]
    assert (series[kinds].sum(axis=1) == series["violations"]).all()
    assert series["violations_attempts_per_week"].sum() > 0 < series["violations_third_party_contact"].sum()


def test_what_is_found_is_what_inspections_and_complaints_find(start: Ecosystem) -> None:
    blind = WATCHED | {"rules.inspection_rate": 0.0, "world.supervision.complaint_finds": 0.0}
    unseen = start.branch(blind).run(8).measures()
    assert (unseen["violations"].value or 0) > 0 == unseen["violations_found_share"].value
    assert start.branch(WATCHED).run(8).measures()["violations_found_share"].value == 1.0
    heard = blind | {
        "world.supervision.complaint_finds": 1.0,
        "world.collection.third_party_complaints": 100.0,
    }
    some = start.branch(heard).run(8).measures()["violations_found_share"].value
    assert some is not None and 0 < some < 1


@pytest.mark.parametrize("law", sorted(set(rule_set_names()) - {"none"}))
def test_who_checks_every_contact_breaks_no_law(start: Ecosystem, law: str) -> None:
    pressed = {"rules": law, "world.collection.over_cap_rate": 0.5, "world.collection.field_visits": 20.0}
    plain = start.branch(pressed).run(3).series()["violations"]
    guarded = start.branch(pressed | {"strategy": "traditional+compliance_guard"}).run(3).series()
    assert plain.sum() > 0 == guarded["violations"].sum() and guarded["attempts"].sum() > 0


def test_branches_do_not_share_what_supervision_remembers(start: Ecosystem) -> None:
    law = WATCHED | {"rules.licence_suspension_violations": 30, "rules.licence_suspension_weeks": 3}
    law |= {"rules.enforcement_capacity_loss": 0.3, "rules.data_misuse_fine_share": 0.05}
    first = start.branch(law)
    aside = first.branch({"world.collection.over_cap_rate": 1.0}).run(6)
    assert aside.digest() != first.run(6).digest() == start.branch(law).run(6).digest()


# -- licences and staff ---------------------------------------------------------------------------
def test_a_suspended_agency_contacts_nobody_and_keeps_its_accounts(start: Ecosystem) -> None:
    law = {"rules.licence_suspension_violations": 1, "rules.licence_suspension_weeks": 3}
    model = start.branch(WATCHED | law)
    worked = attempts_by_week(model, 9)
    stopped = [week for week, made in enumerate(worked) if made[AGENCY] == 0]
    first = stopped[0]
    assert stopped[:3] == [first, first + 1, first + 2] and worked[first + 3][AGENCY] > 0
    assert all(made[IN_HOUSE] > 0 for made in worked)
    assert model.state.collectors.accounts[AGENCY] > 0
    agency = model.agents_by_type[Collector][AGENCY]
    assert not agency.suspended or agency.violations > 0
    suspended = model.series()["suspended"]
    assert suspended.iloc[:first].sum() == 0 and (suspended.iloc[first : first + 3] == 1).all()
    many = start.branch(WATCHED | law | {"rules.licence_suspension_violations": 1_000_000})
    assert all(made[AGENCY] > 0 for made in attempts_by_week(many, 9))


def test_where_a_licence_is_required_an_agency_without_one_does_not_work(start: Ecosystem) -> None:
    required = {"rules.licence_required": True}
    free, bound, licensed = (
        attempts_by_week(start.branch(changes), 2)
        for changes in (
            {"collectors[1].licensed": False},
            {"collectors[1].licensed": False} | required,
            {"collectors[0].licensed": False} | required,
        )
    )
    assert free == licensed
    assert all(made[AGENCY] == 0 < made[IN_HOUSE] for made in bound)


def test_enforcement_takes_staff_that_comes_back_slowly(start: Ecosystem) -> None:
    law = {"rules.enforcement_capacity_loss": 0.5, "world.supervision.rehiring": 0.0}
    model = start.branch(WATCHED | law)
    full = capacity_of(model.state, AGENCY)
    model.run(4)
    half = capacity_of(model.state, AGENCY)
    assert model.state.collectors.violations_found[AGENCY] > 0
    assert half.dials in (full.dials // 2, full.dials // 2 + 1) and half.visits <= full.visits // 2 + 1
    calm = model.branch({"rules.third_party_contact": True, "world.supervision.rehiring": 0.1})
    for week in range(1, 6):
        calm.step()
        assert staff_present(calm.state, AGENCY) == pytest.approx(1 - 0.5 * 0.9**week)


def _crackdown(seed: int) -> dict[str, float]:
    """The shipped crackdown, which begins in week 13, beside the same economy without it."""
    small = {"population.borrowers": 2000, "population.firms": 100, "burn_in": 20}
    calm, hard = (Ecosystem(name, rng=seed, changes=small).run(30) for name in ("baseline", "crackdown"))
    before, under, late = slice(0, 13), slice(13, None), slice(18, None)
    c, h = calm.series(), hard.series()
    pd.testing.assert_frame_equal(c.iloc[before], h.iloc[before])
    return {
        "found": float(h["violations_found"][under].sum() - c["violations_found"][under].sum()),
        "labour": float(h["labour_cost"][late].sum() / c["labour_cost"][late].sum() - 1),
        "violations": float(h["violations"][late].sum() - c["violations"][late].sum()),
        "staff": float(staff_present(hard.state, AGENCY)),
    }


def test_a_crackdown_costs_capacity_for_a_year() -> None:
    """Over seeds: in so small an economy a seed or two sees no violation found in these weeks."""
    runs = on_two_threads(_crackdown, range(1, 9))
    assert paired([run["found"] for run in runs]).low > 0
    assert paired([run["labour"] for run in runs]).high < 0
    assert paired([run["violations"] for run in runs]).high < 0
    for run in runs:
        assert run["staff"] < 0.5 if run["found"] > 0 else run["staff"] == 1


# -- breathing space and interest -------------------------------------------------------------------
GRANTED = {"rules.breathing_space_days": 60, "world.households.breathing_space_uptake": 1.0}


def late_book(model: Ecosystem) -> dict[str, Any]:
    a, b = model.state.accounts, model.state.borrowers
    return {
        "peace": b.breathing_until[a.borrower] > model.state.clock, "late": a.days_past_due.copy(),
        "attempts": a.attempts.copy(), "balance": a.balance.copy(), "contact": a.last_contact_week.copy(),
        "off": a.charged_off.copy(),
    }  # fmt: skip


def test_in_a_breathing_space_nobody_calls_no_interest_runs_and_nothing_ages(start: Ecosystem) -> None:
    model = start.branch(GRANTED).run(2)
    seen = 0
    for _ in range(12):
        before = late_book(model)
        model.step()
        a, after = model.state.accounts, late_book(model)
        quiet = before["peace"] & (before["late"] > 0) & ~before["off"] & (before["balance"] > 0)
        seen += int(np.count_nonzero(quiet))
        same = (after["attempts"] == before["attempts"]) | (after["attempts"] == 0)
        assert same[quiet].all() and (after["contact"] == before["contact"])[quiet].all()
        paid = a.paid_this_week[quiet]
        unpaid = quiet & (a.arrears > 0)
        assert (after["balance"][unpaid] == before["balance"][unpaid] - a.paid_this_week[unpaid]).all()
        assert (after["late"][unpaid] == before["late"][unpaid]).all() and not after["off"][unpaid].any()
        assert (paid >= 0).all()
    assert seen > 100


def test_a_breathing_space_lasts_at_least_its_days_and_delays_the_charge_off(start: Ecosystem) -> None:
    model, other = start.branch(GRANTED), start.branch({})
    model.run(1)
    until = model.state.borrowers.breathing_until
    registered = until > 0
    assert registered.any() and set(until[registered].tolist()) == {model.state.clock + 9}
    assert model.series()["breathing_spaces"].sum() == registered.sum()
    model.run(25)
    other.run(26)
    assert model.series()["charge_offs"].sum() < other.series()["charge_offs"].sum()
    late = model.state.accounts.days_past_due[model.state.accounts.clock_stopped > 9]
    assert late.size == 0  # once in a year and a week


def test_uptake_is_the_chance_to_register(start: Ecosystem) -> None:
    everyone = start.branch(GRANTED).run(10).series()["breathing_spaces"].sum()
    nobody = start.branch(GRANTED | {"world.households.breathing_space_uptake": 0.0}).run(10)
    some = start.branch(GRANTED | {"world.households.breathing_space_uptake": 0.5}).run(10)
    assert nobody.digest() == start.branch({}).run(10).digest()
    share = some.series()["breathing_spaces"].sum() / everyone
    assert share == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(everyone))


@pytest.mark.parametrize("world", ["evidence", "report"])
def test_as_many_register_in_the_first_year_as_did(world: str) -> None:
    """13.6 of 10,000 adults did (R12); borrowers stand for adults."""
    size, seeds = 20_000, range(12)

    def first_year(seed: int) -> int:
        model = Ecosystem(world=world, rules="uk-conc-breathing-space", rng=seed, borrowers=size)
        return int(model.run(52).series()["breathing_spaces"].sum())

    registered = sum(on_two_threads(first_year, seeds))
    rates = stats.poisson.interval(0.95, registered)
    low, high = (1e4 * count / size / len(seeds) for count in rates)
    assert low < 13.6 < high and high - low < 6, (low, high)


def test_frozen_interest_is_exact_to_the_fen(start: Ecosystem) -> None:
    frozen, free = start.branch({"rules.interest_freeze_days": 30}), start.branch({})
    always = np.ones(len(frozen.state.accounts.balance), np.bool_)
    paid = np.zeros(len(always), np.int64)
    for _ in range(9):  # two due dates
        before = late_book(frozen)
        frozen.step()
        free.step()
        a = frozen.state.accounts
        held = (before["late"] > 30) & ~before["off"] & (a.arrears > 0)
        assert (a.balance[held] == before["balance"][held] - a.paid_this_week[held]).all()
        always &= held
        paid += a.paid_this_week + free.state.accounts.paid_this_week
    compared = always & (paid == 0) & ~free.state.accounts.charged_off
    assert compared.sum() > 20
    assert (free.state.accounts.balance > frozen.state.accounts.balance)[compared].all()


def test_visits_wait_for_an_offer(start: Ecosystem) -> None:
    """A strategy that never offers a plan may never visit; one that must offer may soon."""
    staff = {"world.collection.field_visits": 20.0}
    law = {"rules.forbearance_required": True, "world.collection.over_cap_rate": 0.0} | staff
    free, bound = (start.branch(changes).run(6).series() for changes in (staff, law))
    assert bound["collection_cost"].sum() < free["collection_cost"].sum()
    offers = start.branch(law | {"rules.plan_offer_required": True})
    offers.run(6)
    a = offers.state.accounts
    worked = (a.attempts > 0) & (a.arrears > 0) & (a.collector >= 0)
    assert a.plan_offered[worked].all() and not start.branch(law).run(2).state.accounts.plan_offered.any()
