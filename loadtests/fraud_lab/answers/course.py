"""The course of a contest in which voters are asked to confirm.

Voters are asked by chance, and answer or do not; in suspected cells more are asked. After the close, the organiser asks
all voters of the named cells, and the ballots in them of those who do not confirm are void.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from loadtests.fraud_lab.answers.attackers import Attack
from loadtests.fraud_lab.answers.worlds import CHANNELS, DAYS, Ballots, Voters, World
from loadtests.fraud_lab.simulator.batch import Bools, Floats
from voting.fraud.confirmation import estimate
from voting.fraud.sample import Asked, Cell, Rules, cells_of, raised

SHARE = 0.02
# Who was asked is counted after these hours, whether there is an answer or not.
_WAIT = 24.0
_RULES = Rules()


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
    column = {
        "entry": np.zeros_like(ballots.entry),
        "day": (ballots.at // 24).astype(np.int64),
        "channel": voters.channel[ballots.voter],
        "network": ballots.network,
        "client": voters.client[ballots.voter],
    }[cell.kind]
    number = CHANNELS.index(cell.value) if cell.kind == "channel" else int(cell.value or 0)
    found: Bools = (ballots.entry == int(cell.entry)) & (column == number)
    return found


class _Contest:
    """A contest in its course; the coin of each voter falls once, so that who is asked at a share is asked at a greater
    one."""

    def __init__(self, world: World, attack: Attack | None, seed: int) -> None:
        rng = np.random.default_rng([seed, 0xC011])
        parts = (world, attack) if attack else (world,)
        self._voters = Voters(*map(np.concatenate, zip(*(part.voters for part in parts), strict=True)))
        self._ballots = Ballots(*map(np.concatenate, zip(*(part.ballots for part in parts), strict=True)))
        people = len(self._voters.channel)
        self._coin: Floats = rng.random(people)
        self._share: Floats = np.zeros(people)
        self._answered: Floats = np.full(people, np.inf)
        self._asked_at: Floats = np.full(people, np.inf)
        self._numbers = self._bought = attack.numbers if attack else 0
        self._cells_of: dict[int, tuple[Cell, ...]] = {}

    def course(self) -> Course:
        named: dict[Cell, int] = {}
        shares: dict[Cell, float] = {}
        for day in range(DAYS):
            self._ask(day, shares)
            found = estimate(self._sample(24.0 * (day + 1)), _RULES)
            named = {each.cell: day + 1 for each in found if each.is_named} | named
            decided = {cell.entry for cell in named}
            shares = {
                each.cell: raised(shares.get(each.cell, SHARE), _RULES)
                for each in found
                if each.is_suspected and each.cell.entry not in decided
            }
        asked = np.isfinite(self._asked_at)
        asked_after, void = self._step(named)
        used = self._bought - self._numbers
        return Course(self._voters, self._ballots, named, asked, asked_after, void, used)

    def _ask(self, day: int, shares: dict[Cell, float]) -> None:
        """Asks voters of the day's ballots, each at the moment of the ballot."""
        voters, ballots = self._voters, self._ballots
        share = np.full(len(ballots.voter), SHARE)
        for cell, more in shares.items():
            share = np.where(members(cell, voters, ballots), np.maximum(share, more), share)
        today = np.flatnonzero(ballots.at // 24 == day)
        for ballot in today[self._coin[ballots.voter[today]] < share[today]]:
            voter = int(ballots.voter[ballot])
            if self._share[voter]:
                continue
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
                self._picks(voter, now),
            )
            for voter in map(int, np.flatnonzero(self._asked_at <= now - _WAIT))
        ]

    def _picks(self, voter: int, now: float) -> Counter[Cell]:
        """The voter's ballots by cell; ballots are in the order of the voters."""
        first, end = np.searchsorted(self._ballots.voter, (voter, voter + 1))
        picks: Counter[Cell] = Counter()
        for ballot in range(int(first), int(end)):
            if self._ballots.at[ballot] <= now:
                picks.update(self._cells(ballot))
        return picks

    def _cells(self, ballot: int) -> tuple[Cell, ...]:
        if ballot not in self._cells_of:
            voter, entry, network, at = (column[ballot] for column in self._ballots)
            channel, client = CHANNELS[self._voters.channel[voter]], self._voters.client[voter]
            self._cells_of[ballot] = cells_of(str(entry), str(int(at // 24)), channel, str(network), str(client))
        return self._cells_of[ballot]

    def _step(self, named: Iterable[Cell]) -> tuple[Bools, Bools]:
        """The organiser's step: whom it asks, and the ballots that are void after it."""
        voters, ballots = self._voters, self._ballots
        inside = np.zeros(len(ballots.voter), np.bool_)
        for cell in named:
            inside |= members(cell, voters, ballots)
        confirmed = self._answered <= 24.0 * DAYS
        asked = np.zeros(len(confirmed), np.bool_)
        asked[ballots.voter[inside]] = True
        asked &= ~confirmed
        for voter in map(int, np.flatnonzero(asked)):
            confirmed[voter] = self._confirms(voter, bool(voters.late[voter]))
        return asked, inside & ~confirmed[ballots.voter]
