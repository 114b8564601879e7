"""Causes of failures: sound tables, and shares that foretell what removing a cause does."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, spearmanr
from support_model import seasoned

from sim.model import Ecosystem
from sim.phases.causes import FIRM_CAUSES, record_failure
from sim.phases.state import State
from sim.phases.week import WEEK

# -- shares of causes against the effect of removing each ------------------------------------------
#: Failures from this week on, so that a shield from week 0 has acted for long; last week looked at.
FIRST, LAST = 40, 66
#: Weeks by which a failure counts as averted; no delay counts more.
HORIZON = 26
SEEDS = 31
#: Few borrowers and one collector for all stages: what is asked is about firms.
COLLECTOR = {"name": "one", "kind": "agency", "stages": ["early", "middle", "late", "charged_off"]}
SAMPLE = {
    "population.borrowers": 100, "population.firms": 400, "burn_in": 104, "weeks": 104,
    "collectors": [COLLECTOR],
}  # fmt: skip


def failure_week(state: State, firm: int) -> int | None:
    """The week of a firm's newest failure on record."""
    event = state.newest_failure.get(firm)
    return None if event is None else int(state.events[event]["week"])


def delay(start: Ecosystem, firm: int, week: int, channel: str) -> int:
    """Weeks by which a failure comes later with one of the firm's causes removed from week 0 on."""
    shield = {"kind": "shield", "week": 0, "firm": firm, "channel": channel}
    state = start.branch({"events": [shield]}).state
    while state.week <= week + HORIZON and firm not in state.newest_failure:
        for phase in WEEK:  # a week without the check of the books, which other tests make
            phase.run(state)
        state.clock += 1
    found = failure_week(state, firm)
    return HORIZON if found is None else min(HORIZON, found - week)


def removals(world_and_seed: tuple[str, int]) -> list[tuple[str, int, str, float, int]]:
    """Every first failure of a firm from week FIRST to LAST, each of its causes removed by itself.

    Rows: failure, its week, channel, share of the cause, weeks of delay by its removal.
    """
    world, seed = world_and_seed
    start = Ecosystem("baseline", world=world, rng=seed, changes=SAMPLE)
    rows, seen = [], set()
    for event in start.branch({}).run(LAST).state.events:
        firm, week = int(event["agent"]), int(event["week"])
        if firm not in seen and week >= FIRST:
            for channel, column in FIRM_CAUSES.items():
                if event[column] > 0.0:
                    name = f"{world}, seed {seed}, firm {firm}"
                    rows.append((name, week, channel, event[column], delay(start, firm, week, channel)))
        seen.add(firm)
    return rows


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    """Removals of all causes of more than 300 failures in both worlds, on two processes."""
    jobs = [(world, seed) for seed in range(1, SEEDS + 1) for world in ("evidence", "report")]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        rows = [row for found in pool.map(removals, jobs) for row in found]
    return pd.DataFrame(rows, columns=["failure", "week", "channel", "share", "delay"])


class Correlation(NamedTuple):
    """Rank correlation with the lower bound of its 95 % interval, one-sided 97.5 %."""

    value: float
    low: float


def rank_correlation(rows: pd.DataFrame, samples: int = 1000) -> Correlation:
    """Spearman's rank correlation of share and delay, bootstrapped over failures."""
    shares, delays = rows["share"].to_numpy(), rows["delay"].to_numpy()
    numbers: Any = rows.groupby("failure").ngroup().to_numpy()
    of_failure = [np.flatnonzero(numbers == n) for n in range(numbers.max() + 1)]
    rng = np.random.Generator(np.random.Philox(11))
    drawn = []
    for _ in range(samples):
        chosen = rng.integers(0, len(of_failure), len(of_failure))
        picked = np.concatenate([of_failure[n] for n in chosen])
        drawn.append(float(spearmanr(shares[picked], delays[picked]).statistic))
    value = float(spearmanr(shares, delays).statistic)
    return Correlation(value, float(np.quantile(drawn, 0.025)))


def main_and_least(rows: pd.DataFrame) -> pd.DataFrame:
    """Delays by removal of the main and of the least cause of failures with two causes or more."""
    several = rows[rows.groupby("failure")["share"].transform("size") > 1]
    ordered = several.sort_values("share", kind="stable").groupby("failure")["delay"]
    return pd.DataFrame({"main": ordered.last(), "least": ordered.first()})


def test_the_sample_is_large_and_mixed(sample: pd.DataFrame) -> None:
    failures = sample.drop_duplicates("failure")
    assert len(failures) >= 300
    assert failures["failure"].str.startswith("report").sum() >= 80
    assert failures["failure"].str.startswith("evidence").sum() >= 80
    assert np.allclose(sample.groupby("failure")["share"].sum(), 1.0, atol=1e-9)
    counts = sample["channel"].value_counts()
    for channel in ("own", "late_receipts", "write_off", "cancelled_orders", "lender_to_credit"):
        assert counts[channel] >= 30, channel


def test_removing_the_main_cause_averts_or_delays_more(sample: pd.DataFrame) -> None:
    pairs = main_and_least(sample)
    main, least = pairs["main"] > 0, pairs["least"] > 0
    assert len(pairs) >= 200
    assert main.mean() > least.mean() + 0.4
    # exact test of McNemar: failures that only one of the two removals averts or delays
    only_main, only_least = int((main & ~least).sum()), int((least & ~main).sum())
    assert binomtest(only_main, only_main + only_least, alternative="greater").pvalue < 1e-9
    assert (pairs["main"] - pairs["least"]).mean() > HORIZON / 2


def test_shares_rank_causes_by_what_their_removal_does(sample: pd.DataFrame) -> None:
    whole = rank_correlation(sample)
    assert whole.value >= 0.6 and whole.low > 0.4
    for world in ("evidence", "report"):
        assert rank_correlation(sample[sample["failure"].str.startswith(world)]).low > 0.4, world


def test_shares_rank_the_channels_between_firms_as_well(sample: pd.DataFrame) -> None:
    # without the firms' own luck, which is most of the causes and the easiest to remove
    contagion = sample[sample["channel"] != "own"]
    assert contagion["failure"].nunique() >= 200
    found = rank_correlation(contagion)
    assert found.value >= 0.5 and found.low > 0.4
    pairs = main_and_least(contagion)
    main, least = pairs["main"] > 0, pairs["least"] > 0
    only_main, only_least = int((main & ~least).sum()), int((least & ~main).sum())
    assert binomtest(only_main, only_main + only_least, alternative="greater").pvalue < 0.001


# -- the tables -----------------------------------------------------------------------------------
FELLED = tuple(range(0, 60, 4))
TROUBLE = {
    "events": [
        *({"kind": "fail", "week": 1, "firm": firm} for firm in FELLED),
        {"kind": "credit_lines", "week": 3, "weeks": 40, "factor": 0.4},
        {"kind": "demand", "week": 5, "weeks": 20, "change": -0.2},
    ]
}
CHANNEL_COLUMNS = {**FIRM_CAUSES, "layoffs": "cause_job"}


@pytest.fixture(scope="module", params=["evidence", "report"])
def run(request: pytest.FixtureRequest) -> Ecosystem:
    """A year of trouble."""
    size: dict[str, Any] = {"population__firms": 400, "population__borrowers": 3000, "burn_in": 52}
    return seasoned(request.param, 4, **size).branch(TROUBLE).run(52)


def test_causes_of_each_default_sum_to_one_and_to_its_columns(run: Ecosystem) -> None:
    events, causes = run.events(), run.causes()
    assert len(events) > 100 and set(events["kind"]) == {"firm", "borrower"}
    assert sorted(causes["event"].unique()) == list(range(len(events)))
    assert np.allclose(causes.groupby("event")["share"].sum(), 1.0, atol=1e-9)
    assert (causes["share"] > 0).all()
    shares = causes.pivot_table(index="event", columns="channel", values="share", aggfunc="sum", fill_value=0)
    assert set(shares.columns) <= set(CHANNEL_COLUMNS)
    for channel, column in CHANNEL_COLUMNS.items():
        found = shares.get(channel, 0.0)
        assert np.allclose(events[column], found, atol=1e-9), channel


def test_agents_behind_causes_are_of_the_right_kind(run: Ecosystem) -> None:
    events, causes = run.events(), run.causes()
    kinds = {"own": "none", "lender_to_credit": "lender", "layoffs": "firm"}
    for channel, mine in causes.groupby("channel"):
        assert set(mine["kind"]) <= {kinds.get(str(channel), "firm"), "none"}
    assert (causes["kind"] == "none").equals(causes["agent"] < 0)
    banks = causes[causes["kind"] == "lender"]
    assert len(banks) and (run.state.firms.bank[events["agent"].loc[banks["event"]]] == banks["agent"]).all()
    # who trades with whom: through orders, debts and receipts customers act, through inputs suppliers
    k = run.state.links
    pairs = set(zip(k.buyer.tolist(), k.supplier.tolist(), strict=True))
    for channel in ("late_receipts", "write_off", "cancelled_orders", "lost_inputs"):
        mine = causes[(causes["channel"] == channel) & (causes["kind"] == "firm")]
        victims = events["agent"].loc[mine["event"]].tolist()
        for victim, agent in zip(victims, mine["agent"].tolist(), strict=True):
            assert ((victim, agent) if channel == "lost_inputs" else (agent, victim)) in pairs


def test_parents_come_first_and_are_the_defaults_they_name(run: Ecosystem) -> None:
    events, causes = run.events(), run.causes()
    born = causes[causes["parent"] >= 0]
    assert set(born["channel"]) >= {"write_off", "cancelled_orders", "layoffs"}
    parents = events.loc[born["parent"]]
    assert (parents["kind"] == "firm").all()
    assert (born["parent"] < born["event"]).all()  # rows are in the order in which things happened
    assert (parents["week"].to_numpy() <= events["week"].loc[born["event"]].to_numpy()).all()
    direct = born["channel"].isin(["write_off", "cancelled_orders", "lost_inputs", "layoffs"]).to_numpy()
    assert (parents["agent"].to_numpy() == born["agent"].to_numpy())[direct].all()
    # claims are lost to a failed firm only: without a parent it failed before week 0, or long ago
    orphans = causes[(causes["channel"] == "write_off") & (causes["kind"] == "firm") & (causes["parent"] < 0)]
    firms = events[events["kind"] == "firm"]
    for event, agent in zip(orphans["event"].tolist(), orphans["agent"].tolist(), strict=True):
        earlier = firms[(firms["agent"] == agent) & (firms.index < event)]
        assert (earlier["week"] < events["week"].loc[event] - 26).all()


def test_a_forced_failure_is_its_own_cause(run: Ecosystem) -> None:
    events, causes = run.events(), run.causes()
    forced = events[(events["kind"] == "firm") & (events["week"] == 1) & events["agent"].isin(FELLED)]
    assert len(forced) >= len(FELLED) - 2  # some may have failed by themselves before
    assert (forced["cause_own"] == 1).all() and (forced["main_cause_agent"] == -1).all()
    mine = causes[causes["event"].isin(forced.index)]
    assert len(mine) == len(forced)
    assert (mine["channel"] == "own").all() and (mine["parent"] == -1).all()


def test_lenders_losses_name_their_defaults(run: Ecosystem) -> None:
    events, losses = run.events(), run.lender_losses()
    assert list(losses.columns) == ["week", "lender", "event", "loss"]
    assert (losses["loss"] > 0).all()
    known = losses[losses["event"] >= 0]
    defaults = events.loc[known["event"]]
    assert (defaults["week"].to_numpy() <= known["week"].to_numpy()).all()
    firms = (defaults["kind"] == "firm").to_numpy()
    # a firm's line is lost in the week of its failure, by its own bank; at most once
    assert firms.sum() > 10 and (~firms).sum() > 10
    assert (defaults["week"].to_numpy() == known["week"].to_numpy())[firms].all()
    banks = run.state.firms.bank[defaults["agent"].to_numpy()[firms]]
    assert (banks == known["lender"].to_numpy()[firms]).all()
    assert known["event"][firms].is_unique
    # loans are charged off some time after 90 days late, by a lender of the borrower
    a = run.state.accounts
    lent = set(zip(a.borrower.tolist(), a.lender.tolist(), strict=True))
    people = zip(defaults["agent"].to_numpy()[~firms], known["lender"].to_numpy()[~firms], strict=True)
    assert sum((int(who), int(bank)) in lent for who, bank in people) >= 0.95 * (~firms).sum()
    # what is not a line of a firm is the household loans charged off
    lines = int(known["loss"][firms].sum())
    assert int(losses["loss"].sum()) - lines == run.series()["charge_offs"].sum() > 0


def test_who_lost_the_job_with_the_firm_has_a_job_cause(run: Ecosystem) -> None:
    events, causes = run.events(), run.causes()
    jobs = causes[causes["channel"] == "layoffs"]
    assert len(jobs) >= 10
    victims = events.loc[jobs["event"]]
    assert (victims["kind"] == "borrower").all()
    assert (victims["cause_job"] > 0).all() and (
        victims["main_cause_agent"] == jobs["agent"].to_numpy()
    ).all()
    # of those whose firm was made to fail in week 1, and who are still out of work in the end
    b = run.state.borrowers
    out = np.flatnonzero(np.isin(b.laid_off_by, FELLED) & (b.employer == -1))
    late = victims[victims["agent"].isin(out) & (victims["week"] > 12)]
    assert len(late) >= 1
    for row, event in late.iterrows():
        parent = int(jobs["parent"][jobs["event"] == row].iloc[0])
        if int(event["main_cause_agent"]) in FELLED:
            assert events["agent"].loc[parent] == event["main_cause_agent"]
    # nobody has a job cause without a firm, and nobody else has one
    others = events[(events["kind"] == "borrower") & (events["main_cause_agent"] < 0)]
    assert (others["cause_job"] == 0).all() and (others["cause_own"] == 1).all()


# -- within a channel: pro rata, on paper ----------------------------------------------------------
WEIGHTS = (600.0, 300.0, 100.0)


def failing_firm(losses: dict[str, float]) -> tuple[State, int, list[int]]:
    """A firm without liquidity that lost multiples of its reserve, and three customers of it."""
    model = seasoned().copy()
    s = model.state
    f, k = s.firms, s.links
    sold = np.bincount(k.supplier, minlength=len(f.cash))
    firm = int(np.flatnonzero((sold >= 3) & f.alive)[0])
    mine = s.links_of_supplier[s.supplier_start[firm] : s.supplier_start[firm + 1]]
    hard = f.hard_cost_share[firm] * f.average_sales[firm]
    weeks = f.buffer_weeks[firm] + s.firm_numbers.credit_line_weeks * s.lenders.normal_standard[f.bank[firm]]
    usual = hard * weeks
    f.cash[firm] = f.drawn[firm] = f.line[firm] = f.offered[firm] = f.paid[firm] = 0
    f.shield[firm], f.overdue_receivables[firm] = 0, 0
    s.lenders.standard[f.bank[firm]] = s.lenders.normal_standard[f.bank[firm]]
    for name in ("write_off", "orders", "inputs"):
        getattr(s.losses, name)[firm] = losses.get(name, 0.0) * usual
    for column in (k.lost_weight, k.missed_weight, k.overdue, k.advanced):
        column[mine] = 0
    return s, firm, [int(e) for e in mine[:3]]


def rows_of(s: State, number: int) -> dict[tuple[str, int], tuple[int, float]]:
    """Parent and share by channel and agent of one failure on record."""
    rows = [row for row in s.causes if row[0] == number]
    return {(channel, agent): (parent, share) for _, channel, _, agent, parent, share in rows}


@pytest.mark.parametrize(
    ("lost", "share"),
    [
        (2.0, 1.0),  # more than all that is missing: nothing is left for its own luck
        (0.5, 0.5),  # as much as its own luck: half each, whatever the reserve
    ],
)
def test_within_write_offs_debtors_share_pro_rata(lost: float, share: float) -> None:
    s, firm, links = failing_firm({"write_off": lost})
    customers = s.links.buyer[links].tolist()
    s.links.lost_weight[links] = WEIGHTS
    record_failure(s, customers[0], forced=True)  # one of them has failed on record
    number = len(s.events)
    record_failure(s, firm, forced=False)
    event = s.events[number]
    assert event["cause_writeoff"] == pytest.approx(share) and event["main_cause_agent"] == customers[0]
    assert event["cause_own"] == pytest.approx(1.0 - share)
    found = rows_of(s, number)
    for customer, weight in zip(customers, WEIGHTS, strict=True):
        parent = number - 1 if customer == customers[0] else -1
        assert found["write_off", customer][0] == parent
        assert found["write_off", customer][1] == pytest.approx(share * weight / 1000, rel=1e-6)
    assert ("own", -1) in found or share == 1.0


def test_between_channels_equal_losses_have_equal_shares() -> None:
    s, firm, links = failing_firm({"write_off": 1.0, "orders": 1.0})
    s.links.lost_weight[links[:1]] = s.links.missed_weight[links[1:2]] = 5.0
    record_failure(s, firm, forced=False)
    found = rows_of(s, len(s.events) - 1)
    first, second = s.links.buyer[links[:2]].tolist()
    expected = {("write_off", first): (-1, 0.5), ("cancelled_orders", second): (-1, 0.5)}
    assert set(found) == set(expected)
    assert all(found[key][1] == pytest.approx(0.5) and found[key][0] == -1 for key in expected)


def test_late_customers_pass_on_what_made_them_short() -> None:
    # the first customer is late since a failure cost it all it had, the second by habit
    s, firm, links = failing_firm({})
    f, k = s.firms, s.links
    victim, habitual = k.buyer[links[:2]].tolist()
    hard = float(f.hard_cost_share[firm] * f.average_sales[firm])
    reserve = f.buffer_weeks[firm] + s.firm_numbers.credit_line_weeks
    k.overdue[links[:2]] = [int(3 * hard * reserve), int(hard * reserve)]
    f.overdue_receivables[firm] = k.overdue[links].sum()
    f.offered[habitual] = f.paid[habitual] = 10
    f.offered[victim], f.paid[victim] = 10, 0
    sold = s.links_of_supplier[s.supplier_start[victim] : s.supplier_start[victim + 1]]
    assert len(sold)
    culprit = int(k.buyer[sold[0]])
    f.cash[victim] = f.drawn[victim] = f.line[victim] = f.overdue_receivables[victim] = 0
    k.overdue[sold] = 0
    k.lost_weight[sold] = 0
    k.lost_weight[sold[0]] = 1.0
    s.losses.orders[victim] = s.losses.inputs[victim] = 0.0
    s.losses.write_off[victim] = 100 * float(f.hard_cost_share[victim] * f.average_sales[victim])
    record_failure(s, culprit, forced=True)
    record_failure(s, firm, forced=False)
    found = rows_of(s, len(s.events) - 1)
    assert found["late_receipts", victim][0] == len(s.events) - 2
    assert found["late_receipts", victim][1] == pytest.approx(0.75, rel=1e-6)
    assert found["late_receipts", habitual][0] == -1
    assert found["late_receipts", habitual][1] == pytest.approx(0.25, rel=1e-6)
