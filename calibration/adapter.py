"""The model as a function of its free parameters, for calibrators of other packages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from calibration.simulated import run_points, share_of
from calibration.targets import CalibrationSpec, load_calibration
from sim.core.columns import F64
from sim.core.errors import SpecError
from sim.experiments.running import Means

#: Borrowers for each firm, as in the scenarios.
_BORROWERS_PER_FIRM = 10
Simulator = Callable[[Sequence[float], int, int], F64]


def simulator(spec: str | Path | CalibrationSpec) -> Simulator:
    """A function of ``(theta, n, seed)``: the figure of each target, in the order of the file.

    ``theta``: a value for each parameter, in the order of the file and inside its range; ``n``: borrowers, a
    tenth as many firms; ``seed``: of the run. A figure that is undefined is NaN. Raises :class:`SpecError`
    for an impossible calibration at once, and for a ``theta`` of another length or out of range when called.
    """
    found = spec if isinstance(spec, CalibrationSpec) else load_calibration(spec)

    def run(theta: Sequence[float], n: int, seed: int) -> F64:
        """The figures of one run. Raises :class:`SpecError` for an impossible ``theta``."""
        values = np.asarray(theta, float)
        if values.shape != (len(found.parameters),):
            problem = f"{values.size} values"
            raise SpecError("theta", "", problem, f"{len(found.parameters)}, one for each parameter")
        shares = np.array(
            [share_of(one, x) for one, x in zip(found.parameters.values(), values, strict=True)]
        )
        for name, share, value in zip(found.parameters, shares, values, strict=True):
            one = found.parameters[name]
            if not -1e-9 <= share <= 1 + 1e-9:
                raise SpecError("theta", name, f"{value:g} is out of range", f"{one.low:g} to {one.high:g}")
        sizes = {"population.borrowers": n, "population.firms": max(50, n // _BORROWERS_PER_FIRM)}
        sized = found.model_copy(update={"changes": {**found.changes, **sizes}})
        return np.asarray(
            run_points(sized, np.clip(shares, 0, 1)[None, :], seed, Means(workers=1)).figures[0]
        )

    return run
