"""Effects of uncertain numbers, and boxes of them, on screen and as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

from rich.table import Table
from rich.text import Text

from calibration.discovery import Discovery
from calibration.sensitivity import Sensitivity
from sim.cli.table import console
from sim.measures import MEASURES
from sim.spec.labels import text

SCHEMA = 1
#: Fields shown of each outcome.
_SHOWN = 8


def sensitivity_json(found: Sensitivity) -> str:
    """The table as one JSON document; None where an effect is undefined."""
    rows = [{str(key): _plain(value) for key, value in row.items()} for row in found.table.to_dict("records")]
    document = {"schema": SCHEMA, "method": found.method, "hash": found.sweep.plan.hash, "rows": rows}
    return json.dumps(document, allow_nan=False, ensure_ascii=False)


def print_sensitivity(found: Sensitivity, lang: str) -> None:
    """Print the strongest fields of each outcome."""
    to, sobol = console(), found.method == "sobol"
    to.print(Text(text("sensitivity.title", lang, method=found.method.capitalize()), "bold"))
    table = Table(pad_edge=False)
    last = "own" if sobol else "spread_morris"
    for key in ("world", "arm", "outcome", "field", f"effect_{found.method}", last):
        table.add_column(text(f"sensitivity.{key}", lang), overflow="fold")
    for (world, arm, outcome), here in found.table.groupby(["world", "arm", "outcome"], sort=False):
        label = MEASURES[str(outcome)].label
        heads = [str(world), str(arm), label.zh if lang == "zh" else label.en]
        for row in here.head(_SHOWN).to_dict("records"):
            effect = _figure(row["effect"], row["low"], row["high"])
            own = _short(row["own" if sobol else "spread"])
            table.add_row(*heads, str(row["field"]).removeprefix("world."), effect, own)
            heads = ["", "", ""]
        table.add_section()
    to.print(table)
    to.print(Text(text(f"sensitivity.note_{found.method}", lang), "dim"))


def print_discovery(found: list[Discovery], lang: str) -> None:
    """Print the box of each world: its bounds, how much of what is asked it holds, and how purely."""
    to = console()
    for one in found:
        label = MEASURES[one.outcome].label
        words = label.zh if lang == "zh" else label.en
        arms = one.arm if one.against is None else f"{one.arm} − {one.against}"
        share = f"{one.interesting} / {one.points}"
        to.print(Text(f"{one.world}: {words}, {arms} {one.asked} ({share})", "bold"))
        if one.box is None:
            to.print(Text(text("discover.none" if one.interesting == 0 else "discover.all", lang)))
            continue
        said = {"coverage": one.box.coverage, "density": one.box.density, "mass": one.box.mass}
        shares = {key: f"{100 * value:.0f}" for key, value in said.items()}
        to.print(Text(text("discover.box", lang, **shares)))
        table = Table(pad_edge=False)
        for key in ("field", "low", "high", "chance"):
            table.add_column(text(f"discover.{key}", lang), overflow="fold")
        for row in one.table().to_dict("records"):
            name = str(row["field"]).removeprefix("world.")
            table.add_row(name, _short(row["low"]), _short(row["high"]), f"{row['chance']:.2g}")
        to.print(table)


def _figure(mean: Any, low: Any, high: Any) -> str:
    return "—" if _plain(mean) is None else f"{mean:.3g} [{low:.2g}, {high:.2g}]"


def _short(value: Any) -> str:
    return "—" if _plain(value) is None else f"{value:.3g}"


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
