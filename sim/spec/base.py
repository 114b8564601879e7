"""Bases of everything a run is told: strict models, numbers with unit and source."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Spec(BaseModel):
    """A strict, frozen piece of a specification: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Text(Spec):
    """A text in both languages of the interface."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class Quantity(Spec):
    """One number of a world: value, unit, where it comes from, and how sure it is.

    ``source`` is an id of ``scenarios/sources.csv``, several ids joined by ``;``, ``fitted`` (fitted
    to the targets of the world) or ``assumption``.
    """

    value: float
    unit: str
    source: str = Field(min_length=1)
    low: float | None = None
    high: float | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _inside_own_range(self) -> Self:
        below = self.low is not None and self.value < self.low
        if below or (self.high is not None and self.value > self.high):
            low = "-" if self.low is None else f"{self.low:g}"
            high = "-" if self.high is None else f"{self.high:g}"
            raise ValueError(f"value: {self.value:g} is outside its own low and high|{low} to {high}")
        return self


def quantity(unit: str, low: float, high: float, meaning: str) -> Any:
    """Declare a field of a :class:`Group`: its unit, its possible values, its meaning."""
    return Field(description=meaning, json_schema_extra={"unit": unit, "low": low, "high": high})


class Group(Spec):
    """A group of quantities; checks each against the unit and range of its declaration."""

    @model_validator(mode="after")
    def _check_quantities(self) -> Self:
        for name, field in type(self).model_fields.items():
            extra = field.json_schema_extra
            given = getattr(self, name)
            if not isinstance(given, Quantity) or not isinstance(extra, dict):
                continue
            unit, low, high = extra["unit"], float(str(extra["low"])), float(str(extra["high"]))
            if given.unit != unit:
                raise ValueError(f"{name}: unit {given.unit!r} is not the unit of this number|{unit}")
            if not low <= given.value <= high:
                raise ValueError(f"{name}: {given.value:g} is out of range|{low:g} to {high:g} ({unit})")
        return self

    def quantities(self) -> list[tuple[str, Quantity]]:
        """The quantities of the group itself with their names, without those of groups inside it."""
        return [(name, value) for name, value in self if isinstance(value, Quantity)]

    def values(self) -> dict[str, float]:
        """The plain values by name."""
        return {name: quantity.value for name, quantity in self.quantities()}
