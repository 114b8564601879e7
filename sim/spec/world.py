"""A world: a complete set of parameters, each number with its unit and source.

Two worlds are shipped. In ``report`` the industry report's figures hold as far as they can; in
``evidence`` the independent evidence holds.
"""

from __future__ import annotations

from pydantic import ValidationInfo, field_validator

from sim.core.errors import unknown_name
from sim.spec.base import Group, Quantity, Spec, Text, quantity

#: Channels of collection and tones of voice; a world has the numbers of each.
CHANNELS = ("human", "field", "text", "messenger", "robot", "app", "letter")
TONES = ("gentle", "firm", "hard")


class HouseholdNumbers(Group):
    """How borrowers earn, spend, forget, refuse and pay."""

    weekly_income_median: Quantity = quantity("yuan/week", 1, 1e6, "median weekly wage of a borrower at work")
    weekly_income_log_sd: Quantity = quantity("log", 0, 3, "standard deviation of log weekly wage")
    essentials_share_mean: Quantity = quantity("share", 0, 1, "essential spending over wage, mean")
    essentials_share_sd: Quantity = quantity(
        "share", 0, 0.5, "essential spending over wage, sd over borrowers"
    )
    buffer_cap_weeks_median: Quantity = quantity(
        "weeks of income", 0, 520, "liquid savings above which income is spent, median"
    )
    buffer_cap_log_sd: Quantity = quantity("log", 0, 3, "sd of log savings cap over borrowers")
    comfort_weeks: Quantity = quantity("weeks of income", 0, 52, "savings kept back from paying arrears")
    job_loss: Quantity = quantity("1/week", 0, 1, "job loss for reasons outside the modelled firms")
    job_finding: Quantity = quantity(
        "1/week", 0, 1, "chance that a job seeker finds work where jobs are open"
    )
    benefit_share: Quantity = quantity("share", 0, 1, "income without work over wage")
    stress_job_penalty: Quantity = quantity("share", 0, 1, "cut of job finding at full stress")
    stress_avoidance: Quantity = quantity("share", 0, 1, "cut of the chance to be reached at full stress")
    expense_shock: Quantity = quantity("1/week", 0, 1, "chance of an expense shock")
    expense_shock_size: Quantity = quantity(
        "weeks of income", 0, 52, "mean size of an expense shock (exponential)"
    )
    forgets: Quantity = quantity("1/due", 0, 1, "chance to forget a due date")
    remembers: Quantity = quantity("1/week", 0, 1, "chance to remember a forgotten payment")
    reluctant_share: Quantity = quantity("share", 0, 1, "borrowers who are able but unwilling")
    reluctant_refusal: Quantity = quantity(
        "1/due", 0, 1, "chance that a reluctant borrower refuses a due payment"
    )
    own_payment_willing: Quantity = quantity(
        "1/week", 0, 1, "a willing late borrower's chance to pay unasked"
    )
    own_payment_reluctant: Quantity = quantity(
        "1/week", 0, 1, "a reluctant late borrower's chance to pay unasked"
    )
    avoidance: Quantity = quantity("1/month late", 0, 10, "exponential fall of that chance with lateness")
    pays_current_due: Quantity = quantity(
        "1/due", 0, 1, "chance that a late borrower pays what falls due anew and leaves the older debt"
    )
    own_part_payment: Quantity = quantity(
        "1/payment", 0, 1, "chance that a late borrower who cannot pay all pays whole instalments unasked"
    )
    leaves_newest_due: Quantity = quantity(
        "1/payment", 0, 1, "chance that a late borrower who pays unasked stays behind by the newest due"
    )
    watches_after_cure: Quantity = quantity(
        "1/cure", 0, 1, "chance that a borrower who has caught up does not forget the next due date"
    )
    family_support_weeks: Quantity = quantity(
        "weeks of income", 0, 52, "most that the family lends at a time"
    )
    family_support_share: Quantity = quantity(
        "share", 0, 1, "borrowers whose family can lend once in half a year"
    )
    dispute_ground: Quantity = quantity("share", 0, 1, "accounts with a ground to dispute")
    dispute_factual: Quantity = quantity(
        "share", 0, 1, "grounds to dispute about amount, payment or identity, which a shared record settles"
    )
    phone_reach: Quantity = quantity("share", 0, 1, "borrowers reachable by phone at the start")
    digital_reach: Quantity = quantity(
        "share", 0, 1, "borrowers reachable in an app or messenger at the start"
    )
    reach_halving: Quantity = quantity(
        "1/week late", 0, 1, "hazard that a late borrower's phone reach halves"
    )
    hiding: Quantity = quantity("1/week late", 0, 1, "hazard that a late borrower cannot be reached any more")
    moving: Quantity = quantity(
        "1/attempt", 0, 1, "hazard that an attempt drives a fully stressed borrower to move or change number"
    )
    momentum: Quantity = quantity("factor", 1, 10, "rise of the payment hazard after a payment")
    momentum_decay: Quantity = quantity("1/week", 0, 1, "weekly persistence of that rise")
    ability_risk_correlation: Quantity = quantity(
        "correlation", -1, 1, "of strained budgets with poor credit history"
    )
    young_share: Quantity = quantity("share", 0, 1, "borrowers under 40")
    middle_share: Quantity = quantity("share", 0, 1, "borrowers of 40 to 59")
    breathing_space_uptake: Quantity = quantity(
        "share", 0, 1, "borrowers newly over 30 days late who register where a breathing space is granted"
    )
    stress_from_arrears: Quantity = quantity("1/week", 0, 1, "stress added by a week in arrears")
    stress_from_attempt: Quantity = quantity(
        "1/attempt", 0, 1, "stress added by a human attempt at firm tone"
    )
    stress_decay: Quantity = quantity("1/week", 0, 1, "weekly fading of stress")
    sleep_base_rate: Quantity = quantity("share", 0, 1, "sleep disorder without debt trouble")
    sleep_odds_ratio: Quantity = quantity("odds ratio", 1, 20, "sleep disorder, over-indebted against others")
    stress_from_breach: Quantity = quantity("1/breach", 0, 1, "stress added when the borrower's data leak")
    trust_start: Quantity = quantity("share", 0, 1, "trust in collectors at the start, to which it returns")
    trust_fading: Quantity = quantity("1/week", 0, 1, "speed at which trust returns to its start")
    trust_gain: Quantity = quantity(
        "1/contact", 0, 1, "trust gained by a gentle or self-service contact, of what is missing"
    )
    trust_loss: Quantity = quantity(
        "1/event", 0, 1, "share of trust lost by a hard contact, a third party or a call in quiet hours"
    )
    trust_loss_breach: Quantity = quantity(
        "1/breach", 0, 1, "share of trust lost when the borrower's data leak"
    )
    trust_payment: Quantity = quantity(
        "log", 0, 5, "log rise of the chance to pay unasked from no to full trust"
    )
    trust_complaints: Quantity = quantity("log", 0, 5, "log fall of complaints from no to full trust")


class ProductNumbers(Group):
    """What borrowers owe."""

    second_account: Quantity = quantity("share", 0, 1, "borrowers with at least two accounts")
    third_account: Quantity = quantity("share", 0, 1, "borrowers with three accounts")
    revolving_share: Quantity = quantity("share", 0, 1, "accounts that revolve")
    instalment_over_income: Quantity = quantity("share", 0, 1, "all instalments over monthly wage")
    term_months: Quantity = quantity("months", 1, 360, "term of an instalment loan")
    annual_rate: Quantity = quantity("1/year", 0, 0.36, "interest on household loans")
    minimum_payment: Quantity = quantity("share/month", 0.01, 1, "minimum payment on a revolving balance")
    utilisation: Quantity = quantity("share", 0, 1, "usual balance over limit of a revolving account")
    renewal: Quantity = quantity("1/week", 0, 1, "chance to apply for a new loan after full repayment")
    return_after_charge_off: Quantity = quantity("1/week", 0, 1, "chance to apply again after a charge-off")


class ChannelNumbers(Group):
    """One channel of collection: what it costs and what it does."""

    cost_attempt: Quantity = quantity("yuan/attempt", 0, 1e5, "cost of an attempt")
    cost_conversation: Quantity = quantity("yuan/conversation", 0, 1e5, "added cost of a conversation")
    labour: Quantity = quantity("share", 0, 1, "labour share of these costs")
    contact: Quantity = quantity("1/attempt", 0, 1, "contact per attempt with a reachable borrower")
    persuades: Quantity = quantity("1/contact", 0, 1, "a willing, able borrower promises on contact")
    kept: Quantity = quantity("1/promise", 0, 1, "promises kept")
    reminds: Quantity = quantity("1/contact", 0, 1, "contact that reminds a borrower who forgot")
    reach_loss: Quantity = quantity("1/attempt", 0, 1, "loss of reach by an attempt at firm tone")
    complaints: Quantity = quantity("1/100,000 attempts", 0, 1e5, "complaints at firm tone")


class ToneNumbers(Group):
    """What a tone multiplies."""

    persuasion: Quantity = quantity("factor", 0, 10, "persuasion against firm tone")
    complaints: Quantity = quantity("factor", 0, 100, "complaints against firm tone")
    reach_loss: Quantity = quantity("factor", 0, 100, "loss of reach against firm tone")


class AgeNumbers(Group):
    """Response by age group, against each other; the mean over the population is one."""

    young: Quantity = quantity("factor", 0, 10, "contact under 40")
    middle: Quantity = quantity("factor", 0, 10, "contact from 40 to 59")
    old: Quantity = quantity("factor", 0, 10, "contact from 60 on")


class CollectionNumbers(Group):
    """Staff, machines and their effect."""

    human_dials: Quantity = quantity("1/week/1,000 borrowers", 0, 1e5, "calls the staff can dial")
    field_visits: Quantity = quantity("1/week/1,000 borrowers", 0, 1e5, "field visits the staff can make")
    ai_contact_factor: Quantity = quantity("factor", 0, 20, "contacts per dial with scored call times")
    agency_commission: Quantity = quantity("share", 0, 1, "of money recovered")
    reluctant_response: Quantity = quantity("factor", 0, 1, "persuasion of the reluctant against the willing")
    persuasion_decline: Quantity = quantity(
        "1/month late", 0, 10, "exponential fall of persuasion with lateness"
    )
    plan_taken: Quantity = quantity("1/offer", 0, 1, "instalment plans taken by borrowers short of money")
    plan_kept: Quantity = quantity("1/instalment", 0, 1, "plan instalments kept")
    plan_months: Quantity = quantity("months", 1, 60, "length of a plan")
    proof_upload: Quantity = quantity("1/offer", 0, 1, "disputes settled by uploaded proof")
    settlement_taken: Quantity = quantity(
        "1/offer", 0, 1, "settlements agreed by borrowers who can pay the reduced balance at once"
    )
    skip_trace_cost: Quantity = quantity("yuan/search", 0, 1e5, "price of a search for a lost borrower")
    skip_trace_finds: Quantity = quantity("1/search", 0, 1, "searches that find the borrower")
    debt_sale_price: Quantity = quantity(
        "share", 0, 1, "price over the balance of a debt charged off a year ago"
    )
    debt_sale_decline: Quantity = quantity(
        "1/year", 0, 10, "exponential fall of that price with the time since the charge-off"
    )
    dials_per_caller: Quantity = quantity("1/week", 1, 1e5, "calls that a caller dials")
    reporting_pressure: Quantity = quantity(
        "factor", 0, 10, "chance that a borrower who is reported to the credit bureau pays unasked"
    )
    third_party_pressure: Quantity = quantity("factor", 0, 5, "persuasion when third parties are contacted")
    third_party_raises: Quantity = quantity(
        "share", 0, 1, "rise of persuasion by third parties where the scenario says that they raise it"
    )
    third_party_lowers: Quantity = quantity(
        "share", 0, 1, "fall of persuasion by third parties where the scenario says that they lower it"
    )
    third_party_complaints: Quantity = quantity(
        "factor", 1, 100, "complaints when third parties are contacted"
    )
    gentle_reluctant: Quantity = quantity(
        "factor", 0, 10, "promises of the reluctant to a gentle tone against a firm one"
    )
    gentle_short: Quantity = quantity(
        "factor", 0, 10, "plans taken by those short of money from a gentle tone against a firm one"
    )
    robot_signal_accuracy: Quantity = quantity("share", 0, 1, "conversations whose state a robot reads right")
    app_plan_months_most: Quantity = quantity(
        "months", 1, 120, "longest plan that a borrower may propose in the app"
    )
    progress_kept: Quantity = quantity(
        "factor", 0, 10, "plan instalments kept where the app shows progress, against others"
    )
    regions: Quantity = quantity("regions", 1, 200, "regions where borrowers live and staff works, rounded")
    regional_mismatch: Quantity = quantity(
        "log", 0, 3, "sd over regions of log staff of a collector against borrowers"
    )
    remote_labour: Quantity = quantity("factor", 0, 5, "labour cost of remote staff against staff on site")
    ledger_record_cost: Quantity = quantity(
        "yuan/account and year", 0, 1e4, "price of keeping a debt on the shared ledger"
    )
    data_source_cost: Quantity = quantity(
        "yuan/account and year", 0, 1e4, "price of one source of data about a borrower"
    )
    over_cap_rate: Quantity = quantity(
        "share", 0, 1, "planned human attempts above a cap that are made all the same"
    )
    contact_check_cost: Quantity = quantity(
        "yuan/case and week", 0, 1e4, "price of checking the contacts with a case before they are made"
    )
    receivable_gap_human: Quantity = quantity(
        "share", 0, 1, "gap to full payment closed by human collection of a receivable"
    )
    receivable_gap_digital: Quantity = quantity("share", 0, 1, "same, by scored or self-service collection")
    receivable_cost: Quantity = quantity("yuan/week", 0, 1e5, "cost of working one trade debtor for a week")
    training_cost: Quantity = quantity("yuan/head", 0, 1e7, "price of making a caller an analyst")
    analysts_needed: Quantity = quantity(
        "heads/1,000 accounts", 0, 1e3, "analysts that scores and call times need for their full effect"
    )
    module_price: Quantity = quantity(
        "yuan/1,000 accounts", 0, 1e9, "price of a module or a digital strategy, paid once"
    )
    module_promise: Quantity = quantity(
        "share", -1, 1, "own costs that sellers of modules promise to save; believed until peers are seen"
    )
    gain_uncertainty: Quantity = quantity(
        "share",
        0,
        10,
        "sd over own costs of a collector's error about what a module brings, nobody having it",
    )
    profit_tax: Quantity = quantity(
        "share", 0, 1, "of a collector's quarterly profit, where adaptation is on"
    )
    country_scale_debt: Quantity = quantity(
        "bn yuan", 0, 1e6, "delinquent household debt of the country that market sizes are scaled to"
    )
    channels: dict[str, ChannelNumbers]
    tones: dict[str, ToneNumbers]
    text_response: AgeNumbers
    messenger_response: AgeNumbers

    @field_validator("channels", "tones", mode="before")
    @classmethod
    def _complete(cls, given: object, info: ValidationInfo) -> object:
        """Refuse other keys before what lies under them is looked at."""
        known = CHANNELS if info.field_name == "channels" else TONES
        if not isinstance(given, dict):
            return given
        for name in given:
            if name not in known:
                problem, allowed = unknown_name(str(name), known, str(info.field_name).removesuffix("s"))
                raise ValueError(f"{problem}|{allowed}")
        missing = [name for name in known if name not in given]
        if missing:
            raise ValueError(f"{', '.join(missing)} missing|all of {', '.join(known)}")
        return given


class FirmNumbers(Group):
    """Trade credit, costs, shocks and failure of firms."""

    terms_weeks: Quantity = quantity("weeks", 0, 26, "trade-credit terms")
    construction_terms_weeks: Quantity = quantity("weeks", 0, 26, "terms that construction buyers get")
    credit_share: Quantity = quantity("share", 0, 1, "sales between firms that are sold on credit")
    late_share: Quantity = quantity("share", 0, 1, "firms that pay late by habit")
    late_share_smallest: Quantity = quantity("factor", 0, 10, "multiplies that share for the smallest firm")
    late_share_largest: Quantity = quantity("factor", 0, 10, "multiplies that share for the largest firm")
    late_discipline: Quantity = quantity("1/week", 0, 1, "share of what is due that a late payer offers")
    usual_discipline: Quantity = quantity("1/week", 0, 1, "share of what is due that a usual payer offers")
    discipline_size_slope: Quantity = quantity(
        "log", 0, 5, "log fall of a usual payer's offer from median to largest"
    )
    discipline_construction: Quantity = quantity("factor", 0, 1, "multiplies offers of construction firms")
    discipline_services: Quantity = quantity(
        "factor", 0, 1, "multiplies offers of services, utilities, estate, primary"
    )
    large_buyer_discipline: Quantity = quantity(
        "factor", 0, 1, "multiplies offers of the largest fifth of buyers"
    )
    disputed_share: Quantity = quantity("share", 0, 1, "maturing invoices that are disputed")
    dispute_weeks: Quantity = quantity("weeks", 1, 520, "mean length of a trade dispute")
    dispute_written_off: Quantity = quantity("share", 0, 1, "disputed invoices written off in the end")
    shock_persistence: Quantity = quantity("1/week", 0, 0.9999, "weekly persistence of log demand shocks")
    shock_sd: Quantity = quantity("log", 0, 3, "stationary sd of log demand shocks")
    surplus_low: Quantity = quantity("share", 0, 1, "least operating surplus over sales")
    surplus_high: Quantity = quantity("share", 0, 1, "largest operating surplus over sales")
    sticky_costs: Quantity = quantity("share", 0, 1, "hard costs that follow average sales")
    cost_average_weeks: Quantity = quantity("weeks", 1, 520, "length of that average")
    payroll_reserve_weeks: Quantity = quantity("weeks of hard costs", 0, 52, "kept back from trade debts")
    buffer_weeks_median: Quantity = quantity("weeks of hard costs", 0, 520, "liquidity target, median")
    buffer_log_sd: Quantity = quantity("log", 0, 3, "sd of log liquidity target over firms")
    credit_line_weeks: Quantity = quantity("weeks of hard costs", 0, 520, "bank line")
    strain_weeks: Quantity = quantity(
        "weeks of hard costs", 0, 52, "liquidity below which orders and staff are cut"
    )
    strain_cut: Quantity = quantity("share", 0, 1, "cut of orders and staff under strain")
    petition_weeks: Quantity = quantity(
        "weeks", 1, 520, "net weeks of short payment before creditors petition"
    )
    petition_rate: Quantity = quantity("1/week", 0, 1, "chance of a petition from then on")
    loss_given_failure: Quantity = quantity("share", 0, 1, "trade claims lost when the debtor fails")
    entrant_weeks: Quantity = quantity("weeks", 1, 520, "weeks until a new firm takes a failed firm's place")
    replacement_cap: Quantity = quantity("factor", 1, 10, "most that orders to a living supplier may rise")
    essential_inputs: Quantity = quantity("share", 0, 1, "missing inputs that limit output")
    owner_guarantee: Quantity = quantity("share", 0, 1, "lost bank line that the guarantor is called for")
    owner_share: Quantity = quantity("share", 0, 1, "borrowers who own a firm and guarantee its bank line")
    staff_adjustment: Quantity = quantity("1/week", 0, 1, "speed at which staff follows average sales")
    labour_hoarding: Quantity = quantity("share", 0, 1, "fall of staff that needs no lay-offs")
    order_smoothing: Quantity = quantity("1/week", 0, 1, "speed at which orders follow sales")
    memory_weeks: Quantity = quantity(
        "weeks", 1, 520, "fading of losses when the causes of a failure are told"
    )


class LenderNumbers(Group):
    """Banks and their standards."""

    capital_ratio: Quantity = quantity("share", 0.01, 1, "target capital over loans")
    firm_rate: Quantity = quantity("1/year", 0, 0.36, "interest on firms' credit lines")
    line_fee: Quantity = quantity("1/year", 0, 0.1, "fee on firms' credit lines, drawn or not")
    operating_cost: Quantity = quantity("share/year", 0, 0.5, "operating cost over loans")
    provision_early: Quantity = quantity("share", 0, 1, "provision at 1 to 30 days late")
    provision_middle: Quantity = quantity("share", 0, 1, "provision at 31 to 90 days late")
    provision_late: Quantity = quantity("share", 0, 1, "provision at 91 to 180 days late")
    standard_capital: Quantity = quantity(
        "elasticity", 0, 20, "response of lending standards to the capital ratio"
    )
    standard_recovery: Quantity = quantity("elasticity", 0, 20, "response of lending standards to recovery")
    standard_floor: Quantity = quantity("factor", 0, 1, "tightest standard")
    warning_cutoff: Quantity = quantity(
        "odds ratio",
        0,
        1000,
        "predicted odds of a missed payment over usual ones above which no new credit is given",
    )
    warned_share: Quantity = quantity(
        "share", 0, 1, "riskiest accounts falling due that early warning reminds before the due date"
    )
    standard_speed: Quantity = quantity("1/week", 0, 1, "speed at which standards move")
    report_after_days: Quantity = quantity("days", 0, 30000, "lateness that is reported to a credit bureau")
    reported_approval: Quantity = quantity("factor", 0, 1, "approval of new loans of a reported borrower")


class SupervisionNumbers(Group):
    """Complaints, inspections and what they find."""

    complaint_finds: Quantity = quantity(
        "1/complaint", 0, 1, "complaints that lead to a finding when a rule was broken"
    )
    inspection_finds: Quantity = quantity("1/inspection", 0, 1, "inspections that find a week's violations")
    usual_complaints: Quantity = quantity(
        "1/1,000 contacted", 0.001, 1e3, "complaints at which a regulator that adapts inspects as usual"
    )
    stance_most: Quantity = quantity(
        "factor", 1, 100, "most that it multiplies inspections by; at least one over it"
    )
    rehiring: Quantity = quantity("1/week", 0, 1, "staff lost to enforcement that is hired again")
    social_pressure_normal: Quantity = quantity(
        "1/1,000 accounts contacted", 0, 1000, "complaints above which people speak up on social media"
    )
    social_pressure_speed: Quantity = quantity(
        "1/week", 0, 1, "speed at which social-media pressure follows complaints"
    )
    social_pressure_level: Quantity = quantity(
        "factor", 0, 1000, "pressure above which a collector gives way"
    )
    social_pressure_response: Quantity = quantity(
        "share", 0, 1, "calls and visits that a collector then drops"
    )
    breach_bureau: Quantity = quantity("1/week", 0, 1, "hazard that held credit-bureau data leak")
    breach_telecom: Quantity = quantity("1/week", 0, 1, "hazard that held telecom data leak")
    breach_shopping: Quantity = quantity("1/week", 0, 1, "hazard that held shopping data leak")
    breach_wallet: Quantity = quantity("1/week", 0, 1, "hazard that held wallet-payment data leak")
    fine_per_breach: Quantity = quantity("yuan", 0, 1e9, "fine for each breach")


class PredictionNumbers(Group):
    """Noise of the signals that bought sources of data give."""

    telecom_noise: Quantity = quantity("share", 0, 10, "sd of noise in reach by phone and online")
    shopping_noise: Quantity = quantity("log", 0, 10, "sd of noise in log liquid money over wage")
    wallet_noise: Quantity = quantity("share", 0, 10, "sd of noise in income over wage")


class World(Spec):
    """Every number of the model."""

    id: str
    label: Text
    households: HouseholdNumbers
    products: ProductNumbers
    collection: CollectionNumbers
    firms: FirmNumbers
    lenders: LenderNumbers
    supervision: SupervisionNumbers
    prediction: PredictionNumbers

    def numbers(self) -> list[tuple[str, Quantity]]:
        """Every number with its dotted name, in the order of the file."""
        return [pair for name, part in self for pair in _numbers(name, part)]


def _numbers(name: str, part: object) -> list[tuple[str, Quantity]]:
    if isinstance(part, Quantity):
        return [(name, part)]
    inner = part.items() if isinstance(part, dict) else part if isinstance(part, Group) else ()
    return [pair for key, value in inner for pair in _numbers(f"{name}.{key}", value)]
