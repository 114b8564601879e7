"""Strategies: the shipped ones do what they are named for, and a user adds one in fifteen lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import sim.collection.named as named
import sim.collection.registry as registry
from sim.collection import (
    Capacity,
    Cases,
    Latent,
    Outcome,
    Treatment,
    decide,
    funnel,
    funnel_parameters,
    permit,
    ration,
    receivable_effect,
    register_strategy,
    strategy,
    strategy_names,
)
from sim.collection.names import APP, FIELD, HUMAN, MESSENGER, ROBOT, TEXT
from sim.core.columns import read_only
from sim.core.errors import SpecError
from sim.core.rng import uniform_rows
from sim.spec.loader import load_rules, load_world

N = 6_000
AMPLE = Capacity(dials=3 * N, visits=N // 100)
SHIPPED = ("ai_tiered", "app_added", "app_based", "left_alone", "traditional")


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry._strategies, "_classes", dict(registry._strategies._classes))
    yield


@pytest.fixture(scope="module")
def cases() -> Cases:
    u, v = uniform_rows(1, "test cases", N), uniform_rows(2, "test cases", N)
    days = (u[:, 0] * 400).astype(np.int16)
    stage = (1 + np.digitize(days, [31, 91, 181])).astype(np.uint8)
    whole = Cases(
        account=np.arange(N, dtype=np.int32),
        balance=(u[:, 1] * 3e6).astype(np.int64),
        arrears=(u[:, 1] * 3e5).astype(np.int64),
        days_past_due=days,
        stage=stage,
        product=np.zeros(N, np.uint8),
        lender=np.zeros(N, np.int16),
        age_group=np.zeros(N, np.uint8),
        has_app=u[:, 2] < 0.6,
        weeks_since_contact=np.full(N, 999, np.int16),
        attempts_made=np.zeros(N, np.int32),
        broken_promises=np.zeros(N, np.uint8),
        promise_open=u[:, 3] < 0.05,
        on_plan=u[:, 3] > 0.95,
        dispute_open=np.zeros(N, np.bool_),
        risk=v[:, 0].astype(np.float32),
        weeks_since_payment=np.full(N, 999, np.int16),
    )
    return Cases(**read_only(whole))


def calls(treatment: Treatment, channel: int) -> Any:
    return treatment.attempts[:, channel].sum(axis=1, dtype=np.int64)


def week_of(name: str, cases: Cases, world: str = "evidence", rules: str = "none") -> Outcome:
    numbers = load_world(world)
    v = uniform_rows(3, "test latent", N)
    latent = Latent(
        phone_reach=np.full(N, 0.7, np.float32),
        digital_reach=np.where(cases.has_app, 0.9, 0.0).astype(np.float32),
        hiding=v[:, 0] < 0.05,
        reluctant=v[:, 1] < 0.1,
        forgot=v[:, 2] < 0.2,
        able=v[:, 3] < 0.6,
        short=v[:, 3] >= 0.6,
        liquid=np.zeros(N, np.int64),
        dispute_ground=v[:, 0] > 0.97,
        stress=np.zeros(N, np.float32),
        distrust=np.zeros(N, np.float32),
    )
    plan = decide(strategy(name), cases, AMPLE)
    allowed = permit(plan, cases, load_rules(rules), over_cap_rate=0.05, seed=1, week=2).treatment
    return funnel(ration(allowed, cases, AMPLE), cases, latent, funnel_parameters(numbers), seed=1, week=2)


def test_fifteen_lines_make_a_strategy(cases: Cases) -> None:
    @register_strategy("call_the_risky")
    class CallTheRisky:
        """Calls risky debts in the evening, writes to the others, offers plans after a month."""

        name = "call_the_risky"

        def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
            risky = cases.risk > 0.5
            treatment = Treatment.nothing(len(cases.account))
            treatment.use("human", 3, where=risky, day_part="evening", priority=cases.risk)
            treatment.use("messenger", 1, where=~risky & cases.has_app, tone="gentle")
            treatment.use("text", 1, where=~risky & ~cases.has_app)
            treatment.offer_plan = cases.days_past_due > 30
            return treatment

    assert "call_the_risky" in strategy_names()
    plan = decide(strategy("call_the_risky"), cases, AMPLE)
    assert np.array_equal(calls(plan, HUMAN) == 3, cases.risk > 0.5)
    out = week_of("call_the_risky", cases)
    assert out.promise.any() and out.plan.any()


def test_shipped_strategies_are_there_and_their_treatments_fit(cases: Cases) -> None:
    assert set(SHIPPED) <= set(strategy_names())
    none = Cases(**{k: column[:0] for k, column in cases._asdict().items()})
    for name in SHIPPED:
        assert strategy(name).name == name
        decide(strategy(name), cases, AMPLE)
        assert decide(strategy(name), none, Capacity(0, 0)).tone.size == 0


def test_traditional_works_everyone_by_hand(cases: Cases) -> None:
    plan = decide(strategy("traditional"), cases, AMPLE)
    busy = cases.promise_open | cases.on_plan
    assert np.array_equal(calls(plan, HUMAN) > 0, ~busy)
    assert np.array_equal(calls(plan, FIELD) > 0, ~busy & ~cases.dispute_open & (cases.stage >= 3))
    visited = calls(ration(plan, cases, AMPLE), FIELD) > 0  # as far as the staff goes, the top of each list
    assert visited.sum() == AMPLE.visits
    for stage in (3, 4):
        listed = (calls(plan, FIELD) > 0) & (cases.stage == stage)
        assert plan.priority[listed & visited].min() >= plan.priority[listed & ~visited].max()
    assert not plan.attempts[:, [MESSENGER, ROBOT, APP]].any() and not plan.offer_plan.any()
    assert (plan.tone == np.where((cases.stage >= 3) & ~busy, 2, 1)).all()
    lawful = permit(plan, cases, load_rules("china-2023"), over_cap_rate=0.0, seed=1, week=1)
    assert not lawful.treatment.third_party.any() and plan.third_party.any()


@pytest.mark.parametrize("dials", [0, 900, 10 * N])
def test_ai_tiered_gives_people_the_largest_expected_losses_of_each_stage(cases: Cases, dials: int) -> None:
    plan = decide(strategy("ai_tiered"), cases, Capacity(dials, 0))
    asked = ~(cases.promise_open | cases.on_plan)
    high, low, loss = calls(plan, HUMAN) > 0, calls(plan, ROBOT) > 0, cases.balance * cases.risk
    assert np.array_equal(high ^ low, asked) and not (high & low).any()
    assert calls(plan, HUMAN).sum() <= dials + 4 * 3
    assert not high[cases.stage == 4].any(), "machines work charged-off debts"
    for stage in range(1, 4):
        here = asked & (cases.stage == stage)
        assert high[here].mean() <= 0.5 + 1 / here.sum()
        if dials:
            assert high[here].any() and loss[here & high].min() >= loss[here & low].max()
    assert plan.scored_calls.all() and not plan.third_party.any()


def test_app_based_calls_only_those_without_the_app(cases: Cases) -> None:
    plan = decide(strategy("app_based"), cases, AMPLE)
    assert not calls(plan, HUMAN)[cases.has_app].any() and calls(plan, HUMAN)[~cases.has_app].any()
    assert not plan.attempts[:, [APP, MESSENGER]][~cases.has_app].any()
    assert (plan.tone == 0).all() and np.array_equal(plan.offer_proof, cases.has_app)
    assert (
        plan.offer_plan[cases.has_app & (cases.stage == 2)].all()
        and not plan.offer_plan[cases.stage == 4].any()
    )


def test_app_added_takes_nothing_from_the_staff(cases: Cases) -> None:
    old, new = (decide(strategy(name), cases, AMPLE) for name in ("traditional", "app_added"))
    assert np.array_equal(old.attempts[:, [HUMAN, FIELD, TEXT]], new.attempts[:, [HUMAN, FIELD, TEXT]])
    assert calls(new, APP)[cases.has_app & ~cases.on_plan].all()


@pytest.mark.parametrize("world", ["report", "evidence"])
def test_collection_beats_nothing_and_costs(cases: Cases, world: str) -> None:
    nothing = week_of("left_alone", cases, world)
    assert not any(
        getattr(nothing, f).any() for f in ("promise", "plan", "reminded", "complaint", "cost", "attempts")
    )
    for name in ("traditional", "ai_tiered", "app_based", "app_added"):
        out = week_of(name, cases, world)
        assert out.promise.sum() > 100 and out.reminded.any()
        assert (out.labour_cost <= out.cost).all() and out.cost.sum() > 0
    assert (
        week_of("app_added", cases, world).promise.sum() >= week_of("traditional", cases, world).promise.sum()
    )


def test_names_are_checked_and_near_ones_offered() -> None:
    with pytest.raises(SpecError, match="did you mean 'app_based'"):
        strategy("apbased")
    for bad in ("", "Traditional", "a b", "x" * 41, "../x", "name\n"):
        with pytest.raises(SpecError, match="cannot be a name"):
            register_strategy(bad)
    with pytest.raises(SpecError, match="has no method decide"):
        register_strategy("empty")(type("Empty", (), {}))


def test_a_taken_name_is_refused_but_the_same_class_may_come_again() -> None:
    class Other:
        name = "x"

        def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
            return Treatment.nothing(cases.account.size)

    with pytest.raises(SpecError, match="'traditional' is taken"):
        register_strategy("traditional")(Other)
    assert register_strategy("mine")(Other) is Other
    assert register_strategy("mine")(Other) is Other and strategy("mine").name == "mine"


def test_installed_packages_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name, value = "elsewhere", "package.module:Missing"

        def load(self) -> type:
            raise ImportError("no module named package")

    monkeypatch.setattr(named, "entry_points", lambda group: [Point()])
    assert "elsewhere" in strategy_names()
    with pytest.raises(SpecError, match=r"package.module:Missing cannot be imported"):
        strategy("elsewhere")
    monkeypatch.setattr(
        Point, "load", lambda self: type("Own", (), {"decide": lambda self, cases, capacity: None})
    )
    assert strategy("elsewhere").name == "elsewhere"


def test_a_faulty_strategy_is_named(cases: Cases) -> None:
    class Faulty:
        name = "faulty"
        answer: Any = None

        def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
            return self.answer  # type: ignore[no-any-return]

    faulty = Faulty()
    nan, tone, kind = (Treatment.nothing(N) for _ in range(3))
    nan.priority[3], tone.tone[5] = np.nan, 7
    kind.offer_plan = np.ones(N)  # type: ignore[assignment]
    answers = {
        "NoneType": None,
        "does not fit": Treatment.nothing(3),
        "finite": nan,
        "number of a tone": tone,
        "float64": kind,
    }
    for message, faulty.answer in answers.items():
        with pytest.raises(SpecError, match=f"strategy 'faulty'.*{message}"):
            decide(faulty, cases, AMPLE)


def test_use_spreads_adds_and_refuses() -> None:
    plan = Treatment.nothing(2).use("human", np.array([1, 5])).use("human", 1, day_part="night")
    assert plan.attempts[:, HUMAN].tolist() == [[0, 1, 0, 1], [1, 2, 2, 1]]
    plan.use("text", 0, where=np.array([False, True]), tone="gentle", priority=[1.0, 2.0])
    assert plan.tone.tolist() == [1, 0] and plan.priority.tolist() == [0.0, 2.0]
    bad: list[tuple[Any, Any, dict[str, Any], str]] = [
        ("telefax", 1, {}, "'telefax' is not a channel"),
        ("texts", 1, {}, "did you mean 'text'"),
        (7, 1, {}, "not the number of a channel"),
        ("text", -1, {}, "negative"),
        ("text", 1.5, {}, "whole"),
        ("text", 300, {"day_part": "night"}, "at most 255"),
        ("text", 1, {"tone": "furious"}, "not a tone"),
        ("text", 1, {"where": np.array([1, 0])}, "bool"),
        ("text", np.ones(3, int), {}, "shape"),
    ]
    for channel, attempts, options, message in bad:
        with pytest.raises(SpecError, match=message):
            Treatment.nothing(2).use(channel, attempts, **options)


def test_receivables_by_people_machines_or_not_at_all() -> None:
    world = load_world("evidence")
    numbers = world.collection
    digital = numbers.receivable_gap_digital.model_copy(update={"value": 0.6})
    world = world.model_copy(
        update={"collection": numbers.model_copy(update={"receivable_gap_digital": digital})}
    )
    effects = {name: receivable_effect(strategy(name), world) for name in SHIPPED}
    assert effects == {
        "ai_tiered": 0.6,
        "app_added": 0.45,
        "app_based": 0.6,
        "left_alone": 0.0,
        "traditional": 0.45,
    }
    odd = strategy("traditional")
    odd.receivable_channel = "pigeon"  # type: ignore[attr-defined]
    with pytest.raises(SpecError, match="'pigeon' is unknown"):
        receivable_effect(odd, world)
