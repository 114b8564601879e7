"""The kernels are plain Python too: the same small run without the compiler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RUN = """
import json
import numpy as np
from sim.model import Ecosystem
model = Ecosystem("baseline", rng=4, borrowers=150, firms=50, burn_in=3, strategy="app_based")
model.run(3)
model.ledger.check()
s = model.state
integers, floats = {}, {}
for table in s.TABLES:
    for name, column in getattr(s, table)._asdict().items():
        kept = integers if column.dtype.kind in "iub" else floats
        kept[f"{table}.{name}"] = column.tolist()
print(json.dumps({"integers": integers, "floats": floats, "claims": model.ledger.claims.tolist()}))
"""


def run(jit: bool) -> dict[str, Any]:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0" if jit else "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_compiled_and_plain_kernels_agree() -> None:
    compiled, plain = run(jit=True), run(jit=False)
    for name, values in compiled["floats"].items():
        assert all(
            abs(x - y) <= 1e-6 * max(1.0, abs(x), abs(y))
            for x, y in zip(values, plain["floats"][name], strict=True)
        ), name
    # a last bit of an exponential may move a fen, nothing else
    for name, values in compiled["integers"].items():
        gap = [abs(x - y) for x, y in zip(values, plain["integers"][name], strict=True)]
        allowed = 3 if max(map(abs, values), default=0) > 1000 else 0
        assert max(gap, default=0) <= allowed, name
    moved = [
        abs(x - y)
        for one, other in zip(compiled["claims"], plain["claims"], strict=True)
        for x, y in zip(one, other, strict=True)
    ]
    assert max(moved) <= 1000
