"""The audit as Markdown: a table of results and a table of definitions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from calibration.audit import Audit, AuditRow
from calibration.claims import Claim
from sim.core.errors import SpecError
from sim.measures.reasons import reason_in
from sim.report.files import write_text
from sim.report.numbers import figure, interval, shown
from sim.spec.labels import name_of, text

NEAR, BY_CONSTRUCTION = "≈", "†"
BEGIN, END = "<!-- claims:begin -->", "<!-- claims:end -->"


def claimed(claim: Claim, lang: str = "en") -> str:
    """The claimed value with its operator and unit."""
    shown_as = "share" if claim.unit == "relative" else claim.unit
    signed = claim.unit == "relative"
    name = text("audit.change", lang) if signed else shown(shown_as).name(lang)
    signs = {"~": NEAR, "<=": "≤", ">=": "≥"}
    value = figure(claim.value, shown_as, signed=signed and claim.value != 0)
    return f"{signs.get(claim.operator, claim.operator)} {value} {name}".strip()


def simulated(row: AuditRow) -> str:
    """The simulated figure with its interval; a dash where it is undefined."""
    return simulated_figure(row.claim, row.figure._asdict())


def simulated_figure(claim: Claim, found: Mapping[str, Any]) -> str:
    """The same of a figure as data: ``mean``, ``low``, ``high``."""
    unit, signed = "share" if claim.unit == "relative" else claim.unit, claim.unit == "relative"
    if found["mean"] is None:
        return "—"
    spread = interval(found["low"], found["high"], unit, signed=signed)
    return f"{figure(found['mean'], unit, signed=signed)} {spread}".strip()


def tables(audit: Audit, lang: str = "en") -> str:
    """Results by claim and world, then what each claim is measured by, as Markdown."""
    names = [name_of("world", world, lang) for world in audit.worlds]
    heads = [text(f"audit.{key}", lang) for key in ("id", "claim", "claimed")]
    lines = [_line([*heads, *names]), _line(["---"] * (3 + len(names)))]
    notes = []
    for claim in _claims(audit):
        cells = [
            f"{simulated(row)}<br>{text(f'audit.{row.verdict}', lang)}{mark(claim, row.world)}"
            for row in audit.of(claim.id)
        ]
        lines.append(_line([claim.id, _of(claim.claim, lang), claimed(claim, lang), *cells]))
        for row in audit.of(claim.id):
            if row.figure.mean is None:
                world = name_of("world", row.world, lang)
                why = reason_in(row.figure.reason or text("audit.undefined", lang), lang)
                notes.append(f"* {claim.id}, {world}: {why}")
    lines += ["", legend(audit, lang), *(["", *notes] if notes else []), ""]
    keys = ("id", "where", "numerator", "denominator", "stage", "window")
    lines += [_line([text(f"audit.{key}", lang) for key in keys]), _line(["---"] * len(keys))]
    for claim in _claims(audit):
        stage = (
            text("audit.all_stages", lang) if claim.stage == "all" else name_of("stage", claim.stage, lang)
        )
        parts = (claim.numerator, claim.denominator)
        lines.append(
            _line(
                [
                    claim.id,
                    _where(claim),
                    *(_of(part, lang) for part in parts),
                    stage,
                    _of(claim.window, lang),
                ]
            )
        )
        if claim.note is not None:
            lines[-1] = lines[-1].removesuffix(" |") + f"<br>*{_of(claim.note, lang)}* |"
    return "\n".join(lines)


def mark(claim: Claim, world: str) -> str:
    """The mark of a verdict that comes about by construction, else nothing."""
    return BY_CONSTRUCTION if claim.is_built_in(world) else ""


def legend(audit: Audit, lang: str = "en") -> str:
    """What figures, verdicts and marks mean."""
    return text("audit.intervals", lang, runs=audit.runs, near=NEAR, mark=BY_CONSTRUCTION)


def write_page(audit: Audit, path: Path, lang: str = "en") -> None:
    """Put the tables between the marks of a Markdown file. Raises :class:`SpecError`."""
    if not path.is_file():
        raise SpecError("--page", "", f"{str(path)!r} is no file", f"a file with {BEGIN} and {END}")
    old = path.read_text(encoding="utf-8")
    if BEGIN not in old or END not in old:
        raise SpecError("--page", "", f"{str(path)!r} has no place for the table", f"{BEGIN} and {END}")
    before, rest = old.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    write_text(path, f"{before}{BEGIN}\n{tables(audit, lang)}\n{END}{after}")


def _claims(audit: Audit) -> list[Claim]:
    return list({row.claim.id: row.claim for row in audit.rows}.values())


def _where(claim: Claim) -> str:
    arms = claim.figure.arms
    return f"`{claim.scenario}`, {claim.weeks}: " + " / ".join(f"`{arm}`" for arm in arms)


def _of(words: object, lang: str) -> str:
    return str(getattr(words, lang)).replace("|", "\\|")


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
