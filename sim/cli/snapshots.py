"""``arrears snapshot`` and ``arrears fork``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli import options
from sim.cli.options import read_arms, read_settings
from sim.cli.progress import progress
from sim.core.errors import SpecError, StoppedError


def snapshot(
    scenario: options.ScenarioName = "baseline",
    week: Annotated[int, typer.Option("--week", min=0, help="Weeks to run before the state is saved.")] = 0,
    to: Annotated[Path, typer.Option("--to", help="The file.", dir_okay=False)] = Path("run.snapshot"),
    world: options.World = None,
    strategy: options.Strategy = None,
    rules: options.Rules = None,
    portfolio: options.Portfolio = None,
    mapping: options.Mapping = None,
    network: options.Network = None,
    seed: options.Seed = None,
    settings: options.Settings = None,
) -> None:
    """Run a scenario to a week and save the whole state, from which policies fork."""
    from sim.model import Ecosystem

    options.need_portfolio(mapping, portfolio)
    changes = read_settings(settings) | ({} if seed is None else {"seed": seed})
    spec = options.scenario_with(scenario, changes)
    try:
        with progress("weeks") as show:
            model = Ecosystem(
                spec, world, strategy, rules, portfolio=portfolio, mapping=mapping,
                network=None if network is None else str(network), rng=spec.seed,
            )  # fmt: skip
            for done in range(week):
                show(done, week)
                model.run(1)
        model.snapshot(to)
    except KeyboardInterrupt as error:
        raise StoppedError("stopped; nothing was saved") from error
    size = to.stat().st_size / 1e6
    print(
        f"week {model.week} of {spec.id!r} with seed {model.seed} is in {to} ({size:.1f} MB)", file=sys.stderr
    )


def fork(
    file: Annotated[Path, typer.Argument(help="A snapshot.")],
    arms: options.Arms = None,
    strategies: Annotated[
        str | None,
        typer.Option("--strategies", "--strategy", help="An arm each, joined by commas."),
    ] = None,
    weeks: Annotated[int | None, typer.Option("--weeks", help="Week at which runs end.")] = None,
    out: options.Out = None,
    lang: options.Lang = options.Language.en,
    everything: options.Everything = False,
    json: options.Json = False,
) -> None:
    """Let policies leave one saved state and compare what becomes of it."""
    from sim.cli.experiments import hand_over
    from sim.experiments.forks import NOW
    from sim.experiments.forks import fork as fork_arms
    from sim.model import Ecosystem

    wanted = read_arms(arms)
    for name in options.split_names(strategies, "--strategies"):
        if name in wanted:
            raise SpecError("--strategies", "", f"{name!r} is an arm already", "each arm once")
        wanted[name] = {"strategy": name}
    start = Ecosystem.restore(file)
    with progress("weeks") as show:
        result = fork_arms(start, wanted or {NOW: {}}, weeks=weeks, progress=show)
    hand_over(result, {start.world.id: start.world}, out, lang.value, everything, json)
