"""Strategies by name: the shipped ones, the user's own, and those of installed packages."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, TypeVar, runtime_checkable

from sim.collection.cases import Capacity, Cases
from sim.collection.treatment import Treatment
from sim.core.errors import SpecError, unknown_name

ENTRY_POINT_GROUP = "arrears.strategies"
_PATTERN = re.compile(r"[a-z0-9_-]{1,40}")


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
_classes: dict[str, type] = {}


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
    if not _PATTERN.fullmatch(name):
        raise SpecError(
            "register_strategy", "name", f"{name!r} cannot be a name", "1 to 40 of a-z, 0-9, _ and -"
        )

    def register(cls: S) -> S:
        taken = _classes.get(name)
        if taken is not None and _identity(taken) != _identity(cls):
            raise SpecError(
                "register_strategy",
                "name",
                f"{name!r} is taken by {'.'.join(_identity(taken))}",
                "a free name",
            )
        if not callable(getattr(cls, "decide", None)):
            raise SpecError(
                "register_strategy",
                name,
                f"{cls.__qualname__} has no method decide",
                "decide(self, cases, capacity) -> Treatment",
            )
        cls.name = name  # type: ignore[attr-defined]
        _classes[name] = cls
        return cls

    return register


def strategy(name: str) -> Strategy:
    """A new instance of the strategy called ``name``.

    Raises
    ------
    SpecError
        If no such strategy is registered or installed, or an installed one cannot be imported.
    """
    if name not in _classes:
        found = _installed().get(name)
        if found is None:
            problem, allowed = unknown_name(name, strategy_names(), "strategy")
            raise SpecError("strategy", "", problem, allowed)
        _load(found)
    made = _classes[name]()
    assert isinstance(made, Strategy)
    return made


def strategy_names() -> tuple[str, ...]:
    """All known names in alphabetical order; installed packages are listed, not imported."""
    return tuple(sorted({*_classes, *_installed()}))


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


def _identity(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def _load(point: EntryPoint) -> None:
    try:
        loaded = point.load()
    except Exception as error:
        raise SpecError("strategy", point.name, f"{point.value} cannot be imported ({error})") from error
    # the module may have registered the class itself while it was imported
    if point.name not in _classes:
        if not isinstance(loaded, type):
            raise SpecError("strategy", point.name, f"{point.value} is not a class", "a strategy class")
        register_strategy(point.name)(loaded)
