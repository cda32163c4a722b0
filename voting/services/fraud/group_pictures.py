"""What is drawn of a group: its ballots over time beside the entry's others, and how long each read the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from voting.postgres.fraud.groups import Course, Readings

COURSE_PARTS = 48
READING_BOUNDS = (1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000)
"""Milliseconds."""


class Pair(NamedTuple):
    """A figure of the group, and the same of the entry's other ballots."""

    grouped: int
    others: int


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


def pictures(entry: str, course: Sequence[Course], readings: Sequence[Readings]) -> Pictures:
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
    )


def _percent(count: int, total: int) -> int:
    return round(100 * count / total) if total else 0
