"""A rule set: regulation of collection as dated, cited data."""

from __future__ import annotations

from datetime import date
from typing import Any, Generic, NamedTuple, Self, TypeVar

from pydantic import Field, model_validator

from sim.spec.base import Spec, Text

V = TypeVar("V", int, float, bool)


class Rule(Spec, Generic[V]):
    """One rule: its value, unit, the day it came into force and where it can be read."""

    value: V
    unit: str
    in_force: date | None = Field(default=None, description="none for assumptions about supervision")
    source: str = Field(min_length=1, description="an id of scenarios/sources.csv, or 'assumption'")
    note: str | None = None


def rule(unit: str, low: float, high: float, meaning: str) -> Any:
    """Declare a rule of a :class:`RuleSet`: its unit, its possible values, its meaning."""
    return Field(
        default=None, description=meaning, json_schema_extra={"unit": unit, "low": low, "high": high}
    )


#: Named here so that rule sets can be pickled.
_KINDS = (Rule[int], Rule[float], Rule[bool])


class RuleSet(Spec):
    """What is permitted. A rule that is absent does not bind."""

    id: str
    label: Text
    jurisdiction: str
    note: str | None = Field(default=None, description="what the set covers and what it leaves out")
    attempts_per_day: Rule[int] | None = rule(
        "1/day", 0, 1000, "dials per number and day, per channel with dials"
    )
    attempts_per_week: Rule[int] | None = rule("1/week", 0, 7000, "dials per number and week")
    quiet_start_hour: Rule[int] | None = rule("hour", 0, 24, "from this hour of the day nobody may be called")
    quiet_end_hour: Rule[int] | None = rule(
        "hour", 0, 24, "from this hour of the day calls are permitted again"
    )
    third_party_contact: Rule[bool] | None = rule(
        "permitted", 0, 1, "whether relatives or employer may be contacted"
    )
    field_visits: Rule[bool] | None = rule("permitted", 0, 1, "whether visits are permitted")
    pause_after_contact_days: Rule[int] | None = rule(
        "days", 0, 3650, "days without attempts after a conversation"
    )
    plan_offer_required: Rule[bool] | None = rule(
        "required", 0, 1, "whether every treatment must offer a plan"
    )
    data_bureau: Rule[bool] | None = rule(
        "permitted", 0, 1, "whether credit-bureau data may be used and held"
    )
    data_telecom: Rule[bool] | None = rule("permitted", 0, 1, "whether telecom data may be used and held")
    data_shopping: Rule[bool] | None = rule("permitted", 0, 1, "whether shopping data may be used and held")
    data_wallet: Rule[bool] | None = rule(
        "permitted", 0, 1, "whether wallet-payment data may be used and held"
    )
    inspection_rate: Rule[float] | None = rule("1/week", 0, 1, "inspections of a collector a week")
    fine_per_violation: Rule[float] | None = rule("yuan", 0, 1e9, "for each violation found")
    adoption_subsidy: Rule[float] | None = rule(
        "share", 0, 1, "of the price of a module or digital strategy, paid by the state"
    )
    tax_relief: Rule[float] | None = rule("share", 0, 1, "of that price, taken off taxes on profit")

    @model_validator(mode="after")
    def _check_rules(self) -> Self:
        for name, declared in declared_rules().items():
            given = getattr(self, name)
            if given is None:
                continue
            if given.unit != declared.unit:
                raise ValueError(f"{name}: unit {given.unit!r} is not the unit of this rule|{declared.unit}")
            if not declared.low <= given.value <= declared.high:
                allowed = f"{declared.low:g} to {declared.high:g} ({declared.unit})"
                raise ValueError(f"{name}: {given.value:g} is out of range|{allowed}")
        if (self.quiet_start_hour is None) != (self.quiet_end_hour is None):
            raise ValueError(
                "quiet hours have only one end|both quiet_start_hour and quiet_end_hour, or neither"
            )
        return self


#: Sources of data about borrowers that a collector or lender can buy; each has a rule ``data_<source>``.
DATA_SOURCES = ("bureau", "telecom", "shopping", "wallet")


def permitted_sources(rules: RuleSet) -> tuple[str, ...]:
    """Data sources that a rule set leaves open: all that it does not forbid."""
    given = ((name, getattr(rules, f"data_{name}")) for name in DATA_SOURCES)
    return tuple(name for name, found in given if found is None or found.value)


class DeclaredRule(NamedTuple):
    """Unit and possible values of a rule; truth values have the range 0 to 1."""

    unit: str
    low: float
    high: float


def declared_rules() -> dict[str, DeclaredRule]:
    """The declarations of all rules by field name of :class:`RuleSet`."""
    found = {}
    for name, field in RuleSet.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict):
            found[name] = DeclaredRule(
                str(extra["unit"]), float(str(extra["low"])), float(str(extra["high"]))
            )
    return found
