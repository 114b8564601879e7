"""Rules bind machines always and people mostly; staff is never worked beyond its capacity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.collection import Capacity, Cases, Treatment, count_violations, permit, ration, with_effort
from sim.collection.names import APP, EVENING, FIELD, HUMAN, NIGHT, ROBOT, VIOLATION_KINDS
from sim.collection.ration import shares
from sim.core.columns import I64, Bool, empty
from sim.core.errors import SpecError
from sim.spec.rules import Rule, RuleSet, declared_rules


def rules(**values: Any) -> RuleSet:
    given_rules = {
        k: Rule(value=v, unit=declared_rules()[k].unit, source="assumption") for k, v in values.items()
    }
    return RuleSet(id="own", label={"en": "own", "zh": "自定"}, jurisdiction="XX", **given_rules)  # type: ignore[arg-type]


def cases_of(n: int, stage: Any = 1, since: Any = 999) -> Cases:
    return empty(Cases, n)._replace(
        account=np.arange(n, dtype=np.int32),
        stage=np.broadcast_to(stage, n).astype(np.uint8),
        weeks_since_contact=np.broadcast_to(since, n).astype(np.int16),
    )


def chosen(cases: Cases, keep: Bool) -> Cases:
    return Cases(**{name: column[keep] for name, column in cases._asdict().items()})


def ask(treatment: Treatment, the_rules: RuleSet, rate: float = 0.0, **kwargs: Any) -> Any:
    cases = kwargs.pop("cases", None) or cases_of(treatment.tone.size)
    return permit(treatment, cases, the_rules, over_cap_rate=rate, seed=5, week=9, **kwargs)


def kind(name: str) -> int:
    return VIOLATION_KINDS.index(name)


def calls(treatment: Treatment, channel: int) -> I64:
    return np.asarray(treatment.attempts[:, channel].sum(axis=1), np.int64)


def test_no_rules_change_nothing() -> None:
    plan = Treatment.nothing(50).use("human", 40).use("field", 2).use("text", 9, day_part="night")
    plan.third_party[:] = True
    done = ask(plan, rules(), rate=0.5)
    assert done.blocked == 0 and not done.violations.any()
    assert np.array_equal(done.treatment.attempts, plan.attempts) and done.treatment.third_party.all()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 5),
    st.integers(0, 40),
    st.integers(0, 50),
    st.floats(0, 1),
)
def test_machines_never_exceed_a_cap(
    human: int, robot: int, day: int, week: int, before: int, rate: float
) -> None:
    plan = Treatment.nothing(20).use("human", human).use("robot", robot)
    already = np.full(20, before, np.int32)
    done = ask(plan, rules(attempts_per_day=day, attempts_per_week=week), rate, attempts_this_week=already)
    allowed = max(0, min(7 * day, week) - before)
    people, machines = calls(done.treatment, HUMAN), calls(done.treatment, ROBOT)
    assert (people >= min(human, allowed)).all() and (people <= human).all()
    assert (machines <= max(0, allowed - min(human, allowed))).all()
    assert done.blocked == 20 * (human + robot) - people.sum() - machines.sum()
    if rate == 0:
        assert (people + machines == min(human + robot, allowed)).all()
        assert not done.violations.any()


def test_people_exceed_a_cap_at_the_given_rate_and_are_counted() -> None:
    plan = Treatment.nothing(5_000).use("human", 10)
    done = ask(plan, rules(attempts_per_week=4), 0.2)
    excess = calls(done.treatment, HUMAN) - 4
    assert excess.mean() == pytest.approx(1.2, abs=4 * np.sqrt(6 * 0.16 / 5_000))
    assert np.array_equal(done.violations[:, kind("attempts_per_week")], excess)
    assert done.violations.sum() == excess.sum()
    more = ask(plan, rules(attempts_per_week=4), 0.6)
    assert (calls(more.treatment, HUMAN) >= calls(done.treatment, HUMAN)).all()


def test_night_attempts_are_dropped_not_moved() -> None:
    plan = (
        Treatment.nothing(400)
        .use("human", 3, day_part="night")
        .use("app", 2, day_part="night")
        .use("human", 1)
    )
    law = rules(quiet_start_hour=22, quiet_end_hour=8)
    kept = ask(plan, law)
    assert not kept.treatment.attempts[:, :, NIGHT].any() and kept.blocked == 400 * 5
    assert (calls(kept.treatment, HUMAN) == 1).all()
    pressed = ask(plan, law, 0.5)
    assert not pressed.treatment.attempts[:, APP, NIGHT].any()
    night = pressed.treatment.attempts[:, HUMAN, NIGHT]
    assert night.any() and np.array_equal(pressed.violations[:, kind("quiet_hours")], night)


@pytest.mark.parametrize(
    ("start", "end", "open_evening"),
    [(22, 8, True), (21, 8, True), (19, 8, False), (0, 24, False), (0, 0, True), (1, 7, True)],
)
def test_a_day_part_closes_when_half_its_hours_are_quiet(start: int, end: int, open_evening: bool) -> None:
    plan = Treatment.nothing(1).use("text", 1, day_part="evening")
    done = ask(plan, rules(quiet_start_hour=start, quiet_end_hour=end))
    assert bool(done.treatment.attempts[0, 2, EVENING]) == open_evening


def test_visits_and_third_parties_barred() -> None:
    plan = Treatment.nothing(2_000).use("human", 1).use("field", 1)
    plan.third_party[:] = True
    law = rules(field_visits=False, third_party_contact=False)
    kept = ask(plan, law)
    assert not calls(kept.treatment, FIELD).any() and not kept.treatment.third_party.any()
    pressed = ask(plan, law, 0.1)
    for name, made in (
        ("field_visits", calls(pressed.treatment, FIELD)),
        ("third_party_contact", pressed.treatment.third_party),
    ):
        assert 0 < made.sum() < 400
        assert np.array_equal(pressed.violations[:, kind(name)], made)
    assert ask(plan, rules(field_visits=True, third_party_contact=True)).blocked == 0


def test_pause_after_contact_is_never_cut_short() -> None:
    since = np.array([0, 1, 2, 8, 9, 10, 999])
    plan = Treatment.nothing(7).use("robot", 1)
    for days, first_open in ((0, 0), (1, 1), (7, 2), (60, 10)):
        done = ask(plan, rules(pause_after_contact_days=days), cases=cases_of(7, since=since))
        assert np.array_equal(calls(done.treatment, ROBOT) > 0, since >= first_open), days


def test_plan_offer_is_forced_where_there_is_an_attempt() -> None:
    plan = Treatment.nothing(2).use("text", 1, where=np.array([True, False]))
    assert ask(plan, rules(plan_offer_required=True)).treatment.offer_plan.tolist() == [True, False]
    assert not ask(plan, rules(plan_offer_required=False)).treatment.offer_plan.any()


def test_the_plan_given_is_not_changed_and_draws_follow_the_account() -> None:
    plan = Treatment.nothing(300).use("human", 9)
    before = plan.copy()
    law = rules(attempts_per_week=2)
    whole = ask(plan, law, 0.3)
    assert np.array_equal(plan.attempts, before.attempts)
    keep = np.arange(300) % 2 == 0
    some = ask(Treatment.nothing(150).use("human", 9), law, 0.3, cases=chosen(cases_of(300), keep))
    assert np.array_equal(some.treatment.attempts, whole.treatment.attempts[keep])


def test_an_attempt_without_staff_breaks_no_rule() -> None:
    cases, law = cases_of(100), rules(attempts_per_week=1)
    done = ask(Treatment.nothing(100).use("human", 6), law, 1.0)
    assert done.violations.sum() == 500
    left = ration(done.treatment, cases, Capacity(dials=60, visits=0))
    assert count_violations(left, cases, law).sum() == 50


def test_rate_must_be_a_share() -> None:
    with pytest.raises(SpecError, match="over_cap_rate"):
        ask(Treatment.nothing(1), rules(), 1.5)


crowds = st.lists(
    st.tuples(
        st.integers(0, 9), st.integers(0, 3), st.integers(1, 4), st.sampled_from([-1.5, -0.0, 0.0, 0.5, 3e9])
    ),
    max_size=40,
)


@settings(max_examples=120, deadline=None)
@given(crowds, st.integers(0, 120), st.integers(0, 20), st.randoms())
def test_ration_keeps_capacity_and_priority(crowd: Any, dials: int, visits: int, chance: Any) -> None:
    n = len(crowd)
    accounts = list(range(n))
    chance.shuffle(accounts)
    wanted, trips, stage, priority = (np.array([c[k] for c in crowd]) for k in range(4))
    cases = cases_of(n, stage.astype(np.uint8))._replace(account=np.array(accounts, np.int32))
    plan = (
        Treatment.nothing(n)
        .use("human", wanted.astype(int), priority=priority)
        .use("field", trips.astype(int))
    )
    plan.use("text", 7)
    done = ration(plan, cases, Capacity(dials, visits))
    assert np.array_equal(done.attempts[:, 2], plan.attempts[:, 2])
    for channel, asked, most in ((HUMAN, wanted, dials), (FIELD, trips, visits)):
        got = calls(done, channel)
        assert (got <= asked).all() and got.sum() == min(most, asked.sum())
        for i in range(n):
            for j in range(n):
                ahead = priority[i] > priority[j] or (
                    priority[i] == priority[j] and accounts[i] < accounts[j]
                )
                if stage[i] == stage[j] and ahead and got[j] > 0:
                    assert got[i] == asked[i]


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=5, max_size=5), st.integers(0, 4000))
def test_shares_are_proportional_and_whole(wanted: list[int], capacity: int) -> None:
    asked = np.array(wanted, np.int64)
    parts = shares(asked, capacity)
    assert parts.sum() == min(capacity, asked.sum()) and (parts <= asked).all()
    if asked.sum() > capacity:
        assert (np.abs(parts - asked * capacity / asked.sum()) < 1).all()


def test_a_stage_is_never_starved() -> None:
    stage = np.repeat([1, 3], 500)
    plan = Treatment.nothing(1000).use("human", 2, priority=np.where(stage == 1, 9.0, 1.0))
    done = ration(plan, cases_of(1000, stage), Capacity(200, 0))
    assert calls(done, HUMAN)[stage == 3].sum() == 100
    with pytest.raises(SpecError, match="-1 is negative"):
        ration(plan, cases_of(1000, stage), Capacity(-1, 0))


def test_effort_multiplies_attempts_in_the_mean() -> None:
    plan, cases = Treatment.nothing(6_000).use("text", 1), cases_of(6_000)
    assert with_effort(plan, cases, 1.0, seed=1, week=0) is plan
    half = with_effort(plan, cases, 1.5, seed=1, week=0)
    assert calls(half, 2).mean() == pytest.approx(1.5, abs=4 * 0.5 / np.sqrt(6_000))
    assert (calls(with_effort(plan, cases, 1.7, seed=1, week=0), 2) >= calls(half, 2)).all()
    assert not with_effort(plan, cases, 0.0, seed=1, week=0).attempts.any()
    with pytest.raises(SpecError, match="effort"):
        with_effort(plan, cases, float("nan"), seed=1, week=0)
