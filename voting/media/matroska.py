"""Checks the end of Matroska and WebM files written while recording, such as by a browser's MediaRecorder.

Their segment has an unknown size (RFC 8794 section 6.2), which MediaInfo reports as a truncated file.
"""

from __future__ import annotations

import os
from typing import BinaryIO

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_LONGEST_HEAD = 12


def is_whole_stream(file: BinaryIO) -> bool:
    """Whether the file's segment has an unknown size, and its last element is complete."""
    end = file.seek(0, os.SEEK_END)
    try:
        place = _skip(file, 0)
        kind, length, place = _element(file, place)
        if kind != _SEGMENT or length is not None:
            return False
        while place < end:
            place = _skip(file, place)
    except ValueError:
        return False
    return place == end


def _skip(file: BinaryIO, place: int) -> int:
    """Returns the end of the element at `place`; for a cluster of unknown length, the start of its first child."""
    kind, length, begin = _element(file, place)
    if length is None and kind != _CLUSTER:
        raise ValueError
    return begin + (length or 0)


def _element(file: BinaryIO, place: int) -> tuple[int, int | None, int]:
    """Returns an element's id, its length (None if unknown) and the start of its content. Raises ValueError."""
    file.seek(place)
    head = file.read(_LONGEST_HEAD)
    id_bytes = _width(head)
    end = id_bytes + _width(head[id_bytes:])
    if end > len(head):
        raise ValueError
    ones = (1 << 7 * (end - id_bytes)) - 1
    length = int.from_bytes(head[id_bytes:end]) & ones
    return int.from_bytes(head[:id_bytes]), None if length == ones else length, place + end


def _width(head: bytes) -> int:
    """Returns the number of bytes of a number: one more than the leading zeros of its first (RFC 8794 section 4)."""
    if not head or not head[0]:
        raise ValueError
    return 9 - head[0].bit_length()
