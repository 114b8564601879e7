"""Where firms stand on the canvas."""

from __future__ import annotations

import math

import networkx as nx  # type: ignore[import-untyped]
import numpy as np
from scipy.sparse import csr_array, eye_array
from scipy.sparse.linalg import spsolve

from sim.core.columns import F64, I64
from sim.experiments.recording import Recording

#: Above so many firms springs would make a hairball: firms stand by sector or by tier.
SPRINGS_UP_TO = 300
_TIERS = 6
_GOLDEN = math.pi * (3 - math.sqrt(5))


def layouts(recording: Recording) -> dict[str, F64]:
    """Places of firms in the unit square, (F, 2), by layout, the best for the size first.

    ``springs`` up to :data:`SPRINGS_UP_TO` firms, ``sectors``, ``tiers``; the same for the same network.
    """
    found = {"springs": _springs(recording)} if len(recording.sector) <= SPRINGS_UP_TO else {}
    found |= {"sectors": _by_sector(recording), "tiers": _by_tier(recording)}
    return {name: _fitted(place) for name, place in found.items()}


def steps(recording: Recording) -> F64:
    """A small network from left to right: buyers of others first, then their suppliers, step by step."""
    firms = len(recording.sector)
    graph = nx.DiGraph(zip(recording.buyer.tolist(), recording.supplier.tolist(), strict=True))
    graph.add_nodes_from(range(firms))
    roots = [firm for firm in range(firms) if graph.in_degree(firm) == 0] or [0]
    depth = dict.fromkeys(range(firms), 0)
    for root in roots:
        for firm, far in nx.single_source_shortest_path_length(graph, root).items():
            depth[firm] = max(depth[firm], far) if depth[firm] else far
    place = np.zeros((firms, 2))
    deepest = max(1, max(depth.values()))
    for far in range(deepest + 1):
        row = [firm for firm in range(firms) if depth[firm] == far]
        for number, firm in enumerate(row):
            # a lone firm stands a little up or down, so that names of neighbours do not meet
            height = (0.42, 0.58)[far % 2] if len(row) == 1 else (number + 0.5) / len(row)
            place[firm] = (0.06 + 0.88 * far / deepest, 0.04 + 0.9 * height)
    return place


def _fitted(place: F64) -> F64:
    low, high = np.quantile(place, (0.01, 0.99), axis=0)
    scaled: F64 = np.clip((place - low) / np.maximum(high - low, 1e-9), -0.03, 1.03) * 0.92 + 0.04
    return scaled


def _springs(recording: Recording) -> F64:
    firms = len(recording.sector)
    graph = nx.Graph()
    graph.add_nodes_from(range(firms))
    graph.add_edges_from(zip(recording.buyer.tolist(), recording.supplier.tolist(), strict=True))
    found = nx.spring_layout(graph, k=2.2 / math.sqrt(firms), iterations=80, seed=1)
    place: F64 = np.array([found[firm] for firm in range(firms)])
    return place


def _by_sector(recording: Recording) -> F64:
    """Sectors in a ring, each a round patch whose area goes with its firms; large firms in the middle."""
    count = np.bincount(recording.sector, minlength=len(recording.sectors))
    sizes = np.sqrt(count)
    middle = np.cumsum(sizes) - sizes / 2
    place = np.zeros((len(recording.sector), 2))
    for number in np.flatnonzero(count):
        rows = np.flatnonzero(recording.sector == number)
        rows = rows[np.argsort(-recording.weekly_sales[rows], kind="stable")]
        angle = 2 * math.pi * middle[number] / sizes.sum()
        step = np.arange(len(rows))
        radius = 0.34 * sizes[number] / sizes.max() * np.sqrt((step + 0.5) / len(rows))
        place[rows, 0] = math.cos(angle) + radius * np.cos(step * _GOLDEN)
        place[rows, 1] = math.sin(angle) + radius * np.sin(step * _GOLDEN)
    return place


def upstreamness(recording: Recording) -> F64:
    """Steps from a firm's sales to the final buyer, (F,), from 1: U = 1 + D U with D the shares of sales.

    Antras, Chor, Fally and Hillberry, "Measuring the Upstreamness of Production and Trade Flows",
    American Economic Review 102 (2012). Sales to firms are at most 95 % here, so that U is finite.
    """
    firms = len(recording.sector)
    where = (recording.supplier, recording.buyer)
    sold = csr_array((recording.weekly_amount.astype(float), where), shape=(firms, firms))
    total = np.maximum(sold.sum(axis=1) / 0.95, np.maximum(1.0, recording.weekly_sales))
    shares = csr_array(sold.multiply(1.0 / total[:, None]))
    found: F64 = spsolve((eye_array(firms) - shares).tocsc(), np.ones(firms))
    return found


def _by_tier(recording: Recording) -> F64:
    """Rows from those who sell to final buyers (below) to those far from them (above)."""
    steps = upstreamness(recording)
    ends = np.quantile(steps, np.linspace(0, 1, _TIERS + 1)[1:-1])
    tier: I64 = np.searchsorted(ends, steps).astype(np.int64)
    place = np.zeros((len(steps), 2))
    for number in range(_TIERS):
        rows = np.flatnonzero(tier == number)
        rows = rows[np.lexsort((-recording.weekly_sales[rows], recording.sector[rows]))]
        # several lines a tier where it holds many firms
        lines = max(1, math.ceil(math.sqrt(len(rows) / 25)))
        step = np.arange(len(rows))
        place[rows, 0] = (step // lines + 0.5) / max(1, math.ceil(len(rows) / lines))
        place[rows, 1] = -(number + 0.62 * (step % lines) / lines)
    return place
