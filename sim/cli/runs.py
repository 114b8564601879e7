"""``arrears runs``: what a run table holds, out of it, and keeping it small; ``arrears report``."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sim.cli import options
from sim.cli.inspection import print_frame
from sim.core.errors import SpecError

app = typer.Typer(help="Runs that --out has kept: list, show, query, export, compact, prune.")

Folder = Annotated[Path, typer.Argument(help="Folder that --out was given.")]
Experiment = Annotated[
    str | None,
    typer.Option("--experiment", metavar="HASH", help="Beginning of its hash; none: the only one."),
]


class Format(StrEnum):
    """Formats of exported tables."""

    csv = "csv"
    parquet = "parquet"
    json = "json"


@app.command("list")
def list_runs(folder: Folder = Path("out"), json: options.Json = False) -> None:
    """List the experiments of a run table: how many runs, of what, by which version."""
    from sim.experiments.inventory import inventory
    from sim.experiments.run_table import RunTable

    print_frame(inventory(RunTable(folder)), json)


@app.command()
def show(
    folder: Folder = Path("out"),
    experiment: Experiment = None,
    lang: options.Lang = options.Language.en,
    everything: options.Everything = False,
    json: options.Json = False,
) -> None:
    """Print the table of a comparison as far as it has come, from its runs, without running anything."""
    from sim.cli.table import console, print_comparison
    from sim.experiments.run_table import RunTable
    from sim.experiments.stored import stored_comparison
    from sim.report.content import gather

    stored = stored_comparison(RunTable(folder), experiment)
    if json:
        typer.echo(stored.comparison.to_json())
    else:
        print_comparison(gather(stored.comparison, worlds=stored.worlds), lang.value, console(), everything)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="Such as 'SELECT arm, avg(fines) FROM runs GROUP BY arm'.")],
    folder: Annotated[Path, typer.Option("--in", help="Folder that --out was given.")] = Path("out"),
    json: options.Json = False,
) -> None:
    """Ask the runs in SQL; the views are runs, series, events, curves, cures, sectors and more."""
    from sim.experiments.run_table import RunTable
    from sim.experiments.run_views import query as ask

    print_frame(ask(RunTable(folder), sql), json)


@app.command()
def export(
    folder: Folder = Path("out"),
    what: Annotated[str, typer.Option("--what", help="runs, series, events, or another view.")] = "runs",
    to: Annotated[Path | None, typer.Option("--to", help="File; none: standard output.")] = None,
    format: Annotated[Format, typer.Option("--format", help="csv, parquet or json.")] = Format.csv,  # noqa: A002
    experiment: Experiment = None,
) -> None:
    """Write a table of the runs as CSV, Parquet or JSON lines; texts that look like formulas are quoted."""
    from sim.experiments.export import export as write
    from sim.experiments.run_table import RunTable

    if to is None and format is Format.parquet:
        raise SpecError("--to", "", "is missing", "a file, since Parquet is no text")
    content = write(RunTable(folder), what, format.value, experiment, to)
    if content is not None:
        sys.stdout.write(content)
    else:
        print(f"{what} are in {to}", file=sys.stderr)


@app.command()
def compact(folder: Folder = Path("out")) -> None:
    """Merge the many small files of a run table into a few large ones, which are read faster."""
    from sim.experiments.run_table import RunTable
    from sim.experiments.upkeep import compact as merge

    done = merge(RunTable(folder))
    abandoned = f", {done.removed} abandoned files removed" if done.removed else ""
    print(f"{done.before} files are {done.after} now{abandoned}", file=sys.stderr)


@app.command()
def prune(
    folder: Folder = Path("out"),
    experiment: Annotated[
        list[str] | None,
        typer.Option("--experiment", metavar="HASH", help="Beginning of a hash."),
    ] = None,
    other_versions: Annotated[
        bool, typer.Option("--other-versions", help="Runs of other versions of the program.")
    ] = False,
    older_than: Annotated[
        float | None, typer.Option("--older-than", metavar="DAYS", help="No run finished since.", min=0)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; without, only say which.")] = False,
) -> None:
    """Remove experiments with their runs; without --yes only say which."""
    from sim.experiments.inventory import inventory
    from sim.experiments.run_table import RunTable
    from sim.experiments.upkeep import prunable
    from sim.experiments.upkeep import prune as remove

    if not (experiment or other_versions or older_than is not None):
        raise SpecError("prune", "", "has no condition", "--experiment, --other-versions, --older-than")
    table = RunTable(folder)
    chosen = prunable(table, experiment, other_versions, older_than)
    listed = inventory(table)
    print_frame(listed[listed["experiment"].isin([name[:8] for name in chosen])], False)
    if yes:
        print(f"{remove(table, chosen)} files removed", file=sys.stderr)
    elif chosen:
        print("nothing is removed yet: add --yes", file=sys.stderr)


def report(
    folder: Folder = Path("out"),
    experiment: Experiment = None,
    worlds: Annotated[str | None, typer.Option("--worlds", help="Only these, joined by commas.")] = None,
    arms: Annotated[str | None, typer.Option("--arms", help="Only these, joined by commas.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="File; none: report.html in the folder.")] = None,
) -> None:
    """Write the HTML report of any comparison or sweep that is kept, without running anything."""
    from sim.experiments.run_table import RunTable
    from sim.experiments.stored import stored_comparison
    from sim.experiments.sweeps import stored_sweep
    from sim.experiments.upkeep import find_experiment
    from sim.report.html import write_report
    from sim.report.sweep import write_sweep_report

    table, target = RunTable(folder), to or folder / "report.html"
    name = find_experiment(table, experiment)
    if table.experiments()[name].get("kind") == "sweep":
        path = write_sweep_report(stored_sweep(table, name), target)
    else:
        only = options.split_names(worlds, "--worlds"), options.split_names(arms, "--arms")
        stored = stored_comparison(table, name, *only)
        path = write_report(stored.comparison, target, worlds=stored.worlds)
    print(f"Report: {path}", file=sys.stderr)
