"""Asking the run table: DuckDB views over its Parquet files.

``runs`` has a row for each run with its measures; every other view has a row for each line of a
small table of a run (``series``: a week; ``events``: a default; ...) with the run's ``run_id``.
A run that is kept twice is shown once.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

import duckdb
import pandas as pd

from sim.core.errors import SpecError
from sim.experiments.parts import HEAD
from sim.experiments.run_table import PARTS, RunTable, retried

#: Views of the small tables of a run.
DETAILS = (
    "series", "events", "curves", "cures", "roll_rates", "reproduction", "sectors", "hardship", "failures",
    "cohorts", "funnel", "segments", "roll_history",
    "balance_sheet", "flows",
)  # fmt: skip
_ONCE = "QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY finished) = 1"


def view_texts(folder: str = PARTS) -> dict[str, str]:
    """The definitions of ``parts``, ``runs`` and the views of :data:`DETAILS`, over a folder of files."""
    place = folder.replace("'", "''")
    texts = {
        "parts": f"SELECT * FROM read_parquet('{place}/*.parquet', union_by_name = true) {_ONCE}",
        "runs": "SELECT COLUMNS('^[^.]*$') FROM parts",
    }
    for group in DETAILS:
        texts[group] = f"SELECT run_id, unnest(COLUMNS('^{group}\\.(.*)$')) AS \"\\1\" FROM parts"
    return {name: f"CREATE OR REPLACE VIEW {name} AS {text};" for name, text in texts.items()}


def connect(table: RunTable, details: Collection[str] = DETAILS) -> duckdb.DuckDBPyConnection:
    """A connection in memory with the views over a run table; close it after use.

    ``details``: which of :data:`DETAILS`; one that no run has anything for is left out. Damaged files are
    set aside.
    """
    connection = duckdb.connect()
    connection.execute("SET parquet_metadata_cache = true")  # else each view reads the heads of all files
    texts = view_texts(str(table.parts.resolve()))
    texts = {name: text for name, text in texts.items() if name in details or name not in DETAILS}
    if any(table.parts.glob("*.parquet")):
        try:
            connection.execute(texts["parts"])
        except duckdb.Error:
            _set_damaged_aside(table)
    if not any(table.parts.glob("*.parquet")):
        columns = ", ".join(f"NULL::{_SQL[str(kind)]} AS {name}" for name, kind in HEAD.items())
        texts["parts"] = f"CREATE OR REPLACE VIEW parts AS SELECT {columns} WHERE false"
    for name, text in texts.items():
        try:
            connection.execute(text)
        except duckdb.BinderException:
            if name not in DETAILS:
                raise
    return connection


def query(table: RunTable, sql: str, parameters: list[object] | None = None) -> pd.DataFrame:
    """The answer to a question in SQL. Raises :class:`SpecError` with DuckDB's words for a wrong one."""

    # each view costs as much as a simple question; a question that names none may be for all (SHOW TABLES)
    named: Collection[str] = [name for name in ("runs", "parts", *DETAILS) if name in sql.lower()] or DETAILS

    def ask() -> pd.DataFrame:
        """One try. Raises ``FileNotFoundError`` where a file of the table went away meanwhile."""
        try:
            with connect(table, named) as connection:
                answer = connection.sql(sql, params=parameters)
                if answer is None:
                    raise SpecError("SQL", "", "asks for nothing", "a SELECT")
                return cast(pd.DataFrame, cast(Any, answer).to_arrow_table().to_pandas())
        except duckdb.IOException as error:
            if "No such file" in str(error) or "No files found" in str(error):
                raise FileNotFoundError(str(error)) from error
            raise

    try:
        return retried(ask)
    except duckdb.Error as error:
        first = " ".join(str(error).split("\n\n")[0].split())
        raise SpecError("SQL", "", first, "a query on " + ", ".join(("runs", *DETAILS))) from None


_SQL = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "bool": "BOOLEAN",
    "double": "DOUBLE",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
}


def _set_damaged_aside(table: RunTable) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path in sorted(Path(table.parts).glob("*.parquet")):
        try:
            pq.read_metadata(path)
        except (pa.ArrowInvalid, OSError):
            table.set_aside(path)
