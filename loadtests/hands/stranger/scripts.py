"""The common part of attacks by programs: one-time voters with made or copied clients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.hands.stranger.dice import Floats, Ints, Rng, around, chance, numbers, same
from loadtests.hands.stranger.people import FIVE, WIFI, pages
from loadtests.hands.stranger.rows import Lines, Rows
from loadtests.hands.stranger.scene import Scene

# Missing language, fetch metadata, origin or user agent, and hints of another system.
BROKEN = np.array([1, 3, 4, 6, 7], np.int64)
CROSS = 11
NO_REPORT = 2


@dataclass(frozen=True, slots=True)
class Order:
    """What a program does: when, for whom, with which clients, from where, and seconds on the page."""

    at: Ints
    entry: Ints
    profile: Ints
    lines: Lines
    seconds: Floats
    odd: Ints | None = None
    page: int | None = None
    web_id: Ints | None = None
    age: Ints | None = None

    def __len__(self) -> int:
        return len(self.at)


def accounts(scene: Scene, profile: Ints) -> tuple[Ints, Ints]:
    """A new voter and device for every ballot."""
    size = len(profile)
    voter = scene.serials(size)
    openid = np.array([each.channel != "web" for each in scene.catalogue.profiles])[profile]
    return voter, np.where(openid, scene.serials(size), voter)


def run(scene: Scene, rng: Rng, order: Order) -> Rows:
    """The ballots of a program, each by a voter without a past; `age` in ms makes the tokens older."""
    size = len(order)
    voter, device = accounts(scene, order.profile)
    opened = order.at - (order.seconds * 1000).astype(np.int64)
    age = numbers(rng, 0, 5, size) if order.age is None else order.age
    return Rows(
        at=order.at,
        entry=order.entry,
        voter=voter,
        device=device,
        issued=opened - age,
        opened=opened,
        high=order.lines.high,
        low=order.lines.low,
        asn=order.lines.asn,
        hosting=order.lines.hosting,
        profile=order.profile,
        web_id=numbers(rng, 1, 10_000, size) if order.web_id is None else order.web_id,
        net=np.where(chance(rng, 0.6, size), WIFI, FIVE),
        page=pages(scene, rng, order.profile) if order.page is None else same(order.page, size),
        odd=same(0, size) if order.odd is None else order.odd,
    )


def channel(scene: Scene, rng: Rng, bought: float) -> str:
    """Sellers with bought WeChat accounts come in as WeChat, the others as web."""
    return "wechat" if rng.random() < bought * (0.5 + scene.traits.wechat) else "web"


def collected(scene: Scene, rng: Rng, count: int, size: int, bought: float = 0.25) -> Ints:
    """The clients that a seller has copied, used evenly."""
    pool = scene.catalogue.public(rng, channel(scene, rng, bought), count)
    return pool[numbers(rng, 0, len(pool), size)]


def broken(rng: Rng, share: float, size: int) -> Ints:
    """Disturbed headers with this share."""
    return np.where(chance(rng, share, size), BROKEN[numbers(rng, 0, len(BROKEN), size)], 0)


def hurried(rng: Rng, low: float, high: float, size: int, sigma: float = 0.15) -> Floats:
    """A program's narrow pauses between two bounds, which differ from campaign to campaign."""
    middle = 2.0 ** rng.uniform(-1, 1)
    if rng.random() < 0.5:
        return rng.uniform(low * middle, high * middle, size)
    return around(rng, (low + high) / 2 * middle, sigma, size)
