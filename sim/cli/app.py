"""The commands, mounted into one application."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import experiments, inspection, lesson, outbreak, runs, selection, snapshots, sweep

app = typer.Typer(
    name="arrears",
    help="Debt collection and its consequences, simulated: households, firms, lenders, collectors.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from sim.report.content import version_text

        typer.echo(f"arrears {version_text()}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Debt collection and its consequences, simulated: households, firms, lenders, collectors."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command()(experiments.run)
app.command()(experiments.compare)
app.command()(outbreak.outbreak)
app.command()(sweep.sweep)
app.command()(selection.selection)
app.command()(lesson.lesson)
app.command()(snapshots.snapshot)
app.command()(snapshots.fork)
app.add_typer(runs.app, name="runs")
app.command()(runs.report)
app.command()(inspection.scenarios)
app.command()(inspection.check)
app.command()(inspection.explain)
app.command()(inspection.describe)
