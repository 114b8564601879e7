"""Systemic impact of each firm's failure: the Economic Systemic Risk Index with final demand.

Source: Diem, Borsos, Reisch, Kertesz & Thurner 2022, "Quantifying firm-level economic systemic risk
from nation-wide supply networks", Scientific Reports 12:7719.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from sim.contagion.impact_kernels import (
    SALES,
    SECTOR,
    WEIGHT,
    WORTH,
    Results,
    Rules,
    Scratch,
    Spread,
    impact_of_firms,
)
from sim.contagion.impact_links import (
    SOURCE,
    Flows,
    Network,
    chosen_firms,
    downstream,
    essential_links,
    market,
    read_flows,
    upstream,
)
from sim.core.columns import F64, I32, I64, Bool
from sim.core.errors import SpecError, unknown_name

Production = Literal["linear", "leontief", "mixed"]
Replaceability = Literal["none", "sector"]

#: A cascade of few visited links is followed to this part of its size whatever ``tol`` is: it costs
#: microseconds (assumption on the worth of a microsecond).
FINE_LIMIT = 1e-10
FINE_VISITS = 2_048
#: A cascade is given up, at the usual tolerance, after so many passes over all links (first number: linear
#: production without replaceability, or no bound; second: all others), or after so many visits over the
#: number of firms if that is more (assumption: all firms of 10,000 then take seconds).
PASSES, LOCAL_PASSES = 1, 4
MOST_VISITS = 1_000_000_000
USUAL_TOL = 1e-2
#: Firms a thread takes at a time (assumption; no effect on results).
CHUNK = 128


@dataclass(frozen=True, eq=False)
class Impact:
    """What the failure of each of m firms costs, as shares of all sales of the network.

    Attributes
    ----------
    esri:
        Economic Systemic Risk Index, sum over firms of weight x max(loss from inputs, loss from demand),
        shape (m,), 0 to 1.
    down, up:
        Loss from missing inputs alone, and from missing demand alone, both with the failed firm's own
        share, shape (m,). The smaller one is exact to ``tol`` x ``esri`` only.
    converged:
        Whether ``remaining`` is at most ``tol`` x ``esri``, that is whether no smaller tolerance would
        raise the index by more than that part, shape (m,).
    remaining:
        Bound on what a complete computation would add to ``esri``, at most 1 - ``esri``, shape (m,).
    stages:
        Stages of ever smaller losses sent on, of the longer half, shape (m,).
    visits:
        Links visited for both halves together, shape (m,).
    """

    esri: F64
    down: F64
    up: F64
    converged: Bool
    remaining: F64
    stages: I32
    visits: I64


def systemic_impact(
    network: Network,
    *,
    firms: ArrayLike | None = None,
    production: Production = "linear",
    replaceability: Replaceability = "none",
    final_demand: ArrayLike | float | None = None,
    tol: float = 1e-2,
    essential: ArrayLike | None = None,
    threads: int | None = None,
) -> Impact:
    """Share of the network's output that is lost when a firm fails, for each firm by itself.

    The failed firm makes nothing (h = 0); the others start whole and lose, until nothing changes,

        h_down[i] = min over groups of inputs g of 1 - sum over suppliers j in g of
                    sigma[j] (1 - h_down[j]) W[j, i] / inputs[g]
        h_up[j]   = 1 - sum over buyers i of (1 - h_up[i]) W[j, i] / (sum of W[j, :] + final[j])
        esri      = sum over i of weight[i] (1 - min(h_down[i], h_up[i]))

    with weight[i] the share of firm i in all sales, final ones included. Losses found are sent on largest
    first. Work on a half ends when a bound of what unsent losses can still cause is at most ``tol`` / 2 of
    the loss found, so ``esri`` is never above its limit, and where ``converged`` not below it by more than
    ``tol`` x ``esri``.

    Upstream, and downstream for linear production without replaceability, the bound is a certificate
    (:mod:`sim.contagion.impact_bound`). Where losses enter a circle of firms from which nothing leaks (no
    final sales; no firm without suppliers) there is none: the half is cut after a set number of visits and
    is not ``converged``. With other settings the linear majorant is the bound where it is finite and no
    sector has lost half its output (under 'sector' without the second-order effect of other firms' losses
    on sigma); elsewhere it is an estimate, the geometric sum of unsent losses at the rate measured last.

    Parameters
    ----------
    network:
        A :class:`SupplyNetwork` or (W, sector): sales W[supplier, buyer] of any unit, dense or sparse
        (n, n), and the sector of each firm as names or whole numbers, (n,).
    firms:
        Firms whose failure is computed, (m,); None for all.
    production:
        'linear': inputs stand in for each other, one group a buyer, measured against all inputs.
        'leontief': all are essential, one group for each supplying sector, measured against itself.
        'mixed': essential inputs as in 'leontief', all others one group measured against all inputs.
    replaceability:
        'none': sigma = 1. 'sector': sigma[j] = min(1, s[j] / sum over its sector of s h_down), s the
        sales to firms of the network.
    final_demand:
        Sales to final buyers, which no failure reduces: (n,), or a multiple of each firm's sales in the
        network. None takes the network's ``final_sales``; for a matrix that means none.
    tol:
        Greatest part of ``esri`` that may be missing, above 0, below 1.
    essential:
        For 'mixed': whether inputs of a sector [supplier's sector, buyer's sector] are essential, boolean
        (sectors, sectors), names in alphabetical order. None is an assumption: in the shipped sector
        table, goods, utilities and construction are essential to each other and services are not
        (Diem et al. divide by industry in the same way); in a matrix, all inputs but those from the
        buyer's own sector.
    threads:
        Threads to use, None for all processors. Results are the same to the bit.

    Raises :class:`SpecError` for anything out of these ranges and where nobody sells anything.
    """
    _check_names(production, replaceability, tol, threads)
    flows = read_flows(network, final_demand)
    seeds = chosen_firms(firms, len(flows.sector))
    weight = flows.total / flows.total.sum()
    replace = replaceability == "sector"
    capacity, felt = market(flows)
    below, groups = downstream(
        flows, essential_links(flows, production, essential), weight, felt if replace else None
    )
    above = upstream(flows, weight)
    linear = production == "linear" and not replace
    size, links, passes = len(weight), flows.sales.nnz, PASSES if linear else LOCAL_PASSES
    grouped = production != "linear"
    limits = (
        _rules(tol, size, links, passes, replace=replace, grouped=grouped, trust_rate=not linear),
        _rules(tol, size, links, LOCAL_PASSES, replace=False, grouped=False, trust_rate=False),
    )

    def scratch() -> tuple[Scratch, Scratch]:
        return _scratch(flows, weight, capacity, below, groups), _scratch(flows, weight, capacity, above, 0)

    return _run(seeds, scratch, (below, above), limits, tol, threads)


def _check_names(production: str, replaceability: str, tol: float, threads: int | None) -> None:
    for field, value, known in (
        ("production", production, get_args(Production)),
        ("replaceability", replaceability, get_args(Replaceability)),
    ):
        if value not in known:
            raise SpecError(SOURCE, field, *unknown_name(str(value), known, field))
    if not (math.isfinite(tol) and 0.0 < tol < 1.0):
        raise SpecError(SOURCE, "tol", f"{tol} is out of range", "above 0 and below 1")
    if threads is not None and threads < 1:
        raise SpecError(SOURCE, "threads", f"{threads} is out of range", "from 1, or None")


def _rules(
    tol: float, firms: int, links: int, passes: int, *, replace: bool, grouped: bool, trust_rate: bool
) -> Rules:
    least = MOST_VISITS // firms
    most, loose = max(passes * links, least), max(PASSES * links, least)
    patience = max(1.0, USUAL_TOL / tol)
    return Rules(
        limit=0.5 * tol,
        fine_limit=min(0.5 * tol, FINE_LIMIT),
        fine_visits=FINE_VISITS,
        loose_visits=int(most * patience) if trust_rate else loose,
        most_visits=int(most * patience),
        trust_rate=trust_rate,
        replace=replace,
        grouped=grouped,
    )


def _scratch(flows: Flows, weight: F64, capacity: F64, spread: Spread, groups: int) -> Scratch:
    firms = len(weight)
    firm = np.zeros((firms, 8))
    firm[:, WEIGHT] = weight
    firm[:, WORTH] = spread.worth
    firm[:, SALES] = flows.to_firms
    firm[:, SECTOR] = flows.sector
    return Scratch(
        firm=firm,
        pressure=np.zeros(groups),
        touched=np.zeros(firms, dtype=np.uint32),
        senders=np.zeros(firms, dtype=np.uint32),
        groups=np.zeros(groups, dtype=np.int32),
        queue=np.zeros(firms + 1, dtype=np.uint32),
        living=capacity.copy(),
        capacity=capacity,
    )


def _run(
    seeds: I64,
    make_scratch: Callable[[], tuple[Scratch, Scratch]],
    spreads: tuple[Spread, Spread],
    limits: tuple[Rules, Rules],
    tol: float,
    threads: int | None,
) -> Impact:
    """Compute chunks of seeds in threads, each with working memory of its own."""
    workers = max(1, min(threads or os.cpu_count() or 1, math.ceil(len(seeds) / CHUNK)))
    many = len(seeds)
    out = Results(
        esri=np.zeros(many),
        down=np.zeros(many),
        up=np.zeros(many),
        remaining_down=np.zeros(many),
        remaining_up=np.zeros(many),
        stages=np.zeros(many, dtype=np.int32),
        visits=np.zeros(many, dtype=np.int64),
    )
    spare: SimpleQueue[tuple[Scratch, Scratch]] = SimpleQueue()
    for _ in range(workers):
        spare.put(make_scratch())

    def compute(first: int) -> None:
        """Enter the impact of one chunk of seeds into ``out``."""
        scratch = spare.get()
        last = min(first + CHUNK, len(seeds))
        (below, above), (rules_below, rules_above) = spreads, limits
        impact_of_firms(seeds, first, last, below, rules_below, above, rules_above, *scratch, out)
        spare.put(scratch)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(compute, range(0, len(seeds), CHUNK)))
    esri = np.minimum(out.esri, 1.0)
    remaining = out.remaining_down + out.remaining_up
    return Impact(
        esri=esri,
        down=np.minimum(out.down, 1.0),
        up=np.minimum(out.up, 1.0),
        converged=remaining <= tol * esri,
        remaining=np.minimum(remaining, 1.0 - esri),
        stages=out.stages,
        visits=out.visits,
    )
