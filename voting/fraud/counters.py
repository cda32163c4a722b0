"""Counts of ballots that are alike, in windows aligned with the clock: the same in memory and in Redis.

They are kept in a count-min sketch (Cormode and Muthukrishnan, 2005): a fixed number of counters, two for each cell, of
which the smaller is read. A count is thus never too small, and with up to 100,000 ballots in a window hardly ever too
large; the memory is the same however many ballots come. `cells` says which counters a ballot adds to: here to those of
`Counters`, live to those of voting/redis/lua/take_turns.lua.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zlib import crc32

from voting.fraud.facts import Counts, Facts

# Seconds of the two windows: what a burst is seen in, and what is counted against chance.
QUICK, SLOW = 600, 7200
WIDTH = 1 << 16
# Two rows for cells, two for devices, one counter for all ballots.
SIZE = 4 * WIDTH + 1
_ALL = 4 * WIDTH
# Multiply-shift hashing (Dietzfelbinger et al., 1997): odd multipliers, of which the upper bits are taken.
_ONE, _OTHER = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
_FINGERPRINT, _BOTH, _PREFIX, _PLACE = (kind * 0x165667B19E3779F9 for kind in range(1, 5))
_MASK, _UPPER, _LOWER = WIDTH - 1, 44, 24


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
    what = crc32(entry.encode(errors="replace")) * _ONE
    slow: tuple[int, ...] = (_ALL, what >> _UPPER & _MASK, WIDTH + (what >> _LOWER & _MASK))
    quick: tuple[int, ...] = ()
    if facts.agent or facts.client:
        client = facts.fingerprint * _OTHER
        alone, both = client + _FINGERPRINT, client + what + _BOTH
        slow += (
            alone >> _UPPER & _MASK,
            WIDTH + (alone >> _LOWER & _MASK),
            both >> _UPPER & _MASK,
            WIDTH + (both >> _LOWER & _MASK),
        )
        if facts.prefix:
            where = client + crc32(facts.prefix.encode(errors="replace")) * _ONE + _PREFIX
            place = where + what * 3 + _PLACE
            quick = (
                where >> _UPPER & _MASK,
                WIDTH + (where >> _LOWER & _MASK),
                place >> _UPPER & _MASK,
                WIDTH + (place >> _LOWER & _MASK),
            )
    if facts.device is None or facts.device == voter:
        return Cells(quick, slow, ())
    device = crc32(facts.device.encode(errors="replace"))
    pair, device = crc32(voter.encode(errors="replace"), device) * _ONE, device * _OTHER
    first, second = 2 * WIDTH, 3 * WIDTH
    places = (
        first + (pair >> _UPPER & _MASK),
        second + (pair >> _LOWER & _MASK),
        first + (device >> _UPPER & _MASK),
        second + (device >> _LOWER & _MASK),
    )
    return Cells(quick, slow, places)


def counts(quick: Sequence[int], slow: Sequence[int], device: Sequence[int]) -> Counts:
    """What the counters of `cells` hold: of the device only its own two."""
    known = len(slow) > 3
    return Counts(
        slow[0],
        _least(slow, 1),
        _least(slow, 3) if known else 0,
        _least(slow, 5) if known else 0,
        _least(quick, 0) if quick else 0,
        _least(quick, 2) if quick else 0,
        _least(device, 0) if device else 0,
    )


def _least(values: Sequence[int], place: int) -> int:
    one, other = values[place], values[place + 1]
    return one if one < other else other


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
        quick, slow = self._quick.at(moment), self._slow.at(moment)
        of_device = _voters(slow, found.device) if found.device else ()
        return counts(_added(quick, found.quick), _added(slow, found.slow), of_device)


class _Window:
    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._ends = 0.0
        self._counters: list[int] = []

    def at(self, moment: float) -> list[int]:
        """The counters of the window that holds the moment, or of a later one that has begun."""
        if moment >= self._ends:
            self._ends = (moment // self._seconds + 1) * self._seconds
            self._counters = [0] * SIZE
        return self._counters


def _added(counters: list[int], places: Sequence[int]) -> list[int]:
    found = []
    for place in places:
        count = counters[place] + 1
        counters[place] = count
        found.append(count)
    return found


def _voters(counters: list[int], device: Sequence[int]) -> list[int]:
    pair, own = device[:2], device[2:]
    if counters[pair[0]] and counters[pair[1]]:
        return [counters[place] for place in own]
    _added(counters, pair)
    return _added(counters, own)
