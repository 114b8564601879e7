"""A portfolio file as columns of text: CSV, gzip or Parquet, bounded in every direction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
import pyarrow.compute as pc  # type: ignore[import-untyped,unused-ignore]
import pyarrow.parquet as pq  # type: ignore[import-untyped,unused-ignore]

from sim.core.errors import SpecError
from sim.spec.textfile import MAX_COLUMNS, read_rows

MAX_TEXT_BYTES = 100_000_000
MAX_PARQUET_BYTES = 500_000_000
MAX_ACCOUNTS = 2_000_000
MAX_CELL = 200
"""Longest cell of a Parquet file, in characters."""

_PARQUET = b"PAR1"
_BATCH = 65_536


@dataclass(frozen=True)
class PortfolioTable:
    """Columns of text by name, all equally long, with the place of each record.

    ``place(i)`` names record ``i`` as messages do: its line in a text file, its row in Parquet.
    """

    source: str
    header: list[str]
    columns: dict[str, pa.StringArray]
    lines: list[int] | None
    encoding: str

    @property
    def rows(self) -> int:
        """Number of records."""
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def place(self, row: int) -> str:
        """Where record ``row`` (from 0) stands."""
        return f"line {self.lines[row]}" if self.lines is not None else f"row {row + 1}"

    def fault(self, row: int, column: str, problem: str, allowed: str) -> SpecError:
        """An error about one cell."""
        return SpecError(self.source, f"{self.place(row)}, {column}", problem, allowed)


def read_table(path: Path, known: Collection[str]) -> PortfolioTable:
    """Read a portfolio file.

    ``known`` are column names that may stand in the header; of a Parquet file only those are
    read. Raises :class:`SpecError` for a file that is absent, too large, damaged, empty or neither
    text nor Parquet.
    """
    if _is_parquet(path):
        return _read_parquet(path, known)
    table = read_rows(path, max_bytes=MAX_TEXT_BYTES, known=known)
    if not table.rows:
        raise SpecError(str(path), "", "holds no account", "a header and one line for each account")
    if len(table.rows) > MAX_ACCOUNTS:
        raise SpecError(str(path), "", f"holds {len(table.rows):,} accounts", f"at most {MAX_ACCOUNTS:,}")
    columns = {
        name: pa.array([row[at] for row in table.rows], pa.string())
        for at, name in enumerate(table.header)
        if name in known
    }
    return PortfolioTable(str(path), table.header, columns, table.lines, table.encoding)


def _is_parquet(path: Path) -> bool:
    if path.suffix.lower() == ".parquet":
        return True
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            return stream.read(4) == _PARQUET
    except OSError:
        return False


def _read_parquet(path: Path, known: Collection[str]) -> PortfolioTable:
    source = str(path)
    if not path.is_file():
        problem = "does not exist" if not path.exists() else "is not a regular file"
        raise SpecError(source, "", problem, "a Parquet file")
    if path.stat().st_size > MAX_PARQUET_BYTES:
        raise SpecError(source, "", "is too large", f"at most {MAX_PARQUET_BYTES // 1_000_000:,} MB")
    try:
        with path.open("rb") as stream:
            schema, header = _checked_schema(source, stream, known)
            wanted = [name for name in header if name in known]
            # Text stays dictionary-coded until its length is known: a short file can hold long cells.
            texts = [name for name in wanted if _is_text(schema.field(name).type)]
            file = pq.ParquetFile(stream, read_dictionary=texts)
            columns = _columns(source, file, wanted)
    except (pa.ArrowException, OSError, MemoryError, ValueError) as fault:
        reason = str(fault).splitlines()[0][:120] if str(fault) else type(fault).__name__
        raise SpecError(
            source, "", f"is not a sound Parquet file ({reason})", "a complete Parquet file"
        ) from None
    return PortfolioTable(source, header, columns, None, "parquet")


def _checked_schema(source: str, stream: Any, known: Collection[str]) -> tuple[pa.Schema, list[str]]:
    """Schema and column names, after the sizes that the file's footer claims are found bearable."""
    file = pq.ParquetFile(stream)
    meta = file.metadata
    if meta.num_rows == 0:
        raise SpecError(source, "", "holds no account", "a row for each account")
    if meta.num_rows > MAX_ACCOUNTS:
        raise SpecError(source, "", f"claims {meta.num_rows:,} accounts", f"at most {MAX_ACCOUNTS:,}")
    if meta.num_columns > MAX_COLUMNS:
        raise SpecError(source, "", f"has {meta.num_columns:,} columns", f"at most {MAX_COLUMNS:,}")
    claim = sum(meta.row_group(group).total_byte_size for group in range(meta.num_row_groups))
    if claim > MAX_PARQUET_BYTES:
        allowed = f"at most {MAX_PARQUET_BYTES / 1e6:,.0f} MB"
        raise SpecError(source, "", f"claims {claim / 1e6:,.0f} MB when unpacked", allowed)
    schema: pa.Schema = file.schema_arrow
    header = [str(name) for name in schema.names]
    for name in header:
        if header.count(name) > 1:
            raise SpecError(source, "header", f"column {name[:64]!r} stands there twice", "each column once")
        kind = schema.field(name).type
        if name in known and not _is_plain(kind):
            raise SpecError(source, f"header, {name}", f"holds {str(kind)[:60]}", "numbers, dates or text")
    return schema, header


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_plain(kind: pa.DataType) -> bool:
    types = pa.types
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    return bool(number or _is_text(kind) or types.is_date(kind) or types.is_null(kind))


def _columns(source: str, file: pq.ParquetFile, wanted: list[str]) -> dict[str, pa.StringArray]:
    parts: dict[str, list[pa.StringArray]] = {name: [] for name in wanted}
    for batch in file.iter_batches(batch_size=_BATCH, columns=wanted):
        for name in wanted:
            parts[name].append(_as_text(source, name, batch.column(name)))
    return {name: pa.concat_arrays(found) for name, found in parts.items()}


def _as_text(source: str, name: str, values: pa.Array) -> pa.StringArray:
    if isinstance(values, pa.DictionaryArray):
        longest = pc.max(pc.utf8_length(values.dictionary)).as_py() or 0
        if longest > MAX_CELL:
            problem = f"holds a cell of {longest:,} characters"
            raise SpecError(source, f"column {name}", problem, f"at most {MAX_CELL} characters")
        values = values.dictionary_decode()
    if pa.types.is_floating(values.type):
        # Whole numbers with gaps are often stored as floating point: give them back as such.
        values = pa.array([_number(value) for value in values.to_pylist()], pa.string())
    return pc.utf8_trim_whitespace(pc.fill_null(pc.cast(values, pa.string()), ""))


def _number(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value:.0f}" if abs(value) < 1e15 and value.is_integer() else repr(value)
