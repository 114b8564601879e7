"""The audit: every claim measured in every world, by paired runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, TypeVar

from calibration.beside import AccuracyRow, StageRow, accuracy_rows, stage_rows
from calibration.claims import Claim, chosen_claims, shipped_claims
from calibration.figures import estimate
from sim.core.errors import SpecError
from sim.experiments import compare
from sim.experiments.executors import Given
from sim.experiments.plan import WorldLike
from sim.experiments.statistics import Estimate

SCHEMA = 1
#: Whether the figure is on the claimed side: the whole interval is, none of it is, or a part.
Verdict = Literal["holds", "fails", "unclear", "undefined"]


class Runs(Protocol):
    """What says which runs a figure is read from."""

    @property
    def id(self) -> str:
        """Its short name."""

    @property
    def scenario(self) -> str:
        """Name of the scenario."""

    @property
    def weeks(self) -> int:
        """Weeks after the start."""

    @property
    def changes(self) -> dict[str, object]:
        """Changes to the scenario, for all arms."""

    @property
    def arms(self) -> dict[str, dict[str, object]]:
        """Changes by arm."""


T = TypeVar("T", bound=Runs)


class AuditRow(NamedTuple):
    """One claim in one world: ``figure`` in the claim's unit with its interval, and the verdict."""

    claim: Claim
    world: str
    figure: Estimate
    verdict: Verdict


@dataclass(frozen=True)
class Audit:
    """Claims measured in some worlds over ``runs`` paired runs each.

    ``stages``: success claims at every stage and horizon; ``accuracy``: claimed accuracies beside base rates.
    """

    rows: tuple[AuditRow, ...]
    worlds: tuple[str, ...]
    runs: int
    stages: tuple[StageRow, ...] = ()
    accuracy: tuple[AccuracyRow, ...] = ()

    def of(self, claim: str) -> tuple[AuditRow, ...]:
        """The rows of one claim, a row a world."""
        return tuple(row for row in self.rows if row.claim.id == claim)

    def to_json(self, beside: Mapping[str, object] | None = None) -> str:
        """One JSON document: claims with figures, intervals and verdicts by world.

        ``beside``: further parts, such as those of :func:`calibration.audit_document.audit_document`.
        """
        rows = [
            {
                "claim": row.claim.id, "system": row.claim.system, "world": row.world,
                "scenario": row.claim.scenario, "arms": dict(row.claim.arms), "weeks": row.claim.weeks,
                "numerator": row.claim.numerator.en, "denominator": row.claim.denominator.en,
                "stage": row.claim.stage, "window": row.claim.window.en,
                "operator": row.claim.operator, "claimed": row.claim.value, "unit": row.claim.unit,
                "mean": row.figure.mean, "low": row.figure.low, "high": row.figure.high, "n": row.figure.n,
                "reason": row.figure.reason, "verdict": row.verdict,
                "by_construction": row.claim.is_built_in(row.world),
            }
            for row in self.rows
        ]  # fmt: skip
        document = {**(beside or {}), "schema": SCHEMA, "runs": self.runs, "rows": rows}
        return json.dumps(document, ensure_ascii=False, indent=1)


def judge(claim: Claim, figure: Estimate) -> Verdict:
    """Whether a figure bears a claim out; ``~`` allows :attr:`Claim.near` on either side.

    Without an interval (one run) the mean alone decides.
    """
    if figure.mean is None:
        return "undefined"
    low = figure.mean if figure.low is None else figure.low
    high = figure.mean if figure.high is None else figure.high
    if claim.operator == "~":
        inside = claim.value - claim.near <= low and high <= claim.value + claim.near
        off = low > claim.value + claim.near or high < claim.value - claim.near
        return "holds" if inside else "fails" if off else "unclear"
    inclusive = claim.operator.endswith("=")
    if claim.operator.startswith("<"):
        low, high, claimed = -high, -low, -claim.value
    else:
        claimed = claim.value
    if low > claimed or (inclusive and low == claimed):
        return "holds"
    return "fails" if high < claimed or (not inclusive and high == claimed) else "unclear"


def audit(
    claims: Iterable[str] = (),
    *,
    worlds: Iterable[WorldLike] = ("evidence", "report"),
    runs: int = 6,
    seed: int | None = None,
    changes: Mapping[str, object] | None = None,
    workers: int | None = None,
    executor: Given = None,
    out: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Audit:
    """Measure claims of the industry report.

    Claims of one scenario and length share their runs: each start is burnt in once and all arms
    leave it with the same random numbers.

    Parameters
    ----------
    claims:
        Ids such as ``S01``; none: all.
    worlds:
        Names, paths or objects.
    runs:
        Paired runs in each world.
    seed, changes:
        Replace what the scenarios say, such as ``{"population.borrowers": 5000}``.
    workers, executor:
        As in :func:`sim.experiments.compare`.
    out:
        Folder in which finished runs are kept, a folder within it for each group.
    progress:
        Called with (groups of runs finished, groups in all).

    Raises
    ------
    SpecError
        For an unknown claim, world, or change, before the first run where it can be known then.
    StoppedError
        When the work was interrupted.
    """
    chosen = chosen_claims(shipped_claims(), tuple(claims))
    given = tuple(worlds)
    groups = grouped(chosen.values())
    found: dict[str, list[AuditRow]] = {name: [] for name in chosen}
    names: tuple[str, ...] = ()
    stages, accuracy = list[StageRow](), list[AccuracyRow]()
    for done, (group, members) in enumerate(groups.items()):
        if progress is not None:
            progress(done, len(groups))
        first = members[0]
        result = compare(
            first.scenario, arms_of(members), worlds=given, runs=runs, weeks=first.weeks, seed=seed,
            changes={**first.changes, **(changes or {})}, workers=workers, executor=executor,
            store=None if out is None else Path(out) / group,
        )  # fmt: skip
        names = result.worlds
        for claim in members:
            for world in result.worlds:
                here = [row for row in result.results if row["world"] == world]
                figure = estimate(claim, here)
                stages += stage_rows(claim, world, here)
                accuracy += accuracy_rows(claim, world, here)
                found[claim.id].append(AuditRow(claim, world, figure, judge(claim, figure)))
    if progress is not None:
        progress(len(groups), len(groups))
    rows = tuple(row for name in chosen for row in found[name])
    return Audit(rows, names, runs, tuple(stages), tuple(accuracy))


def grouped(claims: Iterable[T]) -> dict[str, list[T]]:
    """Claims or targets that share runs: the same scenario, changes and weeks, by a name for the group."""
    keys: dict[str, int] = {}
    groups: dict[str, list[T]] = {}
    for claim in claims:
        key = json.dumps([claim.scenario, claim.weeks, claim.changes], sort_keys=True)
        number = keys.setdefault(key, len(keys) + 1)
        groups.setdefault(f"{number:02d}-{claim.scenario}", []).append(claim)
    return groups


def arms_of(claims: Iterable[Runs]) -> dict[str, dict[str, object]]:
    """The arms of several claims together. Raises :class:`SpecError` where a name means two things."""
    arms: dict[str, dict[str, object]] = {}
    for claim in claims:
        for name, changes in claim.arms.items():
            if arms.setdefault(name, changes) != changes:
                problem = f"{name!r} means something else in another claim of the same runs"
                raise SpecError("claims", f"{claim.id}.arms", problem, "one name for one set of changes")
    return arms
