"""Who casts invented votes, in the ways of the security review's section 1: they look like people in all that is seen.

Attackers register 40 % of their credentials hours or days before they use them. That is not played: the age of a
credential is no property of the groups in which answers are compared. They were written without knowledge of the
estimate.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from loadtests.fraud_lab.answers.worlds import DAYS, WEB, Ballots, Voters, World, delays
from loadtests.fraud_lab.simulator.batch import Bools, Ints

# Networks and clients that no honest voter has.
_STRANGE, _STRANGE_NETWORKS, _OWN_CLIENTS = 10_000, 500, 60
# A place in the middle of the field, and one to frame.
_PLACES, _RIVALS = (5, 12), (0, 4)
# A voter that comes back does so from its usual network, else from another one.
_USUAL = 0.65
_HIDDEN = ("office", "school", "elderly")


class Attacker(NamedTuple):
    """`like` says whose clients and networks it has: its own, those of the honest on the web, those of one honest
    crowd, or those of everybody."""

    name: str
    like: Literal["nobody", "web", "crowd", "people"]
    # The share of voters that come back, and how many days these vote in all.
    returning: float = 0.0
    days: tuple[int, int] = (2, 6)
    # The share of its ballots that goes to other entries.
    camouflage: float = 0.0
    # The range of the share that confirms when asked.
    answers: tuple[float, float] = (0.0, 0.05)
    # Real telephone numbers at hand; each confirms one voter.
    numbers: int = 0
    daily: int | None = None
    frames: bool = False


ATTACKERS = (
    Attacker("own clients", "nobody", returning=0.5, camouflage=0.25),
    Attacker("as people", "web"),
    Attacker("as people, returning", "web", returning=0.5, camouflage=0.25),
    Attacker("as people, every day", "web", returning=1.0, days=(6, 10), camouflage=0.25),
    Attacker("hidden in a crowd", "crowd", returning=0.3),
    Attacker("200 numbers", "web", returning=0.5, camouflage=0.25, numbers=200),
    Attacker("paid people", "people", returning=0.5, camouflage=0.3, answers=(0.0, 0.6)),
)
SLOW_DRIP = Attacker("slow drip", "web", returning=0.5, camouflage=0.25, daily=20)
FRAMING = Attacker("framing", "web", returning=0.5, frames=True)


class Attack(NamedTuple):
    """The invented voters and their ballots, with numbers that follow those of the world; whom they vote for, and the
    telephone numbers at hand."""

    voters: Voters
    ballots: Ballots
    target: int
    numbers: int


def attack(world: World, attacker: Attacker, wanted: int, seed: int) -> Attack:
    """An attack with so many ballots for its entry; a slow drip ends with the contest."""
    rng = np.random.default_rng([seed, 0xA7, wanted])
    models, target = _models(world, attacker, rng)
    if attacker.daily:
        wanted = min(wanted, attacker.daily * DAYS)
    count = round(wanted / (1 - attacker.camouflage))
    returning = rng.random(count) < attacker.returning
    visits = np.where(returning, rng.integers(*attacker.days, count, endpoint=True), 1)
    people = int(np.searchsorted(np.cumsum(visits), count)) + 1
    ranks = np.argsort(rng.random((people, DAYS)), axis=1)
    voter, days = np.nonzero(ranks < visits[:people, None])
    kept = np.sort(rng.permutation(len(voter))[:count])
    voter, days = np.unique(voter[kept], return_inverse=True)[1], days[kept]
    people = int(voter.max()) + 1
    other = rng.permutation(count) >= wanted
    honest = world.ballots
    elsewhere = rng.choice(honest.entry[honest.entry != target], count)
    at = days * 24 + rng.choice(honest.at, count) % 24
    first = len(world.voters.channel)
    network, channel, client = _looks(world, attacker, models, voter, rng)
    answers = rng.random(people) < rng.uniform(*attacker.answers)
    voters = Voters(channel, client, answers, answers, delays(rng, people), np.ones(people, np.bool_))
    ballots = Ballots(voter + first, np.where(other, elsewhere, target), network, at)
    return Attack(voters, ballots, target, attacker.numbers)


def _models(world: World, attacker: Attacker, rng: np.random.Generator) -> tuple[Ints, int]:
    """Ballots of honest people to copy, and the entry to help or to frame."""
    ballots, channel = world.ballots, world.voters.channel
    like: Bools = channel[ballots.voter] == WEB
    target = int(rng.integers(*(_RIVALS if attacker.frames else _PLACES)))
    if attacker.like == "people":
        like = np.ones(len(ballots.voter), np.bool_)
    if attacker.like == "crowd":
        crowd = max(
            (group for group in world.groups if group.crowd.kind in _HIDDEN),
            key=lambda group: group.voters[1] - group.voters[0],
        )
        like &= np.isin(ballots.network, crowd.networks)
        target = crowd.entry
    return np.flatnonzero(like), target


def _looks(
    world: World, attacker: Attacker, models: Ints, voter: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """The network of each ballot, and the channel and client of each voter."""
    people, count = int(voter.max()) + 1, len(voter)
    if attacker.like == "nobody":
        networks = _STRANGE + rng.integers(0, _STRANGE_NETWORKS, count)
        return networks, np.full(people, WEB), _STRANGE + rng.integers(0, _OWN_CLIENTS, people)
    usual, others = rng.choice(models, people), rng.choice(models, count)
    network = world.ballots.network[np.where(rng.random(count) < _USUAL, usual[voter], others)]
    copied = world.ballots.voter[usual]
    return network, world.voters.channel[copied], world.voters.client[copied]
