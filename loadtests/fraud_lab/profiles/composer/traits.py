"""Tables of traits, from which those of each group are drawn within the limits of its family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

# A word, words of equal chance, a number, or a range (`log_uniform`).
Limit = str | float | tuple[str, ...] | tuple[float, float]
Limits = Mapping[str, Limit]


@dataclass(frozen=True, slots=True)
class Traits:
    """One group of voters. Words name rows of `OPTIONS`; numbers: `spots` addresses or networks with a share `inside`
    of the ballots; `models` fingerprints with a share `alike`; `pace` in s and `parts` of the timing; `dwell` (s, or
    times the public's) and its `spread`; `accounts` a device; a share `broken` of headers; `clients` entries with a
    share `loyal`; a share `returning` of known voters; a share `again` of ballots moved to later days.
    `favours`: the seed that chooses the entries."""

    where: str = "public"
    phones: str = "public"
    when: str = "public"
    reading: str = "usual"
    tokens: str = "public"
    headers: str = "public"
    whom: str = "public"
    spots: float = 1
    inside: float = 1
    models: float = 1
    alike: float = 1
    pace: float = 1
    parts: float = 1
    dwell: float = 1
    spread: float = 1
    accounts: float = 1
    broken: float = 0
    clients: float = 1
    loyal: float = 1
    returning: float = 0
    again: float = 0
    favours: int = 0


@dataclass(frozen=True, slots=True)
class Family:
    """A family: `about` states its parameters, `size` its ballots in a world of 200,000 and more, `kind` the table of
    `KINDS` that `limits` narrows; `shared`: how many words of a crowd may differ from the public's, 0 for any;
    `hybrid`: about half of it is drawn as paid people."""

    about: str
    scripted: bool
    size: tuple[float, float]
    kind: str
    limits: Limits
    shared: int = 0
    hybrid: bool = False


WORDS = ("where", "phones", "when", "reading", "tokens", "headers", "whom")


def limited(text: str) -> Limits:
    """Limits as `name=word|word`, `name=number` or `name=low..high`, parted by blanks."""
    return {name: _limit(value) for name, value in (each.split("=") for each in text.split())}


def _limit(value: str) -> Limit:
    if value[0].isalpha():
        return tuple(value.split("|"))
    low, _, high = value.partition("..")
    return (float(low), float(high)) if high else float(low)


# The numbers that come with a word.
OPTIONS: Mapping[str, Limits] = {
    "exit": limited("spots=1..4 inside=0.5..1"),
    "campus": limited("spots=3..30 inside=0.5..1"),
    "town": limited("spots=2..8 inside=0.4..0.9"),
    "region": limited("spots=1..3 inside=0.5..1"),
    "abroad": limited("inside=0.6..1"),
    "vpn": limited("spots=5..60 inside=0.4..1"),
    "hosts": limited("spots=1..6"),
    "line": limited("spots=1..4"),
    "datacentre": limited("spots=15..120"),
    "residential": limited("inside=0.9..1"),
    "dial": limited("spots=15..120"),
    "wifi": limited("spots=1..8 inside=0.3..0.9"),
    "brand": limited("alike=0.5..1"),
    "few": limited("models=1..6 alike=0.3..0.9"),
    "kiosk": limited("models=1..2"),
    "emulators": limited("models=1..40 alike=0.85..1"),
    "farm": limited("models=1..6 alike=0.8..1"),
    "burst": limited("pace=90..10800"),
    "bursts": limited("pace=90..7200 parts=2..6"),
    "daily": limited("pace=180..3600 parts=3..10"),
    "shift": limited("parts=1..10"),
    "deadline": limited("pace=1200..14400"),
    "fixed": limited("pace=1..60 parts=1..10"),
    "gaps": limited("pace=2..90 parts=1..10"),
    "waves": limited("pace=0.2..5 parts=1..6"),
    "tasks": limited("pace=900..5400 parts=1..12"),
    "last": limited("pace=3600..14400"),
    "flat": limited("parts=2..10"),
    "cooldown": limited("pace=360..7200 parts=1..10"),
    "slow": limited("dwell=1.3..2.5 spread=0.8..1.1"),
    "quick": limited("dwell=0.25..0.6 spread=0.7..1.1"),
    "guided": limited("dwell=0.4..0.9 spread=0.6..0.9"),
    "instant": limited("dwell=0.1..1.2 spread=0.05..0.5"),
    "narrow": limited("dwell=1..20 spread=0.02..0.08"),
    "tight": limited("dwell=2..30 spread=0.12..0.3"),
    "human": limited("dwell=4..40 spread=0.5..0.9"),
    "usual": limited("dwell=0.8..1.25 spread=0.9..1.1"),
    "private": limited("broken=0.3..0.9"),
    "contradictory": limited("broken=0.15..0.6"),
    "missing": limited("broken=0.15..1"),
    "embedded": limited("broken=0.5..1"),
    "automated": limited("broken=0.3..1"),
    "one": limited("loyal=0.6..1"),
    "some": limited("clients=2..3 loyal=0.6..1"),
    "client": limited("loyal=0.6..1"),
    "rotation": limited("clients=2..10 loyal=0.6..1"),
    "posted": limited("clients=2..10 loyal=0.6..1"),
}
# Traits of no honest crowd here. A campaign has at least two of them, which differ between instances.
TELLS = {
    *("hosts", "datacentre", "residential", "dial", "emulators", "fixed", "gaps", "waves", "tasks", "flat", "cooldown"),
    *("instant", "narrow", "tight", "aged", "contradictory", "embedded", "automated", "rotation", "posted"),
}
KINDS: Mapping[str, Limits] = {
    "script": limited(
        "where=hosts|line|datacentre|residential|dial|region|vpn|public phones=emulators|emulators|public "
        "when=fixed|gaps|waves|flat|cooldown|last|public|burst reading=instant|narrow|tight|human|usual "
        "tokens=fresh|renewed|aged|old|public "
        "headers=public|public|contradictory|missing|automated|embedded "
        "whom=client|client|rotation|posted returning=0..0.9"
    ),
    "paid": limited(
        "where=public|public|region|wifi|town phones=public|public|brand|farm "
        "when=tasks|tasks|bursts|gaps|flat|last|public reading=tight|human|usual|quick "
        "tokens=public|old|aged|fresh|renewed headers=public whom=client|rotation|posted returning=0..0.9"
    ),
    "crowd": limited(
        "where=exit|campus|town|region|abroad|vpn|public phones=public|brand|few "
        "when=burst|daily|public|night|deadline|bursts reading=usual|slow|quick|guided "
        "tokens=public|fresh|old|cleared headers=public whom=one|some|public returning=0..0.6 again=0..0.3"
    ),
}
_PLAIN = {"where": "public", "phones": "public", "when": "public", "reading": "usual", "tokens": "public"}


def draw(rng: np.random.Generator, family: Family) -> Traits:
    """Traits of one instance; those of a campaign are drawn until two of them are in TELLS."""
    while True:
        limits: dict[str, Limit] = {**KINDS[family.kind], **family.limits}
        if family.shared:
            limits |= _unshared(rng, family)
        words = {name: _word(rng, limits[name]) for name in WORDS}
        if family.kind == "crowd" or len(TELLS.intersection(words.values())) >= 2:
            break
    numbers: dict[str, Limit] = {}
    for word in words.values():
        numbers |= OPTIONS.get(word, {})
    numbers |= {name: limit for name, limit in limits.items() if name not in WORDS}
    drawn: dict[str, Any] = {**words, **{name: _number(rng, limit) for name, limit in numbers.items()}}
    return Traits(**drawn, favours=int(rng.integers(0, 2**31)))


def _unshared(rng: np.random.Generator, family: Family) -> dict[str, Limit]:
    """Limits of a crowd that differs from the public in one to `shared` traits, one of them the place or the time."""
    first = str(rng.choice(("where", "when")))
    others = [name for name in (*_PLAIN, "whom") if name != first]
    more = rng.choice(others, int(rng.integers(0, family.shared)), replace=False)
    plain: dict[str, Limit] = {**_PLAIN, "whom": "public"}
    return {name: word for name, word in plain.items() if name != first and name not in more}


def _word(rng: np.random.Generator, limit: Limit) -> str:
    return str(limit[int(rng.integers(0, len(limit)))]) if isinstance(limit, tuple) else str(limit)


def _number(rng: np.random.Generator, limit: Limit) -> float:
    return log_uniform(rng, float(limit[0]), float(limit[1])) if isinstance(limit, tuple) else float(limit)


def log_uniform(random: np.random.Generator, low: float, high: float) -> float:
    """A log-uniform number; from zero on, a uniform one."""
    return float(np.exp(random.uniform(np.log(low), np.log(high)))) if low > 0 else float(random.uniform(low, high))
