"""Strategies by name: the shipped ones, the user's own, and those of installed packages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable

from sim.collection.cases import Capacity, Cases
from sim.collection.modules import Combined, module
from sim.collection.named import NamedClasses
from sim.collection.treatment import Treatment
from sim.core.errors import SpecError
from sim.spec.strategy import split_strategy

ENTRY_POINT_GROUP = "arrears.strategies"


@runtime_checkable
class Strategy(Protocol):
    """Decides what is done with the cases of one collector in one week.

    An instance lives as long as its collector, so it may keep what it learned between weeks. The
    optional attribute ``receivable_channel`` (``"human"``, ``"digital"`` or None for nothing) says
    how the strategy works trade receivables; without it they are worked by people.
    """

    name: str

    def decide(self, cases: Cases, capacity: Capacity) -> Treatment:
        """The treatment wanted; rules and staff limit it afterwards."""
        ...


S = TypeVar("S", bound=type)
_strategies = NamedClasses(
    "strategy", ENTRY_POINT_GROUP, "decide", "decide(self, cases, capacity) -> Treatment"
)


def register_strategy(name: str) -> Callable[[S], S]:
    """Class decorator that makes a strategy available under ``name``.

    The class needs a method ``decide(cases, capacity) -> Treatment`` and a constructor without
    arguments; its attribute ``name`` is set. Registering the same class again (a reloaded module, a
    repeated notebook cell) replaces it.

    Raises
    ------
    SpecError
        If the name has other characters than a-z, 0-9, ``_`` and ``-``, is longer than 40, or is
        taken by another class; or if the class has no ``decide``.
    """
    return _strategies.register(name)


def strategy(name: str) -> Strategy:
    """A new instance of the strategy called ``name``, with its modules where ``+`` joins some to it.

    Raises
    ------
    SpecError
        If no such strategy or module is registered or installed, an installed one cannot be
        imported, or a module is given twice.
    """
    base, modules = split_strategy(name)
    made = _strategies.make(base)
    assert isinstance(made, Strategy)
    if not modules:
        return made
    for given in modules:
        if modules.count(given) > 1:
            raise SpecError("strategy", "modules", f"{given!r} is given twice", "each module once")
    return Combined(made, tuple(module(item) for item in modules))


def strategy_names() -> tuple[str, ...]:
    """All known names in alphabetical order; installed packages are listed, not imported."""
    return _strategies.names()


def decide(chosen: Strategy, cases: Cases, capacity: Capacity) -> Treatment:
    """Ask a strategy and check its answer, so that a faulty one is named and not obeyed.

    Raises
    ------
    SpecError
        If the strategy returns anything but a treatment that fits the cases.
    """
    treatment = chosen.decide(cases, capacity)
    source = f"strategy {chosen.name!r}"
    if not isinstance(treatment, Treatment):
        raise SpecError(source, "decide", f"returned {type(treatment).__name__}", "a Treatment")
    treatment.check(cases.account.shape[0], source)
    return treatment
