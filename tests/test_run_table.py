"""The run table: what it holds, who may write at once, what is asked, exported, merged and removed."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from conftest import ROOT

from sim.core.errors import SpecError
from sim.experiments import Comparison, compare
from sim.experiments.inventory import inventory
from sim.experiments.parts import GROUPS, HEAD, MATRICES
from sim.experiments.run_table import RunTable
from sim.experiments.run_views import DETAILS, query
from sim.experiments.stored import stored_comparison
from sim.experiments.upkeep import compact, prunable, prune
from sim.measures import MEASURES

SIZE: dict[str, object] = {"population.borrowers": 400, "population.firms": 120, "burn_in": 4}
FAILURES = [{"kind": "fail", "week": 3, "firm": firm} for firm in (3, 30, 90)]


def small(folder: Path, **more: Any) -> Comparison:
    arguments: dict[str, Any] = {
        "strategies": ["traditional", "app_based"],
        "worlds": ("evidence", "report"),
        "runs": 2,
        "weeks": 30,
        "changes": {**SIZE, "events": FAILURES},
        "workers": 1,
    }
    return compare("chain-reaction", **{**arguments, **more}, store=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("table")


@pytest.fixture(scope="module")
def found(folder: Path) -> Comparison:
    return small(folder)


def test_a_row_holds_the_run_and_all_its_measures(found: Comparison, folder: Path) -> None:
    runs = query(RunTable(folder), "SELECT * FROM runs").set_index(["world", "run", "arm"])
    assert len(runs) == len(found.results) == 2 * 2 * 3
    for row in found.results:
        kept = runs.loc[row["world"], row["index"], row["arm"]]
        assert kept["experiment"] == found.hash and kept["digest"] == row["digest"]
        assert (kept["seed"], kept["weeks"], kept["scenario"]) == (row["seed"], 30, "chain-reaction")
        assert json.loads(kept["reasons"]) == row["reasons"]
        for measure, value in row["measures"].items():
            assert kept[measure] == value or (value is None and pd.isna(kept[measure]))
    assert runs["seconds"].gt(0).all() and runs["start_seconds"].gt(0).all()
    assert runs["python"].str.match(r"3\.\d+").all() and runs["program"].str.len().eq(64).all()
    # equal conditions have equal hashes, in both worlds and all runs
    assert runs.groupby("arm")["scenario_hash"].nunique().eq(1).all() and runs["scenario_hash"].nunique() == 3


def test_the_small_tables_are_those_of_the_run(found: Comparison, folder: Path) -> None:
    row = next(row for row in found.results if row["arm"] == "app_based" and row["index"] == 1)
    one = f"{found.hash[:16]}/{row['world']}/0/1/app_based"
    for name, columns in {**{g: row[g] for g in GROUPS}, **row["matrices"]}.items():  # type: ignore[literal-required]
        kept = query(RunTable(folder), f'SELECT * EXCLUDE (run_id) FROM "{name}" WHERE run_id = $1', [one])
        assert list(kept) == list(columns), name
        for column, values in columns.items():
            assert [None if pd.isna(value) else value for value in kept[column]] == values, (name, column)
        if name in MATRICES:
            assert kept.drop(columns="row").dtypes.eq("int64").all()
    failures = query(RunTable(folder), "SELECT * FROM failures WHERE run_id = $1", [one])
    assert dict(zip(failures["sector"], failures["count"], strict=True)) == row["failures"]
    events = query(RunTable(folder), "SELECT * FROM events WHERE run_id = $1", [one])
    assert (events["kind"] == "firm").sum() == sum(row["failures"].values()) > 0
    causes = events[[name for name in events if name.startswith("cause_")]]
    assert causes.sum(axis=1).round(9).eq(1.0).all()


def test_no_measure_has_the_name_of_a_column_of_the_head() -> None:
    assert not set(HEAD) & set(MEASURES)
    assert not any("." in name for name in MEASURES)


def test_the_views_of_the_folder_work_in_any_duckdb(
    found: Comparison, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / "runs")
    with duckdb.connect() as connection:
        connection.execute(Path("views.sql").read_text())
        ours = connection.execute("SELECT arm, count(*) FROM runs GROUP BY arm ORDER BY arm").fetchall()
        assert ours == [("app_based", 4), ("left_alone", 4), ("traditional", 4)]
        for view in DETAILS:
            assert connection.execute(f"SELECT count(*) FROM {view}").fetchall()[0][0] > 0
    frame = pd.read_parquet(Path("parts"), columns=["arm", "recovery_rate", "output_index"])
    assert len(frame) == 12 and frame["output_index"].notna().all()


def test_a_report_is_made_again_without_running(
    found: Comparison, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim.experiments import tasks

    monkeypatch.setattr(tasks, "start_of", None)
    again = stored_comparison(RunTable(folder))
    assert again.comparison.to_json() == found.to_json()
    assert set(again.worlds) == {"evidence", "report"}
    only = stored_comparison(RunTable(folder), found.hash[:5], worlds=["report"], arms=["app_based"])
    assert only.comparison.worlds == ("report",) and only.comparison.arms.names == ("app_based",)
    rows = {(row.arm, row.measure): row for row in found.rows if row.world == "report"}
    for row in only.comparison.rows:
        assert row == rows[row.arm, row.measure]
    for call, message in (
        ({"experiment": "zz"}, "'zz' is the beginning of none"),
        ({"worlds": ["reprot"]}, "did you mean 'report'"),
        ({"arms": ["app"]}, "'app' is not a arm"),
    ):
        with pytest.raises(SpecError, match=message):
            stored_comparison(RunTable(folder), **call)  # type: ignore[arg-type]


def test_merging_changes_no_answer(tmp_path: Path) -> None:
    small(tmp_path)
    table = RunTable(tmp_path)
    asked = ("SELECT * FROM runs ORDER BY run_id", "SELECT * FROM series ORDER BY ALL", "SELECT * FROM flows")
    before = [query(table, text).sort_values(["run_id"], kind="stable", ignore_index=True) for text in asked]
    old = tmp_path / "runs" / "parts" / ".unfinished-old"
    old.write_bytes(b"x")
    import os

    os.utime(old, (0, 0))
    done = compact(table)
    assert (done.before, done.after, done.removed) == (4, 1, 1) and not old.exists()
    for text, frame in zip(asked, before, strict=True):
        now = query(table, text).sort_values(["run_id"], kind="stable", ignore_index=True)
        pd.testing.assert_frame_equal(now, frame)
    assert small(tmp_path).resumed == 4
    more = small(tmp_path, runs=3)
    assert more.resumed == 4 and compact(table).after == 1
    assert small(tmp_path, runs=3).to_json() == more.to_json()


def test_a_kill_between_the_two_steps_of_a_merge_shows_no_run_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = small(tmp_path)
    real = Path.unlink
    monkeypatch.setattr(
        Path, "unlink", lambda path, **more: None if path.suffix == ".parquet" else real(path, **more)
    )
    compact(RunTable(tmp_path))
    monkeypatch.undo()
    assert len(list((tmp_path / "runs" / "parts").glob("*.parquet"))) == 5
    counted = query(RunTable(tmp_path), "SELECT count(*) AS n, count(DISTINCT run_id) AS m FROM runs")
    assert counted.iloc[0].tolist() == [12, 12]
    assert query(RunTable(tmp_path), "SELECT count(*) AS n FROM series")["n"][0] == 12 * 30
    assert small(tmp_path).to_json() == whole.to_json()
    assert stored_comparison(RunTable(tmp_path)).comparison.to_json() == whole.to_json()


def test_readers_and_a_merger_do_not_disturb_each_other(tmp_path: Path) -> None:
    small(tmp_path, runs=6)
    table, wrong, stop = RunTable(tmp_path), [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            n = query(table, "SELECT count(*) AS n FROM runs")["n"][0]
            if n != 36:
                wrong.append(n)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(3):
        compact(table)
    stop.set()
    reader.join()
    assert not wrong


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "arrears", "compare", "--strategies", "traditional", "--workers", "1"]
    size = [word for name, value in {**SIZE, "weeks": 4}.items() for word in ("--set", f"{name}={value}")]
    both = [
        subprocess.Popen(
            [*words, *size, "--runs", "12", "--seed", seed, "--out", str(tmp_path)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for seed in ("1", "2", "1")
    ]
    for process in both:
        _, noise = process.communicate(timeout=120)
        assert process.returncode == 0, noise
    listed = inventory(RunTable(tmp_path))
    assert listed["runs"].tolist() == [24, 24] and sorted(listed["seed"]) == [1, 2]
    assert listed["usable"].all()


def test_pruning_takes_what_was_asked(tmp_path: Path) -> None:
    first, second = small(tmp_path, runs=1), small(tmp_path, runs=1, seed=9)
    table = RunTable(tmp_path)
    assert prunable(table, older_than_days=1.0) == [] == prunable(table, other_programs=True)
    assert prunable(table, [first.hash[:6]]) == [first.hash]
    assert prune(table, [first.hash]) == 2
    assert list(table.experiments()) == [second.hash]
    assert query(table, "SELECT count(*) AS n FROM runs")["n"][0] == 6
    path = table.path / "experiments" / f"{second.hash[:16]}.json"
    content = json.loads(path.read_text())
    content["versions"]["program"] = "0"
    path.write_text(json.dumps(content))
    assert prunable(table, other_programs=True) == [second.hash]
    assert not inventory(table)["usable"].any()
    with pytest.raises(SpecError, match="is the beginning of none of its experiments"):
        prunable(table, [first.hash])


def test_a_table_of_another_layout_is_refused_and_left_alone(tmp_path: Path) -> None:
    small(tmp_path, runs=1)
    head = tmp_path / "runs" / "table.json"
    head.write_text('{"schema": 7}')
    with pytest.raises(SpecError, match=r"table.json, schema: 7 is a version"):
        small(tmp_path, runs=1)
    assert len(list((tmp_path / "runs" / "parts").iterdir())) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("runs", "list", "nowhere"), "nowhere: holds no run table"),
        (("runs", "query", "SELECT nothing", "--in", "{}"), "SQL: Binder Error"),
        (("runs", "export", "{}", "--what", "serie"), "did you mean 'series'?"),
        (("runs", "export", "{}", "--format", "parquet"), "--to: is missing"),
        (("runs", "prune", "{}"), "has no condition"),
        (("runs", "prune", "{}", "--experiment", "x"), "'x' is the beginning of none"),
        (("report", "{}", "--arms", "nobody"), "'nobody' is not a arm"),
    ],
)
def test_wrong_words_are_one_sentence(
    cli: Any, found: Comparison, folder: Path, words: tuple[str, ...], message: str
) -> None:
    said = cli(*(word.replace("{}", str(folder)) for word in words))
    assert said.returncode == 2 and message in said.stderr and said.stderr.count("\n") == 1, said.stderr


def test_commands(cli: Any, found: Comparison, folder: Path, tmp_path: Path) -> None:
    listed = json.loads(cli("runs", "list", folder, "--json").stdout)["rows"]
    assert [(row["runs"], row["starts"], row["kind"]) for row in listed] == [(12, 4, "compare")]
    assert json.loads(cli("runs", "show", folder, "--json").stdout) == json.loads(found.to_json())
    asked = cli("runs", "query", "SELECT avg(output_index) AS x FROM runs", "--in", folder, "--json")
    assert json.loads(asked.stdout)["rows"][0]["x"] == pytest.approx(
        sum(row["measures"]["output_index"] or 0 for row in found.results) / 12
    )
    for form in ("csv", "json", "parquet"):
        to = tmp_path / f"series.{form}"
        said = cli("runs", "export", folder, "--what", "series", "--format", form, "--to", to)
        assert said.returncode == 0, said.stderr
    with (tmp_path / "series.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12 * 30 == len(pd.read_parquet(tmp_path / "series.parquet"))
    assert len((tmp_path / "series.json").read_text().splitlines()) == 360
    said = cli("report", folder, "--to", tmp_path / "r.html")
    assert said.returncode == 0 and "plotly" in (tmp_path / "r.html").read_text("utf-8")
    assert "nothing is removed yet" in cli("runs", "prune", folder, "--experiment", found.hash[:4]).stderr
    assert cli("runs", "compact", folder).returncode == 0


def test_texts_that_look_like_formulas_are_disarmed() -> None:
    from sim.experiments.export import csv_text

    frame = pd.DataFrame({"a": ["=1+1", "+x", "-x", "@x", "\tx", "x=1"], "b": [-1.5, 2, 3, 4, 5, 6]})
    lines = csv_text(frame).splitlines()
    assert lines[1:] == ["'=1+1,-1.5", "'+x,2.0", "'-x,3.0", "'@x,4.0", "'\tx,5.0", "x=1,6.0"]
