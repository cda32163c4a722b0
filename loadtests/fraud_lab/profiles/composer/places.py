"""The networks of a world and the addresses of a group of voters in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

REGIONS = 31
HOSTING = (37963, 45090, 55990, 16509, 14061, 24940)
_CARRIERS = (4134, 4837, 9808)
_PREFIXES = (0x240E, 0x2408, 0x2409)
_ABROAD = (7922, 4713, 3320, 4766, 45102, 9299)
_MAINLAND = (36, 39, 42, 49, 58, 59, 60, 61, 101, 106, *range(110, 126), 171, 175, 180, 182, 183, *range(218, 224))
_ELSEWHERE = (24, 73, 87, 91, 126, 133, 142, 159, 167, 203)


class Pool(NamedTuple):
    """Where a group's shared addresses are: in networks of `kind`, of one region or not; `wide` addresses around each
    spot (1: just it, 256: its /24, 65536: anywhere); each voter keeps one, or each ballot draws one."""

    kind: str
    regional: bool
    wide: int
    keeps: bool


POOLS = {
    "exit": Pool("home", True, 1, True),
    "campus": Pool("home", True, 1, False),
    "town": Pool("home", True, 256, True),
    "region": Pool("mobile", True, 0, False),
    "abroad": Pool("abroad", False, 65_536, True),
    "vpn": Pool("hosting", False, 1, False),
    "hosts": Pool("hosting", False, 1, False),
    "line": Pool("home", True, 1, False),
    "datacentre": Pool("hosting", False, 256, False),
    "residential": Pool("home", False, 65_536, False),
    "dial": Pool("home", True, 256, False),
    "wifi": Pool("home", True, 1, True),
}


class Addresses(NamedTuple):
    """IPv4 as a number in `high`; of IPv6 the two halves. `mobile`: whether over the phone's own network."""

    high: Ints
    low: Ints
    asn: Ints
    mobile: Bools


@dataclass(frozen=True, slots=True)
class Places:
    """Networks as /16 blocks by kind, region and carrier; `crowd` addresses in use in each mobile block; shares of
    `mobile` ballots, of `six` (IPv6) voters, and how many voters a home has."""

    blocks: dict[str, Ints]
    regions: Floats
    carriers: Floats
    crowd: Ints
    mobile: float
    six: float
    home: float


class Rows(NamedTuple):
    """A group's ballots: each one's voter, numbered from 0, and its rank where addresses take turns."""

    voter: Ints
    turns: bool


def make_places(rng: np.random.Generator, ballots: int) -> Places:
    """Draws 30-75 % mobile ballots, 0-50 % IPv6, 5-600 users a mobile address, 1-2.2 voters a home."""
    inland = np.asarray([first * 256 + second for first in _MAINLAND for second in range(256)])
    drawn = rng.permutation(inland)
    abroad = rng.permutation(np.asarray([first * 256 + second for first in _ELSEWHERE for second in range(256)]))
    cells = REGIONS * len(_CARRIERS)
    regions, carriers = rng.dirichlet(np.full(REGIONS, rng.uniform(0.6, 3))), rng.dirichlet((6, 4, 8))
    mobile = rng.uniform(0.3, 0.75)
    users = float(np.exp(rng.uniform(np.log(5), np.log(600))))
    crowd = np.clip(ballots * mobile * np.outer(regions, carriers).ravel() / users, 2, 60_000).astype(np.int64)
    blocks = {
        "mobile": drawn[:cells],
        "home": drawn[cells : 2 * cells],
        "hosting": np.concatenate((drawn[2 * cells : 2 * cells + 18], abroad[:12])),
        "abroad": abroad[12:36],
    }
    return Places(blocks, regions, carriers, crowd, mobile, rng.uniform(0, 0.5), rng.uniform(1, 2.2))


def own(rng: np.random.Generator, places: Places, voter: Ints, region: int | None) -> Addresses:
    """Each voter's own networks, at home and under way, everywhere or in one region."""
    voters, rows = int(voter.max()) + 1, len(voter)
    where = np.full(voters, region) if region is not None else rng.choice(REGIONS, voters, p=places.regions)
    under, home = (where * 3 + rng.choice(3, voters, p=places.carriers) for _ in range(2))
    household = rng.integers(0, max(1, int(voters / places.home)), voters)
    # Everybody of a household has the line of the first.
    home, suffix = home[household % voters], rng.integers(256, 65_280, voters)[household % voters]
    roaming = rng.random(rows) < rng.beta(places.mobile * 1.6, (1 - places.mobile) * 1.6, voters)[voter]
    six = (rng.random(voters) < places.six)[voter]
    cell = np.where(roaming, under[voter], home[voter])
    roam = _cgnat(rng, places, under[voter])
    four = np.where(roaming, roam, places.blocks["home"][home[voter]] * 65_536 + suffix[voter])
    return _maybe_six(rng, Addresses(four, np.where(roaming, -1, household[voter]), cell, roaming), six)


def pooled(rng: np.random.Generator, places: Places, rows: Rows, pool: Pool, spots: int) -> tuple[Addresses, int]:
    """A group's shared addresses, and the region that they are in."""
    region = int(rng.choice(REGIONS, p=places.regions))
    count = len(rows.voter)
    if pool.wide == 0:
        cells = region * 3 + rng.choice(3, max(1, min(3, spots)), p=places.carriers)
        cell = cells[rng.integers(0, len(cells), count)]
        mobile = np.ones(count, dtype=np.bool_)
        return Addresses(_cgnat(rng, places, cell), _none(count), _asn("mobile", cell), mobile), region
    blocks = places.blocks[pool.kind]
    cells = (
        region * 3 + rng.choice(3, spots, p=places.carriers) if pool.regional else _anywhere(rng, places, pool, spots)
    )
    start = rng.integers(1, 255, spots) * 256 + rng.integers(1, 255, spots)
    keys = rows.voter if pool.keeps and not rows.turns else np.arange(count)
    chosen = (keys if rows.turns else rng.integers(0, spots, int(keys.max()) + 1)[keys]) % spots
    within = rng.integers(0, 65_536, int(keys.max()) + 1)[keys]
    fixed = pool.wide == 1 or rows.turns
    suffix = start[chosen] if fixed else (start[chosen] // 256 * 256 + within % 254 + 1)
    cell = cells[chosen]
    if pool.wide > 256 and not rows.turns:
        suffix = within
        cell = _anywhere(rng, places, pool, int(keys.max()) + 1)[keys]
    still = np.zeros(count, dtype=np.bool_)
    return Addresses(blocks[cell] * 65_536 + suffix, _none(count), _asn(pool.kind, cell), still), region


def _anywhere(rng: np.random.Generator, places: Places, pool: Pool, count: int) -> Ints:
    if pool.kind == "home":
        return rng.choice(REGIONS, count, p=places.regions) * 3 + rng.choice(3, count, p=places.carriers)
    return rng.integers(0, len(places.blocks[pool.kind]), count)


def _none(count: int) -> Ints:
    return np.zeros(count, dtype=np.int64)


def _cgnat(rng: np.random.Generator, places: Places, cell: Ints) -> Ints:
    # Squared: some addresses of a carrier serve far more phones than others.
    within = (rng.random(len(cell)) ** 2 * places.crowd[cell]).astype(np.int64)
    return np.asarray(places.blocks["mobile"][cell] * 65_536 + 1_024 + within, dtype=np.int64)


def _asn(kind: str, cell: Ints) -> Ints:
    names = {"hosting": HOSTING, "abroad": _ABROAD}.get(kind, _CARRIERS)
    return np.asarray(names, dtype=np.int64)[cell % len(names)]


def _maybe_six(rng: np.random.Generator, four: Addresses, six: Bools) -> Addresses:
    """`four` holds cells for networks and households for lower halves. A home keeps its prefix, a phone does not."""
    count, carrier = len(six), four.asn % 3
    site = np.where(four.mobile, rng.integers(0, 2**28, count), four.low * 2_654_435_761 % 2**28)
    high = (np.asarray(_PREFIXES)[carrier] << 48) | ((0x8000 + four.asn * 16) << 32) | (site & 0xFFFFFFF)
    low = rng.integers(2**48, 2**62, count)
    return Addresses(np.where(six, high, four.high), np.where(six, low, 0), np.asarray(_CARRIERS)[carrier], four.mobile)
