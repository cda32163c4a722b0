"""Counts of ballots that are alike, in windows aligned with the clock: the same in memory and in Redis.

They are kept in a count-min sketch (Cormode and Muthukrishnan, 2005): a fixed number of counters, two for each cell, of
which the smaller is read. A count is thus never too small, and with up to 100,000 ballots in a window hardly ever too
large; the memory is the same however many ballots come. `cells` says which counters a ballot adds to: here to those of
`Counters`, live to those of voting/redis/lua/take_turns.lua.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from voting.fraud.facts import Counts, Facts

# Seconds of the two windows: what a burst is seen in, and what is counted against chance.
QUICK, SLOW = 600, 7200
WIDTH = 1 << 16
# Two rows for cells, two for devices, one counter for all ballots.
SIZE = 4 * WIDTH + 1
_ALL = 4 * WIDTH
_DEVICES = 2 * WIDTH
_PRIME = (1 << 61) - 1
_ENTRY, _FINGERPRINT, _BOTH, _PREFIX, _PLACE, _PAIR, _DEVICE = range(1, 8)


class Cells(NamedTuple):
    """The counters that one pick adds 1 to, by their numbers in the sketches; pairs of two counters of one cell.

    `quick`: prefix with fingerprint, and with the entry; empty where one of them is unknown. `slow`: all, entry, then
    fingerprint, and with the entry, where it is known. `device`: the pair of device and voter, then the device, to be
    counted only where the pair was not; empty where the device is unknown, or the voter himself.
    """

    quick: tuple[int, ...]
    slow: tuple[int, ...]
    device: tuple[int, ...]


def cells(entry: str, voter: str, facts: Facts) -> Cells:
    """Where a pick for this entry, of this voter, is counted."""
    what = _number(entry)
    client = facts.fingerprint if facts.agent or facts.client else 0
    slow: tuple[int, ...] = (_ALL, *_pair(_ENTRY, what, 0))
    quick: tuple[int, ...] = ()
    if client:
        slow += (*_pair(_FINGERPRINT, client, 0), *_pair(_BOTH, what, client))
        if facts.prefix:
            where = _number(facts.prefix)
            quick = (*_pair(_PREFIX, where, client), *_pair(_PLACE, where ^ what, client))
    device: tuple[int, ...] = ()
    if facts.device and facts.device != voter:
        one = _number(facts.device)
        both = (*_pair(_PAIR, one, _number(voter)), *_pair(_DEVICE, one, 0))
        device = tuple(_DEVICES + place for place in both)
    return Cells(quick, slow, device)


def counts(quick: Sequence[int], slow: Sequence[int], device: Sequence[int]) -> Counts:
    """What the counters of `cells` hold: of the device only its own two."""
    return Counts(
        ballots=slow[0],
        entry=min(slow[1:3]),
        fingerprint=min(slow[3:5], default=0),
        entry_fingerprint=min(slow[5:7], default=0),
        prefix_fingerprint=min(quick[:2], default=0),
        place=min(quick[2:], default=0),
        voters=min(device, default=0),
    )


class Counters:
    """The counters in memory, for attempts that come in the order of their times. Past windows are dropped."""

    def __init__(self) -> None:
        self._quick = _Window(QUICK)
        self._slow = _Window(SLOW)

    def add(self, at: datetime, entry: str, voter: str, facts: Facts) -> Counts:
        """Counts an attempt, and says what has been counted with it; what was counted live goes before."""
        if facts.counts is not None:
            return facts.counts
        found, moment = cells(entry, voter, facts), at.timestamp()
        self._slow.turn(moment)
        self._quick.turn(moment)
        return counts(self._quick.add(found.quick), self._slow.add(found.slow), self._voters(found.device))

    def _voters(self, device: tuple[int, ...]) -> list[int]:
        if not device:
            return []
        pair, own = device[:2], device[2:]
        if min(self._slow.read(pair)):
            return self._slow.read(own)
        self._slow.add(pair)
        return self._slow.add(own)


class _Window:
    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._number = -1
        self._counters = array("I")

    def turn(self, moment: float) -> None:
        """Begins anew when the window that holds the moment is a later one."""
        number = int(moment // self._seconds)
        if number > self._number:
            self._number, self._counters = number, array("I", bytes(4 * SIZE))

    def add(self, places: tuple[int, ...]) -> list[int]:
        counters = self._counters
        for place in places:
            counters[place] += 1
        return [counters[place] for place in places]

    def read(self, places: tuple[int, ...]) -> list[int]:
        return [self._counters[place] for place in places]


def _pair(kind: int, one: int, other: int) -> tuple[int, int]:
    """Two counters, one in each row: by universal hashing, of values that are hashes themselves."""
    mixed = ((one + kind) * 0x9E3779B97F4A7C15 + other * 0xC2B2AE3D27D4EB4F) % _PRIME
    return mixed & (WIDTH - 1), WIDTH + (mixed >> 24 & (WIDTH - 1))


@lru_cache(100_000)
def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big")
