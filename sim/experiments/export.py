"""Tables of runs as files for other programs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sim.core.errors import SpecError, unknown_name
from sim.core.files import replacing
from sim.experiments.run_table import RunTable
from sim.experiments.run_views import DETAILS, query
from sim.experiments.upkeep import find_experiment

#: First characters that make a spreadsheet take a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(
    table: RunTable, what: str, form: str, experiment: str | None = None, to: Path | None = None
) -> str | None:
    """A view of the run table as ``csv``, ``parquet`` or ``json`` (a line for each row).

    ``experiment``: beginning of a hash, None: all runs. In CSV, a text that a spreadsheet would take for a
    formula is preceded by an apostrophe. Returns the text where no file is given. Raises
    :class:`SpecError` for an unknown view or experiment and when the file cannot be written.
    """
    if what not in ("runs", *DETAILS):
        raise SpecError("--what", "", *unknown_name(what, ("runs", *DETAILS), "table of runs"))
    where = ""
    if experiment is not None:
        where = f" WHERE starts_with(run_id, '{find_experiment(table, experiment)[:16]}')"
    frame = query(table, f'SELECT * FROM "{what}"{where} ORDER BY run_id')
    if to is None:
        return _text(frame, form)
    try:
        with replacing(to) as stream:
            if form == "parquet":
                frame.to_parquet(stream, index=False)
            else:
                stream.write(_text(frame, form).encode("utf-8-sig" if form == "csv" else "utf-8"))
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise SpecError(str(to), "", problem, "a place with room and the right to write") from error
    return None


def csv_text(frame: pd.DataFrame) -> str:
    """A frame as CSV in which no text is a formula."""
    return frame.map(_safe).to_csv(index=False, lineterminator="\n")


def _text(frame: pd.DataFrame, form: str) -> str:
    if form == "csv":
        return csv_text(frame)
    return frame.to_json(orient="records", lines=True, force_ascii=False, date_format="iso")


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
