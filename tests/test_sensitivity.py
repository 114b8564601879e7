"""Sensitivity: known indices of known functions, and a real sweep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import Said
from numpy.typing import NDArray

from calibration.sensitivity import design, morris, sensitivity, sobol
from sim.cli.entry import main
from sim.core.errors import SpecError
from sim.spec.sweep import SweepSpec

ROOMS = ("calibration.commands",)
LABOUR, FIELD = "world.collection.channels.human.labour", "world.collection.channels.field.labour"
SPEC: dict[str, Any] = {
    "id": "small",
    "changes": {"population.borrowers": 400, "population.firms": 60, "burn_in": 4},
    "weeks": 6,
    "arms": {"now": {}},
    "uncertainties": {
        LABOUR: {"low": 0.2, "high": 0.9},
        "world.households.sleep_odds_ratio": {"low": 1.4, "high": 3},
    },
    "outcomes": ["labour_cost_share", "cost_per_100"],
}


def ishigami(shares: NDArray[np.float64], a: float = 7.0, b: float = 0.1) -> NDArray[np.float64]:
    """sin x1 + a sin² x2 + b x3⁴ sin x1 on (-π, π)³."""
    x = (2 * shares - 1) * np.pi
    return np.asarray(np.sin(x[:, 0]) * (1 + b * x[:, 2] ** 4) + a * np.sin(x[:, 1]) ** 2)


def test_the_ishigami_function_has_its_known_indices() -> None:
    a, b = 7.0, 0.1
    first = 0.5 * (1 + b * np.pi**4 / 5) ** 2
    both = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = first + a**2 / 8 + both
    found = sobol(ishigami(design("sobol", 3, 4096, 1)), 3)
    expected = [((first + both) / whole, first / whole), (a**2 / 8 / whole,) * 2, (both / whole, 0.0)]
    for one, (total, own) in zip(found, expected, strict=True):
        assert one["effect"] == pytest.approx(total, abs=0.02)
        assert one["own"] == pytest.approx(own, abs=0.02)
        assert one["low"] < total < one["high"]  # type: ignore[operator]


def test_screening_of_a_plane_gives_its_slopes() -> None:
    shares = design("morris", 4, 12, 3)
    assert shares.shape == (12 * 5, 4) and shares.min() >= 0 and shares.max() <= 1
    found = morris(shares, shares @ np.array([3.0, -2.0, 0.0, 0.5]))
    assert [one["effect"] for one in found] == pytest.approx([3, 2, 0, 0.5])
    assert [one["spread"] for one in found] == pytest.approx([0, 0, 0, 0], abs=1e-12)


def test_screening_tells_what_acts_through_others() -> None:
    shares = design("morris", 2, 40, 3)
    found = morris(shares, shares[:, 0] * shares[:, 1])
    assert found[0]["spread"] > 0.2  # type: ignore[operator]


@pytest.mark.parametrize(("method", "points"), [("sobol", 16), ("morris", 3)])
def test_runs_of_the_model_find_what_an_outcome_depends_on(method: Any, points: int, tmp_path: Path) -> None:
    spec = SweepSpec.model_validate(SPEC)
    found = sensitivity(spec, method=method, points=points, workers=1, store=tmp_path)
    table = found.table.set_index(["outcome", "field"])["effect"]
    assert table["labour_cost_share", LABOUR] > 0.5
    assert (table["labour_cost_share"].drop(LABOUR).fillna(0) == 0).all()
    assert (table["cost_per_100"].fillna(0) == 0).all()  # how costs are split does not move them
    again = sensitivity(spec, method=method, points=points, workers=1, store=tmp_path)
    assert again.sweep.resumed == len(found.sweep.points) and again.table.equals(found.table)


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def call(*words: object) -> Said:
        return Said(main([str(word) for word in words], ROOMS), *capsys.readouterr())

    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(SPEC), "utf-8")
    said = call("sensitivity", path, "--points", "2", "--out", tmp_path / "o", "--json")
    assert said.returncode == 0, said.stderr
    rows = json.loads(said.stdout)["rows"]
    assert {row["field"] for row in rows} == set(SPEC["uncertainties"])
    assert (tmp_path / "o" / "sensitivity.csv").read_text("utf-8-sig").startswith("world,arm,outcome")
    shown = call("sensitivity", path, "--points", "2", "--out", tmp_path / "o", "--lang", "zh")
    assert shown.returncode == 0 and "总效应" in shown.stdout
    for words in (("--method", "sobl"), ("--points", "3")):
        wrong = call("sensitivity", path, *words)
        assert wrong.returncode == 2 and len(wrong.stderr.strip().splitlines()) == 1


def test_a_sweep_without_ranges_is_refused() -> None:
    bare = SweepSpec.model_validate({**SPEC, "uncertainties": {}})
    with pytest.raises(SpecError, match="varies nothing"):
        sensitivity(bare)
    listed = SweepSpec.model_validate({**SPEC, "uncertainties": {LABOUR: {"values": [0.2, 0.5]}}})
    with pytest.raises(SpecError, match="no range of its own"):
        sensitivity(listed)
