"""Attacks that the research page does not describe: ways of selling votes that the newcomer thought of."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer import oddities
from loadtests.hands.newcomer.ballots import FIVE, MINI_PROGRAM, WIFI, Ballots, joined, readdress, size
from loadtests.hands.newcomer.dice import Array
from loadtests.hands.newcomer.networks import REGIONS, TELECOM
from loadtests.hands.newcomer.people import Manner, People, cast, people
from loadtests.hands.newcomer.profiles import DESKTOP, IN_WECHAT, STALE, WEB_ANDROID, WEB_IOS
from loadtests.hands.newcomer.programs import scripted
from loadtests.hands.newcomer.scene import Scene
from loadtests.hands.newcomer.times import DAY, MINUTE, MS


def hang_up_app(scene: Scene, n: int) -> Ballots:
    """Y1 hang-up app (scripted): people let an "earn while charging" app run on their own phones at night and in the
    noon break; it opens the vote in a hidden web view, waits as long as its template says (two to four fixed waits with
    little jitter) and votes once a day for the day's order out of two to four clients. Real phones, homes and mobile
    networks, tokens that last."""
    rng, times = scene.rng, scene.times
    days = times.days_at(0, 8)
    come = rng.uniform(0.4, 0.8)
    span = int(np.clip(rng.integers(2, 8), 1, max(1, n // 25)))
    who = _charging(scene, max(10, int(n / (span * come))))
    on = np.sort(rng.permutation(days)[:span])
    idx, col = np.nonzero(rng.random((len(who.voter), len(on))) < come)
    asleep = rng.random(len(idx)) < 0.75
    night = rng.normal(2.5, 1.6, len(idx)).clip(0.02, 7.5)
    hour = np.where(asleep, night, rng.uniform(12, 14, len(idx)))
    clients = scene.entries.clients(int(rng.integers(2, 5)))
    manner = Manner(fresh=1.0, refresh=0.0, odd=0.0)
    made = cast(scene, who, idx, times.clock(on[col], hour), clients[col % len(clients)], manner)
    count = size(made)
    wait = rng.choice(rng.uniform(4, 15, int(rng.integers(2, 5))), count) + rng.gamma(2, 0.25, count)
    made["opened"] = made["at"] - (wait * MS).astype(np.int64)
    made["issued"] = np.minimum(made["issued"], made["opened"] - 30)
    made["page"][:] = 2
    return made


def _charging(scene: Scene, n: int) -> People:
    """Owners of Android phones from everywhere."""
    who = people(scene, n, wechat=0.0, desktop=0.0, mobile=0.25)
    who.region = scene.rng.choice(REGIONS, n)
    iphone = scene.browsers.kind[who.profile] == WEB_IOS
    who.profile[iphone] = scene.browsers.popular(WEB_ANDROID, int(iphone.sum()))
    return who


def gift_stand(scene: Scene, n: int) -> Ballots:
    """Y2 gift stand (human, paid in eggs): canvassers in front of one to six supermarkets let passers-by scan a code
    and vote for a present, from ten to six; real phones on the one or two mobile cells' addresses there or the shop's
    Wi-Fi, new tokens, 0.3-2 votes a minute and stand, quick because the canvasser holds the thumb."""
    rng, times = scene.rng, scene.times
    stands = int(np.clip(rng.integers(1, 7), 1, max(1, n // 40)))
    days = times.days_at(10, 8.5)
    per_day = stands * rng.uniform(0.3, 2) * 480
    span = int(np.clip(np.ceil(n / per_day), 1, len(days)))
    on = rng.permutation(days)[:span]
    region = scene.region()
    who = people(scene, n, wechat=0.97, region=region, desktop=0.0, mobile=0.8)
    # Nothing of this is used; drawn since worlds of a seed shall stay what they were.
    rng.integers(0, stands, n)
    at = times.clock(rng.choice(on, n), 10 + rng.beta(1.3, 1.1, n) * 8)
    client = scene.entries.client()
    made = cast(scene, who, np.arange(n), at, client, Manner(fresh=0.98, reading=rng.uniform(4, 10), spread=0.45))
    _at_stands(scene, made, stands, region)
    return made


def _at_stands(scene: Scene, made: Ballots, stands: int, region: int) -> None:
    """Gives ballots the addresses of the stands: a cell of each operator and the shop's Wi-Fi."""
    rng, count = scene.rng, size(made)
    stand = rng.integers(0, stands, count)
    keys = rng.integers(1 << 60, size=stands * 3)
    spots, asn = scene.networks.cell(np.full(stands * 3, region), np.tile([0, 1, 2], stands), keys)
    use = stand * 3 + rng.choice(3, count, p=[0.5, 0.24, 0.26])
    wifi = scene.networks.fresh(stands) * 256 + 7
    inside = rng.random(count) < 0.2
    every = np.ones(count, bool)
    readdress(made, every, np.where(inside, wifi[stand], spots[use]), np.where(inside, TELECOM, asn[use]))
    made["network"] = np.where(inside, WIFI, FIVE).astype(np.int8)


def fingerprint_studio(scene: Scene, n: int) -> Ballots:
    """Y3 anti-detect studio (human, paid by the piece): 10-60 typists in shifts with "fingerprint browsers" that make
    up a new identity each time (screens that no phone has, zones and languages drawn from a list), behind a few 4G
    routers that get a new address every quarter of an hour; one vote every 20-60 s and typist, lunch and supper
    breaks."""
    rng = scene.rng
    seats = int(np.clip(rng.integers(10, 61), 2, max(2, n // 15)))
    at = _in_shifts(scene, n, seats)
    sorts = [scene.browsers.popular(kind, n // 3 + 1) for kind in (DESKTOP, WEB_ANDROID, STALE)]
    profile = np.concatenate(sorts)[rng.permutation(n)]
    router = rng.integers(0, max(2, seats // 6), n)
    region = int(rng.integers(REGIONS))
    quarter = (at // (15 * MINUTE)).astype(np.int64)
    address = scene.networks.cell(np.full(n, region), router % 3, router * 1_000_003 + quarter)
    seconds = rng.uniform(5, 14) * rng.lognormal(0, 0.45, n)
    return scripted(
        scene,
        at,
        scene.entries.client(),
        profile,
        address,
        seconds,
        network=WIFI,
        solve=900,
        zone=np.where(rng.random(n) < 0.15, rng.integers(1, 6, n), 0),
        language=np.where(rng.random(n) < 0.15, 2, 0),
        odd=np.where(rng.random(n) < 0.35, oddities.MADE_UP_SCREEN, oddities.USUAL),
    )


def _in_shifts(scene: Scene, n: int, seats: int) -> Array:
    """Times of three shifts a day, on as many days as the work takes."""
    rng, times = scene.rng, scene.times
    gap = rng.uniform(20, 60)
    days = times.days_at(9, 14)
    hours = n * gap / seats / 3600
    span = int(np.clip(np.ceil(hours / rng.uniform(2, 9)), 1, len(days)))
    on = rng.permutation(days)[:span]
    shift = rng.choice([9.0, 13.5, 18.5], n, p=rng.dirichlet([2, 2, 2]))
    length = min(3.2, max(0.15, hours / span / 2))
    return times.clock(rng.choice(on, n), shift + rng.uniform(0, length, n))


def harvested_tickets(scene: Scene, n: int) -> Ballots:
    """Y4 harvested tickets (scripted): a mini program's page tickets are fetched ahead for stolen openids, one every
    second or so, and fired later in the same order in one to four salvos over residential addresses and cloud
    functions; so the reading time is 10-90 minutes and almost constant within a salvo. Few browsers, tokens as old as
    the ticket."""
    rng = scene.rng
    salvos = int(np.clip(rng.integers(1, 5), 1, max(1, n // 40)))
    client = scene.entries.client()
    models = scene.browsers.some(IN_WECHAT, int(rng.integers(3, 15)))
    sizes = rng.multinomial(n, np.full(salvos, 1 / salvos))
    return joined([_salvo(scene, int(count), client, models) for count in sizes])


def _salvo(scene: Scene, n: int, client: int, models: Array) -> Ballots:
    rng = scene.rng
    rate = rng.uniform(0.3, 5)
    offset = np.cumsum(rng.exponential(1 / rate, n)) * MS
    lead = rng.uniform(10, 90) * MINUTE
    start = scene.times.start((offset[-1] if n else 0) + 2 * lead)
    opened = start + np.cumsum(rng.exponential(rng.uniform(0.6, 1.4) / rate, n)) * MS
    at = np.maximum(opened + 2 * MINUTE, start + lead + offset)
    ip, asn = scene.networks.residential(n)
    nets, cloud = scene.networks.cloud(8)
    use = rng.integers(0, 8, n)
    hosted = rng.random(n) < rng.uniform(0, 0.4)
    profile = rng.choice(models, n)
    address = np.where(hosted, nets[use] * 256 + rng.integers(1, 250, n), ip), np.where(hosted, cloud[use], asn)
    odd = np.where(rng.random(n) < 0.4, oddities.NO_FETCH_METADATA, oddities.USUAL)
    seconds = (at - opened) / MS
    return scripted(scene, at, client, profile, address, seconds, hosting=hosted, channel=MINI_PROGRAM, odd=odd)


def nursery(scene: Scene, n: int) -> Ballots:
    """Y5 nursery (scripted): aged accounts that vote by themselves at a minute of their own every day for entries at
    random (by popularity), and in the last two or three days all for the client; each sits on a residential address of
    its own and keeps its token, has its own typical reading time that hardly varies."""
    rng, times = scene.rng, scene.times
    m = max(8, int(n / (len(times.days) * 0.85)))
    who = people(scene, m, wechat=float(rng.choice([0.0, 0.5, 1.0])))
    idx, col = np.nonzero(rng.random((m, len(times.days))) < 0.9)
    day = times.days[col]
    own = rng.uniform(0, DAY, m) if rng.random() < 0.4 else (times.ordinary(m) - times.midnight) % DAY
    minute = own[idx] + rng.normal(0, scene.shifted(2) * MINUTE, len(idx))
    at = times.midnight + day * DAY + np.clip(minute, 0, DAY - 1)
    last = day >= times.days[-1] - int(rng.integers(2, 4))
    clients = scene.entries.clients(int(rng.integers(1, 3)))
    entry = np.where(last, clients[idx % len(clients)], scene.entries.popular(day))
    manner = Manner(fresh=0.3, refresh=0.0, spread=0.1, reading=rng.uniform(6, 16), odd=0.0)
    made = cast(scene, who, idx, at, entry, manner)
    ip, asn = scene.networks.residential(size(made), 0.8)
    spot = np.unique(made["device"], return_inverse=True)[1]
    readdress(made, np.ones(size(made), bool), ip[spot], asn[spot])
    made["network"][:], made["solve"][:] = WIFI, 300
    return made
