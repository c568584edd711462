"""The Merkle tree of RFC 6962: roots, proofs that a leaf is in it and that it only grew, and their verification.

A tree is read through `Read`: the root of the full subtree of 2^level leaves at a place. So the same functions work on
a list in memory and on files with ten million leaves. The hash is a parameter: SHA-256, or SM3 for suite gm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

Hash = Callable[[bytes], bytes]
Read = Callable[[int, int], bytes]  # (level, index): root of leaves index * 2^level up to (index + 1) * 2^level

HASH_BYTES: Final = 32
PROOF_MOST: Final = 63  # hashes in a proof: trees have fewer than 2^63 leaves


def sha256(data: bytes) -> bytes:
    """Of suite std."""
    return hashlib.sha256(data).digest()


def sm3(data: bytes) -> bytes:
    """Of suite gm (GB/T 32905-2016)."""
    return hashlib.new("sm3", data).digest()


HASHES: Final[dict[str, Hash]] = {"sha256": sha256, "sm3": sm3}


def leaf_hash(hash: Hash, entry: bytes) -> bytes:
    """RFC 6962, 2.1: a byte 0 before an entry keeps leaves and nodes apart."""
    return hash(b"\x00" + entry)


def node_hash(hash: Hash, left: bytes, right: bytes) -> bytes:
    """RFC 6962, 2.1."""
    return hash(b"\x01" + left + right)


def fold(hash: Hash, nodes: Sequence[bytes]) -> bytes:
    """The root of a full subtree from all its 2^n nodes of one level."""
    while len(nodes) > 1:
        nodes = [hash(b"\x01" + nodes[i] + nodes[i + 1]) for i in range(0, len(nodes), 2)]
    return nodes[0]


def root(hash: Hash, read: Read, size: int) -> bytes:
    """The root of the first `size` leaves. RFC 6962, 2.1; of the empty tree the hash of nothing."""
    return subtree(hash, read, 0, size) if size else hash(b"")


def root_of(hash: Hash, leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes that come one after the other, of which no more than the way to the root is held."""
    peaks: list[bytes] = []
    size = 0
    for leaf in leaves:
        size, whole, rest = size + 1, leaf, size
        while rest & 1:
            whole, rest = node_hash(hash, peaks.pop(), whole), rest >> 1
        peaks.append(whole)
    if not peaks:
        return hash(b"")
    whole = peaks.pop()
    while peaks:
        whole = node_hash(hash, peaks.pop(), whole)
    return whole


def subtree(hash: Hash, read: Read, start: int, stop: int) -> bytes:
    """The root over leaves [start, stop); start is a multiple of the least power of two not below their count."""
    peaks = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        peaks.append(read(level, start >> level))
        start += 1 << level
    whole = peaks.pop()
    for peak in reversed(peaks):
        whole = node_hash(hash, peak, whole)
    return whole


def inclusion(hash: Hash, read: Read, index: int, size: int) -> list[bytes]:
    """The audit path of a leaf, from its sibling to the child of the root. RFC 6962, 2.1.1; 0 <= index < size."""
    start, stop, path = 0, size, []
    while stop - start > 1:
        half = 1 << ((stop - start - 1).bit_length() - 1)
        if index - start < half:
            path.append(subtree(hash, read, start + half, stop))
            stop = start + half
        else:
            path.append(subtree(hash, read, start, start + half))
            start += half
    return path[::-1]


def consistency(hash: Hash, read: Read, old: int, new: int) -> list[bytes]:
    """That the first `old` of `new` leaves are as they were. RFC 6962, 2.1.2; 0 <= old <= new."""
    if old in (0, new):
        return []
    start, stop, path = 0, new, []
    known = True  # is the subtree at hand the old tree itself, whose root the verifier has?
    while old != stop:
        half = 1 << ((stop - start - 1).bit_length() - 1)
        if old - start <= half:
            path.append(subtree(hash, read, start + half, stop))
            stop = start + half
        else:
            path.append(subtree(hash, read, start, start + half))
            start += half
            known = False
    if not known:
        path.append(subtree(hash, read, start, stop))
    return path[::-1]


def includes(hash: Hash, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Does the path lead from this leaf hash to that root? RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(hash, step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(hash, found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def grew(hash: Hash, old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Do the first `old` leaves of the new tree make the old root? RFC 9162, 2.1.4.2."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:  # every tree begins with the empty one
        return not path and old_root == hash(b"")
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(hash, step, before), node_hash(hash, step, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(hash, after, step)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
