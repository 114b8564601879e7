"""The reader's own supply network: other column names, bounds, and one file of two."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import networkx as nx  # type: ignore[import-untyped]

from sim.core.errors import SpecError
from sim.network.read import read_network
from sim.spec.textfile import column_index, open_table

MOST_FIRMS, MOST_LINKS = 5_000, 50_000


def read_capped(path: Path, firms: Path | None) -> tuple[int, int]:
    """Firms and links of a network. Raises :class:`SpecError` for a fault, or more than a page can show."""
    found = read_network(path, firms)
    for what, count, most in (
        ("firms", found.firms, MOST_FIRMS),
        ("links", len(found.supplier), MOST_LINKS),
    ):
        if count > most:
            allowed = f"up to {most:,} in the browser; the command line takes more: arrears run --network"
            raise SpecError(str(path), what, f"{count:,} are too many", allowed)
    return found.firms, len(found.supplier)


def canonical(path: Path, names: dict[str, str]) -> bytes:
    """A CSV under the names that :func:`sim.network.read.read_network` knows.

    ``names``: its column names to those of the file. Each record keeps its line number, so that faults are
    told with the line of the reader's own file.
    """
    table = open_table(path)
    at = column_index(table.source, table.header, list(names.values()))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    line = 1
    for number, cells in table.records:
        stream.write("\n" * (number - line - 1))
        writer.writerow([cells[at[name]].replace("\n", " ") for name in names.values()])
        line = number
    return stream.getvalue().encode()


def combined(path: Path, firms: Path) -> bytes:
    """Links and firm table, both checked before, as one GraphML file."""
    graph = nx.DiGraph()
    table = open_table(firms)
    for _, cells in table.records:
        known = dict(zip(table.header, cells, strict=True))
        firm = known.pop("firm")
        graph.add_node(firm, **{name: value for name, value in known.items() if value})
    if path.suffix == ".graphml":
        for buyer, supplier, known in nx.read_graphml(path).edges(data=True):
            graph.add_edge(buyer, supplier, **{name: str(value) for name, value in known.items()})
    else:
        links = open_table(path)
        for _, cells in links.records:
            known = dict(zip(links.header, cells, strict=True))
            graph.add_edge(known.pop("buyer"), known.pop("supplier"), **known)
    return "\n".join(nx.generate_graphml(graph)).encode()
