"""R_0 of the matrix against growth over generations, below and above one, on a heterogeneous network."""

from __future__ import annotations

from typing import Any

import pytest

from sim.experiments.reproduction import BasicReproduction, basic_reproduction


def measured(scenario: str, seeds: int, runs: int) -> BasicReproduction:
    changes: dict[str, Any] = {"population.borrowers": 200}
    return basic_reproduction(
        scenario, seeds=seeds, runs=runs, follow_up_weeks=45, changes=changes, draws=500, workers=2
    )


def agrees(found: BasicReproduction) -> bool:
    """Each growth's interval holds the spectral radius."""
    r = found.number.value
    growths = (found.growth, found.growth_leading)
    assert r is not None and all(g.low is not None and g.high is not None for g in growths)
    return all(g.low <= r <= g.high for g in growths if g.low is not None and g.high is not None)


@pytest.mark.parametrize(
    ("scenario", "seeds", "runs"), [("chain-reaction", 8, 6), ("chain-damped", 20, 8)], ids=["above", "below"]
)
def test_the_matrix_agrees_with_growth(
    scenario: str, seeds: int, runs: int, request: pytest.FixtureRequest
) -> None:
    found = measured(scenario, seeds, runs)
    assert len(found.types) == 4  # no type was too rare to be one of its own
    assert agrees(found), found.table()
    assert found.number.low is not None and found.number.high is not None
    if "above" in request.node.name:
        assert found.number.low > 1.0
    else:
        assert found.number.high < 1.0
