"""The start of a week: rules and rescues that take effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.phases.channels import close_channels
from sim.phases.coverage import cover
from sim.spec.changes import apply_rule_changes
from sim.spec.loader import load_rules
from sim.spec.scenario import FailureEvent, RulesEvent

if TYPE_CHECKING:
    from sim.phases.state import State


def calendar(state: State) -> None:
    """Dated events of the week take effect and channels are closed; demand, credit and jobs events are read where they act."""
    state.week_sums = {}
    for event in state.spec.events:
        if event.week != state.week:
            continue
        if isinstance(event, RulesEvent):
            state.rules = apply_rule_changes(load_rules(event.rules), state.spec.rules_changes)
        elif isinstance(event, FailureEvent) and event.kind == "rescue":
            state.firms.rescued[event.firm] = True
    close_channels(state)
    cover(state)
