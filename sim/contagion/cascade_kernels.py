"""Compiled loops of loss cascades: one cascade, and the cascades of all firms in one walk.

All amounts are whole numbers in a unit of each creditor's own (:mod:`sim.contagion.cascades`), so sums
are exact in any order. Places in arrays are unsigned in inner loops: compiled code tests signed ones for
being negative at each access, which takes a quarter of the time.
"""

from __future__ import annotations

import numpy as np

from sim.core.kernel import fetch_ahead, kernel, kernel_step

_ONE = np.uint64(1)  # a place plus a signed 1 would be a fraction


@kernel
def spread(start, creditor, loss, room, failed, rounds, queue, count):  # type: ignore[no-untyped-def]
    """One cascade from the seeds ``queue[:count]``, breadth first; returns how many failed.

    ``failed`` and ``rounds`` are set by the caller for the seeds; ``room`` is used up.
    """
    head = 0
    while head < count:
        j = queue[head]
        head += 1
        for e in range(start[j], start[j + 1]):
            i = creditor[e]
            if failed[i]:
                continue
            room[i] -= loss[e]
            if room[i] < 0:
                failed[i] = True
                rounds[i] = rounds[j] + 1
                queue[count] = i
                count += 1
    return count


@kernel
def felled_alone(start, creditor, loss, limit, begin, target):  # type: ignore[no-untyped-def]
    """Claims that break their creditor by themselves, by debtor, into ``begin, target``; how many."""
    count = np.uint64(0)
    begin[0] = 0
    for j in range(start.shape[0] - 1):
        for e in range(np.uint64(start[j]), np.uint64(start[j + 1])):
            i = creditor[e]
            # written in any case and kept if it counts: cheaper than a branch that is hard to predict
            target[count] = i
            count += np.uint64(loss[e] > limit[i])
        begin[j + 1] = count
    return count


@kernel
def closure_forest(start, target, parent, reach, low, order, edge, stack, path):  # type: ignore[no-untyped-def]
    """Give each firm a ``parent`` whose cascade its own contains, or -1.

    ``start, target``: who is felled by whose failure alone. Strong components are found sinks first
    (Tarjan, *SIAM Journal on Computing* 1, 146-160, 1972). All members of one have the same cascade;
    one of them is made parent of the others, and gets as its own parent the firm outside with the
    largest ``reach`` (a lower bound of its cascade). ``order`` and ``reach`` start at 0; the rest is
    scratch (n,).
    """
    for v in range(start.shape[0] - 1):
        if start[v] == start[v + 1]:  # fells nobody alone: a component of its own
            reach[v] = 1
            parent[v] = -1
    clock = 0
    on_stack = 0
    for root in range(start.shape[0] - 1):
        if reach[root] > 0:
            continue
        depth = 0
        path[0] = root
        while depth >= 0:
            v = path[depth]
            if order[v] == 0:
                clock += 1
                order[v] = clock
                low[v] = clock
                edge[v] = start[v]
                stack[on_stack] = v
                on_stack += 1
            deeper = False
            last = start[v + 1]
            while edge[v] < last:
                w = target[edge[v]]
                if reach[w] == 0:  # not closed yet
                    if order[w] == 0:
                        depth += 1
                        path[depth] = w
                        deeper = True
                        break
                    low[v] = min(low[v], low[w])
                edge[v] += 1
            if deeper:
                continue
            if low[v] == order[v]:
                on_stack = close_component(v, start, target, parent, reach, stack, on_stack)
            depth -= 1
    return clock


@kernel_step
def close_component(v, start, target, parent, reach, stack, on_stack):  # type: ignore[no-untyped-def]
    """Take a finished component from the stack and hang it into the forest."""
    bottom = on_stack - 1
    while stack[bottom] != v:
        bottom -= 1
    best = -1
    gate = v
    for x in range(bottom, on_stack):
        w = stack[x]
        for e in range(start[w], start[w + 1]):
            t = target[e]
            if reach[t] > 0 and (best < 0 or reach[t] > reach[best]):
                best = t
                gate = w
    size = on_stack - bottom
    if best >= 0:
        size += reach[best]
    for x in range(bottom, on_stack):
        parent[stack[x]] = gate
        reach[stack[x]] = size
    parent[gate] = best
    return bottom


@kernel
def walk_order(parent, wanted, first_child, sibling, order, depth):  # type: ignore[no-untyped-def]
    """Firms of the forest, parents first, subtrees together; returns how many are ``wanted``.

    Ancestors of wanted firms become wanted. ``first_child`` and ``sibling`` start at -1.
    """
    firms = parent.shape[0]
    for i in range(firms):
        p = parent[i] if wanted[i] else -1
        while p >= 0 and not wanted[p]:
            wanted[p] = True
            p = parent[p]
    for i in range(firms - 1, -1, -1):
        if wanted[i] and parent[i] >= 0:
            sibling[i] = first_child[parent[i]]
            first_child[parent[i]] = i
    count = 0
    for root in range(firms):
        if not wanted[root] or parent[root] >= 0:
            continue
        v = root
        level = 0
        while True:
            order[count] = v
            depth[count] = level
            count += 1
            if first_child[v] >= 0:
                v = first_child[v]
                level += 1
                continue
            while level > 0 and sibling[v] < 0:
                v = parent[v]
                level -= 1
            if level == 0:
                break
            v = sibling[v]
    return count


@kernel_step
def fetch_claims(start, creditor, loss, j):  # type: ignore[no-untyped-def]
    """Bring the first claims on a firm nearer: waiting for them is most of the time of a cascade."""
    first = start[j]
    fetch_ahead(creditor, first)
    fetch_ahead(creditor, first + 16)  # the next line of 64 bytes
    fetch_ahead(loss, first)
    fetch_ahead(loss, first + 8)
    fetch_ahead(loss, first + 16)


@kernel_step
def fetch_all_claims(start, creditor, loss, j):  # type: ignore[no-untyped-def]
    """Bring all claims on a firm nearer, up to 256: firms whose failure fells somebody owe to many."""
    for e in range(start[j], min(start[j + 1], start[j] + 256), 8):
        fetch_ahead(creditor, e)
        fetch_ahead(loss, e)


@kernel_step
def fell(  # type: ignore[no-untyped-def]
    seed, start, creditor, loss, weight, room, queue, count, lost, hit, before, hits, known, soon, most
):
    """Add a seed to a finished cascade and let it run on; returns (failed, weight lost, hits, visited, met).

    A firm has fallen when its ``room`` is negative. Each change of room is noted in ``hit, before``. It
    stops where a firm of ``known`` falls within the first claims (``soon``), which is ``met``, or beyond
    ``most`` claims: then the seed is.
    """
    visited = 0
    met = -1
    if room[seed] >= 0:
        noted, tail = np.uint64(hits), np.uint64(count)
        head = tail
        hit[noted] = seed
        before[noted] = room[seed]
        noted += _ONE
        room[seed] = -1
        lost += weight[seed]
        queue[tail] = seed
        tail += _ONE
        while head < tail and met < 0:
            j = queue[head]
            head += _ONE
            first, last = start[j], start[j + 1]
            visited += last - first
            if visited > most:
                met = seed
            for e in range(np.uint64(first), np.uint64(last)):
                i = creditor[e]
                left = room[i]
                if left < 0:
                    continue
                hit[noted] = i
                before[noted] = left
                noted += _ONE
                left -= loss[e]
                room[i] = left
                if left < 0:
                    fetch_claims(start, creditor, loss, i)
                    lost += weight[i]
                    queue[tail] = i
                    tail += _ONE
                    if known[i] and visited <= soon:
                        met = i
        hits, count = np.int64(noted), np.int64(tail)
    return count, lost, hits, visited, met


@kernel
def grow(  # type: ignore[no-untyped-def]
    seed, start, creditor, loss, weight, room, queue, count, lost, hit, before, known, soon
):
    """One seed as in :func:`fell`, without a bound on claims; changes of room are noted from 0."""
    everything = start[start.shape[0] - 1]
    return fell(
        seed, start, creditor, loss, weight, room, queue, count, lost, hit, before, 0, known, soon, everything
    )


@kernel_step
def take_back(room, hit, before, hits, keep):  # type: ignore[no-untyped-def]
    """Undo the latest changes of room until ``keep`` are left, last in first out."""
    for x in range(hits - 1, keep - 1, -1):
        room[hit[x]] = before[x]


@kernel
def undo(room, hit, before, hits):  # type: ignore[no-untyped-def]
    """Undo all changes of room."""
    take_back(room, hit, before, hits, 0)


@kernel
def sweep(  # type: ignore[no-untyped-def]
    order, depth, first, last, parent, start, creditor, loss, weight, room, queue, base_count,
    base_lost, hit, before, base_hits, kept_count, kept_hits, kept_lost, path, nobody, most, postponed,
    failed, total,
):  # fmt: skip
    """Cascades of the firms ``order[first:last]``, each grown out of that of its parent.

    ``room``: what each firm can bear; it is left so. All cascades contain what has fallen there already:
    ``base_count`` firms of the weight ``base_lost``, after ``base_hits`` changes that stay noted.
    ``hit, before``: as long as claims and firms together. ``kept_*``: the state at each level of the walk.
    ``nobody``: all false. Returns claims visited.

    Cascades that visit more than ``most`` claims beyond their parent's are ``postponed``, and so are all
    that grow out of them.
    """
    visited = 0
    level = 0
    above = -1  # level of the postponed firm whose subtree the walk is in
    p = parent[order[first]]
    for x in range(depth[first] - 1, -1, -1):
        path[x] = p
        p = parent[p]
    for position in range(first - depth[first], last):
        if first <= position < last - 8:  # claims of the next firms are far apart in memory
            fetch_ahead(start, order[position + 8])
            fetch_all_claims(start, creditor, loss, order[position + 4])
        asked = position >= first
        if asked:
            own = depth[position]
            seed = order[position]
        else:  # the way from the root down to the first firm
            own = position - first + depth[first]
            seed = path[own]
        if 0 <= above < own:
            if asked:
                postponed[seed] = True
            continue
        above = -1
        keep = kept_hits[own - 1] if own > 0 else base_hits
        if level > own:
            take_back(room, hit, before, kept_hits[level - 1], keep)
        level = own
        count = kept_count[own - 1] if own > 0 else base_count
        lost = kept_lost[own - 1] if own > 0 else base_lost
        count, lost, hits, steps, met = fell(
            seed, start, creditor, loss, weight, room, queue, count, lost, hit, before, keep, nobody, 0, most
        )
        visited += steps
        if met >= 0:
            take_back(room, hit, before, hits, keep)
            above = own
            if asked:
                postponed[seed] = True
            continue
        kept_count[own], kept_hits[own], kept_lost[own] = count, hits, lost
        level = own + 1
        if asked:
            failed[seed] = count
            total[seed] = lost
    if level > 0:
        take_back(room, hit, before, kept_hits[level - 1], base_hits)
    return visited
