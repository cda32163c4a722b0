"""Persons with phones and habits, and the ballots that they cast."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loadtests.hands.stranger.clock import DAY, HOUR, hour
from loadtests.hands.stranger.dice import Bools, Floats, Ints, Rng, around, chance, numbers, pick, same
from loadtests.hands.stranger.rows import Lines, Rows
from loadtests.hands.stranger.scene import Scene

WIFI, FOUR, FIVE = 0, 1, 2
PLAIN, GROUP, MOMENTS, FRIEND, SCAN, WEIBO, VIDEO, ENTRY = 0, 1, 2, 3, 4, 5, 6, 8
ODDITIES = 10


@dataclass(frozen=True, slots=True)
class People:
    """Columns by person. `speed`: median seconds on the page; `lag`: ms from the token's issue to the first page."""

    voter: Ints
    device: Ints
    profile: Ints
    web_id: Ints
    region: Ints
    carrier: Ints
    six: Bools
    home: Lines
    at_home: Floats
    speed: Floats
    lag: Ints
    odd: Ints

    def __len__(self) -> int:
        return len(self.voter)


@dataclass(frozen=True, slots=True)
class Sort:
    """What sort of people: None is as the public."""

    wechat: float | None = None
    fresh: float | None = None
    region: int | Ints | None = None
    crowded: float = 1.35
    speed: float = 1.0
    area: int | None = None
    profiles: Ints | None = None


ANYONE = Sort()


def _software(scene: Scene, rng: Rng, sort: Sort, size: int) -> Ints:
    """Profiles by person."""
    if sort.profiles is not None:
        return sort.profiles[numbers(rng, 0, len(sort.profiles), size)]
    wechat = scene.traits.wechat if sort.wechat is None else sort.wechat
    made = scene.catalogue.public(rng, "web", size)
    inside = chance(rng, wechat, size)
    made = np.where(inside, scene.catalogue.public(rng, "wechat", size), made)
    mini = inside & chance(rng, scene.catalogue.mini if sort.wechat is None else 0.0, size)
    return np.where(mini, scene.catalogue.public(rng, "mini_program", size), made)


def _lag(scene: Scene, rng: Rng, sort: Sort, openid: Bools) -> Ints:
    """Fresh tokens are as old as the page, or as WeChat's sign-in took; others come from earlier looks or contests."""
    size = len(openid)
    fresh = chance(rng, scene.traits.fresh if sort.fresh is None else sort.fresh, size)
    now = np.where(openid, around(rng, 700, 0.5, size), rng.uniform(0, 4, size))
    hours = np.where(chance(rng, 0.6, size), around(rng, 5, 1.6, size), rng.uniform(20, 300, size) * 24)
    return np.where(fresh, now, hours * HOUR + 30_000).astype(np.int64)


def gather(scene: Scene, rng: Rng, size: int, sort: Sort = ANYONE) -> People:
    """Persons of a sort, some of them in one household."""
    traits, networks = scene.traits, scene.networks
    households = max(1, round(size / sort.crowded))
    # Neighbours in number live together, so that a circle's region, given by person, is a household's.
    live = np.sort(numbers(rng, 0, households, size))
    if isinstance(sort.region, np.ndarray):
        region = sort.region[np.minimum(np.searchsorted(live, np.arange(households)), size - 1)]
    else:
        region = networks.region(rng, households) if sort.region is None else same(sort.region, households)
    area = None if sort.area is None else sort.area + numbers(rng, 0, 3, households)
    lines = networks.homes(
        rng, region, networks.carrier(rng, households), chance(rng, traits.six_home, households), area
    )
    profile = _software(scene, rng, sort, size)
    openid = np.array([each.channel != "web" for each in scene.catalogue.profiles])[profile]
    voter = scene.serials(size)
    return People(
        voter=voter,
        device=np.where(openid, scene.serials(size), voter),
        profile=profile,
        web_id=numbers(rng, 1, 10_000, size),
        region=region[live],
        carrier=networks.carrier(rng, size),
        six=chance(rng, traits.six_mobile, size),
        home=lines.take(live),
        at_home=np.clip(rng.normal(traits.at_home, 0.22, size), 0, 1),
        speed=around(rng, traits.reading * sort.speed, traits.spread * 0.6, size),
        lag=_lag(scene, rng, sort, openid),
        odd=np.where(chance(rng, traits.odd, size), numbers(rng, 1, ODDITIES + 1, size), 0),
    )


def whereabouts(scene: Scene, rng: Rng, people: People, who: Ints, at: Ints) -> tuple[Lines, Ints]:
    """The lines of ballots and WeChat's word for the network: home in the evening, the phone's carrier else."""
    time = hour(at)
    bonus = np.where((time >= 19.5) | (time < 8), 0.22, -0.12)
    home = rng.random(len(at)) < people.at_home[who] + bonus
    mobile = scene.networks.mobile(rng, people.region[who], people.carrier[who], people.six[who])
    found = people.home.take(who)
    # A temporary address a day inside the home's network; one home in three is dialled anew every night.
    day = (at + 4 * HOUR) // DAY
    masked = (found.low ^ (day * 0x9E3779B1 % (1 << 31)).astype(np.uint64)) | np.uint64(1)
    four = (found.low & np.uint64(0xFFFFFFFF)).astype(np.int64)
    again = (four & ~0xFF) | (four + day * 37) % 256
    again = np.where(four * 40503 // 4096 % 3 == 0, again, four).astype(np.uint64)
    found = replace(found, low=np.where(found.high > 0, masked, again))
    net = np.where(home, WIFI, np.where(rng.random(len(at)) < 0.7, FIVE, FOUR))
    return mobile.where(home, found), net


def reading(scene: Scene, rng: Rng, people: People, who: Ints, nth: Ints) -> Floats:
    """Seconds from the page to the ballot: less on later days; some leave the page open for long."""
    size = len(who)
    known = np.where(nth > 0, rng.uniform(0.35, 0.8, len(people))[who], 1.0)
    seconds = 1.2 + people.speed[who] * known * np.exp(rng.normal(0, scene.traits.spread * 0.8, size))
    return np.where(chance(rng, 0.025, size), seconds * around(rng, 30, 1, size), seconds)


def earlier(who: Ints, at: Ints, marks: Ints) -> Ints:
    """The sum of each person's marks up to each ballot, in time order."""
    order = np.lexsort((at, who))
    total = np.cumsum(marks[order])
    ahead = np.searchsorted(who[order], who[order], side="left")
    made = np.empty(len(who), np.int64)
    made[order] = total - (total - marks[order])[ahead]
    return made


def tokens(scene: Scene, rng: Rng, people: People, cast: tuple[Ints, Ints], nth: Ints) -> tuple[Ints, Ints]:
    """The device token of each ballot, cast by whom from which page, and when it was issued. WeChat now and then
    forgets a token; a browser that does so is another voter."""
    who, opened = cast
    openid = people.device[who] != people.voter[who]
    lost = openid & (nth > 0) & chance(rng, scene.traits.forgets, len(who))
    epoch = earlier(who, opened, lost.astype(np.int64))
    key = people.device[who] * 64 + epoch
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    earliest = np.full(len(first), np.iinfo(np.int64).max)
    np.minimum.at(earliest, inverse, opened)
    lag = np.where(epoch > 0, 640, people.lag[who])[first][inverse]
    device = np.where(epoch > 0, scene.serials(len(first))[inverse], people.device[who])
    return device, earliest[inverse] - lag


def pages(scene: Scene, rng: Rng, profile: Ints) -> Ints:
    """The page that refers: mostly the list; shared links carry where they were shared."""
    size = len(profile)
    openid = np.array([each.channel != "web" for each in scene.catalogue.profiles])[profile]
    chats = pick(rng, np.array([0.35, 0.3, 0.15, 0.15, 0.05]), size)
    others = np.array([PLAIN, SCAN, WEIBO, VIDEO])[pick(rng, np.array([0.85, 0.05, 0.05, 0.05]), size)]
    return np.where(openid, chats, others) + np.where(chance(rng, 0.45, size), ENTRY, 0)


def visits(
    scene: Scene,
    rng: Rng,
    people: People,
    cast: tuple[Ints, Ints, Ints],
    *,
    hurry: float = 1.0,
    place: tuple[Lines, Ints] | None = None,
    page: int | None = None,
) -> Rows:
    """Ballots `cast`: who, when and for which entry. Call it once for a whole crowd: tokens remember the first page."""
    who, at, entry = cast
    lines, net = whereabouts(scene, rng, people, who, at) if place is None else place
    nth = earlier(who, at, np.ones(len(who), np.int64)) - 1
    opened = at - (reading(scene, rng, people, who, nth) * hurry * 1000).astype(np.int64) - 350
    device, issued = tokens(scene, rng, people, (who, opened), nth)
    return Rows(
        at=at,
        entry=entry,
        voter=people.voter[who],
        device=device,
        issued=issued,
        opened=opened,
        high=lines.high,
        low=lines.low,
        asn=lines.asn,
        hosting=lines.hosting,
        profile=people.profile[who],
        web_id=people.web_id[who],
        net=net,
        page=pages(scene, rng, people.profile[who]) if page is None else same(page, len(who)),
        odd=people.odd[who],
    )


def days_of(scene: Scene, rng: Rng, chance_by_person: Floats, start: Ints) -> tuple[Ints, Ints]:
    """Who votes on which calendar day, from a first day on, which always counts."""
    days = np.arange(scene.window.days)
    table = rng.random((len(start), len(days))) < chance_by_person[:, None]
    table = np.where(days == start[:, None], True, table & (days > start[:, None]))
    who, day = np.nonzero(table)
    return who.astype(np.int64), day.astype(np.int64)
