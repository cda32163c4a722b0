"""The public, and the page's honest look-alikes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loadtests.hands.outsider.base import FINE, HOUR, MINUTE, NO_LANGUAGE, SILENT, Acts, Family, Place, either
from loadtests.hands.outsider.clients import DESKTOP, PHONES, WECHAT
from loadtests.hands.outsider.networks import ABROAD_CLOUD, CAMPUS, CLOUD
from loadtests.hands.outsider.scene import Kit, Scene


def office(scene: Scene, count: int) -> Acts:
    """L1: 40-700 staff on 1-3 addresses (1-6), 70 % for one entry, PCs of 6-15 builds and their own phones, in working
    hours of 1-4 days."""
    who, day, members = scene.rota(count, int(scene.rng.integers(1, 5)), scene.rng.uniform(0.4, 0.8))
    desk = scene.crew(members, Kit(kinds=("windows",), few=int(scene.rng.integers(6, 16))))
    own = scene.rng.random(members) < scene.rng.uniform(0.3, 0.7)
    crew = replace(desk, profile=np.where(own, scene.crew(members, Kit(kinds=PHONES)).profile, desk.profile))
    at = (scene.clock.row(4)[day] + scene.rng.normal(13, 2.6, len(who)).clip(8.2, 19.5) * HOUR).astype(np.int64)
    place = scene.net.pool(len(who), max(1, round(scene.shifted(1, 3))), 1)
    entry = scene.mostly(len(who), scene.target(), min(0.92, scene.share(0.7)))
    return Acts(crew, who, at, scene.read(len(who), 10), entry, place, scene.oddities(len(who)))


def school(scene: Scene, count: int) -> Acts:
    """L2: 200-1,800 pupils on 1-3 campus addresses, 45 % on identical PCs of a lab, 90 % for one entry, a lesson's
    burst of 22 min (11-44)."""
    crew = scene.crew(count, Kit(kinds=PHONES, fresh=0.85))
    lab = scene.crew(count, Kit(kinds=("windows",), few=1)).profile
    at_lab = scene.rng.random(count) < min(0.75, scene.share(0.45))
    crew = replace(crew, profile=np.where(at_lab, lab, crew.profile))
    length = scene.shifted(22, 22) * MINUTE
    at = (scene.clock.start(length, 8.5, 16.5) + scene.rng.beta(1.5, 2.5, count) * length).astype(np.int64)
    campus = scene.net.pool(count, int(scene.rng.integers(1, 4)), 1, CAMPUS)
    who = np.arange(count)
    place = either(at_lab | (scene.rng.random(count) < 0.6), campus, scene.usual(crew, who, 0.9))
    entry = scene.mostly(count, scene.target(), scene.rng.uniform(0.8, 0.97))
    return Acts(crew, who, at, scene.read(count, 9, 0.65), entry, place, scene.oddities(count))


def one_gateway(scene: Scene, count: int) -> Acts:
    """L3: a crowd behind 1-4 CGNAT addresses of one carrier: the public's phones, entries and hours."""
    crew = scene.crew(count, Kit(kinds=PHONES, region=int(scene.rng.integers(31))))
    sessions = scene.net.mobile(crew.region, np.full(count, scene.rng.integers(3)))
    gates = np.unique(sessions.code[sessions.code < 2**32])[: int(scene.rng.integers(1, 5))]
    code = scene.rng.choice(gates, count) if len(gates) else sessions.code
    place = Place(code, sessions.asn, sessions.hosting, sessions.mobile)
    at = scene.clock.awake(count)
    return Acts(crew, np.arange(count), at, scene.read(count), scene.public(count), place, scene.oddities(count))


def viral_group(scene: Scene, count: int) -> Acts:
    """L4: a WeChat group of at most 500 after somebody's call: fresh tokens (85-97 %), decay of 25 min (12-50), one
    entry (92-99 %), one region's carriers."""
    kit = Kit(kinds=WECHAT, fresh=scene.rng.uniform(0.85, 0.97), region=int(scene.rng.integers(31)))
    return _call(scene, count, kit, scene.shifted(25, 25))


def livestream(scene: Scene, count: int) -> Acts:
    """L6: 3,000-12,000 viewers after a call in a stream, decay of 3-10 min, 92-99 % one entry, all over the country."""
    return _call(scene, count, Kit(kinds=(*PHONES, "windows"), fresh=0.85), scene.rng.uniform(3, 10))


def _call(scene: Scene, count: int, kit: Kit, minutes: float) -> Acts:
    crew, who = scene.crew(count, kit), np.arange(count)
    at = (scene.clock.start(6 * minutes * MINUTE, 9, 22) + scene.decay(count, minutes)).astype(np.int64)
    entry = scene.mostly(count, scene.target(), scene.rng.uniform(0.92, 0.99))
    return Acts(crew, who, at, scene.read(count, 8), entry, scene.usual(crew, who, 0.75), scene.oddities(count))


def employer(scene: Scene, count: int) -> Acts:
    """L5: 300-2,500 employees asked every morning at 9:00, one entry, 70 % back daily (45-90) on 3-8 days, their own
    phones on carriers and 1-3 company addresses."""
    rate = min(0.9, max(0.45, scene.share(0.7)))
    who, day, members = scene.rota(count, int(scene.rng.integers(3, 9)), rate)
    crew = scene.crew(members, Kit(kinds=PHONES, region=int(scene.rng.integers(31))))
    delay = scene.rng.lognormal(np.log(25), 1.0, len(who)).clip(0, 600) * MINUTE
    at = (scene.clock.row(8)[day] + 8.9 * HOUR + delay).astype(np.int64)
    company = scene.net.pool(len(who), int(scene.rng.integers(1, 4)), 1)
    place = either(scene.rng.random(len(who)) < 0.5, company, scene.usual(crew, who, 0.8))
    entry = scene.mostly(len(who), scene.target(), 0.97)
    return Acts(crew, who, at, scene.read(len(who), 7, 0.7), entry, place, scene.oddities(len(who)))


def deadline(scene: Scene, count: int) -> Acts:
    """L7: everybody's supporters in the last 2 hours (1-4), denser to the end, entries by popularity, reading around
    9 s."""
    crew, who = scene.crew(count), np.arange(count)
    length = scene.shifted(2, 2) * HOUR
    at = (scene.clock.closes - 1 - length * scene.rng.beta(1, 1.8, count)).astype(np.int64)
    return Acts(crew, who, at, scene.read(count, 9), scene.public(count), scene.usual(crew, who), scene.oddities(count))


def kiosk(scene: Scene, count: int) -> Acts:
    """L8: a library's PC or kiosk: one model, tokens cleared, one address, 60-250 people a day (30-500) from 9:00 to
    20:00, one behind the other, 20-50 % for a local entry."""
    crew = scene.crew(count, Kit(kinds=DESKTOP, few=1, fresh=1))
    days = int(np.clip(np.ceil(count / scene.shifted(60, 250)), 1, 9))
    at = scene.clock.hours(count, days, 9, 20)
    place = scene.net.pool(count, 1, 1)
    entry = scene.mostly(count, scene.target(), scene.rng.uniform(0.2, 0.5))
    return Acts(crew, np.arange(count), at, scene.read(count, 22, 0.6), entry, place, scene.oddities(count, 0))


def private(scene: Scene, count: int) -> Acts:
    """L9: VPN users and privacy browsers: hosting addresses in 10-60 /24s for 70 %, fresh tokens (92 %), 30 % without
    a language or a page's report, entries and hours of the public."""
    crew, who = scene.crew(count, Kit(kinds=(*DESKTOP, "chrome_android", "safari_ios"), fresh=0.92)), np.arange(count)
    net = ABROAD_CLOUD if scene.rng.random() < 0.7 else CLOUD
    vpn = scene.net.pool(count, int(scene.rng.integers(10, 61)), 30, net)
    place = either(scene.rng.random(count) < 0.7, vpn, scene.usual(crew, who))
    flaw = np.where(scene.rng.random(count) < 0.3, scene.rng.choice([NO_LANGUAGE, SILENT], count), FINE)
    return Acts(crew, who, scene.clock.awake(count), scene.read(count), scene.public(count), place, flaw)


def small_town(scene: Scene, count: int) -> Acts:
    """L10: a town behind 2-8 /24s, 85-97 % for its own entry, on 4-9 days at the public's hours, 30-60 % back daily."""
    who, day, members = scene.rota(count, int(scene.rng.integers(4, 10)), scene.rng.uniform(0.3, 0.6))
    crew = scene.crew(members, Kit(region=int(scene.rng.integers(31))))
    at = scene.clock.within(scene.clock.row(9)[day])
    lines = scene.net.pool(len(who), int(scene.rng.integers(2, 9)), 200)
    place = either(scene.rng.random(len(who)) < 0.6, lines, scene.usual(crew, who, 1.0))
    entry = scene.mostly(len(who), scene.target(), scene.rng.uniform(0.85, 0.97))
    return Acts(crew, who, at, scene.read(len(who), 11), entry, place, scene.oddities(len(who)))


def public(scene: Scene, count: int) -> Acts:
    """Voters of whom two thirds come once and others on up to 10 days at their usual hour, three in four times for the
    same entry; 0.6 % of ballots through a VPN, 1.5 % with odd headers."""
    visits = np.minimum(np.where(scene.rng.random(count) < 0.67, 1, 1 + scene.rng.geometric(0.4, count)), 10)
    members = int(np.searchsorted(np.cumsum(visits), count)) + 1
    visits = visits[:members]
    weights = scene.clock.weights()
    luck = np.log(weights) + scene.rng.gumbel(size=(members, len(weights)))
    days = np.argsort(-luck, axis=1)
    mask = np.arange(len(weights)) < visits[:, None]
    who, day = np.nonzero(mask)[0][:count], days[mask][:count]
    crew = scene.crew(members)
    habit = scene.rng.random(members)[who] + scene.rng.normal(0, 0.12, len(who)) * (visits[who] > 1)
    # Around the clock: who is a little later than the end of the day's load is early instead.
    at = scene.clock.visits(day, habit % 1)
    entry = np.where(scene.rng.random(len(who)) < 0.75, scene.public(members)[who], scene.public(len(who)))
    vpn = scene.net.pool(len(who), 200, 30, ABROAD_CLOUD)
    place = either(scene.rng.random(len(who)) < 0.006, vpn, scene.usual(crew, who))
    return Acts(crew, who, at, scene.read(len(who)), entry, place, scene.oddities(len(who)))


LISTED = {
    "L1": Family(office, (40, 700)),
    "L2": Family(school, (200, 1800)),
    "L3": Family(one_gateway, (400, 2500)),
    "L4": Family(viral_group, (100, 250)),
    "L5": Family(employer, (1000, 6000)),
    "L6": Family(livestream, (3000, 12000)),
    "L7": Family(deadline, (2000, 6000)),
    "L8": Family(kiosk, (100, 1000)),
    "L9": Family(private, (500, 2500)),
    "L10": Family(small_town, (500, 3000)),
}
