"""Branches: the same economy at the same week, going on under other conditions."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace

from sim.core import columns
from sim.core.errors import StartChangeError
from sim.phases.calendar import use_rules, use_world
from sim.phases.state import State
from sim.spec.changes import apply_changes, apply_rule_changes, apply_world_changes
from sim.spec.loader import rules_of

#: Scenario fields that act on the start only.
START_FIELDS = (
    "population",
    "network",
    "portfolio",
    "seed",
    "burn_in",
    "world",
    "hold_out",
    "id",
    "schema_version",
)
#: Numbers of a world that act on the start only.
START_NUMBERS = frozenset(
    "households." + name
    for name in (
        "weekly_income_median", "weekly_income_log_sd", "essentials_share_mean", "essentials_share_sd",
        "buffer_cap_weeks_median", "buffer_cap_log_sd", "reluctant_share", "family_support_share",
        "phone_reach", "digital_reach", "ability_risk_correlation", "young_share",
        "middle_share",
    )
) | frozenset(
    "products." + name
    for name in ("second_account", "third_account", "revolving_share", "instalment_over_income")
) | {"collection.regions"} | frozenset(
    "firms." + name
    for name in (
        "terms_weeks", "construction_terms_weeks", "late_share", "late_share_smallest", "late_share_largest",
        "late_discipline", "usual_discipline", "discipline_size_slope", "discipline_construction",
        "discipline_services", "surplus_low", "surplus_high", "buffer_weeks_median", "buffer_log_sd",
        "owner_share",
    )
)  # fmt: skip


def copy_state(state: State) -> State:
    """A state that shares nothing that changes with the original."""
    return replace(
        state,
        **{name: columns.copy(getattr(state, name)) for name in State.TABLES},
        budget=state.budget.copy(),
        full_budget=state.full_budget.copy(),
        pull=state.pull.copy(),
        full_pull=state.full_pull.copy(),
        missing=state.missing.copy(),
        macro=replace(state.macro),
        ledger=state.ledger.copy(),
        recovered_by_age=state.recovered_by_age.copy(),
        late_repaid=state.late_repaid.copy(),
        sale_receipts=state.sale_receipts.copy(),
        week_complaints=state.week_complaints.copy(),
        week_violations=state.week_violations.copy(),
        week_violations_by_kind=state.week_violations_by_kind.copy(),
        turnover=state.turnover.copy(),
        found=state.found.copy(),
        week_costs=state.week_costs.copy(),
        week_digital_costs=state.week_digital_costs.copy(),
        week_contacted=state.week_contacted.copy(),
        rolls=state.rolls.copy(),
        roll_months=state.roll_months.copy(),
        profit_seen=state.profit_seen.copy(),
        adopted=dict(state.adopted),
        debt_roots=list(state.debt_roots),
        bought=dict(state.bought),
        samples={kind: samples.copy() for kind, samples in state.samples.items()},
        predictors=dict(state.predictors),
        warned=dict(state.warned),
        strategies=copy.deepcopy(state.strategies),
        strategy_order=list(state.strategy_order),
        week_sums=dict(state.week_sums),
        series=list(state.series),
        events=list(state.events),
        causes=list(state.causes),
        newest_failure=dict(state.newest_failure),
        lender_losses=list(state.lender_losses),
        branches=list(state.branches),
    )


def branch_state(state: State, changes: Mapping[str, object]) -> State:
    """A copy of a state with changes to its scenario, world or rules.

    Raises
    ------
    SpecError
        A change is impossible.
    StartChangeError
        A change acts on the start only.
    """
    spec = apply_changes(state.spec, changes, "branch")
    for name in START_FIELDS:
        if getattr(spec, name) != getattr(state.spec, name):
            raise _settled(name)
    fresh = {k: v for k, v in spec.world_changes.items() if state.spec.world_changes.get(k) != v}
    for name in fresh:
        if name in START_NUMBERS:
            raise _settled(f"world.{name}")
    twin = copy_state(state)
    twin.spec = spec
    use_world(twin, apply_world_changes(state.world, fresh))
    law = state.rules if state.law is None else state.law
    if "rules" in changes:  # named again after another set was given as an object or by an event
        law = rules_of(spec)
    elif spec.rules_changes != state.spec.rules_changes:
        law = apply_rule_changes(law, spec.rules_changes)
    use_rules(twin, law)
    if len(spec.collectors) != len(state.spec.collectors):
        raise _settled("collectors", "changes their number")
    twin.branches.append((state.clock, dict(changes)))
    return twin


def _settled(field: str, problem: str = "acts on the start of a run") -> StartChangeError:
    return StartChangeError("branch", field, problem, "a new ecosystem with this change")
