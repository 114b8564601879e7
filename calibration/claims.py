"""Claims of the industry report as data: what is claimed, and how the model measures it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.core.errors import SpecError, unknown_name
from sim.core.paths import scenarios_dir
from sim.spec.base import Spec, Text
from sim.spec.faults import validate
from sim.spec.scenario import Id, Stage
from sim.spec.yamltext import read_yaml

#: Operators that a claim may use; ``~`` means near the claimed value, within the tolerance.
Operator = Literal["<", "<=", "~", ">=", ">"]
#: Tolerances of ``~`` where a claim states none, declared before any fit: shares 4 points, changes 8 points.
TOLERANCES = {"share": 0.04, "relative": 0.08}
Window = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]


class Figure(Spec):
    """The figure of a run that stands for a claim, and what it is held against.

    Exactly one of ``measure``, ``series``, ``debt``, ``failures`` and ``recovery_time`` says what is
    read from a run of ``arm``. ``against`` names the arm, ``against_weeks`` the earlier weeks, that it is
    compared with: as a ``difference``, or as a ``relative`` change (ratio less one). ``scale``
    multiplies the result.
    """

    arm: Id
    measure: str | None = None
    series: str | None = Field(default=None, description="a weekly figure, over weeks")
    per: str | None = Field(default=None, description="weekly figure that the sum of series is divided by")
    weeks: Window | None = Field(default=None, description="first and last week of the series; none: all")
    how: Literal["mean", "sum"] = "mean"
    debt: Literal["payables", "overdue_payables", "receivables", "overdue_receivables"] | None = Field(
        default=None, description="share of the named sectors in the trade debt of all, at the end"
    )
    failures: bool = Field(default=False, description="failures of the named sectors over their firms")
    sectors: tuple[str, ...] = ()
    recovery_time: Stage | None = Field(
        default=None, description="week by which half of the other arm's success in a year is reached"
    )
    against: Id | None = None
    against_weeks: Window | None = None
    against_sectors: bool = Field(default=False, description="the same change of all other sectors")
    change: Literal["level", "difference", "relative"] = "level"
    scale: float = 1.0

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [self.measure, self.series, self.debt, self.failures or None, self.recovery_time]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError(
                "reads more or less than one thing|one of measure, series, debt, failures, recovery_time"
            )
        compared = self.against is not None or self.against_weeks is not None
        if compared != (self.change != "level"):
            raise ValueError(
                "change and against do not go together|difference or relative with against, else level"
            )
        if (self.debt is not None or self.failures) and not self.sectors:
            raise ValueError("names no sector|sectors of the sector table")
        if self.recovery_time is not None and self.against is None:
            raise ValueError("recovery_time has no other arm|against")
        return self

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms that it reads."""
        return (self.arm,) if self.against is None else (self.arm, self.against)


class Claim(Spec):
    """One row of the report: what it claims, and where and how that is measured.

    ``arms`` maps the name of an arm to its changes of ``scenario``; ``weeks`` are measured after the
    scenario's start. ``by_construction``: holds because of what the system is, in all worlds or in those
    named.
    """

    id: str = ""
    system: str
    claim: Text
    operator: Operator
    value: float
    unit: str
    tolerance: float | None = Field(default=None, gt=0)
    numerator: Text
    denominator: Text
    stage: Literal["early", "middle", "late", "charged_off", "all"]
    window: Text
    scenario: str = "baseline"
    changes: dict[str, object] = Field(default_factory=dict)
    weeks: int = Field(ge=1, le=5200)
    arms: dict[Id, dict[str, object]] = Field(min_length=1)
    figure: Figure
    by_construction: bool | list[Id] = False
    note: Text | None = None

    def is_built_in(self, world: str) -> bool:
        """Whether it holds in a world by the way the system is built or the case is chosen."""
        built = self.by_construction
        return built if isinstance(built, bool) else world in built

    @model_validator(mode="after")
    def _known_arms(self) -> Self:
        for name in self.figure.arms:
            if name not in self.arms:
                raise ValueError(f"figure: arm {name!r} is not one of this claim|{', '.join(self.arms)}")
        if self.operator == "~" and self.tolerance is None and self.unit not in TOLERANCES:
            raise ValueError(f"unit {self.unit!r} has no tolerance of its own|tolerance")
        return self

    @property
    def near(self) -> float:
        """What ``~`` allows on either side."""
        return self.tolerance if self.tolerance is not None else TOLERANCES.get(self.unit, 0.0)


class ClaimsFile(Spec):
    """The file of claims."""

    claims: dict[str, Claim] = Field(min_length=1)


def read_claims(path: str | Path) -> dict[str, Claim]:
    """Claims of a YAML file by id, in its order. Raises :class:`SpecError`."""
    path = Path(path)
    node = read_yaml(path, path.name)
    found = validate(ClaimsFile, node.plain(), node.source, node)
    return {name: claim.model_copy(update={"id": name}) for name, claim in found.claims.items()}


@lru_cache(maxsize=1)
def shipped_claims() -> dict[str, Claim]:
    """The claims of the industry report by id."""
    return read_claims(scenarios_dir() / "claims" / "report.yaml")


def chosen_claims(claims: dict[str, Claim], ids: tuple[str, ...]) -> dict[str, Claim]:
    """The claims named, in the order of the file; none named: all. Raises :class:`SpecError`."""
    for name in ids:
        if name not in claims:
            raise SpecError("claims", "", *unknown_name(name, claims, "claim"))
    return {name: claim for name, claim in claims.items() if not ids or name in ids}
