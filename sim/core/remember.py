"""Remembering what was made of objects that never change."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
F = TypeVar("F")
R = TypeVar("R")

#: Results kept of each function; then all are forgotten.
MOST = 256


def remembered(function: Callable[Concatenate[F, P], R]) -> Callable[Concatenate[F, P], R]:
    """Remember the results of a function of a frozen object, told apart by identity, not by value.

    Comparing or hashing a rule set costs more than most things that are made of it. Further arguments
    must be hashable. Results are shared: nobody may change them.
    """
    kept: dict[tuple[Any, ...], tuple[F, R]] = {}

    @wraps(function)
    def look(frozen: F, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result for this very object, made if it is not known yet."""
        key = (id(frozen), *args, *kwargs.values())
        found = kept.get(key)
        # the object is kept with its result, so no other one can have its identity meanwhile
        if found is not None and found[0] is frozen:
            return found[1]
        made = function(frozen, *args, **kwargs)
        if len(kept) >= MOST:
            kept.clear()
        kept[key] = frozen, made
        return made

    return look
