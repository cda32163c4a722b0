"""Merkle trees: one signature for many statements (hashes as in RFC 9162 section 2.1.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
_HOP_BYTES = 1 + HASH_BYTES


def leaf_hash(statement: bytes) -> bytes:
    """Returns the hash of a statement."""
    return hashlib.sha256(b"\x00" + statement).digest()


def split(hashes: bytes) -> list[bytes]:
    """Hashes that were joined, one by one."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def tree(leaves: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """Returns the root over one or more leaf hashes, and each leaf's path to it.

    A path lists hops from the leaf up: the side of the sibling hash, `L` or `R`, then the sibling hash of 32 bytes.
    """
    levels = _levels(leaves)
    (root,), paths = levels.pop(), [b""]
    for level in reversed(levels):
        last = len(level) - 1
        hops = [
            b"L" + level[place - 1] if place & 1 else b"R" + level[place + 1] if place < last else b""
            for place in range(len(level))
        ]
        paths = [hop + paths[place >> 1] for place, hop in enumerate(hops)]
    return root, paths


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Returns the root over one or more leaf hashes."""
    return _levels(leaves)[-1][0]


def root(leaf: bytes, path: bytes) -> bytes:
    """Returns the root that a leaf hash and its path lead to. Raises ValueError if the path is malformed."""
    for at in range(0, len(path), _HOP_BYTES):
        side, beside = path[at : at + 1], path[at + 1 : at + _HOP_BYTES]
        if side not in (b"L", b"R") or len(beside) != HASH_BYTES:
            raise ValueError("a path is made of hops: L or R, and 32 bytes")
        leaf = node_hash(beside + leaf if side == b"L" else leaf + beside)
    return leaf


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    levels = [list(leaves)]
    while len(level := levels[-1]) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        # An odd node at the end moves up unchanged.
        levels.append([node_hash(b"".join(pair)) if len(pair) == 2 else pair[0] for pair in pairs])
    return levels


def node_hash(children: bytes) -> bytes:
    """Returns the hash of a node with these two hashes below it, joined."""
    return hashlib.sha256(b"\x01" + children).digest()
