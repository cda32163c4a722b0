"""What the parts of a made world share: arrays, stable hashes, people and their ballots."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Keys: TypeAlias = NDArray[np.uint64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


class Odd(IntEnum):
    """What may be wrong with a request."""

    NOTHING, NO_LANGUAGE, CROSS_SITE, NO_HINTS, WRONG_PLATFORM, NO_ORIGIN, NO_SCRIPT, TOOL, ABROAD, EMBEDDED = range(10)


_COMMON = (
    (Odd.NO_LANGUAGE, 0.25),
    (Odd.NO_ORIGIN, 0.22),
    (Odd.NO_HINTS, 0.18),
    (Odd.NO_SCRIPT, 0.13),
    (Odd.ABROAD, 0.12),
)
GENUINE = (*_COMMON, (Odd.CROSS_SITE, 0.05), (Odd.WRONG_PLATFORM, 0.05))


def mix(values: Keys | Ints, salt: int = 0) -> Keys:
    """A bijection of 64 bits that looks random (splitmix64)."""
    z = values.astype(np.uint64) + np.array([salt * 0x9E3779B97F4A7C15 % 2**64], np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def unit(values: Keys | Ints, salt: int) -> Floats:
    """A stable number of [0, 1) for each value."""
    return (mix(values, salt) >> np.uint64(11)).astype(np.float64) / 2.0**53


@dataclass(frozen=True, slots=True)
class Manner:
    """How a group votes: median seconds of reading and their spread (sigma of the log), the share of people whose
    token lasts and whose token is older than the contest, the share of odd requests and which, who solves puzzles."""

    reading: float = 19.0
    spread: float = 0.75
    kept: float = 0.85
    old: float = 0.3
    odd: float = 0.015
    kinds: tuple[tuple[Odd, float], ...] = GENUINE
    scripted: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """Voters: their number, client (a row of the catalogue), access line and household."""

    id: Ints
    client: Ints
    line: Ints
    home: Ints

    def take(self, who: Ints) -> People:
        """These voters, in this order, also repeatedly."""
        return People(self.id[who], self.client[who], self.line[who], self.home[who])


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses: `net` is 0 for IPv4, else the upper half of an IPv6 one; `wifi` is false on a mobile network."""

    net: Keys
    host: Keys
    asn: Ints
    hosting: Flags
    wifi: Flags

    def where(self, these: Flags, others: Addresses) -> Addresses:
        """These addresses where `these` is true, the others elsewhere."""
        pairs = ((getattr(self, each.name), getattr(others, each.name)) for each in fields(Addresses))
        return Addresses(*(np.where(these, mine, other) for mine, other in pairs))


@dataclass(frozen=True, slots=True)
class Rows:
    """Ballots as arrays; times in ms, `issued` and `opened` are -1 where unknown."""

    at: Ints
    opened: Ints
    entry: Ints
    voter: Ints
    client: Ints
    device: Keys
    issued: Ints
    odd: Ints
    scripted: Flags
    net: Keys
    host: Keys
    asn: Ints
    hosting: Flags
    wifi: Flags


def joined(parts: list[Rows]) -> Rows:
    """All ballots of the parts, in their order."""
    return Rows(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Rows)))
