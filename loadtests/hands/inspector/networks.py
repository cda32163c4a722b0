"""Addresses: carriers' NAT, homes, firms, data centres, proxies."""

from __future__ import annotations

import numpy as np

from loadtests.hands.inspector.clock import Flags, Generator, Ints

REGIONS = 14
# Of the three carriers: networks, IPv6 heads, shares.
_ASNS = np.array([[9808, 56040, 56041, 56046], [4134, 4134, 4812, 58466], [4837, 4837, 4808, 17621]])
_HEADS, _SHARES = np.array([0x2409, 0x240E, 0x2408]), np.array([0.5, 0.28, 0.22])
_MOBILE = (36, 39, 111, 112, 117, 120, 183, 223)
_HOME = (27, 49, 58, 60, 61, 113, 114, 115, 116, 121, 122, 123, 124, 125, 171, 180, 182, 218, 219, 221)
_FIRM = (202, 210, 211, 119)
_HOST = ((37963, 47), (45090, 129), (55990, 139), (14061, 165), (16509, 54), (16276, 51), (9009, 146), (20473, 45))
_ABROAD = ((7922, 73), (701, 100), (2856, 86), (4713, 153), (812, 99), (3320, 87), (7545, 14))


class Networks:
    """Fourteen regions of unequal size, each with three carriers: a mobile NAT pool of some hundreds of voters an
    address, and /24s of homes with some 25 voting households each; a share `six` of the public comes by IPv6."""

    def __init__(self, rng: Generator, ballots: int) -> None:
        self._rng, self.six = rng, float(rng.uniform(0.08, 0.25))
        self._weights = rng.dirichlet(np.full(REGIONS, 0.9)) * 0.9 + 0.1 / REGIONS
        cells = np.outer(self._weights, _SHARES).ravel()
        self._pool = self._blocks(_MOBILE, len(cells)) + 2
        self._size = np.clip(ballots * 0.4 * cells / rng.uniform(150, 900, len(cells)), 2, 250)
        self._count = np.clip(ballots * 0.25 * cells / 25, 3, 4000).astype(np.int64)
        self._begin = np.cumsum(self._count) - self._count
        self._home = self._blocks(_HOME, int(self._count.sum()))
        self._asn = _ASNS[np.arange(len(cells)) % 3, rng.integers(0, 4, len(cells))]

    def regions(self, n: int) -> Ints:
        """Where people live."""
        return self._rng.choice(REGIONS, n, p=self._weights)

    def cells(self, region: Ints) -> Ints:
        """A carrier in each region, as one number."""
        return region * 3 + self._rng.choice(3, len(region), p=_SHARES)

    def mobile(self, cell: Ints, six: Flags | None = None) -> tuple[Ints, Ints]:
        """A phone's address of this session: the pool's NAT, or a /64 of its own where `six`."""
        return self._either(self._pool[cell] + (self._rng.random(len(cell)) * self._size[cell]).astype(int), cell, six)

    def homes(self, cell: Ints, six: Flags | None = None) -> tuple[Ints, Ints]:
        """A household's address."""
        block = self._begin[cell] + (self._rng.random(len(cell)) ** 1.4 * self._count[cell]).astype(np.int64)
        return self._either(self._home[block] + self._rng.integers(1, 255, len(cell)), cell, six)

    def firms(self, n: int, region: int) -> tuple[Ints, Ints]:
        """Neighbouring addresses of one leased line."""
        base = self._blocks(_FIRM, 1) + self._rng.integers(2, 200)
        return base + np.arange(n), np.full(n, self._asn[region * 3 + 1])

    def hosts(self, n: int, *, abroad: bool = False) -> tuple[Ints, Ints]:
        """/24s of data centres, or of homes in other countries."""
        asn, octet = np.array(_ABROAD if abroad else _HOST).T
        place = self._rng.integers(0, len(asn), n)
        return (octet[place] << 24) + (self._rng.permutation(65_536)[:n] << 8), asn[place]

    def exits(self, n: int) -> tuple[Ints, Ints]:
        """Residential proxies: a home each, some of them phones, from anywhere in the country."""
        cell, kind = self._rng.integers(0, REGIONS * 3, n), self._rng.random(n)
        other = self._blocks(_HOME, n) + self._rng.integers(1, 255, n)
        near = np.where(kind < 0.6, self.homes(cell)[0], other)
        return np.where(kind < 0.15, self.mobile(cell)[0], near), self._asn[cell]

    def dialled(self, n: int) -> tuple[Ints, Ints]:
        """/24s of one or two cities' home lines that dial anew for each use."""
        cell = self._rng.integers(0, REGIONS, 2)[self._rng.integers(0, 2, n)] * 3 + 1
        return self._blocks(_HOME, n), self._asn[cell]

    def _blocks(self, octets: tuple[int, ...], n: int) -> Ints:
        return (self._rng.choice(octets, n) << 24) + (self._rng.permutation(65_536)[np.arange(n) % 65_536] << 8)

    def _either(self, ip: Ints, cell: Ints, six: Flags | None) -> tuple[Ints, Ints]:
        wide = (_HEADS[cell % 3] << 48) + (0x8000 + cell << 32) + self._rng.integers(1 << 32, size=len(cell))
        return np.where(False if six is None else six, wide, ip), self._asn[cell]
