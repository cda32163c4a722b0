"""Networks of China: mobile carriers behind CGNAT, homes, offices, clouds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.hands.outsider.base import Codes, Ints, Place, mixed

REGIONS = 31
_CARRIER_ASNS = np.array([9808, 4134, 4837])
CARRIER_SHARES = (0.45, 0.33, 0.22)
_OCTETS = np.array([[111, 117, 120, 183, 223], [113, 116, 125, 180, 222], [60, 101, 123, 124, 221]])
_SIX = np.array([0x2409, 0x240E, 0x2408], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Net:
    """Networks of one sort: first octets and their AS numbers."""

    octets: tuple[int, ...]
    asns: tuple[int, ...]
    hosting: bool = False


LINES = Net((113, 116, 123, 180, 222), (4134, 4134, 4837, 4134, 4837))
CAMPUS = Net((202, 210, 211), (4538, 4538, 4538))
CLOUD = Net((8, 39, 43, 47, 121, 139), (37963, 37963, 45090, 37963, 55990, 45090), hosting=True)
ABROAD_CLOUD = Net((45, 104, 159, 51), (20473, 14061, 14061, 16276), hosting=True)
ABROAD = Net((24, 73, 82, 86, 126, 128), (7922, 7922, 5089, 2856, 17676, 786))


class Networks:
    """Where ballots come from. A CGNAT address carries hundreds of voters; 40 % of mobile and 30 % of home ballots come
    over IPv6."""

    def __init__(self, rng: np.random.Generator, ballots: int) -> None:
        self._rng = rng
        shares = rng.dirichlet(np.full(REGIONS, 1.2)) * 0.55
        shares[rng.integers(REGIONS)] += 0.45
        self.regions = shares
        addresses = np.outer(shares, CARRIER_SHARES) * ballots / rng.uniform(400, 1200)
        self._gateways = np.maximum(addresses.astype(np.int64), 1 + rng.integers(3, size=addresses.shape))

    def mobile(self, region: Ints, carrier: Ints) -> Place:
        """A session each over the carrier's network of the region."""
        count = len(region)
        size = self._gateways[region, carrier]
        gateway = (size * self._rng.random(count) ** 1.4).astype(np.int64)
        four = _four(_OCTETS[carrier, region % 5], region * 2 + carrier % 2, 16 + gateway // 200, 20 + gateway % 200)
        low = (np.uint64(0x8900) + region.astype(np.uint64)) << np.uint64(32)
        tail = self._rng.integers(2**32, size=count).astype(np.uint64)
        code = np.where(self._rng.random(count) < 0.4, (_SIX[carrier] << np.uint64(48)) | low | tail, four)
        return Place(code, _CARRIER_ASNS[carrier], np.zeros(count, bool), np.ones(count, bool))

    def home(self, region: Ints, carrier: Ints, house: Codes) -> Place:
        """The lines of households: one address each, for as long as the house's code stays."""
        draw = mixed(house)
        low = (draw & np.uint64(0xFFFF)).astype(np.int64)
        second = 64 + region * 6 + (draw >> np.uint64(16)).astype(np.int64) % 6
        four = _four(_OCTETS[carrier, region % 5], second, low >> 8, 1 + (low & 255) % 253)
        middle = (np.uint64(0x3A00) + region.astype(np.uint64)) << np.uint64(32)
        six = (_SIX[carrier] << np.uint64(48)) | middle | ((draw >> np.uint64(8)) & np.uint64(0xFFFFFFFF))
        code = np.where((draw >> np.uint64(48)) % np.uint64(10) < 3, six, four)
        return Place(code, _CARRIER_ASNS[carrier], np.zeros(len(region), bool), np.zeros(len(region), bool))

    def pool(self, count: int, prefixes: int, hosts: int = 250, net: Net = LINES) -> Place:
        """Addresses out of so many /24s of so many hosts each, unevenly used."""
        octet = self._rng.integers(len(net.octets), size=prefixes)
        second, third, base = self._rng.integers((64, 0, 2), (250, 256, 4 + 250 - min(hosts, 250)), (prefixes, 3)).T
        which = (prefixes * self._rng.random(count) ** 1.2).astype(np.int64)
        last = base[which] + self._rng.integers(min(hosts, 250), size=count)
        code = _four(np.array(net.octets)[octet][which], second[which], third[which], np.minimum(last, 254))
        asn = np.array(net.asns)[octet][which]
        return Place(code, asn, np.full(count, net.hosting), np.zeros(count, bool))


def _four(first: Ints, second: Ints, third: Ints, fourth: Ints) -> Codes:
    code: Codes = ((first << 24) | (second % 256 << 16) | (third % 256 << 8) | fourth % 256).astype(np.uint64)
    return code
