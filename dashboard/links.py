"""Share links: the controls of a page as a versioned query, checked when it is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from sim.spec.labels import text

VERSION = "1"
#: Longest value that is looked at.
_LONGEST = 400


@dataclass(frozen=True)
class Field:
    """One control in a link.

    ``kind``: ``one`` of ``allowed``, ``some`` of them (``least`` to ``most``), or a ``whole`` number
    from ``least`` to ``most``.
    """

    name: str
    kind: Literal["one", "some", "whole"]
    default: Any
    allowed: tuple[str, ...] = ()
    least: int = 1
    most: int = 1

    def read(self, given: str) -> Any:
        """The value of a text. Raises :class:`ValueError` for what the control does not allow."""
        if self.kind == "whole":
            if not (given.isascii() and given.isdecimal() and self.least <= int(given[:12]) <= self.most):
                raise ValueError(given)
            return int(given)
        parts = [given] if self.kind == "one" else given.split(",")
        enough = self.kind == "one" or self.least <= len(parts) <= self.most
        if not enough or len(set(parts)) < len(parts) or any(part not in self.allowed for part in parts):
            raise ValueError(given)
        return given if self.kind == "one" else parts

    def write(self, value: Any) -> str:
        """The text of a value."""
        return ",".join(value) if self.kind == "some" else str(value)


def read_link(
    params: Mapping[str, str], fields: Sequence[Field], lang: str = "en"
) -> tuple[dict[str, Any], list[str]]:
    """Values of all controls, defaults where a link says nothing, and a sentence for each thing dropped.

    A link of another version is dropped whole.
    """
    values = {field.name: field.default for field in fields}
    given = {name: value for name, value in params.items() if name not in {"v", "lang", "words"}}
    if not given:
        return values, []
    if params.get("v") != VERSION:
        return values, [text("dash.link_version", lang, version=params.get("v", "-")[:20])]
    known = {field.name: field for field in fields}
    dropped = []
    for name, value in given.items():
        try:
            values[name] = known[name].read(value[:_LONGEST])
        except (KeyError, ValueError):
            dropped.append(text("dash.link_dropped", lang, name=name[:40], value=value[:40]))
    return values, dropped


def write_link(fields: Sequence[Field], values: Mapping[str, Any], lang: str, words: str = "epidemic") -> str:
    """The query of a link: version, language, vocabulary, every control."""
    pairs = {field.name: field.write(values[field.name]) for field in fields}
    return "?" + urlencode({"v": VERSION, "lang": lang, "words": words, **pairs}, safe=",")
