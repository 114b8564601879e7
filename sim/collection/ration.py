"""Scarce staff: human dials and visits cut down to what a week has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.collection.cases import Capacity, Cases
from sim.collection.names import FIELD, HUMAN, STAGES
from sim.collection.treatment import Treatment
from sim.core.columns import F32, I32, I64, U8
from sim.core.errors import SpecError
from sim.core.kernel import kernel, kernel_step

# rows are counted in 28 bits of a sort key, beside 32 of priority and 3 of stage
_ROW_BITS = 28


def ration(treatment: Treatment, cases: Cases, capacity: Capacity) -> Treatment:
    """Limit human dials and field visits to ``capacity``; machine channels are not scarce.

    Each stage has its own queue, with a part of the capacity in proportion to the attempts wanted in
    that stage (largest remainders). Within a queue the highest priority is served first and in full,
    ties by account number. The last case served may get a part: its earlier day parts.

    Raises
    ------
    SpecError
        If a capacity is negative.
    """
    return replace(
        treatment,
        attempts=rationed(treatment.attempts, treatment.priority, cases.stage, cases.account, capacity),
    )


def rationed(attempts: U8, priority: F32, stage: U8, account: I32, capacity: Capacity) -> U8:
    """The attempts that :func:`ration` leaves, from the columns it needs; the same array where all fit."""
    given = attempts
    for channel, most, what in ((HUMAN, capacity.dials, "dials"), (FIELD, capacity.visits, "visits")):
        if most < 0:
            raise SpecError("capacity", what, f"{most} is negative", "0 or more")
        wanted = np.zeros(attempts.shape[0], np.int64)
        _add_wanted(attempts, channel, wanted)
        if int(wanted.sum()) > most:
            if attempts is given:
                attempts = attempts.copy()
            queue = _queue(wanted, priority, stage, account)
            by_stage = np.bincount(stage, weights=wanted, minlength=len(STAGES)).astype(np.int64)
            _serve(attempts, channel, queue, stage, shares(by_stage, most))
    return attempts


def shares(wanted: I64, capacity: int) -> I64:
    """Split ``capacity`` over queues in proportion to ``wanted``, whole and never above it.

    Largest remainders, ties to the first queue; everything wanted where capacity suffices.
    """
    total = int(wanted.sum())
    if total <= capacity:
        return wanted.copy()
    parts, rests = np.divmod(wanted * capacity, total)
    left = capacity - int(parts.sum())
    parts[np.argsort(-rests, kind="stable")[:left]] += 1
    return np.asarray(parts, np.int64)


def _queue(wanted: I64, priority: F32, stage: U8, account: I32) -> I64:
    """Rows that want attempts, by stage, then falling priority, then account."""
    rows = np.flatnonzero(wanted)
    accounts = account[rows]
    if np.any(accounts[1:] < accounts[:-1]):
        rows = rows[np.argsort(accounts, kind="stable")]
    # one number a case that sorts like (stage, -priority, row): float bits are ordered like integers
    # once negative ones are turned over; adding 0 makes -0 equal 0
    bits = (priority[rows] + np.float32(0)).view(np.int32).astype(np.int64)
    rising = np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    key = stage[rows].astype(np.int64) << (32 + _ROW_BITS)
    key |= ((1 << 31) - rising) << _ROW_BITS
    key |= np.arange(rows.size)
    key.sort()
    return np.asarray(rows[key & ((1 << _ROW_BITS) - 1)], np.int64)


@kernel
def _add_wanted(attempts, channel, wanted):  # type: ignore[no-untyped-def]
    """Attempts of each case on a channel."""
    for row in range(attempts.shape[0]):
        for part in range(attempts.shape[2]):
            wanted[row] += attempts[row, channel, part]


@kernel_step
def trim(attempts, row, channel, keep):  # type: ignore[no-untyped-def]
    """Keep the first ``keep`` attempts of a case on a channel, in the order of the day parts."""
    for part in range(attempts.shape[2]):
        planned = np.int64(attempts[row, channel, part])
        kept = min(planned, keep)
        attempts[row, channel, part] = kept
        keep -= kept


@kernel
def _serve(attempts, channel, queue, stage, left):  # type: ignore[no-untyped-def]
    for row in queue:
        wanted = np.int64(0)
        for part in range(attempts.shape[2]):
            wanted += np.int64(attempts[row, channel, part])
        served = min(wanted, left[stage[row]])
        left[stage[row]] -= served
        if served < wanted:
            trim(attempts, row, channel, served)
