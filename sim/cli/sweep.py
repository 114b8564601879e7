"""``arrears sweep``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import options

if TYPE_CHECKING:
    from sim.experiments.sweeps import Sweep

DOCUMENT, TABLE, REPORT = "sweep.json", "sweep.csv", "report.html"


def sweep(
    name: options.SweepName,
    runs: Annotated[int | None, typer.Option("--runs", help="Paired runs at each point.")] = None,
    points: Annotated[int | None, typer.Option("--points", help="Points of a sample.")] = None,
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    out: options.Out = None,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Run all combinations of levers at many points of what is uncertain, and say what comes of it."""
    from sim.cli.experiments import many_starts
    from sim.cli.sweep_table import print_sweep
    from sim.cli.table import console
    from sim.experiments.sweeps import sweep as run_sweep

    with many_starts(workers, out, cluster) as means:
        result = run_sweep(name, runs=runs, points=points, cluster=cluster, **means)
    if json:
        typer.echo(result.to_json())
    else:
        print_sweep(result, lang.value, console())
    if out is not None:
        _write(result, out)
        print(f"Report: {out / REPORT}, every run: {out / TABLE}", file=sys.stderr)


def _write(result: Sweep, out: Path) -> None:
    """The document, the report, and a line for every run with its settings and outcomes."""
    from sim.experiments.export import csv_text
    from sim.report.files import write_text
    from sim.report.sweep import write_sweep_report

    write_text(out / DOCUMENT, result.to_json() + "\n")
    write_text(out / TABLE, csv_text(result.runs))
    write_sweep_report(result, out / REPORT, shlex.join(["arrears", *options.GIVEN.get()]))
