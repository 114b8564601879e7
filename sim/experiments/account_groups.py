"""Accounts of all runs in groups: cohorts, funnel, months of roll rates, segments better left alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.experiments.arms import LEFT_ALONE
from sim.experiments.differences import paired_runs
from sim.experiments.statistics import mean_interval
from sim.experiments.tasks import RunRow

if TYPE_CHECKING:
    from sim.experiments.comparison import Comparison


def _tables(runs: Sequence[RunRow], name: str) -> Iterator[pd.DataFrame]:
    for row in runs:
        table = row["groups"].get(name)
        if table and next(iter(table.values())):
            yield pd.DataFrame(table).assign(world=row["world"], arm=row["arm"], run=row["index"])


def _summed(runs: Sequence[RunRow], name: str, keys: list[str], values: list[str]) -> pd.DataFrame:
    """Sums over runs by world, arm and keys."""
    frames = list(_tables(runs, name))
    if not frames:
        return pd.DataFrame(columns=["world", "arm", *keys, *values])
    grouped = pd.concat(frames).groupby(["world", "arm", *keys], sort=False)[values]
    return grouped.sum().reset_index()


def pooled_cohorts(runs: Sequence[RunRow]) -> pd.DataFrame:
    """Liquidation by cohort of placement over all runs (:func:`sim.measures.groups.cohorts`).

    Columns ``world``, ``arm``, ``cohort``, ``stage`` (and ``all``), ``weeks``, ``accounts``, ``placed``,
    ``recovered`` (sums over runs, fen), ``share`` recovered.
    """
    values = ["accounts", "placed", "recovered"]
    table = _summed(runs, "cohorts", ["cohort", "stage", "weeks"], values)
    whole = table.groupby(["world", "arm", "cohort", "weeks"], sort=False)[values].sum().reset_index()
    table = pd.concat([table, whole.assign(stage="all")], ignore_index=True)
    table["share"] = (table["recovered"] / table["placed"]).where(table["placed"] > 0)
    return table


def pooled_funnel(runs: Sequence[RunRow]) -> pd.DataFrame:
    """Steps of the funnel over all runs (:func:`sim.measures.groups.funnel_steps`).

    Columns ``world``, ``arm``, ``stage`` (and ``all``), ``step``, ``accounts`` (sum over runs), ``share`` of
    the accounts placed.
    """
    table = _summed(runs, "funnel", ["stage", "step"], ["accounts"])
    whole = table.groupby(["world", "arm", "step"], sort=False)["accounts"].sum().reset_index()
    table = pd.concat([table, whole.assign(stage="all")], ignore_index=True)
    placed = table[table["step"] == "placed"].set_index(["world", "arm", "stage"])["accounts"]
    keys = pd.MultiIndex.from_frame(table[["world", "arm", "stage"]])
    whole_group = placed.reindex(keys).to_numpy(float)
    table["share"] = (table["accounts"] / whole_group).where(whole_group > 0)
    return table


def roll_history(runs: Sequence[RunRow]) -> pd.DataFrame:
    """Roll rates month by month over all runs.

    Columns ``world``, ``arm``, ``week`` (the month's last), ``from``, ``to``, ``accounts`` (sum over runs)
    and ``share`` of the accounts that were in ``from``.
    """
    table = _summed(runs, "roll_history", ["week", "from", "to"], ["accounts"])
    start = table.groupby(["world", "arm", "week", "from"], sort=False)["accounts"].transform("sum")
    table["share"] = (table["accounts"] / start).where(start > 0)
    return table


def spared(comparison: Comparison) -> pd.DataFrame:
    """What work on each segment of the common list gained, net of its cost, against leaving it alone.

    Columns ``world``, ``arm``, ``stage``, ``size``, ``accounts`` (a run), and in fen an account: ``more``
    paid within a year than in the run that leaves everybody alone, ``cost`` of the work, and ``net``, more
    less cost, with ``low`` and ``high`` over pairs of runs. A segment whose ``high`` is below zero is better
    left alone from its creditor's view; what a payment costs its payer is not in it. Empty where the
    reference of the comparison does not leave everybody alone.
    """
    columns = ["world", "arm", "stage", "size", "accounts", "more", "cost", "net", "low", "high"]
    base = next((arm for arm in comparison.arms.all if arm.name == comparison.reference), None)
    if base is None or base.strategy != LEFT_ALONE:
        return pd.DataFrame(columns=columns)
    lines: list[dict[str, Any]] = []
    for world, arm, own, alone in paired_runs(comparison):
        new, old = list(_tables(own, "segments")), list(_tables(alone, "segments"))
        if len(new) != len(own) or len(old) != len(alone):
            continue
        for place, (stage, size) in enumerate(new[0][["stage", "size"]].itertuples(index=False)):
            pairs = [(a.iloc[place], b.iloc[place]) for a, b in zip(new, old, strict=True)]
            pairs = [(a, b) for a, b in pairs if a["accounts"] > 0]
            if not pairs:
                continue
            more = [float(a["paid"] - b["paid"]) / float(a["accounts"]) for a, b in pairs]
            cost = [float(a["cost"]) / float(a["accounts"]) for a, _ in pairs]
            net = mean_interval([gain - spent for gain, spent in zip(more, cost, strict=True)])
            lines.append(
                {
                    "world": world, "arm": arm, "stage": stage, "size": size,
                    "accounts": sum(float(a["accounts"]) for a, _ in pairs) / len(own),
                    "more": sum(more) / len(more), "cost": sum(cost) / len(cost),
                    "net": net.mean, "low": net.low, "high": net.high,
                }
            )  # fmt: skip
    return pd.DataFrame(lines, columns=columns).astype(dict.fromkeys(columns[4:], float))
