"""Ballots of anyone, and of real people: who comes when, with which phone, from where."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np

from loadtests.hands.literal.clock import DAYS
from loadtests.hands.literal.networks import hosting, systems
from loadtests.hands.literal.rows import DAY, FIFTH, FOURTH, NOTHING, USUAL, WIFI, Ballots, Bools, Floats, Ints
from loadtests.hands.literal.scene import Scene

# Ballots a voter, of a public of whom a third comes back.
VISITS = 1.55


class Known(TypedDict, total=False):
    """What else is known of ballots."""

    voter: Ints
    device: Ints
    issued: Floats
    cell: Bools
    six: Ints
    odd: Ints


@dataclass(frozen=True, slots=True)
class Habits:
    """How a crowd votes. `cell`: who votes over a mobile network; `fresh`: who had no token; `moves`: how often they
    are elsewhere; `clears`: how often a token is gone. `pools` are the mobile networks they have; `lines` everyone's
    fixed line, else they live in households; `profiles` everyone's browser."""

    wechat: float = 0.6
    cell: float = 0.55
    fresh: float = 0.65
    moves: float = 0.15
    clears: float = 0.1
    odd: float = 0.015
    median: float | None = None
    sigma: float = 0.7
    pools: Ints | None = None
    lines: Ints | None = None
    profiles: Ints | None = None


_ANYONE = Habits()


def cast(
    scene: Scene, at: Floats, entry: Ints | int, profile: Ints, ip: Ints, dwell: Floats, **known: Unpack[Known]
) -> Ballots:
    """Ballots; what is not known is a new voter's with a token as old as the page."""
    count = len(at)
    device = known["device"] if "device" in known else scene.fresh(count)
    voter = known["voter"] if "voter" in known else _voters(scene, profile, scene.fresh(count), device)
    cell = known.get("cell", np.zeros(count, bool))

    def ints(values: Ints | int) -> Ints:
        return np.broadcast_to(np.asarray(values, np.int64), count)

    return Ballots(
        at=at,
        entry=ints(entry),
        voter=voter,
        device=device,
        issued=known.get("issued", at - dwell),
        dwell=dwell,
        profile=profile,
        ip=ip,
        six=ints(known.get("six", NOTHING)),
        asn=systems(ip, cell),
        hosting=hosting(ip),
        air=np.where(cell, cellular(scene, count), WIFI),
        odd=ints(known.get("odd", USUAL)),
    )


def cellular(scene: Scene, count: int) -> Ints:
    """What kinds of mobile network phones tell."""
    return np.where(scene.random.random(count) < 0.7, FIFTH, FOURTH)


def _voters(scene: Scene, profile: Ints, accounts: Ints, device: Ints) -> Ints:
    # In the open web the token is all there is of a voter.
    return np.where(scene.clients.is_wechat[profile], accounts, device)


def people(scene: Scene, who: Ints, at: Floats, entry: Ints, habits: Habits = _ANYONE) -> Ballots:
    """Ballots of real people, whom `who` numbers from 0."""
    order = np.lexsort((at, who))
    who, at, entry = who[order], at[order], entry[order]
    voters = int(who.max()) + 1 if len(who) else 0
    profiles = scene.clients.draw(voters, habits.wechat) if habits.profiles is None else habits.profiles
    ip, six, cell = _places(scene, who, profiles, habits)
    dwell = scene.reading(len(who), habits.median, habits.sigma)
    device, issued = _tokens(scene, who, at - dwell, habits)
    accounts = scene.fresh(voters)
    profile = profiles[who]
    return cast(
        scene,
        at,
        entry,
        profile,
        ip,
        dwell,
        device=device,
        voter=_voters(scene, profile, accounts[who], device),
        cell=cell,
        six=six,
        issued=issued,
        odd=scene.clients.odd(profile, habits.odd),
    )


def _places(scene: Scene, who: Ints, profiles: Ints, habits: Habits) -> tuple[Ints, Ints, Bools]:
    """For each ballot its IPv4 address, its IPv6 address if any, and whether it came over a mobile network."""
    random, networks, voters = scene.random, scene.networks, len(profiles)
    if habits.pools is None:
        pool = random.choice(networks.pools, voters, p=networks.weights)
    else:
        pool = random.choice(habits.pools, voters)
    desk = scene.clients.is_desk[profiles]
    carried = _carried(scene, desk, habits.cell)
    house, line = np.arange(voters), habits.lines
    if line is None:
        size = random.choice([1, 2, 3, 4], voters, p=[0.45, 0.3, 0.17, 0.08])
        house = np.cumsum(random.random(voters) < 1 / size)
        line = networks.within(networks.homes, voters + 1)[house]
    away = random.random(len(who)) < habits.moves
    cell = carried[who] ^ (away & ~desk[who] & (habits.lines is None))
    ip = np.where(cell, networks.mobile(pool[who]), line[who])
    none = np.full(voters, NOTHING)
    # Lines and pools that are given have no IPv6: whoever gives them means these addresses.
    home = _sixes(scene, voters + 1, 0.12)[house] if habits.lines is None else none
    outside = _sixes(scene, voters, 0.1) if habits.pools is None else none
    return ip, np.where(cell, outside[who], home[who]), cell


def _carried(scene: Scene, desk: Bools, share: float) -> Bools:
    """Whose browser is on a mobile network."""
    voters, random = len(desk), scene.random
    carried: Bools = (random.random(voters) < share) & ~desk
    if share > 0:  # desks have no SIM card: the phones make up for them
        lack = share * voters - carried.sum()
        able = ~carried & ~desk
        carried |= able & (random.random(voters) < lack / max(1, able.sum()))
    return carried


def _sixes(scene: Scene, count: int, share: float) -> Ints:
    return np.where(scene.random.random(count) < share, scene.fresh(count), NOTHING)


def _tokens(scene: Scene, who: Ints, opened: Floats, habits: Habits) -> tuple[Ints, Floats]:
    """For each ballot its device and when that one's token was issued: kept from visit to visit, unless cleared."""
    random, count = scene.random, len(who)
    first = np.ones(count, bool)
    first[1:] = who[1:] != who[:-1]
    begins = first | (random.random(count) < habits.clears)
    which = np.cumsum(begins) - 1
    device = scene.fresh(int(begins.sum()))[which]
    age = random.lognormal(math.log(6 * DAY), 1.3, count)
    old = first & (random.random(count) >= habits.fresh)
    issued = np.where(old, opened - age, opened)[begins][which]
    return device, issued


def visits(scene: Scene, voters: int, back: float) -> tuple[Ints, Ints]:
    """Who comes on which days: once, and `back` of them on several."""
    random = scene.random
    several = random.random(voters) < back
    times = np.where(several, 1 + random.geometric(0.45, voters), 1)
    # Days without replacement, by their load.
    score = np.log(scene.clock.daily)[None, :] + random.gumbel(size=(voters, DAYS))
    rank = np.argsort(np.argsort(-score, 1), 1)
    who, day = np.nonzero(rank < np.minimum(times, DAYS)[:, None])
    return who, day


def choices(scene: Scene, who: Ints, first: Ints, same: float = 0.85) -> Ints:
    """What they vote for: mostly what each chose first."""
    stays = scene.random.random(len(who)) < same
    return np.where(stays, first[who], scene.popular(len(who)))


def public(scene: Scene, size: int) -> Ballots:
    """Ordinary voters."""
    voters = max(10, int(size / VISITS))
    who, days = visits(scene, voters, 0.33)
    while len(who) < size:
        voters = int(voters * 1.05) + 10
        who, days = visits(scene, voters, 0.33)
    keep = np.sort(scene.random.permutation(len(who))[:size])
    who, days = who[keep], days[keep]
    first = scene.popular(voters)
    # Acquaintances vote alike.
    first = np.where(scene.random.random(voters) < 0.2, np.roll(first, 1), first)
    return people(scene, who, scene.clock.when(days), choices(scene, who, first))
