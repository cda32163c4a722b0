"""Honest contests: who votes for whom, when and from where, and who confirms when asked.

Shares of answers are not known from real contests. They are assumed to be 25 to 85 % by crowd, and to differ by
channel, hour, entry, network and client, and among people who know each other, by different laws.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from loadtests.fraud_lab.simulator.batch import Bools, Floats, Ints

DAYS = 10
ENTRIES = 60
BALLOTS = 40_000
CHANNELS = ("web", "wechat", "mini_program")
WEB = 0
# Networks are prefixes of providers; the first ones are mobile and shared by many.
_NETWORKS, _MOBILE, _CLIENTS = 600, 40, 300
# A network of a crowd's own, and a client of its own, have numbers from here on.
_OWN = 1_000
# A ballot comes from the voter's usual network, else from a mobile one.
_USUAL = 0.65
# A ballot is for the voter's favourite, else for anyone.
_FAVOURITE = 0.8
# People of a crowd who know each other, and talk about the request.
_NEIGHBOURS = 40
# Of the people who ignored the first request: who confirm when they read that their votes are void otherwise. WeChat
# delivers a message; a web voter reads it at the next visit.
_LATE = np.array([0.3, 0.6, 0.6])
# Hours until somebody answers: the median, and the sigma of its logarithm.
_DELAY, _DELAY_SPREAD = 3.0, 1.2


class Crowd(NamedTuple):
    """A kind of people. Ranges are drawn from for each group; `together` is the sigma of what neighbours share."""

    kind: str
    groups: tuple[int, int]
    # In a contest of BALLOTS ballots.
    people: tuple[int, int]
    # The share that has the group's own entry as its favourite.
    loyal: float
    # Networks and clients of its own; 0: those of the public.
    networks: int
    clients: int
    channels: tuple[float, float, float]
    # The days on which it is active, and the share that votes on most of them.
    days: tuple[int, int]
    faithful: float
    # The hour, and its spread; None: as the public.
    hour: tuple[float, float] | None
    answers: tuple[float, float]
    together: float = 0.0


CROWDS = (
    Crowd("office", (3, 5), (60, 600), 0.7, 2, 12, (0.35, 0.45, 0.2), (4, 9), 0.5, (9.5, 1.0), (0.45, 0.85), 0.6),
    Crowd("school", (2, 4), (150, 800), 0.9, 1, 3, (0.8, 0.15, 0.05), (1, 2), 0.1, (10.5, 0.4), (0.25, 0.6), 1.5),
    Crowd("chat group", (8, 14), (100, 500), 0.92, 0, 0, (0.05, 0.6, 0.35), (1, 3), 0.2, (20.5, 1.5), (0.3, 0.85), 0.8),
    Crowd("overseas", (1, 2), (150, 600), 0.4, 25, 0, (0.9, 0.1, 0.0), (6, 10), 0.2, (4.0, 4.0), (0.25, 0.4)),
    Crowd("elderly", (2, 3), (120, 700), 0.6, 6, 8, (0.3, 0.6, 0.1), (3, 9), 0.4, (8.5, 1.5), (0.25, 0.45), 0.5),
    Crowd("campaign", (2, 4), (400, 1800), 0.95, 0, 0, (0.3, 0.4, 0.3), (1, 1), 0.0, (20.0, 0.3), (0.35, 0.75)),
)
# The rest of the contest, in these proportions.
PUBLIC = (
    (0.45, Crowd("young", (1, 1), (0, 0), 0.0, 0, 0, (0.35, 0.4, 0.25), (10, 10), 0.2, None, (0.55, 0.8))),
    (0.35, Crowd("families", (1, 1), (0, 0), 0.0, 0, 0, (0.4, 0.45, 0.15), (10, 10), 0.3, None, (0.5, 0.75))),
    (0.20, Crowd("older", (1, 1), (0, 0), 0.0, 0, 0, (0.5, 0.45, 0.05), (10, 10), 0.3, None, (0.3, 0.5))),
)
# What the public's votes per voter come to.
_PUBLIC_BALLOTS = 1.7


class Voters(NamedTuple):
    """A row for each voter: what is seen of it, whether it confirms when asked and after how many hours, and whether it
    confirms at the latest when its votes would be void otherwise."""

    channel: Ints
    client: Ints
    answers: Bools
    late: Bools
    delay: Floats
    invented: Bools


class Ballots(NamedTuple):
    """A row for each ballot; `at` in hours after the opening, which is at midnight."""

    voter: Ints
    entry: Ints
    network: Ints
    at: Floats


class Group(NamedTuple):
    """A crowd of one contest; `voters` are its first and its last but one."""

    crowd: Crowd
    entry: int
    networks: Ints
    voters: tuple[int, int]


class World(NamedTuple):
    """An honest contest; entries are numbered by popularity."""

    voters: Voters
    ballots: Ballots
    groups: tuple[Group, ...]


def delays(rng: np.random.Generator, count: int) -> Floats:
    """Hours until an answer."""
    return rng.lognormal(np.log(_DELAY), _DELAY_SPREAD, count)


def make_world(seed: int, ballots: int = BALLOTS) -> World:
    """An honest contest: crowds, and the public for the rest of the ballots."""
    maker = _Maker(seed)
    for crowd in CROWDS:
        for _ in range(maker.rng.integers(crowd.groups[0], crowd.groups[1], endpoint=True)):
            maker.add(crowd, int(maker.rng.integers(*crowd.people) * ballots / BALLOTS) + 1)
    rest = ballots - sum(len(part.voter) for part in maker.ballots)
    for share, crowd in PUBLIC:
        maker.add(crowd, int(rest * share / _PUBLIC_BALLOTS))
    return World(
        Voters(*map(np.concatenate, zip(*maker.voters, strict=True))),
        Ballots(*map(np.concatenate, zip(*maker.ballots, strict=True))),
        tuple(maker.groups),
    )


class _Maker:
    """Makes the groups of one contest; effects on answers are logits."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 0xA45])
        self.voters: list[Voters] = []
        self.ballots: list[Ballots] = []
        self.groups: list[Group] = []
        self._people = 0
        self._own = _OWN
        self._popularity = np.sort(self.rng.dirichlet(np.full(ENTRIES, 0.9)))[::-1]
        self._networks = self.rng.dirichlet(np.r_[np.full(_MOBILE, 2.0), np.full(_NETWORKS - _MOBILE, 0.3)])
        self._clients = self.rng.dirichlet(np.full(_CLIENTS, 0.15), len(CHANNELS))
        self._of_entry = self.rng.normal(0, 0.25, ENTRIES)
        self._of_channel = self.rng.normal((-0.3, 0.2, 0.2), 0.2)
        self._of_network = self.rng.normal(0, 0.3, _OWN * 2)
        self._of_client = self.rng.normal(0, 0.2, _OWN * 2)
        self._busy_hour = self.rng.uniform(8, 20)

    def add(self, crowd: Crowd, people: int) -> None:
        """A group of so many people, with its ballots and answers."""
        rng = self.rng
        taste = self._popularity * rng.lognormal(0, 0.4, ENTRIES)
        taste /= taste.sum()
        roots = np.sqrt(self._popularity)
        entry = int(rng.choice(ENTRIES, p=roots / roots.sum()))
        favourite = np.where(rng.random(people) < crowd.loyal, entry, rng.choice(ENTRIES, people, p=taste))
        channel = rng.choice(len(CHANNELS), people, p=crowd.channels)
        networks, clients = self._numbers(crowd.networks), self._numbers(crowd.clients)
        usual = rng.choice(networks, people) if crowd.networks else rng.choice(_NETWORKS, people, p=self._networks)
        client = rng.choice(clients, people) if crowd.clients else self._usual_clients(channel)
        voter, at = self._visits(crowd, people)
        count = len(voter)
        anyone = rng.choice(ENTRIES, count, p=taste)
        entries = np.where(rng.random(count) < _FAVOURITE, favourite[voter], anyone)
        network = np.where(rng.random(count) < _USUAL, usual[voter], rng.integers(0, _MOBILE, count))
        first_hour = at[np.searchsorted(voter, np.arange(people))] % 24
        logits = self._of_entry[favourite] + self._of_channel[channel] + self._of_network[usual]
        logits += self._of_client[client] + rng.normal(0, 0.8, people)
        logits += 0.4 * np.cos((first_hour - self._busy_hour) * np.pi / 12)
        logits += np.repeat(rng.normal(0, crowd.together, people // _NEIGHBOURS + 1), _NEIGHBOURS)[:people]
        answers = rng.random(people) < _with_mean(logits, rng.uniform(*crowd.answers))
        late = answers | (rng.random(people) < _LATE[channel])
        self.groups.append(Group(crowd, entry, networks, (self._people, self._people + people)))
        self.voters.append(Voters(channel, client, answers, late, delays(rng, people), np.zeros(people, np.bool_)))
        self.ballots.append(Ballots(voter + self._people, entries, network, at))
        self._people += people

    def _numbers(self, count: int) -> Ints:
        """Numbers for networks or clients that no other group has."""
        self._own += count
        return np.arange(self._own - count, self._own)

    def _usual_clients(self, channel: Ints) -> Ints:
        clients = np.zeros(len(channel), np.int64)
        for each, weights in enumerate(self._clients):
            where = channel == each
            clients[where] = self.rng.choice(_CLIENTS, int(where.sum()), p=weights)
        return clients

    def _visits(self, crowd: Crowd, people: int) -> tuple[Ints, Floats]:
        """Who votes at what hour after the opening, in the order of the voters; each once a day at most."""
        rng = self.rng
        length = int(rng.integers(*crowd.days, endpoint=True))
        opens = int(rng.integers(0, DAYS - length, endpoint=True))
        first = rng.integers(0, length, people)
        faithful = rng.random(people) < crowd.faithful
        day = np.arange(length)
        again = (day > first[:, None]) & faithful[:, None] & (rng.random((people, length)) < 0.6)
        voter, days = np.nonzero((day == first[:, None]) | again)
        middle, spread = crowd.hour or (rng.choice([8.5, 12.5, 20.5, 22.0], len(voter)), 1.8)
        return voter, (opens + days) * 24 + rng.normal(middle, spread, len(voter)) % 24


def _with_mean(logits: Floats, mean: float) -> Floats:
    """Chances with these differences and this mean."""
    low, high = -10.0, 10.0
    while high - low > 1e-3:
        shift = (low + high) / 2
        low, high = (shift, high) if (1 / (1 + np.exp(-logits - shift))).mean() < mean else (low, shift)
    chances: Floats = 1 / (1 + np.exp(-logits - low))
    return chances
