"""Errors whose message tells the reader what to change."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final


class ArrearsError(Exception):
    """Base of all errors this package raises on purpose."""


#: What ends a line or moves a terminal's cursor, with how it is written in a message.
_CONTROLS: Final = {
    number: repr(chr(number))[1:-1] for number in (*range(32), *range(127, 160), 0x2028, 0x2029)
}


def _one_line(message: str) -> str:
    return message.translate(_CONTROLS)


class SpecError(ArrearsError):
    """A scenario, portfolio, network file or argument says something impossible.

    The message is one sentence: where, what was found, what is allowed.

    Parameters
    ----------
    source:
        File name, command-line option or function argument that holds the value.
    field:
        Field path or line inside the source (``collectors[2].strategy``, ``line 17, balance``);
        may be empty when the whole source is at fault.
    problem:
        What is wrong with the value, with the value itself.
    allowed:
        What would have been accepted.
    """

    def __init__(self, source: str, field: str, problem: str, allowed: str = "") -> None:
        self.source = source
        self.field = field
        self.problem = problem
        self.allowed = allowed
        where = f"{source}, {field}" if field else source
        tail = f"; allowed: {allowed}" if allowed else ""
        super().__init__(_one_line(f"{where}: {problem}{tail}"))

    def __reduce__(self) -> tuple[type[SpecError], tuple[str, str, str, str]]:
        return (type(self), (self.source, self.field, self.problem, self.allowed))


class StartChangeError(SpecError):
    """A change is possible, but was settled before week 0, so a running economy cannot take it."""


class LedgerError(ArrearsError):
    """Money or debt appeared, vanished or was posted to the wrong sector."""


class StoppedError(ArrearsError):
    """Work was stopped half-way; what was finished is kept."""


def unknown_name(value: str, known: Iterable[str], what: str) -> tuple[str, str]:
    """Problem and allowed texts for a name that is not in a closed list.

    Returns the two texts that :class:`SpecError` takes, with the nearest known name where
    one is near.
    """
    names = sorted(known)
    near = difflib.get_close_matches(value, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{value!r} is not a {what}{hint}", ", ".join(names)
