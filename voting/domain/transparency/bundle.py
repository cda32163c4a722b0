"""Entry bundles of the log (tlog-tiles): each entry after its length, in two bytes."""

from __future__ import annotations

from collections.abc import Iterable

_LENGTH_BYTES = 2


def frame(entries: Iterable[bytes]) -> bytes:
    """Returns the entries as a bundle."""
    return b"".join([part for entry in entries for part in (len(entry).to_bytes(_LENGTH_BYTES, "big"), entry)])


def unframe(bundle: bytes) -> list[bytes]:
    """Returns the entries of a bundle. Raises ValueError if its end is not the end of an entry."""
    entries, at = [], 0
    while at < len(bundle):
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(bundle[at:begin], "big")
        entries.append(bundle[begin:at])
        if begin > len(bundle) or at > len(bundle):
            raise ValueError("the bundle ends within an entry")
    return entries
