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
_IN_ORDER: I64 = np.empty(0, np.int64)
_NEGATIVE = -1


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
    everybody, staff = np.zeros(len(cases.account), np.uint8), np.array([capacity], np.int64)
    attempts = rationed(
        treatment.attempts,
        treatment.priority,
        cases.stage,
        cases.account,
        everybody,
        staff[:, 0],
        staff[:, 1],
    )
    return replace(treatment, attempts=attempts)


def rationed(attempts: U8, priority: F32, stage: U8, account: I32, group: U8, dials: I64, visits: I64) -> U8:
    """The attempts that :func:`ration` leaves where each ``group`` of cases has its own staff.

    ``dials[group]`` and ``visits[group]`` are the staff. The same array is returned where all fit.
    """
    given = attempts
    rank = np.ascontiguousarray(priority, np.float32).view(np.int32)
    for channel, staff, what in ((HUMAN, dials, "dials"), (FIELD, visits, "visits")):
        wanted = np.zeros((len(staff), len(STAGES)), np.int64)
        short = _wanted(attempts, channel, stage, group, staff, wanted)
        if short == _NEGATIVE:
            raise SpecError("capacity", what, f"{staff.min()} is negative", "0 or more")
        if not short:
            continue
        order = np.argsort(account, kind="stable") if _disordered(account) else _IN_ORDER
        queue = np.empty(len(account), np.int64)
        queue = queue[: _queue(attempts, channel, rank, stage, group, staff, wanted, order, queue)]
        queue.sort()
        attempts = attempts.copy() if attempts is given else attempts
        left = np.zeros_like(wanted)
        _serve(
            attempts,
            channel,
            queue,
            order,
            stage,
            group,
            staff,
            wanted,
            left,
            np.empty(len(STAGES), np.int64),
        )
    return attempts


def shares(wanted: I64, capacity: int) -> I64:
    """Split ``capacity`` over queues in proportion to ``wanted``, whole and never above it.

    Largest remainders, ties to the first queue; everything wanted where capacity suffices.
    """
    wanted = np.ascontiguousarray(wanted, np.int64)
    parts, rests = np.empty_like(wanted), np.empty_like(wanted)
    _split(wanted, capacity, parts, rests)
    return parts


@kernel_step
def split(wanted, capacity, parts, rests):  # type: ignore[no-untyped-def]
    """:func:`shares` into ``parts``; ``rests`` is scratch of the same length."""
    total = np.int64(0)
    for queue in range(wanted.shape[0]):
        total += wanted[queue]
    left = capacity
    for queue in range(wanted.shape[0]):
        enough = total <= capacity
        parts[queue] = wanted[queue] if enough else wanted[queue] * capacity // total
        rests[queue] = 0 if enough else wanted[queue] * capacity % total
        left -= parts[queue]
    if total <= capacity:
        return
    for _ in range(left):
        first = 0
        for queue in range(wanted.shape[0]):
            if rests[queue] > rests[first]:
                first = queue
        parts[first] += 1
        rests[first] = -1


@kernel
def _split(wanted, capacity, parts, rests):  # type: ignore[no-untyped-def]
    split(wanted, capacity, parts, rests)


@kernel
def _disordered(account):  # type: ignore[no-untyped-def]
    """How often the cases leave the order of their accounts."""
    falls = 0
    for row in range(1, account.shape[0]):
        falls += account[row] < account[row - 1]
    return falls


@kernel_step
def _asked(attempts, row, channel):  # type: ignore[no-untyped-def]
    """Attempts of a case on a channel."""
    total = np.int64(0)
    for part in range(attempts.shape[2]):
        total += np.int64(attempts[row, channel, part])
    return total


@kernel_step
def _is_short(group, staff, wanted):  # type: ignore[no-untyped-def]
    """Whether a group has less staff than its cases want."""
    total = np.int64(0)
    for queue in range(wanted.shape[1]):
        total += wanted[group, queue]
    return total > staff[group]


@kernel
def _wanted(attempts, channel, stage, group, staff, wanted):  # type: ignore[no-untyped-def]
    """Attempts wanted on a channel, into ``wanted[group, stage]``; returns how many groups are short,
    ``_NEGATIVE`` where a group has less than no staff."""
    for here in range(staff.shape[0]):
        if staff[here] < 0:
            return _NEGATIVE
    for row in range(stage.shape[0]):
        wanted[group[row], stage[row]] += _asked(attempts, row, channel)
    short = 0
    for here in range(staff.shape[0]):
        short += _is_short(here, staff, wanted)
    return short


@kernel
def _queue(attempts, channel, rank, stage, group, staff, wanted, order, queue):  # type: ignore[no-untyped-def]
    """One number for each case of a short group that sorts like (stage, -priority, account); returns how
    many. Its lowest bits are the place in the order of accounts (``order``; empty: the cases' own).

    ``rank`` are the bits of the priorities: they are ordered like integers once negative ones are
    turned over.
    """
    count = 0
    for place in range(stage.shape[0]):
        row = order[place] if order.shape[0] > 0 else place
        if not _is_short(group[row], staff, wanted) or _asked(attempts, row, channel) == 0:
            continue
        bits = np.int64(rank[row])
        rising = -(bits & 0x7FFFFFFF) if bits < 0 else bits
        key = np.int64(stage[row]) << (32 + _ROW_BITS)
        queue[count] = key | (((1 << 31) - rising) << _ROW_BITS) | place
        count += 1
    return count


@kernel_step
def trim(attempts, row, channel, keep):  # type: ignore[no-untyped-def]
    """Keep the first ``keep`` attempts of a case on a channel, in the order of the day parts."""
    for part in range(attempts.shape[2]):
        planned = np.int64(attempts[row, channel, part])
        kept = min(planned, keep)
        attempts[row, channel, part] = kept
        keep -= kept


@kernel
def _serve(attempts, channel, queue, order, stage, group, staff, wanted, left, rests):  # type: ignore[no-untyped-def]
    """Give each case of the queue what is left for its group and stage (``left``, filled here)."""
    for here in range(staff.shape[0]):
        split(wanted[here], staff[here], left[here], rests)
    for key in queue:
        place = key & ((1 << _ROW_BITS) - 1)
        row = order[place] if order.shape[0] > 0 else place
        asked = _asked(attempts, row, channel)
        served = min(asked, left[group[row], stage[row]])
        left[group[row], stage[row]] -= served
        if served < asked:
            trim(attempts, row, channel, served)
