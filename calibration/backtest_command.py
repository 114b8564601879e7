"""``arrears backtest``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli import options
from sim.cli.progress import progress

SCORES, PREDICTIONS, PAGE = "backtest.json", "predictions.csv", "backtest.html"


def backtest(
    portfolio: Annotated[
        Path, typer.Option("--portfolio", help="Your accounts with monthly history: CSV, .gz or Parquet.")
    ],
    mapping: options.Mapping = None,
    months: Annotated[int, typer.Option("--months", help="Months to predict, up to the newest.")] = 1,
    left_out: Annotated[
        int | None,
        typer.Option("--leave-out", min=0, help="Newest months that do not compare; none: as mapped."),
    ] = None,
    folds: Annotated[
        int, typer.Option("--folds", help="Groups of borrowers, each predicted by a fit on the others.")
    ] = 2,
    world: Annotated[str, typer.Option("--world", help="World: a name or a file.")] = "evidence",
    seed: options.Seed = None,
    out: options.Out = None,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Predict months that the fit has not seen, on accounts that it has not seen, beside roll-rate chains."""
    from calibration.backtest import backtest as run_backtest
    from calibration.backtest_page import backtest_page
    from calibration.backtest_table import predictions_csv, print_backtest
    from sim.report.files import write_text

    with progress("fits") as show:
        found = run_backtest(
            portfolio,
            mapping,
            months=months,
            left_out=left_out,
            folds=folds,
            world=world,
            seed=1 if seed is None else seed,
            progress=show,
        )
    if json:
        typer.echo(found.to_json())
    else:
        print_backtest(found, lang.value)
    if out is not None:
        write_text(out / SCORES, found.to_json() + "\n")
        write_text(out / PREDICTIONS, predictions_csv(found))
        write_text(out / PAGE, backtest_page(found, shlex.join(["arrears", *options.GIVEN.get()])))
        print(f"Backtest: {out / PAGE}, {out / SCORES}, {out / PREDICTIONS}", file=sys.stderr)
