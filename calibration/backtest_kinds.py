"""Kinds of borrowers: the simulator's own household week, lived by many equal borrowers of each kind.

A kind is a point in the space of the model's household numbers: ability (essentials, instalment over
income, savings, shocks, jobs), forgetfulness, reluctance, own payments, avoidance, paying only what falls
due anew, paying a part, watching the due date after a cure. All borrowers of a kind are equal; luck
differs. They live week after week through :func:`sim.phases.household_kernel.household_week`, the very code
of the simulation, and what they do is counted month by month (4-4-5 weeks) as a table of moves between
states that an account can be in at the end of a month.

A state is the bucket of dues unpaid, what money is at hand (none for a due, for one or two, for three or
more), and a mark: that the next due date is watched (nothing owed), or that the payment was merely
forgotten (late). Debts charged off are not in a lender's file and are left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import qmc

from calibration.backtest_history import BUCKETS
from sim.agents.tables import NO_JOB, OUTSIDE, AccountColumns, BorrowerColumns
from sim.core.calendar import WEEKS_PER_MONTH, month_start
from sim.core.columns import F64, I64, empty
from sim.core.rng import stream
from sim.phases.household_flows import household_flows
from sim.phases.household_kernel import JobMarket, household_week
from sim.phases.parameters import HouseholdParameters, household_parameters
from sim.spec.world import World

CASH_CLASSES, MARKS = 3, 2
STATES = BUCKETS * CASH_CLASSES * MARKS
#: Bucket of each state.
BUCKET_OF = np.arange(STATES) // (CASH_CLASSES * MARKS)
#: Kinds, borrowers of each, months lived.
KINDS, PEOPLE, MONTHS = 128, 1000, 16
#: Months after which half of the borrowers are put into arrears at random, so that all states are seen.
SCATTER = 4
#: Counts by which each row of moves is drawn to the mean over kinds (assumption).
SMOOTHING = 2.0
#: A kind in so many is reluctant (assumption; the fit decides how many borrowers are).
RELUCTANT_EVERY = 4
#: Ranges that hold both worlds' numbers and more (assumption): name, low, high, whether logarithmic.
RANGES: tuple[tuple[str, float, float, bool], ...] = (
    ("essentials_share", 0.30, 0.95, False),
    ("instalment_over_income", 0.03, 0.40, True),
    ("buffer_cap_weeks", 0.2, 12.0, True),
    ("expense_shock", 0.001, 0.12, True),
    ("expense_shock_size", 0.5, 4.0, True),
    ("job_loss", 0.0003, 0.02, True),
    ("forgets", 0.002, 0.9, True),
    ("remembers", 0.02, 0.92, False),
    ("own_payment", 0.01, 0.95, True),
    ("avoidance", 0.02, 1.5, True),
    ("pays_current_due", -0.2, 1.2, False),
    ("own_part_payment", -0.2, 1.2, False),
    ("leaves_newest_due", -0.2, 1.2, False),
    ("watches_after_cure", -0.2, 1.2, False),
)
_WAGE = 100_000
_LOAN = 1_000  # dues: no account is repaid within the time lived
_NEVER = 2**30


class Kinds(NamedTuple):
    """Traits [K, D] between -1 and 1 (last: reluctant or not), moves [K, S, S] between states in a month,
    and the chances [K, buckets, S] of the states of a bucket."""

    traits: F64
    moves: F64
    inside: F64


def kinds_of(world: World, count: int = KINDS, people: int = PEOPLE, seed: int = 1) -> Kinds:
    """Let ``people`` borrowers of each of ``count`` kinds live, and count their moves.

    What is not of the kind (job finding, benefits) is the world's.
    """
    points = qmc.Sobol(len(RANGES), rng=np.random.default_rng(seed)).random(count)
    reluctant = np.arange(count) % RELUCTANT_EVERY == RELUCTANT_EVERY - 1
    numbers = household_parameters(world)
    counts = np.array([_lived(numbers, numbers_of(points[k], bool(reluctant[k])), people, seed + k)
                       for k in range(count)])  # fmt: skip
    mean = counts.sum(axis=0) + 1e-3
    mean /= mean.sum(axis=1, keepdims=True)
    moves = counts + SMOOTHING * mean
    moves /= moves.sum(axis=2, keepdims=True)
    held = counts.sum(axis=1) + 0.1
    inside = np.where(np.arange(BUCKETS)[:, None] == BUCKET_OF, held[:, None, :], 0.0)
    inside /= inside.sum(axis=2, keepdims=True)
    traits = np.column_stack([2.0 * points - 1.0, np.where(reluctant, 1.0, -1.0)])
    return Kinds(traits, moves, inside)


def numbers_of(point: F64, reluctant: bool) -> dict[str, float]:
    """The numbers of a kind from its point in the unit cube; chances are cut to 0 and 1."""
    found = {}
    for u, (name, low, high, log) in zip(point, RANGES, strict=True):
        value = float(low * (high / low) ** u) if log else float(low + u * (high - low))
        found[name] = min(max(value, 0.0), 1.0) if low < 0.0 else value
    # The reluctant refuse where others forget.
    found["refuses"] = found["forgets"] if reluctant else 0.0
    found["reluctant"] = float(reluctant)
    return found


def parameters_of(numbers: HouseholdParameters, kind: dict[str, float]) -> HouseholdParameters:
    """A world's household numbers with those of a kind."""
    same = ("expense_shock", "expense_shock_size", "job_loss", "remembers", "avoidance", "pays_current_due",
            "own_part_payment", "leaves_newest_due", "watches_after_cure")  # fmt: skip
    return numbers._replace(
        **{name: kind[name] for name in same},
        forgets=0.0 if kind["reluctant"] else kind["forgets"],
        reluctant_refusal=kind["refuses"],
        own_payment_willing=kind["own_payment"],
        own_payment_reluctant=kind["own_payment"],
        # Accounts stay as they are: no interest, no new loan, no comfort kept back, no fading of reach.
        annual_rate=0.0, renewal=0.0, return_after_charge_off=0.0, comfort_weeks=0.0, momentum=1.0,
        hiding=0.0, reach_halving=0.0, dispute_ground=0.0,
    )  # fmt: skip


def settle(kind: dict[str, float], people: int) -> tuple[BorrowerColumns, AccountColumns]:
    """Borrowers of one kind with one account each, in order and with half their savings."""
    b, a = empty(BorrowerColumns, people), empty(AccountColumns, people)
    due = max(1, int(kind["instalment_over_income"] * _WAGE * WEEKS_PER_MONTH))
    b.employer[:] = OUTSIDE
    b.wage[:] = b.income[:] = _WAGE
    b.essentials[:] = int(kind["essentials_share"] * _WAGE)
    b.buffer_cap[:] = int(kind["buffer_cap_weeks"] * _WAGE)
    b.cash[:] = b.buffer_cap // 2
    b.accounts[:] = 1
    b.first_account[:] = a.borrower[:] = np.arange(people)
    b.forgetfulness[:] = 1.0
    b.reluctant[:] = bool(kind["reluctant"])
    b.family_week[:] = _NEVER
    b.laid_off_by[:] = -1
    a.principal[:] = a.balance[:] = _LOAN * due
    a.instalment[:] = due
    a.promise_week[:] = a.charged_off_week[:] = a.owner[:] = -1
    a.momentum[:] = 1.0
    return b, a


def states(b: BorrowerColumns, a: AccountColumns) -> I64:
    """State of each account, -1 where charged off."""
    unpaid = np.minimum(-(-a.arrears // a.instalment), BUCKETS - 1)
    cash = (b.cash >= a.instalment).astype(np.int64) + (b.cash >= 3 * a.instalment)
    mark = np.where(unpaid == 0, a.warned, a.forgot)
    found = (unpaid * CASH_CLASSES + cash) * MARKS + mark
    return np.where(a.charged_off, -1, found)


def live_month(month: int, b: BorrowerColumns, a: AccountColumns, p: HouseholdParameters, seed: int) -> None:
    """One month of the simulator's household week; everybody finds work outside the modelled firms."""
    keys = stream(seed, "backtest.people"), stream(seed, "backtest.accounts")
    market, standard, flows = JobMarket(np.array([10**12]), 1.0), np.ones(1), household_flows(1)
    for week in range(int(month_start(month)), int(month_start(month + 1))):
        works = b.employer != NO_JOB
        b.cash[works] += b.wage[works]
        b.income[works] = b.wage[works]
        household_week(week, b, a, p, market, standard, *keys, flows, False, True)
        b.employer[b.employer >= 0] = OUTSIDE  # the one place of the market lies outside


def _scatter(a: AccountColumns, random: Any, share: float, due_month: int) -> None:
    """Put a share of the accounts 0 to 4 dues behind, some of them by forgetting; written-off ones begin
    again."""
    chosen = random.random(len(a.arrears)) < share
    chosen |= a.charged_off
    dues = np.where(chosen, random.integers(0, 5, len(a.arrears)), 0)
    a.arrears[chosen] = (dues * a.instalment)[chosen]
    a.charged_off[chosen] = False
    a.balance[chosen] = _LOAN * a.instalment[chosen]
    a.days_past_due[chosen] = np.where(dues > 0, 30 * dues, 0)[chosen]
    a.forgot[chosen] = (random.random(len(chosen)) < 0.3)[chosen] & (dues > 0)[chosen]
    a.warned[chosen] = False


def _lived(numbers: HouseholdParameters, kind: dict[str, float], people: int, seed: int) -> F64:
    """Moves [S, S] counted over all borrowers of a kind and all months but those just scattered."""
    b, a = settle(kind, people)
    p, random = parameters_of(numbers, kind), np.random.default_rng(seed)
    counts, before = np.zeros((STATES, STATES)), np.full(people, -1, np.int64)
    for month in range(MONTHS):
        if month % SCATTER == 0:
            _scatter(a, random, 1.0 if month == 0 else 0.5, month)
            before[:] = -1
        live_month(month, b, a, p, seed)
        now = states(b, a)
        seen = (before >= 0) & (now >= 0)
        np.add.at(counts, (before[seen], now[seen]), 1.0)
        before = now
    return counts
