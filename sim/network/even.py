"""A stylised network of firms much alike, where one failure weighs on a few suppliers.

Real networks (:mod:`sim.network.generate`) have few giants and many firms that matter to nobody.
Here every firm has some suppliers, each of which sells it a good part of its output, so that chains of
failures can go on. For teaching and for tests of contagion, not a picture of an economy.
"""

from __future__ import annotations

import numpy as np

from sim.core.columns import F64, I16, I32, I64
from sim.core.errors import SpecError
from sim.core.rng import normal_rows, uniform_rows
from sim.network.sector_table import SectorTable
from sim.network.supply import SupplyNetwork

#: Standard deviation of log sales (assumption; 2.4 in generated networks).
SIZE_SD = 0.5
#: Purchases on the network over sales (assumption).
PURCHASE_SHARE = 0.7
#: Most of a firm's sales that go to firms (assumption).
MOST_TO_FIRMS = 0.9
#: Rounds in which firms that sell more than they make grow (assumption).
ROUNDS = 8


def even_network(
    firms: int, mean_degree: float, seed: int, table: SectorTable, weekly_sales: int
) -> SupplyNetwork:
    """Firms of similar size with one or more suppliers drawn evenly; their number is geometric.

    ``weekly_sales`` is the mean, fen. Sectors follow their firm counts but do not shape trade. Raises
    :class:`SpecError` for a mean degree above an eighth of the firms.
    """
    if mean_degree > firms / 8:
        raise SpecError("network", "mean_degree", f"{mean_degree} for {firms} firms", f"1 to {firms / 8:g}")
    buyer, supplier = _pairs(firms, mean_degree, seed)
    size = np.exp(SIZE_SD * normal_rows(seed, "even.size", firms))
    sales = weekly_sales * size / size.mean()
    weight = 0.5 + uniform_rows(seed, "even.weight", len(buyer))[:, 0]
    weight /= np.bincount(buyer, weight, firms)[buyer]
    for _ in range(ROUNDS):
        amount = PURCHASE_SHARE * sales[buyer] * weight
        sold = np.bincount(supplier, amount, firms)
        sales = np.maximum(sales, sold / MOST_TO_FIRMS)
    whole: I64 = np.maximum(1, amount).astype(np.int64)
    sold_whole: I64 = np.zeros(firms, np.int64)
    np.add.at(sold_whole, supplier, whole)
    weekly: I64 = np.maximum(sales.astype(np.int64), sold_whole)
    start = np.zeros(firms + 1, np.int64)
    np.cumsum(np.bincount(buyer, minlength=firms), out=start[1:])
    network = SupplyNetwork(
        sectors=tuple(table.sectors),
        sector=_sectors(firms, table, seed),
        region=np.zeros(firms, np.int32),
        weekly_sales=weekly,
        final_sales=weekly - sold_whole,
        outside_purchases=np.zeros(firms, np.int64),
        buyer_start=start,
        supplier=supplier,
        weekly_amount=whole,
        terms_weeks=np.full(len(buyer), -1, np.int8),
    )
    network.check()
    return network


def _pairs(firms: int, mean_degree: float, seed: int) -> tuple[I64, I32]:
    """Buyers and suppliers of distinct links, sorted by both."""
    u = uniform_rows(seed, "even.suppliers", firms)[:, 0]
    wanted = np.minimum(firms // 4, 1 + np.floor(_more(u, mean_degree))).astype(np.int64)
    buyer = np.repeat(np.arange(firms, dtype=np.int64), wanted)
    drawn = (uniform_rows(seed, "even.links", len(buyer))[:, 0] * (firms - 1)).astype(np.int64)
    drawn += drawn >= buyer  # nobody supplies himself
    keys = np.unique(buyer * firms + drawn)
    return keys // firms, (keys % firms).astype(np.int32)


def _more(u: F64, mean_degree: float) -> F64:
    """Suppliers beyond the first: exponential, so that rounding down is geometric with the wanted mean."""
    if mean_degree <= 1.0:
        return np.zeros_like(u)
    return np.asarray(np.log1p(-u) / np.log1p(-1.0 / mean_degree), np.float64)


def _sectors(firms: int, table: SectorTable, seed: int) -> I16:
    ends = np.cumsum(table.unit_shares / table.unit_shares.sum())
    u = uniform_rows(seed, "even.sector", firms)[:, 0]
    return np.minimum(np.searchsorted(ends, u), len(table.sectors) - 1).astype(np.int16)
