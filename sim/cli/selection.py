"""``arrears selection``."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import options
from sim.cli.inspection import print_frame
from sim.cli.options import read_settings


def selection(
    scenario: options.ScenarioName = "baseline",
    strategy: Annotated[str, typer.Option("--strategy", help="Strategy that accounts may choose.")] = (
        "app_based"
    ),
    share: Annotated[float, typer.Option("--share", help="Share of accounts that may have it.")] = 0.5,
    horizon: Annotated[str, typer.Option("--horizon", help="30d, 90d, 180d or 360d.")] = "90d",
    stage: Annotated[str, typer.Option("--stage", help="early, middle, late or charged_off.")] = "middle",
    world: options.World = None,
    rules: options.Rules = None,
    runs: Annotated[int, typer.Option("--runs", help="Paired runs; one gives no intervals.")] = 4,
    seed: options.Seed = None,
    settings: options.Settings = None,
    json: options.Json = False,
) -> None:
    """Compare who chose a strategy with who got it by chance: the difference is selection."""
    from sim.experiments.selection import selection_effect

    result = selection_effect(
        scenario, strategy, share=share, horizon=horizon, stage=stage, runs=runs, seed=seed, world=world,
        rules=rules, changes=read_settings(settings),
    )  # fmt: skip
    print_frame(result.table, json)
