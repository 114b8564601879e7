"""Borrowers and their accounts at the start: drawn from a world, or the user's own portfolio."""

from __future__ import annotations

import numpy as np

from sim.agents.tables import NO_JOB, OUTSIDE, AccountColumns, BorrowerColumns
from sim.core.calendar import WEEKS_PER_MONTH
from sim.core.columns import F64, I32, I64, Bool, empty
from sim.core.rng import normal_rows, uniform_rows
from sim.spec.portfolio import Portfolio
from sim.spec.scenario import Scenario
from sim.spec.world import World

#: Most of the firms' labour costs that the borrowers' wages may be (assumption; the rest goes to others).
MOST_OF_LABOUR = 0.5
#: Mean wages that a firm's labour costs must reach for borrowers to work there (assumption: a single drawn
#: wage must not break a firm).
LEAST_STAFF = 5
#: How far chance may carry the drawn wages above their expected sum before anyone works outside.
LABOUR_SLACK = 1.5
#: First week in which a family that never lends would lend.
NEVER = 2**30
#: Least and most essentials over wage (assumption).
ESSENTIALS_RANGE = (0.2, 0.95)
#: Most of a monthly wage that known instalments may take where the income is unknown (assumption).
MOST_INSTALMENTS = 0.5
#: Spread of forgetfulness over borrowers: log sd of its multiplier (assumption).
FORGETFULNESS_SD = 0.5


def wages(world: World, seed: int, rows: int) -> I64:
    """Weekly wages in fen, lognormal, keyed by row."""
    n = world.households
    scale = 100 * n.weekly_income_median.value
    return (scale * np.exp(n.weekly_income_log_sd.value * normal_rows(seed, "borrowers.wage", rows))).astype(
        np.int64
    )


def mean_wage(world: World) -> float:
    """Expected weekly wage, fen."""
    n = world.households
    return float(100 * n.weekly_income_median.value * np.exp(n.weekly_income_log_sd.value**2 / 2))


def _traits(b: BorrowerColumns, world: World, seed: int, ability: F64, reluctant: F64) -> None:
    """Budgets, habits and reach; ``ability`` is a standard normal score, ``reluctant`` a probability."""
    n, rows = world.households, len(b.cash)
    share = n.essentials_share_mean.value - n.essentials_share_sd.value * ability
    b.essentials[:] = (np.clip(share, *ESSENTIALS_RANGE) * b.wage).astype(np.int64)
    rho = n.ability_risk_correlation.value
    spread = rho * ability + np.sqrt(1.0 - rho**2) * normal_rows(seed, "borrowers.buffer", rows)
    cap = n.buffer_cap_weeks_median.value * np.exp(n.buffer_cap_log_sd.value * spread)
    b.buffer_cap[:] = (cap * b.wage).astype(np.int64)
    u = uniform_rows(seed, "borrowers.types", rows)
    b.reluctant[:] = u[:, 0] < reluctant
    b.willingness[:] = 1.0 - reluctant
    b.family_week[:] = np.where(u[:, 1] < n.family_support_share.value, 0, NEVER)
    b.phone_reach[:] = (u[:, 2] < n.phone_reach.value).astype(np.float32)
    b.digital_reach[:] = (u[:, 3] < n.digital_reach.value).astype(np.float32)
    b.trust[:] = n.trust_start.value
    sd = FORGETFULNESS_SD
    b.forgetfulness[:] = np.exp(sd * normal_rows(seed, "borrowers.forgetfulness", rows) - sd**2 / 2)
    b.laid_off_by[:] = -1
    regions = round(world.collection.regions.value)  # sweeps vary it within an interval
    b.region[:] = (regions * uniform_rows(seed, "borrowers.region", rows)[:, 0]).astype(np.uint8)
    b.cash[:] = (b.buffer_cap * (0.5 + 0.5 * uniform_rows(seed, "borrowers.cash", rows)[:, 0])).astype(
        np.int64
    )


def _ages(b: BorrowerColumns, world: World, seed: int) -> None:
    u = uniform_rows(seed, "borrowers.age", len(b.cash))[:, 0]
    young, middle = world.households.young_share.value, world.households.middle_share.value
    b.age_group[:] = np.where(u < young, 0, np.where(u < young + middle, 1, 2))


def annuity(world: World) -> float:
    """Loan over monthly instalment, for the world's rate and term."""
    rate, term = world.products.annual_rate.value / 12, world.products.term_months.value
    return term if rate == 0 else (1 - (1 + rate) ** -term) / rate


def _common(a: AccountColumns, spec: Scenario, world: World, seed: int) -> None:
    rows = len(a.balance)
    u = uniform_rows(seed, "accounts.traits", rows)
    a.due_offset[:] = (u[:, 0] * 4).astype(np.int8)
    a.dispute_ground[:] = u[:, 1] < world.households.dispute_ground.value
    a.dispute_factual[:] = u[:, 3] < world.households.dispute_factual.value
    a.hold_out[:] = u[:, 2] < spec.hold_out
    a.promise_week[:] = -1
    a.charged_off_week[:] = -1
    a.plan_week[:] = -1000
    a.momentum[:] = 1.0
    a.last_payment_week[:] = -4
    a.last_contact_week[:] = -1000
    a.collector[:] = -1
    a.owner[:] = -1
    a.traced_week[:] = -1000


def drawn_population(spec: Scenario, world: World, seed: int) -> tuple[BorrowerColumns, AccountColumns]:
    """A synthetic population with one to three accounts each; inert borrowers come last."""
    p, rows = world.products, spec.population.borrowers
    b = empty(BorrowerColumns, rows)
    b.wage[:] = wages(world, seed, rows)
    _ages(b, world, seed)
    ability = normal_rows(seed, "borrowers.ability", rows)
    _traits(b, world, seed, ability, np.full(rows, world.households.reluctant_share.value))
    u = uniform_rows(seed, "borrowers.accounts", rows)[:, 0]
    b.accounts[:] = 1 + (u < p.second_account.value) + (u < p.third_account.value)
    b.first_account[:] = np.cumsum(b.accounts, dtype=np.int64) - b.accounts
    a = empty(AccountColumns, int(b.accounts.sum()))
    a.borrower[:] = np.repeat(np.arange(rows, dtype=np.int32), b.accounts)
    _common(a, spec, world, seed)
    _drawn_loans(b, a, spec, world, seed)
    return _with_inert(b, spec.population.inert_borrowers), a


def _drawn_loans(b: BorrowerColumns, a: AccountColumns, spec: Scenario, world: World, seed: int) -> None:
    p, i = world.products, a.borrower
    u = uniform_rows(seed, "accounts.loan", len(a.balance))
    a.lender[:] = (u[:, 0] * spec.population.lenders).astype(np.int16)
    a.product[:] = u[:, 1] < p.revolving_share.value
    monthly = b.wage[i] * WEEKS_PER_MONTH * p.instalment_over_income.value / b.accounts[i]
    a.instalment[:] = np.maximum(1, monthly.astype(np.int64))
    revolving = a.product == 1
    a.limit[revolving] = (monthly / p.minimum_payment.value / p.utilisation.value).astype(np.int64)[revolving]
    loan = np.where(revolving, a.limit * p.utilisation.value, a.instalment * annuity(world))
    a.principal[:] = np.maximum(1, loan.astype(np.int64))
    part = np.where(revolving, 1.0, 0.05 + 0.95 * u[:, 2])
    a.balance[:] = np.maximum(1, (a.principal * part).astype(np.int64))


def own_population(
    portfolio: Portfolio, spec: Scenario, world: World, seed: int
) -> tuple[BorrowerColumns, AccountColumns]:
    """The user's accounts and borrowers, with latent traits as their own history suggests."""
    b = empty(BorrowerColumns, portfolio.borrowers)
    a = empty(AccountColumns, len(portfolio.balance))
    a.borrower[:] = portfolio.borrower
    b.accounts[:] = np.bincount(portfolio.borrower, minlength=portfolio.borrowers)
    b.first_account[:] = np.cumsum(b.accounts, dtype=np.int64) - b.accounts
    monthly = np.zeros(portfolio.borrowers, np.int64)
    np.add.at(monthly, portfolio.borrower, portfolio.instalment)
    drawn = wages(world, seed, portfolio.borrowers)
    least = (monthly / (MOST_INSTALMENTS * WEEKS_PER_MONTH)).astype(np.int64)
    b.wage[:] = np.where(portfolio.weekly_income > 0, portfolio.weekly_income, np.maximum(drawn, least))
    _traits(b, world, seed, portfolio.ability, portfolio.reluctance)
    b.forgetfulness[:] = np.clip(
        portfolio.forgetfulness / max(1e-9, portfolio.forgetfulness.mean()), 0.25, 3.0
    )
    _ages(b, world, seed)
    known = portfolio.age > 0
    b.age_group[known] = np.digitize(portfolio.age[known], [40, 60])
    _common(a, spec, world, seed)
    _own_loans(a, portfolio, world)
    return _with_inert(b, spec.population.inert_borrowers), a


def _own_loans(a: AccountColumns, portfolio: Portfolio, world: World) -> None:
    p = world.products
    a.lender[:] = portfolio.lender
    a.product[:] = portfolio.product
    a.limit[:] = portfolio.limit
    a.instalment[:] = np.maximum(1, portfolio.instalment)
    a.balance[:] = portfolio.balance
    known = portfolio.billed >= 0
    billed = np.where(known, portfolio.billed, 0).sum(axis=1) // np.maximum(1, known.sum(axis=1))
    usual = np.where(known.any(axis=1), np.minimum(billed, a.limit), a.limit * p.utilisation.value)
    loan = np.where(a.product == 1, usual, a.instalment * annuity(world)).astype(np.int64)
    a.principal[:] = np.where(a.product == 1, loan, np.maximum(loan, portfolio.balance))
    late = portfolio.days_past_due
    a.charged_off[:] = (late > 180) & (a.balance > 0)
    months = -(-late.astype(np.int64) // 30)
    a.arrears[:] = np.where(a.charged_off, a.balance, np.minimum(a.balance, months * a.instalment))
    a.days_past_due[:] = np.where(a.arrears > 0, late, 0)


def _with_inert(b: BorrowerColumns, extra: int) -> BorrowerColumns:
    """Append borrowers without job, income, money or debt."""
    if extra == 0:
        return b
    wide = empty(BorrowerColumns, len(b.cash) + extra)
    for name, column in b._asdict().items():
        getattr(wide, name)[: len(column)] = column
    wide.employer[-extra:] = NO_JOB
    wide.owned_firm[-extra:] = -1
    wide.laid_off_by[-extra:] = -1
    wide.family_week[-extra:] = NEVER
    wide.first_account[-extra:] = b.first_account[-1] + b.accounts[-1]
    return wide


def employ(b: BorrowerColumns, labour_costs: F64, world: World, seed: int) -> tuple[I32, int]:
    """Give borrowers employers in proportion to labour costs; some are between jobs.

    Firms whose labour costs would not pay some people are left to their owners' work.
    Where the firms' labour costs cannot pay all of them, the others work outside the modelled firms.
    Returns the positions that each firm has for borrowers in normal times, and those outside.
    """
    n = world.households
    u = uniform_rows(seed, "borrowers.job", len(b.cash))
    cumulated = np.cumsum(np.where(labour_costs >= LEAST_STAFF * mean_wage(world), labour_costs, 0.0))
    if cumulated[-1] == 0:  # no firm is large enough for people of the sample
        b.employer[:] = np.where(b.wage > 0, OUTSIDE, NO_JOB)
        return np.zeros(len(labour_costs), np.int32), int(np.count_nonzero(b.wage))
    employer = np.searchsorted(cumulated, u[:, 0] * cumulated[-1], side="right").astype(np.int32)
    inside = MOST_OF_LABOUR * float(cumulated[-1]) / max(1.0, float(b.wage.sum()))
    employer[u[:, 2] >= inside * LABOUR_SLACK] = OUTSIDE
    works: Bool = b.wage > 0
    modelled = works & (employer >= 0)
    positions = np.bincount(employer[modelled], minlength=len(labour_costs)).astype(np.int32)
    b.weight[works] = max(1.0, float(cumulated[-1]) / max(1.0, float(b.wage.sum())))
    idle = n.job_loss.value / (n.job_loss.value + n.job_finding.value)
    b.employer[:] = np.where(works & (u[:, 1] >= idle), employer, NO_JOB)
    return positions, int(np.count_nonzero(works & (employer == OUTSIDE)))


def make_owners(b: BorrowerColumns, owner: I32, alive_rank: F64, world: World, seed: int) -> None:
    """Some borrowers own a firm of the smaller four fifths and guarantee its line; sets both columns."""
    u = uniform_rows(seed, "borrowers.owner", len(b.cash))
    b.owned_firm[:] = -1
    small = np.flatnonzero(alive_rank < 0.8)
    chosen = (u[:, 0] < world.firms.owner_share.value) & (b.wage > 0)
    for i in np.flatnonzero(chosen):
        firm = int(small[int(u[i, 1] * len(small))])
        if owner[firm] < 0:
            owner[firm] = i
            b.owned_firm[i] = firm
