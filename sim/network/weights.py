"""Money on the links: an alternating fit to buyers, sector pairs and suppliers, then whole fen.

All numbers of this module are assumptions, tuned on the statistics that
:mod:`sim.network.describe` lists.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from sim.core.columns import F64, I32, I64
from sim.core.rng import normal, stream, uniforms
from sim.network.firms import SHARE_HIGH, Firms
from sim.network.sector_table import SectorTable

ROUNDS, ROUNDS_OF_SIZE, ROUNDS_AT_LEAST = 40, 20, 9
EXCESS = 0.005  # the fit stops when this share of all flow lies above the suppliers' caps
PRIOR_POWER = 0.7
SIZE_POWER = 0.6  # a firm above its cap grows by this power of the excess
SIZE_FACTOR = 10.0  # how far a firm may move from the size drawn for it


@dataclass(frozen=True, eq=False)
class Money:
    """Whole-fen money of a network: links (L,) and firms (N,), see :class:`SupplyNetwork`."""

    weekly_amount: I64
    weekly_sales: I64
    final_sales: I64
    outside_purchases: I64


@njit(nogil=True, cache=True)
def _prior(key, start, supplier, appeal, weight):  # type: ignore[no-untyped-def]
    """weight = appeal of the supplier x exp(standard normal), keyed by the pair."""
    for buyer in range(start.shape[0] - 1):
        for link in range(start[buyer], start[buyer + 1]):
            other = supplier[link]
            a, b, _, _ = uniforms(key, 0, buyer, other)
            weight[link] = appeal[other] * np.exp(normal(a, b))


@njit(nogil=True, cache=True)
def _buyers(start, supplier, sector, weight, pair, push, inputs, placed):  # type: ignore[no-untyped-def]
    """Apply last round's factors, scale each buyer to its inputs, add up the sector pairs."""
    placed[:, :] = 0.0
    for buyer in range(start.shape[0] - 1):
        total = 0.0
        mine = sector[buyer]
        for link in range(start[buyer], start[buyer + 1]):
            other = supplier[link]
            weight[link] *= pair[sector[other], mine] * push[other]
            total += weight[link]
        if total > 0.0:
            factor = inputs[buyer] / total
            for link in range(start[buyer], start[buyer + 1]):
                weight[link] *= factor
                placed[sector[supplier[link]], mine] += weight[link]


@njit(nogil=True, cache=True)
def _suppliers(start, supplier, sector, weight, pair, sold):  # type: ignore[no-untyped-def]
    """Sales of each supplier with the sector-pair factors applied."""
    sold[:] = 0.0
    for buyer in range(start.shape[0] - 1):
        mine = sector[buyer]
        for link in range(start[buyer], start[buyer + 1]):
            other = supplier[link]
            sold[other] += weight[link] * pair[sector[other], mine]


@njit(nogil=True, cache=True)
def _push(sold, sales, share, high, push):  # type: ignore[no-untyped-def]
    """Supplier factors towards psi x, stronger where sales lie above the cap; gives the excess."""
    excess = 0.0
    for firm in range(sold.shape[0]):
        push[firm] = 1.0
        if sold[firm] > 0.0:
            cap = high * sales[firm]
            if sold[firm] > cap:
                excess += sold[firm] - cap
                push[firm] = (cap / sold[firm]) ** 0.7
            else:
                push[firm] = (share[firm] * sales[firm] / sold[firm]) ** 0.2
    return excess


@njit(nogil=True, cache=True)
def _resize(sold, sales, drawn, sector, output, high, within):  # type: ignore[no-untyped-def]
    """Firms that oversell grow, within bounds; each sector keeps its output."""
    total = np.zeros(output.shape[0])
    for firm in range(sales.shape[0]):
        cap = high * sales[firm]
        if sold[firm] > cap:
            sales[firm] = min(sales[firm] * (sold[firm] / cap) ** SIZE_POWER, drawn[firm] * within)
        sales[firm] = max(sales[firm], drawn[firm] / within)
        total[sector[firm]] += sales[firm]
    for firm in range(sales.shape[0]):
        sales[firm] *= output[sector[firm]] / total[sector[firm]]


@njit(nogil=True, cache=True)
def _whole_fen(start, supplier, sector, weight, pair, cut, amount, sold, bought):  # type: ignore[no-untyped-def]
    """Amounts in whole fen, at least 1, rounded down so that caps hold; totals by firm."""
    for buyer in range(start.shape[0] - 1):
        mine = sector[buyer]
        for link in range(start[buyer], start[buyer + 1]):
            other = supplier[link]
            value = weight[link] * pair[sector[other], mine] * cut[other]
            amount[link] = max(np.int64(value), 1)
            sold[other] += amount[link]
            bought[buyer] += amount[link]


def fit_money(start: I64, supplier: I32, firms: Firms, seed: int, table: SectorTable) -> Money:
    """Put money on the links so that sector flows follow the table and no firm oversells.

    Buyers want A x, sector pairs the table's flow, suppliers psi x. In the first rounds firms
    that would sell more than they make grow at the cost of their sector, for fixed sizes cannot
    carry the table at low degree; moving all firms towards their links instead widens the spread
    of sizes beyond the drawn one and places less flow. What lies above a supplier's cap
    (.98 of its sales) at the end is cut, and what a buyer then lacks is bought outside.
    """
    sector = firms.sector
    sales = firms.sales.copy()
    scale = float(sales.sum()) / float(table.gross_output.sum())  # fen a week per table unit
    flows, output = table.flows * scale, table.gross_output * scale
    pair, push = np.ones_like(flows), np.ones_like(sales)
    placed, sold = np.zeros_like(flows), np.zeros_like(sales)
    weight = np.empty(len(supplier))
    appeal = (sales / firms.out_pull) ** PRIOR_POWER
    _prior(stream(seed, "network.weight"), start, supplier, appeal, weight)
    shares = table.input_shares[sector]
    for number in range(1, ROUNDS + 1):
        _buyers(start, supplier, sector, weight, pair, push, shares * sales, placed)
        pair = np.where(placed > 0.0, flows / np.where(placed > 0.0, placed, 1.0), 1.0)
        _suppliers(start, supplier, sector, weight, pair, sold)
        if number <= ROUNDS_OF_SIZE:
            _resize(sold, sales, firms.sales, sector, output, SHARE_HIGH, SIZE_FACTOR)
        excess = _push(sold, sales, firms.share, SHARE_HIGH, push)
        if number >= ROUNDS_AT_LEAST and excess < EXCESS * float(sold.sum()):
            break
    return _settled(start, supplier, firms, weight, pair, sold, sales, shares)


def _settled(
    start: I64, supplier: I32, firms: Firms, weight: F64, pair: F64, sold: F64, sales: F64, shares: F64
) -> Money:
    """Cut at the caps and round to whole fen; sales rise by fen where one-fen links ask for it."""
    cap = SHARE_HIGH * np.floor(sales)
    cut = np.where(sold > cap, cap / np.where(sold > 0.0, sold, 1.0), 1.0)
    amount = np.empty(len(supplier), dtype=np.int64)
    to_firms, bought = np.zeros(len(sales), dtype=np.int64), np.zeros(len(sales), dtype=np.int64)
    _whole_fen(start, supplier, firms.sector, weight, pair, cut, amount, to_firms, bought)
    least = -((-to_firms * 50) // 49)  # ceil(sold / .98), exact
    whole = np.maximum(np.maximum(np.floor(sales).astype(np.int64), least), 1)
    inputs = np.floor(shares * whole).astype(np.int64)
    return Money(amount, whole, whole - to_firms, np.maximum(inputs - bought, 0))
