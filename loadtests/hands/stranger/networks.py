"""Addresses of carriers, home lines, sites and hosts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.hands.stranger.dice import Bools, Floats, Ints, Rng, chance, numbers, pick, same
from loadtests.hands.stranger.rows import Lines

REGIONS, CARRIERS = 31, 3
_HOMES = 6
# China Mobile, China Unicom, China Telecom.
_ASN = np.array([9808, 4837, 4134])
_PROVINCIAL = ((56040, 56041, 56044, 56046, 9808, 24400), (4837, 4808, 17621, 17816), (4134, 4134, 4812, 134774))
_FIRST = (
    (111, 112, 117, 120, 183, 218, 223),
    (60, 61, 112, 119, 123, 124, 221),
    (58, 113, 114, 115, 182, 219, 222),
)
_SIX_MOBILE = (0x2409_8900 << 32, 0x2408_8400 << 32, 0x240E_0400 << 32)
_SIX_HOME = (0x2409_8A00 << 32, 0x2408_8200 << 32, 0x240E_0300 << 32)
_CLOUDS = ((37963, 47), (37963, 8), (45090, 43), (45090, 81), (45090, 1), (55990, 139), (38365, 106))
_ABROAD = ((14061, 167), (20473, 45), (16509, 54), (16276, 51), (24940, 65), (63949, 172))
_FOREIGN = ((7922, 73), (7018, 99), (2856, 86), (4713, 153), (3320, 91), (1221, 101), (4766, 175), (812, 99))
_CERNET = 4538


def plain(low: Ints, asn: Ints, hosting: Ints | None = None) -> Lines:
    """Lines with IPv4 addresses."""
    zeros = np.zeros(len(low), np.int64)
    return Lines(zeros.astype(np.uint64), low.astype(np.uint64), asn, zeros if hosting is None else hosting)


def _words(rng: Rng, size: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """The lower half of IPv6 addresses with privacy extensions."""
    return rng.integers(1 << 40, 1 << 63, size, dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Networks:
    """The networks from which a contest's voters come."""

    regions: Floats
    carriers: Floats
    exits: Ints
    first_exit: Ints
    exit_count: Ints
    blocks: Ints
    asn: Ints
    coverage: float

    def region(self, rng: Rng, size: int) -> Ints:
        """Where voters live."""
        return pick(rng, self.regions, size)

    def carrier(self, rng: Rng, size: int) -> Ints:
        """Whose customers they are."""
        return pick(rng, self.carriers, size)

    def mobile(self, rng: Rng, region: Ints, carrier: Ints, six: Bools) -> Lines:
        """A mobile session: one of the region's shared exits, or an IPv6 network of its own."""
        size, cell = len(region), region * CARRIERS + carrier
        nth = (self.exit_count[cell] * rng.random(size) ** 1.4).astype(np.int64)
        low = self.exits[self.first_exit[cell] + nth].astype(np.uint64)
        prefix = np.array(_SIX_MOBILE, np.uint64)[carrier] + (region.astype(np.uint64) << np.uint64(28))
        high = prefix + rng.integers(0, 1 << 24, size, dtype=np.uint64)
        zero = np.zeros(size, np.uint64)
        return Lines(np.where(six, high, zero), np.where(six, _words(rng, size), low), self.asn[cell], same(0, size))

    def homes(self, rng: Rng, region: Ints, carrier: Ints, six: Bools, area: Ints | None = None) -> Lines:
        """Home lines; `area` confines them to /24 networks of the region."""
        size, cell = len(region), region * CARRIERS + carrier
        block = self.blocks[cell * _HOMES + numbers(rng, 0, _HOMES, size)]
        host = numbers(rng, 0, 1 << 14, size)
        if area is not None:
            block, host = self.blocks[cell * _HOMES], (area % 64) * 256 + numbers(rng, 1, 255, size)
        prefix = np.array(_SIX_HOME, np.uint64)[carrier] + (region.astype(np.uint64) << np.uint64(28))
        site = numbers(rng, 0, 1 << 20, size)
        if area is not None:
            site = (area % 64) * 2048 + site % 2048
        high = prefix + (site.astype(np.uint64) << np.uint64(4))
        zero = np.zeros(size, np.uint64)
        low = np.where(six, _words(rng, size), (block + host).astype(np.uint64))
        return Lines(np.where(six, high, zero), low, self.asn[cell], same(0, size))

    def residential(self, rng: Rng, size: int, six: float = 0.0) -> Lines:
        """Home lines all over the country, as proxy networks rent them; less where the voters live."""
        region = pick(rng, np.sqrt(self.regions) + 0.05, size)
        return self.homes(rng, region, self.carrier(rng, size), chance(rng, six, size))

    def dialled(self, rng: Rng, blocks: int, size: int) -> Lines:
        """Second-dial ADSL: every call another address of a few /24s of one or two cities."""
        region, carrier = numbers(rng, 0, REGIONS, 2), int(rng.choice([1, 2]))
        bases = self.blocks[(region[numbers(rng, 0, 2, blocks)] * CARRIERS + carrier) * _HOMES + 1]
        bases = bases + numbers(rng, 0, 64, blocks) * 256
        used = pick(rng, rng.exponential(1, blocks) + 0.3, size)
        return plain(bases[used] + numbers(rng, 1, 255, size), same(int(_ASN[carrier]), size))

    def hosts(self, rng: Rng, blocks: int, size: int, abroad: float = 0.3, each: int = 250) -> Lines:
        """Addresses of `blocks` /24s of hosting companies, `each` in a block; lists do not know all of them."""
        kinds = [(_ABROAD if rng.random() < abroad else _CLOUDS)[int(rng.integers(6))] for _ in range(blocks)]
        base = np.array([first << 24 for _, first in kinds]) + numbers(rng, 64, 65_000, blocks) * 256
        known = np.where(rng.random(blocks) < self.coverage, 1, np.where(rng.random(blocks) < 0.5, 0, -1))
        used = numbers(rng, 0, blocks, size)
        low = base[used] + 1 + (numbers(rng, 0, each, size) * 7 + used * 31) % 253
        return plain(low, np.array([asn for asn, _ in kinds])[used], known[used])

    def site(self, rng: Rng, count: int, school: bool = False) -> Lines:
        """The few public addresses of one organisation."""
        cell = int(pick(rng, self.regions, 1)[0]) * CARRIERS + int(rng.choice([1, 2]))
        base = int(self.blocks[cell * _HOMES + 2]) + int(rng.integers(64)) * 256 + int(rng.integers(200))
        asn = int(self.asn[cell])
        if school and rng.random() < 0.7:
            base, asn = (202 << 24) + int(rng.integers(64, 60_000)) * 256 + int(rng.integers(200)), _CERNET
        return plain(base + np.arange(count), same(asn, count))

    def foreign(self, rng: Rng, size: int) -> Lines:
        """Home lines and phones abroad."""
        which = pick(rng, np.arange(len(_FOREIGN), 0, -1), size)
        asn, first = np.array(_FOREIGN)[which].T
        return plain((first << 24) + numbers(rng, 1 << 16, 1 << 24, size), asn)


def draw_networks(rng: Rng, mobile_ballots: float) -> Networks:
    """A national or a provincial contest, and how many exits its mobile voters share."""
    regions = rng.dirichlet(np.full(REGIONS, float(np.exp(rng.uniform(np.log(0.15), np.log(2.5))))))
    carriers = rng.dirichlet(np.array([25.0, 10.0, 15.0]))
    share = np.outer(regions, carriers).ravel()
    total = mobile_ballots / np.exp(rng.uniform(np.log(40), np.log(600)))
    count = np.maximum(1 + rng.poisson(1, share.size), np.round(share * total)).astype(np.int64)
    which = np.repeat(np.arange(share.size), count)
    base = _bases(rng, share.size)
    exits = base[which] + numbers(rng, 0, 4, len(which)) * 256 + numbers(rng, 1, 255, len(which))
    asn = np.array([_PROVINCIAL[i % CARRIERS][int(rng.integers(4))] for i in range(share.size)])
    blocks = np.repeat(_bases(rng, share.size), _HOMES) + np.tile(np.arange(_HOMES), share.size) * (1 << 14) + (1 << 16)
    first = np.cumsum(count) - count
    return Networks(regions, carriers, exits, first, count, blocks, asn, float(rng.uniform(0.75, 0.99)))


def _bases(rng: Rng, cells: int) -> Ints:
    """A /14 for every region and carrier."""
    first = np.array([_FIRST[i % CARRIERS][int(rng.integers(7))] for i in range(cells)])
    return (first << 24) + numbers(rng, 0, 62, cells) * (1 << 18) + numbers(rng, 0, 4, cells) * 4096
