"""Where firms stand on the canvas."""

from __future__ import annotations

import math

import networkx as nx  # type: ignore[import-untyped]
import numpy as np

from sim.core.columns import F64
from sim.experiments.recording import Recording

#: Above so many firms they stand by sector: springs would make a hairball.
BY_SECTOR_FROM = 300
_GOLDEN = math.pi * (3 - math.sqrt(5))


def positions(recording: Recording) -> F64:
    """Places of firms in the unit square, shape (F, 2); the same for the same network."""
    firms = len(recording.sector)
    if firms <= BY_SECTOR_FROM:
        graph = nx.Graph()
        graph.add_nodes_from(range(firms))
        graph.add_edges_from(zip(recording.buyer.tolist(), recording.supplier.tolist(), strict=True))
        found = nx.spring_layout(graph, k=2.2 / math.sqrt(firms), iterations=80, seed=1)
        place = np.array([found[firm] for firm in range(firms)])
    else:
        place = _by_sector(recording)
    low, high = np.quantile(place, (0.01, 0.99), axis=0)
    scaled: F64 = np.clip((place - low) / (high - low), -0.03, 1.03) * 0.94 + 0.03
    return scaled


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
