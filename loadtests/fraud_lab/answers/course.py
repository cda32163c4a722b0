"""The course of a contest in which voters are asked to confirm.

Voters are asked by chance, and answer or do not; in suspected cells more are asked. After the close, the organiser asks
all voters of the named cells, and the ballots in them of those who do not confirm are void, as far as they are more
than people's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from loadtests.fraud_lab.answers.attackers import Attack
from loadtests.fraud_lab.answers.worlds import CHANNELS, DAYS, Ballots, Voters, World
from loadtests.fraud_lab.simulator.batch import Bools, Floats, Ints
from voting.fraud.confirmation import estimate
from voting.fraud.naming import LASTING, material, named, to_ask
from voting.fraud.sample import RULES, Asked, Cell, asked_for_it, cells_of, to_decide
from voting.fraud.unconfirmed import CellBallot, surplus

# The chance of each voter on each day: on the web, and on channels that identify people.
SHARES = np.array([0.035, 0.005, 0.005])
# Who was asked is counted after these hours, whether there is an answer or not.
_WAIT = 24.0


class Course(NamedTuple):
    """What happened.

    `voters` and `ballots` are those of the world and the attack, `named` the named cells and the days of their first
    naming, `asked_after` who was asked after the close; `numbers` counts the telephone numbers that the attacker used.
    """

    voters: Voters
    ballots: Ballots
    named: dict[Cell, int]
    asked: Bools
    asked_after: Bools
    void: Bools
    numbers: int


def play(world: World, attack: Attack | None, seed: int) -> Course:
    """The course of the contest with this attack, or of the honest one."""
    return _Contest(world, attack, seed).course()


def members(cell: Cell, voters: Voters, ballots: Ballots) -> Bools:
    """The ballots of a cell."""
    is_channel = cell.kind == "channel"
    column = voters.channel[ballots.voter] if is_channel else ballots.network
    number = CHANNELS.index(cell.value) if is_channel else int(cell.value)
    found: Bools = (ballots.entry == int(cell.entry)) & (column == number)
    return found


class _Contest:
    """A contest in its course. Nobody votes twice a day, so the coin falls once for each ballot."""

    def __init__(self, world: World, attack: Attack | None, seed: int) -> None:
        rng = np.random.default_rng([seed, 0xC011])
        parts = (world, attack) if attack else (world,)
        self._voters = Voters(*map(np.concatenate, zip(*(part.voters for part in parts), strict=True)))
        self._ballots = Ballots(*map(np.concatenate, zip(*(part.ballots for part in parts), strict=True)))
        people = len(self._voters.channel)
        self._coin: Floats = rng.random(len(self._ballots.voter))
        # The ballot that the coin fell for; -1: none yet.
        self._ballot: Ints = np.full(people, -1)
        self._share: Floats = np.zeros(people)
        # How many were asked because their cell was suspected, as the shares give it.
        self._extra = 0.0
        self._answered: Floats = np.full(people, np.inf)
        self._asked_at: Floats = np.full(people, np.inf)
        self._numbers = self._bought = attack.numbers if attack else 0
        self._cells_of: dict[int, tuple[Cell, ...]] = {}

    def course(self) -> Course:
        since: dict[Cell, int] = {}
        first: dict[Cell, int] = {}
        standing: set[Cell] = set()
        suspected: set[Cell] = set()
        # One look at the end of each day, the last at the close.
        for day in range(1, DAYS + 1):
            self._ask(day - 1, suspected)
            found = estimate(self._sample(24.0 * day))
            since = {cell: since.get(cell, day) for cell in material(found)}
            lasting = standing | {cell for cell, began in since.items() if timedelta(days=day - began) >= LASTING}
            standing = named(found, lasting)
            first = dict.fromkeys(standing, day) | first
            suspected = to_ask(found, standing)
        asked = np.isfinite(self._asked_at)
        asked_after, void = self._step(first)
        used = self._bought - self._numbers
        return Course(self._voters, self._ballots, first, asked, asked_after, void, used)

    def _ask(self, day: int, suspected: Iterable[Cell]) -> None:
        """Asks voters of the day's ballots, each at the moment of the ballot."""
        voters, ballots = self._voters, self._ballots
        base = SHARES[voters.channel[ballots.voter]]
        inside = np.zeros(len(base), np.bool_)
        for cell in suspected:
            inside |= members(cell, voters, ballots)
        raised = np.where(inside, np.maximum(base, RULES.raised), base)
        for hour in range(24 * day, 24 * (day + 1)):
            voted = len(np.unique(ballots.voter[ballots.at < hour]))
            share = raised if self._extra <= RULES.budget * voted else base
            now = np.flatnonzero(np.floor(ballots.at) == hour)
            for ballot in now[self._coin[now] < share[now]]:
                voter = int(ballots.voter[ballot])
                if self._ballot[voter] >= 0:
                    continue
                self._ballot[voter] = ballot
                self._extra += asked_for_it(base[ballot], share[ballot])
                self._share[voter], self._asked_at[voter] = share[ballot], ballots.at[ballot]
                if self._confirms(voter, bool(voters.answers[voter])):
                    self._answered[voter] = ballots.at[ballot] + voters.delay[voter]

    def _confirms(self, voter: int, by_itself: bool) -> bool:
        """Whether the voter confirms: by itself, or with one of the attacker's telephone numbers."""
        if by_itself or not (self._voters.invented[voter] and self._numbers):
            return by_itself
        self._numbers -= 1
        return True

    def _sample(self, now: float) -> list[Asked]:
        return [
            Asked(
                CHANNELS[self._voters.channel[voter]],
                float(self._share[voter]),
                bool(self._answered[voter] <= now),
                frozenset(self._cells(int(self._ballot[voter]))),
            )
            for voter in map(int, np.flatnonzero(self._asked_at <= now - _WAIT))
        ]

    def _cells(self, ballot: int) -> tuple[Cell, ...]:
        if ballot not in self._cells_of:
            voter, entry, network = (
                self._ballots.voter[ballot],
                self._ballots.entry[ballot],
                self._ballots.network[ballot],
            )
            self._cells_of[ballot] = cells_of(str(entry), CHANNELS[self._voters.channel[voter]], str(network))
        return self._cells_of[ballot]

    def _step(self, named: Collection[Cell]) -> tuple[Bools, Bools]:
        """The organiser's step: whom it asks, and the ballots that are void after it."""
        voters, ballots = self._voters, self._ballots
        cells = {cell: members(cell, voters, ballots) for cell in to_decide(named)}
        inside = np.any([np.zeros(len(ballots.voter), np.bool_), *cells.values()], axis=0)
        confirmed = self._answered <= 24.0 * DAYS
        asked = np.zeros(len(confirmed), np.bool_)
        asked[ballots.voter[inside]] = True
        asked &= ~confirmed
        for voter in map(int, np.flatnonzero(asked)):
            confirmed[voter] = self._confirms(voter, bool(voters.late[voter]))
        estimates = {each.cell: each for each in estimate(self._sample(24.0 * DAYS))}
        void = np.zeros(len(ballots.voter), np.bool_)
        for cell, rows in cells.items():
            places = [*map(int, np.flatnonzero(rows))]
            given = [
                CellBallot(b"%d" % ballots.voter[place], bool(confirmed[ballots.voter[place]]), self._traits(place))
                for place in places
            ]
            void[np.array(places)[surplus(cell, given, estimates[cell].elsewhere)]] = True
        return asked, void

    def _traits(self, ballot: int) -> tuple[int, ...]:
        at, voter = int(self._ballots.at[ballot]), self._ballots.voter[ballot]
        return int(self._ballots.network[ballot]), int(self._voters.client[voter]), at // 24, at % 24 // 2
