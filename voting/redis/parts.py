"""Divides the limits and counters of one contest into parts, so that no node of a cluster bears all of its ballots.

Each subject, ticket and counter is in one part, which alone reads and writes it: limits stay exact, and counters never
too small. A device's counters are in one part with those of its pairs, because they are counted together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from zlib import crc32

from voting.fraud.online.counters import Cells

NO_CELLS = Cells((), (), ())


def part_of(name: str, parts: int) -> int:
    """Returns the part of a subject or a ticket."""
    return crc32(name.encode()) % parts


def divided(cells: Cells, parts: int) -> dict[int, Cells]:
    """Returns the counters of each part, numbered within it, in their order."""
    quick: dict[int, list[int]] = defaultdict(list)
    slow: dict[int, list[int]] = defaultdict(list)
    for found, places in ((quick, cells.quick), (slow, cells.slow)):
        for place in places:
            found[place % parts].append(place // parts)
    device = {_of_device(cells, parts): tuple(place // parts for place in cells.device)} if cells.device else {}
    return {
        part: Cells(quick.get(part, ()), slow.get(part, ()), device.get(part, ())) for part in {*quick, *slow, *device}
    }


def joined(cells: Cells, found: Mapping[int, Cells], parts: int) -> Cells:
    """Returns the values of a call's counters in their order, from those of its parts."""

    def values(places: Iterator[int], of: Mapping[int, Iterator[int]]) -> tuple[int, ...]:
        return tuple(next(of[place % parts]) for place in places)

    return Cells(
        values(iter(cells.quick), {part: iter(each.quick) for part, each in found.items()}),
        values(iter(cells.slow), {part: iter(each.slow) for part, each in found.items()}),
        tuple(found[_of_device(cells, parts)].device) if cells.device else (),
    )


def _of_device(cells: Cells, parts: int) -> int:
    """The first two counters are of the pair of device and voter, the others of the device."""
    return cells.device[2] % parts
