"""Merkle trees: one signature for many statements (hashes as in RFC 9162 section 2.1.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

HASH_BYTES = 32
_HOP_BYTES = 1 + HASH_BYTES
_LEFT = ord("L")


def leaf_hash(statement: bytes) -> bytes:
    """The hash of a statement."""
    return hashlib.sha256(b"\x00" + statement).digest()


def tree(leaves: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """The root over one or more leaf hashes, and each leaf's path to it.

    A path is made of hops from the leaf up: the side of the hash beside it, `L` or `R`, then that hash of 32 bytes.
    """
    levels = _levels(leaves)
    (root,), paths = levels.pop(), [b""]
    for level in reversed(levels):
        paths = [_hop(level, place) + paths[place >> 1] for place in range(len(level))]
    return root, paths


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over one or more leaf hashes."""
    return _levels(leaves)[-1][0]


def place(path: bytes) -> bytes:
    """Where a path's leaf is, from the root down: `R` in the left half, whose neighbour is right, `L` in the right one.

    From the first leaf to the last the places fall.
    """
    return path[::_HOP_BYTES][::-1]


def least_missing(places: Collection[bytes]) -> int:
    """How many leaves at least the tree has beside those at these places.

    The neighbour of each of their hops is a leaf, or a subtree whose number of leaves is known for left ones only.
    """
    there = {place[:depth] for place in places for depth in range(len(place) + 1)}
    missing: dict[bytes, int] = {}
    for place in places:
        for depth, side in enumerate(place):
            neighbour = place[:depth] + (b"R" if side == _LEFT else b"L")
            if neighbour not in there:
                leaves = 1 << (len(place) - depth - 1) if side == _LEFT else 1
                missing[neighbour] = max(leaves, missing.get(neighbour, 0))
    return sum(missing.values())


def root(leaf: bytes, path: bytes) -> bytes:
    """The root that a leaf hash and its path lead to. Raises ValueError for what is no path."""
    for at in range(0, len(path), _HOP_BYTES):
        side, beside = path[at : at + 1], path[at + 1 : at + _HOP_BYTES]
        if side not in (b"L", b"R") or len(beside) != HASH_BYTES:
            raise ValueError("a path is made of hops: L or R, and 32 bytes")
        leaf = _node_hash(beside + leaf if side == b"L" else leaf + beside)
    return leaf


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    levels = [list(leaves)]
    while len(level := levels[-1]) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        # The last of an odd number goes up as it is.
        levels.append([_node_hash(b"".join(pair)) if len(pair) == 2 else pair[0] for pair in pairs])
    return levels


def _hop(level: Sequence[bytes], place: int) -> bytes:
    if place & 1:
        return b"L" + level[place - 1]
    return b"R" + level[place + 1] if place + 1 < len(level) else b""


def _node_hash(children: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + children).digest()
