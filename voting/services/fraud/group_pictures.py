"""What is drawn of a group: its ballots over time, how long each read the page, and what its voters picked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from voting.postgres.fraud.groups import Course, Readings

COURSE_PARTS = 48
READING_BOUNDS = (1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000)
"""Milliseconds."""
MOST_VOTERS = 150
_MOST_ENTRIES = 20


class Pair(NamedTuple):
    """A figure of the group, and the same of the entry's other ballots."""

    grouped: int
    others: int


@dataclass(frozen=True, slots=True)
class Network:
    """Which entries the group's `voters`, MOST_VOTERS at most, picked.

    `entries` with the number of these voters, the most picked first; `others` are not shown. `lines`: from a voter to
    an entry, by their places.
    """

    voters: int
    entries: tuple[tuple[str, int], ...]
    others: int
    lines: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Figures of a group and of the entry that it picked most.

    `course` has one pair for each part of [since, until); `low` and `high` enclose four fifths of the others in it.
    `readings` has percentages between READING_BOUNDS; empty if reading times are not known, or no longer.
    """

    entry: str
    since: datetime
    until: datetime
    course: tuple[Pair, ...]
    low: int
    high: int
    readings: tuple[Pair, ...]
    network: Network


def pictures(
    entry: str, course: Sequence[Course], readings: Sequence[Readings], links: Sequence[tuple[int, str]]
) -> Pictures:
    """Returns the figures with the parts in which there is nothing. `course` must not be empty."""
    parts = {row.part: Pair(row.grouped, row.others) for row in course}
    whole = tuple(parts.get(part, Pair(0, 0)) for part in range(1, COURSE_PARTS + 1))
    usual = sorted(pair.others for pair in whole)
    read = {row.part: Pair(row.grouped, row.others) for row in readings}
    totals = Pair(sum(pair.grouped for pair in read.values()), sum(pair.others for pair in read.values()))
    shares = tuple(
        Pair(_percent(pair.grouped, totals.grouped), _percent(pair.others, totals.others))
        for pair in (read.get(part, Pair(0, 0)) for part in range(len(READING_BOUNDS) + 1))
    )
    return Pictures(
        entry=entry,
        since=course[0].since,
        until=course[0].until,
        course=whole,
        low=usual[COURSE_PARTS // 10],
        high=usual[COURSE_PARTS - 1 - COURSE_PARTS // 10],
        readings=shares if totals.grouped else (),
        network=_network(links),
    )


def _network(links: Sequence[tuple[int, str]]) -> Network:
    picked = Counter(entry for _, entry in links)
    shown = [entry for entry, _ in picked.most_common(_MOST_ENTRIES)]
    places = {entry: place for place, entry in enumerate(shown)}
    return Network(
        voters=len({voter for voter, _ in links}),
        entries=tuple((entry, picked[entry]) for entry in shown),
        others=len(picked) - len(shown),
        lines=tuple((voter - 1, places[entry]) for voter, entry in links if entry in places),
    )


def _percent(count: int, total: int) -> int:
    return round(100 * count / total) if total else 0
