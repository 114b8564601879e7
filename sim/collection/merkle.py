"""Merkle trees over records: a root that vouches for all, proofs for one, and where records differ.

Hashes are those of RFC 6962 (Laurie, Langley and Kasper, Certificate Transparency, 2013, section 2.1):
SHA-256 with the prefix 0 for leaves and 1 for nodes, so that no leaf can pass for a node.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

_LEAF, _NODE = b"\x00", b"\x01"


class Proof(NamedTuple):
    """That a leaf is in a tree: its place, the number of leaves, and the hashes beside its path."""

    place: int
    size: int
    path: tuple[bytes, ...]


def leaf_hash(data: bytes) -> bytes:
    """Hash of one leaf."""
    return hashlib.sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of a node."""
    return hashlib.sha256(_NODE + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Root over the hashes of leaves; of none: the hash of the empty string."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    level = list(hashes)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def prove(hashes: Sequence[bytes], index: int) -> Proof:
    """The proof that leaf ``index`` is among ``hashes``. Raises :class:`IndexError` where there is none."""
    if not 0 <= index < len(hashes):
        raise IndexError(f"there is no leaf {index}, only {len(hashes)}")
    path, level, place = [], list(hashes), index
    while len(level) > 1:
        beside = place ^ 1
        if beside < len(level):
            path.append(level[beside])
        level, place = _above(level), place // 2
    return Proof(index, len(hashes), tuple(path))


def verify(root: bytes, data: bytes, proof: Proof) -> bool:
    """Whether ``data`` is the leaf that the proof speaks of, under this root."""
    found, place, width = leaf_hash(data), proof.place, proof.size
    path = iter(proof.path)
    if not 0 <= place < width:
        return False
    while width > 1:
        if place ^ 1 < width:
            beside = next(path, None)
            if beside is None:
                return False
            found = node_hash(beside, found) if place % 2 else node_hash(found, beside)
        place, width = place // 2, (width + 1) // 2
    return found == root and next(path, None) is None


def _above(level: list[bytes]) -> list[bytes]:
    """The next level: pairs hashed together, an odd one at the end moves up as it is."""
    pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs
