"""Read firms and links from GraphML, guarded against entity bombs."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import networkx as nx  # type: ignore[import-untyped]

from sim.core.errors import SpecError
from sim.spec.textfile import MAX_BYTES, read_bytes

_ALLOWED = "GraphML in UTF-8, directed, edge attribute weekly_amount"


def _guard(source: str, data: bytes) -> None:
    """Refuse what could hide or expand entities; only then may an XML parser see the bytes."""
    if b"\0" in data:
        raise SpecError(source, "", "holds NUL bytes, so it is not UTF-8 text", _ALLOWED)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise SpecError(source, f"byte {fault.start + 1:,}", "is not UTF-8", _ALLOWED) from fault
    for mark in (b"<!doctype", b"<!entity"):
        at = data.lower().find(mark)
        if at >= 0:
            line = data.count(b"\n", 0, at) + 1
            problem = f"{mark.decode()[2:].upper()} declarations are refused"
            raise SpecError(source, f"line {line}", problem, "GraphML without them")
    declared = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)", data)
    if declared and declared.group(1).lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        raise SpecError(source, "line 1", "declares another encoding than UTF-8", _ALLOWED)


def read_graphml(
    path: Path, max_bytes: int = MAX_BYTES
) -> tuple[dict[str, dict[str, Any]], list[tuple[str, str, dict[str, Any]]]]:
    """Node attributes by id, and edges (buyer, supplier, attributes) in file order.

    Raises :class:`SpecError` for undirected graphs, document types, entities and broken XML.
    """
    source = str(path)
    data = read_bytes(path, max_bytes=max_bytes)
    _guard(source, data)
    try:
        graph = nx.read_graphml(io.BytesIO(data))
    except ParseError as fault:
        raise SpecError(source, f"line {fault.position[0]}", f"is not XML ({fault})", _ALLOWED) from fault
    except (nx.NetworkXException, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise SpecError(source, "", f"is not usable GraphML ({fault})", _ALLOWED) from fault
    if not graph.is_directed():
        raise SpecError(source, "edgedefault", "the graph is undirected", "directed, from buyer to supplier")
    nodes = {str(node): dict(attributes) for node, attributes in graph.nodes(data=True)}
    edges = [(str(buyer), str(supplier), dict(rest)) for buyer, supplier, rest in graph.edges(data=True)]
    return nodes, edges
