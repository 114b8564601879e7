"""The audit on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from calibration.audit import Audit
from calibration.beside_tables import beside_tables
from calibration.page import claimed, legend, mark, simulated
from calibration.verdict_words import needs, reason, verdict_name
from sim.cli.table import console
from sim.measures.reasons import reason_in
from sim.spec.labels import name_of, text

_STYLES = {"holds": "green", "fails": "red", "unclear": "yellow", "undefined": "dim"}


def print_audit(audit: Audit, document: Mapping[str, Any], lang: str) -> None:
    """Print a row for each claim, a column for each world, its verdict, and what stands beside rates.

    ``document``: of :func:`calibration.audit_document.audit_document`.
    """
    to = console()
    verdicts = {one["claim"]: one for one in document["verdicts"]}
    table = Table(
        title=Text(text("audit.title", lang)), title_justify="left", title_style="bold", pad_edge=False
    )
    table.add_column(text("audit.id", lang))
    table.add_column(text("audit.claim", lang), ratio=4, overflow="fold")
    table.add_column(text("audit.claimed", lang), ratio=2, overflow="fold")
    for world in audit.worlds:
        table.add_column(Text(name_of("world", world, lang)), ratio=3, overflow="fold")
    table.add_column(text("audit.verdict", lang), ratio=4, overflow="fold")
    for claim in dict.fromkeys(row.claim.id for row in audit.rows):
        rows = audit.of(claim)
        cells = []
        for row in rows:
            cell = Text(simulated(row)).append(
                f"\n{text(f'audit.{row.verdict}', lang)}{mark(row.claim, row.world)}", _STYLES[row.verdict]
            )
            cells.append(cell)
        first = rows[0].claim
        words = first.claim.zh if lang == "zh" else first.claim.en
        table.add_row(
            claim,
            Text(words),
            Text(claimed(first, lang)),
            *cells,
            Text(verdict_name(verdicts[claim], lang), "bold").append(
                f"\n{reason(verdicts[claim], lang)} {text('audit.needs', lang)}: {needs(claim, lang)}",
                "not bold",
            ),
        )
    to.print(table)
    to.print(Text(legend(audit, lang), style="dim"))
    _print_beside(to, document, lang)
    for row in audit.rows:
        if row.figure.mean is None:
            why = reason_in(row.figure.reason or "", lang)
            to.print(Text(f"— {row.claim.id}, {name_of('world', row.world, lang)}: {why}", "dim"))


def _print_beside(to: Console, document: Mapping[str, Any], lang: str) -> None:
    """Success by stage and horizon, accuracy beside the base rate, selection against effect."""
    for title, rows in beside_tables(document, lang):
        table = Table(title=Text(title), title_justify="left", title_style="bold", pad_edge=False)
        for head in rows[0]:
            table.add_column(head, overflow="fold")
        for row in rows[1:]:
            table.add_row(*row)
        to.print(table)
