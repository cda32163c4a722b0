"""Networks: homes and mobile pools of the regions, hosting, and abroad. Addresses are IPv4 as numbers."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer.dice import Array, Rng, mix, shifted

REGIONS = 31
TELECOM, UNICOM, MOBILE, EDUCATION = 4134, 4837, 9808, 4538
_HOME_OCTETS = np.array([
    1, 14, 27, 36, 39, 42, 49, 58, 59, 60, 61, 106, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122,
    123, 124, 125, 171, 175, 180, 182, 183, 218, 219, 220, 221, 222, 223,
])  # fmt: skip
_CLOUD_OCTETS = [8, 43, 47, 81, 82, 139, 150, 159, 162]
_CLOUDS = np.array([45090, 37963, 55990, 45102, 16509, 14061, 20473, 58519])
_FAR_OCTETS = [24, 67, 73, 76, 82, 86, 98, 99, 126, 203]
_FAR = np.array([7922, 701, 2856, 4713, 1221, 577, 3320, 9506])
_CHINA_MOBILE = np.array([9808, 56040, 56041, 56042, 56044, 56046, 24400, 24444, 24445])
# Upper halves of the operators' IPv6 addresses.
_SIX = np.array([0x24098900, 0x24088400, 0x240E0400], np.uint64)

# Addresses and the networks they belong to.
Addresses = tuple[Array, Array]


class Networks:
    """Who has which addresses; most voters are of one region or of the whole country."""

    def __init__(self, rng: Rng, ballots: int) -> None:
        self._rng = rng
        self._free = rng.permutation(len(_HOME_OCTETS) * 65_536)[:400_000]
        self._used = 0
        self.regions: Array = rng.dirichlet(np.full(REGIONS, 0.7))
        local = rng.uniform(0.2, 0.85)
        self.regions *= 1 - local
        self.regions[rng.integers(REGIONS)] += local
        self._draw_homes()
        self._draw_pools(ballots * 0.55 * 0.55)
        self._mobile_of = rng.choice(_CHINA_MOBILE, REGIONS)

    def _draw_homes(self) -> None:
        """/24s of each region, each of one operator."""
        counts = np.maximum(40, shifted(self._rng, 4000) * self.regions).astype(int)
        self._home_at = np.concatenate([[0], np.cumsum(counts)])
        self._homes = self.fresh(int(counts.sum()))
        self._home_operator = self._rng.choice(3, len(self._homes), p=[0.45, 0.25, 0.3])

    def _draw_pools(self, voters: float) -> None:
        """Public addresses of each region and operator, behind each of which many phones sit."""
        rng = self._rng
        each = np.exp(rng.uniform(np.log(25), np.log(350)))
        shares = (self.regions[:, None] * rng.dirichlet([5, 2.5, 2.5])[None, :]).ravel()
        sizes = np.maximum(2, np.ceil(shares * voters / each)).astype(int)
        self._pool_at = np.concatenate([[0], np.cumsum(sizes)])
        parts = []
        for size in sizes:
            nets = self.fresh(max(1, int(np.ceil(size / rng.integers(4, 40)))))
            parts.append(rng.choice(nets, size) * 256 + rng.integers(1, 255, size))
        self._pool = np.concatenate(parts)

    def fresh(self, n: int) -> Array:
        """n /24s that nothing else uses, as address >> 8."""
        code = self._free[self._used : self._used + n]
        self._used += n
        made: Array = _HOME_OCTETS[code // 65_536] * 65_536 + code % 65_536
        return made

    def one_net(self, n: int) -> Array:
        """n addresses of a /24 that nothing else uses."""
        made: Array = self.fresh(1)[0] * 256 + self._rng.integers(2, 250, n)
        return made

    def cloud(self, n: int) -> Addresses:
        """n hosting /24s (as address >> 8) and their networks."""
        nets = self._rng.choice(_CLOUD_OCTETS, n) * 65_536 + self._rng.integers(0, 65_536, n)
        return nets, self._rng.choice(_CLOUDS[: max(2, int(self._rng.integers(2, 9)))], n)

    def abroad(self, n: int) -> Addresses:
        """n addresses abroad."""
        nets = self._rng.choice(_FAR_OCTETS, n) * 65_536 + self._rng.integers(0, 65_536, n)
        return nets * 256 + self._rng.integers(1, 255, n), self._rng.choice(_FAR, n)

    def home(self, region: Array, key: Array) -> Addresses:
        """The home address that belongs to a key in a region; the first /24s of a region are fuller."""
        low, high = self._home_at[region], self._home_at[region + 1]
        spot = low + (mix(key, 11) % (high - low).astype(np.uint64)).astype(np.int64)
        spot = np.minimum(spot, low + ((high - low) * (mix(key, 12) % 1000 / 1000.0)).astype(np.int64))
        ip = self._homes[spot] * 256 + 2 + (mix(key, 13) % np.uint64(252)).astype(np.int64)
        return ip, np.array([TELECOM, UNICOM, MOBILE])[self._home_operator[spot]]

    def cell(self, region: Array, operator: Array, key: Array) -> Addresses:
        """The mobile address that a key has now."""
        where = region * 3 + operator
        low, high = self._pool_at[where], self._pool_at[where + 1]
        ip = self._pool[low + (mix(key, 17) % (high - low).astype(np.uint64)).astype(np.int64)]
        other = np.where(operator == 1, UNICOM, TELECOM)
        return ip, np.where(operator == 0, self._mobile_of[region], other)

    def six(self, region: Array, operator: Array, moving: Array, tail: Array) -> Array:
        """Upper halves of IPv6 addresses; `tail` tells a home or a phone."""
        head = _SIX[operator] + np.where(moving, 0, 0x100).astype(np.uint64) + region.astype(np.uint64)
        made: Array = (head << np.uint64(32)) | (tail & np.uint64(0xFFFFFFFF))
        return made

    def _anywhere(self, n: int) -> Array:
        return self._rng.choice(REGIONS, n, p=0.5 * self.regions + 0.5 / REGIONS)

    def residential(self, n: int, known: float = 0.6) -> Addresses:
        """Residential proxies: addresses of homes all over the country, a share of them in /24s where people vote."""
        rng = self._rng
        region = self._anywhere(n)
        ip, asn = self.home(region, rng.integers(1 << 60, size=n))
        strange = rng.random(n) > known
        nets = self.fresh(max(1, min(6000, n // 2)))
        ip[strange] = rng.choice(nets, strange.sum()) * 256 + rng.integers(2, 254, strange.sum())
        return ip, asn

    def handsets(self, n: int) -> Addresses:
        """Addresses of mobile pools all over the country."""
        region = self._anywhere(n)
        operator = self._rng.choice(3, n, p=[0.5, 0.25, 0.25])
        return self.cell(region, operator, self._rng.integers(1 << 60, size=n))
