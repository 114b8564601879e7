"""``arrears audit``, ``calibrate``, ``sensitivity`` and ``discover``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calibration import evidence_commands
from calibration.backtest_command import backtest
from calibration.options import Keep
from sim.cli import options
from sim.cli.options import read_settings, split_names
from sim.cli.progress import progress

if TYPE_CHECKING:
    from calibration.audit import Audit
    from calibration.beside import SelectionRow

DOCUMENT = "audit.json"
CALIBRATION, WORLD, REPORT = "calibration.json", "world.yaml", "calibration.html"
SENSITIVITY, BOXES = "sensitivity.csv", "boxes.json"


def mount(app: typer.Typer) -> None:
    """Add the commands of this room to the application."""
    app.command()(audit)
    app.command()(calibrate)
    app.command()(sensitivity)
    app.command()(discover)
    evidence_commands.mount(app)
    app.command()(backtest)


def audit(
    claims: Annotated[list[str] | None, typer.Argument(help="Claims such as S01; none: all.")] = None,
    worlds: options.Worlds = "evidence,report",
    runs: Annotated[int, typer.Option("--runs", min=1, help="Paired runs in each world.")] = 6,
    seed: options.Seed = None,
    workers: options.Workers = None,
    settings: options.Settings = None,
    out: options.Out = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Markdown file whose table is brought up to date.")
    ] = None,
    keep: Keep = False,
    kept: Annotated[
        list[Path] | None,
        typer.Option("--from", help="Folder of an earlier audit: runs nothing, reads what is finished."),
    ] = None,
    selection: Annotated[
        bool, typer.Option(help="Take S04 apart into choice and effect by runs of its own.")
    ] = True,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Measure the claims of the industry report in each world, with intervals, and give a verdict on each."""
    from calibration.audit import audit as run_audit
    from calibration.audit_document import KEPT, audit_document
    from calibration.audit_kept import kept_audit
    from calibration.beside import CHOSEN
    from calibration.kept import keep as keep_result
    from calibration.screen import print_audit
    from sim.cli.experiments import local_executor

    worlds_run: dict[str, str] | None = None
    if kept:
        found, worlds_run = kept_audit(kept, tuple(claims or ()))
    else:
        with progress("groups of runs") as show:
            found = run_audit(
                tuple(claims or ()),
                worlds=split_names(worlds, "--worlds"),
                runs=runs,
                seed=seed,
                changes=read_settings(settings),
                workers=workers,
                executor=local_executor(workers, None),
                out=out,
                progress=show,
            )
    chosen = _selection(found, runs, seed, settings) if selection and found.of(CHOSEN) else []
    document = audit_document(found, chosen)
    if json:
        typer.echo(found.to_json(document))
    else:
        print_audit(found, document, lang.value)
    if keep:
        print(f"Audit: {keep_result(KEPT, document, worlds_run or found.worlds)}", file=sys.stderr)
    _write_audit(found, document, out, page, lang.value)


def _selection(found: Audit, runs: int, seed: int | None, settings: list[str] | None) -> list[SelectionRow]:
    """S04 taken apart into choice and effect, by runs of its own."""
    from calibration.beside import selection_rows

    with progress("worlds") as show:
        return selection_rows(
            found.worlds, runs=runs, seed=seed, changes=read_settings(settings), progress=show
        )


def _write_audit(
    found: Audit, document: dict[str, object], out: Path | None, page: Path | None, lang: str
) -> None:
    """The document in the folder of results and the table of a page, where they are wanted."""
    from calibration.page import write_page
    from sim.report.files import write_text

    if out is not None:
        write_text(out / DOCUMENT, found.to_json(document) + "\n")
        print(f"Audit: {out / DOCUMENT}", file=sys.stderr)
    if page is not None:
        write_page(found, page, lang)


def calibrate(
    world: Annotated[
        str, typer.Option("--world", help="World whose shipped calibration is run: evidence or report.")
    ] = "evidence",
    targets: Annotated[
        Path | None, typer.Option("--targets", help="A calibration of your own, a YAML file.")
    ] = None,
    portfolio: options.Portfolio = None,
    mapping: options.Mapping = None,
    points: Annotated[int | None, typer.Option("--points", help="Points in each wave.")] = None,
    waves: Annotated[int | None, typer.Option("--waves", help="Waves of points.")] = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", help="Rounds that try the chosen point; 0: none.")
    ] = None,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Keep the world's numbers: how sure are they, do they fit?")
    ] = False,
    check: Annotated[
        int, typer.Option("--check", min=0, help="Runs of the result on fresh seeds; 0: none.")
    ] = 8,
    settings: options.Settings = None,
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    out: options.Out = None,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Fit a world to targets: what they leave possible, how sure that is, and what does not fit together."""
    from calibration.calibrate import calibrate as run_calibration
    from calibration.calibrated import calibrated_world, document, print_calibrated, to_json
    from calibration.report import write_calibration_report
    from sim.cli.experiments import many_starts
    from sim.report.files import write_text
    from sim.spec.loader import to_yaml

    changes: dict[str, object] = dict(read_settings(settings))
    for field, given in (("portfolio.file", portfolio), ("portfolio.mapping", mapping)):
        if portfolio is not None and given is not None:
            changes[field] = str(given)
    with many_starts(workers, out, cluster) as means:
        found = run_calibration(
            targets or world,
            points=points,
            waves=waves,
            rounds=rounds,
            shipped=shipped,
            changes=changes,
            check=check,
            cluster=cluster,
            **means,
        )
    if json:
        typer.echo(to_json(found))
    else:
        print_calibrated(found, lang.value)
    if out is not None:
        write_text(out / CALIBRATION, to_json(found) + "\n")
        write_text(out / WORLD, to_yaml(calibrated_world(found)))
        write_calibration_report(document(found), out / REPORT, shlex.join(["arrears", *options.GIVEN.get()]))
        print(f"Report: {out / REPORT}, data: {out / CALIBRATION}, world: {out / WORLD}", file=sys.stderr)


def sensitivity(
    name: options.SweepName,
    method: Annotated[
        str, typer.Option("--method", help="sobol (indices), or morris (screening of many fields).")
    ] = "sobol",
    points: Annotated[int, typer.Option("--points", help="Base points, or trajectories.")] = 64,
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    out: options.Out = None,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Say how much of each outcome every uncertain number of a sweep carries."""
    from calibration.effects_table import print_sensitivity, sensitivity_json
    from calibration.sensitivity import sensitivity as run_sensitivity
    from sim.cli.experiments import many_starts
    from sim.core.errors import SpecError
    from sim.experiments.export import csv_text
    from sim.report.files import write_text

    if method not in ("sobol", "morris"):
        raise SpecError("--method", "", f"{method!r} is no method", "sobol or morris")
    with many_starts(workers, out, cluster) as means:
        found = run_sensitivity(
            name,
            method="sobol" if method == "sobol" else "morris",
            points=points,
            cluster=cluster,
            **means,
        )
    if json:
        typer.echo(sensitivity_json(found))
    else:
        print_sensitivity(found, lang.value)
    if out is not None:
        write_text(out / SENSITIVITY, csv_text(found.table))
        print(f"Sensitivity: {out / SENSITIVITY}", file=sys.stderr)


def discover(
    name: options.SweepName,
    outcome: Annotated[str, typer.Option("--outcome", help="One of the sweep's outcomes.")],
    arm: Annotated[str | None, typer.Option("--arm", help="The arm; by default the last.")] = None,
    against: Annotated[
        str | None, typer.Option("--against", help="The arm it is compared with; by default the first.")
    ] = None,
    above: Annotated[float | None, typer.Option("--above", help="Where the outcome is above this.")] = None,
    below: Annotated[float | None, typer.Option("--below", help="Where it is below this.")] = None,
    points: Annotated[int | None, typer.Option("--points", help="Points of the sweep.")] = None,
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    out: options.Out = None,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Find where in what is uncertain a strategy stops winning, or a rule backfires."""
    from json import dumps

    from calibration.discovery import discover as find_boxes
    from calibration.effects_table import print_discovery
    from sim.cli.experiments import many_starts
    from sim.experiments.sweeps import sweep as run_sweep
    from sim.report.files import write_text

    with many_starts(workers, out, cluster) as means:
        done = run_sweep(name, points=points, cluster=cluster, **means)
    found = find_boxes(done, outcome, arm=arm, against=against, above=above, below=below)
    document = dumps([one.document() for one in found], ensure_ascii=False, allow_nan=False)
    if json:
        typer.echo(document)
    else:
        print_discovery(found, lang.value)
    if out is not None:
        write_text(out / BOXES, document + "\n")
        print(f"Boxes: {out / BOXES}", file=sys.stderr)
