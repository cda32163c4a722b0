"""The attacks of the page that machines carry out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from loadtests.hands.literal.clock import DAYS
from loadtests.hands.literal.people import Habits, cast, people
from loadtests.hands.literal.rows import DAY, HOUR, OTHER_HINTS, STRAY_CROSS, USUAL, Ballots, Floats, Ints
from loadtests.hands.literal.scene import Scene


def _every_so_often(scene: Scene, size: int, low: float, high: float) -> Floats:
    return scene.clock.run(scene.random.exponential(scene.between(low, high), size))


def single_host(scene: Scene, size: int) -> Ballots:
    """A1: a script on one machine."""
    random, clients = scene.random, scene.clients
    at = scene.clock.run(scene.between(1, 5) * (1 + random.uniform(-0.05, 0.05, size)))
    lines = scene.networks.fixed(scene.many(1, 4), hosting=scene.chance(0.5))
    honest = scene.chance(0.5)
    profile = np.full(size, random.choice(clients.programs) if honest else clients.draw(1, 0.0)[0])
    # What says that it is a program has no browser's headers to forge.
    odd = USUAL if honest else int(clients.forged(profile[:1], 0.6)[0])
    low = scene.vary(0.4)
    dwell = random.uniform(low, low * 3, size)
    ip = lines[np.arange(size) % len(lines)]
    return cast(scene, at, scene.entry(), profile, ip, dwell, odd=np.full(size, odd))


def datacentre(scene: Scene, size: int) -> Ballots:
    """A2: proxies in datacentres."""
    return _datacentre(scene, size, None)


def framing(scene: Scene, size: int) -> Ballots:
    """A11: the same for a rival who did not order it."""
    rank = scene.random.integers(0, 10)
    return _datacentre(scene, size, int(np.argsort(-scene.popularity)[rank]))


def _datacentre(scene: Scene, size: int, entry: int | None) -> Ballots:
    clients, networks = scene.clients, scene.networks
    at = _every_so_often(scene, size, 10, 40)
    profile = clients.of_kinds(scene.many(20, 20), size)
    prefixes = networks.prefixes(scene.many(60, 60), hosting=True)
    entry = scene.entry() if entry is None else entry
    ip = networks.within(prefixes, size)
    dwell = scene.waiting(size, 2, 6)
    return cast(scene, at, entry, profile, ip, dwell, odd=clients.forged(profile, scene.share(0.5)))


def residential(scene: Scene, size: int) -> Ballots:
    """A3: rotating proxies in homes."""
    at = _every_so_often(scene, size, 15, 60)
    profile = scene.clients.of_kinds(scene.many(50, 50), size)
    odd = np.where(scene.random.random(size) < scene.share(0.3), OTHER_HINTS, USUAL)
    entry = scene.entry()
    ip = scene.networks.residential(size)
    return cast(scene, at, entry, profile, ip, scene.waiting(size, 3, 10), odd=odd)


def redialled(scene: Scene, size: int) -> Ballots:
    """A4: lines that dial in anew for each ballot."""
    random, networks = scene.random, scene.networks
    at = _every_so_often(scene, size, 8, 40)
    kinds = scene.many(8, 8, 2)
    profile = scene.clients.of_kinds(kinds, size, float(random.choice([0.0, 0.5, 1.0])))
    prefixes = networks.prefixes(1) + random.permutation(512)[: scene.many(60, 60)]
    entry = scene.entry()
    ip = networks.within(prefixes, size)
    return cast(scene, at, entry, profile, ip, scene.waiting(size, 3, 9))


def phone_farm(scene: Scene, size: int) -> Ballots:
    """A5: racks of phones, each with several accounts."""
    random, networks = scene.random, scene.networks
    days = int(random.integers(1, 5))
    accounts = scene.many(3, 3)
    phones = max(5, math.ceil(size / (accounts * days)))
    day, account, phone = (each.ravel() for each in np.indices((days, accounts, phones)))
    first = int(random.integers(0, DAYS - days + 1))
    at = _in_rounds(scene, first, (days, accounts, phones))
    model = scene.clients.of_kinds(scene.many(3, 3), phones, 1.0)
    devices, names = scene.fresh(phones), scene.fresh(phones * accounts)
    wifi = networks.fixed(1) + np.arange(scene.many(3, 3))
    pool = random.choice(networks.pools, 1)
    cell = random.random(phones) < 0.3
    ip = np.where(cell[phone], networks.mobile(np.full(len(phone), pool[0])), wifi[phone % len(wifi)])
    dwell = scene.waiting(len(day), 3, 8)
    begun = at.reshape(days, accounts, phones).min((0, 1))[phone] - dwell
    return cast(
        scene,
        at,
        scene.entry(),
        model[phone],
        ip,
        dwell,
        device=devices[phone],
        voter=names[phone * accounts + account],
        cell=cell[phone],
        issued=np.minimum(begun, at - dwell),
    )


def _in_rounds(scene: Scene, first: int, shape: tuple[int, int, int]) -> Floats:
    """Times of all phones, one after the other, for each day and account."""
    days, accounts, phones = shape
    day, account, phone = (each.ravel() for each in np.indices(shape))
    # On the first day the window may open at noon only.
    hours = [[scene.clock.hour(12.5 if first + each == 0 else 9, 17)] for each in range(days)]
    starts = np.array(hours) + np.arange(accounts)[None, :] * scene.vary(0.6)
    # A round must end before the day does.
    stagger = min(scene.vary(3), 0.9 * 2.2 * HOUR / phones)
    jitter = scene.random.normal(0, 0.3, len(day))
    at: Floats = scene.clock.at(first + day, starts[day, account]) + phone * stagger + jitter
    return at


def blitz(scene: Scene, size: int) -> Ballots:
    """A9: everything in the last hours."""
    span = min(scene.vary(2), 5) * HOUR
    low = scene.vary(1.5)
    dwell = scene.random.uniform(low, low * 4, size)
    at = scene.clock.end - scene.random.random(size) * span
    entry = scene.entry()
    profile = scene.clients.draw(size)
    return cast(scene, at, entry, profile, scene.networks.residential(size), dwell)


def slow_drip(scene: Scene, size: int) -> Ballots:
    """A10: a little all the time."""
    random, networks = scene.random, scene.networks
    at = np.sort(random.uniform(0, scene.clock.end, size))
    cell = random.random(size) < 0.5
    ip = np.where(cell, networks.mobile(random.choice(networks.pools, size)), networks.residential(size))
    entry = scene.entry()
    profile = scene.clients.draw(size)
    return cast(scene, at, entry, profile, ip, scene.reading(size), cell=cell)


def embedded(scene: Scene, size: int) -> Ballots:
    """A12: a foreign page that makes its readers vote unawares."""
    days = int(scene.random.integers(1, 6))
    first = int(scene.random.integers(0, DAYS - days + 1))
    at = scene.clock.usual(size, first, first + days)
    entry = np.full(size, scene.entry())
    made = people(scene, np.arange(size), at, entry, Habits(wechat=0.2, fresh=0.8, odd=0))
    dwell = scene.random.uniform(0.04, min(0.8, scene.vary(0.5)), size)
    young = made.at - made.issued < HOUR
    issued = np.where(young, made.at - dwell, made.issued)
    return replace(made, dwell=dwell, odd=np.full(size, STRAY_CROSS), issued=issued)


def waves(scene: Scene, size: int) -> Ballots:
    """A14: quick waves of accounts that were made one after the other."""
    random, networks = scene.random, scene.networks
    at = _in_waves(scene, size)
    profile = scene.clients.of_kinds(scene.many(4, 4), size, 1.0)
    dwell = scene.waiting(size, 1.2, 4)
    voter = scene.fresh(size)
    minted = -scene.between(1, 20) * DAY + np.arange(size) * scene.between(1, 6)
    entry = scene.entry()
    ip = networks.within(networks.prefixes(scene.many(20, 20)), size)
    device = scene.fresh(size)
    issued = np.where(random.random() < 0.5, minted, at - dwell)
    return cast(scene, at, entry, profile, ip, dwell, voter=voter, device=device, issued=issued)


def _in_waves(scene: Scene, size: int) -> Floats:
    random = scene.random
    count = int(random.integers(1, 4))
    wave = np.sort(random.integers(0, count, size))
    at = np.zeros(size)
    for number in range(count):
        mine = int((wave == number).sum())
        gap = 1 / scene.vary(float(np.exp(random.uniform(math.log(0.2), math.log(4.4)))))
        at[wave == number] = scene.clock.run(random.exponential(gap, max(1, mine)))[:mine]
    return at


def limit_hugger(scene: Scene, size: int) -> Ballots:
    """A16: addresses that come again as soon as a limit lets them."""
    random = scene.random
    cooldown = float(random.choice([10, 20, 30, 60])) * 60 + 60
    days = scene.between(1, 4) * DAY
    each = max(4, int(min(days, scene.clock.end * 0.9) / cooldown))
    lines = max(1, math.ceil(size / each))
    line, turn = (one.ravel() for one in np.indices((lines, each)))
    start = random.uniform(0, max(1.0, scene.clock.end - each * cooldown * 1.02))
    late = random.uniform(0, cooldown, lines)[line]
    at = start + late + turn * cooldown + random.uniform(0, 8, len(line))
    profile = scene.clients.of_kinds(scene.many(10, 10, 2), lines)
    entry = scene.entry()
    ip: Ints = scene.networks.residential(lines)[line]
    return cast(scene, at, entry, profile[line], ip, scene.waiting(len(line), 4, 12))


def mimic(scene: Scene, size: int) -> Ballots:
    """A17: in everything like the public, from an address each."""
    at = scene.clock.usual(size)
    entry = np.full(size, scene.entry())
    habits = Habits(lines=scene.networks.residential(size), cell=0, moves=0)
    return people(scene, np.arange(size), at, entry, habits)


MAKERS: dict[str, Callable[[Scene, int], Ballots]] = {
    "A1": single_host,
    "A2": datacentre,
    "A3": residential,
    "A4": redialled,
    "A5": phone_farm,
    "A9": blitz,
    "A10": slow_drip,
    "A11": framing,
    "A12": embedded,
    "A14": waves,
    "A16": limit_hugger,
    "A17": mimic,
}
