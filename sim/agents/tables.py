"""The columns of the economy: one row an agent, account, supply link or placement.

Money is in fen. Who writes a column is stated once, in ``sim.phases.WEEK``.
"""

from __future__ import annotations

from typing import NamedTuple

from sim.core.columns import F32, F64, I8, I16, I32, I64, U8, U16, Bool

#: ``employer`` of borrowers without work, and of those who work outside the modelled firms.
NO_JOB = -1
OUTSIDE = -2


class BorrowerColumns(NamedTuple):
    """One row a borrower."""

    employer: I32  # row of the firm, NO_JOB, or OUTSIDE
    laid_off_by: I32  # firm whose failure or cuts cost the job, -1 none, until what it cost is made up
    income_lost: I64  # through that firm, fading once at work again
    owned_firm: I32  # row of the firm whose bank line the borrower guarantees, -1 none
    wage: I64  # a week, when at work
    income: I64  # received this week
    essentials: I64  # a week
    cash: I64
    buffer_cap: I64  # cash above it is spent
    balance: I64  # all debts, charged-off ones included
    days_past_due: I16  # worst account
    first_account: I32
    accounts: U8
    age_group: U8  # 0 young, 1 middle, 2 old
    region: U8
    reluctant: Bool  # able but unwilling
    willingness: F32  # 1 - probability of being reluctant, as known at the start
    forgetfulness: F32  # multiplies the chance to forget
    phone_reach: F32
    digital_reach: F32
    hiding: Bool
    reported: Bool  # to the credit bureau, for a debt that is long overdue
    stress: F32
    trust: F32  # in collectors, 0 .. 1
    blocked: U8  # bits: 1 phone, 2 app and messenger
    blocks: U8  # this and the following are counts and sums since the start of measurement
    moved: U8  # times that neither phone nor address led to the borrower any more
    complaints: U16
    breaches: U8  # of data about the borrower
    attempts_felt: I32
    displaced: I64  # fen
    paid_late: I64  # fen, on accounts in arrears
    collection_cost: I32  # fen, of work on the borrower's accounts
    breathing_until: I32  # first week after a registered breathing space, 0 never
    family_week: I32  # first week in which the family can lend (again)
    essentials_missed: I32  # weeks so far
    weight: F32  # workers of the modelled firms that the row stands for


class AccountColumns(NamedTuple):
    """One row an account, sorted by borrower; reused after repayment (``generation`` counts)."""

    borrower: I32
    lender: I16
    product: U8  # 0 instalment, 1 revolving
    balance: I64
    principal: I64  # of a new loan of this row; of a revolving account its usual balance
    limit: I64  # revolving only
    instalment: I64  # a month
    due_offset: I8  # week of the month
    arrears: I64
    days_past_due: I16
    stage: U8
    charged_off: Bool
    charged_off_week: I32
    forgot: Bool
    refuses: Bool
    promise_week: I32  # -1 none
    promise_kept: F32  # chance
    means: U8  # to pay this week: 0 nothing, 1 all that is meant, 2 only what falls due anew
    reminded: Bool  # of a forgotten payment
    asked: Bool  # next payment is owed to a collector's contact
    plan_left: U8  # months
    plan_amount: I64
    plan_by_app: Bool  # agreed in the app, which shows its progress
    plan_week: I32  # when the newest plan was agreed
    plan_offered: Bool  # since the account was last in order
    clock_stopped: I16  # weeks of breathing space since then, which do not age the debt
    settlement_amount: I64  # agreed to be paid in place of the balance, 0 none
    settlement_week: I32  # when it falls due; when it was paid
    settlement_kept: F32  # chance
    settled: Bool  # closed by a settlement, until a new loan
    dispute_ground: Bool
    dispute_factual: Bool  # about amount, payment or identity: what a shared record settles
    dispute_open: Bool
    dispute_week: I32
    momentum: F32
    cumulative_paid: I64
    paid_this_week: I64
    collected_recent: I64  # paid because a collector asked, fading over weeks
    last_payment_week: I32
    last_contact_week: I32
    attempts: I32  # since placement
    person_attempts: I32  # calls and visits of people, since the start
    steps: U8  # bits of the funnel reached since the placements were last followed, see phases/funnel_steps
    work_cost: I64  # fen, of work since then
    broken_promises: U8
    collector: I16  # -1 none
    owner: I16  # -1 the lender, else the row of the collector that bought the debt
    traced_week: I32  # when the borrower was last searched for
    hold_out: Bool
    late_spells: U8  # times that it fell into arrears
    warned: Bool  # reminded of the coming due date
    flagged: Bool  # predicted to be among the riskiest of those that fall due
    refused: Bool  # nothing new is lent
    generation: I32
    placed_stage: U8  # stage of the newest placement, 0 none


class FirmColumns(NamedTuple):
    """One row a firm; after failure an entrant takes the row over."""

    sector: I16
    bank: I16
    component: I32  # weakly connected component of the supply network
    normal_sales: I64  # a week
    normal_final_sales: I64
    normal_receivables: I64
    normal_payables: I64
    size_rank: F32  # 0 smallest .. 1 largest
    hard_cost_share: F64  # wages, taxes, imports and so on over sales
    discipline: F32  # share of what is due that is offered a week
    buffer_weeks: F32
    alive: Bool
    shrinking: Bool
    rescued: Bool
    failed_week: I32  # -1 living
    owner: I32  # borrower row, -1 outside the sample
    cash: I64
    drawn: I64
    line: I64
    demand_shock: F64  # log
    order_shock: F64
    activity: F64  # smoothed sales over normal sales
    input_limit: F64  # output possible with the inputs at hand
    final_sales: I64
    sales: I64
    average_sales: F64
    hard_costs: I64
    paid_hard_costs: Bool
    most_drawn: I64  # what the bank lets it owe at the end of the week
    offered: I64
    paid: I64
    short_weeks: I16
    receivables: I64
    overdue_receivables: I64
    payables: I64
    overdue_payables: I64
    positions: I32  # borrowers employed in normal times
    staff: F64  # over normal
    employees: I32
    normal_employees: I32
    unpaid_loan: I64  # line its bank lost, payable from the estate
    shield: U8  # bits of channels closed for this firm, see ``sim.phases.channels``
    orders_kept_from: I32  # clock + 1 from which lost orders to it are placed all the same, 0 never
    inputs_kept_from: I32  # clock + 1 from which its missing inputs are delivered all the same, 0 never
    covered: Bool  # its overdue receivables are worked digitally


class LossColumns(NamedTuple):
    """One row a firm: liquidity that each channel has cost it, as owners' draws left it; fen.

    Sales that are missing cost what they would have brought, less the hard costs and purchases they
    would have needed; ``..._average`` and ``..._activity`` are that response's memory.
    """

    write_off: F64
    orders: F64
    inputs: F64
    pending: F64  # claims lost before they were due
    missed: F64  # orders this week that failed and strained buyers no longer placed
    missed_average: F64
    missed_activity: F64
    unmade: F64  # sales this week that missing inputs made impossible
    unmade_average: F64
    unmade_activity: F64
    bought_outside: F64  # this week, for cash, in place of missing inputs
    undelivered: F64  # missing inputs this week, which would have been bought on credit
    undelivered_payments: F64
    purchase_share: F32  # purchases on the network over sales, in normal times


class LinkColumns(NamedTuple):
    """One row a supply link, sorted by buyer."""

    buyer: I32
    supplier: I32
    weekly_amount: I64  # normal order
    contract_terms: I8  # weeks, without any cap
    terms: I8  # of orders from terms_from on
    former_terms: I8  # of earlier orders
    terms_from: I32  # week
    since: I32  # first week whose orders count
    not_due: I64
    overdue: I64
    disputed: I64
    advanced: I64  # part of overdue that a public facility advanced
    weeks_overdue: I16
    under_collection: Bool
    payment: I64  # this week
    collected: I64  # part of it beyond what the buyer would have offered
    lost_weight: F32  # written off by the supplier, fading; for the shares of causes
    missed_weight: F32  # orders that the supplier missed, fading
    short_weight: F32  # inputs that the buyer missed, fading


class LenderColumns(NamedTuple):
    """One row a lender. Its money is negative: what it lent came from deposits."""

    money: I64
    household_loans: I64
    firm_loans: I64
    provisions: I64
    capital: I64
    standard: F64  # 1 usual, below: fewer new loans and shorter firm lines
    normal_standard: F64  # at the start of measurement
    npl_ratio: F64
    lost: I64  # loans charged off this year so far, fading
    recovered: I64
    recovery: F64  # smoothed recovery of arrears over arrears
    normal_recovery: F64


class CollectorColumns(NamedTuple):
    """One row a collector; sums are since the start of measurement."""

    money: I64
    callers: F64  # heads now
    analysts: F64  # heads now
    accounts: I64  # placed here now
    attempts: I64
    contacts: I64
    promises: I64
    promises_due: I64
    promises_kept: I64
    contacted_accounts: I64
    complaints: I64
    violations: I64
    violations_found: I64
    fines: I64  # fen
    cost: I64  # fen
    labour_cost: I64  # fen
    recovered: I64  # fen, from accounts placed here
    commission: I64  # fen
    digital_cost: I64  # fen, part of cost: by text, messenger, robot and app
    invested: I64  # fen, full prices of modules bought, and training
    tax_credit: I64  # fen, relief not yet used
    social_pressure: F64  # complaints over their normal number, less one, smoothed
    breaches: I64
    staff_lost: F64  # share of staff that enforcement took away, coming back
    suspended_until: I32  # first week in which it may work again, 0 never suspended
    misuse_fined_until: I32  # first week in which misuse of data is fined again
    bought: I64  # fen, face value of debts bought
    purchases: I64  # fen, paid for them
    receipts: I64  # fen, from debts of its own


class PlacementColumns(NamedTuple):
    """One row a placement: an account entered a stage and was followed from then on."""

    account: I32
    borrower: I32
    week: I32
    stage: U8
    lender: I16
    collector: I16
    hold_out: Bool
    frozen: Bool  # on the list that all arms of a comparison share
    strategy: I16  # that worked it first, see ``State.strategy_order``; -1 none yet
    arrears: I64
    amount: I64  # arrears, from stage late on the whole balance
    balance: I64
    has_app: Bool
    person_before: I32  # calls and visits of people before it
    by_person: Bool  # a person has tried since
    steps: U8  # bits of the funnel reached since
    cost: I64  # fen, of work since
    paid_before: I64
    generation: I32
    laid_off_by: I32  # the borrower's, at placement
    income_lost: I64
    buffer_cap: I64
    paid: I64  # cash received since
    open: Bool
    cured_after: I16  # weeks, -1 not cured
    settled_after: I16  # weeks, -1 not settled; a settlement is no cure
    followed: I16  # weeks
    paid_30d: I64  # cash received within the horizon, -1 not yet observed
    paid_90d: I64
    paid_180d: I64
    paid_360d: I64
