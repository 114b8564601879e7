"""More or less of the same treatment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.collection.cases import Cases
from sim.collection.treatment import Treatment
from sim.core.errors import SpecError
from sim.core.kernel import kernel
from sim.core.rng import stream, uniforms

_MOST = 255


def with_effort(
    treatment: Treatment, cases: Cases, effort: float, *, seed: int, week: int, luck: str = "effort"
) -> Treatment:
    """The treatment with its attempts multiplied by ``effort``.

    Where the product is not whole it is rounded up with the chance of its fraction, so that the mean
    is exact; each cell of attempts has its own keyed draw (stream ``luck``, slot = account row), and
    more effort never means fewer attempts. At most 255 in a cell. Effort 1 changes nothing.

    Raises
    ------
    SpecError
        If ``effort`` is negative or not finite.
    """
    if not (np.isfinite(effort) and effort >= 0):
        raise SpecError("with_effort", "effort", f"{effort} cannot multiply attempts", "0 or more")
    if effort == 1.0:
        return treatment
    attempts = treatment.attempts.copy()
    _multiply(attempts.reshape(attempts.shape[0], -1), cases.account, effort, stream(seed, luck), week)
    return replace(treatment, attempts=attempts)


@kernel
def _multiply(cells, account, effort, key, week):  # type: ignore[no-untyped-def]
    for i in range(cells.shape[0]):
        for cell in range(cells.shape[1]):
            if cells[i, cell] > 0:
                luck = uniforms(key, week, account[i], cell)[0]
                cells[i, cell] = min(_MOST, np.int64(np.floor(cells[i, cell] * effort + luck)))
