"""The start of a week: rules and rescues that take effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.collection.parameters import funnel_parameters
from sim.phases.channels import close_channels
from sim.phases.coverage import cover
from sim.phases.parameters import firm_parameters, household_parameters
from sim.spec.changes import apply_rule_changes, apply_world_changes
from sim.spec.loader import load_rules
from sim.spec.scenario import FailureEvent, RulesEvent, WorldEvent

if TYPE_CHECKING:
    from sim.phases.state import State
    from sim.spec.world import World


def use_world(state: State, world: World) -> None:
    """Go on with other numbers of the world."""
    state.world = world
    state.firm_numbers = firm_parameters(world)
    state.household_numbers = household_parameters(world, state.spec.harm)
    state.funnel_numbers = funnel_parameters(world, harm=state.spec.harm)


def calendar(state: State) -> None:
    """Dated events take effect and channels are closed; demand, credit and jobs events are read where
    they act."""
    state.week_sums = {}
    for event in state.spec.events:
        if event.week != state.week:
            continue
        if isinstance(event, RulesEvent):
            state.rules = apply_rule_changes(load_rules(event.rules), state.spec.rules_changes)
        elif isinstance(event, WorldEvent):
            use_world(state, apply_world_changes(state.world, event.changes))
        elif isinstance(event, FailureEvent) and event.kind == "rescue":
            state.firms.rescued[event.firm] = True
    close_channels(state)
    cover(state)
