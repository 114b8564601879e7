"""Rules from outside the package, by name: what they leave of a treatment, and who breaks them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar, cast

import numpy as np

from sim.collection.cases import Cases
from sim.collection.named import NamedClasses
from sim.collection.names import FIELD, HUMAN
from sim.collection.treatment import Treatment
from sim.core.columns import I32, I64
from sim.core.errors import SpecError
from sim.core.rng import uniform_rows
from sim.spec.rules import RuleSet

ENTRY_POINT_GROUP = "arrears.rules"


class ContactRule(Protocol):
    """A rule of contact; an instance keeps nothing between weeks.

    Attributes
    ----------
    name:
        Set when it is registered.
    unit, low, high:
        Unit and possible values of its number in a rule set; truth values have the range 0 to 1.
    """

    name: str
    unit: str
    low: float
    high: float

    def permit(self, treatment: Treatment, cases: Cases, value: float) -> Treatment:
        """What the rule leaves of a treatment, which is its own copy and may be changed."""
        ...


C = TypeVar("C", bound=type)
_rules = NamedClasses(
    "rule", ENTRY_POINT_GROUP, "permit", "permit(self, treatment, cases, value) -> Treatment"
)


def register_rule(name: str) -> Callable[[C], C]:
    """Class decorator that makes a rule available to rule sets under ``own: {NAME: {value: ...}}``.

    The class needs ``unit``, ``low``, ``high`` and a method ``permit(treatment, cases, value)`` that
    returns what is left of a treatment. A method ``violations(treatment, cases, value)`` that returns
    a whole number a case is optional; without it each human call or visit, and each third party, that
    ``permit`` would still strike out is one.

    Raises
    ------
    SpecError
        If the name is impossible or taken, or the class lacks the method or a declaration.
    """
    register = _rules.register(name)

    def add(cls: C) -> C:
        """Note the rule under its name and give it back unchanged. Raises :class:`SpecError`."""
        for declared in ("unit", "low", "high"):
            if not hasattr(cls, declared):
                problem = f"{cls.__qualname__} has no {declared}"
                raise SpecError("register_rule", name, problem, "unit, low and high of its value")
        return register(cls)

    return add


def own_rule(name: str) -> ContactRule:
    """A new instance of the rule called ``name``. Raises :class:`SpecError` if it is unknown."""
    return cast(ContactRule, _rules.make(name))


def own_rule_names() -> tuple[str, ...]:
    """All rules registered from outside, in alphabetical order."""
    return _rules.names()


def check_own_rules(rules: RuleSet) -> None:
    """Refuse a rule set with an unknown own rule, another unit or an impossible value.

    Raises
    ------
    SpecError
        One sentence with the rule, the problem and what is allowed.
    """
    source = f"rule set {rules.id}"
    for name, given in rules.own.items():
        field = f"own.{name}"
        try:
            known = own_rule(name)
        except SpecError as error:
            raise SpecError(source, field, error.problem, error.allowed or "no rule is registered") from None
        if given.unit is not None and given.unit != known.unit:
            raise SpecError(source, field, f"unit {given.unit!r} is not the unit of this rule", known.unit)
        if not known.low <= given.value <= known.high:
            allowed = f"{known.low:g} to {known.high:g} ({known.unit})"
            raise SpecError(source, field, f"{given.value:g} is out of range", allowed)


def permit_own(
    treatment: Treatment, cases: Cases, rules: RuleSet, *, over_cap_rate: float, seed: int, week: int
) -> Treatment:
    """What the own rules of a set leave of a treatment, one after the other by name.

    On a share ``over_cap_rate`` of cases, drawn anew each week, people make the calls and visits and
    contact the third parties that a rule strikes out; machines never break a rule.
    """
    for name in sorted(rules.own):
        allowed = _asked(name, treatment, cases, rules)
        if over_cap_rate > 0 and cases.account.size:
            rows = int(cases.account.max()) + 1
            draws = uniform_rows(seed, f"over_cap.{name}", rows, week)[cases.account, 0]
            pressed = draws < over_cap_rate
            attempts = allowed.attempts.copy()
            for channel in (HUMAN, FIELD):
                attempts[pressed, channel] = np.maximum(
                    attempts[pressed, channel], treatment.attempts[pressed, channel]
                )
            third = np.where(pressed, treatment.third_party | allowed.third_party, allowed.third_party)
            allowed = replace(allowed, attempts=attempts, third_party=third)
        treatment = allowed
    return treatment


def count_own(treatment: Treatment, cases: Cases, rules: RuleSet) -> I32:
    """Times that a treatment as it is carried out breaks an own rule, by case."""
    counts: I64 = np.zeros(cases.account.shape, np.int64)
    for name in sorted(rules.own):
        told = getattr(own_rule(name), "violations", None)
        if told is not None:
            counts += np.asarray(told(treatment, cases, rules.own[name].value), np.int64)
            continue
        allowed = _asked(name, treatment, cases, rules)
        made = treatment.attempts[:, HUMAN : FIELD + 1].astype(np.int64)
        excess = np.maximum(0, made - allowed.attempts[:, HUMAN : FIELD + 1])
        counts += excess.sum(axis=(1, 2))
        counts += treatment.third_party & ~allowed.third_party & made.any(axis=(1, 2))
    return counts.astype(np.int32)


def _asked(name: str, treatment: Treatment, cases: Cases, rules: RuleSet) -> Treatment:
    """A rule's answer, refused where it does not fit or adds attempts."""
    allowed = own_rule(name).permit(treatment.copy(), cases, rules.own[name].value)
    source = f"rule {name!r}"
    if not isinstance(allowed, Treatment):
        raise SpecError(source, "permit", f"returned {type(allowed).__name__}", "a Treatment")
    allowed.check(cases.account.shape[0], source)
    if (allowed.attempts > treatment.attempts).any():
        raise SpecError(source, "permit", "adds attempts", "the attempts given, or fewer")
    return allowed
