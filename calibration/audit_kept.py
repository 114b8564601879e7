"""An audit made again from runs that an earlier one kept, without running anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from calibration.audit import Audit, AuditRow, grouped, judge
from calibration.beside import AccuracyRow, StageRow, accuracy_rows, stage_rows
from calibration.claims import Claim, chosen_claims, shipped_claims
from calibration.figures import estimate
from calibration.kept import numbers_in, stamp
from sim.core.errors import SpecError
from sim.experiments.run_table import RunTable
from sim.experiments.tasks import RunRow

#: Tables that figures of claims are read from.
_READ = frozenset({"series", "sectors", "cures"})


class KeptAudit(NamedTuple):
    """The audit, and the stamps of the worlds as they were when its runs were made."""

    audit: Audit
    worlds: dict[str, str]


def kept_audit(folders: Iterable[str | Path], claims: Iterable[str] = ()) -> KeptAudit:
    """Read folders that ``arrears audit --out`` filled; each may hold other worlds, or be half-way.

    Claims without a finished run in a world are left out there. Raises :class:`SpecError` where nothing is
    finished, and for an unknown claim.
    """
    chosen = chosen_claims(shipped_claims(), tuple(claims))
    found: dict[str, list[AuditRow]] = {name: [] for name in chosen}
    worlds: dict[str, str] = {}
    stages, accuracy, runs = list[StageRow](), list[AccuracyRow](), 0
    given = [Path(folder) for folder in folders]
    for group, members in grouped(shipped_claims().values()).items():
        wanted = [claim for claim in members if claim.id in chosen]
        for rows, here in _finished([folder / group for folder in given]):
            worlds |= {name: stamp for name, stamp in here.items() if any(r["world"] == name for r in rows)}
            for claim in wanted:
                for name in dict.fromkeys(row["world"] for row in rows):
                    mine = [row for row in rows if row["world"] == name]
                    if not _has(claim, mine):
                        continue
                    figure = estimate(claim, mine)
                    runs = max(runs, figure.n)
                    found[claim.id].append(AuditRow(claim, name, figure, judge(claim, figure)))
                    stages += stage_rows(claim, name, mine)
                    accuracy += accuracy_rows(claim, name, mine)
    rows_found = tuple(row for name in chosen for row in sorted(found[name], key=lambda row: row.world))
    if not rows_found:
        problem = f"{', '.join(map(str, given))} holds no finished run of these claims"
        raise SpecError("--from", "", problem, "folders that arrears audit --out has filled")
    return KeptAudit(Audit(rows_found, tuple(sorted(worlds)), runs, tuple(stages), tuple(accuracy)), worlds)


def _finished(folders: Iterable[Path]) -> list[tuple[list[RunRow], dict[str, str]]]:
    """Finished runs of each experiment, and the stamps of its worlds, whatever version made them."""
    found = []
    for folder in folders:
        if not folder.is_dir():
            continue
        table = RunTable(folder)
        for name, content in table.experiments().items():
            rows = table.read(name, {arm: place for place, arm in enumerate(content["arms"])}, tables=_READ)
            if rows:
                stamps = {world: stamp(numbers_in(data)) for world, data in content["worlds"].items()}
                found.append((rows, stamps))
    return found


def _has(claim: Claim, rows: list[RunRow]) -> bool:
    arms = {row["arm"] for row in rows}
    return set(claim.figure.arms) <= arms
