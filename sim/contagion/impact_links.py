"""From a supply network to the links along which losses of output spread."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from sim.contagion.impact_bound import onward_bound
from sim.contagion.impact_kernels import Spread
from sim.core.columns import F64, I32, I64, Bool
from sim.core.errors import SpecError
from sim.network.supply import SupplyNetwork

SOURCE = "systemic_impact"

#: A network as loaded or generated, or sales W[supplier, buyer] with the sector of each firm.
Network: TypeAlias = SupplyNetwork | tuple[ArrayLike | sparse.sparray | sparse.spmatrix, ArrayLike]

#: Sectors that make or extract goods, by their names in the shipped sector table.
PRODUCING = frozenset(
    [
        "agriculture",
        "mining",
        "food",
        "textiles_apparel",
        "wood_paper",
        "petroleum_chemicals",
        "building_materials",
        "metals",
        "machinery",
        "vehicles",
        "electrical",
        "electronics",
        "utilities",
        "construction",
    ]
)
SERVING = frozenset(
    [
        "wholesale_retail",
        "transport",
        "hotels_catering",
        "it_services",
        "finance",
        "real_estate",
        "business_services",
        "public_social",
    ]
)


class Flows(NamedTuple):
    """Who sells how much to whom: rows of ``sales`` are suppliers, columns buyers.

    ``to_firms`` is each firm's sum of ``sales``, ``total`` adds what it sells to final buyers; ``names``
    are the sectors' names where the network has them.
    """

    sales: sparse.csr_array
    sector: I32
    sectors: int
    names: tuple[str, ...] | None
    to_firms: F64
    total: F64


def read_flows(network: Network, final_demand: ArrayLike | float | None) -> Flows:
    """Check the network and bring it into one form; see :func:`sim.contagion.systemic_impact`."""
    if isinstance(network, SupplyNetwork):
        own_final = network.final_sales.astype(np.float64)
        by_buyer = (network.weekly_amount.astype(np.float64), network.supplier, network.buyer_start)
        sales = sparse.csr_array(by_buyer, shape=(network.firms, network.firms)).T.tocsr()
        sector, names = network.sector.astype(np.int32), network.sectors
        sectors = len(names)
    else:
        if not isinstance(network, tuple) or len(network) != 2:
            raise SpecError(SOURCE, "network", f"is a {type(network).__name__}", "a network or (W, sector)")
        sales = _sales(network[0])
        sector, sectors = _sectors(network[1], sales.shape[0])
        own_final, names = np.zeros(sales.shape[0]), None
    sales.sum_duplicates()
    sales.eliminate_zeros()
    to_firms = _sums(sales, 1)
    final = own_final if final_demand is None else _final(final_demand, to_firms)
    if not (to_firms + final).sum() > 0.0:
        raise SpecError(SOURCE, "network", "nobody sells anything", "at least one sale above 0")
    return Flows(sales, sector, sectors, names, to_firms, to_firms + final)


def _sums(sales: sparse.csr_array, axis: int) -> F64:
    return np.asarray(sales.sum(axis=axis), dtype=np.float64).ravel()


def _sales(value: ArrayLike | sparse.sparray | sparse.spmatrix) -> sparse.csr_array:
    if not sparse.issparse(value):
        value = np.asarray(value, dtype=np.float64)
        if value.ndim != 2:
            raise SpecError(SOURCE, "W", f"has {value.ndim} dimensions", "W[supplier, buyer]")
    sales = sparse.csr_array(value, dtype=np.float64, copy=True)
    if sales.shape[0] != sales.shape[1] or sales.shape[0] == 0:
        raise SpecError(SOURCE, "W", f"has shape {sales.shape}", "a square matrix W[supplier, buyer]")
    if not np.isfinite(sales.data).all() or (sales.data < 0.0).any():
        raise SpecError(SOURCE, "W", "holds a sale that is negative or not finite", "sales from 0")
    return sales


def _sectors(value: ArrayLike, firms: int) -> tuple[I32, int]:
    given = np.asarray(value)
    if given.shape != (firms,):
        raise SpecError(SOURCE, "sector", f"has shape {given.shape}", f"one sector a firm, ({firms},)")
    if given.dtype.kind in "US":
        names, place = np.unique(given, return_inverse=True)
        return place.astype(np.int32), len(names)
    if given.dtype.kind not in "iu" or (given < 0).any() or (given > 10_000_000).any():
        raise SpecError(SOURCE, "sector", f"is {given.dtype}", "names or whole numbers, 0 to 10,000,000")
    return given.astype(np.int32), int(given.max()) + 1


def _final(value: ArrayLike | float, to_firms: F64) -> F64:
    final = np.asarray(value, dtype=np.float64)
    if final.shape not in ((), to_firms.shape):
        raise SpecError(SOURCE, "final_demand", f"has shape {final.shape}", f"a number or {to_firms.shape}")
    if not np.isfinite(final).all() or (final < 0.0).any():
        raise SpecError(SOURCE, "final_demand", "is negative or not finite", "numbers from 0")
    return final * to_firms if final.shape == () else final


def essential_links(flows: Flows, production: str, essential: ArrayLike | None) -> Bool:
    """Whether each link (in the order of ``flows.sales``) carries an essential input, shape (L,)."""
    links = flows.sales.nnz
    if production != "mixed":
        if essential is not None:
            raise SpecError(SOURCE, "essential", f"has no use with {production!r}", "production 'mixed'")
        return np.full(links, production == "leontief")
    seller = np.repeat(flows.sector, np.diff(flows.sales.indptr))
    buyer = flows.sector[flows.sales.indices]
    if essential is not None:
        given = np.asarray(essential)
        if given.dtype != np.bool_ or given.shape != (flows.sectors, flows.sectors):
            size = f"({flows.sectors}, {flows.sectors})"
            problem = f"is {given.dtype} of shape {given.shape}"
            raise SpecError(SOURCE, "essential", problem, f"booleans [supplier's, buyer's sector], {size}")
        return np.asarray(given[seller, buyer], dtype=np.bool_)
    if flows.names is None:
        return np.asarray(seller != buyer, dtype=np.bool_)
    unknown = [name for name in flows.names if name not in PRODUCING | SERVING]
    if unknown:
        raise SpecError(SOURCE, "essential", f"must be given: sector {unknown[0]!r} is not known to it", "")
    producing = np.array([name in PRODUCING for name in flows.names])
    return np.asarray(producing[seller] & producing[buyer], dtype=np.bool_)


def _groups(flows: Flows, essential: Bool) -> tuple[I32, F64, int]:
    """Group of each link, what part of the group it is, and the number of groups.

    An essential group holds a buyer's inputs from one sector. All other inputs of a buyer are one group,
    measured against everything the firm buys.
    """
    buyer = flows.sales.indices.astype(np.int64)
    seller = np.repeat(flows.sector.astype(np.int64), np.diff(flows.sales.indptr))
    bought = _sums(flows.sales, 0)
    if not essential.any():
        return buyer.astype(np.int32), flows.sales.data / bought[buyer], len(flows.sector)
    key = buyer * (flows.sectors + 1) + np.where(essential, seller, flows.sectors)
    found, group = np.unique(key, return_inverse=True)
    whole = np.bincount(group, weights=flows.sales.data)
    share = flows.sales.data / np.where(essential, whole[group], bought[buyer])
    return group.astype(np.int32), share, len(found)


def downstream(flows: Flows, essential: Bool, weight: F64, felt: F64 | None) -> tuple[Spread, int]:
    """Links from suppliers to buyers, and the number of groups of inputs."""
    sales = flows.sales
    group, share, groups = _groups(flows, essential)
    links = sparse.csr_array((share, sales.indices, sales.indptr), shape=sales.shape)
    return _spread(links, group, *onward_bound(links, weight, felt)), groups


def upstream(flows: Flows, weight: F64) -> Spread:
    """Links from buyers to suppliers; a share is that of the buyer in all sales of the supplier."""
    orders = flows.sales.T.tocsr()
    supplier = orders.indices.astype(np.int32)
    share = orders.data / flows.total[supplier]
    links = sparse.csr_array((share, orders.indices, orders.indptr), shape=orders.shape)
    return _spread(links, supplier, *onward_bound(links, weight))


def _spread(links: sparse.csr_array, group: I32, onward: F64, bounded: Bool) -> Spread:
    start = links.indptr.astype(np.int64)
    worth = onward / np.maximum(1, np.diff(start))
    return Spread(start, links.indices.astype(np.uint32), group, links.data, bounded, worth)


def market(flows: Flows) -> tuple[F64, F64]:
    """Sales by sector, and the largest share of a firm's loss that is felt while half its sector lives."""
    capacity = np.bincount(flows.sector, weights=flows.to_firms, minlength=flows.sectors).astype(np.float64)
    half = 0.5 * capacity[flows.sector]
    felt = np.minimum(1.0, np.divide(flows.to_firms, half, out=np.ones_like(half), where=half > 0.0))
    return capacity, felt


def chosen_firms(firms: ArrayLike | None, total: int) -> I64:
    """The failures to compute, shape (m,); raises :class:`SpecError` for one outside the network."""
    if firms is None:
        return np.arange(total, dtype=np.int64)
    chosen = np.atleast_1d(np.asarray(firms))
    if chosen.size == 0:
        return np.empty(0, dtype=np.int64)
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
        raise SpecError(SOURCE, "firms", f"is {chosen.dtype} of shape {chosen.shape}", "whole numbers, (m,)")
    if (chosen < 0).any() or (chosen >= total).any():
        wrong = int(chosen[(chosen < 0) | (chosen >= total)][0])
        raise SpecError(SOURCE, "firms", f"{wrong} is no firm of the network", f"0 to {total - 1}")
    return chosen.astype(np.int64)
