"""What the command line says to wrong input, and what it lists and checks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, Said

BAD_OPTIONS = {
    "unknown command": (["nonsense"], "nonsense"),
    "unknown option": (["compare", "--runz", "3"], "--runs"),
    "text for a number": (["compare", "--runs", "many"], "--runs"),
    "no runs": (["compare", "--runs", "0"], "runs"),
    "unknown scenario": (["compare", "baselin"], "did you mean 'baseline'"),
    "missing scenario file": (["run", "nowhere.yaml"], "nowhere.yaml"),
    "near strategy": (["compare", "--strategies", "traditional,apbased"], "did you mean 'app_based'"),
    "empty strategy": (["compare", "--strategies", "traditional,,"], "--strategies"),
    "unknown world": (["run", "--world", "evidense"], "did you mean 'evidence'"),
    "world twice": (["compare", "--worlds", "report,report"], "given twice"),
    "unknown rules": (["run", "--rules", "china-1023"], "did you mean 'china-2023'"),
    "arm without name": (["compare", "--arm", ":weeks=3"], "--arm"),
    "arm twice": (["compare", "--arm", "now", "--arm", "now"], "given twice"),
    "unknown field of an arm": (["compare", "--arm", "a:colectors=1"], "did you mean 'collectors'"),
    "impossible value": (["run", "--set", "population.borrowers=-5"], "borrowers"),
    "no assignment": (["run", "--set", "population.borrowers"], "field=value"),
    "field twice": (["run", "--set", "weeks=3", "--set", "weeks=4"], "given twice"),
    "missing portfolio": (["run", "--portfolio", "none.csv"], "none.csv"),
    "map without portfolio": (["run", "--map", "uci-card"], "portfolio"),
    "folder that is a file": (["compare", "--out", "arrears.py"], "--out"),
    "network and firms": (["describe", "--network", "a.csv", "--firms", "100"], "--firms"),
    "too few firms": (["describe", "--firms", "3"], "50"),
    "unknown kind": (["explain", "lender", "0"], "firm"),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_wrong_options_give_one_sentence_and_code_2(case: str, cli: Callable[..., Said]) -> None:
    words, part = BAD_OPTIONS[case]
    done = cli(*words)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_check_gives_a_line_for_each_good_file(cli: Callable[..., Said], tmp_path: Path) -> None:
    portfolio = tmp_path / "accounts.csv"
    portfolio.write_text("account_id,balance,days_past_due,instalment\na,100.50,0,10\nb,70,45,7\n")
    network = tmp_path / "links.csv"
    network.write_text("buyer,supplier,weekly_amount\nA,B,100\nB,C,50.25\n")
    files = ("scenarios/baseline.yaml", "scenarios/worlds/report.yaml", "scenarios/regulations/none.yaml")
    done = cli("check", *files, portfolio, network)
    assert (done.returncode, done.stderr) == (0, "")
    kinds = ("scenario 'baseline'", "world 'report'", "rule set 'none'", "portfolio of 2 accounts")
    for line, kind in zip(done.stdout.splitlines(), (*kinds, "network of 3 firms, 2 links"), strict=True):
        assert kind in line


def test_check_names_every_bad_file_and_goes_on(cli: Callable[..., Said], tmp_path: Path) -> None:
    bad = {
        "cells.csv": b"account_id,balance,days_past_due,instalment\na,-5,0,1\n",
        "columns.csv": b"account_id,balanc,days_past_due,instalment\na,5,0,1\n",
        "self.csv": b"buyer,supplier,weekly_amount\nA,A,3\n",
        "picture.csv": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "loop.yaml": b"include: loop.yaml\nid: loop\n",
        "bomb.yaml": b"a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n",
        "notes.txt": b"hello",
        "broken.graphml": b"<graphml><graph>",
    }
    paths = []
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
        paths.append(tmp_path / name)
    done = cli("check", *paths, tmp_path / "absent.yaml", tmp_path, ROOT / "scenarios" / "baseline.yaml")
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == len(bad) + 2
    for line, name in zip(lines, [*bad, "absent.yaml"], strict=False):
        assert name in line
    assert "scenario 'baseline'" in done.stdout, "a good file after bad ones is still checked"


def test_scenarios_lists_all_names_in_both_languages(cli: Callable[..., Said]) -> None:
    english, chinese = (cli("scenarios", "--json", "--lang", lang) for lang in ("en", "zh"))
    first, second = json.loads(english.stdout), json.loads(chinese.stdout)
    assert {"baseline", "downturn"} <= first["scenarios"].keys()
    assert {"traditional", "ai_tiered", "app_based"} <= first["strategies"].keys()
    assert first.keys() == second.keys()
    assert first["worlds"].keys() == second["worlds"].keys() == {"evidence", "report"}
    assert first["worlds"]["report"] != second["worlds"]["report"]


def test_describe_gives_statistics_beside_targets(cli: Callable[..., Said]) -> None:
    document = json.loads(cli("describe", "--firms", "300", "--json").stdout)
    assert document["firms"] == 300
    found = {row["id"]: row for row in document["rows"]}
    assert found["mean_degree"]["value"] == pytest.approx(document["links"] / 300)
    assert all(row["value"] is not None or row["note"] for row in document["rows"])
    screen = cli("describe", "--firms", "300", "--lang", "zh")
    assert found["reciprocity"]["label_zh"] in screen.stdout


def test_help_answers_without_loading_the_model() -> None:
    code = (
        "import sys, arrears\n"
        "from sim.cli.entry import main\n"
        "assert main(['--help']) == 0\n"
        "assert 'numba' not in sys.modules and 'plotly' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "compare" in done.stdout


def test_a_reader_that_leaves_early_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-u", "-m", "arrears", "scenarios"]
    with os.fdopen(write, "wb") as broken:
        done = subprocess.run(words, stdout=broken, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_fault_of_the_program_says_so_and_shows_its_trace_on_demand(tmp_path: Path) -> None:
    code = (
        "import sim.cli.inspection as room\n"
        "from sim.cli import entry\n"
        "def broken(path, mapping): raise ZeroDivisionError('division by zero')\n"
        "room._verdict = broken\n"
        "raise SystemExit(entry.main(['check', 'x']))\n"
    )
    for debug, traced in (("", False), ("1", True)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"PATH": "", "ARREARS_DEBUG": debug},
            check=False,
        )
        assert done.returncode == 1
        assert ("Traceback" in done.stderr) is traced
        assert "ZeroDivisionError" in done.stderr
