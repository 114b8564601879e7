"""Supervision: complaints and inspections find violations, and sanctions follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.collection.names import VIOLATION_KINDS
from sim.core.rng import stream, uniforms
from sim.phases.breaches import breaches
from sim.phases.choice import strategy_of
from sim.phases.sanctions import YEAR, may_work, rehire, sanction
from sim.phases.social_pressure import inspection_factor, spread
from sim.spec.rules import DATA_SOURCES, RuleSet, permitted_sources, rules_for

if TYPE_CHECKING:
    from sim.phases.state import State

_HELD = VIOLATION_KINDS.index("data_source")


def supervision(state: State) -> None:
    """One week of the regulator: what is found in each collector's work, and what it costs.

    A week's violations of a collector come to light when a complaint leads to them or an inspection
    takes place and finds them; see :mod:`sim.phases.sanctions` for what follows. Before that,
    data that somebody holds may leak, and complaints may spread.
    """
    if not state.accounts_active:
        return
    state.found[state.clock % YEAR] = 0
    rehire(state)
    breaches(state)
    spread(state)
    numbers, key = state.world.supervision, state.key("supervision")
    for number, spec in enumerate(state.spec.collectors):
        state.week_sums["suspended"] = state.week_sums.get("suspended", 0) + (not may_work(state, number))
        rules = rules_for(state.rules, spec.kind)
        _hold_data(state, number, rules)
        if not state.week_violations[number]:
            continue
        inspections = 0.0 if rules.inspection_rate is None else rules.inspection_rate.value
        u, v, _, _ = uniforms(key, state.clock, number, 0)
        missed = (1.0 - numbers.complaint_finds.value) ** int(state.week_complaints[number])
        inspected = state.stance * inspections * inspection_factor(state, number)
        if u < 1.0 - missed or v < inspected * numbers.inspection_finds.value:
            sanction(state, number, rules)
    for kind, count in zip(VIOLATION_KINDS, state.week_violations_by_kind.sum(axis=0), strict=True):
        state.week_sums[f"violations_{kind}"] = int(count)


def _hold_data(state: State, number: int, rules: RuleSet) -> None:
    """A collector that bought a data source may keep it after it was forbidden, as people keep calling.

    One violation a source and week, with the chance that people break a rule; none where each contact
    is checked against the rules.
    """
    chosen = strategy_of(state, number)
    forbidden = set(getattr(chosen, "sources", ())) - set(permitted_sources(rules))
    if not forbidden or getattr(chosen, "checks_contacts", False):
        return
    key, rate = stream(state.seed, "supervision.data"), state.world.collection.over_cap_rate.value
    kept = sum(
        uniforms(key, state.clock, number, DATA_SOURCES.index(source))[0] < rate for source in forbidden
    )
    state.week_violations[number] += kept
    state.week_violations_by_kind[number, _HELD] += kept
    state.collectors.violations[number] += kept
    state.week_sums["violations"] = state.week_sums.get("violations", 0) + int(kept)
