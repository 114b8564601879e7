"""Kernels and their steps: what a step is in a kernel, and that it is no function of Python's."""

from __future__ import annotations

import numpy as np
import pytest
from numba import config

from sim.core.kernel import fetch_ahead, kernel, kernel_step, shared_step

pytestmark = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="SKIPPED: nothing is compiled")


@kernel_step
def _twice(value):  # type: ignore[no-untyped-def]
    return 2 * value


@shared_step
def _next(value):  # type: ignore[no-untyped-def]
    return value + 1


@kernel
def _walk(values, found):  # type: ignore[no-untyped-def]
    for row in range(len(values)):
        fetch_ahead(values, row + 4)  # beyond the end at last, which is allowed
        found[row] = _next(_twice(values[row]))


@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_a_step_works_in_a_kernel_and_is_refused_from_python(kind: type) -> None:
    for _ in range(2):  # before and after it was compiled
        with pytest.raises(TypeError, match=r"_twice is a step.*_twice\.py_func"):
            _twice(kind(3))
        values, found = np.arange(5, dtype=kind), np.zeros(5, kind)
        _walk(values, found)
        assert found.tolist() == [1, 3, 5, 7, 9]
    assert _next(kind(3)) == 4 and _twice.py_func(kind(3)) == 6
