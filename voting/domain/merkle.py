"""Merkle trees: one signature for many statements (hashes as in RFC 9162 section 2.1.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
_HOP_BYTES = 1 + HASH_BYTES


def leaf_hash(statement: bytes) -> bytes:
    """The hash of a statement."""
    return hashlib.sha256(b"\x00" + statement).digest()


def tree(leaves: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """The root over one or more leaf hashes, and each leaf's path to it.

    A path is made of hops from the leaf up: the side of the hash beside it, `L` or `R`, then that hash of 32 bytes.
    """
    levels = [list(leaves)]
    while len(level := levels[-1]) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        # The last of an odd number goes up as it is.
        levels.append([_node_hash(b"".join(pair)) if len(pair) == 2 else pair[0] for pair in pairs])
    (root,), paths = levels.pop(), [b""]
    for level in reversed(levels):
        paths = [_hop(level, place) + paths[place >> 1] for place in range(len(level))]
    return root, paths


def root(leaf: bytes, path: bytes) -> bytes:
    """The root that a leaf hash and its path lead to. Raises ValueError for what is no path."""
    for at in range(0, len(path), _HOP_BYTES):
        side, beside = path[at : at + 1], path[at + 1 : at + _HOP_BYTES]
        if side not in (b"L", b"R") or len(beside) != HASH_BYTES:
            raise ValueError("a path is made of hops: L or R, and 32 bytes")
        leaf = _node_hash(beside + leaf if side == b"L" else leaf + beside)
    return leaf


def _hop(level: Sequence[bytes], place: int) -> bytes:
    if place & 1:
        return b"L" + level[place - 1]
    return b"R" + level[place + 1] if place + 1 < len(level) else b""


def _node_hash(children: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + children).digest()
