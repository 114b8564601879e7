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

from sim.core.columns import F64, I32, I64, Bool
from sim.core.kernel import kernel, kernel_step

#: From one stage to the next the least worth that is sent on falls to this part (tuned; no effect on bounds).
FINER = 0.5


class Spread(NamedTuple):
    """Where a loss goes in one direction; links of firm j are ``start[j]:start[j + 1]``.

    ``target`` is the firm reached, ``group`` its group of inputs (or its order book) and ``share`` what part
    of the group the link is. ``onward`` bounds from above the weighted loss of output that a unit of loss
    at j causes in others; where ``bounded`` is False there is no such bound and ``onward`` only ranks.
    ``worth`` is ``onward`` for each link of the firm: what a visit of a link buys.
    """

    start: I64
    target: I32
    group: I32
    share: F64
    onward: F64
    bounded: Bool
    worth: F64


class Market(NamedTuple):
    """Replaceability by sector: ``capacity`` is the sum of ``sales`` over each ``sector``."""

    sector: I32
    sales: F64
    capacity: F64


class Rules(NamedTuple):
    """When to stop, see :func:`sim.contagion.systemic_impact.systemic_impact`.

    Limits are shares of the loss found so far; visits count links.
    """

    limit: float
    fine_limit: float
    fine_visits: int
    loose_visits: int
    most_visits: int
    trust_rate: bool
    replace: bool


class Scratch(NamedTuple):
    """Working memory of one direction; all zero, ``living`` full, between two seeds."""

    loss: F64
    sent: F64
    pressure: F64
    touched: I32
    senders: I32
    groups: I32
    queue: I32
    queued: Bool
    living: F64


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
def _unsent(j, m, w, replace):  # type: ignore[no-untyped-def]
    """What the part of j's loss that its links have not felt yet can cause; others feel loss x sigma."""
    felt = w.loss[j]
    if replace:
        living = w.living[m.sector[j]]
        if living > m.sales[j]:
            felt *= m.sales[j] / living
    return felt - w.sent[j]


@kernel_step
def _survey(senders, s, m, w, replace):  # type: ignore[no-untyped-def]
    """Sum of unsent values, their links, largest worth; whether one has no bound or a sector lost half."""
    pending, largest, links, loose = 0.0, 0.0, 0, False
    for at in range(senders):
        j = w.senders[at]
        unsent = _unsent(j, m, w, replace)
        if unsent * s.worth[j] > 0.0:
            pending += unsent * s.onward[j]
            largest = max(largest, unsent * s.worth[j])
            links += s.start[j + 1] - s.start[j]
            loose |= not s.bounded[j]
            loose |= replace and w.living[m.sector[j]] < 0.5 * m.capacity[m.sector[j]]
    return pending, links, largest, loose


@kernel_step
def _lose(i, more, m, w, replace):  # type: ignore[no-untyped-def]
    w.loss[i] += more
    if replace:
        k = m.sector[i]
        w.living[k] = max(0.0, w.living[k] - m.sales[i] * more)


@kernel_step
def _send(j, gain, least, place, weight, s, m, w, replace):  # type: ignore[no-untyped-def]
    """Send ``gain`` of j's loss along its links and queue firms whose unsent loss is worth ``least``."""
    tail, touched, senders, groups, total = place
    size = w.queue.shape[0]
    w.sent[j] += gain
    for link in range(s.start[j], s.start[j + 1]):
        g = s.group[link]
        pressure = w.pressure[g] + s.share[link] * gain
        if w.pressure[g] == 0.0 and pressure > 0.0:
            w.groups[groups] = g
            groups += 1
        w.pressure[g] = pressure
        i = s.target[link]
        more = min(1.0, pressure) - w.loss[i]
        if more <= 0.0:
            continue
        if w.loss[i] == 0.0:
            w.touched[touched] = i
            touched += 1
            if s.worth[i] > 0.0:
                w.senders[senders] = i
                senders += 1
        _lose(i, more, m, w, replace)
        total += weight[i] * more
        if w.queued[i] or s.worth[i] * (w.loss[i] - w.sent[i]) <= least:
            continue  # sigma is at most 1
        if s.worth[i] * _unsent(i, m, w, replace) > least:
            w.queued[i] = True
            w.queue[tail] = i
            tail = tail + 1 if tail + 1 < size else 0
    return tail, touched, senders, groups, total


@kernel_step
def _stage(least, most, visits, found, weight, s, m, w, replace):  # type: ignore[no-untyped-def]
    """Send losses until none is worth more than ``least`` a link, or ``most`` links were visited."""
    touched, senders, groups, total = found
    size = w.queue.shape[0]
    head, tail, moved = 0, 0, 0.0
    for at in range(senders):
        j = w.senders[at]
        if s.worth[j] * _unsent(j, m, w, replace) > least:
            w.queued[j] = True
            w.queue[tail] = j
            tail += 1
    while head != tail:
        j = w.queue[head]
        head = head + 1 if head + 1 < size else 0
        w.queued[j] = False
        if visits >= most:
            continue
        gain = _unsent(j, m, w, replace)
        moved += s.onward[j] * gain
        visits += s.start[j + 1] - s.start[j]
        place = (tail, touched, senders, groups, total)
        place = _send(j, gain, least, place, weight, s, m, w, replace)
        tail, touched, senders, groups, total = place
    return visits, moved, (touched, senders, groups, total)


@kernel
def _spread_loss(seed, base, weight, s, m, rules, w):  # type: ignore[no-untyped-def]
    """Spread the loss of all of ``seed``'s output over one direction ``s``."""
    replace = rules.replace
    w.touched[0] = seed
    w.senders[0] = seed
    _lose(seed, 1.0, m, w, replace)
    found = (1, 1, 0, weight[seed])
    stages, visits = 0, 0
    before, moved, least = 0.0, 0.0, 1.0
    while True:
        fine = visits < rules.fine_visits
        limit = (rules.fine_limit if fine else rules.limit) * max(base, found[3])
        pending, links, largest, loose = _survey(found[1], s, m, w, replace)
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
        visits, moved, found = _stage(least, most, visits, found, weight, s, m, w, replace)
    if loose and not rules.trust_rate:
        remaining = 1.0
    return Half(found[3], remaining, stages, visits, found[0], found[1], found[2])


@kernel_step
def _clear(half, m, w):  # type: ignore[no-untyped-def]
    """Bring the working memory back to where it was before the seed."""
    for at in range(half.touched):
        i = w.touched[at]
        w.loss[i] = 0.0
        w.sent[i] = 0.0
        w.living[m.sector[i]] = m.capacity[m.sector[i]]
    for at in range(half.groups):
        w.pressure[w.groups[at]] = 0.0


@kernel
def impact_of_firms(seeds, first, last, weight, m, down, down_rules, up, up_rules, w, v, out):  # type: ignore[no-untyped-def]
    """Systemic impact of ``seeds[first:last]``; ``w`` and ``v`` are working memory for down and up."""
    for at in range(first, last):
        seed = seeds[at]
        below = _spread_loss(seed, 0.0, weight, down, m, down_rules, w)
        above = _spread_loss(seed, below.total, weight, up, m, up_rules, v)
        esri = 0.0
        for k in range(below.touched):
            i = w.touched[k]
            esri += weight[i] * max(w.loss[i], v.loss[i])
        for k in range(above.touched):
            i = v.touched[k]
            if w.loss[i] == 0.0:
                esri += weight[i] * v.loss[i]
        out.esri[at] = esri
        out.down[at] = below.total
        out.up[at] = above.total
        out.remaining_down[at] = below.remaining
        out.remaining_up[at] = above.remaining
        out.stages[at] = max(below.stages, above.stages)
        out.visits[at] = below.visits + above.visits
        _clear(below, m, w)
        _clear(above, m, v)
