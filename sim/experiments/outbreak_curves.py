"""What a shock did: weekly curves, further defaults, generations, reproduction numbers, intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from sim.contagion.tree import InfectionTree
from sim.core.columns import F64, I64
from sim.experiments.firm_tree import FirmTree
from sim.experiments.outbreak_runs import COUNTS, StartResult, Tables
from sim.experiments.statistics import CONFIDENCE, mean_interval, paired_difference, ratio_interval

#: Weekly figures of a curve: counts at the end of the week, and sums of the week.
LEVELS = COUNTS
FLOWS = ("failures", "laid_off", "output", "charge_offs", "trade_written_off")
#: Running sums that a curve adds to its flows.
RUNNING = {"failures_so_far": "failures", "laid_off_so_far": "laid_off"}
#: Weeks of a cohort of the reproduction number, and weeks in which its children count (assumption: firms
#: live off cash and credit lines for a while, so half a year would miss most of those whom a failure hits).
COHORT_WEEKS, FOLLOW_UP_WEEKS = 4, 52
#: Firms in sum below which a generation is not counted.
LEAST_MASS = 1e-6


class Defaults(NamedTuple):
    """Who defaults in one of two runs only.

    Both have columns ``kind, agent, sector, week`` of an agent's first default in the run that has it,
    without the shocked firms; ``extra`` is in the shocked run only, ``averted`` in the other only.
    """

    extra: pd.DataFrame
    averted: pd.DataFrame


def curve(results: Sequence[StartResult], base: str, shocked: str) -> pd.DataFrame:
    """Weekly means over runs with and without the shock.

    Column ``week``, and for each figure NAME: ``NAME`` (shocked), ``NAME_base``, ``NAME_difference``
    with its 95 % interval ``NAME_low`` and ``NAME_high`` over paired runs (NaN for one run). Figures:
    ``healthy``, ``strained`` and ``failed`` firms, ``trade_overdue`` (fen) and ``jobs`` (employees of
    all firms) at the end of the week; ``failures``, ``laid_off`` (borrowers), ``output``,
    ``charge_offs`` and ``trade_written_off`` (fen) in the week; ``failures_so_far``, ``laid_off_so_far``.
    """
    new = [_weekly(result, shocked) for result in results]
    old = [_weekly(result, base) for result in results]
    columns: dict[str, object] = {"week": new[0]["week"].to_numpy()}
    for name in (*LEVELS, *FLOWS, *RUNNING):
        mine = np.stack([frame[name].to_numpy(np.float64) for frame in new])
        other = np.stack([frame[name].to_numpy(np.float64) for frame in old])
        gap = mine - other
        half = _half_width(gap)
        columns[name] = mine.mean(axis=0)
        columns[f"{name}_base"] = other.mean(axis=0)
        columns[f"{name}_difference"] = gap.mean(axis=0)
        columns[f"{name}_low"] = gap.mean(axis=0) - half
        columns[f"{name}_high"] = gap.mean(axis=0) + half
    return pd.DataFrame(columns)


def tree_of(tables: Tables, weeks: int) -> InfectionTree:
    """The infection tree of a run of so many weeks."""
    return InfectionTree(tables.events, tables.causes, tables.lender_losses, last_week=weeks - 1)


def seeds_of(tree: InfectionTree, firms: Sequence[int] | I64, week: int) -> I64:
    """Events of the shocked firms in the week of the shock."""
    events = tree.events
    hit = (events["kind"] == "firm") & (events["week"] == week) & events["agent"].isin(list(firms))
    return np.flatnonzero(hit.to_numpy()).astype(np.int64)


def compare_defaults(base: pd.DataFrame, shocked: pd.DataFrame, firms: Sequence[int] | I64) -> Defaults:
    """Who defaults only with the shock, and who only without it; ``firms`` are the shocked ones."""
    new, old = _first_defaults(shocked, firms), _first_defaults(base, firms)
    extra, averted = new.index.difference(old.index), old.index.difference(new.index)
    return Defaults(new.loc[extra].reset_index(), old.loc[averted].reset_index())


def generation_masses(tree: FirmTree, seeds: I64) -> tuple[pd.DataFrame, I64]:
    """Firms of each generation after the seeds, and the generation that each firm has most mass in.

    As :meth:`InfectionTree.generations` on the tree of firms, down to a mass of :data:`LEAST_MASS`;
    columns ``generation``, ``firms``, and ``borrowers``: defaults that lead back to firms of this
    generation through borrowers alone. The second has shape (F,), -1 for firms without mass (ties: the
    earlier generation). ``seeds`` are rows of the tree of firms.
    """
    hit = np.asarray(tree.carried.sum(axis=1)).reshape(-1)
    into = tree.tree.matrix.T.tocsr()
    mass: F64 = np.zeros(len(tree.tree))
    mass[seeds] = 1.0
    most, place = mass.copy(), np.where(mass > 0, 0, -1).astype(np.int64)
    lines = [(0, float(mass.sum()), float(mass @ hit))]
    while True:
        mass = into @ mass
        mass[seeds] = 0.0
        if mass.sum() < LEAST_MASS:
            return pd.DataFrame(lines, columns=["generation", "firms", "borrowers"]), place
        number = len(lines)
        larger = mass > most
        place[larger], most[larger] = number, mass[larger]
        lines.append((number, float(mass.sum()), float(mass @ hit)))


def generation_table(masses: Sequence[pd.DataFrame], places: Sequence[Mapping[int, int]]) -> pd.DataFrame:
    """Mean over runs of each generation after the shock.

    Columns ``generation``, ``firms`` (mass) with ``low`` and ``high``, ``borrowers`` (see
    :func:`generation_masses`), ``extra_failures`` (further failures whose largest mass is in that
    generation; generation -1: not traced to the shock), ``R`` (mass of the next generation over this
    one) with ``R_low``, ``R_high``. ``places`` count the extra failures of each run by generation.
    """
    runs, deepest = len(masses), max(len(frame) for frame in masses)
    padded = [frame.reindex(range(deepest), fill_value=0.0) for frame in masses]
    lines: list[dict[str, object]] = []
    for number in range(deepest):
        here = [float(frame["firms"].iloc[number]) for frame in padded]
        after = [float(f["firms"].iloc[number + 1]) if number + 1 < deepest else 0.0 for f in padded]
        firms, growth = mean_interval(here), ratio_interval(after, here)
        lines.append(
            {
                "generation": number,
                "firms": firms.mean,
                "low": firms.low,
                "high": firms.high,
                "borrowers": sum(float(frame["borrowers"].iloc[number]) for frame in padded) / runs,
                "extra_failures": sum(place.get(number, 0) for place in places) / runs,
                "R": growth.mean,
                "R_low": growth.low,
                "R_high": growth.high,
            }
        )
    untraced = sum(place.get(-1, 0) for place in places) / runs
    if untraced:
        lines.append({"generation": -1, "extra_failures": untraced})
    return pd.DataFrame(lines)


def cohort_table(trees: Sequence[FirmTree]) -> pd.DataFrame:
    """R of firms by week of failure, over runs: columns ``week, events, R, low, high, complete``.

    R is all children over all parents of the runs. Its interval is over runs; of a single run, that of
    :meth:`InfectionTree.reproduction`.
    """
    tables = [tree.tree.reproduction(COHORT_WEEKS, FOLLOW_UP_WEEKS, CONFIDENCE) for tree in trees]
    if len(tables) == 1:
        return tables[0]
    weeks = sorted({int(week) for table in tables for week in table["week"]})
    lines = []
    for week in weeks:
        found = [table[table["week"] == week] for table in tables]
        events = [float(frame["events"].sum()) for frame in found]
        children = [float((frame["R"] * frame["events"]).fillna(0.0).sum()) for frame in found]
        number = ratio_interval(children, events)
        complete = all(bool(frame["complete"].all()) for frame in found)
        lines.append((week, sum(events) / len(tables), number.mean, number.low, number.high, complete))
    frame = pd.DataFrame(lines, columns=["week", "events", "R", "low", "high", "complete"])
    return frame.astype(dict.fromkeys(("events", "R", "low", "high"), float))


def sector_table(
    results: Sequence[StartResult], felled: Sequence[I64], base: str, shocked: str
) -> pd.DataFrame:
    """Firm failures by sector, mean over runs; ``felled`` are the firms that the shock fells, by run.

    Columns ``sector, firms, shocked_firms``, ``failures`` and ``failures_base`` (all weeks),
    ``difference`` without the shocked firms, with ``low`` and ``high``.
    """
    lines = []
    for number, sector in enumerate(results[0].market.sectors):
        hit = [
            float((r.market.sector[rows] == number).sum()) for r, rows in zip(results, felled, strict=True)
        ]
        new = [float(r.row(shocked)["failures"].get(sector, 0)) for r in results]
        old = [float(r.row(base)["failures"].get(sector, 0)) for r in results]
        extra = paired_difference([n - f for n, f in zip(new, hit, strict=True)], old)
        size = float(np.mean([(r.market.sector == number).sum() for r in results]))
        means = (float(np.mean(hit)), float(np.mean(new)), float(np.mean(old)))
        lines.append((sector, size, *means, extra.mean, extra.low, extra.high))
    names = ["sector", "firms", "shocked_firms", "failures", "failures_base", "difference", "low", "high"]
    frame = pd.DataFrame(lines, columns=names)
    return frame.astype(dict.fromkeys(names[1:], float))


def _weekly(result: StartResult, branch: str) -> pd.DataFrame:
    frame = pd.DataFrame(result.row(branch)["series"])[["week", *FLOWS]]
    frame = frame.merge(result.counts[branch], on="week", validate="one_to_one")
    for name, flow in RUNNING.items():
        frame[name] = frame[flow].cumsum()
    return frame


def _half_width(gap: F64) -> F64:
    """Half of Student's interval of the mean over the first axis; NaN for one run."""
    runs = gap.shape[0]
    if runs < 2:
        return np.full(gap.shape[1], np.nan)
    quantile = float(stdtrit(runs - 1, 0.5 + CONFIDENCE / 2))
    half: F64 = quantile * gap.std(axis=0, ddof=1) / math.sqrt(runs)
    return half


def _first_defaults(events: pd.DataFrame, without: Sequence[int] | I64) -> pd.DataFrame:
    seeds = (events["kind"] == "firm") & events["agent"].isin(list(without))
    first = events.loc[(events["week"] >= 0) & ~seeds, ["kind", "agent", "sector", "week"]]
    return first.drop_duplicates(["kind", "agent"]).set_index(["kind", "agent"]).sort_index()
