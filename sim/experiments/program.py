"""Which program makes the runs: its text, its version and what it stands on."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sim.core.paths import scenarios_dir
from sim.spec.loader import load_rules, rules_of
from sim.spec.scenario import Scenario

#: Fields of a scenario that name files, and so count by what the files hold.
FILE_FIELDS = (
    ("portfolio", "file"),
    ("portfolio", "mapping"),
    ("network", "file"),
    ("network", "firms_file"),
)


def package_version(package: str = "arrears") -> str:
    """The installed version of a package; ``source`` where it runs without being installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "source"


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """What decides the results beside the inputs: the program, its packages, the kind of machine."""
    packages = {name: package_version(name) for name in ("mesa", "numpy", "numba")}
    return {
        "version": package_version(),
        "program": program_digest(),
        "python": platform.python_version(),
        **packages,
        "machine": f"{platform.system()} {platform.machine()}",
    }


@lru_cache(maxsize=1)
def program_digest() -> str:
    """SHA-256 over the package's own code and data, so that results of an older state are not reused."""
    digest = hashlib.sha256()
    for folder, pattern in ((Path(__file__).parents[1], "*.py"), (scenarios_dir(), "*")):
        for path in sorted(folder.rglob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(
                    path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
                )
    return digest.hexdigest()


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
