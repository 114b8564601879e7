"""Leontief's open quantity model: the output that a change of final demand calls for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim.core.columns import F64
from sim.core.errors import SpecError


class LeontiefOutput(NamedTuple):
    """What an input-output table says about a change of final demand.

    Attributes
    ----------
    inverse:
        (I - A)^-1 with A[i, j] = Z[i, j] / output[j], shape (n, n).
    output:
        Output of each sector today, Z 1 + f, shape (n,).
    new_output:
        Output under the new final demand, inverse times f_new, shape (n,).
    """

    inverse: F64
    output: F64
    new_output: F64


def leontief_output(Z: ArrayLike, f: ArrayLike, f_new: ArrayLike) -> LeontiefOutput:
    """Output of every sector after final demand has changed from ``f`` to ``f_new``.

        A = Z diag(1 / x),  x = Z 1 + f,  x_new = (I - A)^-1 f_new

    (Leontief 1936, Review of Economics and Statistics 18; notation of Miller & Blair, Input-Output
    Analysis, 2nd ed., 2009, chapter 2.)

    Parameters
    ----------
    Z:
        Flows, Z[i, j] = what sector i sells to sector j, shape (n, n), any unit of money.
    f, f_new:
        Final demand today and after the change, shape (n,), same unit.

    Raises :class:`SpecError` for wrong shapes, numbers that are negative or not finite, a sector without
    output that buys, or a table that leaves nothing for final demand (no inverse).
    """
    flows = _table(Z)
    size = len(flows)
    demand, new_demand = (_demand(value, name, size) for value, name in ((f, "f"), (f_new, "f_new")))
    output = flows.sum(axis=1) + demand
    empty = output == 0.0
    if (empty & (flows.sum(axis=0) > 0.0)).any():
        sector = int(np.flatnonzero(empty & (flows.sum(axis=0) > 0.0))[0])
        raise SpecError("leontief_output", "Z", f"sector {sector} buys but sells nothing", "output above 0")
    coefficients = flows / np.where(empty, 1.0, output)
    radius = float(np.abs(np.linalg.eigvals(coefficients)).max())
    if radius >= 1.0 - 1e-12:
        raise SpecError(
            "leontief_output",
            "f",
            f"(I - A) has no inverse: the spectral radius of A is {radius:.6g}",
            "final demand in every closed circle of sectors, so that the radius is below 1",
        )
    inverse = np.linalg.inv(np.eye(size) - coefficients).astype(np.float64)
    return LeontiefOutput(inverse, output, inverse @ new_demand)


def _table(value: ArrayLike) -> F64:
    flows = np.asarray(value, dtype=np.float64)
    if flows.ndim != 2 or flows.shape[0] != flows.shape[1] or len(flows) == 0:
        raise SpecError("leontief_output", "Z", f"has shape {flows.shape}", "a square table")
    if not np.isfinite(flows).all() or (flows < 0.0).any():
        raise SpecError("leontief_output", "Z", "holds a negative number or none", "numbers from 0")
    return flows


def _demand(value: ArrayLike, name: str, size: int) -> F64:
    demand = np.asarray(value, dtype=np.float64)
    if demand.shape != (size,):
        raise SpecError("leontief_output", name, f"has shape {demand.shape}", f"({size},)")
    if not np.isfinite(demand).all() or (demand < 0.0).any():
        raise SpecError("leontief_output", name, "holds a negative number or none", "numbers from 0")
    return demand
