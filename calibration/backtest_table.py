"""A backtest on screen, and its predictions as a file."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from calibration.backtest import BORROWERS, Backtest
from calibration.backtest_history import BUCKETS
from calibration.backtest_scores import REFERENCE
from sim.cli.table import console
from sim.spec.labels import name_of, text

_GROUPS = ("all", "late", "current")


def print_backtest(found: Backtest, lang: str) -> None:
    """Print scores of each horizon and group, the cure curve, and what was fitted on what."""
    to, said = console(), found.settings
    to.print(Text(text("backtest.title", lang), "bold"))
    to.print(Text(how(said, lang)))
    for month in found.months:
        to.print(
            Text(
                text("backtest.ahead", lang, ahead=month["ahead"], accounts=f"{month['accounts']:,}"), "bold"
            )
        )
        to.print(_scores(month, lang))
        if month["cure"]:
            to.print(_cures(month, lang))
    to.print(Text(text("backtest.note", lang), "dim"))


def how(said: dict[str, Any], lang: str) -> str:
    """One sentence: what was read, and what was predicted."""
    return text(
        "backtest.how", lang, file=said["file"], accounts=f"{said['accounts']:,}", read=said["months_read"],
        predicted=said["months_predicted"], folds=said["folds"], kinds=said["kinds"],
        world=name_of("world", said["world"], lang),
    )  # fmt: skip


def predictor(name: str, lang: str) -> str:
    """Name of a predictor."""
    return text(f"backtest.by_{name}", lang)


def percent(value: float | None, places: int = 1) -> str:
    """A share as signed per cent."""
    return "-" if value is None else f"{100 * value:+.{places}f}".replace("-", "−")


def gain(cell: dict[str, Any]) -> str:
    """A gain with its interval, per cent."""
    return f"{percent(cell['value'])} [{percent(cell['low'])}, {percent(cell['high'])}]"


def ratio(cell: dict[str, Any]) -> str:
    """Predicted over observed late accounts with its interval."""
    if cell["value"] is None:
        return "-"
    low, high = cell["low"], cell["high"]
    return f"{cell['value']:.2f}" + ("" if low is None else f" [{low:.2f}, {high:.2f}]")


def _scores(month: dict[str, Any], lang: str) -> Table:
    table = Table(pad_edge=False)
    for key in ("group", "predictor", "log", "log_gain", "brier", "brier_gain", "late_ratio"):
        table.add_column(text(f"backtest.{key}", lang), overflow="fold")
    for group in _GROUPS:
        rows = month["groups"].get(group, {})
        head = text(f"backtest.group_{group}", lang)
        for name, row in rows.items():
            plain = name == REFERENCE
            table.add_row(
                head, Text(predictor(name, lang), "bold" if name == BORROWERS else ""), f"{row['log']:.4f}",
                "" if plain else gain(row["log_gain"]), f"{row['brier']:.4f}",
                "" if plain else gain(row["brier_gain"]), ratio(row["late_ratio"]),
            )  # fmt: skip
            head = ""
        table.add_section()
    return table


def _cures(month: dict[str, Any], lang: str) -> Table:
    table = Table(title=text("backtest.cure", lang), title_justify="left", pad_edge=False)
    names = list(month["cure"][0]["predicted"])
    for key in ("months_late", "accounts", "observed"):
        table.add_column(text(f"backtest.{key}", lang))
    for name in names:
        table.add_column(predictor(name, lang))
    for row in month["cure"]:
        more = "+" if row["and_more"] else ""
        seen = f"{100 * row['observed']:.0f} % [{100 * row['low']:.0f}, {100 * row['high']:.0f}]"
        given = [f"{100 * row['predicted'][name]:.0f} %" for name in names]
        table.add_row(f"{row['months_late']}{more}", f"{row['accounts']:,}", seen, *given)
    return table


def predictions_csv(found: Backtest, name: str = BORROWERS) -> str:
    """Account, origin month, horizon and the chance of each bucket, for scorers from outside.

    ``origin_month`` counts the file's comparable months from 1, the oldest.
    """
    out = io.StringIO()
    heads = ",".join(f"p_bucket{bucket}" for bucket in range(BUCKETS))
    out.write(f"account_id,origin_month,horizon,{heads}\n")
    chances = found.chances[name]
    for row, account in enumerate(found.account_id):
        if not np.isfinite(chances[row, 0, 0]):
            continue
        shown = '"' + account.replace('"', '""') + '"' if set(account) & set(',"\n') else account
        for ahead in range(chances.shape[1]):
            given = ",".join(f"{p:.8f}" for p in chances[row, ahead])
            out.write(f"{shown},{found.origin + 1},{ahead + 1},{given}\n")
    return out.getvalue()
