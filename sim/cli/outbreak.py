"""``arrears outbreak``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import options
from sim.cli.options import need_portfolio, read_settings
from sim.cli.progress import progress

if TYPE_CHECKING:
    from sim.experiments.outbreak_result import Outbreak
    from sim.spec.world import World

REPORT, DOCUMENT, CURVE, GRAPH = "report.html", "result.json", "curve.csv", "tree.graphml"
#: From so many runs on, processes repay the seconds they take to begin; below, threads do the work.
ENOUGH_RUNS = 8

Shock = Annotated[
    str | None,
    typer.Option(
        "--shock", metavar="SHOCK", help="firm:ID, sector:NAME:SHARE, hub:N or random:N firms fail."
    ),
]
Rescue = Annotated[
    list[str] | None,
    typer.Option(
        "--rescue",
        metavar="firm:ID",
        help="Firm kept alive in a further run; without --shock: its default is prevented. Repeatable.",
    ),
]


def outbreak(
    scenario: options.ScenarioName = "baseline",
    shock: Shock = None,
    week: Annotated[int, typer.Option("--week", help="Week in which they fail.")] = 0,
    rescue: Rescue = None,
    channels: Annotated[
        str | None,
        typer.Option("--channels", help="Contagion channels left open, joined by commas; all or none."),
    ] = None,
    by_channel: Annotated[
        bool,
        typer.Option("--by-channel/--no-by-channel", help="Also run with each channel closed."),
    ] = True,
    world: options.World = None,
    strategy: options.Strategy = None,
    rules: options.Rules = None,
    portfolio: options.Portfolio = None,
    mapping: options.Mapping = None,
    network: options.Network = None,
    weeks: options.Weeks = None,
    runs: Annotated[int, typer.Option("--runs", help="Paired runs; one gives no intervals.")] = 1,
    seed: options.Seed = None,
    workers: options.Workers = None,
    settings: options.Settings = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for results.", file_okay=False)] = None,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Let firms fail and follow the contagion: the same run with and without the shock."""
    from sim.experiments import outbreak as run_outbreak
    from sim.spec.loader import load_world

    need_portfolio(mapping, portfolio)
    given = None if world is None else load_world(world)
    with progress("starts") as show:
        result = run_outbreak(
            scenario,
            shock,
            shock_week=week,
            rescue=rescue or (),
            channels=channels,
            by_channel=by_channel,
            world=given,
            strategy=strategy,
            rules=rules,
            portfolio=portfolio,
            mapping=mapping,
            network=network,
            weeks=weeks,
            runs=runs,
            seed=seed,
            changes=read_settings(settings),
            workers=workers,
            executor="processes" if workers != 1 and runs >= ENOUGH_RUNS else None,
            progress=show,
        )
    _hand_over(result, given, out, lang.value, json)


def _hand_over(result: Outbreak, world: World | None, out: Path | None, lang: str, json: bool) -> None:
    """Write the files of a result, print its tables or its document."""
    command = shlex.join(["arrears", *options.GIVEN.get()])
    worlds = {} if world is None else {world.id: world}
    if json:
        typer.echo(result.to_json())
    else:
        from sim.cli.outbreak_table import print_outbreak
        from sim.cli.table import console
        from sim.report.outbreak_content import gather_outbreak

        print_outbreak(gather_outbreak(result, command=command, worlds=worlds), lang, console())
    if out is not None:
        write_files(result, out, command, worlds)
        print(f"Report: {out / REPORT}", file=sys.stderr)


def write_files(result: Outbreak, out: Path, command: str, worlds: dict[str, World]) -> None:
    """Report, document, weekly curve, and the tree of the first run as GraphML and Parquet.

    Raises :class:`SpecError` where the folder cannot be written.
    """
    from sim.contagion.tree_files import write_graphml, write_parquet
    from sim.report.files import write_text
    from sim.report.outbreak import write_outbreak_report

    write_text(out / DOCUMENT, result.to_json() + "\n")
    write_text(out / CURVE, result.curve.to_csv(index=False, lineterminator="\n"))
    write_graphml(result.tree, out / GRAPH)
    write_parquet(result.tree, out)
    write_outbreak_report(result, out / REPORT, command=command, worlds=worlds)
