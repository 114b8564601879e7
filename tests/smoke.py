"""Short test of an installation on any interpreter: ``python tests/smoke.py [FIGURES]``. Needs no test tools.

FIGURES is a file of one interpreter's results that the next ones are held against.
"""

from __future__ import annotations

import json
import math
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SMALL = {"population.borrowers": 500, "population.firms": 100, "burn_in": 4}


def figures() -> dict[str, list[float | None]]:
    """Measures of a few small runs, by measure and seed."""
    import arrears

    found: dict[str, list[float | None]] = {}
    for seed in range(1, 9):
        for name, measure in arrears.Ecosystem(rng=seed, changes=SMALL).run(30).measures().items():
            found.setdefault(name, []).append(measure.value)
    return found


def compare_figures(path: Path) -> None:
    """Write this interpreter's figures to ``path``, or hold them against those that another one wrote.

    Versions of Python and numpy may differ in the last digit of a float, and then in what follows from
    it; means must agree within four standard errors.
    """
    mine = figures()
    if not path.exists():
        path.write_text(json.dumps(mine), encoding="utf-8")
        return
    theirs = json.loads(path.read_text(encoding="utf-8"))
    assert mine.keys() == theirs.keys()
    for name in mine:
        one, other = ([value for value in side[name] if value is not None] for side in (mine, theirs))
        assert bool(one) == bool(other), name
        if len(one) > 1 and len(other) > 1:
            error = math.sqrt(sum(statistics.variance(side) / len(side) for side in (one, other)))
            gap = abs(statistics.mean(one) - statistics.mean(other))
            assert gap <= 4 * error + 1e-9 * abs(statistics.mean(one)), f"{name}: {one} against {other}"


def main() -> None:
    """Compare, repeat and report at a small size; fails with an assertion."""
    import mesa
    import numpy

    import arrears

    began = time.perf_counter()
    first, second = (arrears.Ecosystem(rng=7, changes=SMALL).run(6) for _ in range(2))
    assert first.digest() == second.digest(), "the same seed gave two results"
    first.ledger.check()

    result = arrears.compare(strategies=["traditional", "app_based"], runs=2, weeks=6, changes=SMALL)
    document = json.loads(result.to_json())
    assert document["schema"] == 1
    assert {row["arm"] for row in document["rows"]} == {"traditional", "app_based"}
    assert all(row["mean"] is not None or row["reason"] for row in document["rows"])
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        result.report(report)
        assert "</html>" in report.read_text(encoding="utf-8")

    listed = subprocess.run(
        [sys.executable, "-m", "arrears", "scenarios", "--json"], capture_output=True, check=True
    )
    assert "baseline" in json.loads(listed.stdout)["scenarios"]
    for path in sys.argv[1:]:
        compare_figures(Path(path))
    versions = f"Python {platform.python_version()}, mesa {mesa.__version__}, numpy {numpy.__version__}"
    print(f"smoke test passed in {time.perf_counter() - began:.0f} s on {versions}")


if __name__ == "__main__":
    main()
