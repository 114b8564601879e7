"""The audit on screen."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from calibration.audit import Audit
from calibration.page import BY_CONSTRUCTION, claimed, legend, simulated
from sim.cli.table import console
from sim.spec.labels import name_of, text

_STYLES = {"holds": "green", "fails": "red", "unclear": "yellow", "undefined": "dim"}


def print_audit(audit: Audit, lang: str) -> None:
    """Print a row for each claim, a column for each world."""
    to = console()
    table = Table(
        title=Text(text("audit.title", lang)), title_justify="left", title_style="bold", pad_edge=False
    )
    table.add_column(text("audit.id", lang))
    table.add_column(text("audit.claim", lang), ratio=4, overflow="fold")
    table.add_column(text("audit.claimed", lang), ratio=2, overflow="fold")
    for world in audit.worlds:
        table.add_column(Text(name_of("world", world, lang)), ratio=3, overflow="fold")
    for claim in dict.fromkeys(row.claim.id for row in audit.rows):
        rows = audit.of(claim)
        cells = []
        for row in rows:
            cell = Text(simulated(row)).append(
                f"\n{text(f'audit.{row.verdict}', lang)}", _STYLES[row.verdict]
            )
            cells.append(cell)
        first = rows[0].claim
        words = first.claim.zh if lang == "zh" else first.claim.en
        table.add_row(
            claim + (BY_CONSTRUCTION if first.by_construction else ""),
            Text(words),
            Text(claimed(first, lang)),
            *cells,
        )
    to.print(table)
    to.print(Text(legend(audit, lang), style="dim"))
    for row in audit.rows:
        if row.figure.mean is None:
            to.print(
                Text(f"— {row.claim.id}, {name_of('world', row.world, lang)}: {row.figure.reason}", "dim")
            )
