"""Tables over runs: mean weekly series, pooled liquidation curves, failures by sector."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pandas as pd

from sim.experiments.tasks import RunRow


def mean_series(runs: Iterable[RunRow]) -> pd.DataFrame:
    """Mean over runs of each weekly figure.

    Columns ``world``, ``arm``, ``week`` and one for each figure, in its own unit; a week counts only
    the runs in which the figure is defined.
    """
    return _grouped(runs, _mean_by_week)


def pooled_curves(runs: Iterable[RunRow]) -> pd.DataFrame:
    """Liquidation curves over all runs.

    Columns ``world``, ``arm``, ``stage`` (at placement), ``weeks`` (since placement), ``placed`` and
    ``recovered`` (fen, mean over runs) and ``share`` (all that was recovered / all that was placed).
    """
    return _grouped(runs, _pool_curves)


def mean_failures(runs: Iterable[RunRow]) -> pd.DataFrame:
    """Failed firms a run by sector: columns ``world``, ``arm``, ``sector``, ``failures``."""
    return _grouped(runs, _mean_by_sector)


def _grouped(runs: Iterable[RunRow], summary: Callable[[list[RunRow]], pd.DataFrame]) -> pd.DataFrame:
    frames = []
    for world, arm, rows in _by_arm(runs):
        frame = summary(rows)
        frame.insert(0, "arm", arm)
        frame.insert(0, "world", world)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _by_arm(runs: Iterable[RunRow]) -> Iterator[tuple[str, str, list[RunRow]]]:
    groups: dict[tuple[str, str], list[RunRow]] = {}
    for row in runs:
        groups.setdefault((row["world"], row["arm"]), []).append(row)
    for (world, arm), rows in groups.items():
        yield world, arm, rows


def _mean_by_week(rows: list[RunRow]) -> pd.DataFrame:
    frame = pd.concat([pd.DataFrame(row["series"]) for row in rows], ignore_index=True)
    if "week" not in frame:
        return frame.iloc[:0]
    numbers = [name for name in frame if name != "week" and frame[name].map(_is_number).all()]
    return (
        frame[["week", *numbers]].astype(dict.fromkeys(numbers, float)).groupby("week").mean().reset_index()
    )


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | float)


def _pool_curves(rows: list[RunRow]) -> pd.DataFrame:
    frame = pd.concat([pd.DataFrame(row["curves"]) for row in rows], ignore_index=True)
    if frame.empty:
        return pd.DataFrame(columns=["stage", "weeks", "placed", "recovered", "share"])
    pooled = frame.groupby(["stage", "weeks"], sort=False)[["placed", "recovered"]].sum().astype(float)
    pooled["share"] = (pooled["recovered"] / pooled["placed"]).where(pooled["placed"] > 0)
    pooled[["placed", "recovered"]] /= len(rows)
    return pooled.reset_index()


def _mean_by_sector(rows: list[RunRow]) -> pd.DataFrame:
    counts: dict[str, int] = {}
    for row in rows:
        for sector, count in row["failures"].items():
            counts[sector] = counts.get(sector, 0) + count
    sectors = sorted(counts)
    return pd.DataFrame({"sector": sectors, "failures": [counts[name] / len(rows) for name in sectors]})
