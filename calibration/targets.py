"""What a calibration is told: free parameters with priors, and targets with tolerances."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from calibration.claims import Claim, Figure, shipped_claims
from sim.core.errors import SpecError, unknown_name
from sim.spec.base import Spec, Text
from sim.spec.declared import ID_PATTERN
from sim.spec.faults import validate
from sim.spec.include import locate, read_included, shipped
from sim.spec.scenario import Id
from sim.spec.sweep import Range, check_shares

#: Share of a target's error within its tolerance, and the standard deviations that is for a normal error.
INSIDE, _DEVIATIONS = 0.90, 1.6448536


class Target(Spec):
    """A figure that the world should have.

    ``value`` and ``tolerance`` in the target's unit: the error of the target is taken as normal, with
    90 % of it within the tolerance. What is measured is a ``claim`` of the report, or ``scenario``,
    ``weeks``, ``arms`` and ``figure`` as in a claim. ``source``: ids of ``scenarios/sources.csv``, or of
    claims.
    """

    id: str = ""
    label: Text | None = None
    value: float
    tolerance: float = Field(gt=0)
    source: str
    note: str | None = None
    claim: str | None = None
    unit: str = ""
    scenario: str = "baseline"
    changes: dict[str, object] = Field(default_factory=dict)
    weeks: int = Field(default=104, ge=1, le=5200)
    arms: dict[Id, dict[str, object]] = Field(default_factory=dict)
    figure: Figure | None = None

    @model_validator(mode="after")
    def _measured(self) -> Self:
        if (self.claim is None) == (self.figure is None):
            raise ValueError("figure: there is both a claim and a figure, or neither|one of the two")
        if self.figure is not None:
            if self.label is None or not self.unit:
                raise ValueError("label: a figure of its own needs label and unit|both")
            for name in self.figure.arms:
                if name not in self.arms:
                    raise ValueError(f"figure: arm {name!r} is not one of this target|{', '.join(self.arms)}")
        return self

    @property
    def error(self) -> float:
        """Standard deviation of the target's error."""
        return self.tolerance / _DEVIATIONS


class Measured(Spec):
    """A target with everything that is needed to measure it."""

    id: str
    label: Text
    unit: str
    value: float
    tolerance: float
    error: float
    source: str
    scenario: str
    changes: dict[str, object]
    weeks: int
    arms: dict[str, dict[str, object]]
    figure: Figure


class CalibrationSpec(Spec):
    """A calibration as a file says it.

    ``changes``: replaced in every scenario, such as the number of borrowers. ``points``: of the design in
    each wave, a power of 2; ``waves``: each after the first draws its points from the part of the ranges
    that the one before left possible. ``rounds``: of a quarter as many points each, ever closer around the
    point to ship; they choose it and are not used for the posterior. ``parameters``: fields and the ranges
    that are possible before anything is known, uniform on their scale.
    """

    schema_version: Literal[1] = 1
    id: str = Field(pattern=ID_PATTERN)
    label: Text
    description: Text | None = None
    world: str
    seed: int = Field(default=1, ge=0)
    points: int = Field(default=256, ge=8)
    waves: int = Field(default=2, ge=1, le=10)
    rounds: int = Field(default=3, ge=0, le=20)
    changes: dict[str, object] = Field(default_factory=dict)
    parameters: dict[str, Range] = Field(min_length=1)
    starts: list[dict[str, float]] = Field(default_factory=list, max_length=4)
    targets: dict[str, Target] = Field(min_length=1)

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        if self.points & (self.points - 1):
            raise ValueError(f"points: {self.points} is not a power of 2|8, 16, 32, 64, ...")
        for name, one in self.parameters.items():
            if one.low is None or one.high is None or one.whole:
                raise ValueError(f"parameters.{name}: is no range of real numbers|low and high")
        for number, point in enumerate(self.starts):
            if set(point) != set(self.parameters):
                odd = sorted(set(point) ^ set(self.parameters))[0]
                raise ValueError(
                    f"starts.{number}: {odd} is missing or no parameter|a value for each parameter"
                )
        try:
            check_shares(self.parameters)
        except ValueError as error:
            raise ValueError(f"parameters.{error}") from None
        return self

    @cached_property
    def measured(self) -> tuple[Measured, ...]:
        """Targets with what measures them. Raises :class:`SpecError` for an unknown claim."""
        return tuple(_measured(name, target) for name, target in self.targets.items())


def _measured(name: str, target: Target) -> Measured:
    source: Target | Claim = target
    label, unit = target.label, target.unit
    if target.claim is not None:
        claims = shipped_claims()
        if target.claim not in claims:
            where = f"targets.{name}.claim"
            raise SpecError("calibration", where, *unknown_name(target.claim, claims, "claim"))
        source = claims[target.claim]
        label, unit = label or source.claim, unit or source.unit
    assert label is not None and source.figure is not None
    return Measured(
        id=name, label=label, unit=unit, value=target.value, tolerance=target.tolerance, error=target.error,
        source=target.source, scenario=source.scenario, changes=source.changes, weeks=source.weeks,
        arms=source.arms, figure=source.figure,
    )  # fmt: skip


def calibration_names() -> list[str]:
    """Names of the shipped calibrations."""
    return list(shipped("calibration"))


def load_calibration(name_or_path: str | Path) -> CalibrationSpec:
    """Read and check a shipped calibration or a user's file. Raises :class:`SpecError`."""
    found = locate(name_or_path, "calibration")
    if found is None:
        problem, allowed = unknown_name(str(name_or_path), calibration_names(), "calibration")
        raise SpecError("calibration", "", problem, f"{allowed}, or a path to a YAML file")
    node = read_included(*found, "calibration")
    spec = validate(CalibrationSpec, node.plain(), node.source, node)
    _ = spec.measured
    return spec
