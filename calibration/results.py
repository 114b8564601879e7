"""Finished calibrations of the shipped worlds, as the command wrote them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from calibration.targets import calibration_names
from sim.core.errors import SpecError, unknown_name
from sim.core.paths import scenarios_dir

FOLDER = "results"


def result_names() -> list[str]:
    """Names of the shipped calibrations that have been run to the end."""
    return sorted(path.stem for path in (scenarios_dir() / "calibrations" / FOLDER).glob("*.json"))


@lru_cache(maxsize=4)
def shipped_result(name: str) -> dict[str, Any]:
    """What the calibration of a shipped world found, as :func:`calibration.calibrated.document` has it.

    Raises :class:`SpecError` for an unknown name.
    """
    names = calibration_names()
    if name not in names:
        raise SpecError("calibration", "", *unknown_name(name, names, "calibration"))
    path = scenarios_dir() / "calibrations" / FOLDER / f"{name}.json"
    if not path.is_file():
        problem = f"no finished calibration of {name!r} is shipped"
        raise SpecError(str(path.name), "", problem, f"the file that arrears calibrate --world {name} writes")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
