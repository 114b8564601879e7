"""Samples of observable history: what was known of an account in a week, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple, Self

import numpy as np

from sim.core.columns import F32, I8, I16, I32, I64, Bool

#: Rows kept of each kind of sample; the oldest make room (assumption of size).
ROWS = 8192
PENDING = -1
NOBODY = -1.0


class Ring(NamedTuple):
    """The columns of samples as kernels take them."""

    features: F32
    account: I32
    generation: I32
    lender: I16
    collector: I16
    held_out: Bool
    week: I32
    due_week: I32
    target: I64
    outcome: I8
    predicted: F32


@dataclass
class Samples:
    """A ring of samples, one array a field.

    ``outcome`` is -1 until it is known, then 0 or 1; ``due_week`` is when it will be; ``predicted`` is
    the chance that the account's operator gave it then, -1 where nobody predicted.
    """

    features: F32
    account: I32 = field(default_factory=lambda: np.zeros(ROWS, np.int32))
    generation: I32 = field(default_factory=lambda: np.zeros(ROWS, np.int32))
    lender: I16 = field(default_factory=lambda: np.zeros(ROWS, np.int16))
    collector: I16 = field(default_factory=lambda: np.zeros(ROWS, np.int16))
    held_out: Bool = field(default_factory=lambda: np.zeros(ROWS, np.bool_))
    week: I32 = field(default_factory=lambda: np.zeros(ROWS, np.int32))
    due_week: I32 = field(default_factory=lambda: np.full(ROWS, -1, np.int32))
    target: I64 = field(default_factory=lambda: np.zeros(ROWS, np.int64))
    outcome: I8 = field(default_factory=lambda: np.full(ROWS, PENDING, np.int8))
    predicted: F32 = field(default_factory=lambda: np.full(ROWS, NOBODY, np.float32))
    used: int = 0

    @classmethod
    def empty(cls, columns: int) -> Self:
        """A ring without samples, of so many features."""
        return cls(np.zeros((ROWS, columns), np.float32))

    def copy(self) -> Self:
        """A ring that shares nothing with this one."""
        arrays: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "used"}
        return replace(self, **{name: array.copy() for name, array in arrays.items()})

    def ring(self) -> Ring:
        """The columns themselves."""
        return Ring(*(getattr(self, name) for name in Ring._fields))

    def known(self) -> Bool:
        """Which places hold a sample with its outcome."""
        return np.asarray(self.outcome != PENDING, np.bool_)
