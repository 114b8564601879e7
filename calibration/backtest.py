"""Backtest: predict the months of accounts that the fit has not seen, and hold it against the industry's
own method."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from calibration.backtest_borrowers import fit_borrowers, predict_borrowers
from calibration.backtest_history import History, folds_of, history_of
from calibration.backtest_kinds import KINDS, PEOPLE, Kinds, kinds_of
from calibration.backtest_rivals import RIVALS, floored
from calibration.backtest_scores import by_bucket, calibration_curve, cure_curve, scores
from sim.core.columns import F64, I64
from sim.core.errors import SpecError
from sim.spec.loader import load_world
from sim.spec.portfolio import Portfolio, read_portfolio
from sim.spec.portfolio_mapping import load_mapping

SCHEMA = 1
BORROWERS = "borrowers"
MOST_MONTHS = 12
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Backtest:
    """Predictions and scores.

    ``history`` holds the months up to the last one predicted; ``origin`` is the column that is the last one
    read; ``chances`` [A, months, buckets] by predictor, NaN where nothing could be predicted; ``scored``
    [A, months] marks accounts whose status at the origin and in the month is known; ``months`` has the
    scores of each horizon.
    """

    source: str
    account_id: tuple[str, ...]
    history: History
    origin: int
    fold: I64
    chances: dict[str, F64]
    months: tuple[dict[str, Any], ...]
    settings: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """All scores and curves as plain data; no account is in it."""
        return {"schema": SCHEMA, **self.settings, "months": list(self.months)}

    def to_json(self) -> str:
        """:meth:`document` as one JSON document."""
        return json.dumps(self.document(), ensure_ascii=False, allow_nan=False)


def backtest(
    portfolio: str | Path | Portfolio,
    mapping: str | Path | None = None,
    *,
    months: int = 1,
    left_out: int | None = None,
    folds: int = 2,
    world: str = "evidence",
    seed: int = 1,
    kinds: int = KINDS,
    people: int = PEOPLE,
    rivals: tuple[str, ...] = tuple(RIVALS),
    progress: Progress | None = None,
) -> Backtest:
    """Fit on some accounts and the months up to an origin, predict the months after it for the others, and
    score.

    Parameters
    ----------
    portfolio, mapping:
        As for :func:`sim.spec.portfolio.read_portfolio`.
    months:
        Months predicted: the origin is so many months before the newest comparable one.
    left_out:
        Newest months that do not compare with the older ones; None: what the mapping says.
    folds:
        Groups of borrowers; each is predicted by a fit on the others.
    world:
        World whose household numbers hold where a kind has none of its own.
    seed:
        Of the groups, the kinds' luck and the bootstrap.
    kinds, people:
        Kinds of borrowers, and how many of each live.
    rivals:
        Which of :data:`calibration.backtest_rivals.RIVALS` to fit; ``chain`` is always among them.

    Raises
    ------
    SpecError
        For a file without enough months of history, too few accounts, or settings out of range.
    """
    _check(months, folds, rivals)
    if left_out is None:
        left_out = 0 if mapping is None else load_mapping(mapping).newest_months_apart
    read = portfolio if isinstance(portfolio, Portfolio) else read_portfolio(portfolio, mapping)
    history = history_of(read, left_out)
    origin = history.length - 1 - months
    if origin < 1:
        problem = f"{months} months cannot be predicted from {history.length} comparable months"
        raise SpecError(read.source, "months", problem, f"1 to {history.length - 2}")
    fold = folds_of(history, folds, seed)
    lived = kinds_of(load_world(world), kinds, people, seed)
    names = (BORROWERS, *dict.fromkeys(("chain", *rivals)))
    chances = _predicted(history.until(origin), fold, lived, names, months, progress)
    settings = {
        "file": Path(read.source).name, "accounts": history.accounts, "months_read": origin + 1,
        "months_predicted": months, "newest_left_out": left_out, "folds": folds, "world": world, "seed": seed,
        "kinds": kinds, "people": people, "predictors": list(chances),
    }  # fmt: skip
    rows = tuple(_scored(history, origin, ahead, chances, seed) for ahead in range(1, months + 1))
    return Backtest(read.source, read.account_id, history, origin, fold, chances, rows, settings)


def _check(months: int, folds: int, rivals: tuple[str, ...]) -> None:
    if not 1 <= months <= MOST_MONTHS:
        raise SpecError("--months", "", f"{months} is out of range", f"1 to {MOST_MONTHS}")
    if not 2 <= folds <= 20:
        raise SpecError("--folds", "", f"{folds} is out of range", "2 to 20")
    for name in rivals:
        if name not in RIVALS:
            raise SpecError("rivals", "", f"{name!r} is unknown", ", ".join(RIVALS))


def _predicted(
    read: History, fold: I64, kinds: Kinds, names: tuple[str, ...], months: int, progress: Progress | None
) -> dict[str, F64]:
    """Chances by predictor; only months up to the origin are within reach here."""
    folds, known = int(fold.max()) + 1, read.bucket[:, -1] >= 0
    chances: dict[str, F64] = {}
    done = 0
    for name in names:
        here = np.full((read.accounts, months, 4), np.nan)
        for group in range(folds):
            fit = read.of(np.flatnonzero(fold != group))
            rows = np.flatnonzero((fold == group) & known)
            ahead = read.of(rows)
            if name == BORROWERS:
                found: F64 | None = predict_borrowers(kinds, fit_borrowers(kinds, fit), ahead, months)
            else:
                found = RIVALS[name](fit, ahead, months)
            done += 1
            if progress is not None:
                progress(done, folds * len(names))
            if found is None:
                break
            here[rows] = floored(found)
        else:
            chances[name] = here
    return chances


def _scored(history: History, origin: int, ahead: int, chances: dict[str, F64], seed: int) -> dict[str, Any]:
    """Scores and curves of one horizon."""
    start, seen = history.bucket[:, origin], history.bucket[:, origin + ahead].astype(np.int64)
    rows = np.flatnonzero((start >= 0) & (seen >= 0))
    given = {name: found[rows, ahead - 1] for name, found in chances.items()}
    start, seen, borrower = start[rows], seen[rows], history.borrower[rows]
    groups = {"all": start >= 0, "late": start > 0, "current": start == 0}
    groups |= {f"bucket{bucket}": start == bucket for bucket in (1, 2, 3)}
    return {
        "ahead": ahead,
        "accounts": len(rows),
        "groups": {
            name: scores(given, seen, group, borrower, seed) for name, group in groups.items() if group.any()
        },
        "buckets": by_bucket(given, seen),
        "calibration": {
            name: calibration_curve(given, seen, groups[name])
            for name in ("all", "late")
            if groups[name].any()
        },
        "cure": cure_curve(given, seen, history.of(rows).until(origin)),
    }
