"""The funnel answers as its formulas say, case by case and switch by switch."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pytest

from sim.collection import (
    MECHANISMS,
    Cases,
    FunnelParameters,
    Latent,
    Outcome,
    Treatment,
    funnel,
    funnel_parameters,
    switch_off,
)
from sim.collection.names import APP, EVENING, FIELD, HUMAN, LETTER, NO_CHANNEL, ROBOT, TEXT
from sim.collection.parameters import DAY_PART_FACTORS
from sim.core.columns import empty
from sim.core.errors import SpecError
from sim.spec.loader import load_world

MANY = 40_000
T = TypeVar("T", Cases, Latent)


@pytest.fixture(scope="module")
def p() -> FunnelParameters:
    return funnel_parameters(load_world("evidence"))


def cases_of(n: int, **columns: Any) -> Cases:
    base = empty(Cases, n)._replace(account=np.arange(n, dtype=np.int32))
    return replaced(base, n, columns)


def latent_of(n: int, **columns: Any) -> Latent:
    ordinary = {"phone_reach": 0.75, "digital_reach": 0.55, "able": True}
    return replaced(empty(Latent, n), n, {**ordinary, **columns})


def replaced(table: T, n: int, columns: dict[str, Any]) -> T:
    fit = {k: np.broadcast_to(v, n).astype(getattr(table, k).dtype) for k, v in columns.items()}
    return type(table)(**{**table._asdict(), **fit})


def ask(
    treatment: Treatment, p: FunnelParameters, cases: Cases | None = None, week: int = 3, **latent: Any
) -> Outcome:
    n = treatment.tone.size
    return funnel(treatment, cases or cases_of(n), latent_of(n, **latent), p, seed=11, week=week)


def near(share: float, chance: float, n: int = MANY) -> bool:
    """Within four standard errors."""
    return bool(abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / n) + 1e-12)


def test_contact_chance_over_day_parts(p: FunnelParameters) -> None:
    plan = Treatment.nothing(MANY).use("human", 2, day_part="evening").use("human", 3, day_part="morning")
    out = ask(plan, p)
    morning, _, evening, _ = DAY_PART_FACTORS["human"]
    reach = p.contact[HUMAN] * 0.75
    chance = 1 - (1 - reach * evening) ** 2 * (1 - reach * morning) ** 3
    assert near(out.contacts.mean(), chance)
    assert np.array_equal(out.channel == HUMAN, out.contacts == 1)
    assert (out.channel[out.contacts == 0] == NO_CHANNEL).all()


def test_scored_calls_raise_contact_up_to_the_surest(p: FunnelParameters) -> None:
    plan = Treatment.nothing(MANY).use("human", 1, day_part=EVENING)
    plan.scored_calls[:] = True
    rate = p.contact[HUMAN] * 0.75 * DAY_PART_FACTORS["human"][EVENING]
    assert near(ask(plan, p).contacts.mean(), p.ai_contact_factor * rate)
    assert near(ask(plan, p._replace(ai_contact_factor=20.0)).contacts.mean(), 0.98)


def test_day_part_factors_have_mean_one_over_waking_parts() -> None:
    assert all(np.mean(factors[:3]) == pytest.approx(1.0) for factors in DAY_PART_FACTORS.values())


@pytest.mark.parametrize("channel", ["human", "robot", "text", "field", "letter"])
def test_hiding_closes_phone_and_address_but_not_the_app(p: FunnelParameters, channel: str) -> None:
    plan = Treatment.nothing(2_000).use(channel, 5)
    assert not ask(plan, p, hiding=True).contacts.any()
    assert ask(plan, p).contacts.any()
    assert ask(Treatment.nothing(2_000).use("app", 5), p, hiding=True).contacts.any()


def test_address_channels_need_no_phone(p: FunnelParameters) -> None:
    silent: dict[str, Any] = {"phone_reach": 0.0, "digital_reach": 0.0}
    for channel, at_all in ((FIELD, True), (LETTER, True), (HUMAN, False), (TEXT, False), (APP, False)):
        assert ask(Treatment.nothing(2_000).use(channel, 3), p, **silent).contacts.any() == at_all


def test_reach_decays_by_attempt_and_tone(p: FunnelParameters) -> None:
    plan = Treatment.nothing(1).use("human", 4, tone="hard").use("robot", 2).use("app", 3)
    out = ask(plan, p)
    hard = p.tone_reach_loss[2]
    phone = 0.75 * (1 - p.reach_loss[HUMAN] * hard) ** 4 * (1 - p.reach_loss[ROBOT] * hard) ** 2
    assert out.phone_reach[0] == pytest.approx(phone, rel=1e-6)
    assert out.digital_reach[0] == pytest.approx(0.55 * (1 - p.reach_loss[APP] * hard) ** 3, rel=1e-6)
    assert out.attempts[0] == 9


def test_cost_to_the_fen(p: FunnelParameters) -> None:
    sure = p._replace(contact=np.ones(7), day_part=np.ones((7, 4)))
    plan = Treatment.nothing(200).use("human", 6).use("text", 3)
    out = ask(plan, sure, phone_reach=1.0)
    # six dials at 2 yuan and a talk at 4 yuan; three texts at 5 fen
    reached = out.channel == HUMAN
    assert reached.all()
    assert (out.cost == 6 * 200 + 400 + 3 * 5).all()
    assert (out.labour_cost == round(0.78 * 1600 + 0.02 * 15)).all()
    unreached = ask(plan, p, hiding=True)
    assert (unreached.cost == 6 * 200 + 3 * 5).all()


def test_promise_chance_and_how_it_is_kept(p: FunnelParameters) -> None:
    plan = Treatment.nothing(MANY).use("field", 1, tone="hard")
    late = cases_of(MANY, days_past_due=91)
    months = 91 / (7 * 52 / 12)
    for reluctant, response in ((False, 1.0), (True, p.reluctant_response)):
        out = ask(plan, p, late, reluctant=reluctant)
        contact = out.contacts > 0
        chance = p.persuades[FIELD] * p.tone_persuasion[2] * np.exp(-p.persuasion_decline * months) * response
        assert near(out.promise[contact].mean(), chance, int(contact.sum()))
        assert not out.promise[~contact].any()
        assert out.promise_kept_chance[out.promise] == pytest.approx(p.kept[FIELD])
        assert not out.promise_kept_chance[~out.promise].any()


def test_who_promises_takes_a_plan_or_disputes(p: FunnelParameters) -> None:
    plan = Treatment.nothing(MANY).use("human", 5).use("app", 5)
    plan.offer_plan[:] = plan.offer_proof[:] = True
    short = ask(plan, p, able=False, short=True)
    assert near(
        short.plan[short.conversations > 0].mean(), p.plan_taken, int((short.conversations > 0).sum())
    )
    assert not short.promise.any()
    ground = ask(plan, p, dispute_ground=True)
    assert np.array_equal(ground.dispute_raised, ground.conversations > 0)
    assert not ground.promise.any() and not ground.plan.any()
    assert ground.dispute_settled.any() and not ground.dispute_settled[~ground.dispute_raised].any()
    for column in ("promise_open", "on_plan", "dispute_open"):
        busy = ask(plan, p, cases_of(MANY, **{column: True}), able=True, short=True)
        assert not busy.promise.any() and not busy.plan.any()


def test_texts_remind_but_hear_no_dispute(p: FunnelParameters) -> None:
    plan = Treatment.nothing(MANY).use("text", 2)
    out = ask(plan, p, forgot=True, dispute_ground=True)
    assert near(out.reminded[out.contacts > 0].mean(), p.reminds[TEXT], int((out.contacts > 0).sum()))
    assert not out.conversations.any() and not out.dispute_raised.any()
    assert not ask(plan, p).reminded.any()


def test_complaints_follow_their_hazard(p: FunnelParameters) -> None:
    plan = Treatment.nothing(MANY).use("human", 30, tone="hard")
    plan.third_party[:] = True
    out = ask(plan, p, stress=0.5)
    hazard = 30 * p.complaints[HUMAN] * p.tone_complaints[2] * p.third_party_complaints * 1.5
    assert out.complaint_chance == pytest.approx(1 - np.exp(-hazard), rel=1e-6)
    assert near(out.complaint.mean(), 1 - np.exp(-hazard))
    assert out.stress_added[0] == pytest.approx(30 * p.stress[HUMAN] * p.tone_complaints[2], rel=1e-6)


def test_complaints_rise_with_tone_and_third_parties_in_every_case(p: FunnelParameters) -> None:
    outs = []
    for tone, third in (("gentle", False), ("firm", False), ("hard", False), ("hard", True)):
        plan = Treatment.nothing(MANY).use("human", 60, tone=tone)
        plan.third_party[:] = third
        outs.append(ask(plan, p).complaint)
    for fewer, more in pairwise(outs):
        assert fewer.sum() < more.sum()
        assert not (fewer & ~more).any()


def test_a_case_draws_the_same_whoever_else_is_there(p: FunnelParameters) -> None:
    n = 3_000
    plan = Treatment.nothing(n).use("human", 3).use("text", 1).use("app", 2)
    whole = ask(plan, p, able=True, forgot=True)
    keep = np.arange(n) % 3 == 1
    few = int(keep.sum())
    part = Treatment.nothing(few).use("human", 3).use("text", 1).use("app", 2)
    cases = Cases(**{k: column[keep] for k, column in cases_of(n)._asdict().items()})
    some = funnel(part, cases, latent_of(few, able=True, forgot=True), p, seed=11, week=3)
    for name in Outcome._fields:
        assert np.array_equal(getattr(some, name), getattr(whole, name)[keep]), name


def test_one_more_channel_moves_no_other_channels_luck(p: FunnelParameters) -> None:
    calls = ask(Treatment.nothing(MANY).use("human", 3), p)
    both = ask(Treatment.nothing(MANY).use("human", 3).use("letter", 1), p)
    assert (both.contacts >= calls.contacts).all()
    assert not (calls.promise & ~both.promise).any()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_each_mechanism_changes_something_alone(p: FunnelParameters, mechanism: str) -> None:
    n = MANY
    plan = Treatment.nothing(n).use("human", 20, tone="hard").use("app", 1).use("text", 1).use("robot", 2)
    plan.reads_state[:] = True
    plan.settlement[:] = 0.5 if mechanism == "settlement" else 0.0
    plan.skip_trace[:] = True
    plan.offer_plan[:] = plan.offer_proof[:] = plan.third_party[:] = plan.scored_calls[:] = True
    row = np.arange(n)
    latent: dict[str, Any] = {
        "able": row % 2 == 0,
        "short": row % 2 == 1,
        "forgot": row % 3 == 0,
        "reluctant": row % 5 < 2,
        "dispute_ground": row % 7 == 0,
        "phone_reach": 0.1,
        "liquid": 10_000,
    }
    cases = cases_of(n, days_past_due=100, balance=10_000)
    pressed = p._replace(third_party_pressure=1.3)
    on, off = (
        ask(plan, pressed, cases, **latent),
        ask(plan, switch_off(pressed, [mechanism]), cases, **latent),
    )
    changed = {name for name in Outcome._fields if not np.array_equal(getattr(on, name), getattr(off, name))}
    expected = {
        "reminder": "reminded",
        "plan": "plan",
        "dispute": "dispute_raised",
        "proof": "dispute_settled",
        "scored_calls": "contacts",
        "day_part": "contacts",
        "age_response": "contacts",
        "state_tone": "plan",
        "reach_loss": "phone_reach",
        "stress": "stress_added",
        "complaint": "complaint",
        "settlement": "settlement",
        "skip_trace": "found",
        "third_party": "complaint",
    }.get(mechanism, "promise")
    assert expected in changed
    changed.discard("complaint_chance")
    if mechanism in ("reminder", "proof", "reach_loss", "stress", "complaint"):
        assert changed == {expected} | ({"digital_reach"} if mechanism == "reach_loss" else set())


def test_unknown_mechanism_and_missing_channel_are_named() -> None:
    world = load_world("report")
    with pytest.raises(SpecError, match="did you mean 'persuasion'"):
        funnel_parameters(world, without=["persuasio"])
    channels = {k: v for k, v in world.collection.channels.items() if k != "letter"}
    short = world.model_copy(
        update={"collection": world.collection.model_copy(update={"channels": channels})}
    )
    with pytest.raises(SpecError, match="'letter' is missing"):
        funnel_parameters(short)


def test_no_cases_no_outcome(p: FunnelParameters) -> None:
    assert ask(Treatment.nothing(0), p).cost.size == 0
