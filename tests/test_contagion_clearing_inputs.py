"""What clearing takes, what it refuses and with which words; its kernels without compilation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from sim.contagion.clearing import clear
from sim.core.errors import SpecError

ROOT = Path(__file__).parents[1]


def _system(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Debts of 30 firms and cash for about a fifth of them."""
    generator = np.random.default_rng(seed)
    debts = generator.lognormal(0.0, 1.0, (30, 30)) * (generator.random((30, 30)) < 0.3)
    np.fill_diagonal(debts, 0.0)
    return debts, debts.sum(axis=1) * generator.uniform(0.0, 0.4, 30)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr"])
def test_all_matrix_formats_give_the_same(form: str) -> None:
    debts, assets = _system(1)
    given = sparse.csr_array(debts).asformat(form)
    assert clear(given, assets).payments == pytest.approx(clear(debts, assets).payments, rel=1e-13)
    whole = clear(sparse.csr_matrix(np.round(debts * 100).astype(int)), np.round(assets * 100).astype(int))
    assert whole.payments == pytest.approx(clear(np.round(debts * 100), np.round(assets * 100)).payments)


def test_inputs_stay_as_they_are() -> None:
    debts, assets = _system(2)
    matrix, before = sparse.csr_array(debts), (debts.copy(), assets.copy())
    clear(matrix, assets)
    clear(debts, assets)
    assert (matrix.toarray() == before[0]).all()
    assert (debts == before[0]).all()
    assert (assets == before[1]).all()


def test_no_firms_and_no_debts() -> None:
    assert clear(np.zeros((0, 0)), []).payments.shape == (0,)
    found = clear(np.zeros((2, 2)), [1, 0], outside_liabilities=[2, 0])
    assert found.payments.tolist() == [0, 0]
    assert found.defaulted.tolist() == [True, False]
    assert found.outside_payments.tolist() == [1, 0]


_pair = [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("arguments", "named", "says"),
    [
        (([[0, 1]], [0]), "liabilities", "shape (1, 2)"),
        (([0, 1], [0]), "liabilities", "shape (2,)"),
        (([[0, -1], [1, 0]], [0, 0]), "liabilities[0, 1]", "-1"),
        (([[0, np.nan], [1, 0]], [0, 0]), "liabilities[0]", "not finite"),
        (([[0, 1], [np.inf, 0]], [0, 0]), "liabilities[1]", "not finite"),
        (([[0, 1], [1, 2]], [0, 0]), "liabilities[1, 1]", "oneself"),
        (([["a", 1], [1, 2]], [0, 0]), "liabilities", "numbers"),
        ((np.eye(2) * 1j, [0, 0]), "liabilities", "complex"),
        ((sparse.csr_array(np.array([[0, 1j], [0, 0]])), [0, 0]), "liabilities", "complex"),
        ((_pair, [0, 0, 0]), "outside_assets", "(3,)"),
        ((_pair, [0, -3]), "outside_assets[1]", "-3"),
        ((_pair, [0, np.nan]), "outside_assets[1]", "nan"),
        ((_pair, ["x", "y"]), "outside_assets", "numbers"),
    ],
)
def test_impossible_systems_are_refused(arguments: tuple[Any, Any], named: str, says: str) -> None:
    with pytest.raises(SpecError) as caught:
        clear(*arguments)
    assert caught.value.field == named
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("keywords", "named"),
    [
        ({"outside_liabilities": [1]}, "outside_liabilities"),
        ({"outside_liabilities": [1, -1]}, "outside_liabilities[1]"),
        ({"recovery": (1.2, 1.0)}, "recovery"),
        ({"recovery": (0.5, float("nan"))}, "recovery"),
        ({"recovery": 0.5}, "recovery"),
    ],
)
def test_impossible_options_are_refused(keywords: dict[str, Any], named: str) -> None:
    with pytest.raises(SpecError) as caught:
        clear(_pair, [0, 0], **keywords)
    assert caught.value.field == named


def test_kernels_also_run_as_plain_python() -> None:
    text = """
import numpy as np
from sim.contagion.clearing import clear
g = np.random.default_rng(4)
debts = g.random((70, 70)) * (g.random((70, 70)) < .1)
np.fill_diagonal(debts, 0)
print(repr(clear(debts, debts.sum(axis=1) * g.random(70) * .05).payments.sum()))
print(repr(clear([[0, 4, 0], [0, 0, 3], [2, 0, 0]], [1, 2, 0], outside_liabilities=[1, 0, 1]).payments))
"""
    printed = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", text],
            env={**os.environ, "NUMBA_DISABLE_JIT": off, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for off in ("0", "1")
    ]
    first, second = (lines.splitlines() for lines in printed)
    assert float(first[0].split("(")[-1].rstrip(")")) == pytest.approx(
        float(second[0].split("(")[-1].rstrip(")")), rel=1e-13
    )
    assert first[1] == second[1]
