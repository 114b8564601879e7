"""What follows when violations of a collector were found: fines, a suspended licence, lost staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.collection.names import DATA_MISUSE, VIOLATION_KINDS
from sim.core.ledger import Sector
from sim.spec.rules import RuleSet

if TYPE_CHECKING:
    from sim.phases.state import State

#: Weeks over which turnover and violations found are summed, and in which misuse is fined once: a year.
YEAR = 52
_MISUSE = [VIOLATION_KINDS.index(kind) for kind in DATA_MISUSE]


def may_work(state: State, number: int) -> bool:
    """Whether a collector may contact anybody this week: not suspended, and licensed where it must be.

    A lender's own team works under the lender's licence. Accounts stay with a collector that may not
    work, and wait.
    """
    spec, required = state.spec.collectors[number], state.rules.licence_required
    if spec.kind == "in_house":
        return True
    unlicensed = required is not None and required.value and not spec.licensed
    return not unlicensed and state.clock >= int(state.collectors.suspended_until[number])


def staff_present(state: State, number: int) -> float:
    """Share of a collector's staff that enforcement has left it."""
    return 1.0 - float(state.collectors.staff_lost[number])


def misuse_fine(state: State, number: int, rules: RuleSet) -> int:
    """Fine for misuse of personal data, fen: a share of the last 52 weeks' fees, at most the ceiling."""
    if rules.data_misuse_fine_share is None:
        return 0
    fine = int(rules.data_misuse_fine_share.value * int(state.turnover[:, number].sum()))
    ceiling = rules.data_misuse_fine_ceiling
    return fine if ceiling is None else min(fine, round(100 * ceiling.value))


def sanction(state: State, number: int, rules: RuleSet) -> None:
    """Everything that a finding of this week's violations costs a collector."""
    kinds = state.week_violations_by_kind[number]
    found = int(kinds.sum())
    state.found[state.clock % YEAR, number] = found
    state.collectors.violations_found[number] += found
    _count(state, "violations_found", found)
    _fine(state, number, rules, found, int(kinds[_MISUSE].sum()))
    _suspend(state, number, rules)
    if rules.enforcement_capacity_loss is not None:
        lost = state.collectors.staff_lost
        lost[number] = max(float(lost[number]), rules.enforcement_capacity_loss.value)


def _fine(state: State, number: int, rules: RuleSet, found: int, misused: int) -> None:
    """Fixed for each violation; misuse of data, where a share of turnover is set, once a year."""
    c = state.collectors
    each = 0 if rules.fine_per_violation is None else int(100 * rules.fine_per_violation.value)
    fine = each * found
    if rules.data_misuse_fine_share is not None:
        fine = each * (found - misused)
        if misused > 0 and state.clock >= int(c.misuse_fined_until[number]):
            extra = misuse_fine(state, number, rules)
            c.misuse_fined_until[number] = state.clock + YEAR if extra > 0 else 0
            _count(state, "misuse_fines", extra)
            fine += extra
    c.fines[number] += fine
    c.money[number] -= fine
    state.macro.government += fine
    state.ledger.pay("fines", Sector.COLLECTORS, Sector.GOVERNMENT, fine)
    _count(state, "fines", fine)


def _suspend(state: State, number: int, rules: RuleSet) -> None:
    """An agency with too many violations found within a year loses its licence for a while.

    What led to a suspension does not count for the next one.
    """
    most, weeks = rules.licence_suspension_violations, rules.licence_suspension_weeks
    if most is None or weeks is None or state.spec.collectors[number].kind == "in_house":
        return
    if int(state.found[:, number].sum()) >= most.value:
        state.collectors.suspended_until[number] = state.clock + 1 + weeks.value
        state.found[:, number] = 0


def _count(state: State, name: str, amount: int) -> None:
    state.week_sums[name] = state.week_sums.get(name, 0) + amount


def rehire(state: State) -> None:
    """Staff that enforcement took away comes back at a constant rate."""
    lost = state.collectors.staff_lost
    lost *= 1.0 - state.world.supervision.rehiring.value
    np.copyto(lost, 0.0, where=lost < 1e-6)
