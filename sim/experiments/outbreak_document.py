"""An outbreak in numbers: the headline, and the JSON document."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from sim.experiments.outbreak_losses import LOSSES, totals
from sim.experiments.statistics import Estimate, mean_interval

if TYPE_CHECKING:
    from sim.experiments.outbreak_result import Outbreak

#: Further failed firms that a document lists.
MOST_INFECTED = 100


class Headline(NamedTuple):
    """One headline figure: its name, unit, and mean over runs with interval."""

    name: str
    unit: str
    value: Estimate


def headline(outbreak: Outbreak) -> list[Headline]:
    """What the shock did, over all weeks, with the shock minus without it.

    ``shocked_firms`` (or those whose default is prevented); ``extra_failures`` and
    ``averted_failures``: firms that fail with, and only without, the shock; ``further_failures``: the
    former less the latter, the shocked firms left out;
    ``extra_borrowers``: borrowers over 90 days late with the shock only, less those without it only;
    ``jobs_lost``: further lay-offs of the run's borrowers; ``job_years``: employment of all firms
    missing, in full years; ``output_lost`` and ``write_offs`` (of trade debt), fen; ``overdue_added``:
    overdue trade debt at the end, fen; where firms are rescued from the shock, ``failures_averted``,
    ``layoffs_averted`` and ``output_saved``; ``R``: see
    :class:`sim.experiments.outbreak_result.Reproduction`.
    """
    runs = range(outbreak.runs)
    kinds = [
        {
            (side, kind): float((frame["kind"] == kind).sum())
            for side, frame in defaults._asdict().items()
            for kind in ("firm", "borrower")
        }
        for defaults in outbreak.defaults
    ]
    gaps = [twin.series for twin in outbreak.twins]
    counts = [result.counts for result in outbreak.results]
    level = {
        name: [counts[run]["shocked"][name] - counts[run]["base"][name] for run in runs]
        for name in ("jobs", "trade_overdue")
    }
    written = [gap["trade_written_off"].sum() + gap["bad_trade_debt"].sum() for gap in gaps]
    firms = [found["extra", "firm"] for found in kinds]
    spared = [found["averted", "firm"] for found in kinds]
    values: dict[str, tuple[str, list[float]]] = {
        "shocked_firms": ("firms", [float(len(rows)) for rows in outbreak.felled]),
        "extra_failures": ("firms", firms),
        "averted_failures": ("firms", spared),
        "further_failures": ("firms", [one - other for one, other in zip(firms, spared, strict=True)]),
        "extra_borrowers": (
            "borrowers",
            [found["extra", "borrower"] - found["averted", "borrower"] for found in kinds],
        ),
        "jobs_lost": ("jobs", [float(gap["laid_off"].sum()) for gap in gaps]),
        "job_years": ("job years", [-float(gap.sum()) / 52 for gap in level["jobs"]]),
        "output_lost": ("fen", [-float(gap["output"].sum()) for gap in gaps]),
        "write_offs": ("fen", [float(one) for one in written]),
        "overdue_added": ("fen", [float(gap.iloc[-1]) for gap in level["trade_overdue"]]),
    }
    lines = [Headline(name, unit, mean_interval(found)) for name, (unit, found) in values.items()]
    return [*lines, *_rescue(outbreak), Headline("R", "1", outbreak.reproduction.seeds)]


def _rescue(outbreak: Outbreak) -> list[Headline]:
    """What the rescue averts: the shock alone less the shock with the rescue."""
    if "rescued" not in outbreak.comparison.arms.names:
        return []
    pairs = [(totals(r.row("shocked")), totals(r.row("rescued"))) for r in outbreak.results]
    named = {
        "failures_averted": "failures",
        "layoffs_averted": "jobs_lost",
        "output_saved": "output_lost",
    }
    return [
        Headline(name, LOSSES[loss].unit, mean_interval([old[loss] - new[loss] for old, new in pairs]))
        for name, loss in named.items()
    ]


def document(outbreak: Outbreak) -> dict[str, object]:
    """An outbreak as plain data; the rows are those of a comparison, effects against ``base``.

    Money is in fen. Tables have a row each as a mapping by column; what is undefined is None.
    """
    tree, number = outbreak.tree, outbreak.reproduction
    return {
        **outbreak.comparison.document(),
        "hash": outbreak.hash,
        "world": outbreak.world,
        "shock": {
            "text": outbreak.shock,
            "week": outbreak.shock_week,
            "firms": [outbreak.names(result.shocked) for result in outbreak.results],
        },
        "rescued": outbreak.names(outbreak.rescue),
        "channels": list(outbreak.channels),
        "headline": [
            {"name": line.name, "unit": line.unit, **estimate(line.value)} for line in headline(outbreak)
        ],
        "reproduction": {
            "seeds": estimate(number.seeds),
            "complete": number.complete,
            "cohorts": records(number.cohorts),
            "generations": records(number.generations),
        },
        "losses_by_channel": None if outbreak.by_channel is None else records(outbreak.by_channel),
        "sectors": records(outbreak.sectors),
        "infected": records(outbreak.infected.head(MOST_INFECTED)),
        "tree": {
            "events": len(tree),
            "edges": len(tree.edges),
            "dropped": tree.dropped,
            "endogenous_share": tree.endogenous_share,
            "traced_share": tree.traced_share,
            "by_channel": {str(name): float(x) for name, x in tree.endogenous_by_channel.items()},
        },
    }


def estimate(value: Estimate) -> dict[str, object]:
    """An estimate as plain data."""
    return dict(value._asdict())


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Rows of a table as plain data: numbers that are not finite become None."""
    return [
        {str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict(orient="records")
    ]


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
