"""Supervision: complaints and inspections find violations, and fines follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.ledger import Sector
from sim.core.rng import uniforms

if TYPE_CHECKING:
    from sim.phases.state import State


def supervision(state: State) -> None:
    """One week of the regulator: what is found in each collector's work, and what it costs.

    A week's violations of a collector come to light when a complaint leads to them or an inspection
    takes place and finds them. The fine is the rule set's amount for each violation found.
    """
    if not state.accounts_active:
        return
    numbers, rules = state.world.supervision, state.rules
    inspections = 0.0 if rules.inspection_rate is None else rules.inspection_rate.value
    fine = 0 if rules.fine_per_violation is None else int(100 * rules.fine_per_violation.value)
    key = state.key("supervision")
    for number in range(len(state.spec.collectors)):
        violations = int(state.week_violations[number])
        if violations == 0:
            continue
        u, v, _, _ = uniforms(key, state.clock, number, 0)
        missed = (1.0 - numbers.complaint_finds.value) ** int(state.week_complaints[number])
        if u < 1.0 - missed or v < state.stance * inspections * numbers.inspection_finds.value:
            c = state.collectors
            c.violations_found[number] += violations
            c.fines[number] += fine * violations
            c.money[number] -= fine * violations
            state.macro.government += fine * violations
            state.ledger.pay("fines", Sector.COLLECTORS, Sector.GOVERNMENT, fine * violations)
            sums = state.week_sums
            sums["violations_found"] = sums.get("violations_found", 0) + violations
            sums["fines"] = sums.get("fines", 0) + fine * violations
