"""Scenarios by content: equal whatever their files are called."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from sim.spec.loader import load_rules, rules_of
from sim.spec.scenario import Scenario

#: Fields of a scenario that name files, and so count by what the files hold.
FILE_FIELDS = (
    ("portfolio", "file"),
    ("portfolio", "mapping"),
    ("network", "file"),
    ("network", "firms_file"),
)


def scenario_digest(scenario: Scenario) -> str:
    """SHA-256 of a scenario by content: equal digests are equal conditions, whatever files are called."""
    return hashlib.sha256(json.dumps(by_content(scenario), sort_keys=True).encode()).hexdigest()


def by_content(scenario: Scenario) -> dict[str, Any]:
    """A scenario's data with rule sets and files replaced by what they hold."""
    data = scenario.model_dump(mode="json", by_alias=True)
    data["rules"] = rules_of(scenario).model_dump(mode="json")
    for event in data["events"]:
        if event["kind"] == "rules":
            event["rules"] = load_rules(event["rules"]).model_dump(mode="json")
    for group, name in FILE_FIELDS:
        path = data[group][name]
        if path is not None and Path(path).is_file():
            status = Path(path).stat()
            data[group][name] = _file_digest(path, status.st_mtime_ns, status.st_size)
    return data


@lru_cache(maxsize=32)
def _file_digest(path: str, changed: int, size: int) -> str:
    """SHA-256 of a file; time of change and size only keep the cache honest."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
