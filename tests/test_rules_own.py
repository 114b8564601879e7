"""A rule from outside the package: registered by a decorator, given a number in a rule set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arrears
import sim
from arrears import Capacity, Cases, Ecosystem, Treatment, load_scenario
from sim.collection import own_rules, register_rule, register_strategy, registry
from sim.collection.names import LETTER
from sim.collection.permit import count_violations, permit
from sim.core.columns import empty
from sim.core.errors import SpecError
from sim.spec.check import check_file
from sim.spec.loader import load_rules

SMALL = {"population.borrowers": 3000, "population.firms": 100, "burn_in": 20}


@pytest.fixture(autouse=True)
def own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in (own_rules._rules, registry._strategies):
        monkeypatch.setattr(names, "_classes", dict(names._classes))

    @register_rule("max_letters")
    class MaxLetters:
        """At most so many letters a week to a debtor."""

        unit, low, high = "1/week", 0, 100

        def permit(self, treatment: Treatment, cases: Cases, value: float) -> Treatment:
            letters = treatment.attempts[:, LETTER].astype(np.int64)
            before = np.cumsum(letters, axis=1) - letters
            treatment.attempts[:, LETTER] = np.clip(value - before, 0, letters)
            return treatment

    @register_rule("no_calls_to_the_old")
    class NoCallsToTheOld:
        unit, low, high = "required", 0, 1

        def permit(self, treatment: Treatment, cases: Cases, value: float) -> Treatment:
            if value:
                treatment.attempts[cases.age_group == 2, :2] = 0
            return treatment


def law(folder: Path, own: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(
        f"id: own\nlabel: {{en: Own, zh: 自定}}\njurisdiction: XX\nown:\n  {own}\n", encoding="utf-8"
    )
    return path


LETTERS = "max_letters: {value: 2, unit: 1/week, source: assumption}"


def write_five_letters() -> None:
    @register_strategy("five_letters")
    class FiveLetters:
        name = "five_letters"

        def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
            return Treatment.nothing(cases.account.size).use("letter", 5)


def test_a_rule_from_outside_limits_a_run(tmp_path: Path) -> None:
    write_five_letters()
    start = Ecosystem("baseline", rules="none", strategy="five_letters", rng=2, changes=SMALL)
    path = str(law(tmp_path, LETTERS))
    by_file, by_change, free, none = (
        start.branch(changes).run(1).series()
        for changes in ({"rules": path}, {"rules.own.max_letters": 2}, {}, {"rules.own.max_letters": 0})
    )
    assert (free["attempts"] == 5 * free["worked"]).all() and free["worked"].sum() > 0
    assert (by_file["attempts"] == 2 * by_file["worked"]).all() and by_file["worked"].sum() > 0
    assert by_change.equals(by_file) and none["attempts"].sum() == 0
    lifted = start.branch({"rules": path}).branch({"rules.own.max_letters": None}).run(1).series()
    assert lifted.equals(free)
    event = {"kind": "rules", "week": 1, "rules": path}
    two = start.branch({"events": [event]}).run(2).series()
    assert two["attempts"].iloc[0] == 5 * two["worked"].iloc[0]
    assert two["attempts"].iloc[1] == 2 * two["worked"].iloc[1]


def test_a_rule_from_outside_that_leaves_all_changes_nothing() -> None:
    start = Ecosystem("baseline", rules="none", rng=2, changes=SMALL)
    assert start.branch({"rules.own.max_letters": 100}).run(3).digest() == start.branch({}).run(3).digest()


def cases_of(n: int) -> Cases:
    return empty(Cases, n)._replace(
        account=np.arange(n, dtype=np.int32), age_group=(np.arange(n) % 3).astype(np.uint8)
    )


def test_people_break_it_as_they_break_others_and_machines_never(tmp_path: Path) -> None:
    rules = load_rules(law(tmp_path, "no_calls_to_the_old: {value: true, source: assumption}"))
    cases = cases_of(3000)
    old = cases.age_group == 2
    plan = Treatment.nothing(3000).use("human", 3).use("robot", 2)
    kept, pressed = (permit(plan, cases, rules, over_cap_rate=rate, seed=1, week=4) for rate in (0.0, 0.2))
    assert kept.blocked == 3 * old.sum() and not kept.violations.any()
    calls = pressed.treatment.attempts[:, 0].sum(axis=1)
    assert set(calls[old].tolist()) == {0, 3} and (calls[~old] == 3).all()
    assert (calls[old] == 3).mean() == pytest.approx(0.2, abs=4 * 0.4 / np.sqrt(1000))
    assert np.array_equal(pressed.violations[:, -1], np.where(old, calls, 0))
    assert (pressed.violations[:, :-1] == 0).all()
    # without staff no call was made, and no rule broken
    idle = Treatment.nothing(3000).use("robot", 2)
    assert not count_violations(idle, cases, rules).any()


def test_a_rule_may_count_its_violations_itself(tmp_path: Path) -> None:
    @register_rule("polite")
    class Polite:
        unit, low, high = "tone", 0, 2

        def permit(self, treatment: Treatment, cases: Cases, value: float) -> Treatment:
            return treatment

        def violations(self, treatment: Treatment, cases: Cases, value: float) -> Any:
            return treatment.tone > value

    rules = load_rules(law(tmp_path, "polite: {value: 1, source: assumption}"))
    plan = Treatment.nothing(4).use("text", 1, tone="hard", where=np.arange(4) < 3)
    assert count_violations(plan, cases_of(4), rules).sum(axis=0).tolist() == [0] * 8 + [3]


def test_a_dated_rule_from_outside_waits_for_its_day(tmp_path: Path) -> None:
    write_five_letters()
    dated = law(tmp_path, "max_letters: {value: 0, in_force: 2026-01-30, source: assumption}")
    changes = SMALL | {"start": "2026-01-19"}
    model = Ecosystem("baseline", rules=str(dated), strategy="five_letters", rng=2, changes=changes).run(3)
    assert (model.series()["attempts"] > 0).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("max_leters: {value: 2, source: assumption}", "did you mean 'max_letters'"),
        ("max_letters: {value: 2, unit: 1/day, source: assumption}", "unit '1/day' is not the unit"),
        ("max_letters: {value: 200, source: assumption}", "200 is out of range"),
        ("max_letters: {value: 2}", "source"),
        ("max_letters: {value: many, source: assumption}", "max_letters"),
    ],
)
def test_a_wrong_rule_is_told(tmp_path: Path, own: str, said: str) -> None:
    with pytest.raises(SpecError, match=r"own\.max_let") as told:
        Ecosystem("baseline", rules=str(law(tmp_path, own)), rng=2, changes=SMALL)
    assert said in str(told.value)


def test_an_unknown_rule_is_found_when_files_are_checked(tmp_path: Path, cli: Any) -> None:
    path = law(tmp_path, "max_leters: {value: 2, source: assumption}")
    said = cli("check", path)
    assert said.returncode != 0 and "did you mean 'max_letters'" in said.stdout + said.stderr
    good = law(tmp_path, LETTERS)
    assert "own.max_letters" in check_file(good)
    scenario = tmp_path / "mine.yaml"
    scenario.write_text(
        "include: baseline.yaml\nid: mine\nrules_changes: {own.max_leters: 1}\n", encoding="utf-8"
    )
    with pytest.raises(SpecError, match="did you mean 'max_letters'"):
        load_scenario(scenario)
    with pytest.raises(SpecError, match="did you mean 'max_letters'"):
        arrears.compare("baseline", arms={"a": {"rules.own.max_leters": 1}}, runs=1)


def test_a_class_that_is_no_rule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="has no method permit"):
        register_rule("not_one")(type("Nothing", (), {"unit": "1", "low": 0, "high": 1}))
    with pytest.raises(SpecError, match="has no unit"):
        register_rule("not_one")(type("Nothing", (), {"permit": print}))

    @register_rule("greedy")
    class Greedy:
        unit, low, high = "1", 0, 1

        def permit(self, treatment: Treatment, cases: Cases, value: float) -> Treatment:
            return treatment.use("text", 1)

    rules = load_rules(law(tmp_path, "greedy: {value: 1, source: assumption}"))
    with pytest.raises(SpecError, match="adds attempts"):
        permit(Treatment.nothing(2), cases_of(2), rules, over_cap_rate=0.0, seed=1, week=1)


def test_the_decorator_is_a_public_name() -> None:
    assert arrears.register_rule is sim.register_rule is register_rule
