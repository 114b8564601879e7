"""How compiled kernels are declared.

A kernel is one agent's week in plain loops over tables of columns (NamedTuples of arrays). Numba
would count references to every column at every step of every agent, which costs many times the
arithmetic; the caller holds all arrays for the whole call, so kernels are compiled without
reference counting. They must not allocate: outputs are arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a loop over agents: no interpreter lock, kept on disk, serial."""
    return njit(nogil=True, cache=True, error_model="numpy", _nrt=False)(function)  # type: ignore[call-overload]


def kernel_step(function: Callable[..., Any]) -> Any:
    """Compile one named step of an agent's week, to be inlined into a :func:`kernel`."""
    options = {"nogil": True, "cache": True, "error_model": "numpy", "_nrt": False, "forceinline": True}
    return njit(**options)(function)  # type: ignore[call-overload]
