"""Short test of an installation on any interpreter. Needs no test tools.

python tests/smoke.py [FIGURES]               # FIGURES: file for this interpreter's results
python tests/smoke.py --compare ONE OTHER     # results of two interpreters agree
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


def compare_figures(one: Path, other: Path) -> None:
    """Hold the figures of two interpreters against each other.

    Versions of Python and numpy may differ in the last digit of a float, and then in what follows from
    it; means must agree within four standard errors.
    """
    mine, theirs = (json.loads(path.read_text(encoding="utf-8")) for path in (one, other))
    assert mine.keys() == theirs.keys()
    for name in mine:
        first, second = ([value for value in side[name] if value is not None] for side in (mine, theirs))
        assert bool(first) == bool(second), name
        if len(first) > 1 and len(second) > 1:
            error = math.sqrt(sum(statistics.variance(side) / len(side) for side in (first, second)))
            gap = abs(statistics.mean(first) - statistics.mean(second))
            assert gap <= 4 * error + 1e-9 * abs(statistics.mean(first)), f"{name}: {first} against {second}"


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
        Path(path).write_text(json.dumps(figures()), encoding="utf-8")
    versions = f"Python {platform.python_version()}, mesa {mesa.__version__}, numpy {numpy.__version__}"
    print(f"smoke test passed in {time.perf_counter() - began:.0f} s on {versions}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--compare"]:
        compare_figures(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
