"""People and how they cast ballots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.hands.newcomer import profiles
from loadtests.hands.newcomer.ballots import FOUR, MINI_PROGRAM, WEB, WIFI, Ballots, ballots_of
from loadtests.hands.newcomer.dice import Array, mix
from loadtests.hands.newcomer.networks import REGIONS
from loadtests.hands.newcomer.scene import Scene
from loadtests.hands.newcomer.times import HOUR, MS

_ANDROID_SHARE = 0.66


@dataclass(slots=True)
class People:
    """Persons with a browser, a home and a phone contract. `mobile`: how often one votes from the mobile network,
    `six` if one has IPv6, `moves` if the home's address changes daily, `pace` of reading."""

    voter: Array
    channel: Array
    profile: Array
    house: Array
    region: Array
    operator: Array
    mobile: Array
    six: Array
    moves: Array
    pace: Array


@dataclass(frozen=True, slots=True)
class Manner:
    """How a crowd votes: shares of new tokens and of tokens lost between two votes, typical seconds of reading and
    their spread, share of odd headers; those not given are the public's."""

    fresh: float | None = None
    refresh: float | None = None
    reading: float | None = None
    spread: float = 0.6
    odd: float | None = None


USUAL = Manner()


def _kinds(draw: Array, channel: Array, desktop: float) -> Array:
    """The sort of browser that each uses."""
    inside = np.where(draw < _ANDROID_SHARE, profiles.WECHAT_ANDROID, profiles.WECHAT_IOS)
    android = draw < desktop + (1 - desktop) * _ANDROID_SHARE
    outside = np.where(android, profiles.WEB_ANDROID, profiles.WEB_IOS)
    return np.where(channel == 1, inside, np.where(draw < desktop, profiles.DESKTOP, outside))


def _browsers(scene: Scene, kind: Array) -> Array:
    profile = np.zeros(len(kind), np.int64)
    for each in (*profiles.PHONES, profiles.DESKTOP):
        where = kind == each
        profile[where] = scene.browsers.popular(each, int(where.sum()))
    return profile


def people(
    scene: Scene,
    n: int,
    *,
    wechat: float | None = None,
    region: int | None = None,
    desktop: float = 0.28,
    households: bool = False,
    mobile: float | None = None,
) -> People:
    """n people, some in one household on demand; shares not given are the public's."""
    rng, traits = scene.rng, scene.traits
    wechat = traits.wechat if wechat is None else wechat
    channel = (rng.random(n) < wechat).astype(np.int8)
    kind = _kinds(rng.random(n), channel, desktop)
    profile = _browsers(scene, kind)
    channel[(channel == 1) & (rng.random(n) < traits.mini)] = MINI_PROGRAM
    house = np.cumsum(rng.random(n) < 0.72) if households else np.arange(n)
    place = rng.choice(REGIONS, n, p=scene.networks.regions) if region is None else np.full(n, region)
    moving = (traits.mobile if mobile is None else mobile) / max(0.3, 1 - (1 - wechat) * desktop)
    often = rng.random(n) < (moving - 0.15) / 0.75
    return People(
        voter=scene.serials(n),
        channel=channel,
        profile=profile,
        house=house + int(scene.serials(n)[0]),
        region=place[np.searchsorted(house, house)],
        operator=rng.choice(3, n, p=[0.5, 0.24, 0.26]),
        mobile=np.where(kind == profiles.DESKTOP, 0, np.where(often, 0.9, 0.15)),
        six=rng.random(n) < traits.six,
        moves=rng.random(n) < 0.35,
        pace=rng.lognormal(0, 0.35, n),
    )


@dataclass(frozen=True, slots=True)
class _Tokens:
    """When each ballot's page was opened, and its token."""

    opened: Array
    issued: Array
    device: Array


def _tokens(scene: Scene, who: People, idx: Array, at: Array, manner: Manner) -> _Tokens:
    """Reading times and tokens of ballots that are sorted by person and time."""
    rng, traits, n = scene.rng, scene.traits, len(at)
    starts = np.append(True, idx[1:] != idx[:-1])
    typical = traits.reading if manner.reading is None else manner.reading
    seconds = typical * who.pace[idx] * rng.lognormal(0, manner.spread, n)
    seconds *= np.where(starts, 1.0, 0.7)
    opened = at - (seconds.clip(0.9, 2400) * MS).astype(np.int64)
    again = ~starts & (rng.random(n) < (traits.refresh if manner.refresh is None else manner.refresh))
    segment = np.cumsum(starts | again) - 1
    heads = np.flatnonzero(starts | again)
    new = rng.random(len(heads)) < (traits.fresh if manner.fresh is None else manner.fresh)
    new |= ~starts[heads]
    age = _ages(scene, new)
    return _Tokens(opened, (opened[heads] - age.astype(np.int64) - 20)[segment], scene.serials(len(heads))[segment])


def _ages(scene: Scene, new: Array) -> Array:
    """How old tokens are (ms) when their first page opens: just made, or known for hours to weeks."""
    rng, n = scene.rng, len(new)
    just = rng.exponential(np.where(rng.random(n) < 0.6, 0.4, 40), n) * MS
    known = rng.lognormal(np.log(40), 1.6, n).clip(0.1, 900) * HOUR
    return np.where(new, just, known)


def _addresses(scene: Scene, who: People, idx: Array, day: Array, moving: Array) -> tuple[Array, Array, Array]:
    """Address (both halves) and network: at home, or of the mobile network, which gives two addresses a day."""
    region, operator, voter = who.region[idx], who.operator[idx], who.voter[idx]
    lasting = who.house[idx].astype(np.uint64)
    house = np.where(who.moves[idx], mix(who.house[idx], day) >> np.uint64(1), lasting).astype(np.uint64)
    key = mix(voter, day, scene.rng.integers(0, 2, len(idx)))
    home, home_asn = scene.networks.home(region, house)
    cell, cell_asn = scene.networks.cell(region, operator, key)
    four = np.where(moving, cell, home).astype(np.uint64)
    six = scene.networks.six(region, operator, moving, np.where(moving, key, mix(house, 5)))
    ip = np.where(who.six[idx], six, four)
    ip_low = np.where(who.six[idx], mix(voter, day, 3), np.uint64(0))
    return ip, ip_low, np.where(moving, cell_asn, home_asn)


def cast(scene: Scene, who: People, idx: Array, at: Array, entry: Array | int, manner: Manner = USUAL) -> Ballots:
    """The ballots of people `idx` at `at`, as people cast them: their own browser, address, token and reading."""
    rng, times = scene.rng, scene.times
    at = np.asarray(at).astype(np.int64)
    entry = np.broadcast_to(np.asarray(entry), len(at))
    inside = np.flatnonzero((at >= times.opens + 500) & (at < times.closes))
    order = inside[np.lexsort((at[inside], idx[inside]))]
    idx, at, entry = idx[order], at[order], entry[order]
    n = len(at)
    if not n:
        return ballots_of(0)
    tokens = _tokens(scene, who, idx, at, manner)
    moving = rng.random(n) < who.mobile[idx]
    ip, ip_low, asn = _addresses(scene, who, idx, times.day_of(at), moving)
    return ballots_of(
        n,
        at=at,
        opened=tokens.opened,
        issued=tokens.issued,
        # A web voter is the token: a cleared one is somebody new.
        voter=np.where(who.channel[idx] == WEB, tokens.device, who.voter[idx]),
        device=tokens.device,
        entry=entry,
        profile=who.profile[idx],
        network=np.where(moving, FOUR + (rng.random(n) < 0.6), WIFI),
        ip=ip,
        ip_low=ip_low,
        asn=asn,
        channel=who.channel[idx],
        odd=scene.oddly(n, manner.odd),
        page=rng.choice(3, n, p=[0.6, 0.36, 0.04]),
    )
