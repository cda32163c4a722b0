"""Attacks of our own invention, Z1 to Z7, which the research page does not list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loadtests.hands.stranger.clock import DAY, HOUR, MINUTE, SECOND, begin
from loadtests.hands.stranger.dice import Rng, around, chance, numbers, pick, same
from loadtests.hands.stranger.hands import task_days
from loadtests.hands.stranger.people import ENTRY, WIFI, Sort, days_of, gather, visits, whereabouts
from loadtests.hands.stranger.public import dated
from loadtests.hands.stranger.rows import Rows
from loadtests.hands.stranger.scene import Scene
from loadtests.hands.stranger.scripts import Order, run


def protocol_accounts(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """Z1, scripted: a number dealer's aged WeChat accounts, driven by a tablet-protocol client without a phone, vote
    daily through one provincial proxy each. Few client versions, short pauses, and no night's rest."""
    days = task_days(scene, rng, int(rng.integers(2, 9)))
    size = max(15, round(ballots / (0.9 * len(days))))
    ipads = [scene.catalogue.changed(int(each), screen="810x1080", dpr=2.0, platform="MacIntel",
                                     head=str(scene.catalogue.profiles[int(each)].head).replace("iPhone; CPU iPhone OS",
                                                                                                "iPad; CPU OS"))
             for each in scene.catalogue.models(rng, "wechat_ios", int(rng.integers(1, 4)))]  # fmt: skip
    people = gather(scene, rng, size, Sort(profiles=np.array(ipads), fresh=0.9, crowded=1.0, speed=0.4))
    people = replace(people, odd=people.odd * 0)
    who, turn = (each.astype(np.int64) for each in np.nonzero(rng.random((size, len(days))) < 0.9))
    at = scene.window.midnight(0) + days[turn] * DAY + (rng.uniform(0, 24, len(who)) * HOUR).astype(np.int64)
    proxy = scene.networks.residential(rng, size)
    if rng.random() < 0.4:
        proxy = scene.networks.hosts(rng, int(rng.integers(5, 40)), size, abroad=0.0)
    place = (proxy.take(who), same(WIFI, len(who)))
    return visits(scene, rng, people, (who, at, same(scene.one(rng), len(who))), place=place, hurry=0.5)


def reward_wall(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """Z2, human: users of a rewards app vote in its embedded browser for points. A stock of tasks is put on the wall
    once or twice a day and is taken within an hour or two, all over the country, by people in a hurry."""
    name = str(rng.choice(["ZhuanKe/5.8.2", "JiFenBao/3.2.0", "XianWan/4.1.7", "DuoYou/2.9.5"]))
    made = scene.catalogue
    phones = np.concatenate([made.of(rng, "wechat_android", 60), made.of(rng, "wechat_ios", 12)])
    # The app's browser is the system's, as WeChat's is, with the app's name.
    heads = {int(each): str(made.profiles[int(each)].head).split(" XWEB")[0].strip() for each in np.unique(phones)}
    listed = [made.changed(each, channel="web", head=f"{head} {name}", mid="", tail="") for each, head in heads.items()]
    pool = np.array(listed)
    people = gather(scene, rng, ballots, Sort(profiles=pool, fresh=0.97, speed=rng.uniform(0.3, 0.6), crowded=1.02))
    drops = int(rng.integers(1, 7))
    start = np.array([begin(rng, scene.window, 4 * HOUR) for _ in range(drops)])
    which = pick(rng, rng.dirichlet(np.full(drops, 4.0)), ballots)
    at = (start[which] + around(rng, rng.uniform(20, 60), 0.7, ballots) * MINUTE).astype(np.int64)
    return visits(scene, rng, people, (np.arange(ballots), at, same(scene.one(rng), ballots)), page=ENTRY)


def net_cafe(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """Z3, human: part-timers in a net cafe at night. Every seat runs the same restored image; each vote takes a new
    private window, some twenty to fifty seconds of routine work, now and then a break."""
    seats = max(3, min(40, ballots // 90))
    image = scene.catalogue.of(rng, "desktop", int(rng.integers(1, 4)))
    seat = np.sort(numbers(rng, 0, seats, ballots))
    step = around(rng, rng.uniform(20, 50), 0.35, ballots)
    step = np.where(chance(rng, 0.01, ballots), step + 600, step)
    elapsed = np.cumsum(step)
    first = np.searchsorted(seat, np.arange(seats))[seat]
    elapsed = elapsed - elapsed[np.minimum(first, ballots - 1)] + rng.uniform(0, 900, seats)[seat]
    # A shift of some hours a night, then the next night.
    shift = rng.uniform(3, 6) * 3600
    night, within = elapsed // shift, elapsed % shift
    start = scene.window.midnight(int(rng.integers(1, 6))) + rng.uniform(20, 23) * HOUR
    at = (start + night * DAY + within * SECOND).astype(np.int64)
    lines = scene.networks.site(rng, int(rng.integers(1, 3)))
    seconds = np.maximum(2.0, step * rng.uniform(0.3, 0.6, ballots))
    entry = same(scene.one(rng), ballots)
    profile = image[seat % len(image)]
    return run(scene, rng, Order(at, entry, profile, lines.take(seat % len(lines)), seconds, page=ENTRY))


def cloud_phones(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """Z4, scripted: rented cloud phones with logged-in WeChat in a few server rooms. One or two virtual images with
    an unusual screen, always on Wi-Fi; each phone votes daily at a random time of the task's hours."""
    days = task_days(scene, rng, int(rng.integers(3, 9)))
    size = max(15, round(ballots / (0.95 * len(days))))
    screen, ratio = [("360x640", 2.0), ("405x720", 1.777), ("360x640", 3.0)][int(rng.integers(3))]
    images = [scene.catalogue.changed(int(each), screen=screen, dpr=ratio, platform="Linux aarch64")
              for each in scene.catalogue.models(rng, "wechat_android", int(rng.integers(1, 3)))]  # fmt: skip
    people = gather(scene, rng, size, Sort(profiles=np.array(images), fresh=0.85, speed=rng.uniform(0.3, 0.8)))
    people = replace(people, odd=people.odd * 0)
    who, turn = (each.astype(np.int64) for each in np.nonzero(rng.random((size, len(days))) < 0.95))
    hours = rng.uniform(8, 14) + rng.beta(1.5, 1.5, len(who)) * rng.uniform(2, 9)
    at = scene.window.midnight(0) + days[turn] * DAY + (hours * HOUR).astype(np.int64)
    rooms = scene.networks.hosts(rng, int(rng.integers(2, 9)), size, abroad=0.0)
    place = (rooms.take(who), same(WIFI, len(who)))
    return visits(scene, rng, people, (who, at, same(scene.one(rng), len(who))), place=place)


def dongle_farm(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """Z5, scripted: a headless browser behind 4G sticks that renew their address, so it shares the exits of the
    public. It says it is an iPhone, but its page reports a Linux machine with a strange screen or clock."""
    region, carrier = scene.networks.region(rng, 1), scene.networks.carrier(rng, 1)
    size = (ballots,)
    lines = scene.networks.mobile(rng, region.repeat(ballots), carrier.repeat(ballots), np.zeros(size, np.bool_))
    zone = str(rng.choice(["UTC", "Asia/Shanghai"]))
    tongues = str(rng.choice(["en-US", "zh-CN,zh"]))
    pool = [scene.catalogue.changed(int(each), screen=str(rng.choice(["800x600", "1280x720", "390x844"])), dpr=1.0,
                                    platform="Linux x86_64", languages=tongues, timezone=zone, fetches=True)
            for each in scene.catalogue.of(rng, "iphone", int(rng.integers(3, 12)))]  # fmt: skip
    length = rng.uniform(1, 5) * DAY
    start = begin(rng, scene.window, length)
    at = scene.rhythm.draw(rng, ballots, start, start + length)
    profile = np.array(pool)[numbers(rng, 0, len(pool), ballots)]
    seconds = around(rng, rng.uniform(3, 9), 0.3, ballots)
    return run(scene, rng, Order(at, same(scene.one(rng), ballots), profile, lines, seconds))


def hoarded_tokens(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """Z6, scripted: tokens fetched in one night days ahead, so that no ballot has a young one, and spent later by
    residential proxies with human-looking pauses at the public's hours."""
    span = rng.uniform(0.5, 3) * DAY
    start = scene.window.closes - span - rng.uniform(0, 2) * DAY
    at = scene.rhythm.draw(rng, ballots, start, start + span)
    harvest = start - rng.uniform(1, 4) * DAY + np.sort(rng.uniform(0, rng.uniform(1, 6) * HOUR, ballots))
    seconds = around(rng, rng.uniform(6, 15), rng.uniform(0.3, 0.6), ballots) + 1
    age = at - (seconds * 1000).astype(np.int64) - harvest.astype(np.int64)[rng.permutation(ballots)]
    pool = scene.catalogue.public(rng, "web", int(rng.integers(15, 80)))
    profile = pool[numbers(rng, 0, len(pool), ballots)]
    lines = scene.networks.residential(rng, ballots, scene.traits.six_home * 0.5)
    entry = same(scene.one(rng), ballots)
    return run(scene, rng, Order(at, entry, profile, lines, seconds, age=np.maximum(age, 0)))


def second_accounts(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """Z7, human: zealous relatives of one contestant, each with several accounts in cloned apps on one or two phones
    of one home, vote with all of them one after the other, most days of the contest."""
    each = int(rng.integers(4, 13))
    daily = rng.uniform(0.6, 0.95)
    homes = max(1, round(ballots / (each * daily * (scene.window.days - 1))))
    people = gather(scene, rng, homes * each, Sort(wechat=1.0, fresh=0.6, crowded=1.0, speed=0.45))
    head = np.arange(homes * each) // each * each
    spare = head + (np.arange(homes * each) % each >= each // 2) * (each // 2)
    people = replace(people, profile=people.profile[spare], region=people.region[head], carrier=people.carrier[head])
    people = replace(people, home=people.home.take(head), at_home=people.at_home[head], odd=people.odd[spare])
    home, day = days_of(scene, rng, np.full(homes, daily), numbers(rng, 0, 2, homes))
    base = dated(scene, rng, home, day, homes)
    who = (home[:, None] * each + np.arange(each)).ravel()
    pause = np.cumsum(around(rng, rng.uniform(25, 70), 0.5, len(who)).reshape(-1, each), axis=1)
    at = (base[:, None] + (pause * SECOND).astype(np.int64)).ravel()
    lines, net = whereabouts(scene, rng, people, who, at)
    # One sitting has one connection.
    sitting = np.arange(len(who)) // each * each
    place = (lines.take(sitting), net[sitting])
    return visits(scene, rng, people, (who, at, same(scene.one(rng), len(who))), place=place)
