"""Channels, dated events and levers: each does what it says, and the books stay exact."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from support_model import seasoned

from sim.core.errors import SpecError
from sim.core.ledger import Instrument, Sector
from sim.model import Ecosystem

CHANNELS = (
    "late_receipts", "write_off", "cancelled_orders", "lost_inputs", "layoffs", "household_to_lender",
    "firm_to_lender", "lender_to_credit",
)  # fmt: skip
SIZE: dict[str, Any] = {"population__borrowers": 2000, "population__firms": 300}
#: Trouble enough for every channel to matter.
TROUBLE = {
    "events": [
        *({"kind": "fail", "week": 1, "firm": firm} for firm in range(0, 60, 3)),
        {"kind": "demand", "week": 2, "weeks": 20, "change": -0.3},
    ]
}


@functools.cache
def troubled(closed: str | None = None) -> Ecosystem:
    """Half a year of trouble with one channel closed, or none."""
    changes: dict[str, Any] = dict(TROUBLE)
    if closed is not None:
        changes[f"channels.{closed}"] = False
    return seasoned(**SIZE).branch(changes).run(26)


def flow(model: Ecosystem, name: str, sector: str) -> int:
    """What a sector received in a flow since the start, fen."""
    flows: Any = model.ledger.flows()
    return int(flows.loc[name, sector]) if name in flows.index else 0


@pytest.mark.parametrize("channel", CHANNELS)
def test_each_channel_matters_and_the_books_hold(channel: str) -> None:
    closed = troubled(channel)
    assert closed.digest() != troubled().digest()
    closed.ledger.check()
    assert not closed.ledger.flows().to_numpy().sum(axis=0).any()
    assert not closed.ledger.balance_sheet().sum(axis=0).any()


@pytest.mark.parametrize(
    ("channel", "name", "sector"),
    [
        ("write_off", "backstop_debts", "firms"),
        ("cancelled_orders", "backstop_orders", "firms"),
        ("layoffs", "backstop_wages", "borrowers"),
        ("household_to_lender", "backstop_loans", "lenders"),
        ("firm_to_lender", "backstop_lines", "lenders"),
    ],
)
def test_a_closed_channel_makes_the_injured_whole(channel: str, name: str, sector: str) -> None:
    assert flow(troubled(channel), name, sector) > 0
    assert flow(troubled(channel), name, "government") == -flow(troubled(channel), name, sector)
    assert flow(troubled(), name, sector) == 0


def test_write_offs_cost_creditors_what_the_state_would_pay() -> None:
    # in the week of the forced failures both runs lose the same claims; the state pays them as they fall due
    opened, closed = (
        seasoned(**SIZE).branch({**TROUBLE, "channels.write_off": channel}).run(2)
        for channel in (True, False)
    )
    lost = int(opened.series()["trade_written_off"].sum())
    assert lost > 0 == closed.series()["trade_written_off"].sum()
    assert opened.series()["failures"].iloc[1] >= 15
    closed.run(14)
    assert flow(closed, "backstop_debts", "firms") >= lost
    assert closed.state.firms.cash.sum() > opened.run(14).state.firms.cash.sum()


def test_advances_stand_for_overdue_receivables() -> None:
    model = troubled("late_receipts")
    k = model.state.links
    alive = model.state.firms.alive
    assert np.array_equal(k.advanced[alive[k.buyer]], k.overdue[alive[k.buyer]])
    assert model.ledger.claims[Instrument.TRADE_CREDIT, Sector.GOVERNMENT] == k.advanced.sum() > 0
    assert not model.state.firms.overdue_receivables.any()
    assert not troubled().state.links.advanced.any()
    assert model.series()["failures"].sum() <= troubled().series()["failures"].sum()


def test_without_lay_offs_nobody_is_laid_off() -> None:
    assert troubled("layoffs").series()["laid_off"].sum() == 0 < troubled().series()["laid_off"].sum()
    hit = troubled().state.borrowers
    assert (hit.income_lost[hit.laid_off_by >= 0] >= 0).all()
    assert (hit.employer[hit.laid_off_by >= 0] == -1).any()
    assert troubled("layoffs").series()["employment"].iloc[-1] > troubled().series()["employment"].iloc[-1]


def test_without_lost_inputs_output_is_not_limited() -> None:
    no_loss = {"channels.lost_inputs": False}
    assert (troubled("lost_inputs").state.firms.input_limit == 1).all()
    assert (troubled().state.firms.input_limit < 1).any()
    # outsiders deliver in the name of failed firms
    opened, closed = (seasoned(**SIZE).branch({**TROUBLE, **more}).run(4) for more in ({}, no_loss))
    gone = ~opened.state.firms.alive & ~closed.state.firms.alive
    assert gone.sum() >= 15
    assert closed.state.firms.sales[gone].sum() > 0 == opened.state.firms.sales[gone].sum()


def test_frozen_standards() -> None:
    start = seasoned(**SIZE).state.lenders.standard
    assert np.array_equal(troubled("lender_to_credit").state.lenders.standard, start)
    assert not np.array_equal(troubled().state.lenders.standard, start)
    assert (troubled().state.lenders.standard <= 1).all()


def test_losses_of_lenders_lower_their_capital() -> None:
    for channel in ("firm_to_lender", "household_to_lender"):
        opened, closed = (
            seasoned(**SIZE)
            .branch({**TROUBLE, "channels.lender_to_credit": False, f"channels.{channel}": state})
            .run(20)
            for state in (True, False)
        )
        assert closed.state.lenders.money.sum() > opened.state.lenders.money.sum()


# -- dated events -------------------------------------------------------------------------------
def test_a_forced_failure_and_a_new_firm_in_its_place() -> None:
    firm = 7
    model = seasoned().branch({"events": [{"kind": "fail", "week": 2, "firm": firm}]})
    model.run(2)
    assert model.state.firms.alive[firm]
    model.step()
    f = model.state.firms
    assert not f.alive[firm] and f.failed_week[firm] == model.state.clock - 1
    assert f.employees[firm] == 0 and (model.state.borrowers.employer != firm).all()
    row: Any = model.events().query("kind == 'firm' and agent == @firm").iloc[0]
    assert (row["week"], row["sector"]) == (2, model.sectors[f.sector[firm]])
    weeks = round(model.world.firms.entrant_weeks.value)
    model.run(weeks - 1)
    assert not model.state.firms.alive[firm]
    model.step()
    f = model.state.firms
    assert f.alive[firm] and f.cash[firm] > 0
    assert flow(model, "new_equity", "firms") > 0
    model.run(2)
    assert model.state.firms.sales[firm] > 0


def test_a_rescued_firm_does_not_fail() -> None:
    # without lines or buffers many fail; the rescued never
    hard = {"world.firms.credit_line_weeks": 0.0}
    doomed = seasoned("evidence", 3, **SIZE).branch(hard).run(30)
    felled = sorted({int(event["agent"]) for event in doomed.state.events})[:5]
    assert len(felled) >= 3
    rescue = [{"kind": "rescue", "week": 0, "firm": firm} for firm in felled]
    saved = seasoned("evidence", 3, **SIZE).branch({**hard, "events": rescue}).run(30)
    assert not set(felled) & {int(event["agent"]) for event in saved.state.events}
    assert saved.state.firms.alive[felled].all()
    saved.ledger.check()


def test_rules_change_in_mid_run() -> None:
    event = {"events": [{"kind": "rules", "week": 6, "rules": "none"}]}
    kept, lifted = seasoned(**SIZE).copy(), seasoned(**SIZE).branch(event)
    kept.run(6), lifted.run(6)
    assert kept.digest() == lifted.digest()
    assert lifted.rules.id == "china-2023"
    lifted.run(30), kept.run(30)
    assert (lifted.rules.id, kept.rules.id) == ("none", "china-2023")
    assert lifted.series()["violations"].iloc[6:].sum() == 0 < kept.series()["violations"].iloc[6:].sum()


def test_a_loss_of_demand_hits_the_named_sectors_only() -> None:
    start = seasoned(**SIZE)
    named = ["construction", "food"]
    assert set(named) <= set(start.sectors)
    usual = start.copy().run(3)
    hit = start.branch(
        {"events": [{"kind": "demand", "week": 2, "weeks": 3, "sectors": named, "change": -0.5}]}
    )
    hit.run(3)
    sector = np.array(usual.sectors)[usual.state.firms.sector]
    before, after = usual.state.firms.final_sales, hit.state.firms.final_sales
    mine = np.isin(sector, named)
    assert np.allclose(after[mine], before[mine] / 2, atol=2, rtol=0.05)
    assert after[mine].sum() < 0.55 * before[mine].sum()
    assert np.allclose(after[~mine], before[~mine], atol=2, rtol=0.02)
    hit.run(4), usual.run(4)
    later = hit.state.firms.final_sales[mine].sum() / usual.state.firms.final_sales[mine].sum()
    assert later > 0.9  # the demand is back


def test_shorter_lines_and_lost_jobs_for_a_while() -> None:
    start = seasoned(**SIZE)
    usual = start.copy().run(3)
    lines = start.branch({"events": [{"kind": "credit_lines", "week": 1, "weeks": 2, "factor": 0.25}]}).run(3)
    both = usual.state.firms.alive & lines.state.firms.alive
    ratio = lines.state.firms.line[both].sum() / usual.state.firms.line[both].sum()
    assert ratio == pytest.approx(0.25, abs=0.01)
    jobs = start.branch({"events": [{"kind": "job_loss", "week": 0, "weeks": 13, "factor": 100}]}).run(13)
    assert jobs.series()["employment"].iloc[-1] < 0.8 < usual.run(10).series()["employment"].iloc[-1]


def test_a_rollout_moves_a_growing_share_of_accounts() -> None:
    start = seasoned(population__borrowers=4000, population__firms=60)
    event = {"kind": "rollout", "week": 2, "ramp": 8, "share": 0.5, "strategy": "app_based"}
    rolled = start.branch({"events": [event]}).run(16).series()
    none = start.copy().run(16).series()
    whole = start.branch({"strategy": "app_based"}).run(16).series()
    assert rolled.iloc[:2].equals(none.iloc[:2])
    shares = (rolled["digital"] / rolled["contacted"]).rolling(4).mean()
    assert shares.iloc[6] < shares.iloc[13]
    last = [
        float(s["digital"].iloc[10:].sum() / s["contacted"].iloc[10:].sum()) for s in (none, rolled, whole)
    ]
    assert last[0] < last[1] < last[2]


def test_compulsory_payment_happens_on_its_dates_only() -> None:
    start = seasoned(**SIZE)
    usual, forced = start.copy().run(4), start.branch({"levers.compulsory_payment_every": 3}).run(4)
    overdue = usual.series()["trade_overdue_share"], forced.series()["trade_overdue_share"]
    assert overdue[1].iloc[0] < overdue[0].iloc[0] - 0.02
    assert overdue[1].iloc[3] < overdue[1].iloc[2]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"population.firms": 90}, "population.*acts on the start"),
        ({"burn_in": 3}, "burn_in.*acts on the start"),
        ({"world.firms.terms_weeks": 4}, "terms_weeks.*acts on the start"),
        ({"strategy": "tradional"}, "did you mean 'traditional'"),
        ({"events": [{"kind": "fail", "week": 1, "firm": 9999}]}, "9999 is no firm"),
        (
            {"events": [{"kind": "demand", "week": 1, "weeks": 1, "sectors": ["fod"], "change": -0.1}]},
            "'fod'",
        ),
        ({"collectors[0].lenders": [9]}, "9 is not the number of a lender"),
    ],
)
def test_impossible_branches_are_refused_in_one_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words) as error:
        seasoned().branch(changes)
    assert "\n" not in str(error.value)
