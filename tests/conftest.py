"""Shared helpers of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support_dashboard import browser, server, tab

__all__ = ["browser", "server", "tab"]  # fixtures: one server and one browser for all tests of pages

ROOT = Path(__file__).parents[1]

#: Files that take longest, longest first: begun last, one of them would keep all processes waiting.
LONGEST = (
    "test_experiments_scale", "test_model_causes", "test_dashboard", "test_accessibility", "test_classroom",
    "test_model_directions", "test_lessons", "test_board_pack", "test_reproduction_scenarios",
    "test_experiments_protocol", "test_calibration", "test_dashboard_labs", "test_public",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


Command = Callable[..., subprocess.CompletedProcess[str]]


class Said(NamedTuple):
    """What a command answered."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """A page in Streamlit's tester leaves itself as ``__main__``, which worker processes would run."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """The command line in this process: ``cli("check", path)``; quick, for what needs no process."""
    from sim.cli.entry import main

    def call(*words: object) -> Said:
        monkeypatch.chdir(ROOT)
        code = main([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def arrears() -> Command:
    """The command line as a process of its own: ``arrears("check", path)``."""

    def call(*words: object, timeout: float = 300, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "arrears", *map(str, words)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            cwd=ROOT,
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
            check=False,
        )

    return call


@pytest.fixture(scope="session")
def small() -> list[str]:
    """Options that make any run small."""
    fields = {"population.borrowers": 500, "population.firms": 100, "burn_in": 4, "weeks": 8}
    return [word for name, value in fields.items() for word in ("--set", f"{name}={value}")]
