"""Compile all kernels once: ``python -m sim.warm``. Compiled code is kept on disk for later runs."""

from __future__ import annotations

import sys
import time


def warm() -> float:
    """Run a small ecosystem with every shipped strategy; returns the seconds it took."""
    import numpy as np

    from sim.collection import strategy_names
    from sim.model import Ecosystem
    from sim.prediction import predict, train

    began = time.perf_counter()
    start = Ecosystem(
        "baseline", rng=1, changes={"population.borrowers": 500, "population.firms": 100, "burn_in": 8}
    )
    for strategy in strategy_names():
        branch = start.branch({"strategy": strategy})
        branch.run(8)
        branch.measures()
    levers: dict[str, object] = {
        "levers.compulsory_payment_every": 4,
        "levers.set_off_every": 4,
        "levers.netting_every": 3,
        "rules": "none",
    }
    start.branch(levers | {"receivables.scope": "all"}).run(8)
    covered = {"receivables.scope": "covered", "receivables.coverage": 0.3}
    brittle = {"world.firms.credit_line_weeks": 0.0, "world.firms.petition_weeks": 1}
    start.branch(covered | brittle | {"receivables.targeting": "super_spreader"}).run(8)
    start.super_spreaders()
    features = np.arange(1000, dtype=np.float32).reshape(-1, 1)  # few borrowers are too little history
    learned = train(features, features[:, 0] > 500, np.array([0]))
    if learned is not None:
        predict(learned, features)
    return time.perf_counter() - began


if __name__ == "__main__":
    print("Compiling the kernels: some minutes, once for each version of the program ...", file=sys.stderr)
    print(f"... done in {warm():.0f} s", file=sys.stderr)
