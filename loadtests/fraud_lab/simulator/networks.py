"""Networks: provinces and carriers with their pools of addresses, hosting blocks, and fixed addresses of places."""

from __future__ import annotations

import numpy as np

from loadtests.fraud_lab.simulator.batch import NOTHING, Addresses, Bools, Floats, Ints

PROVINCES = 31
CARRIERS = 3
# Telecom, Unicom, Mobile: the backbone's number, those of provinces, and the head of their IPv6 space.
_BACKBONES = (4134, 4837, 9808)
_PROVINCIAL = ((4134, 4812, 4809, 23650, 134756), (4837, 4808, 17621, 17622, 17816), (9808, 56040, 56041, 56042, 24400))
_V6 = (0x240E, 0x2408, 0x2409)
_HOSTS = ((37963, 0), (45090, 0), (55990, 0), (136907, 0), (16509, 1), (14061, 1), (20473, 1), (63949, 1), (9009, 1))
_FIRST = (
    36,
    39,
    42,
    58,
    59,
    60,
    61,
    101,
    106,
    *range(110, 126),
    171,
    175,
    180,
    182,
    183,
    202,
    210,
    211,
    *range(218, 224),
)


class Networks:
    """The address plan of one world. Every drawing method returns one address per province given."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        blocks = np.array([(first << 24) | (second << 16) for first in _FIRST for second in range(256)])
        self._free = random.permutation(blocks).astype(np.int64).tolist()
        shape = (PROVINCES, CARRIERS)
        self._mobile = np.array([self._free.pop() for _ in range(PROVINCES * CARRIERS)]).reshape(shape)
        self._home = np.array([self._free.pop() for _ in range(PROVINCES * CARRIERS)]).reshape(shape)
        # The number of /24 in a pool, and of shared addresses in each.
        self._pool = np.exp(random.uniform(np.log(1.0), np.log(10), shape))
        self._behind = np.exp(random.uniform(np.log(2), np.log(40), shape)) * random.uniform(0.5, 2)
        self._spread = np.exp(random.uniform(np.log(40), np.log(256), shape))
        self._asn = np.array([[random.choice(_PROVINCIAL[each]) for each in range(CARRIERS)] for _ in range(PROVINCES)])
        self.mobile_v6 = random.uniform(0.05, 0.6)
        self.home_v6 = random.uniform(0.05, 0.5)
        # The share of household lines behind shared addresses.
        self._shared = random.uniform(0.05, 0.5)
        self.people: Floats = random.dirichlet(np.full(PROVINCES, 2.5))

    def provinces(self, count: int) -> Ints:
        """Provinces, drawn by population."""
        return self._random.choice(PROVINCES, count, p=self.people).astype(np.int64)

    def carriers(self, count: int) -> Ints:
        """Carriers, drawn by market share."""
        return self._random.choice(CARRIERS, count, p=[0.3, 0.2, 0.5]).astype(np.int64)

    def mobile(self, province: Ints, carrier: Ints) -> Addresses:
        """Mobile networks: a few shared IPv4 addresses, or an IPv6 prefix for each ballot."""
        count = len(province)
        pool, behind = self._pool[province, carrier], self._behind[province, carrier]
        block = (pool * self._random.random(count) ** 1.4).astype(np.int64)
        host = 1 + (behind * self._random.random(count)).astype(np.int64)
        v4 = self._mobile[province, carrier] + (block << 8) + host
        prefix = (0x8000 + province * 64 + (block & 63)) << 32 | self._random.integers(1 << 20, 1 << 32, count)
        found = self._either(self._random.random(count) < self.mobile_v6, v4, prefix, province, carrier)
        found.air = self._random.choice([1, 2], count, p=[0.7, 0.3]).astype(np.int64)
        return found

    def home(self, province: Ints, carrier: Ints, town: Ints | None = None) -> Addresses:
        """Households: an address of their own, or a shared one; a town has few /24."""
        count = len(province)
        block = (self._spread[province, carrier] * self._random.random(count)).astype(np.int64)
        if town is not None:
            block = (town * 7 + self._random.integers(0, 4, count)) % 256
        prefix = (0x0300 + province * 64) << 32 | (block & 0xFFF) << 20 | self._random.integers(0, 1 << 16, count) << 4
        host = self._random.integers(1, 255, count)
        shared = self._random.random(count) < self._shared
        pool, behind = (each[province, carrier].astype(np.int64) for each in (self._pool, self._behind))
        block = np.where(shared & (town is None), block % pool, block)
        host = np.where(shared, 200 + host % (1 + behind).clip(max=54), host)
        v4 = self._home[province, carrier] + (block << 8) + host
        return self._either(self._random.random(count) < self.home_v6, v4, prefix, province, carrier)

    def place(self, province: int, count: int) -> Addresses:
        """The fixed IPv4 addresses of an office, a school, a shop: neighbours in one /24."""
        carrier = int(self._random.integers(CARRIERS))
        start = (
            self._home[province, carrier] + (int(self._random.integers(256)) << 8) + int(self._random.integers(1, 200))
        )
        return _plain(start + np.arange(count), int(self._asn[province, carrier]), 0)

    def hosting(self, blocks: int, per_block: int) -> Addresses:
        """Rented servers in this many /24; some networks are on no hosting list."""
        networks = [_HOSTS[int(self._random.integers(len(_HOSTS)))][0] for _ in range(max(1, blocks // 12))]
        starts = np.array([self._free.pop() + (int(self._random.integers(256)) << 8) for _ in range(blocks)])
        hosts = self._random.integers(1, 255, (blocks, per_block))
        found = _plain((starts[:, None] + hosts).ravel(), networks[0], 1)
        found.asn = np.repeat(self._random.choice(networks, blocks), per_block)
        unknown = np.repeat(self._random.random(blocks) < self._random.uniform(0.0, 0.3), per_block)
        found.hosting = np.where(unknown, NOTHING, 1)
        return found

    def fresh_low(self, found: Addresses) -> Addresses:
        """The same networks with the host part that privacy extensions change daily."""
        low = np.where(found.low >= 0, self._random.integers(1 << 60, 1 << 62, len(found.low)), NOTHING)
        return Addresses(found.v4, found.high, low, found.asn, found.hosting, found.air)

    def _either(self, six: Bools, v4: Ints, prefix: Ints, province: Ints, carrier: Ints) -> Addresses:
        count = len(v4)
        high = (np.array(_V6)[carrier] << 48) | (prefix & ((1 << 48) - 1))
        return Addresses(
            np.where(six, NOTHING, v4),
            np.where(six, high, NOTHING),
            np.where(six, self._random.integers(1 << 60, 1 << 62, count), NOTHING),
            self._asn[province, carrier].astype(np.int64),
            np.zeros(count, dtype=np.int64),
            np.zeros(count, dtype=np.int64),
        )


def _plain(v4: Ints, asn: int, hosting: int) -> Addresses:
    nothing = np.full(len(v4), NOTHING, dtype=np.int64)
    count = len(v4)
    whole = (np.full(count, asn), np.full(count, hosting), np.zeros(count, dtype=np.int64))
    return Addresses(v4.astype(np.int64), nothing, nothing, *whole)
