"""The tree of the log (RFC 6962 section 2.1) in tiles of 256 hashes (tlog-tiles), and the proofs from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from voting.domain.ballots import merkle

TILE_HASHES = 256
_TILE_HEIGHT = 8
EMPTY_ROOT = hashlib.sha256(b"").digest()


class TileId(NamedTuple):
    """A tile's level, from 0 for the leaves' hashes, and its number within the level."""

    level: int
    number: int


class Tile(NamedTuple):
    """A full tile: its hashes, joined, and the root over them."""

    id: TileId
    root: bytes
    body: bytes


class Leaves(NamedTuple):
    """The leaves [first, last) of a tree: a subtree, which need not be complete."""

    first: int
    last: int


def tile_width(id: TileId, size: int) -> int:
    """Returns how many hashes a tile of a tree of `size` leaves has: 0 if there is no such tile."""
    return max(0, min(TILE_HASHES, (size >> (_TILE_HEIGHT * id.level)) - id.number * TILE_HASHES))


def tile_path(level: str, number: int, width: int) -> str:
    """Returns the path of a tile, or of a bundle, whose level is `entries`: such as tile/0/x001/x234/067.p/5."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    partial = f".p/{width}" if width < TILE_HASHES else ""
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def last_tile(level: int, size: int) -> int:
    """Returns the number of a level's last tile, which is not full, in a tree of `size` leaves."""
    return size >> (_TILE_HEIGHT * (level + 1))


def right_edge(size: int) -> list[TileId]:
    """Returns the last tile of each level that is not full, from the leaves up."""
    ids = []
    level = 0
    while size >> (_TILE_HEIGHT * level):
        id = TileId(level, last_tile(level, size))
        if tile_width(id, size):
            ids.append(id)
        level += 1
    return ids


@dataclass(slots=True)
class Edge:
    """The right edge of a tree: what it takes to append leaves, and to know the root."""

    size: int = 0
    levels: list[list[bytes]] = field(default_factory=list)
    """By level the hashes of the last tile, which is not full."""

    def append(self, hashes: Sequence[bytes]) -> list[Tile]:
        """Appends leaves by their hashes; returns the tiles that are full now."""
        self.size += len(hashes)
        full: list[Tile] = []
        level, new = 0, list(hashes)
        while new:
            if level == len(self.levels):
                self.levels.append([])
            row = self.levels[level]
            row += new
            count = len(row) // TILE_HASHES
            first = (self.size >> (_TILE_HEIGHT * (level + 1))) - count
            new = []
            for number in range(count):
                body = row[number * TILE_HASHES : (number + 1) * TILE_HASHES]
                new.append(merkle.root_of(body))
                full.append(Tile(TileId(level, first + number), new[-1], b"".join(body)))
            del row[: count * TILE_HASHES]
            level += 1
        return full

    def root(self) -> bytes:
        """Returns the root of the tree."""
        right: bytes | None = None
        for row in self.levels:
            # What is below and to the right of a level is its last node, though not of a complete subtree.
            nodes = row if right is None else [*row, right]
            right = merkle.root_of(nodes) if nodes else None
        return EMPTY_ROOT if right is None else right


def inclusion(index: int, size: int) -> list[Leaves]:
    """Returns the subtrees whose roots are the inclusion proof of a leaf, from the leaf up (section 2.1.1)."""
    first, last, proof = 0, size, []
    while last - first > 1:
        middle = _middle(first, last)
        if index < middle:
            proof.append(Leaves(middle, last))
            last = middle
        else:
            proof.append(Leaves(first, middle))
            first = middle
    return proof[::-1]


def consistency(old: int, size: int) -> list[Leaves]:
    """Returns the subtrees whose roots prove that the tree of `old` leaves, at least one, is a part of that of `size`.

    Section 2.1.2.
    """
    first, last, is_whole, proof = 0, size, True, []
    while old != last:
        middle = _middle(first, last)
        if old <= middle:
            proof.append(Leaves(middle, last))
            last = middle
        else:
            proof.append(Leaves(first, middle))
            first, is_whole = middle, False
    if not is_whole:
        proof.append(Leaves(first, last))
    return proof[::-1]


def root_by_inclusion(leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes:
    """Returns the root that a leaf's hash and its inclusion proof lead to. Raises ValueError."""
    proof = inclusion(index, size) if 0 <= index < size else []
    if index >= size or len(hashes) != len(proof):
        raise ValueError(f"a proof for leaf {index} of {size} does not have {len(hashes)} hashes")
    for leaves, beside in zip(proof, hashes, strict=True):
        leaf = merkle.node_hash(leaf + beside if leaves.first > index else beside + leaf)
    return leaf


def is_consistent(old: int, old_root: bytes, size: int, new_root: bytes, hashes: Sequence[bytes]) -> bool:
    """Whether the hashes prove that a tree of `old` leaves, at least one, is a part of a larger one.

    As RFC 9162 section 2.1.4.2 does it.
    """
    if old == size:
        return not hashes and old_root == new_root
    path = [old_root, *hashes] if old & (old - 1) == 0 else list(hashes)
    if not 0 < old < size or not path:
        return False
    first, last = old - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    was = now = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            was, now = merkle.node_hash(beside + was), merkle.node_hash(beside + now)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            now = merkle.node_hash(now + beside)
        first, last = first >> 1, last >> 1
    return (was, now, last) == (old_root, new_root, 0)


def tiles_of(proof: Iterable[Leaves]) -> set[TileId]:
    """Returns the tiles that have the hashes of a proof."""
    return {_hashes_of(node)[0] for leaves in proof for node in _complete(leaves)}


def root(leaves: Leaves, tiles: Mapping[TileId, bytes]) -> bytes:
    """Returns the root of a subtree from the tiles, which may be partial ones, that have its hashes."""
    right = b""
    for node in reversed(_complete(leaves)):
        id, first, last = _hashes_of(node)
        hashes = merkle.split(tiles[id][first * merkle.HASH_BYTES : last * merkle.HASH_BYTES])
        own = merkle.root_of(hashes)
        right = merkle.node_hash(own + right) if right else own
    return right


def _middle(first: int, last: int) -> int:
    """Returns where a tree is split: its left half has the largest power of two of leaves that is less than all."""
    return first + (1 << ((last - first - 1).bit_length() - 1))


class _Node(NamedTuple):
    """The root of a complete subtree of 2**height leaves; `number` counts those from the left."""

    height: int
    number: int


def _complete(leaves: Leaves) -> list[_Node]:
    """Returns the complete subtrees, from the left, that a subtree is made of."""
    nodes, first = [], leaves.first
    while first < leaves.last:
        height = (leaves.last - first).bit_length() - 1
        nodes.append(_Node(height, first >> height))
        first += 1 << height
    return nodes


def _hashes_of(node: _Node) -> tuple[TileId, int, int]:
    """Returns the tile that has the hashes below a node, or its own, and which of them, as a range."""
    level, above = divmod(node.height, _TILE_HEIGHT)
    number, first = divmod(node.number << above, TILE_HASHES)
    return TileId(level, number), first, first + (1 << above)
