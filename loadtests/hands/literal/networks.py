"""Addresses: homes, the shared ones of mobile carriers, and hosting. A prefix is the first three bytes of an IPv4
address as a number."""

from __future__ import annotations

import numpy as np

from loadtests.hands.literal.rows import Bools, Ints

_LOW_BYTES = (36, 42, 49, 58, 59, 60, 61, 101, 106, *range(110, 120), 121, 122, 123, 124, 125)
_HIGH_BYTES = (171, 175, 180, 182, 183, 202, 210, 211, *range(218, 224))
_HOME_BYTES = np.array(_LOW_BYTES + _HIGH_BYTES)
_HOSTING_BYTES = np.array([8, 39, 43, 47, 81, 82, 129, 139, 146, 159, 167, 188])
_HOME_ASN = np.array([4134, 4837, 9808, 4808, 4812, 17816, 56040, 24400])
_MOBILE_ASN = np.array([9808, 56046, 56040, 4134, 4837, 56041])
_HOSTING_ASN = np.array([37963, 45090, 55990, 16509, 14061, 16276, 132203, 24940])
_POOLS = 60


class Networks:
    """The networks of a country for a contest of so many ballots."""

    def __init__(self, random: np.random.Generator, ballots: int) -> None:
        self._random = random
        self.homes = self.prefixes(5_000)
        self.pools = _POOLS
        users = random.uniform(300, 1500)
        total = max(_POOLS, int(ballots * 0.55 * 0.65 / users))
        owner = np.concatenate([np.arange(_POOLS), random.choice(_POOLS, total - _POOLS)])
        owner.sort()
        prefixes = self.prefixes(_POOLS)
        order = np.arange(total) - np.searchsorted(owner, owner)
        self.shared: Ints = (prefixes[owner] + order // 200 << 8) + 10 + (order * 3) % 240
        self._first = np.searchsorted(owner, np.arange(_POOLS))
        self._sizes = np.bincount(owner, minlength=_POOLS)
        self.weights = random.dirichlet(np.full(_POOLS, 1.5)) * 0.3 + 0.7 * self._sizes / total
        # Their sum is 1 but for rounding: which of the two a crowd draws by is settled, because last bits count.
        self.normed = self.weights / self.weights.sum()

    def prefixes(self, count: int, *, hosting: bool = False) -> Ints:
        """Prefixes anywhere."""
        middle = self._random.integers(0, 1 << 16, count)
        return (self._random.choice(_HOSTING_BYTES if hosting else _HOME_BYTES, count) << 16) + middle

    def within(self, prefixes: Ints, count: int) -> Ints:
        """Addresses in any of the prefixes."""
        return self._hosts(self._random.choice(prefixes, count))

    def fixed(self, count: int, *, hosting: bool = False) -> Ints:
        """Addresses that somebody has for long, each in a prefix of its own."""
        return self._hosts(self.prefixes(count, hosting=hosting))

    def residential(self, count: int) -> Ints:
        """Home addresses, half of them where genuine homes are too."""
        near = self._random.choice(self.homes, count)
        return self._hosts(np.where(self._random.random(count) < 0.5, near, self.prefixes(count)))

    def mobile(self, pool: Ints) -> Ints:
        """A shared address of each of these pools."""
        which = (self._random.random(len(pool)) * self._sizes[pool]).astype(int)
        ip: Ints = self.shared[self._first[pool] + which]
        return ip

    def _hosts(self, prefixes: Ints) -> Ints:
        ip: Ints = (prefixes << 8) + self._random.integers(2, 254, len(prefixes))
        return ip


def hosting(ip: Ints) -> Bools:
    """Which of the addresses are of hosting."""
    return np.isin(ip >> 24, _HOSTING_BYTES)


def systems(ip: Ints, mobile: Bools) -> Ints:
    """The number of each address's autonomous system."""
    used = np.where(mobile, _of_prefix(ip, _MOBILE_ASN), _of_prefix(ip, _HOME_ASN))
    return np.where(hosting(ip), _of_prefix(ip, _HOSTING_ASN), used)


def _of_prefix(ip: Ints, table: Ints) -> Ints:
    # Neighbours are of one system, others of any.
    place: Ints = ((ip >> 16) * 2654435761 >> 7) % len(table)
    return table[place]
