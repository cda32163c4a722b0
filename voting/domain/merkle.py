"""Merkle trees: one signature for many statements (hashes as in RFC 9162 section 2.1.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple

HASH_BYTES = 32
Side = Literal[b"L", b"R"]


class Hop(NamedTuple):
    """One step from a leaf to the root: the hash beside it, and on which side that stands."""

    side: Side
    hash: bytes


def leaf_hash(statement: bytes) -> bytes:
    """The hash of a statement."""
    return hashlib.sha256(b"\x00" + statement).digest()


def tree(leaves: Sequence[bytes]) -> tuple[bytes, list[list[Hop]]]:
    """The root over one or more leaf hashes, and each leaf's path to it."""
    level, paths, places = list(leaves), [list[Hop]() for _ in leaves], list(range(len(leaves)))
    while len(level) > 1:
        for leaf, place in enumerate(places):
            if place & 1:
                paths[leaf].append(Hop(b"L", level[place - 1]))
            elif place + 1 < len(level):
                paths[leaf].append(Hop(b"R", level[place + 1]))
            places[leaf] = place >> 1
        # The last of an odd number goes up as it is.
        level = [b"".join(level[at : at + 2]) for at in range(0, len(level), 2)]
        level = [_node_hash(pair) if len(pair) > HASH_BYTES else pair for pair in level]
    return level[0], paths


def root(leaf: bytes, path: Sequence[Hop]) -> bytes:
    """The root that a leaf hash and its path lead to."""
    for side, hash in path:
        leaf = _node_hash(hash + leaf if side == b"L" else leaf + hash)
    return leaf


def pack(path: Sequence[Hop]) -> bytes:
    """A path as bytes: for each hop `L` or `R`, then the hash."""
    return b"".join([part for hop in path for part in hop])


def unpack(data: bytes) -> list[Hop]:
    """The path in these bytes. Raises ValueError for what is none."""
    hops = [data[at : at + 1 + HASH_BYTES] for at in range(0, len(data), 1 + HASH_BYTES)]
    if any(len(hop) != 1 + HASH_BYTES or hop[:1] not in (b"L", b"R") for hop in hops):
        raise ValueError("a path is made of hops: L or R, and 32 bytes")
    return [Hop(b"L" if hop[:1] == b"L" else b"R", hop[1:]) for hop in hops]


def _node_hash(children: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + children).digest()
