"""Finds days on which a contest, or one of its entries, got far more counted picks than on its own days before.

Usual is the median of the week before; an entry's grows with the others', because news of a contest raises all of
them. Growth is no fraud: a film that went viral looks the same. People say what it was, and nothing is subtracted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from statistics import median
from typing import NamedTuple

WEEK = 7
# The first days of a vote have no past.
LEAST_DAYS = 3
TIMES = 3.0
"""A day is grown from so many times the usual on, and from at least `LEAST_MORE` picks above that."""
LEAST_MORE = 100


class GrownDay(NamedTuple):
    """A day's counted picks, and how many are usual. `entry` "": of the whole contest."""

    entry: str
    day: date
    picks: int
    usual: float

    @property
    def beyond(self) -> float:
        """How many of the picks are beyond what a good day explains."""
        return self.picks - TIMES * self.usual


def grown_days(days: Sequence[date], picks: Mapping[str, Mapping[date, int]]) -> list[GrownDay]:
    """Returns the contest's grown days, then of each entry the one that grew most.

    `days`: those of the vote, in order. `picks`: counted, by entry and day; days without picks may be missing.
    """
    every = [sum(by_day.get(day, 0) for by_day in picks.values()) for day in days]
    usual = _usual(every)
    found = [GrownDay("", day, count, base) for day, count, base in zip(days, every, usual, strict=True)]
    grown = [each for each in found[LEAST_DAYS:] if each.beyond >= LEAST_MORE]
    for entry in sorted(picks):
        counts = [picks[entry].get(day, 0) for day in days]
        others = [whole - count for whole, count in zip(every, counts, strict=True)]
        news = [max(1.0, rest / max(base, 1.0)) for rest, base in zip(others, _usual(others), strict=True)]
        rows = zip(days, counts, _usual(counts), news, strict=True)
        own = [GrownDay(entry, day, count, base * factor) for day, count, base, factor in rows][LEAST_DAYS:]
        most = max(own, key=lambda each: each.beyond, default=None)
        if most and most.beyond >= LEAST_MORE:
            grown.append(most)
    return grown


def _usual(counts: Sequence[int]) -> list[float]:
    """Returns the median of the week before each day; 0 for the first."""
    return [float(median(counts[max(0, at - WEEK) : at] or [0])) for at in range(len(counts))]
