"""Tables of a comparison: how sure its differences are, quantiles over runs, survival, roll rates, R."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from scipy import stats

from sim.experiments.paired import bootstrap_interval, holm, p_value, quantiles, runs_saved, share_won
from sim.experiments.statistics import CONFIDENCE, mean_interval, paired_difference, ratio_interval
from sim.experiments.tasks import RunRow
from sim.measures import MEASURES

if TYPE_CHECKING:
    from sim.experiments.comparison import Comparison

#: Quantiles over runs.
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def sureness(comparison: Comparison) -> pd.DataFrame:
    """How sure every effect is, a row for each world, measure and arm but the reference.

    Columns ``world``, ``measure``, ``arm``, ``n`` (pairs), ``difference`` with Student's ``low``, ``high``,
    ``bootstrap_low``, ``bootstrap_high`` (in the unit of the measure), ``p`` (of no difference), ``p_holm``
    (adjusted for all rows of the table), ``won``, ``won_low``, ``won_high`` (share of pairs; None where no
    direction is better), ``worth`` (independent runs that a paired one is worth). Rows where fewer than two
    pairs are defined are left out.
    """
    lines = []
    for world in comparison.worlds:
        for measure in comparison.measures:
            base = comparison.values(world, str(comparison.reference), measure)
            for arm in comparison.arms.names:
                if arm == comparison.reference or comparison.reference is None:
                    continue
                line = _line(comparison.values(world, arm, measure), base, measure)
                if line is not None:
                    lines.append({"world": world, "measure": measure, "arm": arm, **line})
    adjusted = holm([line["p"] for line in lines])
    for line, value in zip(lines, adjusted, strict=True):
        line["p_holm"] = value
    return pd.DataFrame(lines, columns=[*_KEYS, *_NUMBERS]).astype(dict.fromkeys(_NUMBERS, float))


_KEYS = ["world", "measure", "arm"]
_NUMBERS = ["n", "difference", "low", "high", "bootstrap_low", "bootstrap_high", "p", "p_holm", "won",
            "won_low", "won_high", "worth"]  # fmt: skip


def _line(
    changed: Sequence[float | None], base: Sequence[float | None], measure: str
) -> dict[str, Any] | None:
    pairs = [(a, b) for a, b in zip(changed, base, strict=True) if a is not None and b is not None]
    if len(pairs) < 2:
        return None
    new, old = [a for a, _ in pairs], [b for _, b in pairs]
    differences = [a - b for a, b in pairs]
    student = paired_difference(new, old)
    better = MEASURES[measure].better if measure in MEASURES else None
    won, boot = share_won(differences, better), bootstrap_interval(differences)
    return {
        "n": len(pairs),
        "difference": student.mean,
        "low": student.low,
        "high": student.high,
        "bootstrap_low": boot.low,
        "bootstrap_high": boot.high,
        "p": p_value(differences),
        "won": won.share,
        "won_low": won.low,
        "won_high": won.high,
        "worth": runs_saved(new, old),
    }


def run_quantiles(comparison: Comparison) -> pd.DataFrame:
    """Quantiles of every measure over runs.

    Columns ``world``, ``measure``, ``arm``, ``n`` (runs in which it is defined), ``q05``, ``q25``, ``q50``,
    ``q75``, ``q95``; None where there are too few runs for a quantile.
    """
    names = [f"q{100 * share:02.0f}" for share in SHARES]
    lines = []
    for world in comparison.worlds:
        for measure in comparison.measures:
            for arm in comparison.arms.names:
                known = [value for value in comparison.values(world, arm, measure) if value is not None]
                found = dict(zip(names, quantiles(known, SHARES), strict=True))
                lines.append({"world": world, "measure": measure, "arm": arm, "n": len(known), **found})
    return pd.DataFrame(lines).astype(dict.fromkeys(names, float))


def survival(runs: Sequence[RunRow]) -> pd.DataFrame:
    """Share of the common list's accounts that are not cured yet, by weeks since placement.

    Kaplan and Meier's estimate (Journal of the American Statistical Association 53, 1958) by
    :func:`scipy.stats.ecdf` over the accounts of all runs; accounts that are not cured when the run, or the
    year that is looked at, ends are censored there. Columns ``world``, ``arm``, ``stage``, ``weeks``,
    ``share``, ``low``, ``high``, ``accounts`` (at risk at the start). The band is Student's over runs, cut
    at 0 and 1, since accounts of one run share their economy; with one run it is Greenwood's.
    """
    groups: dict[tuple[str, str], list[RunRow]] = {}
    for row in runs:
        groups.setdefault((row["world"], row["arm"]), []).append(row)
    frames = []
    for (world, arm), rows in groups.items():
        tables = [pd.DataFrame(row["cures"]) for row in rows if row["cures"]]
        for stage in dict.fromkeys(name for table in tables for name in table["stage"]):
            parts = [table[table["stage"] == stage] for table in tables]
            frame = _stage_survival(parts)
            if frame is not None:
                frames.append(frame.assign(world=world, arm=arm, stage=stage))
    columns = ["world", "arm", "stage", "weeks", "share", "low", "high", "accounts"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _stage_survival(parts: Sequence[pd.DataFrame]) -> pd.DataFrame | None:
    """Survival of one stage from the cumulated cures of each run."""
    parts = [part for part in parts if len(part) > 1 and part["placed"].iloc[0] > 0]
    if not parts:
        return None
    weeks = parts[0]["weeks"].to_numpy(np.int64)
    cured = np.sum([np.diff(part["cured"].to_numpy(np.int64), prepend=0) for part in parts], axis=0)
    placed = int(sum(part["placed"].iloc[0] for part in parts))
    sample = stats.CensoredData(
        uncensored=np.repeat(weeks, cured), right=np.full(placed - int(cured.sum()), weeks[-1])
    )
    found: Any = stats.ecdf(sample).sf
    share = found.evaluate(weeks)
    if len(parts) > 1:
        single = [1 - part["cured"].to_numpy(float) / part["placed"].to_numpy(float) for part in parts]
        ends = [mean_interval(column.tolist()) for column in np.transpose(single)]
        low = np.clip([one.low if one.low is not None else math.nan for one in ends], 0, 1)
        high = np.clip([one.high if one.high is not None else math.nan for one in ends], 0, 1)
    else:
        with warnings.catch_warnings():  # where nobody, or everybody, is cured there is no band
            warnings.simplefilter("ignore", RuntimeWarning)
            band = found.confidence_interval(CONFIDENCE, method="log-log")
        low, high = cast(Any, band.low).evaluate(weeks), cast(Any, band.high).evaluate(weeks)
        low, high = np.where(share == 1, 1.0, low), np.where(share == 1, 1.0, high)
    return pd.DataFrame({"weeks": weeks, "share": share, "low": low, "high": high, "accounts": placed})


def pooled_roll_rates(runs: Sequence[RunRow]) -> pd.DataFrame:
    """Roll rates over all runs.

    Columns ``world``, ``arm``, ``from``, ``to``, ``accounts`` (a run) and ``share``: of the accounts that
    were in ``from`` at the beginning of a month; None where none was.
    """
    frames = [
        pd.DataFrame(row["roll_rates"]).assign(world=row["world"], arm=row["arm"], runs=1)
        for row in runs
        if row["roll_rates"]
    ]
    if not frames:
        return pd.DataFrame(columns=["world", "arm", "from", "to", "accounts", "share"])
    keys = ["world", "arm", "from", "to"]
    table = pd.concat(frames).groupby(keys, sort=False)[["accounts", "runs"]].sum().reset_index()
    start = table.groupby(["world", "arm", "from"], sort=False)["accounts"].transform("sum")
    table["share"] = (table["accounts"] / start).where(start > 0)
    table["accounts"] = table["accounts"] / table["runs"]
    return table.drop(columns="runs")


def reproduction_over_time(runs: Sequence[RunRow]) -> pd.DataFrame:
    """Reproduction number of firms' failures by the quarter of the causing failure.

    Columns ``world``, ``arm``, ``week`` (first of the quarter), ``cases`` (all runs), ``value``, ``low``,
    ``high``: offspring over cases, with the interval of a ratio over runs
    (:func:`sim.experiments.statistics.ratio_interval`); None without cases.
    """
    groups: dict[tuple[str, str, int], list[tuple[float, float]]] = {}
    for row in runs:
        table = row["reproduction"] or {"week": [], "cases": [], "offspring": []}
        for week, cases, caused in zip(table["week"], table["cases"], table["offspring"], strict=True):
            groups.setdefault((row["world"], row["arm"], int(week)), []).append((caused, cases))
    lines = []
    for (world, arm, week), pairs in groups.items():
        found = ratio_interval([caused for caused, _ in pairs], [cases for _, cases in pairs])
        lines.append(
            {"world": world, "arm": arm, "week": week, "cases": sum(cases for _, cases in pairs),
             "value": found.mean, "low": found.low, "high": found.high}
        )  # fmt: skip
    return pd.DataFrame(lines, columns=["world", "arm", "week", "cases", "value", "low", "high"])
