"""The strategies that the report names: what each does, and that its gain comes out of its mechanism."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from arrears import Ecosystem
from sim.collection import Capacity, Cases, Treatment, decide, funnel, funnel_parameters, strategy, switch_off
from sim.collection.funnel import Latent
from sim.collection.names import APP, FIELD, HUMAN, LETTER, MESSENGER, ROBOT, STATES, TEXT
from sim.core.columns import empty
from sim.phases.observe import latent, observe
from sim.phases.regions import ration_here, staff_shares
from sim.spec.loader import load_world

SMALL = {"population.borrowers": 4000, "population.firms": 100, "burn_in": 40}
NAMES = ("ai_recognition", "voice_robot", "robot_only", "cloud_platform", "personalised_channel",
         "single_channel", "amount_tiered", "risk_tiered")  # fmt: skip


@pytest.fixture(scope="module", params=("evidence", "report"))
def start(request: pytest.FixtureRequest) -> Ecosystem:
    return Ecosystem("baseline", world=request.param, rng=3, changes=SMALL)


def placed(model: Ecosystem) -> Cases:
    return observe(model.state, np.flatnonzero(model.state.accounts.stage > 0).astype(np.int32))


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_works_the_cases_it_is_given(start: Ecosystem, name: str) -> None:
    cases = placed(start)
    plan = decide(strategy(name), cases, Capacity(1000, 10))
    tried = plan.attempts.any(axis=(1, 2))
    free = ~(cases.promise_open | cases.on_plan | cases.dispute_open)
    assert tried[free].mean() > 0.9
    assert not plan.third_party.any()
    assert (
        decide(strategy(name), Cases._make(column[:0] for column in cases), Capacity(0, 0)).attempts.shape[0]
        == 0
    )


def test_each_strategy_uses_the_channels_it_is_named_for(start: Ecosystem) -> None:
    cases = placed(start)
    used = {
        name: set(np.flatnonzero(decide(strategy(name), cases, Capacity(1000, 10)).attempts.any(axis=(0, 2))))
        for name in NAMES
    }
    assert used["ai_recognition"] <= {HUMAN, FIELD, TEXT}
    assert ROBOT in used["voice_robot"] and ROBOT not in used["cloud_platform"]
    assert used["personalised_channel"] == {HUMAN, TEXT, MESSENGER, LETTER}
    assert used["single_channel"] == {HUMAN, TEXT}
    assert APP not in used["cloud_platform"]
    assert used["robot_only"] == {ROBOT, TEXT}
    by_age = decide(strategy("personalised_channel"), cases, Capacity(0, 0)).attempts.sum(axis=2)
    assert not by_age[cases.age_group > 0, MESSENGER].any()
    assert not by_age[cases.age_group < 2, LETTER].any()


def people(n: int, **given: Any) -> tuple[Cases, Latent]:
    """Cases that differ in the account number alone, and what is hidden of them."""
    cases, hidden = empty(Cases, n), empty(Latent, n)
    cases.account[:] = np.arange(n)
    cases.days_past_due[:] = 45
    cases.stage[:] = 2
    hidden.phone_reach[:] = 1.0
    for name, value in given.items():
        getattr(hidden, name)[:] = value
    return cases, hidden


def mixed(n: int) -> dict[str, Any]:
    """A third each of the willing, the reluctant and those short of money."""
    kind = np.arange(n) % 3
    return {"able": kind < 2, "short": kind == 2, "reluctant": kind == 1}


def robot(n: int, tone: str, reads: bool) -> Treatment:
    plan = Treatment.nothing(n).use(ROBOT, 4, tone=tone)
    plan.reads_state[:] = reads
    plan.offer_plan[:] = True
    return plan


@pytest.mark.parametrize("world", ("evidence", "report"))
def test_what_the_robot_reads_is_worth_something_and_shuffled_it_is_not(world: str) -> None:
    """Promises and plans of 60,000 cases under the same luck."""
    n, numbers = 60_000, funnel_parameters(load_world(world))
    numbers = numbers._replace(signal_accuracy=0.9, contact=np.where(np.arange(7) == ROBOT, 0.6, 0.0))
    cases, hidden = people(n, **mixed(n))

    def agreed(tone: str, reads: bool, p: Any = numbers) -> int:
        out = funnel(robot(n, tone, reads), cases, hidden, p, seed=5, week=9)
        return int(out.promise.sum() + out.plan.sum())

    listening, gentle, firm = agreed("gentle", True), agreed("gentle", False), agreed("firm", False)
    shuffled = agreed("gentle", True, switch_off(numbers, ["emotion_signal"]))
    noise = 3 * math.sqrt(listening)
    assert listening > max(gentle, firm) + noise / 3
    assert listening > shuffled + noise / 3
    assert shuffled < max(gentle, firm) + noise


def test_the_signal_is_right_as_often_as_the_world_says() -> None:
    """Firm only with whom it takes for reluctant: seen in who is promised to whom when all are reluctant."""
    n, numbers = 60_000, funnel_parameters(load_world("evidence"))
    assert STATES == ("willing", "reluctant", "short")
    cases, hidden = people(n, able=True, reluctant=True)
    only_firm = numbers._replace(
        tone_persuasion=np.array([0.0, 1.0, 1.0]), state_tone=np.ones((3, 3)), reluctant_response=1.0,
        persuasion_decline=0.0, persuades=np.ones(7), contact=np.full(7, 1.0), day_part=np.ones((7, 4)),
        reach_loss=np.zeros(7),
    )  # fmt: skip
    for accuracy in (0.0, 0.7, 1.0):
        out = funnel(
            robot(n, "gentle", True),
            cases,
            hidden,
            only_firm._replace(signal_accuracy=accuracy),
            seed=2,
            week=1,
        )
        assert out.promise.mean() == pytest.approx(accuracy, abs=4 * 0.5 / math.sqrt(n))


def test_in_the_evidence_a_robot_is_cheaper_and_weaker_than_a_person() -> None:
    n, numbers = 40_000, funnel_parameters(load_world("evidence"))
    cases, hidden = people(n, able=True)
    results = {}
    for channel in (HUMAN, ROBOT):
        plan = Treatment.nothing(n).use(channel, 3, tone="firm")
        out = funnel(plan, cases, hidden, numbers, seed=1, week=3)
        talked = out.conversations > 0
        results[channel] = (
            out.cost.sum() / talked.sum(),
            out.promise[talked].mean(),
            out.promise_kept_chance.max(),
        )
    assert results[ROBOT][0] < results[HUMAN][0]
    assert results[ROBOT][1] < results[HUMAN][1]
    assert results[ROBOT][2] < results[HUMAN][2]


def test_age_changes_who_reads_a_message_and_not_how_many_do() -> None:
    for name in ("evidence", "report"):
        world = load_world(name)
        table = funnel_parameters(world).age_response
        h = world.households
        ages = np.array(
            [h.young_share.value, h.middle_share.value, 1 - h.young_share.value - h.middle_share.value]
        )
        assert table[[TEXT, MESSENGER]] @ ages == pytest.approx([1, 1])
        assert table[MESSENGER, 0] > table[MESSENGER, 1] > table[MESSENGER, 2]
        assert table[TEXT, 0] < table[TEXT, 1]
        assert (table[[HUMAN, ROBOT, APP]] == 1).all()


def test_a_number_of_regions_between_two_is_rounded() -> None:
    small: dict[str, object] = {"population.borrowers": 500, "population.firms": 60, "burn_in": 3}

    def borrowers_and_staff(regions: float) -> tuple[list[int], int]:
        model = Ecosystem("baseline", rng=3, changes={**small, "world.collection.regions": regions})
        model.run(2)
        shares = staff_shares(model.state, 0)
        return model.state.borrowers.region.tolist(), len(shares)

    assert borrowers_and_staff(8.4) == borrowers_and_staff(8)
    assert borrowers_and_staff(7.6)[1] == 8 and max(borrowers_and_staff(7.6)[0]) == 7


def test_staff_that_cannot_move_leaves_work_undone_and_the_platform_does_it(start: Ecosystem) -> None:
    state, cases = start.state, placed(start)
    assert staff_shares(state, 0).sum() == pytest.approx(1)
    plan = Treatment.nothing(len(cases.account)).use(HUMAN, 2)
    wanted = int(plan.attempts.sum())
    staff = Capacity(wanted, 0)
    fixed = ration_here(state, 0, plan, cases, staff, pooled=False)
    pooled = ration_here(state, 0, plan, cases, staff, pooled=True)
    assert int(pooled.attempts.sum()) == wanted
    assert 0.5 * wanted < int(fixed.attempts.sum()) < 0.98 * wanted
    alike = start.branch({"world.collection.regional_mismatch": 0.0}).state
    even = ration_here(alike, 0, plan, cases, Capacity(wanted // 2, 0), pooled=False)
    assert int(even.attempts.sum()) == pytest.approx(wanted // 2, rel=0.1)


def test_visits_never_move(start: Ecosystem) -> None:
    state, cases = start.state, placed(start)
    plan = Treatment.nothing(len(cases.account)).use(FIELD, 1)
    made = {
        pooled: ration_here(
            state, 0, plan, cases, Capacity(0, len(cases.account) // 2), pooled
        ).attempts.sum()
        for pooled in (True, False)
    }
    assert made[True] == made[False] > 0


def test_the_platform_breaks_no_rule_and_pays_less_for_staff() -> None:
    strict = {"rules.attempts_per_week": 2}
    start = Ecosystem("baseline", rng=3, changes=SMALL | strict)
    sums = {}
    for name, more in (
        ("traditional", {}),
        ("cloud_platform", {}),
        ("cloud_platform", {"world.collection.remote_labour": 1.0}),
    ):
        series = start.branch({"strategy": name, **more}).run(6).series()
        sums[name, bool(more)] = {
            c: int(series[c].sum()) for c in ("violations", "collection_cost", "attempts")
        }
    assert sums["traditional", False]["violations"] > 0
    assert sums["cloud_platform", False]["violations"] == 0
    remote, site = sums["cloud_platform", False], sums["cloud_platform", True]
    assert remote["attempts"] == site["attempts"]
    assert remote["collection_cost"] < site["collection_cost"]


def test_a_plan_is_as_long_as_the_borrower_needs_and_no_cure() -> None:
    start = Ecosystem("baseline", world="report", rng=3, changes=SMALL | {"population.borrowers": 8000})
    model = start.branch({"strategy": "app_based"}).run(8)
    a, q = model.state.accounts, model.state.placements
    by_app = (a.plan_left > 0) & a.plan_by_app
    most = int(model.world.collection.app_plan_months_most.value)
    assert by_app.sum() > 5
    assert a.plan_left[by_app].max() <= most
    assert len(np.unique(a.plan_left[by_app])) > 2
    used = model.state.placements_used
    cured = q.cured_after[:used] > 0
    assert cured.any()
    assert (q.paid[:used][cured] >= q.arrears[:used][cured]).all()
    running = np.isin(q.account[:used], np.flatnonzero(by_app)) & (q.paid[:used] < q.arrears[:used])
    assert running.any() and not cured[running].any()


def test_progress_keeps_plans_where_the_world_says_so(start: Ecosystem) -> None:
    kept = {}
    for factor in (1.0, 1.5):
        model = start.branch({"strategy": "app_based", "world.collection.progress_kept": factor}).run(20)
        kept[factor] = int(model.state.accounts.cumulative_paid.sum())
    assert kept[1.5] > kept[1.0]


def test_latent_states_are_complete(start: Ecosystem) -> None:
    """Everybody is able or short, never both: the states that a robot can meet."""
    hidden = latent(start.state, placed(start).account)
    assert (hidden.able ^ hidden.short).all()
