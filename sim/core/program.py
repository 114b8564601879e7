"""Which program makes the runs: its text, its version and what it stands on."""

from __future__ import annotations

import hashlib
import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sim.core.paths import scenarios_dir


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
    """SHA-256 over the package's own code and data, so that results of an older state are not reused.

    Kept results (folders ``results``) decide no run and are left out.
    """
    digest = hashlib.sha256()
    for folder, pattern in ((Path(__file__).parents[1], "*.py"), (scenarios_dir(), "*")):
        for path in sorted(folder.rglob(pattern)):
            if path.is_file() and not {"__pycache__", "results"} & set(path.parts):
                digest.update(
                    path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
                )
    return digest.hexdigest()
