"""Short test of an installation on any interpreter: ``python tests/smoke.py``. Needs no test tools."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SMALL = {"population.borrowers": 500, "population.firms": 100, "burn_in": 4}


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
    versions = f"Python {platform.python_version()}, mesa {mesa.__version__}, numpy {numpy.__version__}"
    print(f"smoke test passed in {time.perf_counter() - began:.0f} s on {versions}")


if __name__ == "__main__":
    main()
