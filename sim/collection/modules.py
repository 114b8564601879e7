"""Modules: additions to any strategy, by name, and the strategy that results."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sim.collection.cases import Capacity, Cases
from sim.collection.named import NamedClasses
from sim.collection.treatment import Treatment
from sim.core.errors import SpecError
from sim.spec.strategy import join_strategy

ENTRY_POINT_GROUP = "arrears.modules"


class Module:
    """An addition to a strategy; the base of all modules, which override what they change.

    An instance lives as long as its collector, like the strategy that it is added to.

    Attributes
    ----------
    name:
        Set when it is registered.
    checks_contacts:
        Whether each contact is checked against the rules before it is made, so that no person breaks
        one. Each case worked then costs the world's ``contact_check_cost``.
    learns, spares:
        Whether scores are learned from history; whether cases are spared in which the estimated effect
        is worth less than the work.
    warns:
        Whether its user predicts who will miss the next due date.
    shared_record:
        Whether its user keeps debts on a shared, tamper-evident record.
    before_due:
        Whether accounts are reminded in the week before a payment falls due.
    sources:
        Data sources (``sim.spec.rules.DATA_SOURCES``) that its user buys and holds where rules permit.
    """

    name: str = ""
    checks_contacts: bool = False
    learns: bool = False
    spares: bool = False
    warns: bool = False
    shared_record: bool = False
    before_due: bool = False
    sources: tuple[str, ...] = ()

    def adjust(self, treatment: Treatment, cases: Cases, capacity: Capacity) -> Treatment:
        """The treatment that the strategy wants, changed; rules and staff limit it afterwards."""
        return treatment


M = TypeVar("M", bound=type)
_modules = NamedClasses(
    "module", ENTRY_POINT_GROUP, "adjust", "adjust(self, treatment, cases, capacity) -> Treatment"
)


def register_module(name: str) -> Callable[[M], M]:
    """Class decorator that makes a module available under ``name``.

    The class is best a subclass of :class:`Module` and needs a constructor without arguments. In a
    scenario it is added as ``strategy: {base: ai_tiered, modules: [NAME]}`` or ``ai_tiered+NAME``.

    Raises
    ------
    SpecError
        If the name is impossible or taken, or the class is no module.
    """
    return _modules.register(name)


def module(name: str) -> Module:
    """A new instance of the module called ``name``. Raises :class:`SpecError` if it is unknown."""
    made = _modules.make(name)
    if not isinstance(made, Module):
        raise SpecError("module", name, f"{type(made).__qualname__} is no module", "a subclass of Module")
    return made


def module_names() -> tuple[str, ...]:
    """All known names in alphabetical order."""
    return _modules.names()


class Combined:
    """A strategy with modules: each in turn adjusts what the ones before it want."""

    def __init__(self, base: object, modules: tuple[Module, ...]) -> None:
        self.base, self.modules = base, modules
        self.name = join_strategy(base.name, [item.name for item in modules])  # type: ignore[attr-defined]
        self.receivable_channel = getattr(base, "receivable_channel", "human")
        parts = (base, *modules)
        self.checks_contacts = any(getattr(item, "checks_contacts", False) for item in parts)
        self.pooled_capacity = bool(getattr(base, "pooled_capacity", False))
        self.remote_staff = bool(getattr(base, "remote_staff", False))
        self.before_due = any(getattr(item, "before_due", False) for item in parts)
        self.learns = any(getattr(item, "learns", False) for item in parts)
        self.spares = any(getattr(item, "spares", False) for item in parts)
        self.shared_record = any(getattr(item, "shared_record", False) for item in parts)
        self.warns = any(getattr(item, "warns", False) for item in parts)
        held = {source for item in parts for source in getattr(item, "sources", ())}
        self.sources = tuple(sorted(held))

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """The base's treatment, adjusted by every module in the order given."""
        treatment: Treatment = self.base.decide(cases, capacity)  # type: ignore[attr-defined]
        for item in self.modules:
            treatment = item.adjust(treatment, cases, capacity)
        return treatment
