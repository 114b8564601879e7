"""Checks that the pure functions of contagion share: matrices of claims, columns of firms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sim.core.errors import SpecError

#: Whole amounts above this could overflow sums of 64 bits.
LARGEST_WHOLE = 2**61


def claims_csr(source: str, field: str, matrix: Any) -> Any:
    """A square matrix of amounts as ``scipy.sparse.csr_array``, checked; the input is not changed.

    Integers (and booleans) become int64, other numbers float64; double entries are summed and
    zeros dropped.

    Raises
    ------
    SpecError
        When the matrix is not square, not numeric, or holds negative, infinite or undefined amounts.
    """
    allowed = "a square array or scipy.sparse matrix of amounts"
    given: Any = matrix if sparse.issparse(matrix) else np.asarray(matrix)
    if given.ndim != 2 or given.shape[0] != given.shape[1]:
        raise SpecError(source, field, f"has the shape {given.shape}", allowed)
    if given.dtype.kind not in "biuf":
        raise SpecError(source, field, f"holds {given.dtype} values", allowed)
    whole = given.dtype.kind in "biu"
    claims: Any = sparse.csr_array(given, copy=True)
    if whole and claims.data.sum(dtype=np.float64) > LARGEST_WHOLE:
        raise SpecError(
            source, field, "holds amounts beyond 2**61 in all", "whole amounts up to 2**61 in all"
        )
    claims = claims.astype(np.int64 if whole else np.float64)
    claims.sum_duplicates()
    if not np.isfinite(claims.data).all():
        raise SpecError(source, field, "holds infinite or undefined amounts", "finite amounts")
    if claims.data.size and claims.data.min() < 0:
        raise SpecError(source, field, f"holds the amount {claims.data.min()}", "amounts of 0 or more")
    claims.eliminate_zeros()
    return claims


def firm_column(source: str, field: str, values: Any, firms: int) -> NDArray[Any]:
    """One number a firm: int64 where whole numbers were given, float64 otherwise.

    Raises
    ------
    SpecError
        When the column has another length, is not numeric, or holds infinite or undefined numbers.
    """
    column = np.asarray(values)
    allowed = f"one number for each of the {firms} firms"
    if column.shape != (firms,):
        raise SpecError(source, field, f"has the shape {column.shape}", allowed)
    if column.dtype.kind not in "biuf":
        raise SpecError(source, field, f"holds {column.dtype} values", allowed)
    if column.dtype.kind == "f":
        column = column.astype(np.float64)
        if not np.isfinite(column).all():
            raise SpecError(source, field, "holds infinite or undefined numbers", allowed)
        return column
    if column.size and (int(column.max()) > LARGEST_WHOLE or int(column.min()) < -LARGEST_WHOLE):
        raise SpecError(source, field, "holds a whole number beyond 2**61", "whole numbers up to 2**61")
    return column.astype(np.int64)


def share_column(source: str, field: str, values: Any, firms: int) -> NDArray[np.float64]:
    """Shares between 0 and 1, one a firm or one for all, as float64 of shape ``(firms,)``.

    Raises
    ------
    SpecError
        When a share is outside [0, 1] or the length differs.
    """
    given = np.asarray(values)
    column = firm_column(source, field, np.full(firms, given) if given.ndim == 0 else given, firms)
    outside = (column < 0) | (column > 1)
    if outside.any():
        firm = int(np.argmax(outside))
        raise SpecError(source, f"{field}[{firm}]", f"is {column[firm]}", "0 to 1")
    return column.astype(np.float64)


def chosen_firms(source: str, field: str, chosen: Any, firms: int) -> NDArray[np.int64]:
    """Firms named by row numbers (one or many) or by a boolean mask, as sorted distinct rows.

    Raises
    ------
    SpecError
        When a row does not exist or the mask has another length.
    """
    allowed = f"row numbers 0 to {firms - 1}, or a mask of {firms} booleans"
    given = np.atleast_1d(np.asarray(chosen))
    if given.dtype.kind == "b" and given.shape == (firms,):
        return np.flatnonzero(given).astype(np.int64)
    if given.size == 0:
        return np.empty(0, np.int64)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise SpecError(source, field, f"is an array of {given.dtype}, shape {given.shape}", allowed)
    outside = (given < 0) | (given >= firms)
    if outside.any():
        raise SpecError(source, field, f"names the firm {given[outside][0]}", allowed)
    return np.unique(given).astype(np.int64)
