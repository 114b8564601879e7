"""Generate a supply network that follows a sector table and the shape of measured ones."""

from __future__ import annotations

import math

import numpy as np

from sim.core.errors import SpecError
from sim.network.firms import draw_firms
from sim.network.links import draw_links
from sim.network.sector_table import SectorTable, load_sector_table
from sim.network.supply import SupplyNetwork
from sim.network.weights import fit_money

FIRMS_LOW, FIRMS_HIGH = 50, 1_000_000
LINKS_HIGH = 30_000_000
MEAN_SALES = 16_000_000
"""Mean weekly sales of a firm, fen. Assumption: gross output of China, about 270 trillion yuan in
2020 (National Bureau of Statistics, input-output table), over about 32 million operating firms and
52 weeks."""


def _check(firms: int, mean_degree: float, weekly_sales_per_firm: int) -> None:
    if not FIRMS_LOW <= firms <= FIRMS_HIGH:
        raise SpecError("generate", "firms", f"{firms} is out of range", f"{FIRMS_LOW} to {FIRMS_HIGH:,}")
    highest = min(100.0, firms / 8)  # no firm takes more than a quarter of all as suppliers
    if not (math.isfinite(mean_degree) and 0.5 <= mean_degree <= highest):
        allowed = f".5 to {highest:g} suppliers a firm for {firms:,} firms"
        raise SpecError("generate", "mean_degree", f"{mean_degree} is out of range", allowed)
    if firms * mean_degree > LINKS_HIGH:
        problem = f"{firms * mean_degree:,.0f} links are too many"
        raise SpecError("generate", "mean_degree", problem, f"firms x mean_degree up to {LINKS_HIGH:,}")
    if not 10_000 <= weekly_sales_per_firm <= 10**10:
        problem = f"{weekly_sales_per_firm} fen is out of range"
        raise SpecError("generate", "weekly_sales_per_firm", problem, "10,000 to 10,000,000,000 fen")


def generate(
    firms: int,
    mean_degree: float,
    seed: int,
    table: SectorTable | None = None,
    weekly_sales_per_firm: int = MEAN_SALES,
) -> SupplyNetwork:
    """A network of ``firms`` firms with about ``mean_degree`` suppliers each.

    Parameters
    ----------
    firms:
        Number of firms, 50 to 1,000,000.
    mean_degree:
        Mean number of suppliers, .5 to the smaller of 100 and ``firms`` / 8; after doubles are
        dropped and reciprocal links added the network reaches 94-100 % of it.
    seed:
        Seed of the keyed random streams (names ``network.*``); the same seed gives the same bytes.
    table:
        Sector table, default ``china-2020``.
    weekly_sales_per_firm:
        Mean weekly sales, fen.

    Raises :class:`SpecError` for arguments out of range. At most 250,000 firms carry 100 suppliers.
    """
    _check(firms, mean_degree, weekly_sales_per_firm)
    table = load_sector_table() if table is None else table
    if firms < 2 * len(table.sectors):
        allowed = f"at least {2 * len(table.sectors)} for {len(table.sectors)} sectors"
        raise SpecError("generate", "firms", f"{firms} is too few for the sector table", allowed)
    drawn = draw_firms(firms, seed, table, float(weekly_sales_per_firm))
    start, supplier = draw_links(drawn, mean_degree, seed, table)
    money = fit_money(start, supplier, drawn, seed, table)
    return SupplyNetwork(
        sectors=table.sectors,
        sector=drawn.sector,
        region=drawn.region,
        weekly_sales=money.weekly_sales,
        final_sales=money.final_sales,
        outside_purchases=money.outside_purchases,
        buyer_start=start,
        supplier=supplier,
        weekly_amount=money.weekly_amount,
        terms_weeks=np.full(len(supplier), -1, dtype=np.int8),
    )
