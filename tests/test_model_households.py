"""One borrower's week against pencil results, on hand-made tables."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest

from sim.agents.tables import NO_JOB, OUTSIDE, AccountColumns, BorrowerColumns
from sim.core.columns import F64, empty
from sim.core.rng import stream
from sim.phases.household_flows import (
    T_BACKSTOP_WAGES,
    T_BENEFITS,
    T_CONSUMPTION,
    T_DISPLACED,
    T_ESSENTIALS_MISSED,
    T_FAMILY,
    T_HIRED,
    T_LOANS,
    T_LOST_JOB,
    T_PROMISES_DUE,
    T_PROMISES_KEPT,
    HouseholdFlows,
    household_flows,
)
from sim.phases.household_kernel import JobMarket, household_week
from sim.phases.parameters import HouseholdParameters, household_parameters
from sim.spec.loader import load_world

#: Nothing happens by chance; what is asked for is done.
QUIET = {
    "job_loss": 0.0, "job_finding": 0.0, "benefit_share": 0.25, "expense_shock": 0.0, "comfort_weeks": 0.0,
    "forgets": 0.0, "remembers": 0.0, "reluctant_refusal": 0.0, "own_payment_willing": 0.0,
    "own_payment_reluctant": 0.0, "reach_halving": 0.0, "hiding": 0.0, "annual_rate": 0.0, "renewal": 0.0,
    "return_after_charge_off": 0.0, "plan_kept": 1.0, "plan_months": 6.0,
}  # fmt: skip
RICH = 10**9
#: Weeks that hold no due date of an account with offset 0 (the first month has 4 weeks: 0, 1, 2, 3).
DUE, AFTER = 0, 1


class Household(NamedTuple):
    """One borrower with accounts of 1,000.00 yuan and instalments of 100.00 yuan."""

    b: BorrowerColumns
    a: AccountColumns
    p: HouseholdParameters
    standard: F64

    def week(
        self, clock: int, keep_jobs: bool = False, positions: tuple[int, ...] = (0, 0, 0)
    ) -> HouseholdFlows:
        """One week; ``positions`` are open at firms 0 and 1 and, last, outside the modelled firms."""
        flows = household_flows(len(self.standard))
        market = JobMarket(np.cumsum(np.array(positions, np.int64)), float(sum(positions) > 0))
        keys = stream(1, "people"), stream(1, "accounts")
        household_week(
            clock, self.b, self.a, self.p, market, self.standard, *keys, flows, keep_jobs, True
        )  # fmt: skip
        return flows

    def weeks(self, first: int, last: int) -> list[HouseholdFlows]:
        return [self.week(clock) for clock in range(first, last)]


def household(cash: int = RICH, accounts: int = 1, **numbers: float) -> Household:
    b, a = empty(BorrowerColumns, 1), empty(AccountColumns, accounts)
    b.employer[:] = 0
    b.income[:] = b.wage[:] = 130_000
    b.cash[:] = cash
    b.buffer_cap[:] = 2 * RICH
    b.accounts[:] = accounts
    b.forgetfulness[:] = 1.0
    b.phone_reach[:] = 1.0
    b.family_week[:] = 2**30
    b.laid_off_by[:] = -1
    a.lender[:] = np.arange(accounts)
    a.principal[:] = a.balance[:] = 100_000
    a.instalment[:] = 10_000
    a.promise_week[:] = -1
    a.charged_off_week[:] = -1
    a.owner[:] = -1
    a.momentum[:] = 1.0
    world = household_parameters(load_world("evidence"))
    return Household(b, a, world._replace(**{**QUIET, **numbers}), np.ones(max(2, accounts)))


def late(home: Household, instalments: int, days: int, account: int = 0) -> None:
    home.a.arrears[account] = instalments * home.a.instalment[account]
    home.a.days_past_due[account] = days


def promise(home: Household, week: int, kept: float = 1.0, account: int = 0) -> None:
    home.a.promise_week[account], home.a.promise_kept[account] = week, kept


def test_a_year_holds_twelve_instalments_paid_when_due() -> None:
    home = household()
    home.a.balance[:] = 500_000
    flows = home.weeks(0, 52)
    paid = [int(f.repaid[0]) for f in flows]
    assert sum(paid) == 12 * 10_000
    assert [week for week, amount in enumerate(paid) if amount] == [
        0,
        4,
        8,
        13,
        17,
        21,
        26,
        30,
        34,
        39,
        43,
        47,
    ]
    assert home.a.days_past_due[0] == 0
    assert home.b.cash[0] == RICH - 120_000
    assert home.a.cumulative_paid[0] == 120_000 == 500_000 - home.a.balance[0]


@pytest.mark.parametrize("rate", [0.0, 0.15, 0.36])
def test_an_annuity_is_repaid_in_its_term(rate: float) -> None:
    home = household(annual_rate=rate, term_months=10.0, renewal=1.0)
    home.a.balance[:] = 0
    home.a.due_offset[:] = 1
    flows = home.week(2)  # a new loan, after this month's due date
    assert flows.totals[T_LOANS] == 1
    assert flows.lent[0] == flows.totals[T_CONSUMPTION] == home.a.balance[0] == 100_000
    assert home.a.generation[0] == 1
    home = home._replace(p=home.p._replace(renewal=0.0))
    weeks = home.weeks(3, 56)
    r = rate / 12
    exact = 100_000 * r / (1 - (1 + r) ** -10) if rate else 10_000
    assert home.a.instalment[0] == int(exact)
    assert home.a.balance[0] == 0
    paid = [int(f.repaid[0]) for f in weeks if f.repaid[0]]
    # whole fen make the last payment a little smaller, or leave a few fen for an eleventh
    assert paid[:9] == [int(exact)] * 9
    assert sum(paid[9:]) == pytest.approx(exact, abs=30)
    interest = sum(int(f.interest[0]) for f in weeks)
    assert sum(paid) == 100_000 + interest
    assert interest == pytest.approx(10 * exact - 100_000, abs=30)


def test_the_instalment_of_a_plain_loan_is_its_tenth() -> None:
    home = household(renewal=1.0, term_months=10.0)
    home.a.balance[:] = 0
    home.week(1)
    assert home.a.instalment[0] == 10_000


def test_who_has_nothing_falls_behind_week_by_week_until_the_charge_off() -> None:
    home = household(cash=0)
    days = []
    for clock in range(40):
        flows = home.week(clock)
        days.append(int(home.a.days_past_due[0]))
        if home.a.charged_off[0]:
            break
    # three days in the first week, seven more each week, beyond 180 after 26 weeks
    assert days == [3 + 7 * week for week in range(27)]
    assert (clock, home.a.charged_off_week[0]) == (26, 26)
    assert flows.charged_off[0] == home.a.balance[0] == home.a.arrears[0] == 100_000
    home.b.cash[:] = RICH
    home.week(27)
    assert home.a.days_past_due[0] == 192  # goes on counting
    assert home.b.essentials_missed[0] == 0  # no essentials were asked for


def test_payments_settle_the_oldest_debt_first_in_whole_instalments() -> None:
    home = household(cash=25_000)
    late(home, 3, 3 + 7 * 9)  # dues of weeks 0, 4, 8
    promise(home, 9)
    home.week(9)
    assert home.a.arrears[0] == 10_000
    assert home.b.cash[0] == 5_000
    assert home.a.days_past_due[0] == 3 + 7 * (9 - 8)  # only the newest due is open
    home.b.cash[:] = 10_000
    promise(home, 10)
    home.week(10)
    assert (home.a.arrears[0], home.a.days_past_due[0]) == (0, 0)


def test_unasked_a_late_borrower_pays_all_or_nothing() -> None:
    home = household(cash=25_000, own_payment_willing=1.0, avoidance=0.0)
    late(home, 3, 3 + 7 * 9)
    home.week(9)
    assert (home.a.arrears[0], home.b.cash[0]) == (30_000, 25_000)
    home.b.cash[:] = 30_000
    home.week(10)
    assert (home.a.arrears[0], home.b.cash[0]) == (0, 0)


def test_late_borrowers_keep_back_what_comforts_them() -> None:
    home = household(cash=30_000, own_payment_willing=1.0, comfort_weeks=0.2)
    late(home, 1, 10)
    home.week(1)
    assert home.a.cumulative_paid[0] == 0  # 30,000 less 26,000 is below an instalment
    home.b.cash[:] = 36_000
    home.week(2)
    assert home.a.cumulative_paid[0] == 10_000


def test_days_past_due_after_each_due_date() -> None:
    home = household(cash=0)
    home.weeks(0, 10)
    assert home.a.arrears[0] == 30_000
    home.b.cash[:] = 20_000
    home.a.promise_week[0], home.a.promise_kept[0] = 10, 1.0
    home.week(10)
    assert home.a.days_past_due[0] == 3 + 7 * 2


def test_forgetting_and_remembering() -> None:
    home = household(forgets=1.0)
    home.week(DUE)
    assert home.a.forgot[0] and home.a.cumulative_paid[0] == 0
    assert home.a.days_past_due[0] == 3
    home = home._replace(p=home.p._replace(remembers=1.0))
    flows = home.week(AFTER)
    assert home.a.cumulative_paid[0] == 10_000 == flows.late_repaid[0]
    assert not home.a.forgot[0] and home.a.days_past_due[0] == 0
    assert home.a.collected_recent[0] == 0  # nobody asked


@pytest.mark.parametrize("chance", [1.0, 0.0])
def test_who_pays_only_what_falls_due_anew_stays_as_late_as_before(chance: float) -> None:
    home = household(pays_current_due=chance)
    home.week(0)
    assert home.a.days_past_due[0] == 0  # nobody was late: the due is paid
    home.a.forgot[0], home.a.arrears[0] = False, home.a.instalment[0]
    home.a.balance[0] = 500_000
    home.weeks(1, 13)
    missed = 1 if chance else 3  # dues of weeks 4 and 8, and the one from before
    assert home.a.arrears[0] == missed * home.a.instalment[0]
    assert home.a.cumulative_paid[0] == 10_000 + (2 * 10_000 if chance else 0)
    assert (home.a.days_past_due[0] == 3 + 7 * 4) == bool(chance)


@pytest.mark.parametrize("chance", [1.0, 0.0])
def test_who_lacks_the_money_for_all_pays_whole_instalments_unasked_or_nothing(chance: float) -> None:
    home = household(cash=25_000, own_payment_willing=1.0, own_part_payment=chance, avoidance=0.0)
    late(home, 3, 10)
    home.b.wage[:] = home.b.income[:] = 0
    home.week(AFTER)
    assert home.a.cumulative_paid[0] == (2 * home.a.instalment[0] if chance else 0)
    assert home.b.cash[0] == (5_000 if chance else 25_000)


@pytest.mark.parametrize("chance", [1.0, 0.0])
def test_who_is_several_dues_behind_may_come_down_to_one_and_stay_there(chance: float) -> None:
    home = household(own_payment_willing=1.0, leaves_newest_due=chance, avoidance=0.0)
    late(home, 3, 70)
    home.week(AFTER)
    assert home.a.arrears[0] == (home.a.instalment[0] if chance else 0)
    home.weeks(AFTER + 1, 5)
    assert home.a.arrears[0] == (home.a.instalment[0] if chance else 0)  # week 4 brings one more
    assert home.a.cumulative_paid[0] == (3 if chance else 4) * home.a.instalment[0]


@pytest.mark.parametrize("chance", [1.0, 0.0])
def test_who_has_caught_up_may_watch_the_next_due_date_and_no_later_one(chance: float) -> None:
    home = household(forgets=1.0, remembers=1.0, watches_after_cure=chance)
    home.weeks(0, 2)
    assert home.a.arrears[0] == 0  # forgotten in week 0, remembered in week 1
    home.weeks(2, 5)
    assert (home.a.days_past_due[0] == 0) == bool(chance)  # the due of week 4
    home.weeks(5, 9)
    assert home.a.forgot[0]  # the due of week 8


def test_a_reminder_makes_a_forgetful_borrower_pay_and_counts_as_asked() -> None:
    home = household(forgets=1.0)
    home.weeks(0, 3)
    assert home.a.cumulative_paid[0] == 0  # remembers by himself never
    home.a.reminded[0], home.a.forgot[0] = True, False
    home.week(3)
    assert home.a.cumulative_paid[0] == 10_000
    assert home.a.collected_recent[0] == 7_500  # fades by a quarter within the week


@pytest.mark.parametrize(("kept", "paid", "broken"), [(1.0, 10_000, 0), (0.0, 0, 1)])
def test_promises(kept: float, paid: int, broken: int) -> None:
    home = household()
    late(home, 1, 10)
    home.a.promise_week[0], home.a.promise_kept[0] = 3, kept
    assert not any(f.totals[T_PROMISES_DUE] for f in home.weeks(1, 3))
    assert home.a.cumulative_paid[0] == 0
    flows = home.week(3)
    assert home.a.cumulative_paid[0] == paid
    assert (flows.totals[T_PROMISES_DUE], flows.totals[T_PROMISES_KEPT]) == (1, int(kept))
    assert (home.a.broken_promises[0], home.a.promise_week[0]) == (broken, -1)


def test_a_plan_stops_the_clock_and_ends_in_order() -> None:
    home = household()
    home.a.balance[:] = 200_000
    late(home, 3, 80)
    home.a.plan_left[0], home.a.plan_amount[0] = 6, 5_000
    days, paid = [], []
    for clock in range(4, 30):
        paid.append(int(home.week(clock).repaid[0]))
        days.append(int(home.a.days_past_due[0]))
    # each month the plan's part of the old arrears and the new instalment
    assert [amount for amount in paid if amount] == [15_000] * 6
    assert set(days[:-4]) == {80}
    assert (home.a.arrears[0], home.a.plan_left[0], days[-1]) == (0, 0, 0)


def test_a_broken_plan_ends_and_the_clock_goes_on() -> None:
    home = household(plan_kept=0.0)
    late(home, 3, 80)
    home.a.plan_left[0], home.a.plan_amount[0] = 6, 5_000
    home.week(13)
    assert (home.a.plan_left[0], home.a.cumulative_paid[0]) == (0, 0)
    assert home.a.arrears[0] == 40_000
    assert home.a.days_past_due[0] == 3 + 7 * 13  # dues of weeks 0, 4, 8 and 13 are open


def test_who_cannot_pay_his_plan_loses_it() -> None:
    home = household(cash=1_000)
    late(home, 3, 80)
    home.a.plan_left[0], home.a.plan_amount[0] = 6, 5_000
    home.week(13)
    assert home.a.plan_left[0] == 0


@pytest.mark.parametrize(("lender", "displaced"), [(1, 10_000), (0, 0)])
def test_money_collected_for_one_lender_is_missing_at_another(lender: int, displaced: int) -> None:
    home = household(cash=10_000, accounts=2)
    home.a.due_offset[:] = 2
    home.a.lender[1] = lender
    late(home, 1, 10, account=0)
    home.a.promise_week[0], home.a.promise_kept[0] = 2, 1.0
    flows = home.week(2)  # the promise takes the money that the second account's due needed
    assert home.a.cumulative_paid.tolist() == [10_000, 0]
    assert flows.totals[T_DISPLACED] == displaced
    assert home.a.days_past_due[1] == 3


def test_without_a_collector_a_shortage_displaces_nothing() -> None:
    home = household(cash=10_000, accounts=2)
    flows = home.week(DUE)
    assert home.a.cumulative_paid.tolist() == [10_000, 0]
    assert flows.totals[T_DISPLACED] == 0


def test_the_family_lends_what_is_missing_once_in_half_a_year() -> None:
    home = household(cash=0, family_support_weeks=0.1)  # at most 13,000 for an instalment of 10,000
    home.b.family_week[:] = 0
    helped = [
        (week, int(f.totals[T_FAMILY])) for week, f in enumerate(home.weeks(0, 60)) if f.totals[T_FAMILY]
    ]
    assert helped[0] == (0, 10_000)
    weeks = [week for week, _ in helped]
    assert all(later - earlier >= 26 for earlier, later in pairwise(weeks))
    assert home.b.family_week[0] == weeks[-1] + 26


def test_the_family_does_not_lend_what_would_not_suffice() -> None:
    home = household(cash=0, family_support_weeks=0.05)  # at most 6,500
    home.b.family_week[:] = 0
    assert not any(f.totals[T_FAMILY] for f in home.weeks(0, 60))
    assert home.a.cumulative_paid[0] == 0
    assert home.b.family_week[0] == 0


def test_the_reluctant_refuse_and_the_disputing_do_not_pay() -> None:
    home = household(reluctant_refusal=1.0, own_payment_willing=1.0)
    home.b.reluctant[:] = True
    home.weeks(0, 4)
    assert home.a.refuses[0] and home.a.cumulative_paid[0] == 0
    other = household(own_payment_willing=1.0)
    late(other, 1, 10)
    other.a.dispute_open[0] = True
    other.week(AFTER)
    assert other.a.cumulative_paid[0] == 0


def test_after_a_charge_off_money_is_recovered_not_repaid() -> None:
    home = household(own_payment_willing=1.0, avoidance=0.0)
    home.a.charged_off[0] = True
    home.a.arrears[:] = 100_000
    home.a.days_past_due[:] = 200
    flows = home.week(AFTER)
    assert (flows.recovered[0], flows.repaid[0]) == (10_000, 0)
    assert home.a.balance[0] == home.a.arrears[0] == 90_000
    assert flows.interest[0] == 0


def test_a_card_in_order_is_used_and_its_minimum_paid() -> None:
    home = household(utilisation=0.5, minimum_payment=0.1)
    home.a.product[:] = 1
    home.a.limit[:] = 300_000
    home.a.principal[:] = 150_000  # its usual balance
    flows = home.week(DUE)
    assert flows.lent[0] == 50_000 == flows.totals[T_CONSUMPTION]
    assert home.a.instalment[0] == 15_000 == flows.repaid[0]
    assert home.a.balance[0] == 135_000


def test_a_repaid_account_is_not_late_any_more() -> None:
    home = household(own_payment_willing=1.0, avoidance=0.0)
    home.a.balance[0] = 10_000
    late(home, 1, 73)
    home.week(AFTER)
    assert home.a.balance[0] == 0
    assert (home.a.days_past_due[0], home.b.days_past_due[0]) == (0, 0)


def test_stress_grows_in_arrears_and_fades() -> None:
    home = household(cash=0, stress_from_arrears=0.1, stress_decay=0.2)
    home.week(DUE)
    home.week(AFTER)
    assert home.b.stress[0] == pytest.approx(0.1 * 0.8 + 0.1 * (1 - 0.08))
    home.b.cash[:] = RICH
    home.a.promise_week[0], home.a.promise_kept[0] = 2, 1.0
    home.week(2)
    assert home.b.stress[0] == pytest.approx(0.172 * 0.8)


def test_work_benefits_essentials_and_savings() -> None:
    home = household(cash=0, job_finding=1.0)
    home.b.employer[:] = NO_JOB
    home.b.essentials[:] = 50_000
    flows = home.week(AFTER)
    assert flows.totals[T_BENEFITS] == 32_500 == flows.totals[T_CONSUMPTION]
    assert flows.totals[T_ESSENTIALS_MISSED] == home.b.essentials_missed[0] == 1
    assert flows.totals[T_HIRED] == 0  # nobody hires
    assert home.week(2, positions=(0, 1000, 0)).totals[T_HIRED] == 1
    assert home.b.employer[0] == 1  # the firm with the open position
    assert home.week(3, positions=(1000, 0, 0)).totals[T_HIRED] == 0  # who has a job seeks none
    home = home._replace(p=home.p._replace(job_loss=1.0))
    assert home.week(4).totals[T_LOST_JOB] == 1
    assert home.b.employer[0] == NO_JOB
    home.week(5, positions=(0, 0, 1000))
    assert home.b.employer[0] == OUTSIDE


def test_a_closed_lay_off_channel_pays_the_wages_of_failed_firms() -> None:
    home = household(cash=0)
    home.b.income[:] = 0
    assert home.week(AFTER).totals[T_BACKSTOP_WAGES] == 0
    assert home.week(2, keep_jobs=True).totals[T_BACKSTOP_WAGES] == 130_000
    assert home.b.cash[0] == home.b.income[0] == 130_000


def test_savings_above_the_cap_are_spent() -> None:
    home = household(cash=70_000)
    home.b.buffer_cap[:] = 60_000
    flows: Any = home.week(AFTER)
    assert home.b.cash[0] == 60_000
    assert flows.totals[T_CONSUMPTION] == 10_000


def test_an_expense_shock_takes_at_most_what_is_there() -> None:
    home = household(cash=500, expense_shock=1.0, expense_shock_size=50.0)
    flows = home.week(AFTER)
    assert home.b.cash[0] == 0
    assert flows.totals[T_CONSUMPTION] == 500
    assert flows.totals[T_ESSENTIALS_MISSED] == 0
