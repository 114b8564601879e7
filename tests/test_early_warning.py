"""Early warning reminds and lends by what it predicts; other modules that act on estimates."""

from __future__ import annotations

import pytest

from arrears import Ecosystem

SIZES = {"population.borrowers": 6000, "population.firms": 100, "burn_in": 60}
WARNED = {"lending.modules": ["early_warning"], "strategy": "traditional"}


@pytest.fixture(scope="module")
def start() -> Ecosystem:
    return Ecosystem("baseline", rng=3, changes=SIZES)


def test_accuracy_stands_beside_the_base_rate(start: Ecosystem) -> None:
    model = start.branch(WARNED).run(30)
    m = {name: value.value for name, value in model.measures().items()}
    assert m["prediction_base_rate"] is not None and m["prediction_accuracy"] is not None
    assert 0.8 < m["prediction_base_rate"] < 0.95
    assert abs(m["prediction_accuracy"] - m["prediction_base_rate"]) < 0.02
    # in the fitted world shocks decide who misses a due date, and history ranks them a little only
    assert m["prediction_auc"] is not None and abs(m["prediction_auc"] - 0.5) < 0.1
    assert m["prediction_brier"] is not None and m["prediction_brier"] < 0.2
    assert model.series()["predicted_risk"].iloc[-9:].mean() == pytest.approx(
        1 - m["prediction_base_rate"], abs=0.06
    )


def test_history_ranks_who_misses_a_due_date_a_little_and_acting_on_it_hides_that() -> None:
    """Without reminders and refusals predictions are told from chance; with them, those warned of pay."""
    idle = {"world.lenders.warned_share": 0.0, "world.lenders.warning_cutoff": 1000.0}
    found: list[tuple[float, float]] = []
    for seed in range(11, 15):
        model = Ecosystem("baseline", rng=seed, changes=SIZES)
        one, other = (model.branch(WARNED | more).run(30).measures() for more in (idle, {}))
        watched, acted = (side["prediction_auc"].value for side in (one, other))
        assert watched is not None and acted is not None
        found.append((watched, acted))
    watched, acted = (sum(side) / len(found) for side in zip(*found, strict=True))
    assert 0.52 < watched < 0.65
    assert 0.5 < acted < watched


def test_risky_borrowers_are_refused_and_lending_falls(start: Ecosystem) -> None:
    plain = start.branch({"strategy": "traditional"}).run(30)
    warned = start.branch(WARNED).run(30)
    lax = start.branch(WARNED | {"world.lenders.warning_cutoff": 1000.0}).run(30)
    credit = {name: int(model.series()["new_credit"].sum()) for name, model in
              (("plain", plain), ("warned", warned), ("lax", lax))}  # fmt: skip
    assert credit["warned"] < credit["plain"]
    assert abs(credit["lax"] - credit["plain"]) < 0.2 * (credit["plain"] - credit["warned"])
    assert warned.series()["refused"].iloc[-1] > 0 == plain.series()["refused"].sum()
    warned.ledger.check()


def test_one_lender_alone_can_use_it(start: Ecosystem) -> None:
    model = start.branch(WARNED | {"lending.lenders": [1]}).run(12)
    a = model.state.accounts
    assert a.refused[a.lender == 1].any()
    assert not a.refused[a.lender != 1].any()


def test_a_collector_that_warns_reminds_and_leaves_lending_as_it_is(start: Ecosystem) -> None:
    model = start.branch({"strategy": "traditional+early_warning"}).run(12)
    assert model.series()["reminded_before_due"].sum() > 0
    assert not model.state.accounts.refused.any()


def test_reminders_before_due_leave_fewer_forgotten(start: Ecosystem) -> None:
    late = {}
    for name, more in (("sure", 1.0), ("none", 0.0)):
        sure = {f"world.collection.channels.text.{x}": more for x in ("contact", "reminds")}
        model = start.branch(
            {"strategy": "cloud_platform", **sure, "world.collection.channels.app.contact": 0.0}
        )
        series = model.run(16).series()
        late[name] = float(series["late_accounts_share"].iloc[4:].mean())
        assert (series["reminded_before_due"].sum() > 0) == (name == "sure")
    assert late["sure"] < 0.9 * late["none"]


def test_the_hold_out_gets_no_reminder(start: Ecosystem) -> None:
    model = start.branch({"strategy": "cloud_platform"})
    for _ in range(5):
        model.step()
        a = model.state.accounts
        assert not (a.warned & a.hold_out).any()
    assert a.warned.any()


def test_cases_that_do_not_pay_are_spared_once_the_hold_out_tells(start: Ecosystem) -> None:
    model = start.branch({"strategy": "traditional+leave_alone", "world.collection.human_dials": 3000.0}).run(
        40
    )
    plain = start.branch({"strategy": "traditional", "world.collection.human_dials": 3000.0}).run(40)
    spared = model.series()["spared"]
    assert spared.iloc[0] == 0  # no held-out history yet
    assert spared.iloc[-1] > 0
    assert model.series()["attempts"].sum() < plain.series()["attempts"].sum()
    assert model.series()["collection_cost"].sum() < plain.series()["collection_cost"].sum()


def test_in_a_downturn_warned_lenders_lend_less_and_hardly_see_it_coming() -> None:
    """Twins of the shipped downturn: with and without early warning, and against calm weeks."""
    start = Ecosystem("downturn", rng=5, changes=SIZES)
    warned, plain, calm = (
        start.branch(changes).run(52)
        for changes in (WARNED, {"strategy": "traditional"}, WARNED | {"events": []})
    )
    assert warned.series()["new_credit"].sum() < plain.series()["new_credit"].sum()
    weeks = slice(20, 52)
    risk, usual = (model.series()["predicted_risk"].iloc[weeks].mean() for model in (warned, calm))
    npl = [model.series()["npl_ratio"].iloc[-8:].mean() for model in (plain, calm)]
    # jobs are lost out of the blue: bad loans rise, the warning a month before a due date hardly does
    assert npl[0] > npl[1]
    assert abs(risk - usual) < 0.02
