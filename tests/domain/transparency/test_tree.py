"""The log's tree and its tiles, compared with the definitions of RFC 6962 and tlog-tiles."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voting.domain.ballots import merkle
from voting.domain.transparency import bundle, tree
from voting.domain.transparency.growth import LogEnd
from voting.domain.transparency.tree import EMPTY_ROOT, Edge, TileId

ENTRIES = [str(number).encode() for number in range(70_000)]
HASHES = [merkle.leaf_hash(entry) for entry in ENTRIES]
SIZES = st.integers(1, 1200)


def head(hashes: Sequence[bytes]) -> bytes:
    """MTH, as defined in section 2.1."""
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << ((len(hashes) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + head(hashes[:half]) + head(hashes[half:])).digest()


class Tiles(dict[TileId, bytes]):
    """Every tile of a tree, partial ones too, from the definition of tlog-tiles."""

    def __init__(self, size: int) -> None:
        super().__init__()
        level, hashes = 0, HASHES[:size]
        while hashes:
            for at in range(0, len(hashes), 256):
                self[TileId(level, at // 256)] = b"".join(hashes[at : at + 256])
            whole = len(hashes) // 256 * 256
            hashes = [head(hashes[at : at + 256]) for at in range(0, whole, 256)]
            level += 1


@given(st.lists(st.integers(1, 600), min_size=1, max_size=6))
@example([1, 255, 256, 257, 65_536 - 769, 1, 255, 4000])
@example([70_000])
def test_what_is_appended_gives_the_root_and_the_tiles(steps: list[int]) -> None:
    edge, full = Edge(), {}
    for step in steps:
        for tile in edge.append(HASHES[edge.size : edge.size + step]):
            assert tile.id not in full
            full[tile.id] = tile.body
            assert tile.root == head(merkle.split(tile.body))
        assert edge.root() == head(HASHES[: edge.size])
    tiles = Tiles(edge.size)
    assert full == {id: body for id, body in tiles.items() if len(body) == 256 * 32}
    edges = {id: b"".join(edge.levels[id.level]) for id in tree.right_edge(edge.size)}
    assert edges == {id: body for id, body in tiles.items() if len(body) < 256 * 32}
    assert all(tree.tile_width(id, edge.size) * 32 == len(body) for id, body in tiles.items())


def test_an_empty_tree_has_the_root_of_nothing() -> None:
    assert Edge().root() == EMPTY_ROOT
    assert tree.right_edge(0) == []


@given(SIZES, st.data())
@example(70_000, None)
def test_every_leaf_is_proved_from_tiles(size: int, data: st.DataObject | None) -> None:
    index = data.draw(st.integers(0, size - 1)) if data else 65_537
    proof = tree.inclusion(index, size)
    tiles = Tiles(size)
    needed = {id: tiles[id] for id in tree.tiles_of(proof)}
    hashes = [tree.root(leaves, needed) for leaves in proof]
    top = head(HASHES[:size])
    assert tree.root_by_inclusion(HASHES[index], index, size, hashes) == top
    assert tree.root_by_inclusion(merkle.leaf_hash(b"other"), index, size, hashes) != top
    with pytest.raises(ValueError, match="hashes"):
        tree.root_by_inclusion(HASHES[index], size, size, hashes)
    if index:
        # The leaf before it has as many hashes, or fewer.
        with suppress(ValueError):
            assert tree.root_by_inclusion(HASHES[index], index - 1, size, hashes) != top
    with pytest.raises(ValueError, match="hashes"):
        tree.root_by_inclusion(HASHES[index], index, size, [*hashes, top])


@given(SIZES, st.data())
def test_a_log_that_grew_is_consistent_and_one_that_was_rewritten_is_not(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    proof = tree.consistency(old, size)
    tiles = Tiles(size)
    hashes = [tree.root(leaves, tiles) for leaves in proof]
    was, now = head(HASHES[:old]), head(HASHES[:size])
    assert tree.is_consistent(old, was, size, now, hashes)
    rewritten = head([merkle.leaf_hash(b"other"), *HASHES[1:old]])
    assert not tree.is_consistent(old, rewritten, size, now, hashes)
    if hashes:
        assert not tree.is_consistent(old, was, size, now, hashes[:-1])
        assert not tree.is_consistent(old, was, size, now, [*hashes, now])
    assert not tree.is_consistent(0, EMPTY_ROOT, size, now, hashes)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=5))
def test_bundles_come_of_a_log_that_grows(steps: list[int]) -> None:
    end, size, bundles = LogEnd(), 0, list[bytes]()
    for step in steps:
        growth = end.grown(ENTRIES[size : size + step])
        assert end.size == size, "the earlier end stays as it was"
        assert growth.first_bundle == len(bundles)
        bundles += growth.bundles
        end, size = growth.end, size + step
    framed = [bundle.unframe(each) for each in bundles]
    assert [entry for each in framed for entry in each] + end.entries == ENTRIES[:size]
    assert all(len(each) == 256 for each in framed)
    assert len(end.entries) < 256


@pytest.mark.parametrize("bad", [b"\x00", b"\x00\x02a", b"\x00\x01ab"])
def test_a_bundle_that_ends_within_an_entry_is_refused(bad: bytes) -> None:
    with pytest.raises(ValueError, match="ends within"):
        bundle.unframe(bad)


@pytest.mark.parametrize(
    ("number", "width", "path"),
    [(5, 256, "tile/0/005"), (1_234_067, 256, "tile/0/x001/x234/067"), (1_000, 7, "tile/0/x001/000.p/7")],
)
def test_paths_are_those_of_tlog_tiles(number: int, width: int, path: str) -> None:
    assert tree.tile_path("0", number, width) == path
