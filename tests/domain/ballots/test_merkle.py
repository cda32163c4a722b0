"""Merkle trees compared with RFC 9162's definition."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voting.domain.ballots.merkle import leaf_hash, root, root_of, tree

STATEMENTS = st.lists(st.binary(max_size=40), min_size=1, max_size=70)


def head(statements: Sequence[bytes]) -> bytes:
    """Computes MTH as defined in section 2.1.1."""
    if len(statements) == 1:
        return hashlib.sha256(b"\x00" + statements[0]).digest()
    split = 1
    while split * 2 < len(statements):
        split *= 2
    return hashlib.sha256(b"\x01" + head(statements[:split]) + head(statements[split:])).digest()


@given(STATEMENTS)
def test_the_root_is_the_rfcs_and_every_path_leads_to_it(statements: list[bytes]) -> None:
    leaves = [leaf_hash(statement) for statement in statements]
    top, paths = tree(leaves)
    assert top == root_of(leaves) == head(statements)
    assert [root(leaf_hash(each), path) for each, path in zip(statements, paths, strict=True)] == [top] * len(paths)


@given(STATEMENTS, st.data())
def test_another_statement_or_path_leads_elsewhere(statements: list[bytes], data: st.DataObject) -> None:
    top, paths = tree([leaf_hash(statement) for statement in statements])
    place = data.draw(st.integers(0, len(statements) - 1))
    assert root(leaf_hash(statements[place] + b"!"), paths[place]) != top
    if path := paths[place]:
        at = data.draw(st.integers(0, len(path) - 1))
        changed = path[:at] + bytes([path[at] ^ 1]) + path[at + 1 :]
        if at % 33:
            assert root(leaf_hash(statements[place]), changed) != top
        else:
            with pytest.raises(ValueError, match="hops"):
                root(leaf_hash(statements[place]), changed)


@pytest.mark.parametrize("path", [b"L", b"L" + b"\0" * 31, b"M" + b"\0" * 32, b"R" + b"\0" * 32 + b"L"])
def test_an_invalid_path_is_reported(path: bytes) -> None:
    with pytest.raises(ValueError, match="hops"):
        root(leaf_hash(b""), path)
