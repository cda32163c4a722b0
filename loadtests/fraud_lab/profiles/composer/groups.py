"""One group of voters, honest or not, as columns of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from loadtests.fraud_lab.profiles.composer.families import Traits
from loadtests.fraud_lab.profiles.composer.moments import moments
from loadtests.fraud_lab.profiles.composer.places import POOLS, Addresses, Bools, Floats, Ints, Rows, own, pooled
from loadtests.fraud_lab.profiles.composer.setting import DAY, WINDOW, ZONE, Setting, pick

# What a request says that a usual one does not.
CLEAN, ENGLISH, MUTE, UNHINTED, AWAY, DESKTOP, OTHER_VERSION, EMBEDDED, AUTOMATED, UNREPORTED, BARE = range(11)
_ODD = (ENGLISH, MUTE, UNHINTED, AWAY, DESKTOP, UNREPORTED, BARE)
_BROKEN: Mapping[str, tuple[int, ...]] = {
    "private": (MUTE, UNHINTED, AWAY, BARE, ENGLISH),
    "contradictory": (DESKTOP, OTHER_VERSION, AWAY, ENGLISH),
    "missing": (MUTE, UNHINTED, BARE, UNREPORTED),
    "embedded": (EMBEDDED,),
    "automated": (AUTOMATED, UNREPORTED),
}
_RELATIVE = ("usual", "slow", "quick", "guided")
_LONGEST = 3_600.0
Columns = dict[str, Ints]


def make_group(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Columns:
    """`count` ballots sorted by time; voters and devices are numbered from 0. Times are in ms, `kind` is a code of
    above, `phone` a row of the world's phones."""
    if traits.when == "cooldown":
        least = np.ceil(count * (traits.pace + 60) * 1_000 / (0.9 * WINDOW))
        traits = replace(traits, spots=max(traits.spots, float(least)))
    at = moments(rng, setting, traits, count)
    voter = _voters(rng, (at + ZONE) // DAY, traits.returning)
    voters = int(voter.max()) + 1
    phone = _phones(rng, setting, traits, -(-voters // round(traits.accounts)))[voter // round(traits.accounts)]
    opened = at - _reading(rng, setting, traits, count)
    device, issued = _tokens(rng, setting, traits, voter, opened)
    addresses = _addresses(rng, setting, traits, voter)
    challenge = setting.challenge * rng.lognormal(0, 0.3, voters)[voter] * rng.lognormal(0, 0.45, count)
    return {
        "at": at,
        "voter": voter,
        "device": device,
        "issued": issued,
        "opened": opened,
        "entry": _entries(rng, setting, traits, voter),
        "phone": phone,
        "kind": _kinds(rng, setting, traits, voter),
        "high": addresses.high,
        "low": addresses.low,
        "asn": addresses.asn,
        "mobile": addresses.mobile.astype(np.int64),
        # Copies of one emulator have one number.
        "serial": 1 + (phone if traits.phones == "emulators" else rng.integers(0, 9_999, voters)[voter]) % 9_999,
        # The page asks for the work before it sends the ballot.
        "challenge": np.minimum(challenge, 0.9 * (at - opened)).astype(np.int64),
    }


def _voters(rng: np.random.Generator, day: Ints, returning: float) -> Ints:
    """Nobody twice a day. Some come back far more often than others."""
    eager = rng.lognormal(0, 1.5, len(day))
    voter = np.empty(len(day), dtype=np.int64)
    known = start = 0
    for today in np.bincount(day - day[0]):
        back = min(known, int(rng.binomial(today, returning)))
        waits = rng.exponential(1, known) / eager[:known]
        chosen = np.concatenate((np.argsort(waits)[:back], np.arange(known, known + today - back)))
        voter[start : start + today] = rng.permutation(chosen)
        known, start = known + int(today) - back, start + int(today)
    return voter


def _phones(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Ints:
    phones = setting.phones
    chosen = pick(rng, phones.weights, count)
    models = round(traits.models)
    if traits.phones == "public":
        return chosen
    if traits.phones == "brand":
        brand = phones.brands == phones.brands[pick(rng, np.where(phones.brands == "desktop", 0, phones.weights), 1)[0]]
        shared = pick(rng, np.where(brand, phones.weights, 0), count)
    else:
        # A script's author picks at will; what people share was bought by many.
        weights = np.ones(len(phones.weights)) if traits.phones == "emulators" else phones.weights
        fit = phones.channels == "web" if traits.phones == "kiosk" else phones.brands != "desktop"
        stock = pick(rng, np.where(fit, weights, 0), models)
        shared = stock[pick(rng, rng.dirichlet(np.full(models, 2.0)), count)]
    return np.where(rng.random(count) < traits.alike, shared, chosen)


def _reading(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Ints:
    human = traits.reading in _RELATIVE
    median, sigma = (setting.median, setting.sigma) if human else (1.0, 1.0)
    seconds = median * traits.dwell * rng.lognormal(0, sigma * traits.spread, count)
    if human:
        # Some leave the page open and come back to it.
        seconds = np.where(rng.random(count) < 0.02, seconds * rng.uniform(5, 60, count), seconds)
        seconds = np.clip(seconds, 0.8 + rng.exponential(0.6, count), _LONGEST)
    return (np.maximum(seconds, 0.03) * 1_000).astype(np.int64)


def _tokens(rng: np.random.Generator, setting: Setting, traits: Traits, voter: Ints, opened: Ints) -> tuple[Ints, Ints]:
    """Devices, and when their tokens were issued: with the first page, or days to months before it."""
    if traits.tokens in ("cleared", "renewed"):
        return np.arange(len(voter)), opened - rng.integers(0, 900, len(voter))
    device = voter // round(traits.accounts)
    count = int(device.max()) + 1
    first = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first, device, opened)
    before = rng.lognormal(np.log(12 * DAY), 1.3, count)
    if traits.tokens == "aged":
        # Registered in a few sittings and kept for it.
        sitting = rng.uniform(3, 90, 3) * DAY
        batch = sitting[rng.integers(0, 3, count)] + rng.uniform(0, 3 * 3_600_000, count)
        before = first - (setting.opens - batch)
    fresh = {"fresh": 1.0, "old": 0.03, "aged": 0.0}.get(traits.tokens, setting.fresh)
    age = np.where(rng.random(count) < fresh, rng.exponential(400, count), before)
    return device, (first - np.maximum(age, 0).astype(np.int64))[device]


def _addresses(rng: np.random.Generator, setting: Setting, traits: Traits, voter: Ints) -> Addresses:
    if traits.where == "public":
        return own(rng, setting.places, voter, None)
    pool = POOLS[traits.where]
    rows = Rows(voter, traits.when == "cooldown")
    shared, region = pooled(rng, setting.places, rows, pool, round(traits.spots))
    others = own(rng, setting.places, voter, region if pool.regional else None)
    inside: Bools = rng.random(len(voter)) < traits.inside
    return Addresses(*(np.where(inside, one, other) for one, other in zip(shared, others, strict=True)))


def _entries(rng: np.random.Generator, setting: Setting, traits: Traits, voter: Ints) -> Ints:
    """The favoured entries, and by popularity what is not for them; most voters stay with their choice."""
    count = len(voter)
    popular = pick(rng, setting.popularity, int(voter.max()) + 1)[voter]
    popular = np.where(rng.random(count) < 0.15, pick(rng, setting.popularity, count), popular)
    if traits.whom == "public":
        return popular
    clients = _clients(setting, traits)
    turn = np.arange(count)
    if traits.whom == "posted":
        turn = turn * len(clients) // count
    elif traits.whom == "some":
        turn = pick(rng, rng.dirichlet(np.full(len(clients), 3.0)), int(voter.max()) + 1)[voter]
    return np.where(rng.random(count) < traits.loyal, clients[turn % len(clients)], popular)


def _clients(setting: Setting, traits: Traits) -> Ints:
    """A crowd's entries are the better the more popular; a rival leads; who pays is anybody but the last."""
    rng = np.random.default_rng(traits.favours)
    order = np.argsort(-setting.popularity)
    if traits.whom == "rival":
        return order[rng.integers(0, 5, 1)]
    known: Floats = np.sqrt(setting.popularity[order])
    if traits.whom in ("client", "rotation", "posted"):
        known = np.where(np.arange(len(order)) < len(order) * 0.6, 1.0, 0.0)
    return order[rng.choice(len(order), round(traits.clients), replace=False, p=known / known.sum())]


def _kinds(rng: np.random.Generator, setting: Setting, traits: Traits, voter: Ints) -> Ints:
    """Oddities stay with a voter; a tool breaks each request anew, and so do private browsers."""
    voters = int(voter.max()) + 1
    odd = np.where(rng.random(voters) < setting.odd, rng.choice(_ODD, voters), CLEAN)[voter]
    if traits.headers == "public":
        return odd
    broken = rng.choice(_BROKEN[traits.headers], len(voter))
    return np.where(rng.random(len(voter)) < traits.broken, broken, odd)
