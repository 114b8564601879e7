"""Classes that users and installed packages add under a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from sim.core.errors import SpecError, unknown_name

_PATTERN = re.compile(r"[a-z0-9_-]{1,40}")
C = TypeVar("C", bound=type)


class NamedClasses:
    """One kind of class by name: the shipped ones, the user's own, those of installed packages.

    Parameters
    ----------
    kind:
        What messages call it; the decorator is ``register_<kind>``, the entry point group ``group``.
    method, signature:
        What each class must have, as code and as shown in messages.
    """

    def __init__(self, kind: str, group: str, method: str, signature: str) -> None:
        self.kind, self.group = kind, group
        self._method, self._signature = method, signature
        self._classes: dict[str, type] = {}

    def register(self, name: str) -> Callable[[C], C]:
        """Class decorator; registering the same class again (a reloaded module) replaces it.

        Raises
        ------
        SpecError
            If the name has other characters than a-z, 0-9, ``_`` and ``-``, is longer than 40, or is
            taken by another class; or if the class lacks the method.
        """
        source = f"register_{self.kind}"
        if not _PATTERN.fullmatch(name):
            raise SpecError(source, "name", f"{name!r} cannot be a name", "1 to 40 of a-z, 0-9, _ and -")

        def add(cls: C) -> C:
            """Note the class under its name and give it back unchanged. Raises :class:`SpecError`."""
            taken = self._classes.get(name)
            if taken is not None and _identity(taken) != _identity(cls):
                problem = f"{name!r} is taken by {'.'.join(_identity(taken))}"
                raise SpecError(source, "name", problem, "a free name")
            if not callable(getattr(cls, self._method, None)):
                problem = f"{cls.__qualname__} has no method {self._method}"
                raise SpecError(source, name, problem, self._signature)
            cls.name = name  # type: ignore[attr-defined]
            self._classes[name] = cls
            return cls

        return add

    def make(self, name: str) -> object:
        """A new instance of the class called ``name``.

        Raises
        ------
        SpecError
            If no such class is registered or installed, or an installed one cannot be imported.
        """
        if name not in self._classes:
            found = self._installed().get(name)
            if found is None:
                raise SpecError(self.kind, "", *unknown_name(name, self.names(), self.kind))
            self._load(found)
        return self._classes[name]()

    def names(self) -> tuple[str, ...]:
        """All known names in alphabetical order; installed packages are listed, not imported."""
        return tuple(sorted({*self._classes, *self._installed()}))

    def _installed(self) -> dict[str, EntryPoint]:
        return _points(entry_points, self.group)

    def _load(self, point: EntryPoint) -> None:
        try:
            loaded = point.load()
        except Exception as error:
            problem = f"{point.value} cannot be imported ({error})"
            raise SpecError(self.kind, point.name, problem) from error
        # the module may have registered the class itself while it was imported
        if point.name not in self._classes:
            if not isinstance(loaded, type):
                problem = f"{point.value} is not a class"
                raise SpecError(self.kind, point.name, problem, f"a {self.kind} class")
            self.register(point.name)(loaded)


@lru_cache(maxsize=8)
def _points(read: Callable[..., Iterable[EntryPoint]], group: str) -> dict[str, EntryPoint]:
    """What installed packages offer; read once, since it means to open every package's metadata."""
    return {point.name: point for point in read(group=group)}


def _identity(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__
