"""``arrears evidence``, ``arrears assumptions`` and ``arrears robust``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer

from calibration.options import Keep
from sim.cli import options
from sim.cli.options import read_settings, split_names

#: Where results that ship are kept.
ASSUMPTIONS, ROBUST = "evidence/results/assumptions", "evidence/results/robust"


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(evidence)
    app.command()(assumptions)
    app.command()(robust)


def evidence(
    find: Annotated[str, typer.Argument(help="Text that a row must hold; none: all rows.")] = "",
    kinds: Annotated[
        str, typer.Option("--kind", help="parameter, target, claim, source; joined by commas.")
    ] = "parameter,target,claim,source",
    world: options.World = None,
    design: Annotated[
        str | None, typer.Option("--design", help="How it was found, such as rct, filing or assumption.")
    ] = None,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """List every number, target, claim and source with its interval, population and design."""
    from calibration.evidence import KINDS, evidence_table
    from calibration.ranking_table import evidence_json, print_evidence
    from sim.core.errors import SpecError, unknown_name
    from sim.spec.sources import DESIGNS

    asked = split_names(kinds, "--kind")
    for given, known, what in ((asked, KINDS, "kind"), ([design] if design else [], DESIGNS, "design")):
        for name in given:
            if name not in known:
                raise SpecError(f"--{what}", "", *unknown_name(name, known, what))
    rows = evidence_table(asked, world=world, design=design, find=find, lang=lang.value)
    if json:
        typer.echo(evidence_json(rows))
    else:
        print_evidence(rows, lang.value)


def assumptions(
    world: Annotated[str, typer.Option("--world", help="World whose numbers are varied.")] = "evidence",
    trajectories: Annotated[
        int, typer.Option("--trajectories", min=1, help="Of the screening of all numbers.")
    ] = 4,
    top: Annotated[int, typer.Option("--top", min=1, help="Assumptions that stand alone then.")] = 8,
    points: Annotated[
        int, typer.Option("--points", min=0, help="Base points of the indices, a power of 2; 0: none.")
    ] = 16,
    settings: options.Settings = None,
    workers: options.Workers = None,
    out: options.Out = None,
    keep: Keep = False,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Rank the assumptions of a world by the share of each outcome's variance that they carry."""
    from calibration.assumptions import rank_assumptions
    from calibration.ranking_table import print_ranking, ranking_document
    from sim.cli.experiments import many_starts

    with many_starts(workers, out) as means:
        found = rank_assumptions(
            world,
            trajectories=trajectories,
            top=top,
            points=points,
            changes=read_settings(settings),
            **means,
        )
    document = ranking_document(found)
    _show(document, print_ranking, lang, json)
    _keep("Ranking", document, [world], None if out is None else out / "assumptions.json", ASSUMPTIONS, keep)


def robust(
    name: Annotated[
        str, typer.Argument(metavar="SWEEP", help="A sweep with arms: a shipped name, or a YAML file.")
    ] = "robust",
    worlds: options.Worlds = "evidence,report",
    points: Annotated[int, typer.Option("--points", help="Points in each world, a power of 2.")] = 32,
    settings: options.Settings = None,
    workers: options.Workers = None,
    out: options.Out = None,
    keep: Keep = False,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Choose between strategies over worlds and posterior: regret, satisficing, Pareto front."""
    from calibration.robust import robust as run_robust
    from calibration.robust import robust_document
    from calibration.robust_table import print_robust
    from sim.cli.experiments import many_starts

    chosen = split_names(worlds, "--worlds")
    with many_starts(workers, out) as means:
        found = run_robust(
            name,
            worlds=chosen,
            points=points,
            changes=read_settings(settings),
            **means,
        )
    document = robust_document(found)
    _show(document, print_robust, lang, json)
    _keep("Robust choice", document, chosen, None if out is None else out / "robust.json", ROBUST, keep)


def _show(
    document: dict[str, Any], table: Callable[[dict[str, Any], str], None], lang: options.Language, json: bool
) -> None:
    """Print a document, or its table."""
    if json:
        typer.echo(dumps(document, ensure_ascii=False, allow_nan=False))
    else:
        table(document, lang.value)


def _keep(
    what: str, document: dict[str, Any], worlds: Sequence[str], to: Path | None, shipped: str, replace: bool
) -> None:
    """Write a document to the file asked for and, if asked, over the result that ships; say where."""
    from calibration.kept import keep

    if to is not None:
        print(f"{what}: {keep('', document, worlds, to=to)}", file=sys.stderr)
    if replace:
        print(f"{what}: {keep(shipped, document, worlds)}", file=sys.stderr)
