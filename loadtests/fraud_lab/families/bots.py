"""Listed attacks that programs carry out: A1 to A5, A9, A10, A11, A12, A14, A16, A17."""

from __future__ import annotations

import numpy as np

from loadtests.fraud_lab.families.family import Family
from loadtests.fraud_lab.simulator.batch import Addresses, Batch, Floats, Ints
from loadtests.fraud_lab.simulator.clock import DAY, HOUR, MINUTE
from loadtests.fraud_lab.simulator.headers import DIRECT, NO_REFERER, Odd, Site
from loadtests.fraud_lab.simulator.scene import Scene

_FOREIGN = 40


def script(  # noqa: PLR0913 (all by name)
    scene: Scene,
    at: Ints,
    entry: Ints | int,
    profile: Ints,
    address: Addresses,
    wait: Ints,
    *,
    odd: float = 0.0,
    age: Ints | None = None,
) -> Batch:
    """Ballots of as many made-up voters; a copied user agent has the copied phone's number and network."""
    count = len(at)
    people = scene.people(count, profile=profile, fresh=1.0)
    people.odd = scene.odds(count, odd)
    people.web_id = 1 + profile * 37 % 9999
    if age is not None:
        people.age = age
    made = scene.cast(people, np.arange(count), at, entry, reading=wait, address=address, source=DIRECT, loses=0.0)
    made.air = profile * 13 % 3
    return made


def within(scene: Scene, start: float, gaps: Floats) -> Ints:
    """Moments from `start`, `gaps` in s apart; a run that would pass the end of the window begins earlier."""
    at = scene.run(start, gaps)
    over = int(at[-1]) - (scene.clock.closes - 1)
    at = at - max(0, over)
    late = max(0, scene.clock.opens - int(at[0]))
    # Longer than the window: squeezed into it.
    return (
        at
        if not late
        else scene.clock.opens
        + ((at - at[0]) * ((scene.clock.closes - 1 - scene.clock.opens) / max(1, at[-1] - at[0]))).astype(np.int64)
    )


def exiled(scene: Scene, count: int) -> Addresses:
    """A household's address for each, of any province: what residential proxies rent out."""
    province, carrier = scene.networks.provinces(count), scene.networks.carriers(count)
    homes = scene.networks.home(province, carrier)
    phones = scene.networks.mobile(province, carrier)
    return homes.where(scene.mask(count, scene.random.uniform(0.6, 1.0)), phones)


def single_host(scene: Scene, ballots: int) -> Batch:
    """A1: a loop on one machine or a few, which clears its cookies."""
    hosts = scene.whole(2)
    place = scene.networks.place(scene.province(), hosts) if scene.mask(1, 0.6)[0] else scene.networks.hosting(1, hosts)
    gap, jitter = scene.about(2.3, 4), scene.random.uniform(0.0, 0.1)
    at = within(scene, scene.clock.waking(), gap * (1 + scene.random.uniform(-jitter, jitter, ballots)))
    profile = (
        scene.clients.few(1, "tool")
        if scene.mask(1, 0.3)[0]
        else scene.clients.few(1, "desktop", "android", "wechat_android")
    )
    wait = scene.exact(ballots, scene.about(0.7), scene.random.uniform(0.05, 0.3))
    address = scene.spots(place, ballots)
    return script(scene, at, scene.entries.target(), np.repeat(profile[:1], ballots), address, wait)


def datacentre(scene: Scene, ballots: int, entry: int | None = None) -> Batch:
    """A2: a pool of rented servers."""
    pool = scene.networks.hosting(scene.whole(60), scene.whole(6))
    at = within(scene, scene.clock.waking(), scene.random.exponential(scene.about(20) * _haste(ballots), ballots))
    profile = scene.random.choice(
        scene.clients.few(scene.whole(20), "desktop", "android", "ios", "wechat_android"), ballots
    )
    wait = scene.exact(ballots, scene.about(4, 3), scene.random.uniform(0.05, 0.4))
    address = pool.take(scene.random.integers(0, len(pool.asn), ballots))
    return script(
        scene, at, scene.entries.target() if entry is None else entry, profile, address, wait, odd=scene.chance(0.5)
    )


def _haste(ballots: int) -> float:
    """Large campaigns run in parallel."""
    return min(1.0, 4000 / ballots)


def residential(scene: Scene, ballots: int) -> Batch:
    """A3: another household's address for every vote."""
    at = within(scene, scene.clock.waking(), scene.random.exponential(scene.about(32) * _haste(ballots), ballots))
    profile = scene.random.choice(
        scene.clients.few(scene.whole(50), "desktop", "android", "ios", "wechat_android", "wechat_ios"), ballots
    )
    wait = scene.exact(ballots, scene.about(7, 3), scene.random.uniform(0.1, 0.5))
    return script(scene, at, scene.entries.target(), profile, exiled(scene, ballots), wait, odd=scene.chance(0.3))


def redial(scene: Scene, ballots: int) -> Batch:
    """A4: lines that are redialled for each vote, in one or a few towns."""
    home, towns = scene.province(), scene.random.integers(0, 36, scene.whole(8))
    at = within(scene, scene.clock.waking(), scene.random.exponential(scene.about(18) * _haste(ballots), ballots))
    province = np.full(ballots, home, dtype=np.int64)
    carrier = np.full(ballots, int(scene.random.integers(3)), dtype=np.int64)
    address = scene.networks.home(province, carrier, scene.random.choice(towns, ballots).astype(np.int64))
    profile = scene.random.choice(scene.clients.few(scene.whole(8), "android", "wechat_android", "ios"), ballots)
    wait = scene.exact(ballots, scene.about(5, 3), scene.random.uniform(0.08, 0.4))
    return script(scene, at, scene.entries.target(), profile, address, wait, odd=scene.random.uniform(0, 0.15))


def phone_farm(scene: Scene, ballots: int) -> Batch:
    """A5: shelves of phones, some accounts on each, in rounds with a stagger."""
    days = scene.clock.span(1, 6)
    accounts = max(1, round(ballots / len(days)))
    phones = max(1, accounts // scene.whole(3))
    models = scene.clients.few(scene.whole(3), "wechat_android", "android")
    phone = np.arange(accounts) % phones
    home = scene.province()
    people = scene.people(
        accounts,
        profile=scene.random.choice(models, phones)[phone],
        province=home,
        fresh=scene.random.uniform(0.3, 1.0),
    )
    if scene.mask(1, 0.5)[0]:
        people.device = scene.identities(phones)[phone]
    people.web_id, people.odd = people.web_id[phone], np.zeros(accounts, dtype=np.int64)
    at, who = [], np.tile(np.arange(accounts), len(days))
    for day in days:
        begins = scene.clock.around(np.array([day]), scene.random.uniform(9, 21), 0.5)[0]
        at.append(scene.run(float(begins), scene.about(3) * scene.random.uniform(0.7, 1.4, accounts)))
    inside = scene.spots(scene.networks.place(home, scene.whole(3)), len(who))
    address = inside.where(
        scene.mask(len(who), scene.chance(0.65)), scene.networks.mobile(people.province[who], people.carrier[who])
    )
    wait = scene.exact(len(who), scene.about(8), scene.random.uniform(0.1, 0.4))
    return scene.cast(
        people, who, np.concatenate(at), scene.entries.target(), reading=wait, address=address, source=DIRECT, loses=0.0
    )


def blitz(scene: Scene, ballots: int) -> Batch:
    """A9: all kinds of bots, in the last hours."""
    hours = scene.about(2)
    at = (
        scene.clock.closes
        - 1
        - (scene.random.beta(1.0, scene.random.uniform(0.8, 2.0), ballots) * hours * HOUR).astype(np.int64)
    )
    profile = scene.random.choice(
        scene.clients.few(scene.whole(90), "android", "ios", "desktop", "wechat_android", "wechat_ios"), ballots
    )
    low = scene.about(1.5)
    wait = (scene.random.uniform(low, low * scene.random.uniform(2, 5), ballots) * 1000).astype(np.int64)
    return script(
        scene, at, scene.entries.target(), profile, exiled(scene, ballots), wait, odd=scene.random.uniform(0, 0.1)
    )


def drip(scene: Scene, ballots: int) -> Batch:
    """A10: a little at a time, day and night, well disguised."""
    at = np.sort(scene.clock.flat(ballots))
    people = scene.people(ballots, fresh=scene.random.uniform(0.85, 1.0))
    people.odd = np.zeros(ballots, dtype=np.int64)
    reading = scene.reading(people.pace, scene.about(scene.median, 1.5), scene.about(scene.sigma, 1.3))
    air = scene.networks.mobile(people.province, people.carrier)
    address = air.where(scene.mask(ballots, scene.chance(0.4)), people.home)
    return scene.cast(
        people, np.arange(ballots), at, scene.entries.target(), reading=reading, address=address, loses=0.0
    )


def framing(scene: Scene, ballots: int) -> Batch:
    """A11: votes for a rival that are meant to be found."""
    return datacentre(scene, ballots, scene.entries.framed())


def embedded(scene: Scene, ballots: int) -> Batch:
    """A12: a page elsewhere whose visitors vote without knowing."""
    people = scene.people(ballots, fresh=0.95)
    start, length = scene.random.uniform(0.0, 0.7), scene.random.uniform(0.05, 0.3)
    day = scene.clock.day_of(scene.clock.flat(ballots, start, start + length))
    wait = scene.exact(ballots, scene.about(0.25), scene.random.uniform(0.2, 0.5))
    foreign = -2 - int(scene.random.integers(_FOREIGN))
    source = np.where(scene.mask(ballots, scene.random.uniform(0.3, 1.0)), foreign, NO_REFERER)
    site = np.where(scene.mask(ballots, scene.random.uniform(0.7, 1.0)), Site.CROSS, Site.ABSENT)
    who = np.arange(ballots)
    entry = scene.entries.target()
    return scene.cast(
        people,
        who,
        scene.clock.habits(day),
        entry,
        reading=wait,
        address=scene.reach(people, who),
        source=source,
        site=site,
    )


def waves(scene: Scene, ballots: int) -> Batch:
    """A14: a few hundred at a time, within minutes, by machine-made accounts."""
    count = max(1, min(6, round(ballots / scene.about(240))))
    profiles = scene.clients.few(scene.whole(6), "wechat_android", "wechat_ios", "android")
    addresses = exiled(scene, scene.whole(60))
    sizes = np.full(count, ballots // count) + (np.arange(count) < ballots % count)
    at = [
        scene.run(scene.clock.waking(), scene.random.exponential(1 / scene.about(1.1, 6), int(size))) for size in sizes
    ]
    address = addresses.take(scene.random.integers(0, len(addresses.asn), ballots))
    wait = scene.exact(ballots, scene.about(2, 3), scene.random.uniform(0.1, 0.5))
    return script(
        scene, np.concatenate(at), scene.entries.target(), scene.random.choice(profiles, ballots), address, wait
    )


def limit_hugger(scene: Scene, ballots: int) -> Batch:
    """A16: from each address a vote as soon as the cooldown has passed, all day."""
    cooldown = float(scene.random.choice([10, 20, 30, 60]))
    length = scene.random.uniform(1, 5) * DAY
    each = max(2, int(length / ((cooldown + 1) * MINUTE)))
    pool = max(2, ballots // each)
    each = -(-ballots // pool)
    start = scene.clock.opens + scene.random.uniform(0, max(1.0, scene.clock.closes - scene.clock.opens - length), 1)
    offset = scene.random.uniform(0, cooldown, pool)
    gaps = cooldown + 1 + scene.random.uniform(0, scene.about(0.4), (pool, each))
    at = (start + (offset[:, None] + np.cumsum(gaps, axis=1)) * MINUTE).astype(np.int64).ravel()[:ballots]
    line = np.repeat(np.arange(pool), each)[:ballots]
    profile = scene.random.choice(scene.clients.few(scene.whole(15), "desktop", "android", "wechat_android"), pool)[
        line
    ]
    wait = scene.exact(ballots, scene.about(6, 3), scene.random.uniform(0.1, 0.45))
    return script(
        scene,
        at,
        scene.entries.target(),
        profile,
        exiled(scene, pool).take(line),
        wait,
        odd=scene.random.uniform(0, 0.1),
    )


def mimic(scene: Scene, ballots: int) -> Batch:
    """A17: copies honest voters in everything but number."""
    people = scene.people(ballots)
    people.odd = np.where(scene.mask(ballots, scene.odd), Odd.NO_LANGUAGE, Odd.NOTHING).astype(np.int64)
    at = scene.clock.habits(scene.clock.days_drawn(ballots))
    who = np.arange(ballots)
    return scene.cast(
        people, who, at, scene.entries.target(), reading=scene.reading(people.pace), address=scene.reach(people, who)
    )


BOTS = {
    "A1": Family(single_host, (400, 8000), scripted=True),
    "A2": Family(datacentre, (800, 6000), scripted=True),
    "A3": Family(residential, (600, 6000), scripted=True),
    "A4": Family(redial, (600, 6000), scripted=True),
    "A5": Family(phone_farm, (400, 6000), scripted=True),
    "A9": Family(blitz, (1000, 12_000), (1, 3), scripted=True),
    "A10": Family(drip, (1500, 9000), (1, 3)),
    "A11": Family(framing, (800, 5000), (1, 2), scripted=True),
    "A12": Family(embedded, (500, 5000), scripted=True),
    "A14": Family(waves, (95, 1500), scripted=True),
    "A16": Family(limit_hugger, (400, 5000), scripted=True),
    "A17": Family(mimic, (400, 3000), (1, 2)),
}
