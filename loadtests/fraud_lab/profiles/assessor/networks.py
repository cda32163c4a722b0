"""Access networks: cities with three carriers each, their shared mobile addresses and homes, and hosting."""

from __future__ import annotations

import numpy as np

from loadtests.fraud_lab.profiles.assessor.base import Addresses, Floats, Ints, Keys, People, mix, unit

CITIES, CARRIERS, RACKS, FOREIGN = 36, 3, 14, 10
_ASNS = ((9808, 56040, 56041, 56046, 24400), (4837, 4808, 17621), (4134, 4812, 23650))
_HOSTING = (37963, 45090, 55990, 16509, 14061, 63949, 132203)
_ABROAD = (7922, 7018, 812, 4713, 4760, 4766, 1221, 2856)
_OCTETS = (27, 36, 39, 42, 49, 58, 59, 60, 61, 101, 106, *range(110, 126), 171, 175, 180, 182, 183, *range(218, 224))
_PREFIXES = (0x24098000, 0x24088000, 0x240E0000)


class Networks:
    """Each line (a city's carrier) has a /16 of homes, a /16 of which few addresses are shared by its mobile users,
    and IPv6 prefixes; how many mobile users share an address grows with the contest."""

    def __init__(self, rng: np.random.Generator, ballots: int) -> None:
        lines = CITIES * CARRIERS
        octets = np.repeat(np.array(_OCTETS), 256) * 256 + np.tile(np.arange(256), len(_OCTETS))
        blocks = rng.choice(octets, 2 * lines + RACKS + FOREIGN, replace=False).astype(np.int64) << 16
        self._mobile, self._homes = blocks[:lines], blocks[lines : 2 * lines]
        self._racks, self._foreign = blocks[2 * lines : 2 * lines + RACKS], blocks[2 * lines + RACKS :]
        self._asn = np.array([rng.choice(_ASNS[each % CARRIERS]) for each in range(lines)])
        self._rack_asn = rng.choice(_HOSTING, RACKS)
        cities = np.arange(1, CITIES + 1) ** -float(rng.uniform(0.8, 1.2))
        carriers = rng.dirichlet((22.0, 9.0, 13.0))
        self.weights: Floats = np.outer(cities / cities.sum(), carriers).ravel()
        shared = (ballots / 200_000) ** 0.6 * rng.uniform(300, 1500)
        self._shared = np.maximum(2, shared * self.weights).astype(np.int64)
        self._v6_mobile, self._v6_home = rng.uniform(0.1, 0.45), rng.uniform(0.05, 0.3)

    def lines(self, rng: np.random.Generator, n: int, breadth: float = 1.0) -> Ints:
        """`n` lines: of the contest's region by the public's weights, of the whole country for a `breadth` of 0.2."""
        weights = self.weights**breadth
        return rng.choice(len(weights), n, p=weights / weights.sum())

    def mobile(self, rng: np.random.Generator, people: People) -> Addresses:
        """Mobile networks: an address shared with many, or a network of one's own with IPv6."""
        n, line = len(people.id), people.line
        place = self._mobile[line] + (self._shared[line] * rng.random(n) ** 1.4).astype(np.int64) % 16000 + 256
        wide = unit(people.id, 71) < self._v6_mobile
        net = self._net(line, rng.integers(0, 1 << 28, n) + (1 << 28))
        host = np.where(wide, rng.integers(1, 1 << 62, n), place)
        return self._addresses(np.where(wide, net, 0), host, line, wifi=False)

    def home(self, people: People, day: Ints) -> Addresses:
        """Home networks: one address a household; half the homes get a new one every day."""
        key = mix(people.home * 16 + np.where(unit(people.home, 72) < 0.5, day % 16, 0), 73)
        wide = unit(people.home, 74) < self._v6_home
        place = self._homes[people.line] + (key & np.uint64(0xFFFF)).astype(np.int64)
        net = self._net(people.line, (key >> np.uint64(40)).astype(np.int64) << 4)
        host = (mix(people.id * 16 + day % 16, 75) >> np.uint64(2)).astype(np.int64)
        return self._addresses(np.where(wide, net, 0), np.where(wide, host, place), people.line, wifi=True)

    def usual(self, rng: np.random.Generator, people: People, day: Ints, mobile: Floats) -> Addresses:
        """At home, or with this probability on the mobile network."""
        away = rng.random(len(day)) < mobile
        return self.mobile(rng, people).where(away, self.home(people, day))

    def fixed(self, rng: np.random.Generator, line: int, addresses: int, n: int) -> Addresses:
        """`n` ballots from a site's few neighbouring addresses of this line."""
        places = self._homes[line] + int(rng.integers(1 << 16 - 3)) * 8 + np.arange(addresses)
        lines = np.full(n, line)
        return self._addresses(np.zeros(n, np.int64), rng.choice(places, n), lines, wifi=True)

    def subnets(self, rng: np.random.Generator, lines: Ints, each: int, n: int) -> Addresses:
        """`n` ballots from random addresses of `each` /24s of these lines' homes."""
        subnets = rng.integers(0, 256, (len(lines), each))
        which, place = rng.integers(len(lines), size=n), rng.integers(each, size=n)
        host = self._homes[lines[which]] + subnets[which, place] * 256 + rng.integers(1, 255, n)
        return self._addresses(np.zeros(n, np.int64), host, lines[which], wifi=True)

    def hosted(self, rng: np.random.Generator, subnets: int, n: int, addresses: int = 254) -> Addresses:
        """`n` ballots from some /24s of hosting companies."""
        racks = rng.integers(RACKS, size=subnets)
        nets = self._racks[racks] + rng.integers(0, 256, subnets) * 256
        which = rng.integers(subnets, size=n)
        host = (nets[which] + rng.integers(1, addresses + 1, n)).astype(np.uint64)
        known = np.ones(n, np.bool_)
        return Addresses(np.zeros(n, np.uint64), host, self._rack_asn[racks][which], known, known)

    def abroad(self, people: People) -> Addresses:
        """Homes in other countries."""
        block = people.home % FOREIGN
        host = self._foreign[block].astype(np.uint64) + (mix(people.home, 76) & np.uint64(0xFFFF))
        asn = np.array(_ABROAD)[block % len(_ABROAD)]
        return Addresses(np.zeros_like(host), host, asn, np.zeros(len(host), np.bool_), np.ones(len(host), np.bool_))

    @staticmethod
    def _net(line: Ints, site: Ints) -> Ints:
        """The upper half of an IPv6 address: a /32 of the line, and the site."""
        return (np.array(_PREFIXES)[line % CARRIERS] + line // CARRIERS) << 32 | site

    def _addresses(self, net: Ints, host: Ints, line: Ints, *, wifi: bool) -> Addresses:
        n = len(line)
        keys: tuple[Keys, Keys] = (net.astype(np.uint64), host.astype(np.uint64))
        return Addresses(*keys, self._asn[line], np.zeros(n, np.bool_), np.full(n, wifi))
