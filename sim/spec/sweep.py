"""A sweep: which levers and uncertainties are varied, over which ranges, and what is looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.spec.base import Spec, Text
from sim.spec.declared import ID_PATTERN

#: Points of a design, and combinations of levers, at most.
MOST_POINTS, MOST_ARMS = 100_000, 200
Value = bool | int | float | str | None


class Range(Spec):
    """What a field may be: a list of values, or anything between two numbers."""

    values: Annotated[list[Value | list[Value]] | None, Field(min_length=1, max_length=MOST_POINTS)] = None
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"
    whole: bool = Field(default=False, description="whole numbers only")
    of: str | None = Field(
        default=None, description="field of the same sweep that this is a share of, so that an order holds"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.values is not None:
            if self.low is not None or self.high is not None:
                raise ValueError("values: is given together with low or high|one of the two")
            return self
        if self.low is None or self.high is None:
            raise ValueError("low: has neither values nor both ends|values, or low and high")
        if not self.low < self.high:
            raise ValueError(f"high: {self.high:g} is not above low|a number above {self.low:g}")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"low: {self.low:g} has no logarithm|a number above 0")
        if self.whole and (self.low % 1 or self.high % 1):
            raise ValueError("low: is no whole number|whole numbers, since whole is true")
        return self

    def at(self, share: float) -> Value | list[Value]:
        """The value at a share of the range, from 0 to just below 1."""
        if self.values is not None:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        assert self.low is not None and self.high is not None
        if self.whole:
            return int(min(self.low + math.floor(share * (self.high - self.low + 1)), self.high))
        return self._between(share)

    def levels(self, count: int) -> list[Value | list[Value]]:
        """All values of a list; or so many from end to end of a range, equally far apart."""
        if self.values is not None:
            return list(self.values)
        assert self.low is not None and self.high is not None
        if self.whole:
            count = min(count, int(self.high - self.low) + 1)
        steps = [self._between(step / (count - 1)) for step in range(count)]
        return [round(step) for step in steps] if self.whole else list(steps)

    def _between(self, share: float) -> float:
        assert self.low is not None and self.high is not None
        if share >= 1:
            return self.high
        if self.scale == "log":
            return self.low * math.exp(share * math.log(self.high / self.low))
        return self.low + share * (self.high - self.low)


def check_shares(ranges: Mapping[str, Range | None]) -> None:
    """Raise ValueError where a range is a share of a field that is not varied, or is a share itself."""
    for name, one in ranges.items():
        if one is None or one.of is None:
            continue
        whole = ranges.get(one.of)
        if whole is None or whole.of is not None or one.whole:
            fine = sorted(other for other, it in ranges.items() if it is not None and it.of is None)
            raise ValueError(f"{name}.of: {one.of!r} is no range of its own here|{', '.join(fine) or 'none'}")


class Design(Spec):
    """How points are laid into the ranges; ``listed``: point n takes the n-th value of every list."""

    kind: Literal["grid", "latin_hypercube", "sobol", "listed"] = "sobol"
    points: int = Field(default=64, ge=1, le=MOST_POINTS, description="of a sample; a power of 2 for sobol")
    levels: int = Field(default=5, ge=2, le=1000, description="of a range in a grid")

    @model_validator(mode="after")
    def _power_of_two(self) -> Self:
        if self.kind == "sobol" and self.points & (self.points - 1):
            raise ValueError(
                f"points: {self.points} is not a power of 2, which Sobol points need|1, 2, 4, 8, ..."
            )
        return self


class SweepSpec(Spec):
    """A sweep as a file says it.

    ``levers`` are what somebody can decide: lists are crossed and every combination is an arm, so that
    arms are paired at every point; ranges are sampled with the uncertainties. ``uncertainties`` are what
    nobody can decide, sampled by ``design``; the range ``null`` of a number of the world is its own
    interval. ``outcomes`` are measures. ``arms`` name the arms where they differ in more than one value.
    """

    schema_version: Literal[1] = 1
    id: str = Field(pattern=ID_PATTERN)
    label: Text | None = None
    description: Text | None = None
    scenario: str = "baseline"
    worlds: list[str] = Field(default=["evidence"], min_length=1)
    changes: dict[str, object] = Field(default_factory=dict)
    weeks: int | None = Field(default=None, ge=1)
    seed: int | None = Field(default=None, ge=0)
    runs: int = Field(default=1, ge=1, le=MOST_POINTS, description="paired runs at each point")
    design: Design = Field(default_factory=Design)
    levers: dict[str, Range] = Field(default_factory=dict)
    arms: dict[str, dict[str, object]] = Field(
        default_factory=dict, description="arms by name, each a set of changes, instead of levers"
    )
    uncertainties: dict[str, Range | None] = Field(default_factory=dict)
    outcomes: list[str] = Field(min_length=1)

    @model_validator(mode="after")
    def _something_varies(self) -> Self:
        if not self.levers and not self.uncertainties and not self.arms:
            raise ValueError("levers: neither levers nor uncertainties are varied|at least one of them")
        both = sorted(set(self.levers) & set(self.uncertainties))
        if both:
            raise ValueError(f"uncertainties: {both[0]} is a lever as well|each field once")
        if self.arms and self.levers:
            raise ValueError("arms: are given together with levers|one of the two")
        try:
            check_shares(self.uncertainties | self.levers)
        except ValueError as error:
            raise ValueError(f"uncertainties.{error}") from None
        arms = math.prod(len(lever.values) for lever in self.levers.values() if lever.values)
        if arms > MOST_ARMS:
            raise ValueError(f"levers: {arms} combinations are too many|at most {MOST_ARMS}")
        return self
