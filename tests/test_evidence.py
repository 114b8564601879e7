"""The evidence base: nothing without a row, intervals that hold their values, assumptions ranked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibration.assumptions import MEASURED, OTHERS, groups_of, rank_assumptions, strongest, varied
from calibration.claims import shipped_claims
from calibration.evidence import evidence_table, interval_of, parameter_rows, target_rows
from calibration.groups import columns_of, grouped_design
from calibration.kept import changed_worlds, keep
from calibration.sensitivity import sensitivity, sobol
from calibration.targets import calibration_names, load_calibration
from sim.cli.entry import main
from sim.core.errors import SpecError
from sim.spec.base import Quantity
from sim.spec.changes import world_numbers
from sim.spec.loader import load_world, world_names
from sim.spec.sources import DESIGNS, sources

ROOMS = ("calibration.commands",)
SMALL = {"population.borrowers": 400, "population.firms": 50, "burn_in": 4}


@pytest.mark.parametrize("world", world_names())
def test_no_number_of_a_world_is_without_a_row(world: str) -> None:
    rows = {row.id: row for row in parameter_rows(world)}
    assert rows.keys() == world_numbers().keys() == dict(load_world(world).numbers()).keys()
    for name, row in rows.items():
        assert row.unit and row.population and row.quantity and row.design in DESIGNS, name
        if row.design not in ("assumption", "fitted"):
            assert row.sources and row.citation and row.year, name


def test_no_target_and_no_claim_is_without_a_row_and_a_known_source() -> None:
    for name in calibration_names():
        rows = {row.id: row for row in target_rows(name)}
        assert rows.keys() == load_calibration(name).targets.keys()
        for row in rows.values():
            assert row.low is not None and row.high is not None and row.value is not None
            assert row.low < row.value < row.high and row.design in DESIGNS and row.year
            for id_ in row.sources.split(";"):
                assert id_ in sources() or id_ in shipped_claims(), (name, row.id, id_)
    assert {row.id for row in evidence_table(["claim"])} == shipped_claims().keys()


@pytest.mark.parametrize("world", world_names())
def test_an_interval_holds_its_value_and_only_possible_ones(world: str) -> None:
    for row in parameter_rows(world):
        _, least, most = world_numbers()[row.id]
        if row.low is None or row.high is None:
            assert row.interval == "", row.id
            continue
        assert row.value is not None and row.low <= row.value <= row.high and row.low < row.high, row.id
        assert least <= row.low and row.high <= most, row.id


def test_a_high_share_is_varied_by_its_distance_from_one() -> None:
    number = Quantity(value=0.9, unit="share", source="assumption")
    low, high, rule = interval_of("evidence", "households.phone_reach", number)
    assert (low, high, rule) == (pytest.approx(0.85), pytest.approx(0.95), "general")
    own = Quantity(value=0.9, unit="share", source="assumption", low=0.8, high=0.92)
    assert interval_of("evidence", "households.phone_reach", own) == (0.8, 0.92, "own")


def test_sources_have_figures_inside_their_own_interval() -> None:
    for source in sources().values():
        assert source.design in DESIGNS and source.quantity, source.id
        if source.value is not None and source.low is not None and source.high is not None:
            assert source.low <= source.value <= source.high, source.id
        if source.value is not None:
            assert source.unit and source.population, source.id


def test_the_command_lists_and_filters(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evidence", "--kind", "parameter", "--world", "report", "--design", "assumption", "--json"]
    assert main(words, ROOMS) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert len(rows) > 100
    assert {row["design"] for row in rows} == {"assumption"} and {row["world"] for row in rows} == {"report"}
    assert main(["evidence", "insomnia", "--lang", "zh"], ROOMS) == 0
    shown = capsys.readouterr().out
    assert "B14" in shown and "S01" not in shown
    assert main(["evidence", "--design", "guess"], ROOMS) == 2
    assert "rct" in capsys.readouterr().err


def test_groups_carry_the_variance_of_a_known_function() -> None:
    """f = x0 + 2 x1 + x2 x3 of uniform numbers, groups (0), (1), (2, 3): closed forms of the indices."""
    groups = [[0], [1], [2, 3]]
    x = grouped_design(groups, 4, 2048, 1)
    assert x.shape == (2048 * 5, 4)
    found = sobol(x[:, 0] + 2 * x[:, 1] + x[:, 2] * x[:, 3], 3)
    parts = np.array([1 / 12, 4 / 12, 1 / 9 - 1 / 16])
    for one, share in zip(found, parts / parts.sum(), strict=True):
        assert one["effect"] == pytest.approx(share, abs=0.02)
        assert one["own"] == pytest.approx(share, abs=0.02)
    with pytest.raises(SpecError, match="every number once"):
        grouped_design([[0], [0, 1]], 2, 8, 1)
    with pytest.raises(SpecError, match="'z' is not varied"):
        columns_of({"g": ["z"]}, ["a"])


def test_no_outcome_counts_more_because_of_its_unit() -> None:
    rows = [("yuan", "a", 9000.0), ("yuan", "b", 1000.0), ("share", "a", 0.001), ("share", "b", 0.019)]
    table = pd.DataFrame(rows, columns=["outcome", "field", "effect"])
    assert strongest(table, ["a", "b", "c"], 2) == ["b", "a"]
    assert strongest(table, ["a"], 2) == ["a"]


def test_every_number_of_the_sweep_is_in_one_group() -> None:
    sweep = varied("evidence", "assumptions", None)
    groups = groups_of("evidence", ["world.products.renewal"], sweep)
    assert list(groups) == ["world.products.renewal", OTHERS, MEASURED]
    assert sorted(name for fields in groups.values() for name in fields) == sorted(sweep.uncertainties)
    assert len(sweep.uncertainties) > 200


def test_costs_hang_on_the_price_of_a_call_more_than_on_fees(tmp_path: Path) -> None:
    numbers = ("lenders.line_fee", "collection.channels.human.cost_attempt", "lenders.report_after_days")
    names = [f"world.{name}" for name in numbers]
    sweep = varied("evidence", "assumptions", SMALL)
    few = {name: sweep.uncertainties[name] for name in names}
    small = sweep.model_copy(update={"uncertainties": few, "weeks": 8, "outcomes": ["cost_per_100"]})
    found = sensitivity(small, method="morris", points=2, workers=1, store=tmp_path)
    assert found.table["field"].iloc[0] == names[1]


def test_a_ranking_needs_a_number_to_stand_alone() -> None:
    with pytest.raises(SpecError, match="0 trajectories"):
        rank_assumptions("evidence", trajectories=0)


def test_a_kept_result_tells_which_worlds_have_changed(tmp_path: Path) -> None:
    path = keep("", {"schema": 1}, ["evidence"], to=tmp_path / "kept.json")
    document = json.loads(path.read_text())
    assert changed_worlds(document) == []
    document["worlds"]["evidence"] = "0" * 12
    assert changed_worlds(document) == ["evidence"]
