"""Comparisons in real processes that are interrupted or killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import test_experiments_protocol as protocol
from test_experiments_protocol import parts, toy_compare

_toy = protocol._toy  # the model that costs nothing, for the tests of this file too

#: A script of its own, since worker processes import the script that starts them.
SCRIPT = """
import os, signal, sys
from pathlib import Path

import test_experiments_protocol as protocol
from sim.core.errors import StoppedError
from sim.experiments import compare, comparison, tasks

out, executor, runs = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def start(task, arm=None):
    if (out / "kill").exists():
        (out / "kill").unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return protocol.toy_start(task, arm)

if len(sys.argv) > 4:  # Ctrl-C at the worst moment: some locks of futures are held, some not yet
    import time
    from concurrent.futures import _base, process

    def wakeup(self):  # as slow as on a busy machine: a pool's pipe may be closed between look and use
        if not self._closed:
            time.sleep(0.3 if process._global_shutdown else 0)
            self._writer.send_bytes(b"")

    process._ThreadWakeup.wakeup = wakeup
    acquire = _base._AcquireFutures.__enter__

    def enter(self):
        futures = list(self.futures)
        futures[0]._condition.acquire()
        os.kill(os.getpid(), signal.SIGINT)
        futures[0]._condition.release()
        acquire(self)

    _base._AcquireFutures.__enter__ = enter

tasks.start_of = start
comparison.unit_of = lambda measure: "share"
protocol.Toy.delay = 0.02

if __name__ == "__main__":
    try:
        found = compare(strategies=["traditional", "app_based"], runs=runs, weeks=9, workers=2, store=out,
                        executor=executor, progress=lambda done, total: print(done, flush=True))
        print(found.to_json())
    except StoppedError as error:
        print(error)
        sys.exit(3)
"""


def script(folder: Path, executor: str, runs: int, *more: str) -> subprocess.Popen[str]:
    file = folder / "script.py"
    file.write_text(SCRIPT)
    here = Path(__file__).parent
    return subprocess.Popen(
        [sys.executable, str(file), str(folder), executor, str(runs), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])},
        start_new_session=True,
    )


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_ctrl_c_ends_soon_and_keeps_what_is_finished(tmp_path: Path, executor: str) -> None:
    process = script(tmp_path, executor, runs=500)
    timer = threading.Timer(60, process.kill)
    timer.start()
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "2":
            break
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    sent = time.monotonic()
    rest, noise = process.communicate()
    timer.cancel()
    assert (process.returncode, noise) == (3, "") and time.monotonic() - sent < 5
    kept = len(parts(tmp_path))
    assert kept >= 2 and f"stopped after {kept} of 500 starts" in rest


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_ctrl_c_while_locks_are_held_ends_all_the_same(tmp_path: Path, executor: str) -> None:
    process = script(tmp_path, executor, 500, "interrupted")
    try:
        output, noise = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, noise) == (3, "") and "of 500 starts" in output


def test_a_killed_worker_process_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "kill").touch()
    output, _ = script(tmp_path, "processes", runs=6).communicate(timeout=60)
    assert not (tmp_path / "kill").exists()
    assert output.splitlines()[-1] == toy_compare().to_json()
