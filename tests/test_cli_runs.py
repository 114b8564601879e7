"""Runs and comparisons from the command line, at a small size, with the real model."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, Said

from sim.cli.progress import plain_lines
from sim.experiments.run_table import RunTable, unfinished
from sim.experiments.run_views import query

ROW = {
    "world": str,
    "arm": str,
    "strategy": str | None,
    "measure": str,
    "unit": str,
    "mean": float | None,
    "low": float | None,
    "high": float | None,
    "effect": float | None,
    "effect_low": float | None,
    "effect_high": float | None,
    "n": int,
    "reason": str | None,
}
Cli = Callable[..., Said]


def test_compare_prints_one_json_document_and_nothing_else(
    cli: Cli, small: list[str], tmp_path: Path
) -> None:
    words = ("compare", "--strategies", "traditional,app_based", "--worlds", "evidence,report", "--runs", 2)
    done = cli(*words, *small, "--seed", 5, "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert {key: document[key] for key in ("schema", "scenario", "seed", "weeks", "runs", "interval")} == {
        "schema": 1,
        "scenario": "baseline",
        "seed": 5,
        "weeks": 8,
        "runs": 2,
        "interval": "seed",
    }
    assert re.fullmatch("[0-9a-f]{64}", document["hash"])
    for row in document["rows"]:
        assert row.keys() == ROW.keys()
        for name, kind in ROW.items():
            value = float(row[name]) if isinstance(row[name], int) and name != "n" else row[name]
            assert isinstance(value, kind), (name, row)
            assert not isinstance(value, float) or math.isfinite(value)
        assert row["mean"] is not None or row["reason"]
    pairs = {(row["world"], row["arm"]) for row in document["rows"]}
    assert len(pairs) == 4
    assert json.loads((tmp_path / "comparison.json").read_text("utf-8")) == document
    assert "</html>" in (tmp_path / "report.html").read_text("utf-8")


def test_the_same_call_goes_on_from_its_folder_and_gives_the_same(
    cli: Cli, small: list[str], tmp_path: Path
) -> None:
    words = (
        "compare",
        "--arm",
        "now",
        "--arm",
        "idle:strategy=left_alone",
        *small,
        "--json",
        "--out",
        tmp_path,
    )
    first = cli(*words, "--runs", 1)
    again = cli(*words, "--runs", 1)
    assert first.returncode == again.returncode == 0, first.stderr + again.stderr
    assert again.stdout == first.stdout
    assert "1 of 1 starts were found finished" in again.stderr


def test_a_change_of_nothing_shows_no_difference(cli: Cli, small: list[str]) -> None:
    done = cli("compare", "--arm", "now", "--arm", "same", "--runs", 2, *small, "--json")
    rows = [
        row for row in json.loads(done.stdout)["rows"] if row["arm"] == "same" and row["effect"] is not None
    ]
    assert rows
    assert all((row["effect"], row["effect_low"], row["effect_high"]) == (0, 0, 0) for row in rows)


def test_the_table_speaks_both_languages_and_gives_reasons(cli: Cli, small: list[str]) -> None:
    words = ("compare", "--strategies", "app_based", "--runs", 2, *small)
    english, chinese = cli(*words), cli(*words, "--lang", "zh")
    assert english.returncode == chinese.returncode == 0
    assert "App self-service" in english.stdout and "Recovered within a year" in english.stdout
    assert "应用自助还款" in chinese.stdout and "一年内回收率" in chinese.stdout
    assert "against leaving everybody alone" in english.stdout
    assert "\N{EM DASH} " in english.stdout, "eight weeks leave yearly measures undefined, with a reason"


def test_run_gives_one_run_without_intervals(cli: Cli, small: list[str]) -> None:
    done = cli("run", "--strategy", "ai_tiered", "--world", "report", *small, "--seed", 3, "--json")
    rows = json.loads(done.stdout)["rows"]
    assert {row["world"] for row in rows} == {"report"}
    assert {row["strategy"] for row in rows} == {"ai_tiered"}
    assert all(row["low"] is None and row["effect"] is None and row["n"] <= 1 for row in rows)
    assert any(row["mean"] is not None for row in rows)


def test_explain_tells_a_life_week_by_week(cli: Cli, small: list[str]) -> None:
    done = cli("explain", "borrower", 3, *small, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["week"] for row in rows][-1] == 7
    beyond = cli("explain", "borrower", 10_000, *small)
    assert beyond.returncode == 2, beyond.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c_ends_with_3_and_keeps_what_is_finished(small: list[str], tmp_path: Path) -> None:
    words = [sys.executable, "-m", "arrears", "compare", "--strategies", "traditional", "--runs", "400"]
    program = subprocess.Popen(
        [*words, *small, "--out", str(tmp_path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT
    )
    kept = tmp_path / "runs"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(list(kept.glob("parts/*.parquet"))) < 3:
        time.sleep(0.05)
    program.send_signal(signal.SIGINT)
    _, message = program.communicate(timeout=30)
    assert program.returncode == 3, message
    last = message.decode().strip().splitlines()[-1]
    assert last.startswith("arrears: stopped after") and str(kept) in last
    runs = query(RunTable(tmp_path), "SELECT count(DISTINCT run) AS starts, count(*) AS runs FROM runs")
    assert 3 <= runs["starts"][0] < 400 and runs["runs"][0] == 2 * runs["starts"][0]
    assert f"after {runs['starts'][0]} of 400 starts" in last
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk_stops_the_work_and_loses_nothing(small: list[str], tmp_path: Path, workers: str) -> None:
    import resource

    words = [sys.executable, "-m", "arrears", "compare", "--strategies", "traditional", *small]
    words += ["--workers", workers, "--out", str(tmp_path), "--runs"]

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))

    assert subprocess.run([*words, "3"], cwd=ROOT, capture_output=True, check=False).returncode == 0
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    full = subprocess.run(
        [*words, "12"], cwd=ROOT, preexec_fn=no_room, capture_output=True, text=True, timeout=90, check=False
    )
    assert full.returncode == 3, full.stderr
    last = full.stderr.strip().splitlines()[-1]
    assert "cannot be written (File too large) after 3 of 12 starts; what is finished is kept" in last
    assert len(kept) == 3 and {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")} == kept
    assert not unfinished(tmp_path)


def test_plain_progress_says_what_is_left_every_so_often(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    show = plain_lines("starts", clock=lambda: now, period=10.0)
    for done in range(31):
        now = 4.0 * done
        show(done, 30)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] in (
        "3 of 30 starts, about 108 s left, 0.25 a second",
        "3 of 30 starts, about 2 min left, 0.25 a second",
    )
    assert 8 <= len(lines) <= 10
    assert lines[-1] == "27 of 30 starts, about 12 s left, 0.25 a second"
    for done in range(5, 9):  # other work, five of which were found finished
        now += 20.0
        show(done, 8)
    assert capsys.readouterr().err.splitlines()[-1] == "7 of 8 starts, about 20 s left, 0.05 a second"


def test_a_run_writes_its_balance_sheet_and_flows_which_close(
    cli: Cli, small: list[str], tmp_path: Path
) -> None:
    said = cli("run", "baseline", "--weeks", "6", "--out", str(tmp_path), *small)
    assert said.returncode == 0, said.stderr
    for name, least in (("balance_sheet", 7), ("flows", 20)):
        with (tmp_path / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            head, *rows = list(csv.reader(file))
        assert head[0] == "row" and head[-1] == "sum" and len(rows) >= least
        amounts = [[int(cell) for cell in row[1:]] for row in rows]
        assert not any(sum(column) for column in zip(*amounts, strict=True))
        assert any(abs(cell) > 10**6 for row in amounts for cell in row)
        if name == "flows":
            assert not any(row[-1] for row in amounts)
