"""Perron root and vector of a non-negative matrix, by its strongly connected classes.

The spectral radius of a non-negative matrix is the largest of those of its classes (Frobenius normal
form; Berman and Plemmons, Nonnegative Matrices in the Mathematical Sciences, SIAM, 1994, ch. 2). Within a
class the root is simple, so it is well conditioned where the eigenvalues of the whole are not: a matrix
without a cycle gives exactly 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, eye_array
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.sparse.linalg import ArpackError, eigs, splu

from sim.core.columns import F64, I64

#: Largest class whose eigenvalues are all computed (LAPACK); larger ones use Arnoldi iteration.
DENSE = 300

#: Relative error that an Arnoldi result may have, and relative tie between the roots of classes.
TOLERANCE = 1e-9

#: Restarts after which Arnoldi iteration gives way, and most steps of Noda's iteration.
_RESTARTS, _STEPS = 200, 200


class Root(NamedTuple):
    """The Perron root of one class, the class (sorted rows) and its vector, positive with sum one."""

    value: float
    members: I64
    vector: F64


def spectral_radius(matrix: csr_array) -> float:
    """Spectral radius of a non-negative matrix."""
    return max((root.value for root in _largest_roots(matrix)), default=0.0)


def cyclic_classes(matrix: csr_array) -> list[I64]:
    """Strongly connected classes that hold a cycle (a self-loop is one), as sorted rows."""
    label, row, column = _labelled(matrix)
    inner = np.unique(label[row[label[row] == label[column]]])
    order = np.argsort(label, kind="stable")
    bounds = np.searchsorted(label[order], [inner, inner + 1])
    return [order[first:last].astype(np.int64) for first, last in bounds.T]


def stacked_radius(stack: F64, classes: list[I64]) -> F64:
    """Spectral radii of matrices (b, n, n) that share the classes given by :func:`cyclic_classes`."""
    radius = np.zeros(len(stack))
    for members in classes:
        blocks = stack[:, members[:, None], members[None, :]]
        found = np.linalg.eigvals(blocks).real.max(axis=1) if len(members) > 1 else blocks[:, 0, 0]
        np.maximum(radius, found, out=radius)
    return radius


def leading_vector(matrix: csr_array) -> F64:
    """A non-negative vector x with ``matrix @ x = radius * x`` and sum one.

    Of several classes that reach the radius one is taken that leads to no other. Without a cycle: equal
    parts on the types that have no offspring.
    """
    n = matrix.shape[0]
    roots = _largest_roots(matrix)
    if not roots:
        barren = np.asarray(matrix.sum(axis=0)).reshape(n) == 0
        return np.asarray(barren / barren.sum(), dtype=np.float64)
    chosen, below = _last_root(matrix, roots)
    vector = np.zeros(n)
    vector[chosen.members] = chosen.vector
    if len(below):
        rows = matrix[below]
        system = chosen.value * eye_array(len(below)) - rows[:, below]
        vector[below] = np.maximum(splu(system.tocsc()).solve(rows[:, chosen.members] @ chosen.vector), 0.0)
    return np.asarray(vector / vector.sum())


def _labelled(matrix: csr_array) -> tuple[I64, I64, I64]:
    """Class of each row, and row and column of each entry above zero."""
    _, label = connected_components(matrix, directed=True, connection="strong")
    row, column = matrix.tocoo().coords
    return label.astype(np.int64), row.astype(np.int64), column.astype(np.int64)


def _largest_roots(matrix: csr_array) -> list[Root]:
    """Roots of the classes that reach the spectral radius within the tolerance; empty without a cycle.

    A class whose row sums all lie below a root already found is passed over: its root cannot exceed them.
    """
    classes = cyclic_classes(matrix)
    inside = np.full(matrix.shape[0], -1, dtype=np.int64)
    for number, members in enumerate(classes):
        inside[members] = number
    cells = matrix.tocoo()
    row, column = cells.coords
    inner = (inside[row] == inside[column]) & (inside[row] >= 0)
    row_sum = np.bincount(row[inner], cells.data[inner], matrix.shape[0])
    bound = np.array([row_sum[members].max() for members in classes])
    roots: list[Root] = []
    best = 0.0
    for number in np.argsort(-bound, kind="stable"):
        if bound[number] < best * (1 - TOLERANCE):
            break
        members = classes[number]
        value, vector = _perron(matrix[members][:, members])
        roots.append(Root(value, members, vector))
        best = max(best, value)
    return [root for root in roots if root.value >= best * (1 - TOLERANCE)]


def _last_root(matrix: csr_array, roots: list[Root]) -> tuple[Root, I64]:
    """A root from whose class no other of the roots is reached, and the rows reached from it."""
    chosen = roots[0]
    to_child = matrix.T.tocsr()
    while True:
        reached = breadth_first_order(to_child, chosen.members[0], return_predecessors=False)
        below = np.setdiff1d(reached, chosen.members).astype(np.int64)
        further = [root for root in roots if root is not chosen and np.isin(root.members[0], below)]
        if not further:
            return chosen, below
        chosen = further[0]


def _perron(block: csr_array) -> tuple[float, F64]:
    """Root and positive vector (sum one) of an irreducible non-negative matrix."""
    n = block.shape[0]
    if n == 1:
        return float(block.sum()), np.ones(1)
    if n <= DENSE:
        values, vectors = np.linalg.eig(block.toarray())
        top = int(np.argmax(values.real))
        vector = np.abs(vectors[:, top].real)
        return float(values[top].real), vector / vector.sum()
    found = _arnoldi(block)
    return found if found is not None else _noda(block)


def _arnoldi(block: csr_array) -> tuple[float, F64] | None:
    """Root and vector from right and left eigenvectors (ARPACK); None where they do not settle.

    The error of the root is the residual times its condition, 1 / (left . right).
    """
    sides = []
    try:
        for side in (block, block.T.tocsr()):
            _, vectors = eigs(side, k=1, which="LR", v0=np.ones(block.shape[0]), ncv=40, maxiter=_RESTARTS)
            vector = np.abs(vectors[:, 0].real)
            sides.append(vector / np.linalg.norm(vector))
    except ArpackError:
        return None
    right, left = sides
    image, overlap = block @ right, float(left @ right)
    if overlap <= 0:
        return None
    value = float(left @ image) / overlap
    residual = float(np.linalg.norm(image - value * right))
    return (value, right / right.sum()) if residual <= TOLERANCE * value * overlap else None


def _noda(block: csr_array) -> tuple[float, F64]:
    """Root and vector by Noda's iteration (Numerische Mathematik 17, 1971), which never fails.

    Inverse iteration shifted to the upper bound of Collatz and Wielandt, max of (Bx)_i / x_i: bounds close
    in from both sides, in the end quadratically. Its factors stay sparse where Arnoldi iteration is
    slow: in long cycles with few shortcuts.
    """
    n = block.shape[0]
    vector = np.ones(n)
    high = float((block @ vector).max())
    for _ in range(_STEPS):
        try:
            solved = splu((high * eye_array(n) - block).tocsc()).solve(vector)
        except RuntimeError:  # exactly singular: the bound is the root
            break
        if not (np.isfinite(solved).all() and (solved > 0).all()):
            break  # singular to rounding
        ratio = vector / solved
        vector = solved / solved.max()
        lower, step = high - float(ratio.max()), float(ratio.min())
        high -= step
        if step <= 1e-15 * high or high - lower <= 1e-13 * high:
            break
    return high, vector / vector.sum()
