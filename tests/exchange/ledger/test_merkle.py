"""The Merkle tree: published roots, an oracle's roots, and the laws of its proofs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree  # type: ignore[import-untyped]

from shangyou.exchange.ledger.merkle import (
    HASHES,
    consistency,
    grew,
    includes,
    inclusion,
    leaf_hash,
    root,
    sha256,
    sm3,
)
from tests.fakes.exchange_log import entries, reading

LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LEAVES.append(bytes(range(0x60, 0x70)))
ROOTS = (  # test vectors of the Certificate Transparency project for RFC 6962
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
sizes = st.integers(1, 70)


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_published_for_rfc_6962(size: int) -> None:
    assert root(sha256, reading(LEAVES), size).hex() == ROOTS[size - 1]


def test_the_root_of_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert root(sha256, reading([]), 0).hex() == EMPTY


def test_sm3_is_that_of_its_standard() -> None:
    published = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905-2016, example 1
    assert sm3(b"abc").hex() == published


def test_roots_equal_those_of_another_implementation_for_every_size_to_200() -> None:
    leaves, oracle = entries(200), InmemoryTree(algorithm="sha256")
    for size in range(1, 201):
        oracle.append_entry(leaves[size - 1])
        assert root(sha256, reading(leaves), size) == oracle.get_root(size)


def test_every_leaf_of_every_small_tree_is_proved() -> None:
    for hash in HASHES.values():
        for size in range(1, 40):
            leaves = entries(size)
            read = reading(leaves, "sm3" if hash is sm3 else "sha256")
            whole = root(hash, read, size)
            for index in range(size):
                path = inclusion(hash, read, index, size)
                assert includes(hash, leaf_hash(hash, leaves[index]), index, size, path, whole)


def test_every_small_tree_is_proved_to_have_grown_into_every_larger_one() -> None:
    leaves = entries(48)
    read = reading(leaves)
    roots = [root(sha256, read, size) for size in range(49)]
    for new in range(49):
        for old in range(new + 1):
            assert grew(sha256, old, new, consistency(sha256, read, old, new), roots[old], roots[new])


@given(sizes, st.data())
def test_no_other_entry_place_or_path_is_proved(size: int, data: st.DataObject) -> None:
    leaves = entries(size)
    read = reading(leaves)
    whole, index = root(sha256, read, size), data.draw(st.integers(0, size - 1))
    path = inclusion(sha256, read, index, size)
    leaf = leaf_hash(sha256, leaves[index])
    assert not includes(sha256, leaf_hash(sha256, b"another"), index, size, path, whole)
    assert not includes(sha256, leaf, data.draw(st.integers(-1, 80).filter(lambda i: i != index)), size, path, whole)
    assert not includes(sha256, leaf, index, size, [*path, leaf], whole)
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        assert not includes(sha256, leaf, index, size, path[:place] + path[place + 1 :], whole)
        assert not includes(
            sha256, leaf, index, size, [*path[:place], _flipped(path[place], data), *path[place + 1 :]], whole
        )


@given(sizes, sizes, st.data())
def test_a_changed_past_is_never_proved(a: int, b: int, data: st.DataObject) -> None:
    old, new = min(a, b), max(a, b)
    leaves = entries(new)
    changed = data.draw(st.integers(0, old - 1))
    other = [*leaves[:changed], b"rewritten", *leaves[changed + 1 :]]
    before, after = root(sha256, reading(leaves), old), root(sha256, reading(other), new)
    for read in (reading(leaves), reading(other)):
        assert not grew(sha256, old, new, consistency(sha256, read, old, new), before, after)


@given(sizes, sizes, st.lists(st.binary(min_size=32, max_size=32), max_size=9))
def test_a_made_up_path_proves_nothing(a: int, b: int, path: list[bytes]) -> None:
    old, new = min(a, b), max(a, b)
    before, after = root(sha256, reading(entries(old)), old), root(sha256, reading(entries(new, "x")), new)
    assert not grew(sha256, old, new, path, before, after)
    assert not includes(sha256, leaf_hash(sha256, b"?"), old - 1, new, path, after)


def test_no_tree_has_shrunk() -> None:
    read = reading(entries(8))
    assert not grew(sha256, 8, 5, [], root(sha256, read, 8), root(sha256, read, 5))
    assert not grew(sha256, 0, 5, [], b"\x01" * 32, root(sha256, read, 5))
    assert not grew(sha256, 4, 8, [], root(sha256, read, 4), root(sha256, read, 8))


def _flipped(hash: bytes, data: st.DataObject) -> bytes:
    bit = data.draw(st.integers(0, 255))
    return bytes(byte ^ (1 << bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(hash))
