"""``arrears outbreak``: table, document, files, wrong input, interruption."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest
from conftest import Said

from sim.experiments import outbreak_runs

Cli = Callable[..., Said]
SIZES = {"population.borrowers": 300, "population.firms": 100, "burn_in": 13, "weeks": 20}
SMALL = [word for name, value in SIZES.items() for word in ("--set", f"{name}={value}")]
BAD = {
    "no shock": ([], "nothing is shocked"),
    "unknown kind": (["--shock", "hubs:3"], "did you mean 'hub'"),
    "unknown firm": (["--shock", "firm:999"], "0 to 99"),
    "unknown firm to rescue": (["--shock", "hub:1", "--rescue", "firm:x"], "0 to 99"),
    "not a firm to rescue": (["--shock", "hub:1", "--rescue", "hub:2"], "firm:ID"),
    "share above one": (["--shock", "sector:construction:1.01"], "at most 1"),
    "unknown sector": (["--shock", "sector:constructoin:0.1"], "did you mean 'construction'"),
    "unknown channel": (["--shock", "hub:1", "--channels", "writeoff"], "did you mean 'write_off'"),
    "week outside": (["--shock", "hub:1", "--week", "20"], "0 to 19"),
    "no runs": (["--shock", "hub:1", "--runs", "0"], "runs"),
    "unknown world": (["--shock", "hub:1", "--world", "evidense"], "did you mean 'evidence'"),
    "unknown scenario": (["baselin", "--shock", "hub:1"], "did you mean 'baseline'"),
    "text for a number": (["--shock", "hub:1", "--runs", "many"], "--runs"),
    "no workers": (["--shock", "hub:1", "--workers", "0"], "workers"),
    "map without portfolio": (["--shock", "hub:1", "--map", "uci-card"], "portfolio"),
    "folder that is a file": (["--shock", "hub:1", "--out", "arrears.py"], "--out"),
}


@pytest.mark.parametrize("case", BAD)
def test_wrong_input_gives_one_sentence_and_code_2(case: str, cli: Cli) -> None:
    words, part = BAD[case]
    done = cli("outbreak", *words, *SMALL)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and part in done.stderr
    assert "Traceback" not in done.stderr


def test_json_is_one_document_and_files_agree_with_it(cli: Cli, tmp_path: Path) -> None:
    words = ("outbreak", "--shock", "hub:4", "--runs", 2, "--seed", 3, "--rescue", "firm:5")
    done = cli(*words, *SMALL, "--no-by-channel", "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == 1 and document["seed"] == 3 and document["runs"] == 2
    assert document["shock"]["text"] == "hub:4" and [len(run) for run in document["shock"]["firms"]] == [4, 4]
    assert document["rescued"] == ["5"] and document["losses_by_channel"] is None
    assert json.loads((tmp_path / "result.json").read_text("utf-8")) == document
    graph = nx.read_graphml(tmp_path / "tree.graphml")
    nodes, edges = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("nodes", "edges"))
    assert len(nodes) == graph.number_of_nodes() == document["tree"]["events"]
    assert len(edges) == document["tree"]["edges"]
    forced = nodes[(nodes["kind"] == "firm") & (nodes["week"] == 0)]
    assert {str(agent) for agent in forced["agent"]} >= set(document["shock"]["firms"][0])
    curve = pd.read_csv(tmp_path / "curve.csv")
    assert curve["week"].tolist() == list(range(20)) and curve["failures_difference"].iloc[0] >= 4
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "</html>" in page and "arrears outbreak --shock hub:4" in page


def test_the_table_speaks_both_languages(cli: Cli) -> None:
    words = ("outbreak", "--shock", "sector:construction:0.5", "--channels", "write_off,layoffs", *SMALL)
    english, chinese = cli(*words), cli(*words, "--lang", "zh")
    assert english.returncode == chinese.returncode == 0, english.stderr + chinese.stderr
    for part in ("What the shock did", "By generation", "Losses by channel", "write-offs, lay-offs"):
        assert part in english.stdout
    for part in ("冲击的后果", "按代", "按渠道的损失", "坏账核销, 裁员"):
        assert part in chinese.stdout
    assert "One run: no intervals" in english.stdout


def test_an_interruption_ends_with_3_and_writes_nothing(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, done = outbreak_runs.run_start, []

    def interrupted(*arguments: Any) -> Any:
        if done:
            signal.raise_signal(signal.SIGINT)
        done.append(work(*arguments))
        return done[-1]

    monkeypatch.setattr(outbreak_runs, "run_start", interrupted)
    words = ("outbreak", "--shock", "hub:2", "--runs", 3, "--no-by-channel", *SMALL)
    said = cli(*words, "--workers", 1, "--out", tmp_path)
    assert (said.returncode, said.stdout) == (3, ""), said.stderr
    assert said.stderr.strip() == "arrears: stopped after 1 of 3 starts; nothing is kept"
    assert not list(tmp_path.iterdir())
