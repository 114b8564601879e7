"""The start of a week: rules and rescues that take effect."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sim.collection.own_rules import check_own_rules
from sim.collection.parameters import funnel_parameters
from sim.phases.channels import close_channels
from sim.phases.coverage import cover
from sim.phases.parameters import firm_parameters, household_parameters
from sim.phases.payment_terms import change_terms
from sim.spec.changes import apply_rule_changes, apply_world_changes
from sim.spec.loader import load_rules
from sim.spec.rules import binding
from sim.spec.scenario import FailureEvent, RulesEvent, WorldEvent

if TYPE_CHECKING:
    from sim.phases.state import State
    from sim.spec.rules import RuleSet
    from sim.spec.world import World


def use_world(state: State, world: World) -> None:
    """Go on with other numbers of the world."""
    state.world = world
    state.firm_numbers = firm_parameters(world)
    state.household_numbers = household_parameters(world, state.spec.harm)
    state.funnel_numbers = funnel_parameters(world, harm=state.spec.harm)


def use_rules(state: State, rules: RuleSet) -> None:
    """Go on under another rule set; of it those rules bind that are in force this week.

    Raises :class:`sim.core.errors.SpecError` for a rule that is registered nowhere.
    """
    check_own_rules(rules)
    state.law = rules
    start = state.spec.start
    state.rules = binding(rules, None if start is None else start + timedelta(weeks=state.week))


def calendar(state: State) -> None:
    """Dated events take effect and channels are closed; demand, credit and jobs events are read where
    they act."""
    state.week_sums = {}
    if state.spec.start is not None and state.law is not None:
        use_rules(state, state.law)
    for event in state.spec.events:
        if event.week != state.week:
            continue
        if isinstance(event, RulesEvent):
            use_rules(state, apply_rule_changes(load_rules(event.rules), state.spec.rules_changes))
        elif isinstance(event, WorldEvent):
            use_world(state, apply_world_changes(state.world, event.changes))
        elif isinstance(event, FailureEvent) and event.kind == "rescue":
            state.firms.rescued[event.firm] = True
    change_terms(state)
    close_channels(state)
    cover(state)
