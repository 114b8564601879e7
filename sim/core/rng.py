"""Keyed random numbers: each decision has a stream, each agent a slot.

A draw is a pure function of (seed, stream name, week, slot, draw number), computed with the
counter-based generator Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
1, 2, 3", SC11). No state is kept, so a draw neither depends on the order of agents or threads
nor moves when another agent, or another rule, draws once more.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sim.core.columns import F64, I32
from sim.core.kernel import kernel, shared_step

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_TO_UNIT = 1.0 / 4294967296.0


@lru_cache(maxsize=4096)
def stream(seed: int, name: str) -> np.uint64:
    """The 64-bit key of stream ``name`` under ``seed`` (BLAKE2b of both)."""
    text = f"{seed}/{name}".encode()
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))


class Words(NamedTuple):
    """Four independent uniform numbers in the open interval (0, 1)."""

    a: float
    b: float
    c: float
    d: float


@shared_step
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Philox4x32-10: four counter words and two key words (uint64 below 2**32) to four words."""
    for _ in range(10):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0, c1, c2, c3 = (
            (p1 >> _SHIFT) ^ c1 ^ k0,
            p1 & _LOW,
            (p0 >> _SHIFT) ^ c3 ^ k1,
            p0 & _LOW,
        )
        k0 = (k0 + _W0) & _LOW
        k1 = (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@shared_step
def uniforms(key, week, slot, draw):  # type: ignore[no-untyped-def]
    """Four uniforms in (0, 1) for one agent's decision ``draw`` in one week.

    ``key`` comes from :func:`stream`; ``week``, ``slot`` and ``draw`` are non-negative integers.
    """
    slot64 = np.uint64(slot)
    w0, w1, w2, w3 = philox(
        slot64 & _LOW, slot64 >> _SHIFT, np.uint64(week), np.uint64(draw), key & _LOW, key >> _SHIFT
    )
    return (
        (np.float64(w0) + 0.5) * _TO_UNIT,
        (np.float64(w1) + 0.5) * _TO_UNIT,
        (np.float64(w2) + 0.5) * _TO_UNIT,
        (np.float64(w3) + 0.5) * _TO_UNIT,
    )


@shared_step
def normal(u1, u2):  # type: ignore[no-untyped-def]
    """A standard normal number from two uniforms in (0, 1) (Box-Muller)."""
    return np.sqrt(-2.0 * np.log(u1)) * np.cos(2.0 * np.pi * u2)


@kernel
def _fill(key, week, out):  # type: ignore[no-untyped-def]
    for slot in range(out.shape[0]):
        a, b, c, d = uniforms(key, week, slot, 0)
        out[slot, 0] = a
        out[slot, 1] = b
        out[slot, 2] = c
        out[slot, 3] = d


@kernel
def _fill_normal(key, week, out):  # type: ignore[no-untyped-def]
    for slot in range(out.shape[0]):
        a, b, _, _ = uniforms(key, week, slot, 0)
        out[slot] = normal(a, b)


@kernel
def _fill_at(key, week, slots, draw, out):  # type: ignore[no-untyped-def]
    for row in range(out.shape[0]):
        a, b, c, d = uniforms(key, week, slots[row], draw)
        out[row, 0] = a
        out[row, 1] = b
        out[row, 2] = c
        out[row, 3] = d


def uniforms_at(key: np.uint64, week: int, slots: I32, draw: int = 0) -> F64:
    """Uniforms of shape (len(slots), 4) for some agents' decision ``draw`` in one week."""
    out = np.empty((len(slots), 4))
    _fill_at(key, week, np.ascontiguousarray(slots, np.int32), draw, out)
    return out


def normal_rows(seed: int, name: str, rows: int, week: int = 0) -> F64:
    """Standard normal numbers of shape (rows,): row ``i`` is agent ``i``'s, whatever ``rows`` is."""
    out = np.empty(rows)
    _fill_normal(stream(seed, name), week, out)
    return out


def uniform_rows(seed: int, name: str, rows: int, week: int = 0) -> F64:
    """Uniforms of shape (rows, 4): row ``i`` is agent ``i``'s, whatever ``rows`` is."""
    out = np.empty((rows, 4))
    _fill(stream(seed, name), week, out)
    return out
