"""Where the package's own data files lie."""

from __future__ import annotations

from pathlib import Path

from sim.core.errors import SpecError


def scenarios_dir() -> Path:
    """The folder of scenario data, in a checkout or in an installed package.

    Looked for beside the ``sim`` package (a checkout, or a wheel that installs ``scenarios`` at
    the top level), then inside it. Raises :class:`SpecError` when neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "scenarios", package / "scenarios", package / "scenarios_data"):
        # The marker keeps another distribution's folder of the same name from being taken.
        if (folder / "sectors").is_dir():
            return folder
    raise SpecError(str(package.parent), "", "the folder 'scenarios' is missing", "a complete installation")
