"""Allotment: several collectors may share the accounts of one stage and lender."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.collection.names import STAGES
from sim.core.columns import F64, I16
from sim.core.kernel import kernel_step
from sim.core.rng import uniforms

if TYPE_CHECKING:
    from sim.spec.scenario import Scenario

#: In the table of responsible collectors: several, see ``until``.
SHARED = -2


@kernel_step
def allotted(until, key, stage, lender, k, generation):  # type: ignore[no-untyped-def]
    """The collector of account ``k``, by a draw that lasts until the row holds a new loan."""
    luck = uniforms(key, generation, k, 0)[0]
    last = until.shape[2] - 1
    for number in range(last):
        if luck < until[stage, lender, number]:
            return number
    return last


def shared_out(spec: Scenario, responsible: I16) -> tuple[I16, F64]:
    """The table with SHARED where accounts are split, and what the split needs.

    ``until[stage, lender, collector]`` is the share of capacity up to and with a collector, among those
    that serve the stage and lender; the last of them reaches 1. Without capacity the first has all.
    """
    if spec.allotment == "first":
        return responsible, np.zeros((1, 1, 1))
    collectors = spec.collectors
    capacity = np.zeros((*responsible.shape, len(collectors)))
    for number, one in enumerate(collectors):
        if one.kind == "debt_buyer":  # works what it owns
            continue
        lenders = range(responsible.shape[1]) if one.lenders is None else one.lenders
        for stage in one.stages:
            capacity[STAGES.index(stage), list(lenders), number] = one.capacity
    total = capacity.sum(axis=2, keepdims=True)
    until = np.cumsum(capacity / np.where(total > 0, total, 1.0), axis=2)
    # sums of shares may end just below 1: nobody beyond the last eligible collector gets an account
    until[(capacity[..., ::-1].cumsum(axis=2)[..., ::-1] <= capacity) & (total > 0)] = 1.0
    table = np.where(total[..., 0] > 0, SHARED, responsible).astype(np.int16)
    return table, until
