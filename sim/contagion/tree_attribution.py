"""From tables of defaults, their causes and lenders' losses to shares of parents in events.

Credit that a lender no longer gives has no single debtor behind it. The share that came through a
lender is divided over the defaults that hurt this lender before, pro rata to its losses, each weighed by
how recent it is: fully in its own week, then falling in a straight line to nothing ``memory_weeks``
later (form and length are assumptions).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sim.core.columns import F64, I64
from sim.core.errors import SpecError

#: The channel of shares that nobody else caused.
OWN = "own"

#: How far the shares of an event may be from one (rounding of sums).
TOLERANCE = 1e-6

_KINDS = ("none", "firm", "borrower", "lender")


class Attribution(NamedTuple):
    """Who caused what.

    ``shares`` has one row for each event, parent and channel: ``parent`` (-1: no known default),
    ``child``, ``channel``, ``share``; shares of a child sum to one. ``dropped`` counts causes whose
    parent did not come before its child and was therefore set to -1.
    """

    shares: pd.DataFrame
    dropped: int


def whole_numbers(frame: pd.DataFrame, column: str, source: str) -> I64:
    """A column as int64. Raises :class:`SpecError` when it is missing or holds anything else."""
    if column not in frame:
        raise SpecError(source, column, "is missing", f"a table with a column {column!r}")
    numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers == np.floor(numbers))))
    if len(wrong):
        problem = f"is {frame[column].iloc[wrong[0]]!r}"
        raise SpecError(source, f"row {wrong[0]}, {column}", problem, "a whole number")
    return frame[column].to_numpy(dtype=np.int64)


def in_range(values: I64, column: str, source: str, low: int, high: int) -> I64:
    """The values, if all are from ``low`` to ``high``; else :class:`SpecError`."""
    wrong = np.flatnonzero((values < low) | (values > high))
    if len(wrong):
        where = f"row {wrong[0]}, {column}"
        raise SpecError(source, where, f"is {values[wrong[0]]}", f"a whole number from {low} to {high}")
    return values


def sums(cells: ArrayLike, weights: ArrayLike, count: int) -> F64:
    """Shape (count,): sums of the weights by the cell, 0 to count - 1, that each belongs to."""
    return np.bincount(np.asarray(cells), np.asarray(weights), count).astype(np.float64)


def attribute(
    week: I64, causes: pd.DataFrame, lender_losses: pd.DataFrame | None, memory_weeks: int
) -> Attribution:
    """Shares of parents in events, with those that came through lenders resolved.

    Parameters
    ----------
    week:
        Shape (E,): weeks of the events, in order.
    causes:
        Columns ``event``, ``channel``, ``kind``, ``agent``, ``parent``, ``share``.
    lender_losses:
        Columns ``week``, ``lender``, ``event`` (-1: unknown), ``loss``; None: shares stay with lenders.
    memory_weeks:
        From this age on a lender's loss no longer counts.

    Raises
    ------
    SpecError
        If a table is malformed or the shares of an event do not sum to one.
    """
    rows = _checked_causes(causes, len(week))
    late = rows["parent"] >= rows["child"]
    rows.loc[late, "parent"] = -1
    through_lender = ((rows["kind"] == "lender") & (rows["parent"] < 0) & ~late).to_numpy()
    if lender_losses is not None and through_lender.any():
        losses = _checked_losses(lender_losses, len(week))
        resolved = _resolve(rows[through_lender], losses, week, memory_weeks)
        rows = pd.concat([rows[~through_lender], resolved], ignore_index=True)
    keys = ["child", "parent", "channel"]
    shares = rows.groupby(keys, sort=True)["share"].sum().reset_index()
    return Attribution(shares[["parent", "child", "channel", "share"]], int(late.sum()))


def _checked_causes(causes: pd.DataFrame, events: int) -> pd.DataFrame:
    source = "causes"
    child = in_range(whole_numbers(causes, "event", source), "event", source, 0, events - 1)
    parent = in_range(whole_numbers(causes, "parent", source), "parent", source, -1, events - 1)
    for column in ("channel", "kind", "share"):
        if column not in causes:
            raise SpecError(source, column, "is missing", f"a table with a column {column!r}")
    share = pd.to_numeric(causes["share"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~((share >= 0) & (share <= 1 + TOLERANCE)))
    if len(wrong):
        problem = f"is {causes['share'].iloc[wrong[0]]!r}"
        raise SpecError(source, f"row {wrong[0]}, share", problem, "a number from 0 to 1")
    kind = causes["kind"].to_numpy(dtype=object)
    unknown = np.flatnonzero(~np.isin(kind.astype(str), _KINDS))
    if len(unknown):
        raise SpecError(source, f"row {unknown[0]}, kind", f"is {kind[unknown[0]]!r}", ", ".join(_KINDS))
    channel = causes["channel"].to_numpy(dtype=object)
    caused = np.flatnonzero((channel == OWN) & ((kind != "none") | (parent >= 0)))
    if len(caused):
        raise SpecError(source, f"row {caused[0]}", "is an own share with a cause", "kind none and parent -1")
    total = sums(child, share, events)
    odd = np.flatnonzero(np.abs(total - 1.0) > TOLERANCE)
    if len(odd):
        problem = f"has shares that sum to {total[odd[0]]:.9g}"
        raise SpecError(source, f"event {odd[0]}", problem, "shares that sum to one")
    lender = whole_numbers(causes, "agent", source)
    return pd.DataFrame(
        {"child": child, "parent": parent, "channel": channel, "share": share, "kind": kind, "lender": lender}
    )


def _checked_losses(losses: pd.DataFrame, events: int) -> pd.DataFrame:
    source = "lender_losses"
    found = {name: whole_numbers(losses, name, source) for name in ("week", "lender", "event", "loss")}
    in_range(found["event"], "event", source, -1, events - 1)
    in_range(found["loss"], "loss", source, 0, np.iinfo(np.int64).max)
    keys = ["lender", "week", "event"]
    return pd.DataFrame(found).groupby(keys, sort=True)["loss"].sum().reset_index()


def _resolve(rows: pd.DataFrame, losses: pd.DataFrame, week: I64, memory_weeks: int) -> pd.DataFrame:
    """Rows through a lender, divided over the events behind that lender's losses.

    A loss counts if it was booked in the weeks of memory and its default, where known, comes before the
    child. A lender without such a loss keeps the share (parent -1).
    """
    parts = []
    for lender, mine in rows.groupby("lender", sort=True):
        lost = losses[losses["lender"] == lender]
        parts.append(_resolve_one(mine, lost, week, memory_weeks))
    return pd.concat(parts, ignore_index=True)


def _resolve_one(rows: pd.DataFrame, lost: pd.DataFrame, week: I64, memory_weeks: int) -> pd.DataFrame:
    booked, debtor = lost["week"].to_numpy(), lost["event"].to_numpy()
    amount = lost["loss"].to_numpy(dtype=np.float64)
    child, share = rows["child"].to_numpy(), rows["share"].to_numpy()
    first = np.searchsorted(booked, week[child] - memory_weeks, side="right")
    counts = np.searchsorted(booked, week[child], side="right") - first
    row = np.repeat(np.arange(len(child)), counts)
    loss = np.arange(counts.sum()) + np.repeat(first - np.cumsum(counts) + counts, counts)
    weight = amount[loss] * (1.0 - (week[child[row]] - booked[loss]) / memory_weeks)
    weight[debtor[loss] >= child[row]] = 0.0
    used = weight > 0
    row, loss, weight = row[used], loss[used], weight[used]
    total = sums(row, weight, len(child))
    kept = np.flatnonzero(total == 0)
    return pd.DataFrame(
        {
            "child": np.concatenate([child[row], child[kept]]),
            "parent": np.concatenate([debtor[loss], np.full(len(kept), -1)]),
            "channel": np.concatenate([rows["channel"].to_numpy()[row], rows["channel"].to_numpy()[kept]]),
            "share": np.concatenate([share[row] * (weight / total[row]), share[kept]]),
        }
    )
