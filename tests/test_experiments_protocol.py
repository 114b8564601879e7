"""How comparisons are run, stopped, kept and continued, on a model that costs nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.core.errors import SpecError, StartChangeError, StoppedError
from sim.core.rng import uniform_rows
from sim.experiments import Comparison, InlineExecutor, compare, run_once, tasks
from sim.experiments import comparison as comparison_module
from sim.experiments.arms import Arm
from sim.experiments.run_table import RunTable, unfinished
from sim.experiments.run_views import query
from sim.experiments.tasks import Task

STRATEGIES = ("traditional", "app_based")


class Toy:
    """A model of one number: a start that depends on the seed, and what the changes add to it."""

    starts: list[tuple[str, int]] = []  # noqa: RUF012
    delay = 0.0

    def __init__(self, seed: int, changes: Mapping[str, object] | None = None) -> None:
        self.seed, self.changes, self.week = seed, dict(changes or {}), 0

    def run(self, weeks: int) -> None:
        time.sleep(self.delay)
        self.week += weeks

    def branch(self, changes: Mapping[str, object]) -> Toy:
        if "hold_out" in changes:
            raise StartChangeError("changes", "hold_out", "is settled before week 0")
        return Toy(self.seed, changes)

    def release(self) -> None:
        del self.seed, self.changes

    def measures(self) -> dict[str, tuple[float | None, str | None]]:
        noise = float(uniform_rows(self.seed, "toy", 1)[0, 0])
        added = {"traditional": 1.0, "app_based": 2.0}.get(str(self.changes.get("strategy")), 0.0)
        some = None if noise < 0.5 else noise
        return {
            "recovery_rate": (noise + added, None),
            "cost_per_100": (some, None if some is not None else "nothing was recovered"),
            "fines": (None, "no fine"),
            "output_index": (float("inf"), None),
        }

    def series(self) -> pd.DataFrame:
        return pd.DataFrame({"week": range(self.week), "failures": [self.seed % 7] * self.week})

    def matrices(self) -> dict[str, pd.DataFrame]:
        return {}

    def curves(self) -> pd.DataFrame:
        recovered = [self.seed % 100]
        return pd.DataFrame(
            {"stage": ["early"], "weeks": [4], "placed": [200], "recovered": recovered, "share": [0.5]}
        )

    def cures(self) -> pd.DataFrame:
        return pd.DataFrame({"stage": ["middle"], "weeks": [0], "placed": [10], "cured": [0]})

    def roll_rates(self) -> pd.DataFrame:
        return pd.DataFrame({"from": ["current"], "to": ["1-30"], "accounts": [2], "balance": [300]})

    def reproduction(self) -> pd.DataFrame:
        return pd.DataFrame({"week": [0], "cases": [2], "offspring": [1.0]})

    def sector_table(self) -> pd.DataFrame:
        return pd.DataFrame({"sector": ["26"], "firms": [3]})

    def hardship(self) -> pd.DataFrame:
        return pd.DataFrame({"by": ["all"], "group": ["all"], "borrowers": [10]})

    def groups(self) -> dict[str, pd.DataFrame]:
        return {"funnel": pd.DataFrame({"stage": ["middle"], "step": ["placed"], "accounts": [10]})}

    def events(self) -> pd.DataFrame:
        return pd.DataFrame({"kind": ["firm", "borrower", "firm"], "sector": ["26", "", "26"]})

    def digest(self) -> str:
        return f"{self.seed}-{sorted(map(str, self.changes))}"


def toy_start(task: Task, arm: Arm | None = None) -> Toy:
    Toy.starts.append((task.world_id, task.index))
    return Toy(task.seed, None if arm is None else arm.changes)


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    Toy.starts = []
    monkeypatch.setattr(tasks, "start_of", toy_start)
    monkeypatch.setattr(comparison_module, "unit_of", lambda measure: "share")


def toy_compare(**more: Any) -> Comparison:
    arguments: dict[str, Any] = {"strategies": STRATEGIES, "runs": 6, "weeks": 9, "workers": 1}
    return compare("baseline", **{**arguments, **more})


def plain(result: Comparison) -> list[dict[str, object]]:
    times = {"seconds", "start_seconds"}
    return [{name: value for name, value in row.items() if name not in times} for row in result.results]


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "runs" / "parts").glob("*.parquet"))


class TestArms:
    def test_strategies_are_measured_against_a_hidden_twin_left_alone(self) -> None:
        found = toy_compare()
        assert found.reference == "left_alone" and found.arms.names == STRATEGIES
        effects = {row.arm: row for row in found.rows if row.measure == "recovery_rate"}
        assert set(effects) == set(STRATEGIES)
        assert effects["traditional"].effect == pytest.approx(1.0)
        assert effects["app_based"].effect == pytest.approx(2.0)
        assert len(found.results) == 6 * 3

    def test_left_alone_among_the_strategies_is_the_reference_in_sight(self) -> None:
        found = toy_compare(strategies=["left_alone", "traditional"])
        assert found.arms.names == ("left_alone", "traditional") and len(found.results) == 6 * 2

    def test_other_arms_are_measured_against_the_first(self) -> None:
        found = toy_compare(strategies=None, arms={"now": {}, "same": {}, "app": {"strategy": "app_based"}})
        rows = {row.arm: row for row in found.rows if row.measure == "recovery_rate"}
        assert found.reference == "now" and rows["now"].effect is None
        assert rows["now"].reason == "effect: effects are measured against this arm"
        assert (rows["same"].effect, rows["same"].effect_low, rows["same"].effect_high) == (0, 0, 0)
        assert rows["app"].effect == pytest.approx(2.0)

    def test_three_strategies_by_default(self) -> None:
        assert compare(runs=1, workers=1).arms.names == ("traditional", "ai_tiered", "app_based")

    def test_one_start_for_all_arms_of_a_run_in_each_world_with_one_seed(self) -> None:
        found = toy_compare(worlds=("evidence", "report"), runs=3)
        assert sorted(Toy.starts) == [(world, i) for world in ("evidence", "report") for i in range(3)]
        seeds = {(row["index"], row["seed"]) for row in found.results}
        assert len(seeds) == 3 and all(seed < 2**48 for _, seed in seeds)

    def test_more_runs_keep_the_seeds_of_the_first(self) -> None:
        few, many = plain(toy_compare(runs=2)), plain(toy_compare(runs=4))
        assert many[: len(few)] == few

    @pytest.mark.parametrize("field", ["population.firms", "firms", "burn_in", "hold_out"])
    def test_what_is_settled_before_week_0_gets_a_start_of_its_own(self, field: str) -> None:
        value = 0 if field == "hold_out" else 120
        found = toy_compare(strategies=None, arms={"now": {}, "other": {field: value}}, runs=1)
        assert [row["own_start"] for row in found.results] == [False, True]
        assert len({row["seed"] for row in found.results}) == 1 and len(Toy.starts) == 2

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            ({"strategies": ["app_basd"]}, "'app_basd' is not a strategy; did you mean 'app_based'?"),
            ({"strategies": ["traditional", "traditional"]}, "'traditional' is given twice"),
            ({"arms": {"now": {}, "cap": {"rules.attempts_per_dy": 1}}, "strategies": None}, "arm 'cap', "),
            (
                {"arms": {"now": {}, "x": {"world.firms.credit_line_weeks": -1}}, "strategies": None},
                "arm 'x', ",
            ),
            ({"arms": {"now": {}, "x": {"weeks": 4}}, "strategies": None}, "arm 'x', weeks: is the same"),
            ({"arms": {"now": {}, "x": {"seed": 4}}, "strategies": None}, "arm 'x', seed: is the same"),
            ({"arms": {"now": {}, "x": {"world": "report"}}, "strategies": None}, "arm 'x', world: is the"),
            ({"arms": {"A b": {}}, "strategies": None}, "'A b' is not a name for an arm"),
            ({"arms": {"now": "cap"}, "strategies": None}, "arms, now: 'cap' is not a mapping"),
            ({"arms": ["app_based"], "strategies": None}, "arms: ['app_based'] is not a mapping of names"),
            ({"arms": {"left_alone": {"strategy": "traditional"}}}, "arms, left_alone: is the name"),
            ({"arms": {}, "strategies": ()}, "there is no arm"),
            ({"worlds": ("evidnce",)}, "did you mean 'evidence'?"),
            ({"worlds": ("report", "report")}, "worlds: 'report' is given twice"),
            ({"worlds": ()}, "there is no world"),
            ({"rules": "china2023"}, "china-2023"),
            ({"runs": 0}, "runs: 0 is not a number of runs"),
            ({"workers": 0}, "workers: 0 is not a number of workers"),
            ({"executor": "dask"}, "'dask' is not an executor"),
            ({"interval": "posterior"}, "'posterior' is not a kind of interval; allowed: seed"),
            ({"changes": {"collectors[7].effort": 2}}, "collectors[7]"),
            ({"weeks": 0}, "weeks"),
            ({"portfolio": "absent.csv"}, "absent.csv"),
        ],
    )
    def test_a_typo_is_one_sentence_and_costs_no_run(self, call: dict[str, Any], message: str) -> None:
        with pytest.raises(SpecError) as error:
            toy_compare(**call)
        assert message in str(error.value) and "\n" not in str(error.value)
        assert Toy.starts == []


class TestDocument:
    def test_json_is_the_promised_document(self) -> None:
        found = toy_compare()
        document = json.loads(found.to_json())
        assert list(document) == ["schema", "scenario", "seed", "weeks", "runs", "hash", "interval", "rows"]
        assert (document["schema"], document["scenario"], document["weeks"], document["runs"]) == (
            1,
            "baseline",
            9,
            6,
        )
        assert " ".join(document["rows"][0]) == (
            "world arm strategy measure unit mean low high effect effect_low effect_high n reason"
        )
        for row in document["rows"]:
            undefined = [name for name in ("mean", "low", "high", "effect") if row[name] is None]
            assert row["reason"] or not undefined

    def test_undefined_measures_are_null_with_the_models_reason(self) -> None:
        rows = {row.measure: row for row in toy_compare().rows if row.arm == "traditional"}
        assert rows["fines"].mean is None and rows["fines"].reason == "no fine" and rows["fines"].n == 0
        assert rows["output_index"].mean is None and rows["output_index"].reason == "the model gave inf"
        partly = rows["cost_per_100"]
        assert 0 < partly.n < 6 and partly.reason is not None
        assert partly.reason == f"undefined in {6 - partly.n} of 6 runs (nothing was recovered)"

    def test_tables(self) -> None:
        found = toy_compare(worlds=("evidence", "report"))
        assert len(found.table()) == 8 and list(found.table("report")["world"].unique()) == ["report"]
        first = found.table("report").iloc[0]
        assert first["app_based effect"] == pytest.approx(2.0) and first["app_based"] > first["traditional"]
        paired = found.paired("app_based", "traditional").iloc[0]
        assert paired["difference"] == pytest.approx(1.0) and paired["n"] == 6
        hidden = found.paired("traditional", "left_alone").iloc[0]
        assert hidden["difference"] == pytest.approx(1.0)
        with pytest.raises(SpecError, match="'app_base' is not a compared arm; did you"):
            found.paired("app_base", "traditional")
        with pytest.raises(SpecError, match="did you mean 'report'"):
            found.table("reprot")

    def test_series_and_curves_are_means_over_runs(self) -> None:
        found = toy_compare()
        seeds = [row["seed"] for row in found.results if row["arm"] == "app_based"]
        series = found.series.query("arm == 'app_based'")
        assert list(series["week"]) == list(range(9))
        assert series["failures"].iloc[0] == pytest.approx(sum(seed % 7 for seed in seeds) / 6)
        curve = found.curves.query("arm == 'app_based'").iloc[0]
        assert curve["placed"] == 200
        assert curve["share"] == pytest.approx(sum(seed % 100 for seed in seeds) / 1200)
        assert found.failures.query("arm == 'app_based'")["failures"].tolist() == [2.0]

    def test_one_run_has_means_without_intervals(self) -> None:
        weeks: list[tuple[int, int]] = []
        found = run_once(
            "baseline", strategy="app_based", weeks=9, seed=7, progress=lambda *at: weeks.append(at)
        )
        row = found.rows[0]
        assert (found.results[0]["seed"], row.arm, row.strategy, row.n) == (7, "run", "app_based", 1)
        assert row.mean is not None and row.low is None and row.effect is None
        assert row.reason == "one run gives no interval; effect: there is no other arm to compare with"
        assert weeks[-1] == (9, 9)


class TestExecutors:
    def test_threads_and_inline_give_the_same_runs(self) -> None:
        inline = toy_compare(workers=1)
        threads = toy_compare(workers=2)
        with ThreadPoolExecutor(3) as pool:
            own = toy_compare(executor=pool)
        assert plain(inline) == plain(threads) == plain(own)
        assert plain(toy_compare(executor=InlineExecutor())) == plain(inline)
        assert inline.to_json() == threads.to_json() == own.to_json()

    def test_tasks_are_handed_over_a_few_at_a_time(self) -> None:
        waiting: list[int] = []

        class Counting(ThreadPoolExecutor):
            def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
                future = super().submit(fn, *args, **kwargs)
                waiting.append(self._work_queue.qsize())
                return future

        with Counting(1) as pool:
            toy_compare(executor=pool, workers=2, runs=40)
        assert len(waiting) == 40 and max(waiting) <= 4

    def test_progress_counts_starts(self) -> None:
        seen: list[tuple[int, int]] = []
        toy_compare(runs=3, progress=lambda done, total: seen.append((done, total)))
        assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]

    @pytest.mark.parametrize("place", ["start_of", "branch"])
    def test_a_faulty_model_is_reported_as_it_is(self, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*given: object) -> Toy:
            raise SpecError("portfolio.csv", "line 7", "balance -3 is negative")

        monkeypatch.setattr(Toy if place == "branch" else tasks, place, broken)
        for workers in (1, 2):
            with pytest.raises(SpecError, match="line 7"):
                toy_compare(workers=workers)


class TestKeeping:
    def stop_after(self, starts: int) -> Callable[[int, int], None]:
        def progress(done: int, total: int) -> None:
            if done == starts:
                raise KeyboardInterrupt

        return progress

    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_stopped_comparison_continues_to_the_same_result(self, tmp_path: Path, workers: int) -> None:
        with pytest.raises(
            StoppedError, match=r"stopped after \d of 6 starts; what is finished is kept in .*"
        ):
            toy_compare(store=tmp_path, progress=self.stop_after(2), workers=workers)
        kept = len(parts(tmp_path))
        assert 2 <= kept <= 6
        Toy.starts = []
        found = toy_compare(store=tmp_path)
        assert found.resumed == kept and len(Toy.starts) == 6 - kept
        fresh = toy_compare()
        assert plain(found) == plain(fresh) and found.to_json() == fresh.to_json()
        again = toy_compare(store=tmp_path, runs=8)
        assert again.resumed == 6 and again.hash == found.hash

    def test_without_a_folder_the_message_says_that_nothing_is_kept(self) -> None:
        with pytest.raises(StoppedError, match="stopped after 1 of 6 starts; nothing was kept"):
            toy_compare(progress=self.stop_after(1))

    @pytest.mark.parametrize("left", [0, 3, 2000, -1])
    def test_a_torn_file_costs_its_runs_and_is_set_aside(self, tmp_path: Path, left: int) -> None:
        whole = toy_compare(store=tmp_path)
        torn = parts(tmp_path)[3]
        torn.write_bytes(torn.read_bytes()[:left])
        Toy.starts = []
        found = toy_compare(store=tmp_path)
        assert plain(found) == plain(whole) and len(Toy.starts) == 1
        assert [path.name for path in (tmp_path / "runs" / "damaged").iterdir()] == [torn.name]
        assert toy_compare(store=tmp_path).resumed == 6

    def test_a_question_sets_torn_files_aside_too(self, tmp_path: Path) -> None:
        toy_compare(store=tmp_path)
        parts(tmp_path)[2].write_bytes(b"PAR1 no more")
        assert query(RunTable(tmp_path), "SELECT count(*) AS n FROM runs")["n"][0] == 15

    def test_foreign_and_unfinished_files_are_passed_over(self, tmp_path: Path) -> None:
        toy_compare(store=tmp_path, runs=2)
        (tmp_path / "runs" / "parts" / ".unfinished-x").write_bytes(b"half of a par")
        (tmp_path / "runs" / "parts" / "notes.txt").write_text("mine")
        (tmp_path / "runs" / "experiments" / "mine.json").write_text("{")
        assert toy_compare(store=tmp_path).resumed == 2
        assert len(RunTable(tmp_path).experiments()) == 1
        assert query(RunTable(tmp_path), "SELECT count(*) AS n FROM runs")["n"][0] == 18

    @pytest.mark.parametrize(
        "other",
        [
            {"seed": 9},
            {"weeks": 10},
            {"strategies": ["traditional"]},
            {"rules": "none"},
            {"changes": {"world.firms.credit_line_weeks": 1.5}},
            {"changes": {"collectors[0].effort": 0.5}},
        ],
    )
    def test_another_comparison_shares_no_runs(self, tmp_path: Path, other: dict[str, Any]) -> None:
        toy_compare(store=tmp_path, runs=2)
        assert toy_compare(store=tmp_path, **{"runs": 2, **other}).resumed == 0

    def test_a_portfolio_counts_by_its_content(self, tmp_path: Path) -> None:
        hashes = []
        for name, days in (("a.csv", 0), ("b.csv", 0), ("a.csv", 31)):
            account = f"account_id,balance,days_past_due,instalment\nx1,1000,{days},100\n"
            (tmp_path / name).write_text(account)
            hashes.append(toy_compare(runs=1, portfolio=tmp_path / name).hash)
        assert hashes[0] == hashes[1] != hashes[2]

    def test_a_folder_that_cannot_be_made_is_said_at_once(self) -> None:
        with pytest.raises(SpecError, match=r"out: .* cannot be written"):
            toy_compare(store="/dev/null/x")

    def test_a_disk_that_fills_up_stops_the_work(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(handle: int) -> None:
            if len(parts(tmp_path)) == 2:
                raise OSError(28, "No space left on device")
            real(handle)

        real = os.fsync
        toy_compare(store=tmp_path, runs=1)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StoppedError, match=r"No space left on device\) after 2 of 6 starts; what is"):
            toy_compare(store=tmp_path)
        monkeypatch.setattr(os, "fsync", real)
        assert len(parts(tmp_path)) == 2 and not unfinished(tmp_path)
        assert toy_compare(store=tmp_path).resumed == 2
