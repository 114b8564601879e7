"""A rule set: regulation of collection as dated, cited data."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Generic, Literal, NamedTuple, Self, TypeVar

from pydantic import Field, model_validator

from sim.core.remember import remembered
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


class OwnRule(Spec):
    """One rule from outside the package: ``register_rule`` says what it does, a rule set what it is."""

    value: bool | int | float
    unit: str | None = Field(default=None, description="none: the unit that the rule was registered with")
    in_force: date | None = None
    source: str = Field(min_length=1, description="where it can be read, or 'assumption'")
    note: str | None = None


#: Named here so that rule sets can be pickled.
_KINDS = (Rule[int], Rule[float], Rule[bool])


class RuleSet(Spec):
    """What is permitted. A rule that is absent does not bind."""

    id: str
    label: Text
    jurisdiction: str
    note: str | None = Field(default=None, description="what the set covers and what it leaves out")
    covers: Literal["all", "agencies"] = Field(
        default="all", description="agencies: rules of contact leave a lender's own team free"
    )
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
    call_pause_days: Rule[int] | None = rule(
        "days", 0, 3650, "days without calls after a conversation; other channels stay open"
    )
    electronic_messages_per_week: Rule[int] | None = rule(
        "1/week", 0, 7000, "texts, messenger and app messages together to one debtor and account"
    )
    breathing_space_days: Rule[int] | None = rule(
        "days", 0, 3650, "a borrower newly late who registers: no contact, no interest, no ageing"
    )
    interest_freeze_days: Rule[int] | None = rule(
        "days", 0, 30_000, "accounts more days late than this bear no interest"
    )
    forbearance_required: Rule[bool] | None = rule(
        "required", 0, 1, "whether a plan must have been offered before a visit"
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
    payment_term_cap_days: Rule[int] | None = rule(
        "days", 0, 3650, "longest terms that a buyer may have of a supplier"
    )
    payment_term_cap_large_buyers: Rule[bool] | None = rule(
        "limited", 0, 1, "whether that cap holds for large buyers of small suppliers alone"
    )
    set_off_every_weeks: Rule[int] | None = rule(
        "weeks", 0, 520, "between dates when cycles of overdue trade debts cancel; 0: never"
    )
    netting_every_weeks: Rule[int] | None = rule(
        "weeks", 0, 520, "between dates when all trade debts are cleared at once; 0: never"
    )
    compulsory_payment_every_weeks: Rule[int] | None = rule(
        "weeks", 0, 520, "between dates when all trade debts due must be paid; 0: never"
    )
    liquidity_facility_share: Rule[float] | None = rule(
        "share", 0, 1, "of long overdue receivables that a public facility advances"
    )
    liquidity_facility_weeks: Rule[int] | None = rule(
        "weeks", 0, 520, "overdue after which the facility advances; none: at once"
    )
    inspection_rate: Rule[float] | None = rule("1/week", 0, 1, "inspections of a collector a week")
    fine_per_violation: Rule[float] | None = rule("yuan", 0, 1e9, "for each violation found")
    adoption_subsidy: Rule[float] | None = rule(
        "share", 0, 1, "of the price of a module or digital strategy, paid by the state"
    )
    tax_relief: Rule[float] | None = rule("share", 0, 1, "of that price, taken off taxes on profit")

    data_misuse_fine_share: Rule[float] | None = rule(
        "share",
        0,
        1,
        "of a year's turnover: the fine for contacting third parties or holding data unlawfully",
    )
    data_misuse_fine_ceiling: Rule[float] | None = rule("yuan", 0, 1e12, "most that such a fine can be")
    licence_required: Rule[bool] | None = rule(
        "required", 0, 1, "whether an agency may work with a licence only"
    )
    licence_suspension_violations: Rule[int] | None = rule(
        "1/52 weeks", 1, 1_000_000_000, "violations found at an agency that suspend its licence"
    )
    licence_suspension_weeks: Rule[int] | None = rule("weeks", 1, 5200, "length of a suspension")
    enforcement_capacity_loss: Rule[float] | None = rule(
        "share", 0, 1, "staff that a collector lacks after violations were found"
    )
    own: dict[Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")], OwnRule] = Field(
        default_factory=dict, description="rules registered from outside the package, by name"
    )

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
        if (self.licence_suspension_violations is None) != (self.licence_suspension_weeks is None):
            raise ValueError(
                "a suspension needs number and length|both licence_suspension_violations and "
                "licence_suspension_weeks, or neither"
            )
        if self.data_misuse_fine_ceiling is not None and self.data_misuse_fine_share is None:
            raise ValueError("a ceiling without a fine|data_misuse_fine_share beside it")
        return self


#: Sources of data about borrowers that a collector or lender can buy; each has a rule ``data_<source>``.
DATA_SOURCES = ("bureau", "telecom", "shopping", "wallet")


@remembered
def permitted_sources(rules: RuleSet) -> tuple[str, ...]:
    """Data sources that a rule set leaves open: all that it does not forbid."""
    given = ((name, getattr(rules, f"data_{name}")) for name in DATA_SOURCES)
    return tuple(name for name, found in given if found is None or found.value)


@remembered
def binding(rules: RuleSet, day: date | None) -> RuleSet:
    """The rules of a set that are in force on a day; a rule without a date always binds.

    Without a day all of them bind.
    """
    if day is None:
        return rules
    later: dict[str, Any] = {}
    for name in declared_rules():
        given = getattr(rules, name)
        if given is not None and given.in_force is not None and given.in_force > day:
            later[name] = None
    own = {
        name: given for name, given in rules.own.items() if given.in_force is None or given.in_force <= day
    }
    if not later and len(own) == len(rules.own):
        return rules
    return rules.model_copy(update=later | {"own": own})


@remembered
def rules_for(rules: RuleSet, kind: str) -> RuleSet:
    """The rules that bind a collector of some kind: none of them where the set covers agencies alone."""
    if rules.covers == "all" or kind != "in_house":
        return rules
    return rules.model_copy(update=dict.fromkeys(declared_rules()) | {"own": {}})


class DeclaredRule(NamedTuple):
    """Unit and possible values of a rule; truth values have the range 0 to 1."""

    unit: str
    low: float
    high: float


def declared_rules() -> dict[str, DeclaredRule]:
    """The declarations of all rules by field name of :class:`RuleSet`."""
    found: dict[str, DeclaredRule] = {}
    for name, field in RuleSet.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict):
            found[name] = DeclaredRule(
                str(extra["unit"]), float(str(extra["low"])), float(str(extra["high"]))
            )
    return found
