"""Who supplies whom: numbers of suppliers, choice of suppliers, links in both directions.

All numbers of this module are assumptions, tuned on the statistics that
:mod:`sim.network.describe` lists.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sim.core.columns import F64, I32, I64
from sim.core.rng import stream, uniform_rows, uniforms
from sim.network.firms import Firms
from sim.network.sector_table import SectorTable

SECTOR_POWER = 0.7  # input shares are flattened by this power when suppliers are chosen
OWN_REGION = 0.35  # chance that a link of a small buyer stays in its region
RECIPROCAL = 0.015  # share of links that are answered by one the other way
REDRAWS = 4


def sector_choice(table: SectorTable) -> F64:
    """Probability that a buyer of sector b (column) looks for a supplier in sector s, shape (S, S)."""
    flows = np.maximum(table.flows, 0.0)
    total = flows.sum(axis=0)
    share = np.where(total > 0, flows / np.where(total > 0, total, 1.0), 1.0 / len(total)) ** SECTOR_POWER
    return np.asarray(share / share.sum(axis=0), dtype=np.float64)


def wanted_suppliers(firms: Firms, mean_degree: float, seed: int) -> I64:
    """k_in of each firm: scale times pull, at most N / 4, rounded at random; mean ``mean_degree``."""
    pull = firms.in_pull
    limit = len(pull) // 4
    low, high = 1e-12, limit / max(float(pull.min()), 1e-300)
    for _ in range(200):  # bisection in logarithms
        scale = np.sqrt(low) * np.sqrt(high)
        if np.minimum(scale * pull, limit).mean() < mean_degree:
            low = scale
        else:
            high = scale
        if high <= low * (1.0 + 1e-12):
            break
    rounding = uniform_rows(seed, "network.degree", len(pull))[:, 0]
    return np.floor(np.minimum(high * pull, limit - 1e-9) + rounding).astype(np.int64)


@njit(nogil=True, cache=True)
def _find(cumulative, low, high, u):  # type: ignore[no-untyped-def]
    """The firm in ``low .. high - 1`` at share ``u`` of their cumulative pull."""
    target = cumulative[low] + u * (cumulative[high] - cumulative[low])
    high -= 1
    while low < high:
        middle = (low + high) // 2
        if cumulative[middle + 1] > target:
            high = middle
        else:
            low = middle + 1
    return low


@njit(nogil=True, cache=True)
def _draw_one(key, buyer, draw, own, choice, region, regions, cell_start, cumulative):  # type: ignore[no-untyped-def]
    """One candidate supplier: sector, then region or nation, then firm by pull."""
    a, b, c, _ = uniforms(key, 0, buyer, draw)
    sector = 0
    while sector < choice.shape[0] - 1 and a >= choice[sector]:
        sector += 1
    cell = sector * regions + region
    if b < own and cell_start[cell + 1] > cell_start[cell]:
        return _find(cumulative, cell_start[cell], cell_start[cell + 1], c)
    return _find(cumulative, cell_start[sector * regions], cell_start[(sector + 1) * regions], c)


@njit(nogil=True, cache=True)
def _draw_suppliers(key, wanted, start, sector, region, regions, choice, cell_start, cumulative, mean, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` with each buyer's distinct suppliers, sorted; gives how many each has."""
    kept = np.zeros(wanted.shape[0], dtype=np.int64)
    for buyer in range(wanted.shape[0]):
        base = start[buyer]
        own = OWN_REGION / (1.0 + wanted[buyer] / (4.0 * mean))
        have = 0
        draw = 0
        for _ in range(1 + REDRAWS):
            count = have
            for _ in range(wanted[buyer] - have):
                other = _draw_one(
                    key,
                    buyer,
                    draw,
                    own,
                    choice[sector[buyer]],
                    region[buyer],
                    regions,
                    cell_start,
                    cumulative,
                )
                draw += 1
                if other != buyer:
                    out[base + count] = other
                    count += 1
            out[base : base + count].sort()
            have = min(count, 1)
            for position in range(1, count):
                if out[base + position] != out[base + have - 1]:
                    out[base + have] = out[base + position]
                    have += 1
            if have == wanted[buyer]:
                break
        kept[buyer] = have
    return kept


@njit(nogil=True, cache=True)
def _answered(key, start, supplier, sector, chance, answered):  # type: ignore[no-untyped-def]
    """Mark the links (buyer b, supplier s) that are answered by a link (buyer s, supplier b)."""
    for buyer in range(start.shape[0] - 1):
        for link in range(start[buyer], start[buyer + 1]):
            a, _, _, _ = uniforms(key, 0, buyer, supplier[link])
            answered[link] = a < chance[sector[buyer], sector[supplier[link]]]


def _with_answers(start: I64, supplier: I32, firms: Firms, choice: F64, seed: int) -> tuple[I64, I32]:
    """The links with the reversed ones added; rows stay sorted and free of doubles."""
    count = len(start) - 1
    answered = np.zeros(len(supplier), dtype=np.bool_)
    chance = RECIPROCAL * np.minimum(1.0, 8.0 * choice)
    _answered(stream(seed, "network.reciprocal"), start, supplier, firms.sector, chance, answered)
    buyer = np.repeat(np.arange(count, dtype=np.int64), np.diff(start))
    keys = buyer * count + supplier
    added = np.sort(supplier[answered].astype(np.int64) * count + buyer[answered])
    at = np.searchsorted(keys, added)
    known = keys[np.minimum(at, max(len(keys) - 1, 0))] == added if len(keys) else np.zeros(0, dtype=np.bool_)
    keys = np.insert(keys, at[~known], added[~known])
    first = np.arange(count + 1, dtype=np.int64) * count
    return np.searchsorted(keys, first).astype(np.int64), (keys % count).astype(np.int32)


def draw_links(firms: Firms, mean_degree: float, seed: int, table: SectorTable) -> tuple[I64, I32]:
    """The links of a network: (buyer_start (N + 1,), supplier (L,)), rows sorted."""
    wanted = wanted_suppliers(firms, mean_degree, seed)
    room = np.concatenate(([0], np.cumsum(wanted)))
    choice = sector_choice(table)
    cumulative = np.concatenate(([0.0], np.cumsum(firms.out_pull)))
    drawn = np.empty(int(room[-1]), dtype=np.int32)
    kept = _draw_suppliers(
        stream(seed, "network.supplier"),
        wanted,
        room,
        firms.sector,
        firms.region,
        firms.regions,
        np.ascontiguousarray(np.cumsum(choice, axis=0).T),
        firms.cell_start,
        cumulative,
        mean_degree,
        drawn,
    )
    start = np.concatenate(([0], np.cumsum(kept))).astype(np.int64)
    used = np.repeat(room[:-1] - start[:-1], kept) + np.arange(int(start[-1]))
    return _with_answers(start, drawn[used], firms, choice, seed)
