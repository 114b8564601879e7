"""``arrears audit``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli import options
from sim.cli.options import read_settings, split_names
from sim.cli.progress import progress

DOCUMENT = "audit.json"


def mount(app: typer.Typer) -> None:
    """Add the commands of this room to the application."""
    app.command()(audit)


def audit(
    claims: Annotated[list[str] | None, typer.Argument(help="Claims such as S01; none: all.")] = None,
    worlds: Annotated[
        str, typer.Option("--worlds", "--world", help="Worlds, joined by commas.")
    ] = "evidence,report",
    runs: Annotated[int, typer.Option("--runs", min=1, help="Paired runs in each world.")] = 6,
    seed: options.Seed = None,
    workers: options.Workers = None,
    settings: options.Settings = None,
    out: options.Out = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Markdown file whose table is brought up to date.")
    ] = None,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Measure the claims of the industry report in each world, with intervals."""
    from calibration.audit import audit as run_audit
    from calibration.page import write_page
    from calibration.screen import print_audit
    from sim.report.files import write_text

    with progress("groups of runs") as show:
        found = run_audit(
            tuple(claims or ()),
            worlds=split_names(worlds, "--worlds"),
            runs=runs,
            seed=seed,
            changes=read_settings(settings),
            workers=workers,
            out=out,
            progress=show,
        )
    if json:
        typer.echo(found.to_json())
    else:
        print_audit(found, lang.value)
    if out is not None:
        write_text(out / DOCUMENT, found.to_json() + "\n")
        print(f"Audit: {out / DOCUMENT}", file=sys.stderr)
    if page is not None:
        write_page(found, page, lang.value)
