"""Loops of the systemic impact: losses of output spread from one failing firm, largest first.

Both halves of the index are one process. Firm j's loss moves on to the firms it is linked to, in groups
of inputs; a firm loses what its worst group loses. Downstream, j are suppliers, i buyers, and a group holds
inputs that replace each other; upstream, j are buyers, i suppliers, and each firm has one group.
Losses only grow, so any order of updates reaches the same smallest fixed point as synchronous rounds
do (Kleene's theorem); here only firms whose unsent loss matters are visited, as in the local computation of
personalised PageRank (Andersen, Chung & Lang 2006, FOCS).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.columns import F64, I32, I64, Bool
from sim.core.kernel import fetch_ahead, kernel, kernel_step

#: Firms by row; unsigned, so that compiled loops need not test for negative places.
U32 = NDArray[np.uint32]
#: From one stage to the next the least worth that is sent on falls to this part (tuned; no effect on bounds).
FINER = 0.5


#: Columns of ``Scratch.firm``, one cache line a firm: what changes, then what is copied in beforehand.
LOSS, SENT, PRESSURE, QUEUED, WEIGHT, WORTH, SALES, SECTOR = range(8)


class Spread(NamedTuple):
    """Where a loss goes in one direction; links of firm j are ``start[j]:start[j + 1]``.

    ``target`` is the firm reached, ``group`` its group of inputs (or its order book) and ``share`` what part
    of the group the link is. ``worth`` x number of links of j bounds from above the weighted loss of output
    that a unit of loss at j causes in others; where ``bounded`` is False there is no such bound and it only
    ranks. Worth a link is what the visit of a link buys.
    """

    start: I64
    target: U32
    group: I32
    share: F64
    bounded: Bool
    worth: F64


class Rules(NamedTuple):
    """When to stop, see :func:`sim.contagion.impact.systemic_impact`.

    Limits are shares of the loss found so far; visits count links.
    """

    limit: float
    fine_limit: float
    fine_visits: int
    loose_visits: int
    most_visits: int
    trust_rate: bool
    replace: bool
    grouped: bool


class Scratch(NamedTuple):
    """Working memory of one direction; all that changes is zero, ``living`` full, between two seeds.

    ``firm`` has the columns above; ``pressure`` is used instead of its column where groups are not firms.
    ``living`` is what is left of ``capacity``, the sum of sales of each sector.
    """

    firm: F64
    pressure: F64
    touched: U32
    senders: U32
    groups: I32
    queue: U32
    living: F64
    capacity: F64


class Results(NamedTuple):
    """One entry a seed."""

    esri: F64
    down: F64
    up: F64
    remaining_down: F64
    remaining_up: F64
    stages: I32
    visits: I64


class Half(NamedTuple):
    """One direction of one seed: weighted loss, bound on what is missing, counts."""

    total: float
    remaining: float
    stages: int
    visits: int
    touched: int
    senders: int
    groups: int


@kernel_step
def _unsent(j, w, replace):  # type: ignore[no-untyped-def]
    """What the part of j's loss that its links have not felt yet can cause; others feel loss x sigma."""
    felt = w.firm[j, LOSS]
    if replace:
        living = w.living[np.int64(w.firm[j, SECTOR])]
        if living > w.firm[j, SALES]:
            felt *= w.firm[j, SALES] / living
    return felt - w.firm[j, SENT]


@kernel_step
def _survey(senders, s, w, replace):  # type: ignore[no-untyped-def]
    """Sum of unsent values, their links, largest worth; whether one has no bound or a sector lost half."""
    pending, largest, links, loose = 0.0, 0.0, 0, False
    for at in range(senders):
        j = w.senders[at]
        unsent = _unsent(j, w, replace)
        worth = unsent * w.firm[j, WORTH]
        if worth > 0.0:
            here = s.start[j + 1] - s.start[j]
            pending += worth * here
            largest = max(largest, worth)
            links += here
            loose |= not s.bounded[j]
            if replace:
                k = np.int64(w.firm[j, SECTOR])
                loose |= w.living[k] < 0.5 * w.capacity[k]
    return pending, links, largest, loose


@kernel_step
def _lose(i, more, w, replace):  # type: ignore[no-untyped-def]
    w.firm[i, LOSS] += more
    if replace:
        k = np.int64(w.firm[i, SECTOR])
        w.living[k] = max(0.0, w.living[k] - w.firm[i, SALES] * more)


@kernel_step
def _press(link, i, gain, groups, s, w, grouped):  # type: ignore[no-untyped-def]
    """Add a supplier's loss to the group of inputs; returns the group's loss, and how many lost any."""
    if not grouped:
        w.firm[i, PRESSURE] += s.share[link] * gain
        return w.firm[i, PRESSURE], groups
    g = s.group[link]
    pressure = w.pressure[g] + s.share[link] * gain
    if w.pressure[g] == 0.0 and pressure > 0.0:
        w.groups[groups] = g
        groups += 1
    w.pressure[g] = pressure
    return pressure, groups


@kernel_step
def _send(j, gain, least, place, s, w, rules):  # type: ignore[no-untyped-def]
    """Send ``gain`` of j's loss along its links and queue firms whose unsent loss is worth ``least``."""
    tail, touched, senders, groups, total = place
    size = w.queue.shape[0]
    w.firm[j, SENT] += gain
    for link in range(s.start[j], s.start[j + 1]):
        fetch_ahead(w.firm, 8 * np.int64(s.target[link]))  # rows of firms are far apart in memory
    for link in range(s.start[j], s.start[j + 1]):
        i = s.target[link]
        pressure, groups = _press(link, i, gain, groups, s, w, rules.grouped)
        more = min(1.0, pressure) - w.firm[i, LOSS]
        if more <= 0.0:
            continue
        if w.firm[i, LOSS] == 0.0:
            w.touched[touched] = i
            touched += 1
            if w.firm[i, WORTH] > 0.0:
                w.senders[senders] = i
                senders += 1
        _lose(i, more, w, rules.replace)
        total += w.firm[i, WEIGHT] * more
        unsent = w.firm[i, LOSS] - w.firm[i, SENT]  # at least: sigma is at most 1
        if w.firm[i, QUEUED] > 0.0 or w.firm[i, WORTH] * unsent <= least:
            continue
        if w.firm[i, WORTH] * _unsent(i, w, rules.replace) > least:
            w.firm[i, QUEUED] = 1.0
            w.queue[tail] = i
            tail = tail + 1 if tail + 1 < size else 0
    return tail, touched, senders, groups, total


@kernel_step
def _stage(least, most, visits, found, s, w, rules):  # type: ignore[no-untyped-def]
    """Send losses until none is worth more than ``least`` a link, or ``most`` links were visited."""
    touched, senders, groups, total = found
    size = w.queue.shape[0]
    head, tail, moved = 0, 0, 0.0
    for at in range(senders):
        j = w.senders[at]
        if w.firm[j, WORTH] * _unsent(j, w, rules.replace) > least:
            w.firm[j, QUEUED] = 1.0
            w.queue[tail] = j
            tail += 1
    while head != tail:
        j = w.queue[head]
        head = head + 1 if head + 1 < size else 0
        if head != tail:
            fetch_ahead(s.target, s.start[w.queue[head]])
            fetch_ahead(s.share, s.start[w.queue[head]])
        w.firm[j, QUEUED] = 0.0
        if visits >= most:
            continue
        gain = _unsent(j, w, rules.replace)
        links = s.start[j + 1] - s.start[j]
        moved += w.firm[j, WORTH] * gain * links
        visits += links
        place = (tail, touched, senders, groups, total)
        tail, touched, senders, groups, total = _send(j, gain, least, place, s, w, rules)
    return visits, moved, (touched, senders, groups, total)


@kernel
def _spread_loss(seed, base, s, rules, w):  # type: ignore[no-untyped-def]
    """Spread the loss of all of ``seed``'s output over one direction ``s``."""
    w.touched[0] = seed
    w.senders[0] = seed
    w.firm[seed, PRESSURE] = 1.0
    _lose(seed, 1.0, w, rules.replace)
    found = (1, 1, 0, w.firm[seed, WEIGHT])
    stages, visits = 0, 0
    before, moved, least = 0.0, 0.0, 1.0
    while True:
        fine = visits < rules.fine_visits
        limit = (rules.fine_limit if fine else rules.limit) * max(base, found[3])
        pending, links, largest, loose = _survey(found[1], s, w, rules.replace)
        remaining = pending
        if loose:  # of the value sent so far, the part that came back as new unsent value
            rate = 1.0 - (before - pending) / moved if moved > 0.0 else 1.0
            remaining = pending / (1.0 - rate) if rate < 1.0 else 1.0
        most = rules.loose_visits if loose else rules.most_visits
        if pending <= 0.0 or remaining <= limit or visits >= most:
            break
        stages += 1
        before = pending
        least = max(limit / links, min(FINER * least, 0.5 * largest))
        if least >= largest:  # all alike
            least = 0.5 * largest
        most = rules.fine_visits if fine else most
        visits, moved, found = _stage(least, most, visits, found, s, w, rules)
    if loose and not rules.trust_rate:
        remaining = 1.0
    return Half(found[3], remaining, stages, visits, found[0], found[1], found[2])


@kernel_step
def _clear(half, w):  # type: ignore[no-untyped-def]
    """Bring the working memory back to where it was before the seed."""
    for at in range(half.touched):
        i = w.touched[at]
        w.firm[i, LOSS] = 0.0
        w.firm[i, SENT] = 0.0
        w.firm[i, PRESSURE] = 0.0
        k = np.int64(w.firm[i, SECTOR])
        w.living[k] = w.capacity[k]
    for at in range(half.groups):
        w.pressure[w.groups[at]] = 0.0


@kernel
def impact_of_firms(seeds, first, last, down, down_rules, up, up_rules, w, v, out):  # type: ignore[no-untyped-def]
    """Systemic impact of ``seeds[first:last]``; ``w`` and ``v`` are working memory for down and up."""
    for at in range(first, last):
        seed = seeds[at]
        below = _spread_loss(seed, 0.0, down, down_rules, w)
        above = _spread_loss(seed, below.total, up, up_rules, v)
        esri = below.total
        for k in range(above.touched):
            i = v.touched[k]
            esri += v.firm[i, WEIGHT] * max(0.0, v.firm[i, LOSS] - w.firm[i, LOSS])
        out.esri[at] = esri
        out.down[at] = below.total
        out.up[at] = above.total
        out.remaining_down[at] = below.remaining
        out.remaining_up[at] = above.remaining
        out.stages[at] = max(below.stages, above.stages)
        out.visits[at] = below.visits + above.visits
        _clear(below, w)
        _clear(above, v)
