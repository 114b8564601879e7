"""What a calibration found, as plain data, on screen, and as a world."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from calibration.calibrate import NOT_IDENTIFIED, Calibrated
from calibration.coverage import PASSES
from calibration.targets import INSIDE, Measured
from sim.cli.table import console
from sim.core.columns import F64
from sim.experiments.statistics import mean_interval
from sim.spec.base import Quantity
from sim.spec.labels import text
from sim.spec.loader import load_world
from sim.spec.world import World

SCHEMA = 1
_WORLD = "world."


def document(found: Calibrated) -> dict[str, Any]:
    """Targets with checks, parameters with intervals, coverage: finite numbers, None where undefined."""
    reached = np.nanquantile(found.points.figures, (0.05, 0.95), axis=0)
    emulated = found.emulator.figures(found.best)[0]
    return {
        "schema": SCHEMA,
        "calibration": found.spec.model_dump(mode="json", exclude_unset=True),
        "points": len(found.points.shares), "tried": len(found.tried.shares),
        "check_runs": 0 if found.check is None else len(found.check.best),
        "in_last_box": len(found.points.within(found.box).shares),
        "targets": [
            {
                "id": target.id, "label": target.label.model_dump(), "unit": target.unit,
                "value": target.value, "tolerance": target.tolerance, "source": target.source,
                "reached_low": _plain(reached[0, column]), "reached_high": _plain(reached[1, column]),
                "expected": _plain(emulated[column]), "skill": _plain(found.emulator.skill[column]),
                **_check(found, column, target),
            }
            for column, target in enumerate(found.spec.measured)
        ],
        "parameters": [
            {
                "field": name, "value": value, "median": found.intervals[name][0],
                "low": found.intervals[name][1], "high": found.intervals[name][2],
                "prior_low": found.spec.parameters[name].low, "prior_high": found.spec.parameters[name].high,
                "share_of": found.spec.parameters[name].of,
                "place": float(place), "place_low": float(ends[0]), "place_high": float(ends[1]),
                "sd_over_prior": found.learnt[name], "identified": found.learnt[name] < NOT_IDENTIFIED,
            }
            for (name, value), place, ends in zip(
                found.settings.items(), found.best, found.posterior.quantiles((0.05, 0.95)), strict=True
            )
        ],
        "trade_offs": [
            {
                "target": one.target, "chosen": _plain(one.chosen), "pressed": _plain(one.pressed),
                "met": one.met,
                "given_up": [
                    {"target": name, "chosen": was, "pressed": then}
                    for name, (was, then) in one.given_up.items()
                ],
            }
            for one in found.trade_offs
        ],
        "ties": [{"fields": [one, other], "correlation": r} for one, other, r in found.ties],
        "coverage": {
            "interval": INSIDE, "share": found.coverage.all, "passed": found.coverage.passed,
            "allowed": list(PASSES), "truths": found.coverage.truths,
            "by_parameter": {
                name: float(share)
                for name, share in zip(found.coverage.parameters, found.coverage.share, strict=True)
            },
        },
    }  # fmt: skip


def to_json(found: Calibrated) -> str:
    """:func:`document` as one JSON text."""
    return json.dumps(document(found), allow_nan=False, ensure_ascii=False, indent=1)


def calibrated_world(found: Calibrated) -> World:
    """The world with the point to ship: source ``fitted``, and the 90 % interval of each parameter.

    Where the point lies outside its own interval, as it may when targets pull apart, the interval is
    widened to hold it.
    """
    data = load_world(found.spec.world).model_dump(mode="json")
    for field, value in found.settings.items():
        if not field.startswith(_WORLD):
            continue
        *path, last = field.removeprefix(_WORLD).split(".")
        node = data
        for part in path:
            node = node[part]
        _, low, high = found.intervals[field]
        node[last] = fitted(Quantity.model_validate(node[last]), value, low, high).model_dump(mode="json")
    return World.model_validate(data)


def fitted(old: Quantity, value: float, low: float, high: float) -> Quantity:
    """A number with a fitted value and its interval, rounded to four significant digits."""
    ends = min(low, value), max(high, value)
    return old.model_copy(
        update={
            "value": rounded(value), "low": rounded(ends[0]), "high": rounded(ends[1]),
            "source": "fitted", "note": None,
        }
    )  # fmt: skip


def rounded(value: float, digits: int = 4) -> float:
    """A number with so many significant digits."""
    return 0.0 if value == 0 else round(value, digits - 1 - math.floor(math.log10(abs(value))))


def print_calibrated(found: Calibrated, lang: str) -> None:
    """Targets, parameters and coverage as tables on screen."""
    to, data = console(), document(found)
    label = found.spec.label.zh if lang == "zh" else found.spec.label.en
    to.print(Text(f"{label} — {data['points']} {text('calibrate.points', lang)}", "bold"))
    table = Table(pad_edge=False)
    for head in ("id", "target", "value", "simulated", "draws", "reached"):
        table.add_column(text(f"calibrate.{head}", lang), overflow="fold")
    for row in data["targets"]:
        words = row["label"]["zh" if lang == "zh" else "en"]
        simulated = row["best"] if row["best"] is not None else row["expected"]
        style = {True: "green", False: "red", None: ""}[row["met"]]
        table.add_row(
            row["id"], Text(words), f"{row['value']:.3g} ± {row['tolerance']:.2g}",
            Text(_figure(simulated, row["best_low"], row["best_high"]), style),
            _figure(row["draws"], row["draws_low"], row["draws_high"]),
            f"{_short(row['reached_low'])} … {_short(row['reached_high'])}",
        )  # fmt: skip
    to.print(table)
    table = Table(pad_edge=False)
    for head in ("parameter", "shipped", "interval", "prior", "learnt"):
        table.add_column(text(f"calibrate.{head}", lang), overflow="fold")
    for row in data["parameters"]:
        table.add_row(
            row["field"].removeprefix(_WORLD), _short(row["value"]),
            f"{_short(row['low'])} … {_short(row['high'])}",
            f"{_short(row['prior_low'])} … {_short(row['prior_high'])}",
            Text(f"{row['sd_over_prior']:.2f}", "" if row["identified"] else "dim"),
        )  # fmt: skip
    to.print(table)
    covered = data["coverage"]
    said = text("calibrate.coverage", lang, share=f"{100 * covered['share']:.1f}", truths=covered["truths"])
    to.print(Text(said, "dim"))
    for tie in data["ties"]:
        names = " / ".join(name.removeprefix(_WORLD) for name in tie["fields"])
        to.print(Text(f"{text('calibrate.tied', lang)}: {names} ({tie['correlation']:+.2f})", "dim"))


def _check(found: Calibrated, column: int, target: Measured) -> dict[str, Any]:
    """Means over fresh runs of the shipped point and of draws, and whether the former meets the target."""
    empty = dict.fromkeys(("best", "best_low", "best_high", "draws", "draws_low", "draws_high", "met"))
    if found.check is None:
        return empty
    best, draws = (_mean(part[:, column]) for part in (found.check.best, found.check.draws))
    mean = best[0]
    met = None if mean is None else abs(mean - target.value) <= target.tolerance
    keys = ("best", "best_low", "best_high", "draws", "draws_low", "draws_high")
    return {**dict(zip(keys, (*best, *draws), strict=True)), "met": met}


def _mean(values: F64) -> tuple[float | None, float | None, float | None]:
    known: list[float | None] = [float(value) for value in values if np.isfinite(value)]
    found = mean_interval(known, [""] * len(known))
    return found.mean, found.low, found.high


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _short(value: float | None) -> str:
    return "—" if value is None else f"{value:.3g}"


def _figure(mean: float | None, low: float | None, high: float | None) -> str:
    spread = "" if low is None or high is None else f" [{low:.3g}, {high:.3g}]"
    return f"{_short(mean)}{spread}"
