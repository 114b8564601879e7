"""Reading YAML with care: bounded, without tags, and with the line of every value kept.

Plain scalars follow the YAML 1.2 core rules: ``true`` and ``false`` are the only truth values and
``1e5`` is a number. Explicit tags, merge keys, duplicate keys, ``.nan`` and ``.inf`` are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sim.core.errors import SpecError

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
#: Values in a file after its aliases are written out.
MAX_NODES = 100_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|nan)", re.IGNORECASE)
_NULLS = ("", "~", "null", "Null", "NULL")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_SIGNATURES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
}

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a YAML file with the place where it is written.

    Attributes
    ----------
    value:
        A scalar, a list of nodes, or a dict of nodes by key.
    source:
        The file as messages name it.
    line:
        Line in that file, from 1.
    folder:
        Folder of that file, to which relative paths inside it refer.
    size:
        Values in the node, itself included, with aliases written out.
    """

    value: Scalar | list[Node] | dict[str, Node]
    source: str
    line: int
    folder: Path
    size: int = 1

    def child(self, part: str | int) -> Node | None:
        """The node under a key or at a position, if there is one."""
        if isinstance(self.value, dict):
            return self.value.get(str(part))
        if isinstance(self.value, list) and isinstance(part, int) and 0 <= part < len(self.value):
            return self.value[part]
        return None

    def plain(self) -> Any:
        """The value as ordinary Python data."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def fault(self, field: str, problem: str, allowed: str = "") -> SpecError:
        """An error that names this node's file and line."""
        where = f"line {self.line}, {field}" if field else f"line {self.line}"
        return SpecError(self.source, where, problem, allowed)


def dotted(path: tuple[str | int, ...]) -> str:
    """``("collectors", 2, "name")`` as ``collectors[2].name``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def parse_scalar(text: str) -> Scalar:
    """A plain (unquoted) scalar as null, truth value, whole number, number or text.

    Raises
    ------
    ValueError
        For ``.nan``, ``.inf`` and numbers too large to hold.
    """
    if text in _NULLS:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _INT.fullmatch(text):
        return int(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a finite number")
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ValueError(f"{text} is too large")
        return number
    return text


def read_yaml(path: Path, source: str | None = None) -> Node:
    """Read a YAML file whose top is a mapping.

    Parameters
    ----------
    path:
        The file.
    source:
        How messages name it; none: the path as given.

    Raises
    ------
    SpecError
        When the file is absent, too large, not UTF-8 text, not YAML, empty, or not a mapping, and
        for tags, duplicate keys, too deep nesting, too many values and infinite numbers.
    """
    source = source if source is not None else str(path)
    node = parse_yaml(_text(path, source), source, path.parent)
    if node is None:
        raise SpecError(source, "", "the file is empty", "a mapping of fields, such as 'id: mine'")
    if not isinstance(node.value, dict):
        kind = "a list" if isinstance(node.value, list) else "a single value"
        raise node.fault("", f"the file holds {kind} at its top", "a mapping of fields, such as 'id: mine'")
    return node


def parse_yaml(text: str, source: str, folder: Path) -> Node | None:
    """The node of a YAML text; none when it holds nothing."""
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER), source, folder).document()
    except yaml.YAMLError as error:
        raise _syntax_fault(error, text, source) from None


def _text(path: Path, source: str) -> str:
    """The text of a file of bounded size."""
    try:
        if not path.is_file():
            problem = "is a folder" if path.is_dir() else "there is no such file"
            raise SpecError(source, "", problem, "a YAML file")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(source, "", f"cannot be read ({reason})", "a readable YAML file") from None
    for start, kind in _SIGNATURES.items():
        if data.startswith(start):
            raise SpecError(source, "", f"is {kind}", "a YAML text in UTF-8")
    if len(data) > MAX_BYTES:
        raise SpecError(source, "", "is larger than one megabyte", f"at most {MAX_BYTES:,} bytes")
    line = data.count(b"\n", 0, max(data.find(b"\0"), 0)) + 1
    if b"\0" in data:
        raise SpecError(source, f"line {line}", "holds a NUL byte, so it is not text", "a YAML text in UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"byte 0x{data[error.start]:02x} is not UTF-8 (saved as Big5 or GB18030?)"
        raise SpecError(source, f"line {line}", problem, "a YAML text in UTF-8") from None


def _syntax_fault(error: yaml.YAMLError, text: str, source: str) -> SpecError:
    """The error of the YAML parser as one sentence."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # a character that YAML does not permit
        at = getattr(error, "position", 0)
        line = text.count("\n", 0, at if isinstance(at, int) else 0) + 1
        return SpecError(
            source, f"line {line}", "holds a character that YAML does not permit", "printable text"
        )
    lines = text.split("\n")
    written = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return SpecError(source, f"line {mark.line + 1}", "is indented with a tab", "spaces")
    problem = getattr(error, "problem", None) or str(error).split("\n")[0]
    return SpecError(
        source, f"line {mark.line + 1}", f"is not YAML: {problem}", "'key: value' with even indents"
    )


class _Builder:
    """Builds nodes from the events of the YAML parser."""

    def __init__(self, events: Iterator[yaml.Event], source: str, folder: Path) -> None:
        self._events = events
        self._source = source
        self._folder = folder
        self._anchors: dict[str, Node] = {}
        self._total = 0

    def document(self) -> Node | None:
        """The only document of the stream."""
        found: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if found is not None:
                    raise self._fault(event, "", "a second document starts here", "one document a file")
                found = self._node(next(self._events), ())
        return None if found is None or found.value is None else found

    def _node(self, event: yaml.Event, path: tuple[str | int, ...]) -> Node:
        if len(path) > MAX_DEPTH:
            raise self._fault(event, "", "is nested too deeply", f"at most {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            node = self._alias(event, path)
            self._count(node.size, event)
            return node
        self._count(1, event)
        if getattr(event, "tag", None) is not None:
            raise self._fault(event, dotted(path), f"tag {event.tag!r} is not permitted", "plain values")  # type: ignore[attr-defined]
        if isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(event, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, path)
        else:
            node = self._scalar(event, path)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _alias(self, event: yaml.AliasEvent, path: tuple[str | int, ...]) -> Node:
        node = self._anchors.get(str(event.anchor))
        if node is None:
            raise self._fault(
                event, dotted(path), f"alias {event.anchor!r} has no value before it", "a value"
            )
        return node

    def _mapping(self, event: yaml.Event, path: tuple[str | int, ...]) -> Node:
        found: dict[str, Node] = {}
        line = _line(event)
        size = 1
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._fault(event, dotted(path), "a key is not a plain text", "'key: value'")
            key = str(event.value)
            if key in found:
                raise self._fault(
                    event, dotted((*path, key)), f"key {_short(key)} is given twice", "each key once"
                )
            if key == "<<":
                raise self._fault(
                    event, dotted(path), "merge key '<<' is not permitted", "'include: base.yaml'"
                )
            found[key] = self._node(next(self._events), (*path, key))
            size += found[key].size
        return Node(found, self._source, line, self._folder, size)

    def _sequence(self, event: yaml.Event, path: tuple[str | int, ...]) -> Node:
        items: list[Node] = []
        line = _line(event)
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return Node(items, self._source, line, self._folder, 1 + sum(item.size for item in items))

    def _scalar(self, event: yaml.Event, path: tuple[str | int, ...]) -> Node:
        assert isinstance(event, yaml.ScalarEvent)
        value: Scalar = str(event.value)
        if event.implicit[0]:
            try:
                value = parse_scalar(str(event.value))
            except ValueError as error:
                raise self._fault(event, dotted(path), str(error), "a finite number") from None
        return Node(value, self._source, _line(event), self._folder)

    def _count(self, size: int, event: yaml.Event) -> None:
        self._total += size
        if self._total > MAX_NODES:
            raise self._fault(
                event, "", "holds too many values once its aliases are written out", f"at most {MAX_NODES:,}"
            )

    def _fault(self, event: yaml.Event, field: str, problem: str, allowed: str) -> SpecError:
        where = f"line {_line(event)}, {field}" if field else f"line {_line(event)}"
        return SpecError(self._source, where, problem, allowed)


def _line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark is not None else 1


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
