"""Boxes of what is uncertain: known boxes, a public implementation's, and a real sweep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import Said
from numpy.typing import NDArray

from calibration.discovery import discover
from calibration.prim import balanced, inside, prim
from sim.cli.entry import main
from sim.core.errors import SpecError
from sim.experiments.sweeps import sweep
from sim.spec.sweep import SweepSpec

Problem = tuple[str, NDArray[np.float64], NDArray[np.bool_]]
ROOMS = ("calibration.commands",)
SPEC: dict[str, Any] = {
    "id": "small",
    "changes": {"population.borrowers": 400, "population.firms": 60, "burn_in": 4},
    "weeks": 4,
    "design": {"kind": "sobol", "points": 64},
    "arms": {"now": {}, "paid": {"world.collection.channels.human.cost_attempt": 9}},
    "uncertainties": {
        "world.collection.channels.human.labour": {"low": 0.1, "high": 0.9},
        "world.households.sleep_odds_ratio": {"low": 1.4, "high": 3.0},
    },
    "outcomes": ["labour_cost_share", "cost_per_100", "debt_sale_price"],
}
#: Coverage, density and mass after 5, 10, 20 and 25 peels, and the box after 25, by ema_workbench 2.5.3
#: (Prim with peel_alpha 0.05, mass_min 0.05, its default objective).
PUBLIC: dict[str, tuple[list[tuple[float, float, float]], list[list[float]]]] = {
    "corner": (
        [(1.0, 0.2966, 0.772), (1.0, 0.3849, 0.595), (1.0, 0.6487, 0.353), (1.0, 0.845, 0.271)],
        [[0.28, 0.81], [0.0, 0.998], [0.485, 0.999], [0.0, 1.0], [0.0, 1.0]],
    ),
    "noisy": (
        [(0.9257, 0.3506, 0.77), (0.8743, 0.4298, 0.5933), (0.8, 0.6699, 0.3483), (0.76, 0.8313, 0.2667)],
        [[0.0, 1.0], [0.001, 0.422], [0.005, 0.99], [0.288, 0.996]],
    ),
    "sum": (
        [(1.0, 0.0746, 0.7712), (1.0, 0.0968, 0.5938), (1.0, 0.1643, 0.35), (1.0, 0.214, 0.2687)],
        [[0.565, 1.0], [0.415, 0.999], [0.004, 0.999], [0.002, 0.994], [0.001, 0.995], [0.0, 0.995]],
    ),
}


def problems() -> Iterator[Problem]:
    """Cases and which are of interest, in the order in which the public implementation was given them."""
    generator = np.random.default_rng(12)
    x = generator.random((1000, 5))
    yield "corner", x, (x[:, 0] > 0.3) & (x[:, 0] < 0.8) & (x[:, 2] > 0.55)
    x = generator.random((600, 4))
    yield "noisy", x, ((x[:, 1] < 0.4) & (x[:, 3] > 0.35)) ^ (generator.random(600) < 0.1)
    x = generator.random((800, 6))
    yield "sum", x, x[:, 0] + x[:, 1] + 0.5 * x[:, 2] > 1.9


@pytest.mark.parametrize("problem", list(problems()), ids=lambda problem: problem[0])
def test_boxes_agree_with_a_public_implementation(problem: Problem) -> None:
    name, x, y = problem
    trail = prim(x, y)
    figures, limits = PUBLIC[name]
    for peel, (coverage, density, mass) in zip((5, 10, 20, 25), figures, strict=True):
        box = trail[peel]
        # both round the cases of a peel in their own way: about one case a peel of difference
        assert box.mass == pytest.approx(mass, abs=1.5 * peel / len(x))
        assert box.coverage == pytest.approx(coverage, abs=0.02)
        assert box.density == pytest.approx(density, abs=0.02)
    assert np.abs(trail[25].limits - np.array(limits)).max() < 0.06


def test_a_known_box_is_found_and_its_bounds_are_no_chance() -> None:
    x = np.random.default_rng(5).random((2000, 4))
    y = (x[:, 1] > 0.6) & (x[:, 2] < 0.5)
    box = balanced(prim(x, y))
    assert box.coverage > 0.95 and box.density > 0.95
    assert box.limits[1, 0] == pytest.approx(0.6, abs=0.03) and box.limits[2, 1] == pytest.approx(
        0.5, abs=0.03
    )
    assert box.chance[1] < 1e-10 and box.chance[2] < 1e-10


def test_figures_of_a_box_are_those_of_the_cases_inside() -> None:
    x = np.random.default_rng(6).random((300, 3))
    y = x[:, 0] + 0.2 * np.random.default_rng(7).random(300) > 0.8
    for box in prim(x, y):
        held = inside(x, box.limits)
        assert box.mass == held.mean() and box.density == y[held].mean()
        assert box.coverage == y[held].sum() / y.sum()
        assert (np.isfinite(box.chance) == box.restricted).all()


def test_nothing_and_everything_are_refused() -> None:
    x = np.random.default_rng(6).random((50, 2))
    for y in (np.zeros(50, bool), np.ones(50, bool)):
        with pytest.raises(ValueError, match="of interest"):
            prim(x, y)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("discover")


def test_a_sweep_is_asked_where_an_outcome_is_high(folder: Path) -> None:
    done = sweep(SweepSpec.model_validate(SPEC), workers=1, store=folder)
    (found,) = discover(done, "labour_cost_share", arm="now", above=0.6)
    table = found.table().set_index("field")
    row = table.loc["world.collection.channels.human.labour"]
    assert found.box is not None and found.box.density > 0.9 and row["low"] > 0.4
    assert found.interesting == int((done.points.query("arm == 'now'")["labour_cost_share"] > 0.6).sum())
    (always,) = discover(done, "cost_per_100")  # dearer calls cost more at every point
    assert always.box is None and always.interesting == always.points == 64
    json.dumps(found.document(), allow_nan=False)


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def call(*words: object) -> Said:
        return Said(main([str(word) for word in words], ROOMS), *capsys.readouterr())

    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(SPEC), "utf-8")
    asked = ("discover", path, "--out", folder, "--outcome", "labour_cost_share")
    said = call(*asked, "--arm", "now", "--above", "0.6", "--json")
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)[0]["box"]["density"] > 0.9
    shown = call(*asked, "--arm", "now", "--above", "0.6", "--lang", "zh")
    assert shown.returncode == 0 and "channels.human.labour" in shown.stdout
    for words, problem in (
        (("--arm", "nobody"), "nobody"),
        (("--arm", "now", "--against", "now"), "against itself"),
        (("--above", "1", "--below", "0"), "one of the two"),
        ((), "no better direction"),
    ):
        wrong = call(*asked, *words)
        assert wrong.returncode == 2 and problem in wrong.stderr
        assert len([line for line in wrong.stderr.splitlines() if line.startswith("arrears:")]) == 1


def test_too_few_points_are_refused(tmp_path: Path) -> None:
    few = SweepSpec.model_validate({**SPEC, "design": {"kind": "sobol", "points": 4}})
    with pytest.raises(SpecError, match="too few"):
        discover(sweep(few, workers=1), "labour_cost_share", arm="now", above=0.6)
