"""Thirty visitors of one dashboard: how long a slider takes, and what a session costs in memory.

    python benchmarks/sessions.py [--visitors 30] [--rounds 4] [--pause 5]

A real server process in public mode, and open pages that speak its protocol (``benchmarks/visitor.py``).
Each visitor looks at the outbreak page, waits about ``--pause`` seconds as a reader does, and moves the
slider of how many firms fail. Budget: p95 of a slider move at most 2 s; memory of a session stated; after
the first round, none growing. Times are wall clock: on a busy machine look at the processor seconds too.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from visitor import Visitor

from sim.spec.labels import text

BUDGET = 2.0
#: Memory that a session may gain over the rounds after the first, MB: noise of the allocator.
GROWTH = 2.0


class Load(NamedTuple):
    """The server at one moment: memory in MB, processor seconds so far."""

    memory: float
    seconds: float


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A dashboard in public mode: address and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "arrears", "dashboard", "--public", "--port", str(port)]
    environment = {**os.environ, "ARREARS_STORE": str(folder / "store")}
    started = subprocess.Popen([*words, "--address", "127.0.0.1"], env=environment, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.5)
        yield address, psutil.Process(started.pid).children()[0]
    finally:
        started.terminate()
        started.wait(30)


def load(process: psutil.Process) -> Load:
    """Memory and processor time of the server."""
    times = process.cpu_times()
    return Load(process.memory_info().rss / 2**20, times.user + times.system)


def visit(
    page: Visitor, rounds: int, pause: float, place: int, barrier: threading.Barrier, took: list[float]
) -> None:
    """One visitor: a pause with the page open, then a slider move; all meet after each round."""
    generator = random.Random(place)
    label = text("dash.hit")  # how many firms fail
    for turn in range(rounds):
        page.look(pause * generator.uniform(0.5, 1.5))
        took.append(page.slide(label, (place + 3 * turn) % 10 + 1))
        barrier.wait()  # the server is measured here
        barrier.wait()


def main() -> None:
    """Measure, and print beside the budget."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--visitors", type=int, default=30)
    options.add_argument("--rounds", type=int, default=4)
    options.add_argument("--pause", type=float, default=5.0)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as (address, process):
        query = "outbreak?v=1&lang=en&firms=150&hit=3&seed=2"
        first = Visitor(f"{address}/{query}", patience=600)  # the network is made and kernels are loaded
        empty = load(process)
        pages = [Visitor(f"{address}/{query}", patience=600) for _ in range(given.visitors)]
        opened = load(process)
        took: list[float] = []
        barrier = threading.Barrier(given.visitors + 1)
        threads = [
            threading.Thread(
                target=visit, args=(page, given.rounds, given.pause, place, barrier, took), daemon=True
            )
            for place, page in enumerate(pages)
        ]
        for thread in threads:
            thread.start()
        loads = []
        for turn in range(given.rounds):
            barrier.wait()
            loads.append(load(process))
            used = loads[-1].seconds - (loads[-2] if turn else opened).seconds
            moves = took[turn * given.visitors : (turn + 1) * given.visitors]
            middle, slow = np.quantile(moves, (0.5, 0.95))
            print(
                f"round {turn + 1}: p50 {middle:.2f} s, p95 {slow:.2f} s, {loads[-1].memory:,.0f} MB, "
                f"{used / given.visitors:.2f} s of processor a move",
                flush=True,
            )
            barrier.wait()
        for page in (first, *pages):
            page.close()
        report(given.visitors, given.rounds, took, empty, opened, loads)


def report(
    visitors: int, rounds: int, took: list[float], empty: Load, opened: Load, loads: list[Load]
) -> None:
    """The figures beside their budgets; exit code 1 when one is missed."""
    cores, busy = os.cpu_count() or 1, os.getloadavg()[0]
    middle, slow = np.quantile(took, (0.5, 0.95))
    once = (loads[-1].seconds - opened.seconds) / len(took)
    session = (opened.memory - empty.memory) / visitors
    grown = (loads[-1].memory - loads[0].memory) / visitors / max(1, rounds - 1)
    print(f"slider, {visitors} visitors: p50 {middle:.2f} s, p95 {slow:.2f} s (budget {BUDGET} s)")
    print(f"processor of the server a move, with the pages open meanwhile: {once:.2f} s, {cores} cores")
    print(f"load of the machine: {busy:.1f}; above {cores} others work too, and times are too long")
    print(f"memory: {empty.memory:,.0f} MB with one page, {session:.1f} MB a session")
    print(f"growth a session and round after the first: {grown:.2f} MB (budget {GROWTH} MB)")
    sys.exit(slow > BUDGET or grown > GROWTH)


if __name__ == "__main__":
    main()
