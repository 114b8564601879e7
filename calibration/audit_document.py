"""The audit as a compact result: figures of every claim and world, what stands beside them, verdicts."""

from __future__ import annotations

from typing import Any

from calibration.audit import Audit
from calibration.beside import SelectionRow
from calibration.judgements import shipped_judgements
from calibration.verdicts import Ruling, rulings
from sim.experiments.statistics import Estimate
from sim.spec.loader import load_world

SCHEMA = 1
#: Where the shipped result lies.
KEPT = "claims/results/audit"


def audit_document(audit: Audit, selection: list[SelectionRow]) -> dict[str, Any]:
    """Figures and verdicts as plain data."""
    rows = [
        {"claim": row.claim.id, "world": row.world, **estimate(row.figure), "verdict": row.verdict}
        for row in audit.rows
    ]
    return {
        "schema": SCHEMA,
        "runs": audit.runs,
        "rows": rows,
        "verdicts": [ruling_data(one) for one in rulings(rows).values()],
        "stages": [
            {"claim": row.claim, "world": row.world, "stage": row.stage, "horizon": row.horizon}
            | estimate(row.figure)
            for row in audit.stages
        ],
        "accuracy": [
            {"claim": row.claim, "world": row.world}
            | {name: estimate(getattr(row, name)) for name in ("accuracy", "no_skill", "auc")}
            for row in audit.accuracy
        ],
        "selection": [
            {"claim": row.claim, "world": row.world, "quantity": row.quantity} | estimate(row.figure)
            for row in selection
        ],
    }


def ruling_data(ruling: Ruling) -> dict[str, Any]:
    """A verdict as plain data, with the numbers of each world that decide the claim."""
    return {
        "claim": ruling.claim,
        "verdict": ruling.verdict,
        "because": ruling.because,
        "together": list(ruling.together),
        "evidence": [
            {
                "source": one.bearing.source, "role": one.bearing.role, "low": _short(one.low),
                "high": _short(one.high), "claimed": _short(one.claimed), "excludes": one.excludes,
            }
            for one in ruling.evidence
        ],
        "conflicts": [
            {"name": one.name, "of": one.of, "needed": _short(one.needed), "claimed": one.claimed,
             "possible": one.possible}
            for one in ruling.conflicts
        ],
        "rests_on": rests_on(ruling.claim, ("evidence", "report")),
    }  # fmt: skip


def rests_on(claim: str, worlds: tuple[str, ...]) -> list[dict[str, Any]]:
    """The numbers that decide a claim, with their values in each world."""
    numbers = {world: dict(load_world(world).numbers()) for world in worlds}
    return [
        {"field": name, **{world: numbers[world][name].value for world in worlds}}
        for name in shipped_judgements()[claim].rests_on
    ]


def estimate(found: Estimate) -> dict[str, Any]:
    """Mean, interval, number of runs and reason, as plain data of five digits."""
    ends = {"mean": _short(found.mean), "low": _short(found.low), "high": _short(found.high)}
    return {**ends, "n": found.n, "reason": found.reason}


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")
