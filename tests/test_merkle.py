"""Merkle trees: published vectors, proofs of any size, and that nothing can be changed unseen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.collection.merkle import Proof, leaf_hash, prove, root_of, verify

#: Leaves and roots published with the reference implementation of RFC 6962.
LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                     "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert root_of([leaf_hash(data) for data in LEAVES[:size]]).hex() == ROOTS[size]


@pytest.mark.parametrize("size", range(1, 41))
def test_every_leaf_of_every_size_is_proved(size: int) -> None:
    data = [bytes([i, size]) for i in range(size)]
    hashes = [leaf_hash(item) for item in data]
    root = root_of(hashes)
    for index, item in enumerate(data):
        proof = prove(hashes, index)
        assert len(proof.path) <= max(1, size - 1).bit_length()
        assert verify(root, item, proof)
        assert not verify(root, item + b"x", proof)
        if size > 1:
            assert not verify(root, data[index - 1], proof)
            assert not verify(root, item, Proof((index + 1) % size, size, proof.path))
            assert not verify(root, item, Proof(index, size, proof.path[:-1]))
        assert not verify(root, item, Proof(index, size, (*proof.path, root)))
    with pytest.raises(IndexError, match=f"only {size}"):
        prove(hashes, size)


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=30), st.data())
def test_any_changed_byte_changes_the_root(data: list[bytes], draw: st.DataObject) -> None:
    hashes = [leaf_hash(item) for item in data]
    root = root_of(hashes)
    index = draw.draw(st.integers(0, len(data) - 1))
    place = draw.draw(st.integers(0, len(data[index]) - 1))
    bit = draw.draw(st.integers(0, 7))
    forged = bytearray(data[index])
    forged[place] ^= 1 << bit
    assert root_of([*hashes[:index], leaf_hash(bytes(forged)), *hashes[index + 1 :]]) != root
    assert not verify(root, bytes(forged), prove(hashes, index))


def test_a_leaf_cannot_pass_for_a_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != root_of([left, right])
