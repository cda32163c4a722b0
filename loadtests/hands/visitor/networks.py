"""Where ballots come from: mobile carriers' shared addresses, homes, organisations, hosting and abroad."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PLACES = 31
_FIRST = np.array([36, 39, 58, 60, 101, 106, 111, 112, 113, 114, 115, 117, 119, 120, 121, 122, 123, 125, 171, 175, 182])
_MOBILE_ASN, _HOME_ASN = np.array([9808, 4837, 4134]), np.array([56040, 4837, 4134])
_MOBILE6 = np.array([0x24098900, 0x24088400, 0x240E0400])
_HOME6 = np.array([0x24098A00, 0x24088200, 0x240E0300])
_HOSTS = ((47, 37963), (43, 45090), (8, 45102), (139, 55990), (103, 135377), (45, 20473))
_ABROAD = ((73, 7922), (99, 7018), (60, 4713), (175, 9506), (86, 2856), (49, 4766), (24, 812), (110, 7545))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Of each ballot or person: `net` is the IPv4 address, or the upper half of the IPv6 one whose lower half is
    `host` (0 for IPv4); `cell` says whether it is a mobile carrier's."""

    net: Ints
    host: Ints
    asn: Ints
    hosting: Bools
    cell: Bools

    def take(self, index: Ints) -> Addresses:
        """Those at the given places."""
        net, host, asn = self.net[index], self.host[index], self.asn[index]
        return Addresses(net, host, asn, self.hosting[index], self.cell[index])

    def unless(self, mask: Bools, other: Addresses) -> Addresses:
        """These, but the other's where the mask is set."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__slots__)
        return Addresses(*(np.where(mask, theirs, ours) for ours, theirs in pairs))


def _plain(net: Ints, asn: Ints, *, hosting: bool = False) -> Addresses:
    size = len(net)
    return Addresses(net, np.zeros(size, np.int64), asn, np.full(size, hosting), np.zeros(size, np.bool_))


class Networks:
    """Draws addresses; `crowding` is the number of shared addresses of a carrier in one province."""

    def __init__(self, rng: np.random.Generator, crowding: int) -> None:
        self._rng, self._crowding = rng, crowding

    def mobile(self, place: Ints, carrier: Ints, six: Bools, narrow: int | None = None) -> Addresses:
        """Carrier-grade NAT: few addresses, some much busier; `narrow` is a town with its own handful of them.
        With IPv6 every session has a /64 of its own."""
        size = len(place)
        spot = (self._crowding * self._rng.random(size) ** 1.6).astype(np.int64)
        if narrow is not None:
            spot = 5000 + narrow * 8 + (6 * self._rng.random(size) ** 1.4).astype(np.int64)
        four = _block(place, carrier, 9) + (spot // 200 * 7 % 256) * 256 + 3 + spot % 200
        wide = (_MOBILE6[carrier] + place) << 32 | self._rng.integers(1 << 32, size=size)
        host = np.where(six, self._rng.integers(1 << 40, 1 << 62, size), 0)
        none = np.zeros(size, np.bool_)
        return Addresses(np.where(six, wide, four), host, _MOBILE_ASN[carrier], none, ~none)

    def home(self, place: Ints, carrier: Ints, six: Bools, narrow: int | None = None) -> Addresses:
        """Fixed lines; about one person in eight shares that of the person before."""
        size = len(place)
        third = self._rng.integers(256, size=size)
        if narrow is not None:
            third = (narrow * 5 + self._rng.integers(4, size=size)) % 256
        four = _block(place, carrier, self._rng.integers(4, size=size)) + third * 256 + self._rng.integers(2, 254, size)
        wide = (_HOME6[carrier] + place) << 32 | self._rng.integers(1 << 32, size=size)
        same = np.arange(size) - (self._rng.random(size) < 0.12)
        same[0] = 0
        host = np.where(six, self._rng.integers(1 << 40, 1 << 62, size), 0)
        none = np.zeros(size, np.bool_)
        drawn = Addresses(np.where(six, wide, four), host, _HOME_ASN[carrier], none, none)
        return drawn.take(same)

    def residential(self, size: int) -> Addresses:
        """Homes all over the country, as a proxy seller has them."""
        place, carrier = self._rng.integers(PLACES, size=size), self._rng.integers(3, size=size)
        return self.home(place, carrier, self._rng.random(size) < 0.1)

    def site(self, size: int, place: int) -> Addresses:
        """The exits of one organisation: neighbouring addresses of a business line."""
        at, carrier = np.full(size, place), np.full(size, self._rng.integers(3))
        base = int(_block(at[:1], carrier[:1], 5)[0]) + int(self._rng.integers(256)) * 256
        return _plain(base + int(self._rng.integers(2, 200)) + np.arange(size), _HOME_ASN[carrier])

    def pool(self, size: int, ranges: int) -> Addresses:
        """A dial-up pool: homes out of as many /24 as `ranges`."""
        starts = self.residential(ranges)
        four = np.where(starts.host > 0, (36 << 24) + self._rng.integers(1 << 22, size=ranges), starts.net) & ~255
        pick = self._rng.integers(ranges, size=size)
        return _plain(four[pick] + self._rng.integers(2, 254, size), starts.asn[pick])

    def hosted(self, size: int, ranges: int) -> Addresses:
        """Addresses of hosting companies out of as many /24 as `ranges`."""
        which = np.array(_HOSTS)[self._rng.integers(len(_HOSTS), size=ranges)]
        base = (which[:, 0] << 24) + (self._rng.integers(1 << 16, size=ranges) << 8)
        pick = self._rng.integers(ranges, size=size)
        return _plain(base[pick] + self._rng.integers(2, 254, size), which[pick, 1], hosting=True)

    def abroad(self, size: int) -> Addresses:
        """Homes in other countries."""
        which = np.array(_ABROAD)[self._rng.integers(len(_ABROAD), size=size)]
        return _plain((which[:, 0] << 24) + self._rng.integers(1 << 24, size=size), which[:, 1])


def _block(place: Ints, carrier: Ints, part: Ints | int) -> Ints:
    """The /16 of a carrier's part in a province."""
    first = _FIRST[(place * 3 + carrier) % len(_FIRST)]
    made: Ints = (first << 24) + ((place * 53 + carrier * 17 + np.asarray(part) * 29) % 256 << 16)
    return made


def texts(net: Ints, host: Ints) -> pl.Series:
    """The addresses as texts."""
    bytes_ = pl.Series([str(each) for each in range(256)])
    words = pl.Series([f"{each:x}" for each in range(65536)])
    four = [bytes_.gather(net >> shift & 255) for shift in (24, 16, 8, 0)]
    six = [words.gather(half >> shift & 65535) for half in (net, host) for shift in (48, 32, 16, 0)]
    made = pl.select(
        pl.when(pl.Series(host > 0))
        .then(pl.concat_str(six, separator=":"))
        .otherwise(pl.concat_str(four, separator="."))
    )
    return made.to_series()
