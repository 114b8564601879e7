"""Firms of a generated network: counts by sector, regions, sizes, shares sold, scores and pulls.

All numbers of this module without a table behind them are assumptions, tuned on the statistics that
:mod:`sim.network.describe` lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import log_ndtr, ndtri

from sim.core.columns import F64, I16, I32, I64
from sim.core.rng import uniform_rows
from sim.network.sector_table import SectorTable

FIRMS_PER_REGION = 1_000
SIZE_SD = 2.4  # sd of ln sales within a sector
SHARE_LOW, SHARE_HIGH = 0.003, 0.98  # bounds of the share of sales that goes to firms
IN_TAIL, OUT_TAIL = 1.3, 1.15  # Pareto exponents of the number of suppliers and of the pull
PULL_CAP = 0.25  # largest share of its sector's pull that one supplier may have
CHI = 0.65  # correlation of the two chance parts of the scores
_TINY_SALES = 1.0


@dataclass(frozen=True, eq=False)
class Firms:
    """Firms before they are linked; arrays of shape (N,), sorted by (sector, region).

    ``sales`` in fen a week (float), ``share`` of sales to firms (psi), ``in_pull`` proportional to
    the wanted number of suppliers, ``out_pull`` to the chance of being chosen as a supplier;
    ``cell_start`` (S * R + 1,) bounds the firms of each (sector, region).
    """

    sector: I16
    region: I32
    regions: int
    cell_start: I64
    sales: F64
    share: F64
    in_pull: F64
    out_pull: F64


def counts_by_sector(firms: int, shares: F64) -> I64:
    """Whole numbers of firms by sector, at least one each, by largest remainders; sum ``firms``."""
    wanted = shares * (firms - len(shares))
    counts = np.floor(wanted).astype(np.int64) + 1
    order = np.argsort(-(wanted - np.floor(wanted)), kind="stable")
    counts[order[: firms - int(counts.sum())]] += 1
    return counts


def _ranks(values: F64, starts: I64) -> F64:
    """Rank of each value inside its sector, from 0."""
    ranks = np.empty(len(values))
    for low, high in pairwise(starts):
        ranks[low + np.argsort(values[low:high], kind="stable")] = np.arange(high - low)
    return ranks


def scale_to_sector(values: F64, sector: I16, totals: F64) -> F64:
    """``values`` scaled so that each sector adds up to its total."""
    sums = np.bincount(sector, weights=values, minlength=len(totals))
    return np.asarray(values * (totals / sums)[sector], dtype=np.float64)


def shares_sold(uniform: F64, sector: I16, sales: F64, means: F64) -> F64:
    """psi of each firm: u**((1 - m) / m), within bounds, with mean ``m`` by value in its sector."""
    share = uniform ** ((1.0 - means) / means)[sector]
    share = np.clip(share, SHARE_LOW, SHARE_HIGH)
    low, high = np.full(len(means), 1e-6), np.full(len(means), 1e6)
    weight = np.bincount(sector, weights=sales, minlength=len(means))
    for _ in range(40):  # bisection on one factor a sector, in logarithms
        middle = np.sqrt(low * high)
        tried = np.clip(share * middle[sector], SHARE_LOW, SHARE_HIGH)
        below = np.bincount(sector, weights=tried * sales, minlength=len(means)) < means * weight
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(np.clip(share * np.sqrt(low * high)[sector], SHARE_LOW, SHARE_HIGH), dtype=np.float64)


def heavy_tail(score: F64, exponent: float) -> F64:
    """exp(score) up to where the lognormal's local slope reaches ``exponent``, Pareto beyond.

    The local log-log slope of a lognormal's survival function at standard score z is
    phi(z) / (sd Q(z)), with Q the normal survival function.
    """
    mean, sd = float(score.mean()), max(float(score.std()), 1e-9)
    low, high = -8.0, 30.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        log_hazard = -0.5 * middle * middle - 0.5 * np.log(2.0 * np.pi) - log_ndtr(-middle)
        low, high = (middle, high) if log_hazard < np.log(sd * exponent) else (low, middle)
    knot = 0.5 * (low + high)
    z = (score - mean) / sd
    beyond = sd * knot + (log_ndtr(-knot) - log_ndtr(-np.maximum(z, knot))) / exponent
    return np.asarray(np.exp(np.where(z <= knot, sd * z, beyond)), dtype=np.float64)


def _capped(pull: F64, sector: I16, counts: I64) -> F64:
    limit = np.maximum(PULL_CAP, 1.0 / counts)
    for _ in range(20):
        total = np.bincount(sector, weights=pull, minlength=len(counts))
        pull = np.minimum(pull, (limit * total)[sector])
    return pull


def _centred(score: F64, sector: I16, counts: I64) -> F64:
    mean = np.bincount(sector, weights=score, minlength=len(counts)) / counts
    return np.asarray(score - mean[sector], dtype=np.float64)


def draw_firms(firms: int, seed: int, table: SectorTable, mean_sales: float) -> Firms:
    """Draw ``firms`` firms with ``mean_sales`` fen of weekly sales on average."""
    counts = counts_by_sector(firms, table.unit_shares)
    starts = np.concatenate(([0], np.cumsum(counts)))
    sector = np.repeat(np.arange(len(counts)), counts).astype(np.int16)
    size_draw = uniform_rows(seed, "network.size", firms)
    share_draw = uniform_rows(seed, "network.share", firms)[:, 0]
    score_draw = uniform_rows(seed, "network.score", firms)

    regions = max(1, firms // FIRMS_PER_REGION)
    within = np.arange(firms) - starts[sector]
    region = np.floor((within + size_draw[:, 2]) * regions / counts[sector]).astype(np.int32)
    cells = np.arange(len(counts) * regions + 1)
    cell_start = np.searchsorted(sector.astype(np.int64) * regions + region, cells).astype(np.int64)

    # Stratified quantiles: each sector holds its share of large firms even when it is small.
    quantile = (_ranks(size_draw[:, 0], starts) + size_draw[:, 1]) / counts[sector]
    output = table.gross_output / table.gross_output.sum() * (mean_sales * firms)
    sales = scale_to_sector(np.exp(SIZE_SD * ndtri(quantile)), sector, output)
    sales = scale_to_sector(np.maximum(sales, _TINY_SALES), sector, output)

    means = np.minimum(table.sold_to_firms, SHARE_HIGH - 0.01)  # drawn-down stocks cannot be sold for ever
    share = shares_sold(share_draw, sector, sales, np.maximum(means, SHARE_LOW + 0.001))

    z1, z2 = ndtri(score_draw[:, 0]), ndtri(score_draw[:, 2])
    inputs = np.maximum(table.input_shares, 1e-6)[sector] * sales
    in_score = 0.5 * np.log(inputs) + 0.8 * z1
    out_score = 0.25 * np.log(share * sales) + 1.5 * (CHI * z1 + np.sqrt(1.0 - CHI**2) * z2)
    return Firms(
        sector=sector,
        region=region,
        regions=regions,
        cell_start=cell_start,
        sales=sales,
        share=share,
        in_pull=heavy_tail(in_score, IN_TAIL),
        out_pull=_capped(heavy_tail(_centred(out_score, sector, counts), OUT_TAIL), sector, counts),
    )
