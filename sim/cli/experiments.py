"""``arrears run`` and ``arrears compare``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

import typer

from sim.cli import options
from sim.cli.options import need_portfolio, read_arms, read_settings, split_names
from sim.cli.progress import progress

if TYPE_CHECKING:
    from sim.experiments.comparison import Comparison
    from sim.spec.world import World

#: From so many starts on, processes repay the seconds they take to begin; below, threads do the work.
ENOUGH_STARTS = 8
REPORT, DOCUMENT = "report.html", "comparison.json"


def run(
    scenario: options.ScenarioName = "baseline",
    world: Annotated[str | None, typer.Option("--world", "--worlds", help="World: a name or a file.")] = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", "--strategies", help="One strategy for all collectors.")
    ] = None,
    rules: options.Rules = None,
    portfolio: options.Portfolio = None,
    mapping: options.Mapping = None,
    network: options.Network = None,
    weeks: options.Weeks = None,
    seed: options.Seed = None,
    settings: options.Settings = None,
    out: options.Out = None,
    lang: options.Lang = options.Language.en,
    everything: options.Everything = False,
    json: options.Json = False,
) -> None:
    """Run a scenario once and print its measures."""
    from sim.experiments import run_once

    changes = read_settings(settings)
    need_portfolio(mapping, portfolio)
    worlds = _worlds(split_names(world, "--world"))
    with progress("weeks") as show:
        result = run_once(
            scenario,
            world=next(iter(worlds.values()), None),
            strategy=strategy,
            portfolio=portfolio,
            mapping=mapping,
            network=network,
            rules=rules,
            weeks=weeks,
            seed=seed,
            changes=changes,
            progress=show,
        )
    hand_over(result, worlds, out, lang.value, everything, json)


def compare(
    scenario: options.ScenarioName = "baseline",
    strategies: Annotated[
        str | None,
        typer.Option("--strategies", "--strategy", help="Strategies to compare, joined by commas."),
    ] = None,
    arms: options.Arms = None,
    worlds: options.Worlds = "evidence",
    runs: Annotated[int, typer.Option("--runs", help="Paired runs in each world.")] = 20,
    until: Annotated[
        list[str] | None,
        typer.Option("--until", metavar="MEASURE=WIDTH", help="Add runs until intervals are so narrow."),
    ] = None,
    max_runs: Annotated[
        int | None, typer.Option("--max-runs", help="With --until: runs at most, 400 by default.")
    ] = None,
    rules: options.Rules = None,
    portfolio: options.Portfolio = None,
    mapping: options.Mapping = None,
    network: options.Network = None,
    weeks: options.Weeks = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    settings: options.Settings = None,
    out: options.Out = None,
    lang: options.Lang = options.Language.en,
    everything: options.Everything = False,
    json: options.Json = False,
) -> None:
    """Compare strategies or other arms over paired runs, with intervals and effects."""
    from sim.experiments import compare as compare_arms

    need_portfolio(mapping, portfolio)
    named = _worlds(split_names(worlds, "--worlds"))
    with progress("starts") as show:
        result = compare_arms(
            scenario,
            read_arms(arms) or None,
            strategies=split_names(strategies, "--strategies") or None,
            worlds=tuple(named.values()),
            runs=runs,
            until=read_settings(until, "--until"),
            max_runs=max_runs,
            portfolio=portfolio,
            mapping=mapping,
            network=network,
            rules=rules,
            weeks=weeks,
            seed=seed,
            changes=read_settings(settings),
            workers=workers,
            executor=local_executor(workers, cluster, runs * len(named)),
            progress=announcing(show, out),
            cluster=cluster,
            store=out,
        )
    hand_over(result, named, out, lang.value, everything, json)


def local_executor(
    workers: int | None, cluster: str | None, starts: int = ENOUGH_STARTS
) -> Literal["processes"] | None:
    """Processes where they repay their beginning, else threads."""
    return "processes" if cluster is None and workers != 1 and starts >= ENOUGH_STARTS else None


class Means(TypedDict):
    """How a command's starts are run: what every function that runs many of them takes."""

    workers: int | None
    executor: Literal["processes"] | None
    progress: Callable[[int, int], None]
    store: Path | None


@contextmanager
def many_starts(workers: int | None, out: Path | None, cluster: str | None = None) -> Iterator[Means]:
    """The means for many starts, with their progress on the screen as long as they run."""
    with progress("starts") as show:
        yield Means(
            workers=workers,
            executor=local_executor(workers, cluster),
            progress=announcing(show, out),
            store=out,
        )


def _worlds(names: tuple[str, ...]) -> dict[str, World]:
    """Worlds by the name or path they were given by. Raises :class:`SpecError`."""
    from sim.core.errors import SpecError
    from sim.spec.loader import load_world

    for name in names:
        if names.count(name) > 1:
            raise SpecError("--worlds", "", f"{name!r} is given twice", "each world once")
    return {name: load_world(name) for name in names}


def announcing(show: Callable[[int, int], None], out: Path | None) -> Callable[[int, int], None]:
    """Progress that first says how many finished runs were found in the folder of results."""
    first = True

    def announced(done: int, total: int) -> None:
        """Say once what was found, then show the progress."""
        nonlocal first
        if first and done and out is not None:
            print(f"{done} of {total} starts were found finished in {out}", file=sys.stderr)
        first = False
        show(done, total)

    return announced


def _write_tables(result: Comparison, out: Path) -> None:
    """The balance sheet, the flows and the hardship by group of a single run as CSV files, fen."""
    from sim.report.files import write_text

    row = result.results[0]
    for name, columns in {**row["matrices"], "hardship": row["hardship"]}.items():
        lines = [list(columns), *zip(*columns.values(), strict=True)]
        write_text(
            out / f"{name}.csv",
            "".join(",".join("" if x is None else f'"{x}"' for x in line) + "\n" for line in lines),
        )


def hand_over(
    result: Comparison, worlds: dict[str, World], out: Path | None, lang: str, everything: bool, json: bool
) -> None:
    """Write the files of a result, print its table or its document."""
    from sim.report.content import gather

    command = shlex.join(["arrears", *options.GIVEN.get()])
    if json:
        typer.echo(result.to_json())
    else:
        from sim.cli.table import console, print_comparison

        print_comparison(gather(result, command=command), lang, console(), everything)
    if out is None:
        return
    from sim.report.files import write_text
    from sim.report.html import write_report

    write_text(out / DOCUMENT, result.to_json() + "\n")
    if len(result.results) == 1:
        _write_tables(result, out)
    by_id = {world.id: world for world in worlds.values()}
    report = write_report(result, out / REPORT, command=command, worlds=by_id)
    print(f"Report: {report}", file=sys.stderr)
