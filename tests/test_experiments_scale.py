"""Two thousand runs through local workers and through a cluster, with everything killed on the way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import psutil
import pytest
from conftest import ROOT
from support_dashboard import PATIENCE

from sim.experiments import compare
from sim.experiments.run_table import RunTable, unfinished
from sim.experiments.run_views import DETAILS, query

STARTS, ARMS = 250, 8
#: Starts that may be run again for one kill: those handed to workers.
IN_FLIGHT = 4
CALL: dict[str, object] = {
    "arms": {f"limit{number}": {"rules.attempts_per_week": number} for number in range(1, ARMS + 1)},
    "changes": {"population.borrowers": 100, "population.firms": 50, "burn_in": 1},
    "weeks": 2,
}

#: Imported by local workers as the main script, by those of the cluster before they begin: notes starts.
NOTING = """
import os
from sim.experiments import tasks

real = getattr(tasks.start_of, "real", tasks.start_of)  # a preloaded file may be run twice

def noted(task, arm=None):
    handle = os.open(os.environ["STARTS_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{task.index} {os.getpid()}\\n".encode())
    os.close(handle)
    return real(task, arm)

noted.real = real
tasks.start_of = noted
"""
CALLING = """
import sys
from sim.core.errors import StoppedError
from sim.experiments import compare

if __name__ == "__main__":
    where = {"cluster": sys.argv[3]} if len(sys.argv) > 3 else {"executor": "processes", "workers": 2}
    try:
        runs = int(sys.argv[2])
        found = compare("baseline", %r, changes=%r, weeks=%r, runs=runs, store=sys.argv[1], **where)
        print("found", found.resumed)
    except StoppedError as error:
        print(error)
        sys.exit(3)
""" % (CALL["arms"], CALL["changes"], CALL["weeks"])  # noqa: UP031


class Ensemble:
    """The same call again and again, in a process of its own."""

    def __init__(self, folder: Path, cluster: str | None = None) -> None:
        self.folder, self.cluster = folder, cluster
        self.callers: list[subprocess.Popen[str]] = []
        self.log = folder / "starts.log"
        self.script = folder / "ensemble.py"
        self.script.write_text(NOTING + CALLING)
        self.noting = folder / "noting.py"
        self.noting.write_text(NOTING)
        self.env = {**os.environ, "PYTHONPATH": str(ROOT), "STARTS_LOG": str(self.log)}

    def begin(self) -> subprocess.Popen[str]:
        words = [sys.executable, str(self.script), str(self.folder), str(STARTS)]
        more = [] if self.cluster is None else [self.cluster]
        caller = subprocess.Popen(
            words + more, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.env
        )
        self.callers.append(caller)
        return caller

    def kept(self) -> int:
        return len(list((self.folder / "runs" / "parts").glob("*.parquet")))

    def wait_for(self, starts: int, process: subprocess.Popen[str]) -> None:
        """Until so many starts are kept; patience is for the next one, as machines differ in speed."""
        while (kept := self.kept()) < starts and process.poll() is None:
            until(partial(self._goes_on, kept, process))
        assert process.poll() is None, process.communicate()

    def _goes_on(self, kept: int, process: subprocess.Popen[str]) -> bool:
        return self.kept() > kept or process.poll() is not None

    def end(self) -> None:
        """Leave no caller behind, whatever a test found."""
        for caller in self.callers:
            caller.kill()
            caller.communicate()

    def noted(self) -> list[tuple[int, int]]:
        return [(int(start), int(pid)) for start, pid in map(str.split, self.log.read_text().splitlines())]

    def table(self, view: str) -> pd.DataFrame:
        columns = "* EXCLUDE (seconds, start_seconds, finished)" if view == "runs" else "*"
        order = "ORDER BY ALL" if view == "runs" else "ORDER BY run_id"
        return query(RunTable(self.folder), f"SELECT {columns} FROM {view} {order}")


def until(true: Callable[[], bool], seconds: float = PATIENCE / 1000) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def end(process: subprocess.Popen[str]) -> str:
    output, noise = process.communicate(timeout=120)
    assert (process.returncode, noise) == (0, ""), (output, noise)
    return output


class Cluster:
    """A scheduler with two worker processes on loopback."""

    def __init__(self, ensemble: Ensemble) -> None:
        self.ensemble, self.port = ensemble, 0
        self.processes: list[subprocess.Popen[bytes]] = []

    def begin(self) -> None:
        scheduler = self.run("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        log = self.ensemble.folder / "scheduler.log"
        until(lambda: re.search(r"tcp://127\.0\.0\.1:\d+", log.read_text()) is not None)
        found = re.findall(r"tcp://127\.0\.0\.1:(\d+)", log.read_text())
        self.port = int(found[-1])
        self.ensemble.cluster = f"tcp://127.0.0.1:{self.port}"
        self.processes = [scheduler]
        for _ in range(2):
            options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "5")
            preload = ("--preload", str(self.ensemble.noting))
            self.processes.append(self.run("worker", self.ensemble.cluster, *options, *preload))

    def run(self, role: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.ensemble.folder / f"{role}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + role, *words],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.ensemble.env,
                cwd=self.ensemble.folder,
            )

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    """Run by local workers: one is killed, then their parent, then Ctrl-C is pressed."""
    ensemble = Ensemble(tmp_path_factory.mktemp("local"))
    try:
        first = ensemble.begin()
        ensemble.wait_for(40, first)
        os.kill(ensemble.noted()[-1][1], signal.SIGKILL)
        ensemble.wait_for(100, first)
        workers = psutil.Process(first.pid).children(recursive=True)
        assert len(workers) >= 2
        first.kill()
        first.communicate()
        until(lambda: not any(worker.is_running() for worker in workers), 15)
        second = ensemble.begin()
        ensemble.wait_for(180, second)
        second.send_signal(signal.SIGINT)
        output, noise = second.communicate(timeout=30)
        assert second.returncode == 3 and not noise, noise
        kept = ensemble.kept()
        assert f"stopped after {kept} of {STARTS} starts; what is finished is kept in" in output
        assert end(ensemble.begin()) == f"found {kept}\n"
        yield ensemble
    finally:
        ensemble.end()


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    """Run by a cluster: a worker is killed, then the caller, then the scheduler."""
    ensemble = Ensemble(tmp_path_factory.mktemp("clustered"))
    cluster = Cluster(ensemble)
    cluster.begin()
    try:
        first = ensemble.begin()
        ensemble.wait_for(40, first)
        cluster.processes[1].kill()
        ensemble.wait_for(100, first)
        first.kill()
        first.communicate()
        second = ensemble.begin()
        ensemble.wait_for(180, second)
        cluster.processes[0].kill()
        output, noise = second.communicate(timeout=60)
        assert second.returncode == 3 and not noise, noise
        kept = ensemble.kept()
        assert f"the scheduler ended or was restarted after {kept} of {STARTS} starts" in output
        cluster.end()
        cluster.begin()
        assert end(ensemble.begin()) == f"found {kept}\n"
        yield ensemble
    finally:
        cluster.end()
        ensemble.end()


def test_local_workers_and_a_cluster_give_equal_tables(local: Ensemble, clustered: Ensemble) -> None:
    runs = local.table("runs")
    assert len(runs) == STARTS * ARMS == 2000 and runs["digest"].nunique() > STARTS
    pd.testing.assert_frame_equal(runs, clustered.table("runs"))
    for view in DETAILS:
        pd.testing.assert_frame_equal(local.table(view), clustered.table(view))


@pytest.mark.parametrize("which", ["local", "clustered"])
def test_nothing_is_run_twice_but_what_was_in_flight(which: str, request: pytest.FixtureRequest) -> None:
    ensemble: Ensemble = request.getfixturevalue(which)
    starts = [start for start, _ in ensemble.noted()]
    assert set(starts) == set(range(STARTS))
    assert len(starts) - STARTS <= 3 * IN_FLIGHT
    assert not (ensemble.folder / "runs" / "damaged").exists()
    assert len(unfinished(ensemble.folder)) <= 1  # of the caller that was killed


def test_the_kept_runs_are_those_of_this_process(local: Ensemble) -> None:
    here = compare("baseline", runs=3, workers=1, **CALL)  # type: ignore[arg-type]
    kept = local.table("runs").set_index(["run", "arm"])
    for row in here.results:
        assert kept.loc[(row["index"], row["arm"]), "digest"] == row["digest"]
    again = compare("baseline", runs=STARTS, workers=1, store=local.folder, **CALL)  # type: ignore[arg-type]
    assert again.resumed == STARTS
    few = {(row["index"], row["arm"]): row["measures"] for row in again.results}
    assert all(few[row["index"], row["arm"]] == row["measures"] for row in here.results)
