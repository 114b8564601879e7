"""Calibration: inference against closed forms, coverage on made-up truths, real runs, faults."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import Said

from calibration.adapter import simulator
from calibration.calibrate import calibrate
from calibration.calibrated import calibrated_world, fitted, rounded
from calibration.claims import Figure
from calibration.coverage import PASSES, coverage
from calibration.emulator import best_points, emulate
from calibration.posterior import infer, weighted_quantiles
from calibration.simulated import Simulated, own_values, run_box, share_of, shares_of, values_at, whole_box
from calibration.targets import CalibrationSpec, Measured, calibration_names, load_calibration
from calibration.tradeoffs import trade_offs
from sim.cli.entry import main
from sim.core.errors import SpecError
from sim.experiments.run_table import RunTable
from sim.experiments.run_views import query
from sim.experiments.running import Means
from sim.spec.base import Quantity, Text
from sim.spec.loader import load_world
from sim.spec.sweep import Range

ROOMS = ("calibration.commands",)
WILLING, DIALS = "world.households.own_payment_willing", "world.collection.human_dials"
TINY: dict[str, Any] = {
    "id": "tiny",
    "label": {"en": "Tiny", "zh": "小"},
    "world": "evidence",
    "points": 32,
    "waves": 2,
    "rounds": 1,
    "changes": {"population.borrowers": 1500, "population.firms": 60, "burn_in": 20},
    "parameters": {
        WILLING: {"low": 0.05, "high": 0.9},
        "world.collection.channels.human.labour": {"low": 0.2, "high": 0.9},
    },
    "targets": {
        "cured": {
            "label": {"en": "Cured", "zh": "还清"}, "unit": "share", "value": 0.8, "tolerance": 0.05,
            "source": "assumption", "weeks": 12, "arms": {"now": {}},
            "figure": {"arm": "now", "measure": "cure_rate_30d_on_entry_early"},
        },
        "labour": {
            "label": {"en": "Labour", "zh": "人工"}, "unit": "share", "value": 0.6, "tolerance": 0.02,
            "source": "assumption", "weeks": 12, "arms": {"now": {}},
            "figure": {"arm": "now", "measure": "labour_cost_share"},
        },
    },
}  # fmt: skip


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """The command line with the commands of this room, in this process."""

    def call(*words: object) -> Said:
        return Said(main([str(word) for word in words], ROOMS), *capsys.readouterr())

    return call


def made_up(points: int, parameters: int, targets: int, bend: float = 0.0, noise: float = 0.2) -> Simulated:
    """Figures that depend on the parameters by random lines and parabolas, with chance of runs."""
    generator = np.random.default_rng(7)
    shares = np.random.default_rng(1).random((points, parameters))
    slopes = generator.normal(size=(parameters, targets)) * (generator.random((parameters, targets)) < 0.4)
    curves = generator.normal(size=(parameters, targets)) * (generator.random((parameters, targets)) < 0.2)
    figures = (shares - 0.5) @ slopes + bend * (4 * (shares - 0.5) ** 2) @ curves
    figures = figures + generator.normal(size=figures.shape) * noise * figures.std(axis=0)
    names = tuple(f"p{i}" for i in range(parameters)), tuple(f"t{i}" for i in range(targets))
    return Simulated(*names, shares, figures)


class TestInference:
    def test_one_parameter_with_a_normal_error_has_the_closed_form(self) -> None:
        shares = (np.arange(4000)[:, None] + 0.5) / 4000
        found = infer(Simulated(("p",), ("t",), shares, shares.copy()), np.array([0.5]), np.array([0.05]), 1)
        # A flat prior and a normal error give a normal posterior around the target.
        assert found.mean[0] == pytest.approx(0.5, abs=0.01)
        assert found.sd[0] == pytest.approx(0.05, rel=0.1)
        low, high = found.quantiles((0.05, 0.95))[0]
        assert (low, high) == pytest.approx((0.5 - 1.645 * 0.05, 0.5 + 1.645 * 0.05), abs=0.015)

    def test_two_parameters_in_one_figure_are_tied(self) -> None:
        shares = np.random.default_rng(3).random((3000, 2))
        total = shares.sum(axis=1, keepdims=True)
        found = infer(Simulated(("p", "q"), ("t",), shares, total), np.array([1.0]), np.array([0.03]), 1)
        assert found.correlation[0, 1] < -0.9

    def test_a_figure_that_depends_on_nothing_teaches_nothing(self) -> None:
        shares = np.random.default_rng(3).random((2000, 1))
        figures = np.random.default_rng(4).normal(size=(2000, 1))
        found = infer(Simulated(("p",), ("t",), shares, figures), np.array([0.0]), np.array([0.1]), 1)
        assert found.sd[0] == pytest.approx(12**-0.5, rel=0.1)

    def test_parameters_stay_in_their_ranges_even_for_a_target_out_of_reach(self) -> None:
        points = made_up(300, 4, 5)
        found = infer(points, np.full(5, 1e6), np.full(5, 0.1), 1)
        assert ((found.shares >= 0) & (found.shares <= 1)).all()
        assert found.weights.sum() == pytest.approx(1.0)

    def test_the_same_seed_gives_the_same_sample(self) -> None:
        points, target = made_up(200, 3, 4), np.zeros(4)
        one, other = (infer(points, target, np.full(4, 0.1), 5) for _ in range(2))
        assert (one.shares == other.shares).all() and (one.draw(9, 2) == other.draw(9, 2)).all()

    def test_too_few_points_are_refused(self) -> None:
        with pytest.raises(ValueError, match="too few"):
            infer(made_up(8, 2, 5), np.zeros(5), np.ones(5), 1)

    def test_weighted_quantiles_of_equal_weights_are_those_of_the_sample(self) -> None:
        values = np.random.default_rng(1).normal(size=501)
        found = weighted_quantiles(values, np.full(501, 1 / 501), (0.05, 0.5, 0.95))
        expected = np.quantile(values, (0.05, 0.5, 0.95), method="hazen")
        assert found == pytest.approx(expected, abs=1e-9)

    @pytest.mark.parametrize(("parameters", "bend"), [(6, 0.0), (20, 0.5)])
    def test_intervals_hold_nine_of_ten_made_up_truths(self, parameters: int, bend: float) -> None:
        points = made_up(512, parameters, 14, bend)
        found = coverage(points, 0.3 * points.figures.std(axis=0), seed=2, truths=250)
        assert PASSES[0] <= found.all <= PASSES[1]
        assert found.passed and found.truths == 250
        assert 0.1 < found.width.mean() < 0.85  # they say something: 0.9 is the prior


class TestChoice:
    def test_the_stand_in_finds_a_parabola_and_its_point(self) -> None:
        shares = np.random.default_rng(2).random((300, 3))
        figures = np.column_stack(
            [shares[:, 0] ** 2 + shares[:, 1], shares[:, 2] - shares[:, 0], shares[:, 1]]
        )
        emulator = emulate(Simulated(("a", "b", "c"), ("t", "u", "v"), shares, figures))
        assert emulator.skill.min() > 0.99
        truth = np.array([0.3, 0.6, 0.8])
        target = np.array([0.3**2 + 0.6, 0.8 - 0.3, 0.6])
        found = best_points(emulator, target, np.full(3, 0.01), whole_box(3), shares)[0]
        assert found == pytest.approx(truth, abs=0.02)

    def test_the_stand_in_finds_which_of_many_parameters_matter_and_what_they_do_together(self) -> None:
        generator = np.random.default_rng(2)
        shares, fresh = generator.random((240, 20)), generator.random((400, 20))

        def truth(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            steep, mixed = 1 / (1 + np.exp(8 * (x[:, 3] - 0.4))), np.exp(2 * x[:, 0] * x[:, 1]) + x[:, 7]
            return np.column_stack([steep, mixed])

        noisy = truth(shares) + generator.normal(size=(240, 2)) * [0.02, 0.05]
        names = tuple(f"p{i}" for i in range(20)), ("t", "u")
        emulator = emulate(Simulated(*names, shares, noisy))
        off = ((emulator.figures(fresh) - truth(fresh)) ** 2).mean(axis=0) / truth(fresh).var(axis=0)
        assert (off < 0.03).all() and emulator.skill.min() > 0.9

    def test_slopes_of_the_stand_in_are_those_of_its_values(self) -> None:
        generator = np.random.default_rng(5)
        shares = generator.random((80, 4))
        figures = np.column_stack([np.exp(3 * shares[:, 0]) - 0.5, shares[:, 1] * shares[:, 2]])
        names = tuple("abcd"), ("t", "u")
        for process in emulate(Simulated(*names, shares, figures)).processes:
            value, slope = process.with_slope(shares[3])
            steps = shares[3] + 1e-6 * np.vstack([np.eye(4), -np.eye(4)])
            up, down = np.split(process(steps), 2)
            assert value == pytest.approx(process(shares[3][None])[0])
            assert slope == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-5)

    def test_one_target_out_of_reach_leaves_the_others_met(self) -> None:
        shares = np.random.default_rng(2).random((200, 3))
        emulator = emulate(Simulated(tuple("abc"), tuple("tuv"), shares, shares.copy()))
        target = np.array([0.3, 0.6, 30.0])
        found = best_points(emulator, target, np.full(3, 0.02), whole_box(3), shares)[0]
        assert found[:2] == pytest.approx(target[:2], abs=0.02)

    def test_what_no_target_asks_for_stays_off_the_edge(self) -> None:
        shares = np.random.default_rng(2).random((200, 3))
        emulator = emulate(Simulated(tuple("abc"), ("t",), shares, shares[:, :1] + shares[:, 1:2]))
        found = best_points(emulator, np.array([0.8]), np.array([0.02]), whole_box(3), np.eye(3))[0]
        assert ((found > 0.05) & (found < 0.95)).all()
        pressed = best_points(emulator, np.array([1.99]), np.array([0.005]), whole_box(3), np.eye(3))[0]
        assert pressed[:2].min() > 0.95

    def test_candidates_lie_apart_and_the_best_is_first(self) -> None:
        shares = np.random.default_rng(2).random((100, 1))
        emulator = emulate(Simulated(("a",), ("t",), shares, (shares - 0.5) ** 2))
        found = best_points(emulator, np.array([0.09]), np.array([0.005]), whole_box(1), shares, 3)
        assert sorted(round(float(one[0]), 2) for one in found) == [0.2, 0.8]

    def test_what_a_missed_target_costs_is_told(self) -> None:
        shares = np.random.default_rng(2).random((300, 2))
        figures = np.column_stack([shares[:, 0], 1 - shares[:, 0], shares[:, 1]])
        points = Simulated(("a", "b"), ("t", "u", "v"), shares, figures)
        targets = [
            Measured(
                id=name, label=Text(en=name, zh=name), unit="share", value=value, tolerance=0.1, error=0.06,
                source="assumption", scenario="baseline", changes={}, weeks=1, arms={},
                figure=Figure(arm="now", measure="npl_ratio"),
            )
            for name, value in (("t", 0.8), ("u", 0.8), ("v", 0.5))
        ]  # fmt: skip
        best = np.array([0.8, 0.5])
        found = trade_offs(emulate(points), targets, best, whole_box(2), shares, np.array([0.8, 0.2, 0.5]))
        assert [one.target for one in found] == ["u"]
        assert found[0].met and found[0].pressed == pytest.approx(0.8, abs=0.1)
        assert list(found[0].given_up) == ["t"]  # u and t add to one; v stays

    def test_a_fitted_number_says_so_and_holds_its_value(self) -> None:
        old = Quantity(value=1.0, unit="share", source="assumption", note="n")
        new = fitted(old, 0.123456, 0.2, 0.3)
        assert (new.value, new.low, new.high, new.source, new.note) == (0.1235, 0.1235, 0.3, "fitted", None)
        assert rounded(-1234.56) == -1235 and rounded(0.0) == 0

    @pytest.mark.parametrize("one", [Range(low=1, high=9), Range(low=0.01, high=10, scale="log")])
    def test_a_place_in_a_range_is_found_again(self, one: Range) -> None:
        for share in (0.0, 0.25, 0.9):
            assert share_of(one, float(one.at(share))) == pytest.approx(share)  # type: ignore[arg-type]


class TestShipped:
    def test_calibrations_are_whole_and_their_fields_and_figures_exist(self) -> None:
        assert calibration_names() == ["evidence", "report"]
        for name in calibration_names():
            spec = load_calibration(name)
            known = dict(load_world(spec.world).numbers())
            for field, one in spec.parameters.items():
                assert field.removeprefix("world.") in known, field
                whole = 1.0 if one.of is None else known[one.of.removeprefix("world.")].value
                share = known[field.removeprefix("world.")].value / whole
                assert one.low <= share <= one.high, f"{name} {field}"  # type: ignore[operator]
            assert all(target.error > 0 and target.source for target in spec.measured)


class TestRuns:
    def test_a_world_is_fitted_kept_and_asked_again(self, tmp_path: Path) -> None:
        spec = CalibrationSpec.model_validate(TINY)
        seen: list[tuple[int, int]] = []
        found = calibrate(spec, check=3, store=tmp_path, progress=lambda *now: seen.append(now))
        labour = found.settings["world.collection.channels.human.labour"]
        assert found.check is not None and found.check.best.shape == (3, 2)
        assert found.check.best[:, 1].mean() == pytest.approx(0.6, abs=0.03)
        assert len({*found.check.best[:, 0]}) > 1  # seeds of their own
        low, high = found.intervals["world.collection.channels.human.labour"][1:]
        assert low <= labour <= high and high - low < 0.3
        assert (found.box[1] != [0, 1]).any()  # the second wave looked closer
        parts = sorted((tmp_path / "runs" / "parts").iterdir())
        other = {
            **TINY,
            "targets": {**TINY["targets"], "labour": {**TINY["targets"]["labour"], "value": 0.4}},
        }
        again = calibrate(
            CalibrationSpec.model_validate({**other, "waves": 1}),
            rounds=0,
            check=0,
            store=tmp_path,
            workers=1,
        )
        assert sorted((tmp_path / "runs" / "parts").iterdir()) == parts  # another question runs nothing
        assert again.settings["world.collection.channels.human.labour"] < labour - 0.1
        world = calibrated_world(found)
        number = dict(world.numbers())["collection.channels.human.labour"]
        assert number.value == rounded(labour) and number.source == "fitted"
        assert RunTable(tmp_path).experiments()

    def test_runs_decide_where_the_stand_in_is_wrong(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A stand-in that expects most of a corner loses against a point that the file names."""
        labour = "world.collection.channels.human.labour"
        named = {WILLING: 0.5, labour: 0.5}
        small = {**TINY, "points": 32, "waves": 1, "rounds": 1, "starts": [named], "seed": 3}
        targets = {"labour": {**TINY["targets"]["labour"], "value": 0.5}}
        corner = np.array([0.0, 1.0])
        monkeypatch.setattr("calibration.calibrate.best_points", lambda *given: [corner])
        spec = CalibrationSpec.model_validate({**small, "targets": targets})
        found = calibrate(spec, check=2)
        assert found.check is not None
        assert abs(found.check.best[:, 0].mean() - 0.5) < 0.05
        assert found.settings[labour] < 0.8  # not the corner's .9

    def test_what_is_found_finished_is_counted_over_all_scenarios(self, tmp_path: Path) -> None:
        targets = {**TINY["targets"], "labour": {**TINY["targets"]["labour"], "scenario": "downturn"}}
        small = {**TINY, "points": 8, "waves": 1, "rounds": 0, "targets": targets}
        spec = CalibrationSpec.model_validate(small)
        for expected in ((0, 16), (16, 16)):
            seen: list[tuple[int, int]] = []
            with contextlib.suppress(SpecError):  # eight points are too few to infer from
                calibrate(spec, check=0, store=tmp_path, progress=lambda *now, to=seen: to.append(now))
            assert seen[0] == expected and seen[-1] == (16, 16)
            assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def test_a_second_sample_of_the_same_box_has_other_points_and_other_chance(self) -> None:
        spec = CalibrationSpec.model_validate({**TINY, "changes": {**TINY["changes"], "burn_in": 4}})
        one, other = (run_box(spec, whole_box(2), 8, Means(workers=1), turn) for turn in range(2))
        gaps = np.abs(one.shares[:, None] - other.shares[None]).max(axis=2)
        # else leave-one-out errors and coverage would be judged on points that are there twice
        assert gaps.min() > 1e-3

    def test_a_share_of_another_parameter_keeps_their_order_at_every_point(self, tmp_path: Path) -> None:
        reluctant = "world.households.own_payment_reluctant"
        parameters = {WILLING: {"low": 0.1, "high": 0.8}, reluctant: {"low": 0.1, "high": 0.5, "of": WILLING}}
        data = {**TINY, "parameters": parameters, "changes": {**TINY["changes"], "burn_in": 2}, "waves": 1}
        spec = CalibrationSpec.model_validate(data)
        run_box(spec, whole_box(2), 8, Means(workers=1, store=tmp_path))
        settings = query(RunTable(tmp_path), "select distinct settings from runs")["settings"]
        points = [json.loads(text) for text in settings]
        assert len(points) == 8
        for point in points:
            assert 0.1 * point[WILLING] <= point[reluctant] <= 0.5 * point[WILLING]
            places = shares_of(spec, point)
            assert values_at(spec, np.array(places))[0] == pytest.approx([point[WILLING], point[reluctant]])

    def test_a_field_that_a_scenario_sets_itself_is_left_to_it(self) -> None:
        essentials = "world.households.essentials_share_mean"
        data = {
            **TINY,
            "parameters": {essentials: {"low": 0.4, "high": 0.6}, WILLING: {"low": 0.1, "high": 0.8}},
        }
        spec = CalibrationSpec.model_validate(data)
        own = own_values(spec, spec.measured[0], spec.parameters)
        assert own == {}
        turned = spec.measured[0].model_copy(update={"scenario": "bank-turnaround"})
        assert own_values(spec, turned, spec.parameters) == {essentials: Range(values=[0.7])}

    def test_the_command_writes_a_world_that_runs(self, cli: Callable[..., Any], tmp_path: Path) -> None:
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump({**TINY, "waves": 1}, allow_unicode=True), "utf-8")
        said = cli("calibrate", "--targets", path, "--out", tmp_path / "out", "--check", "2", "--json")
        assert said.returncode == 0, said.stderr
        data = json.loads(said.stdout)
        assert {row["id"] for row in data["targets"]} == {"cured", "labour"}
        assert all(row["met"] is not None for row in data["targets"])
        assert data["coverage"]["truths"] == 32
        page = (tmp_path / "out" / "calibration.html").read_text("utf-8")
        assert "Cured" in page and "还清" in page and "arrears calibrate --targets" in page
        shown = cli("calibrate", "--targets", path, "--out", tmp_path / "out", "--check", "2", "--lang", "zh")
        assert shown.returncode == 0 and "人工" in shown.stdout
        ran = cli("run", "baseline", "--world", tmp_path / "out" / "world.yaml", "--weeks", "2",
                  "--set", "population.borrowers=500", "--set", "population.firms=60",
                  "--set", "burn_in=2")  # fmt: skip
        assert ran.returncode == 0, ran.stderr

    def test_numbers_that_are_shipped_are_kept_and_checked(self, tmp_path: Path) -> None:
        spec = CalibrationSpec.model_validate({**TINY, "waves": 1})
        found = calibrate(spec, shipped=True, check=2, store=tmp_path)
        numbers = {f"world.{name}": number.value for name, number in load_world("evidence").numbers()}
        assert found.settings == pytest.approx({name: numbers[name] for name in spec.parameters})
        assert found.check is not None and len(found.check.best) == 2
        assert len(found.tried.shares) <= 32, "no round looks for other numbers"


class TestFaults:
    def test_a_shipped_number_outside_its_range_is_named(self) -> None:
        narrow = {WILLING: {"low": 0.5, "high": 0.9}}
        spec = CalibrationSpec.model_validate({**TINY, "parameters": narrow})
        with pytest.raises(SpecError, match=rf"{WILLING}.*0\.08825 lies outside.*0\.5 to 0\.9"):
            calibrate(spec, shipped=True)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"points": 30}, "30 is not a power of 2"),
            ({"parameters": {WILLING: {"values": [1, 2]}}}, "no range of real numbers"),
            ({"parameters": {WILLING: {"low": 0.1, "high": 0.5, "of": DIALS}}}, "no range of its own"),
            ({"starts": [{WILLING: 0.2}]}, "a value for each parameter"),
            ({"targets": {"x": {"claim": "S99", "value": 1, "tolerance": 1, "source": "S99"}}}, "S99"),
            ({"targets": {"x": {"value": 1, "tolerance": 1, "source": "S01"}}}, "figure"),
            ({"parameters": {"world.households.nothing": {"low": 0, "high": 1}}}, "nothing"),
            ({"world": "nowhere"}, "nowhere"),
        ],
    )
    def test_a_wrong_file_gets_one_sentence(
        self, change: dict[str, Any], words: str, cli: Callable[..., Any], tmp_path: Path
    ) -> None:
        path = tmp_path / "bad.yaml"
        path.write_text(yaml.safe_dump({**TINY, **change}, allow_unicode=True), "utf-8")
        said = cli("calibrate", "--targets", path, "--out", tmp_path / "out")
        assert said.returncode == 2 and words in said.stderr and "Traceback" not in said.stderr
        assert len(said.stderr.strip().splitlines()) == 1

    def test_an_unknown_name_is_told(self) -> None:
        with pytest.raises(SpecError, match="evidence, report"):
            load_calibration("reprot")


class TestAdapter:
    def test_the_model_is_a_function_of_its_parameters(self) -> None:
        run = simulator(CalibrationSpec.model_validate(TINY))
        one, other = run([0.5, 0.3], 800, 4), run([0.5, 0.8], 800, 4)
        assert one.shape == (2,) and np.isfinite(one).all()
        assert one[0] == other[0] and one[1] < other[1]  # only the labour share of costs was changed
        assert (run([0.5, 0.3], 800, 4) == one).all()
        assert run([0.5, 0.3], 800, 5)[0] != one[0]

    @pytest.mark.parametrize(("theta", "words"), [([0.5], "1 values"), ([0.5, 2.0], "out of range")])
    def test_impossible_values_are_refused(self, theta: list[float], words: str) -> None:
        with pytest.raises(SpecError, match=words):
            simulator(CalibrationSpec.model_validate(TINY))(theta, 800, 1)
