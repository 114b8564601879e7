"""Firms and supply links at the start: costs, payment habits, pipelines already filled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from sim.agents.tables import FirmColumns, LinkColumns, LossColumns
from sim.core.columns import F64, I32, I64, empty
from sim.core.rng import normal_rows, uniform_rows
from sim.network.sector_table import SectorTable
from sim.network.supply import SupplyNetwork
from sim.spec.world import FirmNumbers, World

#: Least hard costs over sales (assumption: no firm runs on purchased inputs alone).
LEAST_HARD_COSTS = 0.02
#: Most of hard costs that may be taxes and imports together (assumption).
MOST_TAX_AND_IMPORTS = 0.8


class FirmStart(NamedTuple):
    """Firms, links and what the economy needs around them."""

    firms: FirmColumns
    links: LinkColumns
    buyer_start: I64
    links_of_supplier: I32
    supplier_start: I64
    losses: LossColumns
    rings: tuple[F64, F64, F64, F64]  # budget, full budget, pull, full pull: week of order x firm
    cost_shares: F64  # (sectors, 2): taxes, imports over hard costs
    labour_costs: F64  # fen a week by firm, in normal times


def _discipline(n: FirmNumbers, firms: FirmColumns, groups: list[str], sectors: list[str], seed: int) -> F64:
    """Share of what is due that each firm offers a week: usual payers by size and sector, late types."""
    rank = firms.size_rank.astype(np.float64)
    phi = n.usual_discipline.value * np.exp(-n.discipline_size_slope.value * (2 * rank - 1))
    group = np.array(groups)[firms.sector]
    sector = np.array(sectors)[firms.sector]
    phi = np.where(sector == "construction", phi * n.discipline_construction.value, phi)
    slow = np.isin(group, ["services", "utilities", "real_estate", "primary"])
    phi = np.where(slow, phi * n.discipline_services.value, phi)
    low, high = n.late_share_smallest.value, n.late_share_largest.value
    late = uniform_rows(seed, "firms.late_type", len(rank))[:, 0] < n.late_share.value * (
        low + (high - low) * rank
    )
    return np.minimum(1.0, np.where(late, n.late_discipline.value, phi))


def _shares(table: SectorTable, n: FirmNumbers) -> tuple[F64, F64, F64]:
    """Surplus over sales by sector; taxes and imports, and labour, over hard costs by sector."""
    output = table.gross_output
    surplus = np.clip(table.operating_surplus / output, n.surplus_low.value, n.surplus_high.value)
    hard = np.maximum(LEAST_HARD_COSTS, 1.0 - surplus - table.input_shares)
    taxes = np.maximum(0.0, table.net_production_taxes) / output / hard
    imports = table.imported_inputs / output / hard
    scale = np.minimum(1.0, MOST_TAX_AND_IMPORTS / np.maximum(1e-9, taxes + imports))
    labour = np.minimum(1.0, table.labour_compensation / output / hard)
    return surplus, np.column_stack([taxes * scale, imports * scale]), labour


def _links(network: SupplyNetwork, world: World, sectors: tuple[str, ...]) -> LinkColumns:
    n = world.firms
    k = empty(LinkColumns, network.links)
    k.buyer[:] = network.buyer()
    k.supplier[:] = network.supplier
    k.weekly_amount[:] = network.weekly_amount
    usual = np.full(network.firms, round(n.terms_weeks.value), np.int8)
    if "construction" in sectors:
        usual[network.sector == sectors.index("construction")] = round(n.construction_terms_weeks.value)
    k.contract_terms[:] = np.where(network.terms_weeks >= 0, network.terms_weeks, usual[k.buyer])
    k.terms[:] = k.contract_terms
    k.terms_from[:] = -int(k.terms.max(initial=0)) - 1
    return k


def _fill_pipeline(k: LinkColumns, phi: F64, world: World) -> None:
    """Receivables not yet due, overdue and disputed as a steady state would have them."""
    n = world.firms
    credit = (k.weekly_amount * n.credit_share.value).astype(np.int64)
    k.not_due[:] = credit * k.terms
    due = k.weekly_amount - (credit * n.disputed_share.value).astype(np.int64)
    gap = (1.0 - phi[k.buyer]) / phi[k.buyer]
    k.overdue[:] = (due * gap).astype(np.int64)
    k.disputed[:] = (credit * n.disputed_share.value * n.dispute_weeks.value).astype(np.int64)
    k.since[:] = -int(k.terms.max(initial=0)) - 1
    k.weeks_overdue[:] = np.minimum(k.overdue // k.weekly_amount, 520)


def build_firms(
    network: SupplyNetwork, table: SectorTable, world: World, seed: int, lenders: int, mean_wage: float
) -> FirmStart:
    """The firm layer of an economy before its first week.

    ``mean_wage`` (fen a week) turns labour costs into head counts where the network has none.
    """
    n = world.firms
    f = empty(FirmColumns, network.firms)
    f.sector[:] = network.sector
    u = uniform_rows(seed, "firms.bank", network.firms)
    f.bank[:] = (u[:, 0] * lenders).astype(np.int16)
    tied = sparse.csr_array(
        (np.ones(network.links, np.int8), network.supplier, network.buyer_start), (network.firms,) * 2
    )
    f.component[:] = connected_components(tied, connection="weak")[1]
    f.normal_sales[:] = network.weekly_sales
    f.normal_final_sales[:] = network.final_sales
    f.size_rank[np.argsort(network.weekly_sales, kind="stable")] = np.arange(network.firms) / max(
        1, network.firms - 1
    )
    surplus, cost_shares, labour = _shares(table, n)
    purchases = network.purchases() / np.maximum(1, network.weekly_sales)
    f.hard_cost_share[:] = np.maximum(LEAST_HARD_COSTS, 1.0 - surplus[f.sector] - purchases)
    phi = _discipline(n, f, list(table.groups), list(table.sectors), seed)
    f.discipline[:] = phi
    f.buffer_weeks[:] = n.buffer_weeks_median.value * np.exp(
        n.buffer_log_sd.value * normal_rows(seed, "firms.buffer", network.firms)
    )
    k = _links(network, world, table.sectors)
    _fill_pipeline(k, f.discipline.astype(np.float64), world)
    owed = k.not_due + k.overdue + k.disputed
    np.add.at(f.normal_receivables, k.supplier, owed)
    np.add.at(f.normal_payables, k.buyer, owed)
    f.receivables[:] = f.normal_receivables
    f.payables[:] = f.normal_payables
    hard = f.hard_cost_share * f.normal_sales
    f.cash[:] = (f.buffer_weeks * hard).astype(np.int64) if network.cash is None else network.cash
    f.line[:] = (n.credit_line_weeks.value * hard).astype(np.int64)
    labour_costs = labour[f.sector] * hard
    heads = np.round(labour_costs / mean_wage) if network.employees is None else network.employees
    f.normal_employees[:] = np.minimum(heads, 2**31 - 1).astype(np.int32)
    _start_living(f, world, seed)
    order = np.argsort(k.supplier, kind="stable").astype(np.int32)
    supplier_start = np.zeros(network.firms + 1, np.int64)
    np.cumsum(np.bincount(k.supplier, minlength=network.firms), out=supplier_start[1:])
    ring = int(k.terms.max(initial=0)) + 1
    ones = np.ones((ring, network.firms))
    losses = empty(LossColumns, network.firms)
    losses.purchase_share[:] = purchases
    rings = (ones, ones.copy(), ones.copy(), ones.copy())
    return FirmStart(
        f, k, network.buyer_start.astype(np.int64), order, supplier_start, losses, rings, cost_shares,
        labour_costs,
    )  # fmt: skip


def _start_living(f: FirmColumns, world: World, seed: int) -> None:
    n = world.firms
    f.employees[:] = f.normal_employees
    f.alive[:] = True
    f.failed_week[:] = -1
    f.owner[:] = -1
    f.activity[:] = 1.0
    f.input_limit[:] = 1.0
    f.staff[:] = 1.0
    f.average_sales[:] = f.normal_sales
    f.sales[:] = f.normal_sales
    f.final_sales[:] = f.normal_final_sales
    f.demand_shock[:] = n.shock_sd.value * normal_rows(seed, "firms.first_demand", len(f.cash))
    f.order_shock[:] = n.shock_sd.value * normal_rows(seed, "firms.first_orders", len(f.cash))
