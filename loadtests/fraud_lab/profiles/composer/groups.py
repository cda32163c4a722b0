"""One group of voters with drawn traits, honest or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from loadtests.fraud_lab.profiles.composer.moments import moments
from loadtests.fraud_lab.profiles.composer.traits import Traits
from loadtests.fraud_lab.simulator.batch import Addresses, Batch, Ints
from loadtests.fraud_lab.simulator.clock import DAY, HOUR
from loadtests.fraud_lab.simulator.headers import DIRECT, Odd, Site
from loadtests.fraud_lab.simulator.scene import People, Scene

_PHONES = ("wechat_android", "wechat_ios", "mini_program", "android", "ios")
_BROKEN: Mapping[str, tuple[Odd, ...]] = {
    "private": (Odd.NO_LANGUAGE, Odd.NO_HINTS, Odd.FOREIGN_ZONE, Odd.BARE, Odd.FOREIGN_LANGUAGE),
    "contradictory": (Odd.OTHER_PLATFORM, Odd.OTHER_REPORT, Odd.FOREIGN_ZONE, Odd.FOREIGN_LANGUAGE),
    "missing": (Odd.NO_LANGUAGE, Odd.NO_HINTS, Odd.BARE),
}
_OLD_DAYS = 12
_FOREIGN_ASN = (7922, 4713, 3320, 4766, 45102, 9299)


def make_group(scene: Scene, traits: Traits, count: int) -> Batch:
    """`count` ballots of one group, sorted by time."""
    if traits.when == "cooldown":
        window = scene.clock.closes - scene.clock.opens
        least = np.ceil(count * (traits.pace + 60) * 1_000 / (0.9 * window))
        traits = replace(traits, spots=max(traits.spots, float(least)))
    at = moments(scene, traits, count)
    who = _voters(scene, scene.clock.day_of(at), traits.returning)
    reading = _reading(scene, traits, count)
    people = _people(scene, traits, int(who.max()) + 1)
    _age(scene, traits, people, who, at - reading)
    renews = traits.tokens in ("cleared", "renewed")
    batch = scene.cast(
        people,
        who,
        at,
        _entries(scene, traits, who),
        reading=reading,
        address=_addresses(scene, traits, people, who),
        source=DIRECT if traits.phones == "emulators" else None,
        loses=1.0 if renews else None if traits.tokens == "public" else 0.0,
    )
    return _with_odd_requests(scene, traits, batch)


def _voters(scene: Scene, day: Ints, returning: float) -> Ints:
    """A voter per ballot, none twice a day. Some return far more often than others."""
    random, eager = scene.random, scene.random.lognormal(0, 1.5, len(day))
    voter = np.empty(len(day), dtype=np.int64)
    known = start = 0
    for today in np.bincount(day - day[0]):
        back = min(known, int(random.binomial(today, returning)))
        waits = random.exponential(1, known) / eager[:known]
        chosen = np.concatenate((np.argsort(waits)[:back], np.arange(known, known + today - back)))
        voter[start : start + today] = random.permutation(chosen)
        known, start = known + int(today) - back, start + int(today)
    return voter


def _people(scene: Scene, traits: Traits, count: int) -> People:
    """Voters with their phones; `accounts` of them share a device."""
    device = np.arange(count) // round(traits.accounts)
    profile = _profiles(scene, traits, int(device[-1]) + 1)[device]
    province = None if traits.where in ("public", "vpn", "hosts", "datacentre", "residential") else scene.province()
    people = scene.people(count, profile=profile, province=province)
    people.device, people.web_id = scene.identities(int(device[-1]) + 1)[device], people.web_id[device]
    if traits.phones == "emulators":
        # Copies of one emulator have one number.
        people.web_id = 1 + profile % 9_999
    return people


def _profiles(scene: Scene, traits: Traits, count: int) -> Ints:
    clients, models = scene.clients, round(traits.models)
    own = clients.draw(count)
    if traits.phones == "public":
        return own
    if traits.phones == "emulators":
        # A script's author picks user agents at will.
        genuine = np.flatnonzero(clients.share > 0)
        stock = scene.random.choice(genuine[clients.is_mobile(genuine)], models)
    elif traits.phones == "kiosk":
        stock = clients.few(models, "desktop", "android")
    else:
        stock = clients.few(12 if traits.phones == "brand" else models, *_PHONES)
    shared = scene.random.choice(stock, count, p=scene.random.dirichlet(np.full(len(stock), 2.0)))
    return np.where(scene.mask(count, traits.alike), shared, own).astype(np.int64)


def _reading(scene: Scene, traits: Traits, count: int) -> Ints:
    if traits.reading not in ("usual", "slow", "quick", "guided"):
        return scene.exact(count, traits.dwell, traits.spread)
    seconds = scene.reading(np.full(count, traits.dwell), scene.median, scene.sigma * traits.spread)
    # Some leave the page open and return to it.
    left = scene.mask(count, 0.02)
    return np.where(left, seconds * scene.random.uniform(5, 60, count), seconds).clip(max=3_600_000).astype(np.int64)


def _age(scene: Scene, traits: Traits, people: People, who: Ints, opened: Ints) -> None:
    """How long before its first page a device's token was issued."""
    count = len(people)
    if traits.tokens == "aged":
        # Registered in up to three sittings before the contest, and kept for it.
        sitting = scene.random.choice(scene.random.uniform(3, 90, 3), count) * DAY
        first = np.full(count, scene.clock.closes)
        np.minimum.at(first, who, opened)
        before = first - scene.clock.opens + sitting + scene.random.uniform(0, 3 * HOUR, count)
    else:
        before = scene.random.lognormal(np.log(_OLD_DAYS * DAY), 1.3, count)
    fresh = {"fresh": 1.0, "old": 0.03, "aged": 0.0}.get(traits.tokens, scene.fresh)
    people.age = np.where(scene.mask(count, fresh), 0, before).astype(np.int64)


def _addresses(scene: Scene, traits: Traits, people: People, who: Ints) -> Addresses:
    """The group's shared addresses for a share `inside` of the ballots, and the voters' own for the others."""
    own = scene.reach(people, who)
    if traits.where == "public":
        return own
    spots = max(1, round(traits.spots))
    if traits.when == "cooldown":
        shared = scene.networks.home(scene.networks.provinces(spots), scene.networks.carriers(spots))
        shared = shared.take(np.arange(len(who)) % spots)
    else:
        shared = _POOLS[traits.where](scene, people, who, spots)
    return shared.where(scene.mask(len(who), traits.inside), own)


def _kept(scene: Scene, people: People, who: Ints, spots: int) -> Addresses:
    """Each voter keeps one of a site's addresses."""
    chosen = scene.random.integers(0, spots, len(people))[who]
    return scene.networks.place(int(people.province[0]), spots).take(chosen)


def _drawn(scene: Scene, people: People, who: Ints, spots: int) -> Addresses:
    """Each ballot comes from one of a site's addresses."""
    return scene.spots(scene.networks.place(int(people.province[0]), spots), len(who))


def _town(scene: Scene, people: People, who: Ints, spots: int) -> Addresses:
    """Each voter's line is in one of a few /24."""
    towns = scene.random.integers(0, 36, max(1, spots // 4))[who % max(1, spots // 4)]
    return scene.networks.home(people.province[who], people.carrier[who], towns.astype(np.int64))


def _region(scene: Scene, people: People, who: Ints, spots: int) -> Addresses:
    return scene.networks.mobile(people.province[who], people.carrier[who])


def _abroad(scene: Scene, people: People, who: Ints, spots: int) -> Addresses:
    """Homes in other countries: networks of no hosting company."""
    found = scene.networks.hosting(24, 254).take(scene.random.integers(0, 24 * 254, len(people))[who])
    found.asn, found.hosting = np.asarray(_FOREIGN_ASN)[who % len(_FOREIGN_ASN)], np.zeros(len(who), dtype=np.int64)
    return found


def _servers(scene: Scene, people: People, who: Ints, spots: int) -> Addresses:
    """One address in each of these networks."""
    return scene.networks.hosting(spots, 1).take(scene.random.integers(0, spots, len(who)))


def _datacentre(scene: Scene, people: People, who: Ints, spots: int) -> Addresses:
    """Many addresses in each of these networks."""
    return scene.networks.hosting(spots, 200).take(scene.random.integers(0, spots * 200, len(who)))


def _residential(scene: Scene, people: People, who: Ints, spots: int) -> Addresses:
    return scene.networks.home(scene.networks.provinces(len(who)), scene.networks.carriers(len(who)))


def _dial(scene: Scene, people: People, who: Ints, spots: int) -> Addresses:
    """Lines of one carrier in a few towns, with a new address for each ballot."""
    count, towns = len(who), scene.random.integers(0, 36, max(1, spots // 4))
    carrier = np.full(count, scene.random.integers(3), dtype=np.int64)
    return scene.networks.home(people.province[who], carrier, scene.random.choice(towns, count).astype(np.int64))


_POOLS: Mapping[str, Callable[[Scene, People, Ints, int], Addresses]] = {
    "exit": _kept,
    "wifi": _kept,
    "campus": _drawn,
    "line": _drawn,
    "town": _town,
    "region": _region,
    "abroad": _abroad,
    "vpn": _servers,
    "hosts": _servers,
    "datacentre": _datacentre,
    "residential": _residential,
    "dial": _dial,
}


def _entries(scene: Scene, traits: Traits, who: Ints) -> Ints:
    """The favoured entries, else entries by popularity; most voters keep their choice."""
    count, voters = len(who), int(who.max()) + 1
    popular = np.where(scene.mask(count, 0.15), scene.entries.pick(count), scene.entries.pick(voters)[who])
    if traits.whom == "public":
        return popular
    clients = _clients(scene, traits)
    turn = np.arange(count)
    if traits.whom == "posted":
        turn = turn * len(clients) // count
    elif traits.whom == "some":
        turn = scene.random.choice(len(clients), voters, p=scene.random.dirichlet(np.full(len(clients), 3.0)))[who]
    return np.where(scene.mask(count, traits.loyal), clients[turn % len(clients)], popular)


def _clients(scene: Scene, traits: Traits) -> Ints:
    """A crowd prefers popular entries; a rival leads; who pays is among the upper 60 %."""
    random, order = np.random.default_rng(traits.favours), scene.entries.order
    if traits.whom == "rival":
        return order[random.integers(0, 5, 1)]
    known = np.sqrt(scene.entries.popularity[order])
    if traits.whom in ("client", "rotation", "posted"):
        known = np.where(np.arange(len(order)) < len(order) * 0.6, 1.0, 0.0)
    return order[random.choice(len(order), round(traits.clients), replace=False, p=known / known.sum())]


def _with_odd_requests(scene: Scene, traits: Traits, batch: Batch) -> Batch:
    """A tool breaks each request differently, and so do private browsers."""
    broken = scene.mask(len(batch), traits.broken)
    if traits.headers in _BROKEN:
        batch.odd = np.where(broken, scene.random.choice(_BROKEN[traits.headers], len(batch)), batch.odd)
    elif traits.headers == "embedded":
        batch.site = np.where(broken, Site.CROSS, batch.site)
        batch.source = np.where(broken, -2 - int(scene.random.integers(40)), batch.source)
    elif traits.headers == "automated":
        batch.profile = np.where(broken, scene.clients.draw(len(batch), "tool"), batch.profile)
    return batch
