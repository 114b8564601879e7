"""Compact results that ship: small JSON files made by commands and read by pages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sim.core.errors import SpecError
from sim.core.paths import scenarios_dir
from sim.report.files import write_text
from sim.spec.loader import load_world


def kept_path(name: str) -> Path:
    """Where a kept result lies, such as ``evidence/results/robust``."""
    return scenarios_dir() / f"{name}.json"


def read_kept(name: str) -> dict[str, Any] | None:
    """A kept result, None where there is none. Raises :class:`SpecError` for a damaged one."""
    path = kept_path(name)
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SpecError(path.name, "", f"cannot be read: {error}", "a kept result") from None
    if not isinstance(found, dict):
        raise SpecError(path.name, "", "is no kept result", "one JSON object")
    return found


def keep(
    name: str,
    document: Mapping[str, Any],
    worlds: Iterable[str] | Mapping[str, str],
    *,
    to: Path | None = None,
) -> Path:
    """Write a result with the stamps of its worlds, in place of the shipped one or ``to`` another file.

    ``worlds``: names of shipped ones, or stamps by name.
    """
    path = kept_path(name) if to is None else to
    stamps = dict(worlds) if isinstance(worlds, Mapping) else {world: world_stamp(world) for world in worlds}
    text = json.dumps({**document, "worlds": stamps}, ensure_ascii=False, allow_nan=False, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text + "\n")
    return path


def world_stamp(world: str) -> str:
    """A short hash of all values of a shipped world."""
    return stamp([(name, number.value) for name, number in load_world(world).numbers()])


def stamp(values: Iterable[tuple[str, float]]) -> str:
    """A short hash of named values, whatever their order."""
    return hashlib.sha256(json.dumps(sorted(values)).encode()).hexdigest()[:12]


def numbers_in(data: Mapping[str, Any], path: str = "") -> list[tuple[str, float]]:
    """Names and values of the numbers in the plain data of a world."""
    if "value" in data and "unit" in data:
        return [(path.removeprefix("."), float(data["value"]))]
    parts = [numbers_in(part, f"{path}.{key}") for key, part in data.items() if isinstance(part, dict)]
    return [pair for part in parts for pair in part]


def changed_worlds(document: Mapping[str, Any]) -> list[str]:
    """Worlds whose numbers are others than when the result was made."""
    stamps: Mapping[str, str] = document.get("worlds", {})
    return [world for world, stamp in stamps.items() if world_stamp(world) != stamp]
