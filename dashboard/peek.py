"""The first lines of an upload, as they were decoded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
import pyarrow.parquet as pq  # type: ignore[import-untyped,unused-ignore]

from sim.core.errors import SpecError
from sim.spec.textfile import open_table

_FIRST, _CELL = 6, 200
#: Lines in which the values of a column are looked for.
_SEARCHED = 50_000


class Peek(NamedTuple):
    """``header``; the first ``rows`` as text; ``encoding``: ``utf-8-sig``, ``gb18030`` or ``parquet``."""

    path: Path
    header: list[str]
    rows: list[list[str]]
    encoding: str

    def values(self, column: str, most: int = 24) -> list[str] | None:
        """What stands in a column, sorted; None for more than ``most`` different values."""
        at, found = self.header.index(column), set[str]()
        for row in islice(_rows(self.path), _SEARCHED):
            found.add(row[at])
            if len(found) > most:
                return None
        return sorted(found, key=lambda cell: (len(cell), cell))


def peek(path: Path) -> Peek:
    """Header and first lines of a table. Raises :class:`SpecError` for what is no table."""
    if path.suffix == ".parquet":
        names, encoding = list(_parquet(path).schema_arrow.names), "parquet"
    else:
        table = open_table(path)
        names, encoding = table.header, table.encoding
    return Peek(path, names, list(islice(_rows(path), _FIRST)), encoding)


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError) as fault:
        raise SpecError(str(path), "", f"is no readable Parquet file ({fault})", "a Parquet file") from fault


def _rows(path: Path) -> Iterator[list[str]]:
    if path.suffix != ".parquet":
        yield from (cells for _, cells in open_table(path).records)
        return
    for batch in _parquet(path).iter_batches(1000):
        for row in batch.to_pylist():
            yield ["" if cell is None else str(cell)[:_CELL] for cell in row.values()]
