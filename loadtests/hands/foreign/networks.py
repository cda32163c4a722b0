"""Addresses: carriers' shared ones, homes, offices, hosting, and abroad."""

from __future__ import annotations

import numpy as np

from loadtests.hands.foreign.rows import NOTHING, Addresses, Floats, Ints

_HOME_OCTETS = (36, 42, 49, 58, 60, 61, 101, 106, 110, 113, 114, 115, 116, 119, 121, 122, 123, 124, 125, 171, 175, 180)
_MOBILE_OCTETS = (39, 111, 112, 117, 120, 183, 211, 218, 221, 223)
_HOSTING_OCTETS = (8, 43, 47, 81, 82, 118, 139, 159, 162, 129)
_FOREIGN_OCTETS = (27, 41, 103, 105, 176, 179, 185, 188, 190, 202)
_HOME_ASN, _MOBILE_ASN = (4134, 4837, 4812, 17621, 4808, 9808), (9808, 56040, 56046, 56047, 4134, 4837)
_MOBILE_SHARE = (0.3, 0.1, 0.1, 0.1, 0.22, 0.18)
_HOSTING_ASN = (37963, 45090, 55990, 132203, 16509, 14061, 24940, 63949)
_FOREIGN_ASN = (24560, 45245, 7713, 23674, 36947, 12389)


class Grouped:
    """Draws from one distribution for each group."""

    def __init__(self, random: np.random.Generator, weights: Floats) -> None:
        self._random, self._width = random, weights.shape[1]
        sums = np.cumsum(weights, axis=1)
        self._sums = (sums / sums[:, -1:] + np.arange(len(weights))[:, None]).ravel()

    def draw(self, groups: Ints) -> Ints:
        """For each group a number of its distribution."""
        sums = groups + self._random.random(len(groups))
        found: Ints = np.searchsorted(self._sums, sums, "right") - groups * self._width
        return np.clip(found, 0, self._width - 1)


class Networks:
    """The networks of a country of some cities; `users` is about how many people will come over mobile networks."""

    def __init__(self, random: np.random.Generator, users: float) -> None:
        self._random = random
        self.cities = int(random.integers(8, 31))
        self.share = random.dirichlet(np.full(self.cities, 1.2))
        self._v6_mobile, self._v6_home = random.uniform(0, 0.25), random.uniform(0, 0.3)
        self._pairs: dict[tuple[int, ...], Ints] = {
            octets: random.permutation(np.add.outer(np.array(octets) << 8, np.arange(256)).ravel())
            for octets in (_HOME_OCTETS, _MOBILE_OCTETS, _HOSTING_OCTETS, _FOREIGN_OCTETS)
        }
        self._homes = self._blocks(_HOME_OCTETS, self.cities * 5).reshape(self.cities, 5)
        self._home_asn = random.choice(_HOME_ASN, (self.cities, 5))
        self._carriers(users)

    def _blocks(self, octets: tuple[int, ...], count: int) -> Ints:
        """/16 blocks that nobody else has, as numbers of 16 bits."""
        left = self._pairs[octets]
        self._pairs[octets] = left[count:] if len(left) > 2 * count else np.roll(left, -count)
        return left[:count].astype(np.int64)

    def _carriers(self, users: float) -> None:
        """Each city has some addresses that hundreds or thousands of mobile users share."""
        random = self._random
        crowd = np.exp(random.uniform(np.log(250), np.log(2000)))
        most = 40
        wanted = np.clip(np.ceil(self.share * users / crowd), 2, most).astype(np.int64)
        nets = self._blocks(_MOBILE_OCTETS, self.cities)
        thirds = random.integers(0, 256, (self.cities, 4))
        which = random.integers(0, 4, (self.cities, most))
        rows = np.arange(self.cities)[:, None]
        self._pool = (nets[:, None] << 16) | (thirds[rows, which] << 8) | random.integers(1, 255, (self.cities, most))
        self._pool_asn = random.choice(_MOBILE_ASN, (self.cities, most), p=_MOBILE_SHARE)
        weights = random.gamma(1.5, 1, (self.cities, most)) * (np.arange(most) < wanted[:, None])
        self._pick = Grouped(random, weights)

    def some_cities(self, count: int) -> Ints:
        """Cities by their size."""
        return self._random.choice(self.cities, count, p=self.share)

    def mobile(self, cities: Ints) -> Addresses:
        """Carriers' addresses, drawn anew for each."""
        count, pick = len(cities), self._pick.draw(cities)
        asn = self._pool_asn[cities, pick]
        found = _plain(self._pool[cities, pick], asn, self._random.choice([1, 2], count, p=[0.7, 0.3]))
        six = self._random.random(count) < self._v6_mobile
        # A phone has a /64 of its own for as long as it stays connected.
        block = self._random.integers(0, 1 << 24, count)
        found.high = np.where(six, (0x2409 << 48) | (0x8900 << 32) | (cities << 24) | block, found.high)
        found.low = np.where(six, self._random.integers(1, 1 << 62, count), found.low)
        return found

    def home(self, cities: Ints) -> Addresses:
        """A home connection for each."""
        count = len(cities)
        pick = self._random.integers(0, 5, count)
        low = (self._homes[cities, pick] << 16) | self._random.integers(1, 1 << 16, count)
        found = _plain(low, self._home_asn[cities, pick], np.zeros(count, np.int64))
        six = self._random.random(count) < self._v6_home
        block = self._random.integers(0, 1 << 24, count)
        found.high = np.where(six, (0x240E << 48) | (0x0300 << 32) | (cities << 24) | block, found.high)
        found.low = np.where(six, self._random.integers(1, 1 << 62, count), found.low)
        return found

    def nets(self, city: int, count: int, size: int = 254) -> Addresses:
        """All `size` addresses of so many /24 networks of homes and firms in one city."""
        pick = self._random.integers(0, 5, count)
        base = (self._homes[city, pick] << 16) | (self._random.integers(0, 256, count) << 8)
        hosts = self._random.permutation(254)[:size] + 1
        low = (base[:, None] | hosts[None, :]).ravel()
        return _plain(low, np.repeat(self._home_asn[city, pick], size), np.zeros(len(low), np.int64))

    def office(self, city: int, count: int) -> Addresses:
        """So many addresses next to each other that a firm or a school shares."""
        base = int(self._homes[city, 0] << 16) | int(self._random.integers(0, 256) << 8)
        low = base + int(self._random.integers(1, 240)) + np.arange(count)
        return _plain(low, np.full(count, self._home_asn[city, 0]), np.zeros(count, np.int64))

    def hosting(self, count: int, size: int) -> Addresses:
        """`size` addresses of each of so many /24 networks in datacentres; not all are known as such."""
        random = self._random
        base = (self._blocks(_HOSTING_OCTETS, count) << 16) | (random.integers(0, 256, count) << 8)
        low = (base[:, None] | (random.permutation(254)[:size] + 1)).ravel()
        asn = np.repeat(random.choice(_HOSTING_ASN, count), size)
        found = _plain(low, asn, np.zeros(len(low), np.int64))
        found.hosting = np.repeat(random.choice([1, 0, NOTHING], count, p=[0.86, 0.07, 0.07]), size)
        return found

    def abroad(self, count: int, nets: int = 40) -> Addresses:
        """Addresses of other countries' carriers and homes, in so many /16 networks."""
        blocks = self._blocks(_FOREIGN_OCTETS, nets)
        asn = self._random.choice(_FOREIGN_ASN, nets)
        pick = self._random.integers(0, nets, count)
        low = (blocks[pick] << 16) | self._random.integers(1, 1 << 16, count)
        return _plain(low, asn[pick], self._random.choice([0, 1, 2], count))

    def six(self, sites: int, count: int, *, hosting: bool) -> Addresses:
        """Every time another IPv6 address, out of so many /48 networks."""
        random = self._random
        prefix = (0x240E if not hosting else 0x2408) << 48 | random.integers(0, 1 << 32, sites) << 16
        asn = random.choice(_HOSTING_ASN if hosting else _HOME_ASN, sites)
        pick = random.integers(0, sites, count)
        found = _plain(random.integers(1, 1 << 62, count), asn[pick], np.zeros(count, np.int64))
        found.high = prefix[pick] | random.integers(0, 1 << 16, count)
        found.hosting = np.full(count, int(hosting))
        return found


def _plain(low: Ints, asn: Ints, air: Ints) -> Addresses:
    nothing = np.zeros(len(low), np.int64)
    return Addresses(nothing, low.astype(np.int64), asn.astype(np.int64), nothing.copy(), air.astype(np.int64))
