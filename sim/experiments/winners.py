"""Which arm wins, in which world, and whether that holds in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from sim.experiments.statistics import paired_difference
from sim.measures import MEASURES

if TYPE_CHECKING:
    from sim.experiments.comparison import Comparison

#: What strategies are judged by, each by itself.
JUDGED: Final = (
    "cure_rate_90d", "recovery_rate", "cost_per_100", "net_present_recovery", "complaints_per_1000_borrowers",
    "stress_mean",
)  # fmt: skip
#: Kinds of verdict: clearly best in every world; in the report's alone, or another one alone; clear winners
#: that differ; nowhere clear.
EVERYWHERE, REPORT_ONLY, ONE_ONLY, DIFFER, OPEN = "everywhere", "report_only", "one_only", "differ", "open"


def winners(comparison: Comparison) -> pd.DataFrame:
    """The best arm of each world on each judged measure.

    Columns ``world``, ``measure``, ``arm`` (best mean among the arms shown) and ``clear``: whether its paired
    difference from every other arm has an interval on the better side of zero. Measures without a value in
    two arms are left out; so is a comparison of fewer than two arms.
    """
    lines: list[dict[str, Any]] = []
    for world in comparison.worlds:
        for measure in JUDGED:
            if measure not in comparison.measures:
                continue
            sign = 1.0 if MEASURES[measure].better == "higher" else -1.0
            values = {arm: comparison.values(world, arm, measure) for arm in comparison.arms.names}
            means = {arm: _mean(row) for arm, row in values.items()}
            known = {arm: sign * mean for arm, mean in means.items() if mean is not None}
            if len(known) < 2:
                continue
            best = max(known, key=lambda arm: known[arm])
            clear = True
            for other in known:
                if other == best:
                    continue
                found = paired_difference(values[best], values[other])
                end = found.low if sign > 0 else found.high
                clear &= end is not None and sign * end > 0
            lines.append({"world": world, "measure": measure, "arm": best, "clear": clear})
    return pd.DataFrame(lines, columns=["world", "measure", "arm", "clear"])


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def verdicts(found: pd.DataFrame) -> pd.DataFrame:
    """What the winners of all worlds come to: columns ``measure``, ``verdict``, ``arm``, ``world``.

    ``everywhere``: the same arm is clearly best in each of two worlds or more; ``report_only``: clearly best
    in the world ``report`` and not in another one, so what a seller says and no evidence bears out;
    ``one_only``: clearly best in another single world; ``differ``: clear winners that are not the same;
    ``open``: no clear winner. With one world ``one_only`` or ``open``.
    """
    lines = []
    for measure, here in found.groupby("measure", sort=False):
        clear = here[here["clear"]]
        arms = list(dict.fromkeys(clear["arm"]))
        if not arms:
            kind, arm, world = OPEN, "", ""
        elif len(arms) > 1:
            kind, arm, world = DIFFER, "", ""
        elif len(clear) == len(here) > 1:
            kind, arm, world = EVERYWHERE, arms[0], ""
        else:
            world = str(clear["world"].iloc[0])
            kind, arm = (REPORT_ONLY if world == "report" and len(here) > 1 else ONE_ONLY), arms[0]
        lines.append({"measure": measure, "verdict": kind, "arm": arm, "world": world})
    return pd.DataFrame(lines, columns=["measure", "verdict", "arm", "world"])
