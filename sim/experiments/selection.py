"""Selection: success among those who chose a strategy, against its effect where chance decides.

Each run leaves one burnt-in start twice. In the first branch accounts choose the strategy themselves
(``assignment: self_selected``), in the second a random draw decides. Among those who chose, users are
compared with the others as a report would; under random assignment the same comparison is the effect.
What is left is selection: who chose would have paid more, or less, anyway. The matched effect compares who
chose with others like them in what a lender sees (:func:`sim.measures.by_strategy.matched_difference`): by
how much it is still off is selection on what nobody sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.core.errors import SpecError, unknown_name
from sim.experiments.statistics import Estimate, mean_interval
from sim.measures.by_strategy import cured_by, matched_difference
from sim.measures.recovery import HEADLINE, HORIZONS, STAGES
from sim.model import Ecosystem
from sim.spec.scenario import Scenario
from sim.spec.world import World

#: Quantities of a run, in the order of the table.
QUANTITIES = (
    "users who chose", "others beside them", "users by chance", "others beside these",
    "apparent effect", "matched effect", "effect by chance", "selection", "selection left by matching",
)  # fmt: skip


@dataclass(frozen=True)
class Selection:
    """Cure rates and differences over runs.

    ``table``: columns ``quantity, mean, low, high, n, reason``; ``runs``: one row a run, a column a
    quantity. ``selection`` is the apparent effect (users who chose less others beside them) minus the
    effect by chance, ``selection left by matching`` the matched effect minus it.
    """

    strategy: str
    horizon: str
    stage: str
    table: pd.DataFrame
    runs: pd.DataFrame

    @property
    def selection(self) -> Estimate:
        """Selection over runs with its interval."""
        return mean_interval(_known(self.runs["selection"]))


def selection_effect(
    scenario: str | Path | Scenario = "baseline",
    strategy: str = "app_based",
    *,
    share: float = 0.5,
    horizon: str = "90d",
    stage: str = HEADLINE,
    runs: int = 4,
    seed: int | None = None,
    world: str | World | None = None,
    rules: str | None = None,
    changes: Mapping[str, object] | None = None,
) -> Selection:
    """Selection into ``strategy`` when a ``share`` of accounts may choose it, from paired runs.

    Cure is measured on the common list at ``stage`` within ``horizon``. Intervals are Student's over
    runs. Raises :class:`sim.core.errors.SpecError`.
    """
    for value, known, what in ((horizon, HORIZONS, "horizon"), (stage, STAGES, "stage")):
        if value not in known:
            problem, allowed = unknown_name(value, known, what)
            raise SpecError("selection", what, problem, allowed)
    if runs < 1:
        raise SpecError("selection", "runs", f"{runs} is too few", "1 or more")
    rows = []
    for number in range(runs):
        start = Ecosystem(scenario, world, None, rules, rng=_seed(seed) + number, changes=changes)
        rows.append(_run(start, strategy, share, horizon, stage))
    frame = pd.DataFrame(rows, columns=list(QUANTITIES)).astype(float)
    lines = [(name, *mean_interval(_known(frame[name]))) for name in QUANTITIES]
    table = pd.DataFrame(lines, columns=["quantity", "mean", "low", "high", "n", "reason"])
    return Selection(strategy, horizon, stage, table, frame)


def _seed(seed: int | None) -> int:
    return 1 if seed is None else seed


def _known(column: pd.Series) -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in column]


def _run(start: Ecosystem, strategy: str, share: float, horizon: str, stage: str) -> list[float | None]:
    """The quantities of one start, None where nobody was there to compare."""
    found: list[float | None] = []
    matched: float | None = None
    for assignment in ("self_selected", "random"):
        event = {
            "kind": "rollout", "week": 0, "share": share, "strategy": strategy, "assignment": assignment
        }  # fmt: skip
        events = [*(item.model_dump() for item in start.spec.events), event]
        model = start.branch({"events": events}).run(HORIZONS[horizon] + 1)
        order, record = model.state.strategy_order, model.state.record()
        for others in (False, True):
            cure = cured_by(record, order, strategy, others=others, horizon=horizon, stage=stage)
            found.append(cure.value)
        if assignment == "self_selected":
            matched = matched_difference(record, order, strategy, horizon=horizon, stage=stage).value
        model.release()
    chose, beside, chance, other = found
    apparent, effect = _less(chose, beside), _less(chance, other)
    return [*found, apparent, matched, effect, _less(apparent, effect), _less(matched, effect)]


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
