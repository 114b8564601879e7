"""What one gives up for a target that the chosen point misses, by the stand-in fitted to the points run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.emulator import Emulator, best_points
from calibration.simulated import Box
from calibration.targets import Measured
from sim.core.columns import F64

#: How much more than the others the missed target counts in the search for what it costs.
_PRESSED = 6.0


@dataclass(frozen=True)
class TradeOff:
    """One missed target. ``chosen``, ``pressed``: its figure at the chosen point and at the point that meets
    it best, the other targets meant as well; ``met``: whether it is inside its tolerance there.
    ``given_up``: targets that are met at the first point and not at the second, with both figures."""

    target: str
    chosen: float
    pressed: float
    met: bool
    given_up: dict[str, tuple[float, float]]


def trade_offs(
    emulator: Emulator, targets: Sequence[Measured], best: F64, box: Box, starts: F64, figures: F64
) -> list[TradeOff]:
    """Press for each target that the point ``best`` misses in turn, and see which others go.

    ``figures``: of the targets at ``best``, measured where there was a check; what the stand-in is off there
    is taken off everywhere. ``starts``: points from which the search begins, shape (points, parameters).
    """
    values = np.array([target.value for target in targets])
    errors = np.array([target.error for target in targets])
    allowed = np.array([target.tolerance for target in targets])
    off = figures - emulator.figures(best)[0]
    met = np.abs(figures - values) <= allowed
    found = []
    for column, target in enumerate(targets):
        if met[column] or not np.isfinite(figures[column]):
            continue
        pressed = np.where(np.arange(len(targets)) == column, errors / _PRESSED, errors)
        place = best_points(emulator, values - np.nan_to_num(off), pressed, box, np.vstack([best, starts]))[0]
        there = emulator.figures(place)[0] + np.nan_to_num(off)
        lost = met & (np.abs(there - values) > allowed)
        given_up = {
            targets[int(row)].id: (float(figures[row]), float(there[row])) for row in np.flatnonzero(lost)
        }
        reached = bool(abs(there[column] - values[column]) <= allowed[column])
        found.append(TradeOff(target.id, float(figures[column]), float(there[column]), reached, given_up))
    return found
