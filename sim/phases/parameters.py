"""Plain numbers for the kernels, taken from a world."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeVar

from sim.spec.base import Group
from sim.spec.scenario import HarmSpec
from sim.spec.world import World


class FirmParameters(NamedTuple):
    """Numbers of :class:`sim.spec.world.FirmNumbers` and the firm part of the lenders'."""

    credit_share: float
    disputed_share: float
    dispute_weeks: float
    dispute_written_off: float
    shock_persistence: float
    shock_sd: float
    sticky_costs: float
    cost_average_weeks: float
    payroll_reserve_weeks: float
    credit_line_weeks: float
    strain_weeks: float
    strain_cut: float
    petition_weeks: float
    petition_rate: float
    loss_given_failure: float
    entrant_weeks: float
    replacement_cap: float
    essential_inputs: float
    order_smoothing: float
    staff_adjustment: float
    labour_hoarding: float
    large_buyer_discipline: float
    memory_weeks: float
    firm_rate: float
    line_fee: float


class HouseholdParameters(NamedTuple):
    """Numbers of the household, product, collection and lender groups that the weekly kernel needs."""

    job_loss: float
    job_finding: float
    benefit_share: float
    stress_job_penalty: float
    expense_shock: float
    expense_shock_size: float
    comfort_weeks: float
    forgets: float
    remembers: float
    reluctant_refusal: float
    own_payment_willing: float
    own_payment_reluctant: float
    avoidance: float
    pays_current_due: float
    own_part_payment: float
    leaves_newest_due: float
    watches_after_cure: float
    dispute_ground: float
    dispute_factual: float
    reach_halving: float
    hiding: float
    momentum: float
    momentum_decay: float
    stress_from_arrears: float
    stress_decay: float
    trust_start: float
    trust_fading: float
    trust_payment: float
    family_support_weeks: float
    annual_rate: float
    term_months: float
    minimum_payment: float
    utilisation: float
    renewal: float
    return_after_charge_off: float
    plan_kept: float
    progress_kept: float
    plan_months: float
    reporting_pressure: float
    reported_approval: float
    interest_freeze_days: float = math.inf  # of the rules in force, not of the world


P = TypeVar("P", FirmParameters, HouseholdParameters)


def _pick(kind: type[P], *groups: Group) -> P:
    values: dict[str, float] = {}
    for group in groups:
        values.update(group.values())
    return kind(**{name: values[name] for name in kind._fields if name in values})


def firm_parameters(world: World) -> FirmParameters:
    """The firm numbers of a world."""
    return _pick(FirmParameters, world.firms, world.lenders)


def household_parameters(world: World, harm: HarmSpec | None = None) -> HouseholdParameters:
    """The household numbers of a world; ways of harm that ``harm`` closes have no effect."""
    numbers = _pick(HouseholdParameters, world.households, world.products, world.collection, world.lenders)
    harm = harm or HarmSpec()
    if not harm.stress_to_work:
        numbers = numbers._replace(stress_job_penalty=0.0)
    if not harm.trust_to_conduct:
        numbers = numbers._replace(trust_payment=0.0)
    return numbers
