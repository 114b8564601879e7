"""Tables of named numpy columns, declared once as typed NamedTuples.

A table class is a ``NamedTuple`` whose annotations are the aliases below, so that the same
declaration serves the type checker, numpy (dtype) and numba (attribute access in kernels).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol, TypeVar, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
I16 = NDArray[np.int16]
I8 = NDArray[np.int8]
U16 = NDArray[np.uint16]
U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]


class Columns(Protocol):
    """Any NamedTuple of equally long arrays."""

    def __init__(self, *columns: NDArray[Any]) -> None: ...

    @property
    def _fields(self) -> tuple[str, ...]: ...

    def _asdict(self) -> dict[str, Any]: ...


C = TypeVar("C", bound=Columns)


@cache
def dtypes(table: type[Any]) -> dict[str, np.dtype[Any]]:
    """Column names of a table class with their numpy dtypes, in order."""
    hints = get_type_hints(table)
    return {name: np.dtype(_scalar_type(hints[name])) for name in table._fields}


def _scalar_type(hint: Any) -> Any:
    # NDArray[x] is ndarray[shape, dtype[x]] up to numpy 2.4 and a type alias with argument x later
    while get_args(hint):
        hint = get_args(hint)[-1]
    return hint


def empty(table: type[C], rows: int) -> C:
    """A table of ``rows`` zeroed rows."""
    return table(*(np.zeros(rows, dtype) for dtype in dtypes(table).values()))


def blank(table: type[C], rows: int) -> C:
    """A table of ``rows`` rows that hold anything: for a kernel that fills all of them."""
    return table(*(np.empty(rows, dtype) for dtype in dtypes(table).values()))


def some_of(table: Columns, part: type[C]) -> C:
    """Some columns of a table, themselves: a kernel that needs few is called sooner with few."""
    return part(*(getattr(table, name) for name in dtypes(part)))


def rows(table: Columns) -> int:
    """Number of rows of a table."""
    return len(getattr(table, table._fields[0]))


def total(column: I64) -> int:
    """Sum of a short column (by lender, by collector) as a whole number."""
    return sum(column.tolist())


def read_only(table: Columns) -> Mapping[str, NDArray[Any]]:
    """Views of all columns by name that refuse to be written."""
    views = {}
    for name, column in table._asdict().items():
        view = column.view()
        view.flags.writeable = False
        views[name] = view
    return views


def copy(table: C) -> C:
    """A deep copy of a table."""
    return type(table)(**{name: column.copy() for name, column in table._asdict().items()})
