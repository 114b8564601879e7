"""``arrears lesson``."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli import options
from sim.cli.progress import progress

if TYPE_CHECKING:
    from sim.experiments.lessons import LessonResult


def lesson(
    name: Annotated[str, typer.Argument(metavar="LESSON", help="Name of a shipped lesson, or a YAML file.")],
    runs: Annotated[
        int | None, typer.Option("--runs", min=1, max=100, help="Paired runs; none: the lesson's own.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Write the lesson as one printable page.", dir_okay=False)
    ] = None,
    lang: options.Lang = options.Language.en,
    json: options.Json = False,
) -> None:
    """Run a lesson and say whether what it reveals is true."""
    from sim.experiments.lesson_check import check_lesson
    from sim.experiments.lessons import run_lesson
    from sim.spec.loader import load_lesson

    found = load_lesson(name)
    check_lesson(found)
    with progress("runs") as show:
        result = run_lesson(found, runs=runs, progress=show)
    if json:
        typer.echo(jsonlib.dumps(_document(result), ensure_ascii=False, allow_nan=False))
    else:
        from sim.report.lesson import revealed, verdict_line

        typer.echo(f"{found.title.said(lang.value)}\n{revealed(result, lang.value)}")
        for verdict in result.verdicts:
            typer.echo(f"  {verdict_line(result, verdict, lang.value)}")
    if sheet is not None:
        from sim.report.files import write_text
        from sim.report.lesson_sheet import lesson_sheet

        write_text(sheet, lesson_sheet(result, lang.value))
    if not result.holds:
        raise typer.Exit(1)


def _document(result: LessonResult) -> dict[str, object]:
    findings = [
        {
            **verdict.finding.model_dump(by_alias=True),
            "mean": verdict.estimate.mean,
            "low": verdict.estimate.low,
            "high": verdict.estimate.high,
            "holds": verdict.holds,
            "often": verdict.often,
            "runs": verdict.runs,
        }
        for verdict in result.verdicts
    ]
    return {
        "schema": 1,
        "lesson": result.lesson.id,
        "holds": result.holds,
        "findings": findings,
        "values": result.values,
    }
