"""Where firms stand: tiers follow the steps to the final buyer, and all layouts stay on the canvas."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.layout import layouts, upstreamness
from sim.experiments.recording import Recording, record
from sim.model import Ecosystem


@pytest.fixture(scope="module")
def kept() -> Recording:
    changes = {"population.firms": 90, "population.borrowers": 300, "burn_in": 4}
    return record(Ecosystem("chain-reaction", rng=3, changes=changes), 3)


def test_a_firm_is_one_step_above_the_mean_of_those_it_sells_to(kept: Recording) -> None:
    steps = upstreamness(kept)
    assert steps.min() >= 1.0
    sold = np.zeros((90, 90))
    np.add.at(sold, (kept.supplier, kept.buyer), kept.weekly_amount)
    total = np.maximum(sold.sum(axis=1) / 0.95, kept.weekly_sales)
    assert np.allclose(steps, 1.0 + (sold / total[:, None]) @ steps)


def test_every_layout_has_a_place_of_its_own_for_every_firm_on_the_canvas(kept: Recording) -> None:
    found = layouts(kept)
    assert list(found) == ["springs", "sectors", "tiers"]
    for place in found.values():
        assert place.shape == (90, 2) and (place >= 0).all() and (place <= 1).all()
        assert len(np.unique(place.round(9), axis=0)) > 80
    upper = found["tiers"][np.argmax(upstreamness(kept)), 1]
    assert upper < found["tiers"][np.argmin(upstreamness(kept)), 1]
