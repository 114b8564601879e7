"""How compiled kernels are declared.

A kernel is one agent's week in plain loops over tables of columns (NamedTuples of arrays). Numba
would count references to every column at every step of every agent, which costs many times the
arithmetic; the caller holds all arrays for the whole call, so kernels are compiled without
reference counting. They must not allocate: outputs are arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core.registry import CPUDispatcher
from numba.extending import intrinsic, overload

_INLINED = {"nogil": True, "error_model": "numpy", "_nrt": False, "forceinline": True}


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a loop over agents: no interpreter lock, kept on disk, serial."""
    return njit(nogil=True, cache=True, error_model="numpy", _nrt=False)(function)  # type: ignore[call-overload]


class _Step(CPUDispatcher):
    """A compiled function that other compiled functions inline and nobody else can call."""

    def add_overload(self, cres: Any) -> None:
        """Keep a compiled version for kernels; Python's own table of versions stays empty."""
        self.overloads[tuple(cres.signature.args)] = cres

    def _compile_for_args(self, *args: object, **named: object) -> None:
        name = self.py_func.__name__
        raise TypeError(f"{name} is a step: only kernels call it (from Python: {name}.py_func)")


def kernel_step(function: Callable[..., Any]) -> Any:
    """Compile one named step of an agent's week, to be inlined into a :func:`kernel`.

    It has no entry for calls from Python (TypeError), which would cost the compiler much; and is
    not kept on disk: the kernels that are kept have it inside.
    """
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return function
    wrappers = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return _Step(py_func=function, targetoptions={"nopython": True, **_INLINED, **wrappers})


def shared_step(function: Callable[..., Any]) -> Any:
    """Compile a step that Python calls as well; kept on disk."""
    return njit(cache=True, **_INLINED)(function)  # type: ignore[call-overload]


@intrinsic
def _fetch(typing: Any, array: Any, index: Any) -> Any:
    """The processor's hint that ``array[index]`` will be read soon; it may lie beyond the end."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        """Write the processor's instruction in place of the call."""
        number, pointer = ir.IntType(32), ir.IntType(8).as_pointer()
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), pointer)
        kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        hint = builder.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
        builder.call(hint, [place, number(0), number(3), number(1)])  # to read, to keep, data
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


def fetch_ahead(array: Any, index: int | np.integer[Any]) -> None:
    """Bring ``array[index]`` nearer before a kernel needs it: a hint, which changes no result.

    Entries of an array of several dimensions are counted row by row.
    """


@overload(fetch_ahead, inline="always")
def _compiled_fetch_ahead(array, index):  # type: ignore[no-untyped-def]
    def hint(array, index):  # type: ignore[no-untyped-def]
        _fetch(array, index)  # type: ignore[call-arg]

    return hint
