"""The sector table: agrees with its source, refuses tables that do not add up."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from sim.core.errors import SpecError
from sim.core.paths import scenarios_dir
from sim.network.sector_table import load_sector_table

DATA = Path(__file__).parents[1].parent / "shared" / "data" / "china-io-2020"


def test_default_table() -> None:
    table = load_sector_table()
    assert len(table.sectors) == 22
    assert table.coefficients.sum(axis=0) == pytest.approx(
        table.domestic_inputs / table.gross_output, abs=1e-5
    )
    assert (table.input_shares < 1.0).all()
    assert table.unit_shares.sum() == pytest.approx(1.0)
    assert table.unit_shares.min() >= 0.006
    assert np.trace(table.flows) / table.flows.sum() == pytest.approx(0.268, abs=0.001)
    assert table.index("建筑", "x", "y") == table.index("construction", "x", "y")


def test_equals_the_published_figures() -> None:
    if not DATA.is_dir():
        pytest.skip("china-io-2020 is not beside the project: the table was NOT compared with its source")
    table = load_sector_table()
    with (DATA / "sectors.csv").open(encoding="utf-8") as stream:
        for position, row in enumerate(csv.DictReader(stream)):
            assert row["sector"] == table.sectors[position]
            assert float(row["gross_output"]) == table.gross_output[position]
            assert float(row["labour_compensation"]) == table.labour_compensation[position]
    with (DATA / "flows.csv").open(encoding="utf-8") as stream:
        total = sum(float(row["flow_100m_yuan"]) for row in csv.DictReader(stream))
    assert table.flows.sum() == pytest.approx(total, rel=1e-12)


def _changed(tmp_path: Path, file: str, old: str, new: str) -> Path:
    folder = tmp_path / "changed"
    shutil.copytree(scenarios_dir() / "sectors" / "china-2020", folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("flows.csv", "agriculture,agriculture,17917.02", "agriculture,agriculture,-17917.02", "-17917.02"),
        ("flows.csv", "agriculture,agriculture,17917.02", "agriculture,agriculture,1917.02", "add up to"),
        ("flows.csv", "agriculture,mining,", "agriculture,minin,", "did you mean 'mining'"),
        ("flows.csv", "agriculture,mining,", "agriculture,agriculture,", "again"),
        ("sectors.csv", "mining,采矿,primary,55653.4", "mining,采矿,primary,0", "is not above 0"),
        ("sectors.csv", "1496.2,10305.9", "1496.2,10405.9", "inputs and value added add up to"),
        ("sectors.csv", "gross_output,domestic", "gross,domestic", "missing"),
        ("units.csv", "mining,0.006", "mining,0.5", "adds up to"),
        ("units.csv", "mining,0.006", "mining,nan", "nan"),
    ],
)
def test_faults_in_a_table(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        load_sector_table(_changed(tmp_path, file, old, new))


def test_unknown_table_is_named() -> None:
    with pytest.raises(SpecError, match="china-2020"):
        load_sector_table("china-2021")
