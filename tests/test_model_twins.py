"""Twins of one run: what a failure, a rescue or a shield reaches, and what it leaves alone to the bit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from support_model import seasoned, snapshot

from sim.core.columns import Bool
from sim.model import Ecosystem
from sim.phases.causes import FIRM_CAUSES, liquidity_lost
from sim.phases.week import WEEK

CHANNELS = (
    "late_receipts", "write_off", "cancelled_orders", "lost_inputs", "layoffs", "household_to_lender",
    "firm_to_lender", "lender_to_credit",
)  # fmt: skip
ALL_CLOSED = {f"channels.{name}": False for name in CHANNELS}
SIZE: dict[str, Any] = {
    "population__firms": 300, "population__borrowers": 1500, "burn_in": 52, "weeks": 104,
}  # fmt: skip


def start_of(world: str = "evidence") -> Ecosystem:
    return seasoned(world, 2, **SIZE)


def by_size(model: Ecosystem) -> list[int]:
    """Firms, the largest first."""
    return [int(firm) for firm in np.argsort(-model.state.firms.normal_sales, kind="stable")]


def failing(firms: Iterable[int], week: int = 1) -> dict[str, Any]:
    return {"events": [{"kind": "fail", "week": week, "firm": firm} for firm in firms]}


def firms_failed(model: Ecosystem) -> list[int]:
    return [int(event["agent"]) for event in model.state.events]


def net_cash(model: Ecosystem, firm: int) -> int:
    return int(model.state.firms.cash[firm] - model.state.firms.drawn[firm])


def differences(one: Ecosystem, other: Ecosystem, kept: Mapping[str, Bool]) -> dict[str, int]:
    """Rows by ``table.column`` that differ among the ``kept`` rows of each table (all where not named)."""
    found = {}
    after = snapshot(other)
    for name, before in snapshot(one).items():
        rows = kept.get(name.split(".")[0], np.ones(len(before), np.bool_))
        if len(before) != len(after[name]):
            found[name] = abs(len(before) - len(after[name]))
        elif before[rows].tobytes() != after[name][rows].tobytes():
            found[name] = int((before != after[name])[rows].sum())
    return found


def without(model: Ecosystem, firms: Sequence[int]) -> dict[str, Bool]:
    """Rows of firms, losses and links that belong to other firms."""
    k = model.state.links
    others = ~np.isin(np.arange(len(model.state.firms.cash)), firms)
    return {"firms": others, "losses": others, "links": others[k.buyer] & others[k.supplier]}


# -- nothing reaches others when all channels are closed ----------------------------------------
@pytest.mark.parametrize("world", ["evidence", "report"])
@pytest.mark.parametrize("places", [(0,), (150,), (1, 5, 20, 60, 120, 250)], ids=["giant", "middling", "six"])
def test_with_all_channels_closed_a_failure_moves_nobody_else(world: str, places: tuple[int, ...]) -> None:
    # the lenders' own money, loans and capital are left out: the estate of a failed firm repays its bank
    # later and its line is gone; their standards, which others feel, are in
    start = start_of(world)
    felled = [by_size(start)[place] for place in places]
    usual = start.branch(ALL_CLOSED).run(52)
    twin = start.branch({**ALL_CLOSED, **failing(felled)}).run(10)
    assert not twin.state.firms.alive[felled].any()
    twin.run(42)
    assert set(felled) <= set(firms_failed(twin)) and not set(felled) & set(firms_failed(usual))
    found = differences(usual, twin, without(usual, felled))
    assert not set(found) - {f"lenders.{name}" for name in ("money", "firm_loans", "capital")}
    assert usual.series()["consumer_overdue_rate"].equals(twin.series()["consumer_overdue_rate"])


@pytest.mark.parametrize("channel", ["write_off", "cancelled_orders", "lost_inputs", "layoffs"])
def test_a_single_open_channel_reaches_others(channel: str) -> None:
    # so that the test above cannot pass for want of harm; other channels pass on what these began
    start = start_of()
    felled = by_size(start)[:6]
    open_one = {**ALL_CLOSED, f"channels.{channel}": True}
    usual, twin = start.branch(open_one).run(26), start.branch({**open_one, **failing(felled)}).run(26)
    found = differences(usual, twin, without(usual, felled))
    own = {f"lenders.{name}" for name in ("money", "firm_loans", "capital")}
    assert set(found) - own


# -- other components of the network -------------------------------------------------------------
HALF = 60


@pytest.fixture(scope="module")
def two_towns(tmp_path_factory: pytest.TempPathFactory) -> Ecosystem:
    """A network of two components of like size, without a link between them."""
    rows = [
        f"{town}{i},{town}{(i + step) % HALF},{60_000 + 1000 * ((7 * i + step) % 30)}"
        for town in "ab"
        for i in range(HALF)
        for step in (1, 2, 5, 17)
    ]
    path = tmp_path_factory.mktemp("towns") / "links.csv"
    path.write_text("\n".join(["buyer,supplier,weekly_amount", *rows]))
    return Ecosystem("baseline", rng=1, network=path, borrowers=600, burn_in=26, weeks=104)


def town_of(model: Ecosystem, firm: int) -> Bool:
    component = model.state.firms.component
    return np.asarray(component == component[firm])


def twins_of_town(model: Ecosystem, changes: Mapping[str, Any]) -> tuple[Ecosystem, Ecosystem, Bool]:
    """A year without and with the failure of ten firms of one component; and who is in the other."""
    here = np.flatnonzero(town_of(model, 0))
    usual = model.branch(changes).run(52)
    twin = model.branch({**changes, **failing(here[::6].tolist())}).run(52)
    return usual, twin, ~town_of(model, 0)


def test_a_failure_stays_in_its_component(two_towns: Ecosystem) -> None:
    # jobs and banks know no components, so these two channels are closed; all channels of trade are open
    assert town_of(two_towns, 0).sum() == HALF
    closed = {"channels.layoffs": False, "channels.lender_to_credit": False}
    usual, twin, elsewhere = twins_of_town(two_towns, closed)
    links = elsewhere[usual.state.links.buyer]
    kept = {"firms": elsewhere, "losses": elsewhere, "links": links}
    found = differences(usual, twin, kept)
    assert not {name for name in found if name.split(".")[0] in kept}
    here = differences(usual, twin, {"firms": ~elsewhere, "losses": ~elsewhere, "links": ~links})
    assert here["firms.cash"] > HALF / 2 and here["losses.write_off"] > 10 and here["links.overdue"] > 10


def test_across_components_only_jobs_and_banks_couple(two_towns: Ecosystem) -> None:
    usual, twin, elsewhere = twins_of_town(two_towns, {})
    links = elsewhere[usual.state.links.buyer]
    found = differences(usual, twin, {"firms": elsewhere, "losses": elsewhere, "links": links})
    assert "firms.line" in found or "firms.hard_costs" in found
    draws = {"firms.demand_shock", "firms.order_shock"}
    assert not draws & set(found)
    # the first week of the failure is too early for either
    usual, twin = two_towns.branch({}).run(2), two_towns.branch(failing([0])).run(2)
    found = differences(usual, twin, {"firms": elsewhere, "losses": elsewhere, "links": links})
    assert not {name for name in found if name.split(".")[0] in ("losses", "links")}
    assert {name for name in found if name.startswith("firms.")} <= {"firms.line"}


def test_failures_move_no_draw_of_other_borrowers() -> None:
    # without hiring, credit and contacts nothing ties borrowers to each other but random numbers
    start = start_of()
    apart = {
        "channels.lender_to_credit": False,
        "world.households.job_finding": 0.0,
        "rules.attempts_per_week": 0,
        "world.collection.over_cap_rate": 0.0,
    }
    usual = start.branch(apart).run(26)
    twin = start.branch({**apart, **failing(by_size(start)[:10])}).run(26)
    elsewhere = start.state.borrowers.employer < 0  # works for no modelled firm
    assert elsewhere.sum() >= 40
    kept = {"borrowers": elsewhere, "accounts": elsewhere[usual.state.accounts.borrower]}
    found = differences(usual, twin, kept)
    assert not {name for name in found if name.split(".")[0] in kept}
    assert differences(usual, twin, {})["borrowers.cash"] > 300


# -- changes without a cause to act on ----------------------------------------------------------
@pytest.fixture(scope="module")
def lost_so_far() -> Any:
    """Most that each channel cost each firm at the end of any of 40 weeks, fen, and the run."""
    model = start_of().copy()
    most = np.zeros((len(model.state.firms.cash), len(FIRM_CAUSES)))
    for _ in range(40):
        model.step()
        for firm in np.flatnonzero(model.state.firms.alive):
            most[firm] = np.maximum(most[firm], liquidity_lost(model.state, int(firm))[0])
    return most, model


OWN_MARK = {"firms.shield", "firms.orders_kept_from", "firms.inputs_kept_from", "firms.rescued"}


@pytest.mark.parametrize("channel", list(FIRM_CAUSES))
def test_a_shield_against_nothing_changes_nothing(channel: str, lost_so_far: Any) -> None:
    most, usual = lost_so_far
    column = list(FIRM_CAUSES).index(channel)
    k, n = usual.state.links, len(most)
    spared = usual.state.firms.alive & (most[:, column] == 0) & (usual.state.firms.normal_sales > 0)
    if channel == "late_receipts":  # an advance is paid back within the week where buyers pay at once
        spared &= np.bincount(k.supplier, minlength=n) == 0
    elif channel == "own":  # what is lost in the middle of a week may be back at its end
        spared &= net_cash_over_costs(usual) > np.quantile(net_cash_over_costs(usual), 0.8)
    elif channel == "cancelled_orders":
        spared &= np.bincount(k.supplier, k.missed_weight, minlength=n) == 0
    elif channel == "lost_inputs":
        spared &= np.bincount(k.buyer, k.short_weight, minlength=n) == 0
    elif channel == "write_off":
        spared &= np.bincount(k.supplier, k.lost_weight, minlength=n) == 0
    elif channel == "lender_to_credit":  # standards fall everywhere sooner or later: freeze them
        usual = start_of().branch({"channels.lender_to_credit": False}).run(40)
        spared = usual.state.firms.alive
    candidates = np.flatnonzero(spared)
    assert len(candidates)
    closed = {"channels.lender_to_credit": False} if channel == "lender_to_credit" else {}
    for firm in candidates[:: max(1, len(candidates) // 3)][:3]:
        event = {"kind": "shield", "week": 0, "firm": int(firm), "channel": channel}
        twin = start_of().branch({**closed, "events": [event]}).run(40)
        assert twin.state.firms.shield[firm] > 0
        found = set(differences(usual, twin, {}))
        assert found <= OWN_MARK, (int(firm), found)


def net_cash_over_costs(model: Ecosystem) -> Any:
    f = model.state.firms
    return (f.cash - f.drawn) / np.maximum(1.0, f.hard_cost_share * f.average_sales)


def test_rescuing_a_firm_that_would_live_changes_nothing() -> None:
    start = start_of()
    usual = start.copy().run(52)
    safe = [firm for firm in by_size(start) if firm not in firms_failed(usual)]
    for firm in (safe[0], safe[100], safe[-1]):
        twin = start.branch({"events": [{"kind": "rescue", "week": 3, "firm": firm}]}).run(52)
        assert set(differences(usual, twin, {})) == {"firms.rescued"}
        assert usual.series().equals(twin.series()) and usual.events().equals(twin.events())


def test_rescuing_a_failing_firm_is_felt_from_its_failure_on_only() -> None:
    hard = {"world.firms.credit_line_weeks": 0.0}
    usual = start_of().branch(hard).run(30)
    first = usual.state.events[0]
    event = {"kind": "rescue", "week": 0, "firm": int(first["agent"])}
    twin, again = start_of().branch({**hard, "events": [event]}), start_of().branch(hard)
    for model in (twin, again):
        model.run(int(first["week"]))
    assert set(differences(again, twin, {})) <= {"firms.rescued"}
    twin.run(30 - twin.week)
    assert set(differences(usual, twin, {})) > {"firms.rescued", "firms.sales", "firms.cash"}


# -- one firm shielded against the failure of its main customer or supplier -------------------
def shielded(changes: dict[str, Any], firm: int, channel: str, week: int = 0) -> dict[str, Any]:
    event = {"kind": "shield", "week": week, "firm": firm, "channel": channel}
    return {**changes, "events": [*changes.get("events", []), event]}


def main_link(model: Ecosystem, by: str) -> int:
    """The link that matters most to a firm in good health: share of its sales, or of its inputs."""
    f, k = model.state.firms, model.state.links
    firm = k.supplier if by == "customer" else k.buyer
    base: Any = f.normal_sales[firm]
    if by == "supplier":
        base = np.bincount(k.buyer, k.weekly_amount, len(f.cash))[firm]
    sound = (k.disputed == 0) & (k.not_due > 0) & (np.bincount(firm, minlength=len(f.cash))[firm] > 1)
    return int(np.argmax(np.where(sound, k.weekly_amount / base, 0.0)))


NO_DISPUTES = {"world.firms.disputed_share": 0.0}


def test_shielded_from_write_offs_a_firm_receives_what_was_due() -> None:
    start = start_of()
    e = main_link(start, "customer")
    customer, firm = int(start.state.links.buyer[e]), int(start.state.links.supplier[e])
    event = {**NO_DISPUTES, **failing([customer])}
    exposed, safe = start.branch(event).run(1), start.branch(shielded(event, firm, "write_off")).run(1)
    before = exposed.state.losses.write_off[firm] + exposed.state.losses.pending[firm]
    owed = 0
    for model in (exposed, safe):  # the week of the failure, phase by phase
        for phase in WEEK:
            if phase.name == "failure":
                k = model.state.links
                owed = int(k.not_due[e] + k.overdue[e] + k.disputed[e])
            phase.run(model.state)
        model.state.clock += 1
    lost = owed - int(owed * (1.0 - start.world.firms.loss_given_failure.value))
    noted = [
        model.state.losses.write_off[firm] + model.state.losses.pending[firm] for model in (exposed, safe)
    ]
    assert noted[0] - noted[1] == pytest.approx(lost, abs=1)
    assert noted[1] <= before < lost
    assert safe.state.links.lost_weight[e] == 0 < exposed.state.links.lost_weight[e]
    safe.run(int(start.state.links.terms[e]) + 1)
    flows: Any = safe.ledger.flows()
    assert firms_failed(safe) == [customer]
    assert (
        int(flows.loc["backstop_debts", "firms"]) == owed == -int(flows.loc["backstop_debts", "government"])
    )
    exposed.run(safe.week - exposed.week)
    more = net_cash(safe, firm) - net_cash(exposed, firm)
    assert more == pytest.approx(exposed.state.losses.write_off[firm] - noted[1], rel=0.2)
    safe.ledger.check()


def test_shielded_from_cancelled_orders_a_firm_goes_on_selling() -> None:
    start = start_of()
    e = main_link(start, "customer")
    customer, firm = int(start.state.links.buyer[e]), int(start.state.links.supplier[e])
    usual, exposed = start.copy().run(3), start.branch(failing([customer])).run(3)
    safe = start.branch(shielded(failing([customer]), firm, "cancelled_orders")).run(3)
    # the first week without the customer: what the ledger calls missed is what the shield adds, to the fen
    missed = float(exposed.state.losses.missed[firm])
    sales = [int(model.state.firms.sales[firm]) for model in (usual, exposed, safe)]
    assert missed > 0.1 * sales[0] and safe.state.losses.missed[firm] == 0
    assert sales[2] - sales[1] == missed
    assert sales[2] == pytest.approx(sales[0], rel=0.02)
    # at first costs saved exceed receipts missed, which come after the terms: the ledger says so as well
    for model in (usual, exposed, safe):
        model.run(3)
    more = net_cash(safe, firm) - net_cash(exposed, firm)
    noted = exposed.state.losses.orders[firm] - safe.state.losses.orders[firm]
    assert more == pytest.approx(noted, rel=0.05) and abs(noted) > 0.3 * missed
    for model in (usual, exposed, safe):
        model.run(17)
    totals = [float(model.state.firms.average_sales[firm]) for model in (usual, exposed, safe)]
    assert abs(totals[2] - totals[0]) < 0.25 * abs(totals[1] - totals[0])
    safe.ledger.check()


def test_shielded_from_lost_inputs_a_firm_goes_on_making() -> None:
    start = start_of()
    e = main_link(start, "supplier")
    firm, supplier = int(start.state.links.buyer[e]), int(start.state.links.supplier[e])
    exposed = start.branch(failing([supplier])).run(3)
    safe = start.branch(shielded(failing([supplier]), firm, "lost_inputs")).run(3)
    assert exposed.state.firms.input_limit[firm] < 1 == safe.state.firms.input_limit[firm]
    assert exposed.state.losses.bought_outside[firm] > 0 == safe.state.losses.bought_outside[firm]
    outside = exposed.state.firms.hard_costs[firm] - safe.state.firms.hard_costs[firm]
    assert outside == pytest.approx(exposed.state.losses.bought_outside[firm], abs=2)  # costs are whole fen
    exposed.run(1), safe.run(1)
    gap = int(safe.state.firms.sales[firm] - exposed.state.firms.sales[firm])
    customers = int(np.count_nonzero(start.state.links.supplier == firm))
    assert gap > 0
    assert gap == pytest.approx(exposed.state.losses.unmade[firm], abs=2 * customers + 2, rel=1e-3)
    exposed.run(12), safe.run(12)
    assert net_cash(safe, firm) > net_cash(exposed, firm)
    assert safe.state.losses.inputs[firm] == 0 != exposed.state.losses.inputs[firm]
    safe.ledger.check()


def test_shielded_from_late_receipts_a_firm_is_advanced_what_is_overdue() -> None:
    start = start_of()
    f = start.state.firms
    tested = 0
    for firm in np.flatnonzero((f.overdue_receivables > 0) & (f.drawn > 0) & f.alive)[:8]:
        usual, safe = start.copy(), start.branch(shielded({}, int(firm), "late_receipts"))
        for phase in WEEK[:3]:
            phase.run(usual.state), phase.run(safe.state)
        safe.ledger.check()
        flows: Any = [model.ledger.flows() for model in (usual, safe)]
        drawn_by_owners = [int(flow.loc["dividends", "firms"]) for flow in flows]
        assert safe.state.firms.overdue_receivables[firm] == 0
        if drawn_by_owners[0] != drawn_by_owners[1]:
            continue  # part of the advance has left as dividend
        more = net_cash(safe, int(firm)) - net_cash(usual, int(firm))
        more += int(safe.state.firms.paid[firm] - usual.state.firms.paid[firm])
        assert more == usual.state.firms.overdue_receivables[firm] > 0
        tested += 1
    assert tested >= 3


def test_shielded_from_its_own_luck_a_firm_is_made_good() -> None:
    hit = {"events": [{"kind": "demand", "week": 0, "weeks": 20, "change": -0.4}]}
    start = start_of()
    exposed = start.branch(hit).run(4)
    lost = {
        int(i): liquidity_lost(exposed.state, int(i))[0][0] for i in np.flatnonzero(exposed.state.firms.alive)
    }
    firm = max(lost, key=lambda i: lost[i] / exposed.state.firms.average_sales[i])
    safe = start.branch(shielded(hit, firm, "own", week=4)).run(4)
    flow = "backstop_own_losses"
    for model in (exposed, safe):
        for phase in WEEK[:3]:
            phase.run(model.state)
    had, has = (net_cash(model, firm) for model in (exposed, safe))
    before = liquidity_lost(exposed.state, firm)[0][0]
    flows: Any = safe.ledger.flows()
    given = int(flows.loc[flow, "firms"])
    assert given == has - had == pytest.approx(before, abs=1) and given > 0
    assert given == -int(flows.loc[flow, "government"])
    assert liquidity_lost(safe.state, firm)[0][0] == pytest.approx(0, abs=1)
    safe.ledger.check()


def test_shielded_from_its_banks_losses_a_firm_keeps_its_usual_line() -> None:
    start = start_of("report")
    trouble = failing(by_size(start)[:30])
    exposed = start.branch(trouble).run(20)
    lenders, f = exposed.state.lenders, exposed.state.firms
    tight = int(np.argmin(lenders.standard / lenders.normal_standard))
    assert lenders.standard[tight] < 0.9 * lenders.normal_standard[tight]
    firm = int(np.flatnonzero(f.alive & (f.bank == tight))[0])
    safe = start.branch(shielded(trouble, firm, "lender_to_credit", week=19)).run(20)
    before, after = liquidity_lost(exposed.state, firm), liquidity_lost(safe.state, firm)
    column = list(FIRM_CAUSES).index("lender_to_credit")
    assert safe.state.firms.line[firm] - f.line[firm] == pytest.approx(before[0][column], abs=2)
    assert before[0][column] > 0 == after[0][column]
    assert after[1] < before[1]
    safe.ledger.check()
