"""Rows of runs as Arrow tables: what a file of the run table holds, and how it is read back.

A table has a row for each run. Its first columns say which run it is (:data:`HEAD`), then comes a
column for each measure under the measure's id, null where undefined, then columns of lists, named
``group.column``, which hold the weekly series, the events and the other small tables of the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_numeric_dtype

from sim.experiments.tasks import Columns, RunRow

#: Version of the layout, kept in every file.
SCHEMA = 1
#: Columns that say which run a row is, with their types.
HEAD: Mapping[str, pa.DataType] = {
    "run_id": pa.string(),
    "kind": pa.string(),
    "experiment": pa.string(),
    "scenario": pa.string(),
    "scenario_hash": pa.string(),
    "world": pa.string(),
    "point": pa.int64(),
    "run": pa.int64(),
    "arm": pa.string(),
    "strategy": pa.string(),
    "seed": pa.int64(),
    "weeks": pa.int64(),
    "own_start": pa.bool_(),
    "settings": pa.string(),
    "digest": pa.string(),
    "seconds": pa.float64(),
    "start_seconds": pa.float64(),
    "finished": pa.timestamp("us", "UTC"),
    "version": pa.string(),
    "program": pa.string(),
    "python": pa.string(),
    "mesa": pa.string(),
    "numpy": pa.string(),
    "numba": pa.string(),
    "machine": pa.string(),
    "reasons": pa.string(),
}
#: Small tables of a run that its row holds as columns of lists, with the key of the row.
GROUPS = ("series", "curves", "cures", "roll_rates", "reproduction", "sectors", "hardship")
#: Small tables that a row holds together under ``groups``.
ACCOUNTS = ("cohorts", "funnel", "segments", "roll_history")
#: Exact tables: sums in fen.
MATRICES = ("balance_sheet", "flows")
_TEXTS = frozenset(("stage", "sector", "by", "group", "row", "kind", "from", "to", "arm", "step", "size"))
_COUNTS = frozenset(("week", "weeks", "agent", "main_cause_agent", "count"))

Stamp = Mapping[str, object]


def pack(
    rows: Sequence[RunRow], events: Mapping[str, pd.DataFrame], stamp: Stamp, finished: datetime
) -> pa.Table:
    """The runs of one start as a table.

    Parameters
    ----------
    rows:
        A row for each arm.
    events:
        Defaults of firms and borrowers by arm.
    stamp:
        Values of :data:`HEAD` that are the same for all rows, and ``scenario_hashes`` by arm.
    finished:
        When, with a time zone.
    """
    hashes = cast("Mapping[str, str]", stamp["scenario_hashes"])
    short = str(stamp["experiment"])[:16]
    heads = [
        {
            **stamp,
            "run_id": f"{short}/{row['world']}/{row['point']}/{row['index']}/{row['arm']}",
            "scenario_hash": hashes[row["arm"]],
            "run": row["index"],
            "settings": json.dumps(row["settings"], sort_keys=True),
            "reasons": json.dumps(row["reasons"]),
            "finished": finished,
            **{name: row.get(name) for name in _FROM_ROWS},
        }
        for row in rows
    ]
    columns = {name: pa.array([head[name] for head in heads], kind) for name, kind in HEAD.items()}
    for measure in rows[0]["measures"]:
        columns[measure] = pa.array([row["measures"].get(measure) for row in rows], pa.float64())
    for group in GROUPS:
        columns |= _lists(group, [cast("Columns", row.get(group) or {}) for row in rows])
    for group in ACCOUNTS:
        columns |= _lists(group, [row["groups"].get(group, {}) for row in rows])
    for group in MATRICES:
        columns |= _lists(group, [row["matrices"].get(group, {}) for row in rows], exact=True)
    failures = [{"sector": list(row["failures"]), "count": list(row["failures"].values())} for row in rows]
    columns |= _lists("failures", cast("list[Columns]", failures))
    columns |= _lists("events", [_plain(events.get(row["arm"], pd.DataFrame())) for row in rows])
    return pa.table(columns).replace_schema_metadata({"arrears_schema": str(SCHEMA)})


_FROM_ROWS = ("world", "point", "arm", "strategy", "seed", "weeks", "own_start", "digest", "seconds",
              "start_seconds")  # fmt: skip


def to_bytes(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file, for one start: quickly, without dictionaries and statistics.

    Hundreds of columns with few values each: zstd would take twice the time to begin each of them, on the
    way out and in again, and save 2 % of the bytes.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, compression="lz4", use_dictionary=False, write_statistics=False, store_schema=False
    )
    return cast(bytes, sink.getvalue().to_pybytes())


def unpack(table: pa.Table, order: Mapping[str, int]) -> list[RunRow]:
    """Rows of runs from a table, events left out; arms in the order of ``order``, others left out.

    Whole numbers of the small tables come back as such; figures that were whole in the run may come
    back as floating-point numbers of the same value.
    """
    names = [name for name in table.column_names if not name.startswith("events.")]
    rows = [_row(entry) for entry in table.select(names).to_pylist()]
    known = [row for row in rows if row["arm"] in order]
    return sorted(known, key=lambda row: (row["world"], row["point"], row["index"], order[row["arm"]]))


def _row(entry: dict[str, Any]) -> RunRow:
    groups: dict[str, Columns] = {}
    measures: dict[str, float | None] = {}
    for name, value in entry.items():
        if name in HEAD:
            continue
        group, _, column = name.partition(".")
        if not column:
            measures[name] = value
        elif value is not None:
            groups.setdefault(group, {})[column] = value
    failures = groups.get("failures", {"sector": [], "count": []})
    return RunRow(
        world=entry["world"],
        point=entry["point"],
        index=entry["run"],
        arm=entry["arm"],
        strategy=entry["strategy"],
        seed=entry["seed"],
        weeks=entry["weeks"],
        own_start=entry["own_start"],
        settings=json.loads(entry["settings"]),
        digest=entry["digest"],
        seconds=entry["seconds"],
        start_seconds=entry["start_seconds"],
        measures=measures,
        reasons=json.loads(entry["reasons"]),
        series=groups.get("series", {}),
        curves=groups.get("curves", {}),
        cures=groups.get("cures", {}),
        roll_rates=groups.get("roll_rates", {}),
        reproduction=groups.get("reproduction", {}),
        sectors=groups.get("sectors", {}),
        hardship=groups.get("hardship", {}),
        groups={name: groups[name] for name in ACCOUNTS if name in groups},
        matrices={name: groups[name] for name in MATRICES if name in groups},
        failures=dict(zip(failures["sector"], failures["count"], strict=True)),
    )


def _lists(group: str, tables: Sequence[Mapping[str, Any]], exact: bool = False) -> dict[str, pa.Array]:
    """A column of lists for each column that any of the tables has."""
    names: Iterable[str] = dict.fromkeys(name for table in tables for name in table)
    return {
        f"{group}.{name}": pa.array(
            [table.get(name) for table in tables],
            pa.list_(_type(name, exact, chain.from_iterable(table.get(name, ())[:1] for table in tables))),
            from_pandas=True,
        )
        for name in names
    }


def _plain(frame: pd.DataFrame) -> dict[str, Any]:
    """Columns of a frame, numbers as arrays and texts as lists."""
    return {
        str(name): column.to_numpy() if is_numeric_dtype(column) else list(map(str, column.tolist()))
        for name, column in frame.items()
    }


def _type(name: str, exact: bool, values: Iterable[Any]) -> pa.DataType:
    if name in _TEXTS or any(isinstance(value, str) for value in values):
        return pa.string()
    return pa.int64() if exact or name in _COUNTS else pa.float64()
