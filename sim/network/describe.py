"""Statistics of a supply network beside the values that measured firm networks show."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components

from sim.core.columns import F64, I64
from sim.network.sector_table import SectorTable
from sim.network.supply import SupplyNetwork
from sim.network.targets import TARGETS

MIN_TAIL = 20
"""Fewest observations in a tail for an exponent to be given."""


@dataclass(frozen=True)
class NetworkStatistic:
    """One statistic: ``value`` is None where undefined, and ``note`` then says why.

    ``low`` and ``high`` bound the target where there is one; ``target`` says it in words;
    ``note`` states a conflict between targets or what the value means.
    """

    id: str
    label_en: str
    label_zh: str
    value: float | None
    target: str
    low: float | None
    high: float | None
    source: str
    note: str


def hill(values: F64 | I64, share: float) -> float | None:
    """Tail exponent (of the survival function) of the largest ``share`` of ``values``, by Hill.

    None when the tail holds fewer than 20 values or reaches down to zero. B. M. Hill, A simple
    general approach to inference about the tail of a distribution, Annals of Statistics, 1975.
    """
    count = int(share * len(values))
    if count < MIN_TAIL:
        return None
    top = np.sort(np.asarray(values, dtype=np.float64))[::-1][: count + 1]
    if len(top) <= count or top[count] <= 0.0:
        return None
    mean = float(np.log(top[:count] / top[count]).mean())
    return 1.0 / mean if mean > 0.0 else None


def _correlation(x: F64, y: F64) -> float | None:
    if len(x) < 3 or float(np.std(x)) == 0.0 or float(np.std(y)) == 0.0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def _logs(x: I64, y: I64) -> tuple[F64, F64]:
    both = (x > 0) & (y > 0)
    return np.log(x[both].astype(np.float64)), np.log(y[both].astype(np.float64))


def _slope(y: I64, x: I64) -> float | None:
    lx, ly = _logs(x, y)
    correlation = _correlation(lx, ly)
    return None if correlation is None else correlation * float(np.std(ly) / np.std(lx))


def _moments(values: I64, unit: float) -> tuple[float | None, float | None]:
    some = values[values > 0]
    if len(some) < 2:
        return None, None
    logs = np.log(some / unit)
    return float(logs.mean()), float(logs.var())


def assortativity(network: SupplyNetwork) -> float | None:
    """Correlation of total degrees (suppliers + customers) at the two ends of a link, both ways."""
    degree = (network.suppliers_of() + network.customers_of()).astype(np.float64)
    one, other = degree[network.buyer()], degree[network.supplier]
    return _correlation(np.concatenate((one, other)), np.concatenate((other, one)))


def reciprocity(network: SupplyNetwork) -> float | None:
    """Share of links (buyer b, supplier s) for which the link (buyer s, supplier b) exists too."""
    if network.links == 0:
        return None
    keys = network.buyer() * np.int64(network.firms) + network.supplier
    back = network.supplier * np.int64(network.firms) + network.buyer()
    return float(np.isin(back, keys, assume_unique=True).mean())


def bow_tie(network: SupplyNetwork) -> tuple[float, float, float]:
    """Shares of firms in the strong core, OUT and IN; goods flow from supplier to buyer.

    The core is the largest strongly connected component; OUT can be reached from it along the
    flow of goods, IN reaches it.
    """
    firms = network.firms
    ones = np.ones(network.links, dtype=np.int8)
    inputs = csr_matrix((ones, network.supplier, network.buyer_start), shape=(firms, firms))
    _, label = connected_components(inputs, directed=True, connection="strong")
    sizes = np.bincount(label)
    core = int(sizes.max())
    member = int(np.flatnonzero(label == int(sizes.argmax()))[0])
    upstream = len(breadth_first_order(inputs, member, return_predecessors=False)) - core
    goods = inputs.T.tocsr()
    downstream = len(breadth_first_order(goods, member, return_predecessors=False)) - core
    return core / firms, downstream / firms, upstream / firms


def sector_flows(network: SupplyNetwork) -> F64:
    """Money on links by sector of supplier (row) and buyer (column), fen a week, shape (S, S)."""
    size = len(network.sectors)
    cell = network.sector[network.supplier].astype(np.int64) * size + network.sector[network.buyer()]
    total = np.bincount(cell, weights=network.weekly_amount, minlength=size * size)
    return np.asarray(total.reshape(size, size), dtype=np.float64)


def _against_table(network: SupplyNetwork, table: SectorTable | None) -> dict[str, float | None]:
    flows = sector_flows(network)
    total = float(flows.sum())
    found: dict[str, float | None] = {
        "own_sector_share": float(np.trace(flows)) / total if total > 0.0 else None,
        "flow_placed": None,
        "flow_error": None,
    }
    if table is not None and table.sectors == network.sectors:
        scale = float(network.weekly_sales.sum()) / float(table.gross_output.sum())
        wanted = table.flows * scale
        found["flow_placed"] = total / float(wanted.sum())
        found["flow_error"] = float(np.abs(flows - wanted).sum() / wanted.sum())
    return found


def _values(network: SupplyNetwork, table: SectorTable | None) -> dict[str, float | None]:
    k_in, k_out = network.suppliers_of(), network.customers_of()
    sold, bought = network.sales_to_firms(), network.purchases()
    core, out, into = bow_tie(network)
    found: dict[str, float | None] = {
        "mean_degree": network.links / network.firms,
        "in_slope": _slope(bought, k_in),
        "out_slope": _slope(sold, k_out),
        "corr_out_in": _correlation(*_logs(k_out, k_in)),
        "corr_out_sales": _correlation(*_logs(k_out, sold)),
        "corr_in_purchases": _correlation(*_logs(k_in, bought)),
        "corr_sales_purchases": _correlation(*_logs(sold, bought)),
        "degree_assortativity": assortativity(network),
        "reciprocity": reciprocity(network),
        "strong_core": core,
        "bow_tie_out": out,
        "bow_tie_in": into,
        "no_supplier": float((k_in == 0).mean()),
        "no_customer": float((k_out == 0).mean()),
        "link_survival": None,
        "sd_log_amount": float(np.log(network.weekly_amount).std()) if network.links else None,
    }
    for name, values in (("in", k_in), ("out", k_out), ("size", network.weekly_sales)):
        found[f"{name}_tail"] = hill(values, 0.05)
        found[f"{name}_tail_top"] = hill(values, 0.01)
    year = 100.0 / 52.0  # fen a week to yuan a year
    for name, values, unit in (
        ("k_out", k_out, 1.0),
        ("k_in", k_in, 1.0),
        ("s_out", sold, year),
        ("s_in", bought, year),
    ):
        found[f"mean_log_{name}"], found[f"var_log_{name}"] = _moments(values, unit)
    found.update(_against_table(network, table))
    return found


def describe(network: SupplyNetwork, table: SectorTable | None = None) -> list[NetworkStatistic]:
    """All statistics of a network beside their targets, in the order of ``targets.TARGETS``.

    ``table`` is the sector table to compare flows with; without it the two flow statistics are None.
    """
    values = _values(network, table)
    result = []
    for target in TARGETS:
        value = values[target.id]
        value = None if value is None or not math.isfinite(value) else float(value)
        note = (
            target.note if value is not None else f"Undefined here: {target.undefined}. {target.note}".strip()
        )
        result.append(
            NetworkStatistic(
                target.id,
                target.label_en,
                target.label_zh,
                value,
                target.text,
                target.low,
                target.high,
                target.source,
                note,
            )
        )
    return result
