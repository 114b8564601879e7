"""Paired differences of the small tables of runs: week by week, by group and party, balance sheets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sim.core.columns import F64
from sim.experiments.statistics import mean_interval, paired_difference, t_quantile
from sim.experiments.tasks import RunRow

if TYPE_CHECKING:
    from sim.experiments.comparison import Comparison

#: Flows of money that collection and its rules move, by party; the sign is the party's: + it receives.
FLOWS: Final = {
    "borrowers": ("household_interest", "household_charge_offs", "settlements_forgiven", "family_support"),
    "lenders": (
        "household_interest", "household_charge_offs", "recoveries_after_charge_off", "collection_fees",
        "firm_interest", "lines_written_off",
    ),
    "collectors": ("collection_fees", "receivable_fees", "collection_costs", "fines"),
    "firms": ("receivable_fees", "trade_write_offs", "firm_interest"),
    "government": ("fines", "benefits", "taxes"),
}  # fmt: skip
#: Flows that use up work and goods; all others of :data:`FLOWS` pass money from one to another.
RESOURCE_FLOWS: Final = ("collection_costs",)
#: Columns of the table of hardship, and whether a group's figure is per borrower.
HARDSHIP: Final = {
    "received_late": ("transfer", "fen", True),
    "displaced_payments": ("transfer", "fen", True),
    "collection_cost": ("resource", "fen", True),
    "stress_mean": ("hardship", "0 to 1", False),
    "trust_mean": ("hardship", "0 to 1", False),
    "essentials_missed": ("hardship", "weeks", True),
    "attempts": ("hardship", "1", True),
    "over_180d": ("hardship", "share", True),
}
#: Columns of the table of sectors.
SECTORS: Final = {
    "failures": ("hardship", "1"),
    "overdue_receivables": ("transfer", "fen"),
    "overdue_payables": ("transfer", "fen"),
}
_GROUPINGS: Final = ("all", "age_group", "income")
_GAINS = ["world", "arm", "kind", "party", "by", "group", "item", "unit", "base", "mean", "difference", "low",
          "high", "n"]  # fmt: skip


def paired_runs(comparison: Comparison) -> Iterator[tuple[str, str, list[RunRow], list[RunRow]]]:
    """For every world and every arm but the reference: its runs and the reference's, in pairs."""
    runs: dict[tuple[str, str], dict[int, RunRow]] = {}
    for row in comparison.results:
        runs.setdefault((row["world"], row["arm"]), {})[row["index"]] = row
    if comparison.reference is None:
        return
    for world in comparison.worlds:
        base = runs.get((world, comparison.reference), {})
        for arm in comparison.arms.names:
            own = runs.get((world, arm), {})
            both = sorted(own.keys() & base.keys())
            if arm != comparison.reference and both:
                yield world, arm, [own[i] for i in both], [base[i] for i in both]


def weekly_differences(comparison: Comparison) -> pd.DataFrame:
    """Difference of every weekly figure from the reference, week by week, over pairs of runs.

    Columns ``world``, ``arm``, ``figure``, ``week``, ``difference``, ``low``, ``high`` in the figure's own
    unit; the interval is Student's for each week by itself, missing with fewer than two pairs.
    """
    columns = ["world", "arm", "figure", "week", "difference", "low", "high"]
    parts: dict[str, list[Any]] = {name: [] for name in columns}
    for world, arm, own, base in paired_runs(comparison):
        weeks = own[0]["series"]["week"]
        for name in own[0]["series"]:
            if name == "week":
                continue
            ends = _banded(_numbers(own, name) - _numbers(base, name))
            for column, values in zip(columns[4:], ends, strict=True):
                parts[column].extend(values.tolist())
            for column, value in zip(columns[:3], (world, arm, name), strict=True):
                parts[column].extend([value] * len(weeks))
            parts["week"].extend(weeks)
    return pd.DataFrame(parts, columns=columns)


def _numbers(rows: Sequence[RunRow], name: str) -> F64:
    """A weekly figure as runs x weeks, missing where undefined."""
    return np.array(
        [[math.nan if x is None else float(x) for x in row["series"].get(name, ())] for row in rows]
    )


def _banded(gaps: F64) -> tuple[F64, F64, F64]:
    """Mean over runs (rows) and the ends of its interval, by week."""
    count = np.isfinite(gaps).sum(axis=0)
    known = np.where(np.isfinite(gaps), gaps, 0.0)
    mean = np.where(count > 0, known.sum(axis=0) / np.maximum(count, 1), np.nan)
    squares = np.where(np.isfinite(gaps), (gaps - mean) ** 2, 0.0).sum(axis=0)
    width = np.array([t_quantile(int(n) - 1) if n > 1 else np.nan for n in count])
    half = width * np.sqrt(squares / np.maximum(count - 1, 1) / np.maximum(count, 1))
    return mean, mean - half, mean + half


def gains(comparison: Comparison) -> pd.DataFrame:
    """Who gains and loses against the reference: transfers, resource costs and hardship, never summed.

    A row for each world, arm, ``party`` (borrowers, lenders, collectors, firms, government) and ``item``:
    ``kind`` (transfer, resource, hardship), ``by`` and ``group`` (groups of borrowers, sectors of firms;
    ``all``), ``unit``, means ``base`` and ``mean``, paired ``difference`` with ``low`` and ``high`` over
    ``n`` pairs. Figures of borrowers are per borrower of the group over the whole run; flows are sums over
    the run in fen, positive where the party receives.
    """
    lines: list[tuple[Any, ...]] = []
    for world, arm, own, base in paired_runs(comparison):
        for key, unit, of in _items(own[0]):
            new, old = [of(row) for row in own], [of(row) for row in base]
            found, mean, before = paired_difference(new, old), mean_interval(new), mean_interval(old)
            lines.append((world, arm, *key, unit, before.mean, mean.mean, *found[:4]))
    numbers = ["base", "mean", "difference", "low", "high"]
    return pd.DataFrame(lines, columns=_GAINS).astype(dict.fromkeys(numbers, float))


Figure = Callable[[RunRow], float | None]


def _items(row: RunRow) -> Iterator[tuple[tuple[str, str, str, str, str], str, Figure]]:
    """(kind, party, by, group, item), unit, and how a run gives the figure."""
    table = row["hardship"]
    pairs = zip(table.get("by", ()), table.get("group", ()), strict=True)
    for place, (by, group) in enumerate(pairs):
        if by not in _GROUPINGS:
            continue
        for item, (kind, unit, each) in HARDSHIP.items():
            yield (kind, "borrowers", by, group, item), unit, _of_group(place, item, each)
    for party, flows in FLOWS.items():
        for item in flows:
            kind = "resource" if item in RESOURCE_FLOWS else "transfer"
            yield (kind, party, "all", "all", item), "fen", _of_flow(item, party)
    for item, (kind, unit) in SECTORS.items():
        yield (kind, "firms", "all", "all", item), unit, _of_sector(None, item)
        for sector in row["sectors"].get("sector", ()):
            yield (kind, "firms", "sector", sector, item), unit, _of_sector(sector, item)


def _of_group(place: int, item: str, each: bool) -> Figure:
    # groups of age and income stand at the same place in every run
    def of(row: RunRow) -> float | None:
        """The figure of the group in one run, None where nobody is in it."""
        value, people = row["hardship"][item][place], row["hardship"]["borrowers"][place]
        if value is None or (each and not people):
            return None
        return float(value) / (float(people) if each else 1.0)

    return of


def _of_flow(item: str, party: str) -> Figure:
    def of(row: RunRow) -> float | None:
        """The figure of the flow in one run, None where it has no such flow."""
        table = row["matrices"].get("flows", {})
        if item not in table.get("row", ()) or party not in table:
            return None
        return float(table[party][table["row"].index(item)])

    return of


def _of_sector(sector: str | None, item: str) -> Figure:
    def of(row: RunRow) -> float | None:
        """The figure of the sector in one run, None where it has no such sector."""
        table = row["sectors"]
        if sector is None:
            return float(sum(table[item])) if item in table else None
        known = table.get("sector", [])
        return float(table[item][known.index(sector)]) if sector in known and item in table else None

    return of


def balance_sheets(comparison: Comparison) -> pd.DataFrame:
    """The balance sheet at the end of every arm, mean over runs, and its difference from the reference.

    Columns ``world``, ``arm``, ``row`` (claim or debt), ``sector``, ``value`` (fen; each row but net worth
    sums to zero with its counterpart, each column sums to zero) and, for arms other than the reference,
    ``difference``, ``low``, ``high``.
    """
    differences = {(world, arm): (own, base) for world, arm, own, base in paired_runs(comparison)}
    lines = []
    for world in comparison.worlds:
        for arm in comparison.arms.names:
            rows = [row for row in comparison.results if (row["world"], row["arm"]) == (world, arm)]
            first = rows[0]["matrices"].get("balance_sheet", {}) if rows else {}
            for place, name in enumerate(first.get("row", ())):
                for sector in first:
                    if sector == "row":
                        continue
                    line: dict[str, Any] = {"world": world, "arm": arm, "row": name, "sector": sector}
                    line["value"] = math.fsum(_cells(rows, sector, place)) / len(rows)
                    if (world, arm) in differences:
                        own, base = differences[(world, arm)]
                        found = paired_difference(_cells(own, sector, place), _cells(base, sector, place))
                        line |= {"difference": found.mean, "low": found.low, "high": found.high}
                    lines.append(line)
    columns = ["world", "arm", "row", "sector", "value", "difference", "low", "high"]
    return pd.DataFrame(lines, columns=columns).astype(dict.fromkeys(columns[4:], float))


def _cells(rows: Iterable[RunRow], sector: str, place: int) -> list[float]:
    return [float(row["matrices"]["balance_sheet"][sector][place]) for row in rows]
