"""Counts of similar ballots in windows aligned with the clock: the same in memory and in Redis.

A fixed number of counters is addressed by hashing (a count-min sketch, Cormode and Muthukrishnan, 2005, of one row; two
if a count matters more). A count is thus never too small, and seldom too large; memory does not depend on the number of
ballots. `cells` returns the counters that a ballot adds to: those of `Counters` here, those of
voting/redis/lua/take_turns.lua live.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from voting.fraud.facts.facts import Counts, Facts

# Seconds of the two windows: one for bursts, one for counts compared with chance.
QUICK, SLOW = 600, 7200
WIDTH = 1 << 17
# One row for cells, one counter for all ballots, then two rows for devices. These come last, so that Redis stores
# nothing for them if no device is known.
_ALL = WIDTH
_DEVICES = _ALL + 1
SIZE = _DEVICES + 2 * WIDTH
# Multiply-shift hashing (Dietzfelbinger et al., 1997): odd multipliers; the upper bits are used.
_ONE, _OTHER = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
_FINGERPRINT, _BOTH, _PREFIX, _PLACE = (kind * 0x165667B19E3779F9 for kind in range(1, 5))
_MASK, _UPPER, _LOWER = WIDTH - 1, 44, 20


class Cells(NamedTuple):
    """The numbers of the counters to which one pick adds 1.

    `quick`: prefix with fingerprint, and with the entry; empty if either is unknown. `slow`: all, entry and, if known,
    fingerprint, and with the entry. `device`: two for the pair of device and voter, then two for the device, which are
    counted only if the pair was not; empty if the device is unknown, or is the voter himself.
    """

    quick: Sequence[int]
    slow: Sequence[int]
    device: Sequence[int]


def cells(entry: str, voter: str, facts: Facts) -> Cells:
    """Returns the counters of a pick for this entry by this voter."""
    what = _number(entry) * _ONE
    quick: tuple[int, ...] = ()
    slow: tuple[int, ...] = (_ALL, what >> _UPPER & _MASK)
    if facts.agent or facts.client:
        client = facts.fingerprint * _OTHER
        slow = (*slow, client + _FINGERPRINT >> _UPPER & _MASK, client + what + _BOTH >> _UPPER & _MASK)
        if facts.prefix:
            where = client + _number(facts.prefix) * _ONE + _PREFIX
            quick = (where >> _UPPER & _MASK, where + what * 3 + _PLACE >> _UPPER & _MASK)
    if facts.device is None or facts.device == voter:
        return Cells(quick, slow, ())
    device = crc32(facts.device.encode("utf-8", "replace"))
    pair, device = crc32(voter.encode("utf-8", "replace"), device) * _ONE, device * _OTHER
    first, second = _DEVICES, _DEVICES + WIDTH
    places = (
        first + (pair >> _UPPER & _MASK),
        second + (pair >> _LOWER & _MASK),
        first + (device >> _UPPER & _MASK),
        second + (device >> _LOWER & _MASK),
    )
    return Cells(quick, slow, places)


@lru_cache(20_000)
def _number(text: str) -> int:
    """Cached: there are few entries, and many ballots of one prefix."""
    return crc32(text.encode("utf-8", "replace"))


def counts(quick: Sequence[int], slow: Sequence[int], device: Sequence[int]) -> Counts:
    """Returns the values of the counters of `cells`; for the device, only its own two."""
    alone, both = slow[2:] or (0, 0)
    prefix, place = quick or (0, 0)
    return Counts(slow[0], slow[1], alone, both, prefix, place, min(device, default=0))


class Counters:
    """Counters in memory, for attempts in the order of their times. Past windows are dropped."""

    def __init__(self) -> None:
        self._quick = _Window(QUICK)
        self._slow = _Window(SLOW)

    def add(self, at: datetime, entry: str, voter: str, facts: Facts) -> Counts:
        """Counts an attempt and returns the counts including it; live counts take precedence."""
        if facts.counts is not None:
            return facts.counts
        found, moment = cells(entry, voter, facts), at.timestamp()
        quick, slow = self._quick.at(moment), self._slow.at(moment)
        of_device: list[int] = []
        if found.device:
            pair, own = found.device[:2], found.device[2:]
            if pair[0] in slow and pair[1] in slow:
                of_device = [slow.get(place, 0) for place in own]
            else:
                _added(slow, pair)
                of_device = _added(slow, own)
        return counts(_added(quick, found.quick), _added(slow, found.slow), of_device)


class _Window:
    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._ends = 0.0
        self._counters: dict[int, int] = {}

    def at(self, moment: float) -> dict[int, int]:
        """Returns the counters of the window that contains the moment, or of a later one that has begun."""
        if moment >= self._ends:
            self._ends = (moment // self._seconds + 1) * self._seconds
            # Clear only counters that are not 0: creating all of them again costs more than a window's ballots.
            self._counters = {}
        return self._counters


def _added(counters: dict[int, int], places: Sequence[int]) -> list[int]:
    counts = []
    for place in places:
        count = counters.get(place, 0) + 1
        counters[place] = count
        counts.append(count)
    return counts
