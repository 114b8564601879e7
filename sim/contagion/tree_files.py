"""The infection tree as a graph and as files that other programs read (GraphML, Parquet)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import networkx as nx  # type: ignore[import-untyped]
import pandas as pd

from sim.core.errors import SpecError
from sim.core.files import replacing

if TYPE_CHECKING:
    from sim.contagion.tree import InfectionTree


def as_graph(nodes: pd.DataFrame, edges: pd.DataFrame) -> nx.DiGraph:
    """A directed graph of a node table and of edges by channel, see ``InfectionTree.to_networkx``."""
    graph = nx.DiGraph()
    for row in nodes.to_dict("records"):
        attributes = {str(name): value for name, value in row.items() if name != "event"}
        graph.add_node(int(row["event"]), **attributes)
    shares: dict[tuple[int, int], dict[str, float]] = {}
    columns = [edges[name].tolist() for name in ("parent", "child", "channel", "share")]
    for parent, child, channel, share in zip(*columns, strict=True):
        shares.setdefault((parent, child), {})[channel] = share
    for (parent, child), by_channel in shares.items():
        main = max(by_channel, key=lambda channel: by_channel[channel])
        single = {f"share_{channel}": share for channel, share in by_channel.items()}
        graph.add_edge(parent, child, share=sum(by_channel.values()), channel=main, **single)
    return graph


def write_graphml(tree: InfectionTree, path: str | Path) -> Path:
    """Write the tree as GraphML, in one step: an interruption leaves the old file or the new one.

    Nodes and edges have the attributes of ``InfectionTree.to_networkx``; missing folders are made.
    Returns the path. Raises :class:`SpecError` where the place cannot be written.
    """
    graph = tree.to_networkx()
    return _write(Path(path), lambda stream: nx.write_graphml_xml(graph, stream))


def write_parquet(tree: InfectionTree, folder: str | Path) -> tuple[Path, Path]:
    """Write ``nodes.parquet`` and ``edges.parquet`` into a folder, each in one step.

    Nodes are ``InfectionTree.node_table``, edges ``InfectionTree.edges``. Returns the two paths.
    Raises :class:`SpecError` where the place cannot be written.
    """
    nodes, edges = tree.node_table(), tree.edges
    place = Path(folder)
    return (
        _write(place / "nodes.parquet", lambda stream: nodes.to_parquet(stream, index=False)),
        _write(place / "edges.parquet", lambda stream: edges.to_parquet(stream, index=False)),
    )


def _write(target: Path, fill: Callable[[BinaryIO], object]) -> Path:
    """Fill a file in one step."""
    try:
        with replacing(target) as stream:
            fill(stream)
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise SpecError(str(target), "", problem, "a place with room and the right to write") from error
    return target
