"""How often do nominal 95 % intervals of a paired effect contain it?

``python benchmarks/coverage.py`` draws synthetic ensembles with a known effect. ``python
benchmarks/coverage.py --model`` drives the model itself at a tiny size: the effect is estimated by
many runs, and small ensembles drawn from other runs are checked against it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from sim.experiments import Comparison, compare, paired_difference

#: Size of the model, of which only the variability between seeds matters here.
TINY = {"population.borrowers": 500, "population.firms": 100, "weeks": 13, "burn_in": 13}


def covered_share(ensembles: int, runs: int, seed: int, effect: float = 0.03) -> float:
    """Share of synthetic ensembles whose interval contains the effect.

    A pair shares a skewed start (log-normal), each arm adds noise of its own, and the effect varies
    between pairs, as it does between starts of the model.
    """
    rng = np.random.default_rng(seed)
    start = rng.lognormal(-1.0, 0.5, (ensembles, runs))
    base = start + rng.normal(0, 0.02, start.shape)
    changed = start + rng.normal(effect, 0.03, start.shape) + rng.normal(0, 0.02, start.shape)
    hits = 0
    for new, old in zip(changed.tolist(), base.tolist(), strict=True):
        hits += contains(new, old, effect)
    return hits / ensembles


def contains(changed: list[float], base: list[float], effect: float) -> bool:
    """Whether the interval of one ensemble contains the effect."""
    found = paired_difference(changed, base)
    return found.low is not None and found.high is not None and found.low <= effect <= found.high


def _model_coverage(ensembles: int, runs: int, measures: list[str], workers: int | None) -> None:
    """Print coverage of the model's intervals, against the mean of all runs.

    Ensembles are disjoint groups of runs, so they are independent; the mean of all of them has an
    error ``sqrt(ensembles)`` times smaller than theirs.
    """
    began = time.perf_counter()
    found = compare(
        "baseline",
        {"now": {}, "half": {"collectors[0].effort": 0.5}},
        runs=ensembles * runs,
        changes=TINY,
        workers=workers,
        seed=4,
    )
    print(f"{ensembles} ensembles of {runs} pairs, {time.perf_counter() - began:.0f} s", file=sys.stderr)
    for measure in measures or list(found.measures):
        _print_measure(found, measure, ensembles, runs)


def _print_measure(found: Comparison, measure: str, ensembles: int, runs: int) -> None:
    values = {
        arm: [row["measures"][measure] for row in found.results if row["arm"] == arm]
        for arm in ("now", "half")
    }
    defined = [
        (new, old)
        for new, old in zip(values["half"], values["now"], strict=True)
        if new is not None and old is not None
    ]
    if len(defined) < len(values["now"]):
        print(f"{measure:36} undefined in {len(values['now']) - len(defined)} pairs")
        return
    gaps = np.array([new - old for new, old in defined])
    effect = float(gaps.mean())
    if not gaps.any():
        print(f"{measure:36} no effect in any pair")
        return
    groups = gaps.reshape(ensembles, runs)
    hits = sum(contains(group.tolist(), [0.0] * runs, effect) for group in groups)
    skew = float(((gaps - effect) ** 3).mean() / gaps.std() ** 3)
    untouched = float((gaps == 0).mean())  # rare events: small ensembles may show no effect at all
    print(
        f"{measure:36} effect {effect:12.5g}  covered {hits / ensembles:.3f}  skewness {skew:6.2f}  "
        f"pairs without effect {untouched:.2f}"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Coverage of nominal 95 % intervals of paired effects.")
    parser.add_argument("--model", action="store_true", help="drive the model instead of synthetic data")
    parser.add_argument("--ensembles", type=int, default=400)
    parser.add_argument("--runs", type=int, default=8, help="pairs in an ensemble")
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--measure", action="append", default=[], help="measure id; default all")
    args = parser.parse_args()
    if args.model:
        _model_coverage(args.ensembles, args.runs, args.measure, args.workers)
        return
    for runs in (3, 5, 8, 20):
        few = covered_share(args.ensembles, runs, seed=2)
        many = covered_share(20_000, runs, seed=3)
        print(f"{runs:3} pairs: {few:.4f} of {args.ensembles} ensembles, {many:.4f} of 20000")


if __name__ == "__main__":
    main()
